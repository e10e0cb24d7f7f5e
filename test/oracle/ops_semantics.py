"""Python's own answers for operators, methods, formats, and Jinja's filters and tests as Salt's environment has them."""
import operator

import jinja2
import jinja2.ext
import jinja2.sandbox
from markupsafe import Markup

from encode import decode as plain_decode
from encode import encode as plain_encode


def encode(value):
    """As encode.py, and telling safe strings, iterators, ranges and undefined values."""
    if isinstance(value, Markup):
        return {"markup": str(value)}
    if isinstance(value, jinja2.Undefined):
        return {"undefined": value._undefined_message}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, range):
        return {"repr": repr(value)}
    if hasattr(value, "__next__"):
        return {"iterator": [encode(item) for item in value]}
    if type(value).__name__ in ("dict_keys", "dict_values", "dict_items", "odict_keys"):
        return {"repr": repr(value)}
    return plain_encode(value)


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        (kind, body), = value.items()
        if kind == "markup":
            return Markup(body)
        if kind == "undefined":
            return jinja2.StrictUndefined(name=body)
        if kind == "dict":
            return {decode(k): decode(v) for k, v in body}
        if kind == "tuple":
            return tuple(decode(item) for item in body)
        if kind == "set":
            return {decode(item) for item in body}
        return plain_decode(value)
    return value


BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "in": lambda a, b: a in b,
}
UNARY = {"+": operator.pos, "-": operator.neg}

ENVIRONMENT = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
CONTEXT = ENVIRONMENT.from_string("").new_context({})


def evaluate(case):
    kind = case["kind"]
    args = [decode(item) for item in case.get("args", [])]
    kwargs = {key: decode(item) for key, item in case.get("kwargs", {}).items()}
    if kind == "binary":
        return BINARY[case["name"]](*args)
    if kind == "unary":
        return UNARY[case["name"]](*args)
    if kind == "slice":
        return args[0][slice(args[1], args[2], args[3])]
    if kind == "item":
        return args[0][args[1]]
    if kind == "str":
        return str(args[0])
    if kind == "repr":
        return repr(args[0])
    if kind == "bool":
        return bool(args[0])
    if kind == "len":
        return len(args[0])
    if kind == "list":
        return list(args[0])
    if kind == "hash":
        return hash(args[0]) == hash(args[1])
    if kind == "format":
        return format(args[0], args[1])
    if kind == "sorted":
        return sorted(args[0])
    if kind == "method":
        result = ENVIRONMENT.getattr(args[0], case["name"])(*args[1:], **kwargs)
        return [result, args[0]] if case.get("mutates") else result
    if kind == "filter":
        return ENVIRONMENT.call_filter(case["name"], args[0], args[1:], kwargs, context=CONTEXT)
    if kind == "test":
        return ENVIRONMENT.call_test(case["name"], args[0], args[1:], kwargs, context=CONTEXT)
    if kind == "global":
        return ENVIRONMENT.globals[case["name"]](*args, **kwargs)
    raise ValueError(kind)


def run(request):
    """Many cases in one question; each answer is {"ok": …} or {"error": [type, message]}."""
    answers = []
    for case in request["cases"]:
        try:
            answers.append({"ok": encode(evaluate(case))})
        except Exception as error:  # noqa: B902 - the answer is what Python raised
            answers.append({"error": [type(error).__name__, str(error)]})
    return answers


def code_points(request):
    """The code points (without surrogates) for which a str method answers other than the given expectation: see the caller."""
    name = request["name"]
    out = []
    for code in range(request["start"], request["stop"]):
        if 0xD800 <= code < 0xE000:
            out.append(None)
            continue
        result = getattr(chr(code), name)()
        out.append(result)
    return out


def names(request):
    return {"filters": sorted(ENVIRONMENT.filters), "tests": sorted(ENVIRONMENT.tests)}


OPS = {"semantics.names": names, "semantics.run": run, "semantics.code_points": code_points}
