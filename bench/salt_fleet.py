"""Real Salt 3007.1 as a library, one process: applies a fleet's states and copies each cluster's addons to a folder.

Usage: salt_fleet.py TREE OUT LIMIT ID...   (in a mount namespace where /etc/kubernetes may be written)
Stops after LIMIT seconds and prints how many clusters it did.
"""
import json
import logging
import os
import shutil
import sys
import tempfile
import time

import salt.config
import salt.minion
import salt.utils.yaml

ADDONS = "/etc/kubernetes/addons"


def main():
    logging.disable(logging.CRITICAL)
    tree, out, limit, ids = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
    with open(os.path.join(tree, "pillar/roster.yaml"), encoding="utf-8") as handle:
        roster = salt.utils.yaml.safe_load(handle)
    scratch = tempfile.mkdtemp(prefix="halite-bench-")
    start = time.monotonic()
    done = 0
    try:
        for cluster in ids:
            config = {
                "id": cluster,
                "file_client": "local",
                "file_roots": {"base": [os.path.join(tree, "states")]},
                "pillar_roots": {"base": [os.path.join(tree, "pillar")]},
                "cachedir": os.path.join(scratch, "cache"),
                "pki_dir": os.path.join(scratch, "pki"),
                "sock_dir": os.path.join(scratch, "sock"),
                "log_level": "quiet",
                "state_events": False,
                "autoload_dynamic_modules": False,
                "grains": {**roster[cluster]["minion_opts"]["grains"], "id": cluster},
            }
            path = os.path.join(scratch, "minion")
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(salt.utils.yaml.safe_dump(config))
            opts = salt.config.minion_config(path, minion_id=cluster, cache_minion_id=False)
            opts.update({"conf_file": path, "file_client": "local", "local": True, "use_master_when_local": False})
            minion = salt.minion.SMinion(opts)
            result = minion.functions["state.apply"](queue=True)
            failed = [value for value in result.values() if not value["result"]] if isinstance(result, dict) else result
            if failed:
                raise SystemExit("%s: %s" % (cluster, failed[0]))
            shutil.copytree(ADDONS, os.path.join(out, cluster))
            shutil.rmtree(ADDONS)
            done += 1
            if time.monotonic() - start > limit:
                break
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(json.dumps({"clusters": done}))


main()
