"""The real `state.apply` on a tree, and the files that it left.

The process must run where it may write: isolated-oracle.ts starts it in a mount namespace of its own, in which the
directories of WRITABLE are empty file systems in memory.
"""
import base64
import collections
import copy
import os
import shutil
import stat
import tempfile

import salt.config
import salt.loader
import salt.loader.lazy
import salt.minion
import salt.state
import salt.utils.yaml

from encode import encode

# What isolated-oracle.ts mounted; nothing else is looked at or cleaned.
WRITABLE = [path for path in os.environ.get("HALITE_WRITABLE", "").split(":") if path]
KEEP = {}


def _snapshot(root):
    found = {}
    for directory, directories, names in os.walk(root):
        for name in names + [d for d in directories if os.path.islink(os.path.join(directory, d))]:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def _remember():
    for root in WRITABLE:
        if root not in KEEP:
            KEEP[root] = _snapshot(root)


def _clean():
    for root in WRITABLE:
        for directory, directories, names in os.walk(root, topdown=False):
            for name in names:
                path = os.path.join(directory, name)
                if path not in KEEP[root]:
                    os.unlink(path)
            for name in directories:
                path = os.path.join(directory, name)
                if os.path.islink(path):
                    if path not in KEEP[root]:
                        os.unlink(path)
                elif not any(kept.startswith(path + "/") for kept in KEEP[root]):
                    shutil.rmtree(path)


def _files():
    files = {}
    for root in WRITABLE:
        for path in _snapshot(root):
            if path in KEEP[root]:
                continue
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                files[path] = {"link": os.readlink(path)}
                continue
            with open(path, "rb") as handle:
                files[path] = {
                    "content": base64.b64encode(handle.read()).decode(),
                    "mode": "%04o" % stat.S_IMODE(status.st_mode),
                }
    return files


def encode_ordered(value):
    """As encode(), but tells an OrderedDict, which prints otherwise, from a dict."""
    if isinstance(value, dict):
        kind = "ordered" if isinstance(value, collections.OrderedDict) else "dict"
        return {kind: [[encode_ordered(k), encode_ordered(v)] for k, v in value.items()]}
    if isinstance(value, list):
        return [encode_ordered(item) for item in value]
    return encode(value)


CAPTURED = []
_CALL_CHUNKS = salt.state.State.call_chunks


def _capturing(self, chunks):
    CAPTURED.append(copy.deepcopy(chunks))
    return _CALL_CHUNKS(self, chunks)


salt.state.State.call_chunks = _capturing


_CALL = salt.state.State.call
_KNOWN = {}


def _only_files(self, low, *args, **kwargs):
    """States that act on more than files are taken as done, so that no test installs or starts anything."""
    if not _KNOWN:
        _KNOWN.update(state_functions(None))
    if low["state"] == "file" or low["fun"] not in _KNOWN.get(low["state"], ()):
        return _CALL(self, low, *args, **kwargs)
    return {
        "name": low["name"],
        "result": True,
        "changes": {},
        "comment": "left to the node",
        "__id__": low["__id__"],
        "__sls__": low.get("__sls__"),
        "__run_num__": 0,
    }


salt.state.State.call = _only_files

_REFRESH = salt.loader.lazy.LazyLoader._refresh_file_mapping
_MAPPINGS = {}


def _refresh_once(self):
    """Salt's own directories do not change while this process lives; listing them is most of the cost of a run."""
    dirs = tuple(path for path in self.module_dirs if "halite-oracle-" not in path)
    key = (dirs, tuple(self.static_modules), tuple(self.disabled))
    if key not in _MAPPINGS:
        _REFRESH(self)
        _MAPPINGS[key] = (dict(self.suffix_map), list(self.suffix_order), self.file_mapping.copy())
    suffix_map, suffix_order, file_mapping = _MAPPINGS[key]
    self.suffix_map, self.suffix_order, self.file_mapping = dict(suffix_map), list(suffix_order), file_mapping.copy()


salt.loader.lazy.LazyLoader._refresh_file_mapping = _refresh_once

# SMinion would put the host's grains over those given, after looking for them for a while.
salt.loader.grains = lambda opts, *_args, **_kwargs: opts["grains"]


def minion_opts(config, scratch):
    """The options of a minion that keeps to itself, with `config` on top: what a minion config file holds."""
    path = os.path.join(scratch, "minion")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(salt.utils.yaml.safe_dump({**config, "grains": {}}))
    opts = salt.config.minion_config(path, minion_id=config.get("id"), cache_minion_id=False)
    for name in ("cachedir", "pki_dir", "sock_dir", "conf_dir", "extension_modules", "rootfs_ramdisk"):
        opts[name] = os.path.join(scratch, name)
        os.makedirs(opts[name], exist_ok=True)
    opts.update(
        {
            "file_client": "local",
            "local": True,
            "use_master_when_local": False,
            "log_level": "quiet",
            "log_level_logfile": "quiet",
            "state_events": False,
            # Looked for before every run; no tree of the tests has any, and it is half of the time.
            "autoload_dynamic_modules": False,
            "user": "root",
            "conf_file": path,
        }
    )
    opts["grains"] = {"id": config.get("id"), **config.get("grains", {})}
    opts["id"] = config.get("id")
    return opts


def apply(request):
    """request: config (a minion config), sls (list or null for the highstate), saltenv, pillar, directories (made before)."""
    _remember()
    _clean()
    os.umask(0o022)
    scratch = tempfile.mkdtemp(prefix="halite-oracle-")
    try:
        for path in request.get("directories", []):
            os.makedirs(path, exist_ok=True)
        for path, content in request.get("present", {}).items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as handle:
                handle.write(content.encode())
        before = set(request.get("present", {}))
        opts = minion_opts(request["config"], scratch)
        minion = salt.minion.SMinion(opts)
        kwargs = {}
        CAPTURED.clear()
        if request.get("saltenv"):
            kwargs["saltenv"] = request["saltenv"]
        if request.get("pillar") is not None:
            kwargs["pillar"] = request["pillar"]
        raised = None
        try:
            names = [request["sls"]] if request.get("sls") is not None else []
            result = minion.functions["state.apply"](*names, queue=True, **kwargs)
        except Exception as error:  # noqa: B902 - what ends the run is its answer
            raised, result = "%s: %s" % (type(error).__name__, error), {}
        answer = {
            "files": _files(),
            "before": sorted(before),
            "low": encode_ordered(CAPTURED[0]) if CAPTURED else None,
            "pillar": encode_ordered(minion.opts["pillar"]),
            "raised": raised,
        }
        if request.get("top"):
            answer["top"] = encode(minion.functions["state.show_top"]())
        if isinstance(result, dict) and all(isinstance(value, dict) for value in result.values()):
            answer["states"] = [
                {
                    "tag": tag,
                    "id": value.get("__id__"),
                    "name": value.get("name"),
                    "result": value.get("result"),
                    "comment": value.get("comment") if isinstance(value.get("comment"), str) else str(value.get("comment")),
                    "changed": bool(value.get("changes")),
                }
                for tag, value in sorted(result.items(), key=lambda item: item[1].get("__run_num__", 0))
            ]
        else:
            answer["errors"] = result if isinstance(result, list) else [str(result)]
        return answer
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def state_functions(_request):
    """Every state function of this Salt with its parameters, also of modules that do not load on this machine: read from the source."""
    import ast
    import salt.states

    found = {}
    root = os.path.dirname(salt.states.__file__)
    for name in sorted(os.listdir(root)):
        if not name.endswith(".py") or name.startswith("_"):
            continue
        with open(os.path.join(root, name), encoding="utf-8") as handle:
            tree = ast.parse(handle.read())
        virtual = name[:-3]
        aliases = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                if node.targets[0].id == "__virtualname__" and isinstance(node.value, ast.Constant):
                    virtual = node.value.value
                if node.targets[0].id == "__func_alias__":
                    aliases = ast.literal_eval(node.value)
        functions = sorted(
            aliases.get(node.name, node.name)
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        )
        found.setdefault(virtual, []).extend(functions)
    return {name: sorted(set(functions)) for name, functions in found.items()}


def file_signatures(_request):
    """Parameters of the functions of states/file.py: required, and with their defaults."""
    import inspect
    import salt.states.file as module

    found = {}
    for name, function in vars(module).items():
        if name.startswith("_") or not inspect.isfunction(function) or function.__module__ != module.__name__:
            continue
        spec = inspect.getfullargspec(function)
        defaults = spec.defaults or ()
        required = spec.args[: len(spec.args) - len(defaults)]
        found[module.__func_alias__.get(name, name)] = {
            "required": required,
            "optional": spec.args[len(required) :],
            "keywords": spec.varkw is not None,
        }
    return found


OPS = {
    "apply": apply,
    "apply.functions": state_functions,
    "apply.signatures": file_signatures,
}
