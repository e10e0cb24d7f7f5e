"""Values as JSON that keeps what JSON loses: types, order, key types. `encodeValue` of test/oracle/encode.ts is its twin."""
import datetime


def encode(value):
    if value is None or isinstance(value, (bool, str)) and type(value) in (bool, str):
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"int": str(int(value))}
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted((encode(item) for item in value), key=repr)}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"date": value.isoformat()}
    return {"repr": repr(value)}


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        (kind, body), = value.items()
        if kind == "int":
            return int(body)
        if kind == "float":
            return float(body)
        if kind == "dict":
            return {decode(k): decode(v) for k, v in body}
        if kind == "tuple":
            return tuple(decode(item) for item in body)
        if kind == "set":
            return {decode(item) for item in body}
        if kind == "bytes":
            return bytes.fromhex(body)
        raise ValueError("cannot decode %r" % kind)
    return value
