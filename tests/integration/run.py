# SPDX-License-Identifier: Apache-2.0
"""Runs all integration tests, or those named (test_writes, test_cli.Import.test_bad_text), and prints a count."""
import argparse
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend and kansenctl are")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    harness.use_build(options.build)
    loader, names = unittest.TestLoader(), options.names
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
    result = unittest.TextTestRunner(verbosity=2 if names else 1).run(tests)
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})  # subtests are one
    skipped = len(result.skipped)
    print(f"integration: {result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
