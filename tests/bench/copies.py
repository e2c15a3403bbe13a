# SPDX-License-Identifier: Apache-2.0
"""What others notice of a backup: matches by the clock, alone and then while one backup follows the other."""
import contextlib
import shutil
import statistics
import subprocess
import threading
import time

import stage as stages

BEATS = 0.3  # share of the daemon's time that matches take
LONGEST = 10  # seconds of a run
MIB = 1 << 20


class Backups:
    """One backup behind the other, until it is told to stop: then the last one ends early."""

    def __init__(self, stage, daemon, folder):
        self.stage, self.daemon, self.folder = stage, daemon, folder
        self.seconds, self.bytes, self.process, self.ended = [], 0, None, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.is_set():
            began = time.monotonic()
            self.process = subprocess.Popen([self.stage.build / "kansenctl", "-s", self.daemon.socket, "backup", "measured"],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.process.wait() == 0:
                self.seconds.append(time.monotonic() - began)
                self.bytes = (self.folder / "measured" / "kansen.mdb").stat().st_size
            shutil.rmtree(self.folder / "measured", ignore_errors=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        self.thread.join(stages.PATIENCE)


def measure_backup(stage, report):
    """Matches by the clock alone, and beside backups of the store."""
    requests = stage.workload("flat", stage.large) / "requests.bin"
    folder = stage.store("flat", stage.large) / "backup"
    seconds, size = [], []
    with stage.serving("flat", stage.large) as daemon:
        with Backups(stage, daemon, folder) as first:  # how long one takes, with nothing beside it
            while not first.seconds:
                time.sleep(0.05)
        alone_s = first.seconds[0]
        full = stage.load(daemon, "--requests", requests, connections=16)
        rate = max(1.0, BEATS * full["normal"]["qps"])
        stage.say(f"{rate:.0f} matches/s by the clock over {stage.large:,} offers, alone and beside backups: {stage.runs} runs")

        def run():
            return stage.load(daemon, "--requests", requests, "--rate", f"{rate:.3f}", connections=16,
                              seconds=min(max(stage.seconds, 2 * alone_s), LONGEST))["normal"]

        def beside():
            with Backups(stage, daemon, folder) as backups:
                figures = run()
            seconds.extend(backups.seconds)
            size.append(backups.bytes or first.bytes)
            return figures
        found = stage.medians({"alone": lambda: p99_of(run()), "beside": lambda: p99_of(beside())})
    shutil.rmtree(folder, ignore_errors=True)
    report["backup"] = {"seconds": alone_s, "beside_seconds": statistics.median(seconds) if seconds else alone_s,
                        "mib": max(size) / MIB, "mib_per_s": first.bytes / MIB / alone_s, "matches_per_s": rate,
                        **{f"{name}_{key}": value for name, figures in found.items() for key, value in figures.items()},
                        "ratio_p99": found["beside"]["p99_us"] / found["alone"]["p99_us"]}


def p99_of(figures):
    return {key: figures[key] for key in ("p50_us", "p99_us", "max_us")}
