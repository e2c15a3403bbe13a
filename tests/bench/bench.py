#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Kansen beside what it is measured against, on this machine, in one go. Prints a table, draws bench.svg and writes
report.json. The server sits on one core and the load generator on another; each figure is the median of several runs.
Exits with 1 when the contestants do not give the same answers; a target that is not reached is told, no more."""
import argparse
import json
import pathlib
import platform
import statistics
import sys

sys.dont_write_bytecode = True

import cohort  # noqa: E402
import copies  # noqa: E402
import growth  # noqa: E402
import peers  # noqa: E402
import reading  # noqa: E402
import rounds  # noqa: E402
import security  # noqa: E402
import stage as stages  # noqa: E402
import verdict  # noqa: E402
import writing  # noqa: E402

SECTIONS = {
    "limit": peers.measure_limit,
    "sqlite": peers.measure_sqlite,
    "postgres": peers.measure_postgres,
    "answers": peers.compare_answers,
    "match": reading.measure_match,
    "full": reading.measure_full,
    "large": reading.measure_large,
    "workers": reading.measure_workers,
    "start": reading.measure_start,
    "worst": growth.measure_worst,
    "growth": growth.measure_growth,
    "backup": copies.measure_backup,
    "import": writing.measure_import,
    "writes": writing.measure_writes,
    "reserves": writing.measure_reserves,
    "cohort": cohort.measure_cohort,
    "rounds": rounds.measure_rounds,
    "security": security.measure_security,
}
OFFERS, LARGE = 250_000, 2_500_000
QUICK_LARGE = 500_000
QUIET = 0.1  # cores that something else may work on while reads are measured


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], formatter_class=argparse.RawTextHelpFormatter,
                                     epilog="sections:\n" + "\n".join(f"  {name:<10}{section.__doc__.splitlines()[0]}"
                                                                      for name, section in SECTIONS.items()))
    parser.add_argument("--only", default="", help="sections, by commas; the others keep their figures of an earlier report")
    parser.add_argument("--offers", type=int, default=OFFERS)
    parser.add_argument("--large", type=int, default=None, help="offers of the large store")
    parser.add_argument("--students", type=int, default=None, help="of the round that is computed beside matches (200,000)")
    parser.add_argument("--runs", type=int, default=None, help="of each figure (5)")
    parser.add_argument("--seconds", type=float, default=None, help="of a run (2)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, a smaller large store: to see that it works")
    parser.add_argument("--fresh", action="store_true", help="makes workloads and stores again")
    parser.add_argument("--build", default=str(stages.ROOT / "build"), help="where the programs are")
    parser.add_argument("--dir", default=None, help="where data and results go, on the disk that is measured (build/bench)")
    options = parser.parse_args()
    options.large = options.large or (QUICK_LARGE if options.quick else LARGE)
    options.runs = options.runs or (3 if options.quick else 5)
    options.seconds = options.seconds or (0.5 if options.quick else 2.0)
    options.warm_up = 0.2 if options.quick else 0.5
    options.dir = options.dir or str(pathlib.Path(options.build) / "bench")
    options.only = [name for name in options.only.split(",") if name]
    for name in options.only:
        if name not in SECTIONS:
            parser.error(f"there is no section {name}; there are {', '.join(SECTIONS)}")
    return options


def setting(options):
    return {"offers": options.offers, "large": options.large, "queries": stages.QUERIES, "quick": options.quick}


def earlier(path, options):
    """The figures of an earlier report with the same setting, when only some sections run."""
    if not options.only or not path.exists():
        return {}
    report = json.loads(path.read_text(encoding="utf-8"))
    return report if all(report.get(key) == wanted for key, wanted in setting(options).items()) else {}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = {line.split(":", 1)[1].strip() for line in file if line.startswith("model name")}
    return {"cpu": ", ".join(sorted(models)) or platform.machine(), "kernel": platform.release()}


def main():
    options = read_arguments()
    stage = stages.Stage(options)
    path = stage.folder / "report.json"
    report = {**earlier(path, options), **setting(options), "machine": machine()}
    for name, section in SECTIONS.items():
        if not options.only or name in options.only:
            section(stage, report)
            path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (stage.folder / "bench.svg").write_text(verdict.picture(report), encoding="utf-8")
    if stage.others and statistics.median(stage.others) > QUIET:
        print(f"\nSomething else worked on {statistics.median(stage.others):.2f} cores meanwhile, and on {max(stage.others):.2f} at its "
              "worst: the figures are too low.")
    if options.quick or any(report[key] != size for key, size in verdict.SIZES.items()):
        print("\nThe targets are meant for a whole run with the sizes that it has by itself: these figures show that it works.")
    print(f"\n{verdict.rates(report)}\n\n{verdict.table(report)}\n\nwritten: {path}, {stage.folder / 'bench.svg'}")


if __name__ == "__main__":
    main()
