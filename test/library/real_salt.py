"""Runs the tree under the real Salt, for people: what `salt-call --local state.apply` would write for a cluster.

  test/.cache/salt-venv/bin/python test/library/real_salt.py [--out DIR] [--show pillar|top|low] [--pillar JSON] [CLUSTER ...]

Reads halite.yaml and the roster beside it. Writes go to an overlay on /etc in a mount namespace of its own (needs root, or
a kernel that lets users unshare), never to the machine's /etc. Exits 1 when a state fails. `*.diff.test.ts` here do the
same with a comparison; this is the short way to see what Salt itself thinks of a change.
"""
import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ADDONS = "/etc/kubernetes/addons"


def minion_opts(config, cluster, grains, cache):
    import salt.config

    opts = salt.config.DEFAULT_MINION_OPTS.copy()
    opts.update(
        id=cluster,
        file_client="local",
        local=True,
        test=False,
        file_roots={env: [os.path.join(TOP, root) for root in roots] for env, roots in config["file_roots"].items()},
        pillar_roots={env: [os.path.join(TOP, root) for root in roots] for env, roots in config["pillar_roots"].items()},
        nodegroups=config.get("nodegroups", {}),
        grains=dict(grains, id=cluster),
        cachedir=os.path.join(cache, cluster),
        extension_modules=os.path.join(cache, "extmods"),
        log_level="error",
    )
    return opts


def apply_cluster(config, cluster, grains, cache, show, pillar):
    import salt.state

    highstate = salt.state.HighState(minion_opts(config, cluster, grains, cache), pillar_override=pillar)
    highstate.push_active()
    try:
        if show == "pillar":
            return highstate.opts["pillar"], True
        if show == "top":
            return highstate.compile_top() if hasattr(highstate, "compile_top") else highstate.get_top(), True
        if show == "low":
            return highstate.compile_low_chunks(), True
        result = highstate.call_highstate()
        if isinstance(result, list):
            return result, False
        bad = {key: value["comment"] for key, value in result.items() if value["result"] is not True}
        return bad, not bad
    finally:
        highstate.pop_active()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clusters", nargs="*")
    parser.add_argument("--out", help="copy the written addons to DIR/CLUSTER")
    parser.add_argument("--show", choices=["pillar", "top", "low"])
    parser.add_argument("--pillar", type=json.loads, help="JSON that goes over the pillar")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.inside:
        namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        raise SystemExit(subprocess.call(namespace + [sys.executable, "-X", "utf8", os.path.abspath(__file__), "--inside"] + sys.argv[1:]))
    scratch = tempfile.mkdtemp(prefix="real-salt-")
    try:
        subprocess.check_call(["mount", "-t", "tmpfs", "tmpfs", scratch])
        for name in ("upper", "work", "cache"):
            os.mkdir(os.path.join(scratch, name))
        layers = "lowerdir=/etc,upperdir=%s/upper,workdir=%s/work" % (scratch, scratch)
        subprocess.check_call(["mount", "-t", "overlay", "overlay", "-o", layers, "/etc"])
        # What went wrong is in the states' comments, printed below.
        logging.disable(logging.CRITICAL)
        import yaml

        with open(os.path.join(TOP, "halite.yaml"), encoding="utf-8") as stream:
            config = yaml.safe_load(stream)
        with open(os.path.join(TOP, config["roster"]), encoding="utf-8") as stream:
            roster = yaml.safe_load(stream)
        failed = False
        for cluster in args.clusters or roster:
            shutil.rmtree(ADDONS, ignore_errors=True)
            grains = roster[cluster]["minion_opts"]["grains"]
            result, good = apply_cluster(config, cluster, grains, os.path.join(scratch, "cache"), args.show, args.pillar)
            failed = failed or not good
            if args.show or not good:
                print(json.dumps({cluster: result}, indent=1, default=str))
                continue
            count = sum(len(files) for _, _, files in os.walk(ADDONS))
            print("%s: %d files" % (cluster, count))
            if args.out:
                target = os.path.join(args.out, cluster)
                shutil.rmtree(target, ignore_errors=True)
                if os.path.isdir(ADDONS):
                    shutil.copytree(ADDONS, target)
        return 1 if failed else 0
    finally:
        subprocess.call(["umount", "-l", "/etc"], stderr=subprocess.DEVNULL)
        subprocess.call(["umount", "-l", scratch], stderr=subprocess.DEVNULL)
        os.rmdir(scratch)


if __name__ == "__main__":
    raise SystemExit(main())
