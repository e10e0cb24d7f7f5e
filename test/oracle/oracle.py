"""One long-lived Python process that answers for the real Jinja2, PyYAML and Salt.

Reads one JSON request a line on standard input: {"id": N, "op": "name", ...}; writes one JSON answer a line:
{"id": N, "ok": ...} or {"id": N, "error": {"type": "TypeError", "message": "..."}}.
Operations live in the ops_*.py files beside this one: each has a dict OPS of name -> function(request).
"""
import importlib
import json
import logging
import os
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    logging.disable(logging.CRITICAL)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(2, 1)
    ops = {}
    for name in sys.argv[1:]:
        ops.update(importlib.import_module("ops_" + name).OPS)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"id": request["id"], "ok": ops[request["op"]](request)}
        except BaseException as error:  # noqa: B902 - the answer is what the real program raised
            answer = {
                "id": request["id"],
                "error": {
                    "type": type(error).__name__,
                    "message": str(error),
                    "trace": traceback.format_exc()[-2000:],
                },
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
