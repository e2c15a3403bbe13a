# SPDX-License-Identifier: Apache-2.0
"""kansen-verify held against records made by record.py, and against changed ones. Runs all tests, or those named."""
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
    parser.add_argument("--build", default="build", help="where kansen-verify is")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    harness.use_build(options.build)
    loader, names = unittest.TestLoader(), options.names
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
    result = unittest.TextTestRunner(verbosity=2 if names else 1).run(tests)
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"verify: {result.testsRun - failed} passed, {failed} failed")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
