#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a round is computed and published: at random moments, again and again until it is published. Whatever was cut off,
the start that follows goes on, and in the end

- the result is, line by line, that of a run that nobody killed, and so are the digests that the daemon published;
- every student whom the result places has exactly one placement, where the result says, and nobody else has one;
- no offer has more students than seats, and the offline check finds nothing.
"""
import argparse
import collections
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness  # noqa: E402
import rounds  # noqa: E402
from rounds import COMPUTED, COMPUTING, DRAWN, PUBLISHED, PUBLISHING, Round  # noqa: E402

NAME = "r"


def known(client):
    """The round as it is on this daemon."""
    made = Round.__new__(Round)
    made.client, made.name, made.secrets = client, NAME, rounds.SECRETS
    return made


def prepare(folder, students, offers, dice):
    """A store with a round that is drawn."""
    seats = [dice.randint(0, 2 * students // offers) for _ in range(offers)]
    with harness.Daemon(data_dir=folder) as daemon, daemon.client() as client:
        partner = client.add_partner("p")
        writes = [{"create_offer": {"offer": {
            "external_id": f"o{n}", "partner_id": partner, "kind": 2, "title": "T", "interests": ["zorg"],
            "seats": seats[n], "reserved_seats": seats[n] // 4}}} for n in range(offers)]
        ids = [result.id for result in client.batch(writes)]
        made = Round(client, NAME).take(ids[::3], own=True).take().step("open")
        answers = client.batch([made.submission(f"s{n}", dice.sample(ids, dice.randint(0, 6)), referred=dice.random() < 0.3)
                                for n in range(students)])
        assert all(answer.status.code == harness.OK for answer in answers)
        made.freeze()
        made.draw()


def settled(round_):
    """What came of a round that is published: its files, its digests, and who is placed where."""
    got = round_.until(PUBLISHED)
    seen, cursor = [], b""
    while True:
        page = round_.client.call(list_placements={"limit": 1000, "cursor": cursor}).list_placements
        seen += [(bytes(placement.student_id), placement.offer_id) for placement in page.placements]
        cursor = page.next_cursor
        if not cursor:
            break
    return (round_.files(), got.result_digest, got.merkle_root, list(got.ranks)), collections.Counter(seen)


def check(placed, outcome, daemon):
    results = [line.split(" ") for line in outcome[0]["result"].decode().splitlines()]
    wanted = collections.Counter(int(offer) for _, offer, _ in results if offer != "-")
    assert collections.Counter(offer for _, offer in placed.elements()) == wanted, "the placements are not the result"
    assert max(placed.values()) == 1 and len({student for student, _ in placed}) == sum(wanted.values()), "somebody has two"
    for line in outcome[0]["cutoffs"].decode().splitlines():
        offer, seats = line.split(" ")[:2]
        assert wanted[int(offer)] <= int(seats), f"offer {offer} has {wanted[int(offer)]} of {seats} seats"
    daemon.stop()
    said = harness.run(daemon.command("--check")).stdout
    assert "all is well" in said, said


def push_on(client):
    """Asks for the next step, if one is to be asked for."""
    round_ = known(client)
    state = round_.get().state
    if state in (DRAWN, COMPUTED):
        round_.ask("compute" if state == DRAWN else "publish")


def cycle(folder, dice, length):
    """Kills until it is published; returns how often, by the state in which it was killed, and what came of it."""
    kills = collections.Counter()
    daemon = harness.Daemon(data_dir=folder)
    try:
        while True:
            daemon.start()
            with daemon.client() as client:
                ends = time.monotonic() + dice.uniform(0, length)
                while time.monotonic() < ends and known(client).get().state != PUBLISHED:
                    push_on(client)
                    time.sleep(0.001)
                state = known(client).get().state
                if state == PUBLISHED:
                    outcome, placed = settled(known(client))
                    check(placed, outcome, daemon)
                    return kills, outcome
            daemon.kill()
            kills[state] += 1
    finally:
        daemon.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--students", type=int, default=3000)
    parser.add_argument("--offers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--build", default=str(harness.BUILD))
    options = parser.parse_args()
    harness.use_build(options.build)
    dice, kills = random.Random(options.seed), collections.Counter()
    with tempfile.TemporaryDirectory(prefix="kansen-rounds-") as scratch:
        base = pathlib.Path(scratch) / "base"
        prepare(base, options.students, options.offers, dice)
        shutil.copytree(base, pathlib.Path(scratch) / "run")
        began = time.monotonic()
        _, wanted = cycle(pathlib.Path(scratch) / "run", random.Random(0), 600.0)  # nobody kills this one
        length = time.monotonic() - began
        assert b" mtb " in wanted[0]["input"] and b" stb " in wanted[0]["input"], "there are not both kinds of lottery"
        while sum(kills.values()) < options.kills:
            run = pathlib.Path(scratch) / "run"
            shutil.rmtree(run, ignore_errors=True)
            shutil.copytree(base, run)
            killed, outcome = cycle(run, dice, length / 3)
            assert outcome == wanted, "a run that was killed came to another result"
            kills += killed
    inside = kills[COMPUTING] + kills[PUBLISHING]
    print(f"kill -9 of rounds: {sum(kills.values())} kills, {kills[COMPUTING]} while computing, {kills[PUBLISHING]} while publishing; "
          f"{options.students} students at {options.offers} offers, seed {options.seed}: always the same result")
    assert inside > 0, "no kill fell into the work"


if __name__ == "__main__":
    main()
