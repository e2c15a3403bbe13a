# SPDX-License-Identifier: Apache-2.0
"""What others notice of a round: matches by the clock, alone and then while a large round is computed."""
import datetime
import json
import random
import shutil
import statistics
import time

STUDENTS, QUICK_STUDENTS = 200_000, 20_000
LIST = 10  # offers on a list
BEATS = 0.3  # share of the daemon's time that matches take
RUNS = 3
TRIES = 20_000  # looks at the state, 0.05 s apart


class Round:
    """A round of a daemon by kansenctl."""

    def __init__(self, stage, daemon, folder):
        self.stage, self.daemon, self.folder = stage, daemon, folder

    def ask(self, *args):
        return self.stage.run(self.stage.build / "kansenctl", "-s", self.daemon.socket, "--json", *args, patience=3600)

    def ctl(self, *args):
        return self.ask("round", *args)

    def taking_part(self, today):
        """Ids of the offers that can: open, of an active partner, not over."""
        active = {partner["partner"] for partner in map(json.loads, self.ask("partner", "list", "--status", "active").splitlines())}
        offers = map(json.loads, self.ask("offer", "list", "--status", "open").splitlines())
        return [offer["offer"] for offer in offers if offer["partner"] in active and (offer.get("end") or today) >= today]

    def state(self):
        return json.loads(self.ctl("show", "r"))["state"]

    def until(self, state):
        for _ in range(TRIES):
            if self.state() == state:
                return
            time.sleep(0.05)
        raise SystemExit(f"the round does not become {state}")

    def step(self, name, *args):
        """Takes a step and waits for what follows; returns the seconds."""
        began = time.monotonic()
        self.ctl(name, "r", *args)
        return time.monotonic() - began

    def make(self, students):
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        self.ctl("create", "r", "--party", f"bench={self.folder / 'secret'}", "--single-party", "--beacon-source", "none", "--beacon-date",
                 today, "--beacon-encoding", "none", "--beacon-fallback", "none")
        self.step("open")
        dice, lists, offers = random.Random(1), self.folder / "lists", self.taking_part(today)
        with open(lists, "w", encoding="utf-8") as file:
            for number in range(students):
                file.write(json.dumps({"student": f"s{number}", "referred": number % 5 == 0,
                                       "offers": dice.sample(offers, LIST)}) + "\n")
        began = time.monotonic()
        self.ctl("submit", "r", lists, "--issuer", "bench")
        return time.monotonic() - began


def measure_rounds(stage, report):
    """p99 of matches while a round is computed, beside that of matches alone; and what its steps take."""
    students = stage.students or (QUICK_STUDENTS if stage.quick else STUDENTS)
    requests = stage.workload("full", stage.offers) / "requests.bin"
    with stage.scratch() as folder:
        shutil.copytree(stage.store("full", stage.offers), folder / "data")
        with stage.daemon(folder / "data", stage.workload("full", stage.offers)) as daemon:
            round_ = Round(stage, daemon, folder)
            submitted = round_.make(students)
            seconds = {"freeze": round_.step("freeze")}
            round_.step("draw", "--party", f"bench={folder / 'secret'}", "--beacon", "1")
            full = stage.load(daemon, "--requests", requests, connections=16)
            rate = max(1.0, BEATS * full["normal"]["qps"])
            stage.say(f"{rate:.0f} queries/s by the clock, alone and while a round of {students:,} students is computed: {RUNS} runs")
            alone, beside = [], []
            for number in range(RUNS):
                alone.append(stage.load(daemon, "--requests", requests, "--rate", f"{rate:.3f}", connections=16)["normal"])
                if number > 0:
                    round_.step("revise", "--reason", "again")
                    round_.step("freeze")
                began = time.monotonic()
                round_.ctl("compute", "r", "--no-wait")
                run = stage.load(daemon, "--requests", requests, "--rate", f"{rate:.3f}", connections=16, warm_up=0)["normal"]
                if round_.state() == "computing" or number == 0:
                    beside.append(run)  # all of it was beside the round, or it is the only one that there is
                round_.until("computed")
                seconds["compute"] = min(seconds.get("compute", 1e9), time.monotonic() - began)
            seconds["publish"] = round_.step("publish")
    middle = {name: statistics.median(run["p99_us"] for run in runs) for name, runs in (("alone", alone), ("beside", beside))}
    report["rounds"] = {"students": students, "list": LIST, "lists_per_s": students / submitted, "seconds": seconds,
                        "alone_p99_us": middle["alone"], "beside_p99_us": middle["beside"],
                        "beside_max_us": max(run["max_us"] for run in beside), "ratio_p99": middle["beside"] / middle["alone"]}
