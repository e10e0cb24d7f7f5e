/**
 * The room of Python's data model: the values that pillar, grains, templates and YAML exchange,
 * with Python's equality, hashing, truth and printing. It imports nothing; every room may import it.
 */
export { deepCopy, isScalar } from "./copy.ts";
export { equals, hashKey, truthy, typeName } from "./equality.ts";
export { PyDict, PyOrderedDict } from "./dict.ts";
export { floatRepr, PyFloat } from "./float.ts";
export { int, isInt, isIntLike } from "./int.ts";
export { repr, str, stringRepr } from "./print.ts";
export { Ask, DataPaths, type DataPath, type DataReads } from "./reads.ts";
export { escapeRegex, PyRegex, type RegexFlags } from "./regex/index.ts";
export { PyBytes, PySet, PyTuple } from "./sequence.ts";
export { PyCallable, PyError, PyObject, type HashKey, type Kwargs, type Value } from "./value.ts";
