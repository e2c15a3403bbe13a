#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a power cut leaves. A recorder in front of the daemon's C library logs every write and sync of its files, and
every answer, while several connections write at once. A replayer then rebuilds the store as the power could have left it
after each event of that log, and holds each image against what had been acknowledged by then (tests/crash/powercut/).

The run ends with a proof that it can fail: the same log is replayed for a disk that lies about syncs, and has to be
found out.
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402  (it stands in the folder of the integration tests)

CONNECTIONS = 6
MAP_SIZE = "64MiB"
LIE_CUTS = 300
OWN_WRITES = 2  # of the harness: it makes a client and has a token issued
REPLAY_LIMIT = 1500.0  # seconds that a replayer may take
KINDS = ["request", "withdraw", "confirm", "start", "complete", "drop_out", "accept", "decline", "cancel"]


class Load:
    """One connection that writes all kinds of things in bursts, and counts what was acknowledged."""

    def __init__(self, number, seed, address):
        self.number, self.random = number, random.Random(seed * 1000 + number)
        self.client = harness.Client(address)
        self.partners, self.offers, self.placements = [], [], []
        self.acknowledged, self.refused, self.serial = 0, 0, 0

    def name(self, kind, most):
        return f"{kind}{self.number}-{self.random.randrange(most)}"

    def partner(self):
        return {"upsert_partner": {"partner": {
            "external_id": self.name("p", 12), "kind": "PARTNER_KIND_SPORT_CLUB", "name": "Club " * self.random.randrange(1, 9),
            "region": "GM0606", "accreditations": [{"crebo": self.random.randrange(25000, 25999)}]}}}

    def offer(self):
        return {"upsert_offer": {"offer": {
            "external_id": self.name("o", 40), "partner_id": self.random.choice(self.partners), "kind": "OFFER_KIND_SPORT",
            "title": "Training", "description": "lang " * self.random.randrange(0, 400), "interests": ["sport.voetbal"],
            "seats": self.random.randrange(1, 6), "waiting_list": self.random.random() < 0.5}}}

    def reserve(self):
        return {"reserve_placement": {
            "offer_id": self.random.choice(self.offers), "student": self.name("s", 300), "wait": self.random.random() < 0.5,
            "lease_s": self.random.choice([1, 60, 0]), "request": self.random.random() < 0.3}}

    def move(self):
        return {"move_placement": {"id": self.random.choice(self.placements[-60:]),
                                   "move": "PLACEMENT_MOVE_" + self.random.choice(KINDS).upper(),
                                   "reason": "DECLINE_REASON_PERIOD"}}

    def operation(self):
        """A write of a random kind, of those that have something to work on."""
        choices = [(self.partner, 2)]
        if self.partners:
            choices += [(self.offer, 4)]
        if len(self.partners) > 8:
            choices += [(lambda: {"remove_partner": {"id": self.partners.pop(self.random.randrange(len(self.partners)))}}, 0.3)]
        if self.offers:
            choices += [(self.reserve, 7),
                        (lambda: {"set_offer_status": {"id": self.random.choice(self.offers), "status": self.random.choice(
                            ["OFFER_STATUS_OPEN", "OFFER_STATUS_PAUSED"])}}, 1)]
        if len(self.offers) > 20:
            choices += [(lambda: {"remove_offer": {"id": self.offers.pop(self.random.randrange(len(self.offers)))}}, 2)]
        if self.placements:
            choices += [(self.move, 7), (lambda: {"forget_student": {"student": self.name("s", 300)}}, 0.3)]
        operations, weights = zip(*choices)
        return self.random.choices(operations, weights)[0]()

    def request(self):
        body = {"batch": {"writes": [self.operation() for _ in range(self.random.randrange(2, 12))]}} \
            if self.random.random() < 0.1 else {"write": self.operation()}
        self.serial += 1
        if self.random.random() < 0.3:
            body["idempotency_key"] = f"{self.number}-{self.serial - (self.random.random() < 0.1)}"
        return self.client.request(**body)

    def learn(self, write, result):
        """Remembers what came into being."""
        if result.sequence:
            self.acknowledged += 1
        if result.status.code:
            self.refused += 1
        elif result.outcome == harness.command_pb2.OUTCOME_CREATED:
            kind = write.WhichOneof("operation")
            {"upsert_partner": self.partners, "upsert_offer": self.offers,
             "reserve_placement": self.placements}.get(kind, []).append(result.id)

    def burst(self):
        requests = [self.request() for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        for request, response in zip(requests, self.client.pipeline(requests)):
            if request.WhichOneof("body") == "write":
                self.learn(request.write, response.write)
            else:
                for write, result in zip(request.batch.writes, response.batch.results):
                    self.learn(write, result)

    def run(self, end, failures):
        try:
            while not end.is_set():
                self.burst()
        except Exception as error:  # the main thread tells it
            failures.append(error)
            end.set()
        finally:
            self.client.close()


class Commits:
    """Counts the commits in a log that grows: heads of events, as log.h has them, of writes to LMDB's meta pages."""

    HEAD, FILE, WRITE, META_BYTES, META_LENGTH = struct.Struct("=IIQQ"), 1, 2, 8192, 512

    def __init__(self, log):
        self.log, self.at, self.n, self.store = log, 0, 0, None

    def count(self):
        with open(self.log, "rb") as log:
            log.seek(self.at)
            while len(head := log.read(self.HEAD.size)) == self.HEAD.size:
                kind, number, place, length = self.HEAD.unpack(head)
                if kind == self.FILE and log.read(length) == b"kansen.mdb":
                    self.store = number
                self.n += kind == self.WRITE and number == self.store and place < self.META_BYTES and length < self.META_LENGTH
                self.at += self.HEAD.size + length
                log.seek(self.at)
        return self.n


def record(scratch, build, commits, seed):
    """Runs the daemon under the recorder; returns (log, the daemon's data directory, writes that were acknowledged)."""
    log, daemon = scratch / "log", harness.Daemon(data_dir=scratch / "data")
    (daemon.scratch / "none.conf").write_text(f'map_size = "{MAP_SIZE}"\ntoken_rate = 0\n', encoding="utf-8")
    recorder = {"LD_PRELOAD": str(build / "crash" / "record.so"), "KANSEN_RECORD_DIR": str(daemon.data_dir),
                "KANSEN_RECORD_LOG": str(log)}
    os.environ.update(recorder)  # the daemon inherits it
    try:
        daemon.start()
    finally:
        for name in recorder:
            del os.environ[name]
    try:
        loads = [Load(number, seed, daemon.tcp) for number in range(CONNECTIONS)]
        end, failures = threading.Event(), []
        threads = [threading.Thread(target=load.run, args=(end, failures)) for load in loads]
        for thread in threads:
            thread.start()
        counter, deadline = Commits(log), time.monotonic() + 30 + commits / 20
        while not end.wait(0.02) and counter.count() < commits:
            if time.monotonic() > deadline:
                failures.append(AssertionError(f"{commits} commits take too long"))
                break
        end.set()
        for thread in threads:
            thread.join(harness.PATIENCE)
        daemon.stop()
        if failures:
            raise failures[0]
    finally:
        daemon.remove()
    refused = sum(load.refused for load in loads)
    return log, scratch / "data", OWN_WRITES + sum(load.acknowledged for load in loads), refused


def figures_of(output):
    """The numbers of the replayer's last line."""
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", output.strip().splitlines()[-1])}


def replay(command, folder, parts):
    """Runs the replayer on all parts at once; returns their figures added up, and what they told."""
    processes = [subprocess.Popen([*command[:2], str(folder / f"image-{part}"), *command[2:], "--part", f"{part}/{parts}"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  preexec_fn=harness.end_with_parent) for part in range(parts)]
    total, told = {}, ""
    try:
        for process in processes:
            output, _ = process.communicate(timeout=REPLAY_LIMIT)
            if process.returncode not in (0, 1):
                sys.exit(f"the replayer ended with {process.returncode}:\n{output}")
            told += "\n".join(output.strip().splitlines()[:-1])
            for name, number in figures_of(output).items():
                same = name in ("events", "commits", "answers", "journal", "most_waiting")
                total[name] = max(total.get(name, 0), number) if same else total.get(name, 0) + number
    finally:
        for process in processes:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
    return total, told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs")
    parser.add_argument("--commits", type=int, default=2000, help="commits to record")
    parser.add_argument("--cuts", type=int, default=0, help="at most so many cut points, spread over the run; 0 = all")
    parser.add_argument("--random", type=int, default=2, help="images of each random kind for a cut point")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--parts", type=int, default=os.cpu_count(), help="replayers side by side")
    parser.add_argument("--keep", help="keep the log and the store in this folder")
    options = parser.parse_args()
    harness.use_build(options.build)
    build = pathlib.Path(options.build).resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="kansen-cut-"))
    shm = pathlib.Path("/dev/shm")
    images = pathlib.Path(tempfile.mkdtemp(prefix="kansen-cut-", dir=shm if os.access(shm, os.W_OK) else None))
    try:
        start = time.monotonic()
        log, data, acknowledged, refused = record(scratch, build, options.commits, options.seed)
        recorded = time.monotonic() - start
        command = [str(build / "crash" / "replay"), str(log), "--final", str(data / "kansen.mdb"), "--cuts", str(options.cuts),
                   "--random", str(options.random), "--seed", str(options.seed)]
        total, told = replay(command, images, options.parts)
        if told:
            print(told)
        print(f"power cut: seed {options.seed}: {total['commits']} commits, {total['answers']} writes acknowledged "
              f"({refused} refused), journal of {total['journal']}, {total['events']} events, {recorded:.1f} s; "
              f"{total['cuts']} cut points ({total['same']} of them as the one before), {total['images']} images opened, {total['checked']} of them checked whole, "
              f"{total['written_to']} of them written to and checked again; at most {total['most_waiting']} writes waited; "
              f"{total['failures']} failures, {time.monotonic() - start - recorded:.1f} s")
        assert total["answers"] == acknowledged, \
            f"the log has {total['answers']} acknowledged writes, the clients {acknowledged}: the recorder missed some"
        assert total["commits"] >= options.commits, f"only {total['commits']} commits were recorded"
        assert total["failures"] == 0, {name: number for name, number in total.items() if number}
        lies, _ = replay([*command[:4], "--cuts", str(LIE_CUTS), "--random", "1", "--lie-about-syncs"], images, options.parts)
        print(f"power cut: a disk that lies about syncs: {lies['images']} images, {lies['lost']} had lost an acknowledged "
              f"write, {lies['unreadable'] + lies['damaged'] + lies['forged'] + lies['reused']} were broken")
        assert lies["lost"] > 0, "a disk that lies about syncs was not found out: this test proves nothing"
    finally:
        if options.keep:
            shutil.copytree(scratch, options.keep, dirs_exist_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(images, ignore_errors=True)


if __name__ == "__main__":
    main()
