#!/usr/bin/env python3
"""Counts how many deliberate faults the conformance suite notices.

Runs the suite on the faulty backend once for each fault, and expects a named test to fail. The backend without a fault
must pass first. Prints a table and the score; ends with 1 when a fault survived or the baseline failed.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
import time

CAUGHT = ("failed", "crashed", "timed out")


class Broken(Exception):
    """The run itself did not work: it tells nothing about the fault."""


def matches(patterns, name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split(":"))


class Cts:
    """The suite as halyard-cts runs it."""

    def __init__(self, program, library, limit):
        self.program, self.library, self.limit = program, library, limit

    def run(self, tests, environment):
        """The first test that failed and how, or None. `tests` is a filter, None for the whole core profile."""
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.json")
            command = [self.program, f"--backend-library={self.library}", "--device=faulty", "--profile=core",
                       "--fail-fast", f"--jobs={2 if tests is None else 1}", f"--report={report}"]
            if tests is not None:
                command.append(f"--filter={tests}")
            # It says itself which device and which library its workers use.
            environment = {name: value for name, value in environment.items()
                           if name not in ("HALYARD_TEST_DEVICE", "HALYARD_ADD_BACKEND_FILES")}
            limit = self.limit * (5 if tests is None else 1)
            try:
                done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit,
                                      errors="replace", check=False)
            except subprocess.TimeoutExpired as late:
                raise Broken(f"halyard-cts did not end within {limit} s") from late
            try:
                with open(report, encoding="utf-8") as file:
                    results = json.load(file)["tests"]
            except (OSError, ValueError, KeyError) as error:
                raise Broken(f"no report ({error}): {done.stdout[-2000:]}{done.stderr[-2000:]}") from error
        for result in results:
            if result["status"] in CAUGHT:
                return result["name"], result["status"]
        if done.returncode != 0:
            raise Broken(f"halyard-cts ended with {done.returncode}, and no test failed: {done.stderr[-2000:]}")
        return None


def read_faults(program):
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    faults = [line.split("\t") for line in lines]
    names = [fault[0] for fault in faults]
    if not names or len(set(names)) != len(names) or "none" in names:
        raise SystemExit(f"{program}: the names of the faults are not unique, or there are none")
    return faults


def judge(suite, options, fault, likely):
    """What caught the fault: (test, status, seconds), with test None when nothing did."""
    environment = {**os.environ, "HALYARD_TEST_DEVICE": "faulty", "HALYARD_FAULT": fault,
                   "HALYARD_FAULTY_TARGET": options.target, "HALYARD_ADD_BACKEND_FILES": options.backend_library,
                   "HALYARD_CACHE_DIR": options.cache_dir}
    for name in ("HALYARD_BACKEND_FILES", "HALYARD_DEVICES", "HALYARD_LAYERS"):
        environment.pop(name, None)
    begin = time.monotonic()
    try:
        found = suite.run(likely, environment) if likely else None
        hinted = found is not None
        if found is None:
            found = suite.run(None, environment)
            # Nobody expected this test to notice: it must do so again, and must not without the fault.
            if found is not None and (suite.run(found[0], environment) is None or
                                      suite.run(found[0], {**environment, "HALYARD_FAULT": "none"})):
                return None, f"not caught for sure: {found[0]} {found[1]} once", time.monotonic() - begin
    except Broken as broken:
        return None, f"broken run: {broken}", time.monotonic() - begin
    if found is None:
        return None, "survived", time.monotonic() - begin
    return found[0], found[1] if hinted or not likely else f"{found[1]}, not by {likely}", time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cts", required=True, help="halyard-cts")
    parser.add_argument("--faults", required=True, help="halyard-faults")
    parser.add_argument("--backend-library", required=True, help="libhalyard_faulty.so, absolute")
    parser.add_argument("--target", required=True, help="the real backend, absolute")
    parser.add_argument("--cache-dir", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=300, help="seconds for one program")
    parser.add_argument("--fault", action="append", help="only this one")
    options = parser.parse_args()

    suite = Cts(options.cts, options.backend_library, options.limit)
    faults = read_faults(options.faults)
    if options.fault:
        faults = [fault for fault in faults if fault[0] in options.fault]
    begin = time.monotonic()
    test, words, seconds = judge(suite, options, "none", None)
    if test is not None or words != "survived":
        print(f"without a fault the suite does not pass, so it can tell nothing: {test} {words}")
        return 1
    print(f"without a fault the suite passes ({seconds:.1f} s)", flush=True)

    survivors = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = pool.map(lambda fault: (fault, judge(suite, options, fault[0], fault[2])), faults)
        for (name, breaks, _), (test, words, seconds) in runs:
            if test is None:
                survivors.append(name)
                print(f"{name:36} {words.upper() if words == 'survived' else words}: {breaks} ({seconds:.1f} s)",
                      flush=True)
            else:
                print(f"{name:36} {test} {words} ({seconds:.1f} s)", flush=True)
    caught = len(faults) - len(survivors)
    print(f"mutation score: {caught} of {len(faults)} faults caught, {100 * caught / max(len(faults), 1):.1f} % "
          f"({time.monotonic() - begin:.0f} s)")
    return 1 if survivors or not faults else 0


if __name__ == "__main__":
    sys.exit(main())
