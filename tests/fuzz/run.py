#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs fuzz targets: first all files of tests/fuzz/corpus and tests/fuzz/regressions, then new inputs for a time.

What is found goes to BUILD/corpus/NAME (more coverage) and BUILD/crashes/NAME (crashes, leaks, slow inputs); a crash is
repeated by `BUILD/fuzz_NAME FILE`, and its file moves to tests/fuzz/regressions/NAME once it is mended. With --merge
nothing is fuzzed: tests/fuzz/corpus/NAME becomes the seeds in it (seed-*, made by hand) and the fewest files that have
the coverage of all."""
import argparse
import base64
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMITS = ["-rss_limit_mb=2048", "-malloc_limit_mb=512", "-timeout=60"]
LENGTH = "-max_len=8192"
CORPUS_BYTES = {"dispatch": 30_000, "session": 50_000}  # of a target, as committed
CORPUS_BYTES_DEFAULT = 16_000
TOLD_MAX = 16_384  # bytes of a file that is printed
MEMORY = pathlib.Path("/dev/shm")
FIGURES = re.compile(r"cov: (\d+) ft: (\d+)")
SPEED = re.compile(r"stat::average_exec_per_sec:\s+(\d+)")
COUNT = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


class Target:
    def __init__(self, build, name):
        self.name, self.program = name, build / f"fuzz_{name}"
        self.corpus, self.regressions = HERE / "corpus" / name, HERE / "regressions" / name
        self.corpus_bytes = CORPUS_BYTES.get(name, CORPUS_BYTES_DEFAULT)
        self.found, self.crashes = build / "corpus" / name, build / "crashes" / name
        self.found.mkdir(parents=True, exist_ok=True)
        self.crashes.mkdir(parents=True, exist_ok=True)

    def run(self, *args):
        """Exit status and output of a run; what it leaves in its scratch directory is removed."""
        place = MEMORY if os.access(MEMORY, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="kansen-fuzz-", dir=place) as scratch:
            environment = dict(os.environ, TMPDIR=scratch, UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS="quarantine_size_mb=32")
            done = subprocess.run([self.program, *args], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, errors="replace")
        return done.returncode, done.stdout

    def committed(self):
        return sorted(path for folder in (self.corpus, self.regressions) if folder.is_dir() for path in folder.iterdir())

    def seeds(self):
        """Files that were made by hand."""
        return sorted(self.corpus.glob("seed-*"))

    def replay(self):
        files = self.committed()
        status, output = self.run(*LIMITS, *files) if files else (0, "")
        return status, f"{len(files)} files replayed", output

    def fuzz(self, seconds, seed):
        status, output = self.run(*LIMITS, LENGTH, f"-seed={seed}", f"-max_total_time={seconds}", "-print_final_stats=1",
                                  f"-dict={HERE / 'kansen.dict'}", f"-artifact_prefix={self.crashes}/",
                                  self.found, *(path for path in (self.corpus, self.regressions) if path.is_dir()))
        figures = FIGURES.findall(output) or [("0", "0")]
        speed, count = SPEED.search(output), COUNT.search(output)
        said = (f"{count.group(1) if count else '?'} runs, {speed.group(1) if speed else '?'} a second, "
                f"coverage {figures[-1][0]}, features {figures[-1][1]}")
        return status, said, output + (self.told() if status != 0 else "")

    def told(self):
        """What broke it, as text: on a machine that is gone tomorrow the file is, too."""
        return "".join(f"\n{path.name}, base64:\n{base64.b64encode(path.read_bytes()).decode()}\n"
                       for path in self.crashes.iterdir() if path.stat().st_size <= TOLD_MAX)

    def merge(self):
        with tempfile.TemporaryDirectory() as folder:
            status, output = self.run(*LIMITS, LENGTH, "-set_cover_merge=1", folder, self.found,
                                      *(path for path in (self.corpus, self.regressions) if path.is_dir()))
            if status != 0:
                return status, "merge failed", output
            files = list(pathlib.Path(folder).iterdir())
            kept = {path.name: path.read_bytes() for path in self.seeds() + choose(files, self.corpus_bytes)}
        shutil.rmtree(self.corpus, ignore_errors=True)
        self.corpus.mkdir(parents=True)
        for name, data in kept.items():
            (self.corpus / name).write_bytes(data)
        return 0, f"{len(kept)} of {len(files)} files kept", output


def choose(files, room):
    """As many files as may be committed, the smallest first."""
    chosen = []
    for path in sorted(files, key=lambda path: (path.stat().st_size, path.name)):
        room -= path.stat().st_size
        if room >= 0:
            chosen.append(path)
    return chosen


def work(target, options):
    """All that is asked of one target: whether it went well, and what to print."""
    steps = [target.merge] if options.merge else [target.replay]
    if not options.merge and options.seconds > 0:
        steps.append(lambda: target.fuzz(options.seconds, options.seed))
    said = []
    for step in steps:
        status, words, output = step()
        said.append(words)
        if status != 0:
            return False, f"fuzz {target.name}: FAILED ({', '.join(said)})\n{output[-12000:]}"
    return True, f"fuzz {target.name}: {', '.join(said)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/fuzz"), help="where the programs are")
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing, each target; 0 = only replay")
    parser.add_argument("--seed", type=int, default=0, help="the same runs again, as far as the time goes; 0 = others each time")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time")
    parser.add_argument("--merge", action="store_true", help="make the committed corpora anew")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    targets = [Target(options.build.resolve(), name) for name in options.names]
    good = True
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for went_well, words in pool.map(lambda target: work(target, options), targets):
            print(words, flush=True)
            good = good and went_well
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
