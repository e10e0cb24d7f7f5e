/**
 * The room within jinja that knows how Python computes: operators, comparison, items, slices, iteration, the methods of
 * Python's types, and both of Python's format languages. Errors are `PyError`, with CPython 3.11's messages.
 */
export { abs, add, asFloat, asInt, concat, div, floordiv, mod, mul, neg, pos, pow, sub } from "./arithmetic.ts";
export { compare, compareText, sorted, type Comparison } from "./compare.ts";
export { contains, getItem, isIterable, iterate, length, listOf, slice } from "./sequence.ts";
export { getAttribute, methodNames } from "./attribute.ts";
export { caseFold, isSpace, titleOf } from "./characters.ts";
export { decodeBytes, encodeText } from "./methods/encoding.ts";
export { updateDict } from "./methods/dict.ts";
export { replaceText, splitLines, stripText } from "./methods/str.ts";
export { union } from "./arithmetic.ts";
export { bind, indexArgument, signature, type Signature } from "./args.ts";
export { floatToInt, parseFloatText, parseInteger, toFloat, toInt } from "./convert.ts";
export { formatPercent } from "./format/percent.ts";
export { formatValue } from "./format/spec.ts";
export { roundFloat } from "./format/float.ts";
export { boundedItems, boundedText, isFlat, MAX_INT_BITS, MAX_ITEMS, MAX_TEXT, pointsOf, sliceText, textLength, textOf } from "./text.ts";
export { BoundMethod, BuiltinFunction, hashable, NamedTuple, PyDictView, PyIterator, PyRange } from "./values.ts";
export { escape } from "./methods/markup.ts";
export { dumpJson, jsonString, type JsonOptions } from "./json.ts";
export { pprint } from "./pprint.ts";
