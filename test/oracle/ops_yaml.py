"""YAML: Salt's loader and dumpers, PyYAML's, as the rest of Salt calls them."""
import yaml
import salt.serializers.yaml
import salt.utils.yaml
import salt.utils.yamlloader
from salt.utils.odict import OrderedDict

from encode import decode, encode


def _load_one(text, ordered=False):
    """What Salt's loader makes of a text: the value, or the exception's class, its problem and its words."""
    try:
        if ordered:
            value = yaml.load(text, Loader=lambda *args: salt.utils.yamlloader.SaltYamlSafeLoader(*args, dictclass=OrderedDict))
        else:
            value = salt.utils.yaml.safe_load(text)
    except RecursionError:
        return {"error": {"type": "RecursionError", "text": ""}}
    except Exception as error:
        return {"error": {"type": type(error).__name__, "problem": getattr(error, "problem", None), "text": str(error)}}
    try:
        return {"value": encode(value)}
    except RecursionError:
        return {"value": {"recursive": repr(value)}}


def load_many(request):
    # Salt's renderer has always run before anything else calls the loader: it changes the class for good (!!omap).
    yaml.load("{}", Loader=lambda *args: salt.utils.yamlloader.SaltYamlSafeLoader(*args, dictclass=OrderedDict))
    return [_load_one(text) for text in request["texts"]]


def verdict(request):
    """Whether a text can be read at all: `read`, or the exception's class."""
    try:
        salt.utils.yaml.safe_load(request["text"])
    except Exception as error:
        return type(error).__name__
    return "read"


def same(request):
    """Whether two paths of a loaded document lead to one object."""
    value = salt.utils.yaml.safe_load(request["text"])

    def walk(path):
        at = value
        for step in path:
            at = at[step]
        return at

    return walk(request["a"]) is walk(request["b"])


def _options(options):
    return {key: value for key, value in options.items()}


def dump_many(request):
    out = []
    for case in request["cases"]:
        value = decode_ordered(case["value"])
        try:
            if case["how"] == "safe_dump":
                text = salt.utils.yaml.safe_dump(value, **_options(case["options"]))
            else:
                text = salt.serializers.yaml.serialize(value, **_options(case["options"]))
            out.append({"text": text})
        except Exception as error:
            out.append({"error": {"type": type(error).__name__, "text": str(error)}})
    return out


def decode_ordered(value):
    """`decode` with OrderedDict, and with containers that stand in several places."""
    shared = {}

    def walk(item):
        if isinstance(item, list):
            return [walk(child) for child in item]
        if isinstance(item, dict):
            (kind, body), = item.items()
            if kind == "odict":
                return OrderedDict((walk(k), walk(v)) for k, v in body)
            if kind == "dict":
                return {walk(k): walk(v) for k, v in body}
            if kind == "share":
                name, inner = body
                if name not in shared:
                    shared[name] = walk(inner)
                return shared[name]
            if kind == "object":
                return object()
            return decode(item)
        return item

    return walk(value)


def read_back(request):
    """What PyYAML and Salt read in texts; several documents each."""
    out = []
    for text in request["texts"]:
        try:
            documents = list(yaml.safe_load_all(text))
            salted = [salt.utils.yaml.safe_load(part) for part in request["parts"][len(out)]]
            out.append({"pyyaml": encode(documents), "salt": encode(salted)})
        except Exception as error:
            out.append({"error": str(error)})
    return out


OPS = {"yaml_load_many": load_many, "yaml_verdict": verdict, "yaml_same": same, "yaml_dump_many": dump_many, "yaml_read_back": read_back}
