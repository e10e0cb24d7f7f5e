"""Runs one command and prints its cost as JSON: wall and CPU seconds, peak resident memory in MiB, exit status.

Usage: measure.py OUTPUT COMMAND [ARGUMENT...]; the command's standard output goes to the file OUTPUT.
"""
import json
import os
import resource
import sys
import time


def main():
    output, command = sys.argv[1], sys.argv[2:]
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(target, 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    print(json.dumps({
        "wall": round(time.monotonic() - start, 4),
        "cpu": round(usage.ru_utime + usage.ru_stime, 4),
        "peak": round(usage.ru_maxrss / 1024, 1),
        "status": os.waitstatus_to_exitcode(status),
    }))


main()
