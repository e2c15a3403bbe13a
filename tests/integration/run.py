# SPDX-License-Identifier: Apache-2.0
"""Runs all integration tests, or those named (test_writes, test_cli.Import.test_bad_text), and prints a count. All of them: each
file in a process of its own, as many at a time as there are cores, the longest first as far as that is known."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402

COUNT = re.compile(r"^integration: (\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
LONG = ("test_timeouts", "test_metrics", "test_limits", "test_systemd", "test_rolling", "test_tls", "test_roles", "test_rounds")
PATIENCE = 1500  # seconds for a file


def run_here(names):
    """Runs what is named in this process."""
    tests = unittest.TestLoader().loadTestsFromNames(names)
    result = unittest.TextTestRunner(verbosity=2).run(tests)
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})  # subtests are one
    skipped = len(result.skipped)
    print(f"integration: {result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 0 if result.wasSuccessful() else 1


def run_file(build, name):
    """Runs one file in its process: whether all passed, how many passed, failed and were skipped, and all that was printed."""
    began = time.monotonic()
    try:
        done = subprocess.run([sys.executable, str(HERE / "run.py"), "--build", str(build), name], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=PATIENCE, check=False)
        passed, out = done.returncode == 0, done.stdout
    except subprocess.TimeoutExpired as expired:
        passed, out = False, f"{(expired.stdout or b'').decode(errors='replace')}\n{name}: not done after {PATIENCE} s\n"
    found = COUNT.search(out)
    counts = [int(count) for count in found.groups()] if found else [0, 1, 0]
    return passed and found is not None, counts, out, time.monotonic() - began


def run_all(build):
    names = sorted((path.stem for path in HERE.glob("test_*.py")), key=lambda name: (name not in LONG, name))
    totals, all_passed = [0, 0, 0], True
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = {pool.submit(run_file, build, name): name for name in names}
        for done in concurrent.futures.as_completed(running):
            passed, counts, out, seconds = done.result()
            if not passed:
                print(out, flush=True)
            told = re.findall(r"^(rolling restart: .*)$", out, re.MULTILINE)
            print(f"{running[done]}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped, {seconds:.0f} s", *told, sep="\n",
                  flush=True)
            totals = [total + count for total, count in zip(totals, counts)]
            all_passed = all_passed and passed
    print(f"integration: {totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 0 if all_passed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend and kansenctl are")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    harness.use_build(options.build)
    return run_here(options.names) if options.names else run_all(options.build)


if __name__ == "__main__":
    sys.exit(main())
