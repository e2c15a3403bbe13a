# SPDX-License-Identifier: Apache-2.0
"""The daemon's durable writes, beside what the disk and LMDB alone can do: imports, registrations, reservations."""
import csv
import json
import shutil
import statistics
import sys

import stage as stages

OFFERS_PER_COMMIT = 1000  # as an import's batches have them
COMMIT_RECORDS = 64
LOADS = {"1x1": (1, 1), "16x1": (16, 1), "16x16": (16, 16)}  # connections, in flight on each
COUNTED = {"1x1": 1000, "16x16": 20_000}  # writes whose bytes are counted
HOT_OFFERS, HOT_SEATS = 64, 65_535


def measure_import(stage, report):
    """An import, and what LMDB alone needs to load the records that it left."""
    runs = min(stage.runs, 3)
    stage.say(f"import of {stage.offers:,} offers beside a bare loader: {runs} runs of each")
    imports, arrivals, sorteds = [], [], []
    for _ in range(runs):
        with stage.scratch() as scratch:
            imports.append(stage.fill(scratch, "flat", stage.offers))
            bare = json.loads(stage.run(stage.build / "bare_loader", "load", scratch / "data" / "kansen.mdb", scratch / "bare",
                                        max(1, stage.offers // OFFERS_PER_COMMIT), patience=stages.IMPORT_PATIENCE))
            arrivals.append(bare["arrival_s"])
            sorteds.append(bare["sorted_s"])
    seconds, arrival, in_order = (statistics.median(found) for found in (imports, arrivals, sorteds))
    report["import"] = {"seconds": seconds, "offers_per_s": stage.offers / seconds, "bare_arrival_s": arrival,
                        "bare_sorted_s": in_order, "ratio": seconds / arrival, "ratio_to_sorted": seconds / in_order, "runs": runs}


class Writer:
    """Registrations and reservations on a copy of a store; serial numbers go on from run to run."""

    def __init__(self, stage, daemon, workload):
        self.stage, self.daemon = stage, daemon
        self.what = {"registration": ("--offers", workload / "offers.csv")}
        self.serial = 0

    def open_hot_offers(self, scratch):
        """Registers offers with many seats, all over the country; reservations are of theirs."""
        with open(stages.ROOT / "seeds" / "regions.csv", encoding="utf-8", newline="") as file:
            towns = [row["code"] for row in csv.DictReader(file) if row["type"] == "municipality" and not row["successor"]]
        rows = [f"hot{number},p1,internship,Veel plaatsen,{towns[number * len(towns) // HOT_OFFERS]},i000,{HOT_SEATS}\n"
                for number in range(HOT_OFFERS)]
        (scratch / "hot.csv").write_text("external_id,partner,kind,title,region,interests,seats\n" + "".join(rows), encoding="utf-8")
        client = (self.stage.build / "kansenctl", "-s", self.daemon.socket, "--json")
        self.stage.run(*client, "import", "offers", scratch / "hot.csv")
        first, last = (json.loads(self.stage.run(*client, "offer", "show", f"ext:hot{number}"))["offer"]
                       for number in (0, HOT_OFFERS - 1))
        assert last - first == HOT_OFFERS - 1
        self.what["reservation"] = ("--reserve", f"{first}-{last}")

    def load(self, kind, connections, in_flight, **options):
        run = self.stage.load(self.daemon, *self.what[kind], *options.pop("more", ()), "--serial", self.serial,
                              connections=connections, in_flight=in_flight, **options)
        self.serial = run["serial"]
        return run

    def rate(self, kind, connections, in_flight):
        run = self.load(kind, connections, in_flight)
        return {"per_s": run["normal"]["qps"], "p50_us": run["normal"]["p50_us"], "p99_us": run["normal"]["p99_us"],
                "cpu_us": run["daemon_cpu_s"] / run["normal"]["answers"] * 1e6}

    def bytes_each(self, kind, load):
        """Bytes that the daemon handed to write calls for each of so many writes: LMDB writes every changed page of a commit
        once, and this daemon sends its answers by other calls. (write_bytes of /proc/PID/io would tell more: it counts
        whole blocks of the page cache, which may be many pages.)"""
        before = self.daemon.figures("io")["wchar"]
        run = self.load(kind, *LOADS[load], seconds=stages.PATIENCE, warm_up=0, more=("--count", COUNTED[load]))
        return (self.daemon.figures("io")["wchar"] - before) / (run["normal"]["answers"] + run["normal"]["drained"])


def sync_rate(stage, scratch, records):
    found = json.loads(stage.run(stage.build / "bare_loader", "sync", scratch / "sync", records, stage.seconds))
    return {"commits_per_s": found["commits_per_s"], "records_per_s": found["records_per_s"]}


def measure_writes(stage, report):
    """Registrations and reservations, each acknowledged when it is on disk, beside commits of LMDB alone."""
    workload = stage.workload("flat", stage.offers)
    store = stage.store("flat", stage.offers)
    with stage.scratch() as scratch:
        shutil.copytree(store, scratch / "data")
        with stage.daemon(scratch / "data", workload) as daemon:
            writer = Writer(stage, daemon, workload)
            writer.open_hot_offers(scratch)
            measures = {f"{kind} {load}": (lambda kind=kind, load=load: writer.rate(kind, *LOADS[load]))
                        for kind in writer.what for load in LOADS}
            measures["sync 1"] = lambda: sync_rate(stage, scratch, 1)
            measures[f"sync {COMMIT_RECORDS}"] = lambda: sync_rate(stage, scratch, COMMIT_RECORDS)
            stage.say(f"registrations, reservations and bare commits: {stage.runs} runs of each")
            found = stage.medians(measures)
            stage.say("bytes written for each")
            written = {kind: {load: writer.bytes_each(kind, load) for load in COUNTED} for kind in writer.what}
    report["registrations"] = {load: found[f"registration {load}"] for load in LOADS}
    report["reservations"] = {load: found[f"reservation {load}"] for load in LOADS}
    report["disk"] = {"one_record": found["sync 1"], "records_64": found[f"sync {COMMIT_RECORDS}"]}
    report["bytes_written"] = {"counted": "bytes handed to write calls (wchar of /proc/PID/io)", **written}


def measure_reserves(stage, report):
    """Reserves with more connections, by a client in Python, beside the raw rate of fdatasync: reserves.py."""
    seconds = min(stage.seconds * 2, 5)
    out = stage.folder / "reserves.json"
    stage.say("reserves with 1, 16 and 64 connections (reserves.py)")
    stage.run(sys.executable, stages.ROOT / "tests" / "bench" / "reserves.py", "--build", stage.build, "--sync-rate",
              stage.build / "fsync_rate", "--seconds", seconds, "--dir", stage.folder, "--out", out, patience=stages.PATIENCE * 5)
    report["reserves"] = json.loads(out.read_text(encoding="utf-8"))
