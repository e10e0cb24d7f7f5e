import { PyBytes, PyCallable, PyDict, PyFloat, PyObject, PySet, PyTuple, type Value } from "../../python/index.ts";
import { Undefined } from "../undefined.ts";

/**
 * Names beginning with an underscore that Python's objects have. Jinja's sandbox refuses them (SandboxedEnvironment
 * .is_safe_attribute), while a name that an object lacks is looked up as an item. None of them leads anywhere here: the tables
 * only tell "unsafe" from "not there" as Python does (CPython 3.11, `dir()` of each type).
 */
const OBJECT =
  "__class__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ __init__ __init_subclass__ __le__ __lt__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__ __subclasshook__";
const SEQUENCE = "__add__ __contains__ __getitem__ __iter__ __len__ __mul__ __rmul__";
const NUMBER =
  "__abs__ __add__ __bool__ __divmod__ __float__ __floordiv__ __getnewargs__ __int__ __mod__ __mul__ __neg__ __pos__ __pow__ __radd__ __rdivmod__ __rfloordiv__ __rmod__ __rmul__ __round__ __rpow__ __rsub__ __rtruediv__ __sub__ __truediv__ __trunc__ __ceil__ __floor__";
const INTEGER = "__and__ __index__ __invert__ __lshift__ __or__ __rand__ __rlshift__ __ror__ __rrshift__ __rshift__ __rxor__ __xor__";
const TYPES: Readonly<Record<string, string>> = {
  str: `${SEQUENCE} __getnewargs__ __mod__ __rmod__`,
  int: `${NUMBER} ${INTEGER}`,
  float: `${NUMBER} __getformat__`,
  none: "__bool__",
  list: `${SEQUENCE} __class_getitem__ __delitem__ __iadd__ __imul__ __reversed__ __setitem__`,
  tuple: `${SEQUENCE} __class_getitem__ __getnewargs__`,
  dict: "__class_getitem__ __contains__ __delitem__ __getitem__ __ior__ __iter__ __len__ __or__ __reversed__ __ror__ __setitem__",
  set: "__and__ __class_getitem__ __contains__ __iand__ __ior__ __isub__ __iter__ __ixor__ __len__ __or__ __rand__ __ror__ __rsub__ __rxor__ __sub__ __xor__",
  bytes: `${SEQUENCE} __bytes__ __getnewargs__ __mod__ __rmod__`,
  function:
    "__annotations__ __builtins__ __call__ __closure__ __code__ __defaults__ __dict__ __get__ __globals__ __kwdefaults__ __module__ __name__ __qualname__ __self__ __text_signature__ __wrapped__",
  Macro:
    "__annotations__ __call__ __dict__ __module__ __weakref__ _argument_count _async_invoke _default_autoescape _environment _func _invoke",
  LoopContext:
    "__annotations__ __call__ __dict__ __iter__ __len__ __module__ __next__ __weakref__ _after _before _current _iterable _iterator _last_changed_value _length _peek_next _recurse _to_iterator _undefined",
  TemplateReference: "__dict__ __getitem__ __module__ __weakref__ _TemplateReference__context",
  BlockReference: "__call__ __dict__ __module__ __weakref__ _async_call _context _depth _stack",
  TemplateModule: "__dict__ __html__ __module__ __name__ __weakref__ _body_stream",
  Undefined:
    "__add__ __bool__ __call__ __div__ __float__ __floordiv__ __getitem__ __int__ __iter__ __len__ __mod__ __module__ __mul__ __neg__ __pos__ __pow__ __radd__ __rmod__ __rmul__ __rsub__ __slots__ __sub__ __truediv__ _fail_with_undefined_error _undefined_exception _undefined_hint _undefined_message _undefined_name _undefined_obj",
  other: "__dict__ __module__ __weakref__",
};

function kindOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "number":
    case "bigint":
    case "boolean":
      return "int";
    default:
      if (value === null) return "none";
      if (Array.isArray(value)) return "list";
      if (value instanceof PyDict) return "dict";
      if (value instanceof PyTuple) return "tuple";
      if (value instanceof PyFloat) return "float";
      if (value instanceof PySet) return "set";
      if (value instanceof PyBytes) return "bytes";
      if (value instanceof Undefined) return "Undefined";
      if (Object.hasOwn(TYPES, value.typeName)) return value.typeName;
      return value instanceof PyCallable ? "function" : "other";
  }
}

/** Whether Python's object has that attribute, whose name begins with an underscore. */
export function hasInternalAttribute(value: Value, name: string): boolean {
  const listed = (names: string | undefined): boolean => names !== undefined && ` ${names} `.includes(` ${name} `);
  if (listed(OBJECT) || listed(TYPES[kindOf(value)])) return true;
  return value instanceof PyObject && !(value instanceof Undefined) && value.attribute?.(name) !== undefined;
}
