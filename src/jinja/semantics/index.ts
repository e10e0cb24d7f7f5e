/**
 * The room within jinja that knows how Python computes: operators, comparison, items, slices, iteration, the methods of
 * Python's types, and both of Python's format languages. Errors are `PyError`, with CPython 3.11's messages.
 */
export { abs, add, asFloat, div, floordiv, mod, mul, neg, pos, pow, sub } from "./arithmetic.ts";
export { compare, sorted, type Comparison } from "./compare.ts";
export { contains, getItem, isIterable, iterate, length, listOf, slice } from "./sequence.ts";
export { getAttribute, methodNames } from "./attribute.ts";
export { isSpace, titleOf } from "./characters.ts";
export { decodeBytes, encodeText } from "./methods/encoding.ts";
export { updateDict } from "./methods/dict.ts";
export { stripText } from "./methods/str.ts";
export { bind, indexArgument, signature } from "./args.ts";
export { floatToInt, parseFloatText, parseInteger, toFloat, toInt } from "./convert.ts";
export { formatValue } from "./format/spec.ts";
export { boundedItems, pointsOf, textOf } from "./text.ts";
export { BoundMethod, hashable, NamedTuple, PyIterator, PyRange } from "./values.ts";
export { escape } from "./methods/markup.ts";
export { dumpJson, type JsonOptions } from "./json.ts";
export { pprint } from "./pprint.ts";
