"""Real Salt's rendering layer: SLS and template renders, and calls of execution functions, in a world of files, grains and pillar."""
import json
import os
import shutil
import tempfile
import tomllib

import salt.config
import salt.fileclient
import salt.loader
import salt.template
import salt.utils.stringio
import salt.utils.templates

from encode import decode, encode

_WORLDS = {}


class _World:
    def __init__(self, request):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="halite-oracle-"))
        for path, content in request["files"].items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as handle:
                handle.write(content.encode("utf-8") if isinstance(content, str) else bytes.fromhex(content["hex"]))
        config = os.path.join(self.root, "minion")
        with open(config, "w", encoding="utf-8") as handle:
            handle.write("{}")
        opts = salt.config.minion_config(config, cache_minion_id=False, minion_id=request["id"])
        opts.update(
            file_client="local",
            local=True,
            root_dir=self.root,
            cachedir=self.root + "/cache",
            pki_dir=self.root + "/pki",
            file_roots={env: [os.path.join(self.root, d) for d in dirs] for env, dirs in request["file_roots"].items()},
            pillar_roots={env: [os.path.join(self.root, d) for d in dirs] for env, dirs in request["pillar_roots"].items()},
        )
        opts.update(decode(request["opts"]))
        opts["grains"] = decode(request["grains"])
        opts["pillar"] = decode(request["pillar"])
        self.opts = opts
        self.functions = salt.loader.minion_mods(opts, utils=salt.loader.utils(opts))
        # The `ifelse` global works from when the loader has loaded the module that defines it.
        self.functions["match.glob"]
        self.renderers = salt.loader.render(opts, self.functions)
        without = {**opts, "pillar": {}, "file_roots": opts["pillar_roots"]}
        self.pillar_renderers = salt.loader.render(without, salt.loader.minion_mods(without, utils=salt.loader.utils(without)))

    def hide(self, value):
        for separator in "/._:":
            value = value.replace(self.root.replace("/", separator), "ROOT")
        return value


def _world(request):
    key = json.dumps(request["world"], sort_keys=True)
    if key not in _WORLDS:
        _WORLDS[key] = _World(request["world"])
    return _WORLDS[key]


def _answer(world, make):
    try:
        value = make()
        if salt.utils.stringio.is_readable(value):
            value = value.read()
        return json.loads(world.hide(json.dumps({"ok": encode(value)})))
    except Exception as error:  # the answer is what Salt raised
        lines = str(error).strip().splitlines() or [""]
        return {"error": {"type": type(error).__name__, "message": world.hide(lines[0]), "all": world.hide(str(error))}}


def _render(request):
    """compile_template of each text, as an SLS of the name given."""
    world = _world(request)
    answers = []
    for case in request["cases"]:
        sls, saltenv = case.get("sls", "case"), case.get("saltenv", "base")
        pillar = case.get("role") == "pillar"
        folder = "pillar" if pillar else os.path.join("cache/files", saltenv)
        path = os.path.join(world.root, folder, case.get("path", sls.replace(".", "/") + ".sls"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as handle:
            handle.write(case["text"].encode("utf-8"))
        kwargs = {name: decode(value) for name, value in case.get("kwargs", {}).items()}
        if pillar:
            # As salt.pillar.Pillar compiles: no pillar to see, imports from the pillar roots.
            kwargs["_pillar_rend"] = True
        opts = case.get("opts")
        renderers = world.pillar_renderers if pillar else world.renderers
        if opts is not None:
            renderers = salt.loader.render({**world.opts, **decode(opts)}, world.functions)
        answers.append(
            _answer(
                world,
                lambda: salt.template.compile_template(
                    path, renderers, case.get("pipe", "jinja|yaml"), [], [], saltenv=saltenv, sls=sls, **kwargs
                ),
            )
        )
    return answers


def _template(request):
    """A template of file.managed: the tools' jinja engine, without sls."""
    world = _world(request)
    answers = []
    for case in request["cases"]:

        def make():
            result = salt.utils.templates.TEMPLATE_REGISTRY["jinja"](
                case["text"],
                from_str=True,
                to_str=True,
                context=decode(case.get("context", {"dict": []})),
                saltenv=case.get("saltenv", "base"),
                grains=world.opts["grains"],
                pillar=world.opts["pillar"],
                salt=world.functions,
                opts={**world.opts, **decode(case.get("opts", {"dict": []}))},
            )
            return result["data"]

        answers.append(_answer(world, make))
    return answers


def _call(request):
    """Calls of execution functions; with `then` the arguments after the call are given too, for what functions change in place."""
    world = _world(request)
    answers = []
    for name, args, kwargs in request["calls"]:
        args = [decode(arg) for arg in json.loads(json.dumps(args).replace("ROOT", world.root))]
        kwargs = {key: decode(value) for key, value in kwargs.items()}
        answer = _answer(world, lambda: world.functions[name](*args, **kwargs))
        answer["args"] = json.loads(world.hide(json.dumps([encode(arg) for arg in args])))
        answers.append(answer)
    return answers


def _fileroots(request):
    """What the roots file server says of directories: their lists, and which paths it finds."""
    cache = tempfile.mkdtemp(prefix="halite-oracle-")
    try:
        opts = salt.config.DEFAULT_MINION_OPTS.copy()
        opts.update(
            id="m1",
            file_client="local",
            cachedir=cache,
            file_roots=request["file_roots"],
            fileserver_backend=["roots"],
            **request["opts"],
        )
        client = salt.fileclient.get_file_client(opts)
        answer = {}
        for saltenv in request["environments"]:
            answer[saltenv] = {
                "files": client.file_list(saltenv),
                "directories": client.dir_list(saltenv),
                "found": [path for path in request["paths"] if client.hash_file("salt://" + path, saltenv)],
            }
        return answer
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def _toml(request):
    """TOML as Python's own reader has it, judge of the reader that stands for the package that Salt's renderer uses."""
    answers = []
    for text in request["texts"]:
        try:
            answers.append({"ok": encode(tomllib.loads(text))})
        except tomllib.TOMLDecodeError:
            answers.append({"error": "TOMLDecodeError"})
    return answers


def _end(_request):
    for world in _WORLDS.values():
        shutil.rmtree(world.root, ignore_errors=True)
    _WORLDS.clear()
    return None


OPS = {"salt.render": _render, "salt.render.template": _template, "salt.call": _call, "salt.fileroots": _fileroots, "toml": _toml, "salt.render.end": _end}
