#!/usr/bin/env python3
"""Runs a conformance program under a layer: it must pass as it does without, and validate may find only what the tests do on purpose.

    run_under_layer.py LAYER DELIBERATE PROGRAM [ARGUMENT...]

DELIBERATE lists what is expected of which test, a line each: "Suite.Test kind", for any number of findings of that kind. "* kind" is for all tests.
"""
import os
import re
import subprocess
import sys
import tempfile


def read_deliberate(path):
    allowed = set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if len(words) == 2:
                allowed.add((words[0], words[1]))
            elif words:
                sys.exit(f"{path}: not a test and a kind: {line}")
    return allowed


def findings(output):
    """(test, kind, line) of each finding that follows the start of a test."""
    test = ""
    for line in output.splitlines():
        start = re.match(r"\[ RUN      \] (\S+)", line)
        if start:
            test = start[1]
        finding = re.search(r"halyard: \w+: validate: ([a-z-]+): ", line)
        if finding:
            yield test, finding[1], line


def main():
    layer, deliberate, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, HALYARD_LAYERS=layer, HALYARD_LOG="warning",
                           HALYARD_TRACE_FILE=os.path.join(folder, "trace.json"), HALYARD_LOG_LAYER_FILE=os.path.join(folder, "log"))
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        written = os.listdir(folder)
    if done.returncode != 0:
        sys.exit(f"under {layer} the tests failed:\n{done.stdout[-20000:]}")
    if layer in ("trace", "log") and not written:
        sys.exit(f"{layer} wrote nothing: was it there?")
    allowed = read_deliberate(deliberate)
    wrong = [f"{test}: {line}" for test, kind, line in findings(done.stdout)
             if (test, kind) not in allowed and ("*", kind) not in allowed]
    if wrong:
        sys.exit("findings that no test makes on purpose:\n" + "\n".join(wrong))
    print(done.stdout[-300:])


if __name__ == "__main__":
    main()
