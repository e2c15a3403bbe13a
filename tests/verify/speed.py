#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a large record and says how long kansen-verify takes for it, and how much memory."""
import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import record  # noqa: E402
import shapes  # noqa: E402


def make(options, folder):
    large = shapes.large_round(options.students, options.offers, length=options.length)
    files = large.files(record.Key(folder))
    record.write(pathlib.Path(folder) / "record", files)
    size = sum(len(text) for text in files.values())
    print(f"{options.students} students x {options.length} of {options.offers} offers: {size / 1e6:.1f} MB, "
          f"{files['record'].split('bin 1 ')[1].split()[1]} of them with their first choice")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--students", type=int, default=100000)
    parser.add_argument("--offers", type=int, default=25000)
    parser.add_argument("--length", type=int, default=10, help="of each list")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kansen-verify-") as folder:
        maker = multiprocessing.Process(target=make, args=(options, folder))  # its memory would count as the child's
        maker.start()
        maker.join()
        for _ in range(options.runs):
            start = time.monotonic()
            child = os.spawnv(os.P_NOWAIT, options.build / "kansen-verify", ["kansen-verify", f"{folder}/record"])
            _, status, used = os.wait4(child, 0)
            print(f"{time.monotonic() - start:.2f} s, of which CPU {used.ru_utime + used.ru_stime:.2f} s; "
                  f"{used.ru_maxrss / 1024:.0f} MiB; status {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
