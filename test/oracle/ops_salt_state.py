"""Real Salt's state compiler: pillar, top, high data and low chunks of a tree given as a map, and its matchers."""
import copy
import os
import shutil
import tempfile

import salt.config
import salt.fileclient
import salt.loader
import salt.minion
import salt.pillar
import salt.state
import salt.utils.args
import salt.utils.state

from encode import decode, encode

_CONTEXT = {}


def _match(request):
    """One answer for each [engine, target, delimiter] of a subject."""
    opts = _CONTEXT.get("match_opts")
    if opts is None:
        opts = salt.config.apply_minion_config({"id": "x", "file_client": "local", "cachedir": tempfile.mkdtemp()})
        shutil.rmtree(opts["cachedir"], ignore_errors=True)
        _CONTEXT["match_opts"] = opts
    opts = dict(opts)
    opts["id"] = request["minion"]
    opts["grains"] = decode(request["grains"])
    if request.get("pillar") is not None:
        opts["pillar"] = decode(request["pillar"])
    opts["nodegroups"] = decode(request["nodegroups"])
    matchers = salt.loader.matchers(opts)
    answers = []
    for engine, target, delimiter in request["questions"]:
        kwargs = {} if delimiter is None else {"delimiter": delimiter}
        args = [decode(target)]
        if engine == "nodegroup":
            args.append(opts["nodegroups"])
        try:
            answers.append({"ok": bool(matchers[engine + "_match.match"](*args, **kwargs))})
        except Exception as error:  # the answer is what Salt raised
            answers.append({"error": type(error).__name__})
    return answers


class _Tree:
    def __init__(self, request):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="halite-oracle-"))
        for path, text in request["files"].items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8", newline="") as handle:
                handle.write(text)
        config = os.path.join(self.root, "minion")
        with open(config, "w", encoding="utf-8") as handle:
            handle.write(request["config"].replace("ROOT", self.root))
        opts = salt.config.minion_config(config)
        opts["file_client"] = "local"
        opts["cachedir"] = os.path.join(self.root, "cache")
        opts["extension_modules"] = os.path.join(self.root, "extmods")
        opts["grains"] = {"id": opts["id"], **opts["grains"]}
        opts["__cli"] = "salt-call"
        self.opts = opts

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def clean(self, value):
        """No directory of this run in an answer."""
        if isinstance(value, str):
            return value.replace(self.root, "ROOT")
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        if isinstance(value, dict):
            return {key: self.clean(item) for key, item in value.items()}
        return value


def _pillar(tree):
    opts = tree.opts
    return salt.pillar.get_pillar(
        opts, opts["grains"], opts["id"], opts["saltenv"], pillarenv=opts.get("pillarenv")
    ).compile_pillar()


def _stages(tree, request):
    opts = tree.opts
    out = {}
    try:
        opts["pillar"] = _pillar(tree)
    except Exception as error:
        return {"pillar": _raised(tree, error)}
    override = decode(request["pillar"]) if request.get("pillar") is not None else None
    kwargs = {} if request.get("saltenv") is None else {"saltenv": request["saltenv"]}
    sls = request.get("sls")

    used = salt.utils.state.get_sls_opts(opts, **kwargs)
    if sls is not None and used["saltenv"] is None:
        used["saltenv"] = "base"
    initial = copy.deepcopy(opts["pillar"]) if used["pillarenv"] == opts["pillarenv"] else None
    try:
        state = salt.state.HighState(used, copy.deepcopy(override), initial_pillar=initial)
    except Exception as error:
        return {"pillar": _raised(tree, error)}
    with state:
        out["pillar"] = {"ok": encode(tree.clean(state.opts["pillar"]))}
        if "top" in request["stages"]:
            out["top"] = _try(tree, _top, tree, state)
        try:
            high, errors = _rendered(state, sls)
        except Exception as error:
            out["high"] = out["low"] = _raised(tree, error)
            return out
        out["high"] = _try(tree, _high, tree, state, copy.deepcopy(high), list(errors), sls)
        out["low"] = _try(tree, _low, tree, state, high, errors)
    return out


def _try(tree, stage, *args):
    try:
        return stage(*args)
    except Exception as error:
        return _raised(tree, error)


def _raised(tree, error):
    return {"raised": type(error).__name__, "message": tree.clean(str(error))}


def _top(tree, state):
    errors = state.opts["pillar"].get("_errors")
    if errors:
        return {"errors": ["Pillar failed to render with the following messages:"] + tree.clean(errors)}
    top = state.get_top()
    errors = state.verify_tops(top)
    if errors:
        return {"errors": tree.clean(errors)}
    return {"ok": encode(tree.clean(dict(state.top_matches(top))))}


def _rendered(state, sls):
    """High data and errors, as state.highstate and state.sls have them before call_high."""
    errors = state.opts["pillar"].get("_errors")
    if errors:
        return None, ["Pillar failed to render with the following messages:"] + errors
    if sls is not None:
        return state.render_highstate({state.opts["saltenv"]: salt.utils.args.split_input(sls)})
    top = state.get_top()
    errors = state.verify_tops(top)
    matches = state.top_matches(top)
    high, more = state.render_highstate(matches)
    return high, errors + more


def _high(tree, state, high, errors, sls):
    if sls is not None and high is not None:
        errors = errors + state.state.verify_high(high)
    if errors:
        return {"errors": tree.clean(errors)}
    return {"ok": encode(tree.clean(high))}


def _low(tree, state, high, errors):
    """call_high up to the chunks."""
    if errors:
        return {"errors": tree.clean(errors)}
    high, errors = state.state.reconcile_extend(high)
    errors = errors + state.state.verify_high(high)
    if errors:
        return {"errors": tree.clean(errors)}
    high, errors = state.state.requisite_in(high)
    high = state.state.apply_exclude(high)
    if errors:
        return {"errors": tree.clean(errors)}
    chunks = state.state.compile_high_data(high)
    out = {"ok": encode(tree.clean(chunks))}
    if chunks and all(chunk["state"] == "test" and "onfail_all" not in chunk for chunk in chunks):
        # States that do nothing: Salt's own order of running them. It can't run an onfail_all that waits (UnboundLocalError).
        try:
            ran = state.state.call_chunks(chunks)
        except TypeError:
            # A requisite of null compiles and can't be run.
            return out
        out["order"] = [tag for tag, _ in sorted(ran.items(), key=lambda item: item[1]["__run_num__"])]
    return out


def _tree(request):
    tree = _Tree(request)
    try:
        return _stages(tree, request)
    finally:
        tree.close()


def _config(request):
    tree = _Tree(request)
    try:
        opts = dict(tree.opts)
        for key in ("cachedir", "extension_modules", "__cli", "conf_file"):
            opts.pop(key, None)
        return encode(tree.clean(opts))
    finally:
        tree.close()


def _merge(request):
    import salt.utils.dictupdate

    return encode(
        salt.utils.dictupdate.merge(
            decode(request["a"]), decode(request["b"]), request["strategy"], "yaml", request["merge_lists"]
        )
    )


OPS = {"state.match": _match, "state.tree": _tree, "state.config": _config, "state.merge": _merge}
