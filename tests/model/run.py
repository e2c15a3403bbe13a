#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random writes on one connection, pipelined, held against the model: every answer (code, outcome, id, version, state, end of
the hold, sequence), every change in the journal, and at the end all that is stored, to the microsecond.

The journal tells when each write was applied and where the clock came between; the model follows it. What the clock did must
be what the model says was due.
"""
import argparse
import collections
import datetime
import pathlib
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import reading  # noqa: E402
from model import ACTIVE, EXISTS, INVALID, Model, PRECONDITION, Placement, Record, Result  # noqa: E402
from reading import CANCEL, DECLINE, ENTERED, MOVES, OK, WITHDRAW, harness  # noqa: E402
from harness import command_pb2, protocol_pb2  # noqa: E402

SEGMENT = 250  # requests that are sent before their answers are looked at
PAUSE_EVERY = 6  # segments
MAX_HOLDS = 12
PAST, FUTURE = "2000-01-01", "2190-12-31"


class Dice:
    """Chooses writes, from what the model knows when a segment begins."""

    def __init__(self, seed, model):
        self.dice, self.model = random.Random(seed), model
        self.used = []  # (key, writes, batch) of earlier requests

    def pick(self, records, name):
        """An id: of a record, or sometimes one that is yet to come or never was."""
        if records and self.dice.random() < 0.95:
            return self.dice.choice(list(records))
        return self.model.last[name] + self.dice.randint(-3, 20)

    def version(self, record):
        stored = record.version if record else 1
        return self.dice.choice((0,) * 10 + (stored,) * 6 + (stored + 1, max(1, stored - 1)))

    def partner(self):
        dice = self.dice
        return {"external_id": f"p{dice.randrange(8)}" if dice.random() < 0.97 else "", "kind": 2, "region": "GM0606",
                "name": dice.choice(("Rood", "Wit", "Blauw")) if dice.random() < 0.97 else "",
                "status": dice.choice((0,) * 16 + (ACTIVE,) * 14 + (1, 3))}

    def offer(self):
        dice, given, external_id = self.dice, {}, f"o{self.dice.randrange(24)}"
        stored = self.model.by_external(self.model.offers, external_id)
        if stored and dice.random() < 0.7:
            given["partner_id"] = stored.fields["partner"]
        elif dice.random() < 0.5:
            given["partner_external_id"] = f"p{dice.randrange(8)}"
        elif dice.random() < 0.97:
            given["partner_id"] = max(1, self.pick(self.model.partners, "partner"))
        if dice.random() < 0.6:
            given["direct_placement"] = dice.random() < 0.5
        seats = dice.choice((0, 1, 2, 3, 4, 6))
        return {**given, "external_id": external_id if dice.random() < 0.97 else "", "kind": dice.choice((1, 2)),
                "title": dice.choice(("Stage", "Training", "Les")), "interests": ["zorg"], "seats": seats,
                "reserved_seats": dice.choice((0, 0, 0, 0, 1, min(seats, 2))), "reserved_until": dice.choice(("", PAST, FUTURE)),
                "waiting_list": dice.random() < 0.7, "deadline": dice.choice(("",) * 24 + (PAST, FUTURE)),
                "end": dice.choice(("",) * 24 + (PAST, FUTURE)), "collect_until": dice.choice(("",) * 24 + (PAST, FUTURE)),
                "status": dice.choice((0,) * 6 + (1,) * 8 + (2, 3))}

    def student(self):
        return f"s{self.dice.randrange(120)}" if self.dice.random() < 0.99 else ""

    def reserve(self):
        dice = self.dice
        given = {"offer_id": max(1, self.pick(self.model.offers, "offer")), "student": self.student(), "referred": dice.random() < 0.3,
                 "request": dice.random() < 0.4, "wait": dice.random() < 0.6,
                 "lease_s": dice.choice((0, 0, 0, 1, 1, 1, 2, 60, 604800)) if dice.random() < 0.99 else 604801}
        if dice.random() < 0.2:
            given["max_live"] = dice.randint(1, 4)
        return {"reserve_placement": given}

    def move(self):
        dice, model = self.dice, self.model
        live = [p for at in model.at.values() for p in at.values() if p.state > ENTERED or dice.random() < 0.1]  # let most wait
        if live and dice.random() < 0.8:
            placement = dice.choice(live)
        else:
            placement = model.placements.get(dice.randint(1, model.last["placement"] + 20))
        number = placement.id if placement else model.last["placement"] + dice.randint(1, 20)
        allowed = [m for m, (states, _) in MOVES.items() if placement and placement.state in states]
        usual = [m for m in allowed if m not in (WITHDRAW, CANCEL)] or allowed
        move = dice.choice(usual if usual and dice.random() < 0.85 else (*allowed, WITHDRAW, dice.randint(0, 10)))
        reason = dice.randint(0, 8) if (move == DECLINE) != (dice.random() < 0.03) else 0
        return {"move_placement": {"id": number, "version": self.version(placement), "move": move, "reason": reason}}

    def change_partner(self):
        dice, model = self.dice, self.model
        number = max(1, self.pick(model.partners, "partner"))
        version = self.version(model.partners.get(number))
        kind = dice.randrange(36)
        if kind == 0:
            return {"remove_partner": {"id": number, "version": version}}
        if kind < 6:
            return {"set_partner_status": {"id": number, "version": version, "status": dice.choice((0, 1, 3, *(ACTIVE,) * 9))}}
        if kind < 14:
            return {"replace_partner": {"partner": {**self.partner(), "id": number, "version": version}}}
        if kind < 18:
            return {"create_partner": {"partner": self.partner()}}
        return {"upsert_partner": {"partner": {**self.partner(), "version": dice.choice((0, 0, 0, version))}}}

    def change_offer(self):
        dice, model = self.dice, self.model
        number = max(1, self.pick(model.offers, "offer"))
        version = self.version(model.offers.get(number))
        kind = dice.randrange(28)
        if kind == 0:
            return {"remove_offer": {"id": number, "version": version}}
        if kind < 8:
            return {"set_offer_status": {"id": number, "version": version, "status": dice.choice((0, 1, 1, 1, 1, 1, 1, 2, 3))}}
        if kind < 12:
            return {"replace_offer": {"offer": {**self.offer(), "id": number, "version": version}}}
        if kind < 16:
            return {"create_offer": {"offer": self.offer()}}
        return {"upsert_offer": {"offer": {**self.offer(), "version": dice.choice((0, 0, 0, version))}}}

    def write(self):
        kind = self.dice.choices((self.reserve, self.move, self.change_offer, self.change_partner, self.forget), (44, 44, 8, 3, 1))[0]
        return reading.write(**kind())

    def forget(self):
        return {"forget_student": {"student": self.student()}}

    def request(self, number):
        """A request: one write or a batch, some under a key, some of those again or with another body."""
        dice, key = self.dice, ""
        batch = dice.random() < 0.1
        writes = [self.write() for _ in range(dice.randint(1, 6) if batch else 1)]
        if self.used and dice.random() < 0.06:
            key, old, old_batch = dice.choice(self.used[-200:])
            if dice.random() < 0.8:
                writes, batch = old, old_batch
        elif dice.random() < 0.3:
            key = f"k{number}"
            self.used.append((key, writes, batch))
        body = {"batch": {"writes": writes}} if batch else {"write": writes[0]}
        return protocol_pb2.Request(id=number, idempotency_key=key, **body), writes


def day_of(time_us):
    return datetime.datetime.fromtimestamp(time_us / 1e6, datetime.timezone.utc).date().isoformat()


class Comparison:
    """One daemon, one model."""

    def __init__(self, seed):
        self.daemon = harness.Daemon()
        (self.daemon.scratch / "none.conf").write_text(f"max_holds = {MAX_HOLDS}\ntoken_rate = 0\n", encoding="utf-8")
        self.model = Model(MAX_HOLDS)
        self.dice = Dice(seed, self.model)
        self.kept = {}  # key -> (the writes' bytes, the results' bytes)
        self.sequence, self.time_us = 0, int(time.time() * 1e6)
        self.number, self.figures, self.events = 1, collections.Counter(), {}

    # ---- One answer

    def come_tick(self, before):
        """Applies what the clock did next, if that was before a sequence."""
        event = self.events.get(self.sequence + 1)
        if event is None or event.sequence >= before:
            return False
        self.model.tick(day_of(event.time_us), event.time_us)
        self.compare_changes(event, "the clock")
        self.sequence, self.time_us = event.sequence, event.time_us
        self.figures["ticks"] += 1
        return True

    def compare_changes(self, event, what):
        told = [(c.kind, c.id, c.outcome, c.version, c.placement_state) for c in event.changes]
        assert told == self.model.changes, f"{what}: the journal has {told}, the model {self.model.changes}"

    @staticmethod
    def told(result):
        return Result(result.outcome, result.id, result.version, result.placement_state, result.expires_us, result.status.code)

    def follow(self, write, result, next_own):
        """The model does one write, and must get the same result. next_own: the next sequence that a write of ours got."""
        if not result.sequence:  # the clock may have come before it, or not yet
            wanted = self.model.decide(write, day_of(self.time_us))
            while wanted != self.told(result) and self.come_tick(next_own):
                wanted = self.model.decide(write, day_of(self.time_us))
            assert wanted == self.told(result), f"the daemon says {self.told(result)}, the model {wanted}"
            return
        while self.sequence + 1 < result.sequence:
            assert self.come_tick(result.sequence), f"sequence {result.sequence} follows {self.sequence}"
        event = self.events.get(result.sequence)  # none where no record changed
        self.sequence, self.time_us = result.sequence, event.time_us if event else self.time_us
        todo = self.model.decide(write, day_of(self.time_us))
        assert callable(todo), f"the daemon says {self.told(result)}, the model {todo}"
        wanted = self.model.do(todo, self.time_us)
        assert wanted == self.told(result), f"the daemon says {self.told(result)}, the model {wanted}"
        if event:
            self.compare_changes(event, "this write")
        else:
            assert not self.model.changes, "the journal is silent"

    def follow_request(self, request, writes, response, next_own):
        """A whole request: it may be a repeat."""
        batch = request.HasField("batch")
        body = [write.SerializeToString(deterministic=True) for write in writes]
        first = self.kept.get(request.idempotency_key)
        if first is not None and first[0] != body:
            status = response.status if batch else response.write.status
            assert (response.status.code, status.code, status.field) == (INVALID, INVALID, "idempotency_key"), response
            self.figures["keys used twice"] += 1
            return
        results = response.batch.results if batch else [response.write]
        assert len(results) == len(writes) and response.status.code == (OK if batch else results[0].status.code), response
        told = [result.SerializeToString(deterministic=True) for result in results]
        if first is not None:
            for write, result, bytes_told, first_told, student in zip(writes, results, told, first[1], first[2]):
                if self.is_forgotten(write, command_pb2.WriteResult.FromString(first_told), student):
                    assert (result.status.code, result.status.field, result.id) == (PRECONDITION, "student", 0), result
                    self.figures["repeats of the forgotten"] += 1
                else:
                    assert bytes_told == first_told, f"a repeat got another answer than {first_told}"
            self.figures["repeats"] += 1
            return
        for write, result in zip(writes, results):
            try:
                self.follow(write, result, next_own)
            except AssertionError as error:
                raise AssertionError(f"{error}\nwrite: {write}") from None
            self.figures["commands"] += 1
            self.figures["refused" if result.status.code else "unchanged" if not result.sequence else "applied"] += 1
        if request.idempotency_key:
            self.kept[request.idempotency_key] = (body, told, [self.student_of(write) for write in writes])

    def student_of(self, write):
        return self.model.students.get(write.reserve_placement.student)

    def is_forgotten(self, write, first, student):
        """Whether the first answer told of a placement of a student who is nobody or another one now."""
        tells = first.status.code in (OK, EXISTS) or first.status.field == "max_live"
        return write.HasField("reserve_placement") and tells and (self.student_of(write) or -1) != student

    # ---- Many

    def segment(self, client, most):
        """Sends requests of at most so many writes or a little more, then follows all answers."""
        asked, count = [], 0
        while count < min(SEGMENT, most):
            self.number += 1
            asked.append(self.dice.request(self.number))
            count += len(asked[-1][1])
        responses = client.pipeline([request for request, _ in asked])
        self.events = {event.sequence: event for event in reading.journal(client, self.sequence + 1)}
        own = [max((r.sequence for r in (response.batch.results or [response.write])), default=0) for response in responses]
        for place, ((request, writes), response) in enumerate(zip(asked, responses)):
            next_own = next((sequence for sequence in own[place:] if sequence > self.sequence), 1 << 62)
            self.follow_request(request, writes, response, next_own)
        while self.come_tick(1 << 62):
            pass

    def let_time_pass(self):
        """Until the first hold runs out, or nearly, so that the next segment meets the clock; or until the clock has come."""
        ends = [p.expires_us / 1e6 - time.time() for at in self.model.at.values() for p in at.values() if p.expires_us]
        soon = [end for end in ends if end < 2.5]
        if soon:
            time.sleep(max(0, min(soon) + self.dice.dice.choice((-0.005, 0.15))))

    def skip_seeds(self, client):
        """What the daemon has from its seeds is not the model's matter."""
        self.sequence = client.call(status={}).server.sequence

    def still(self, client):
        """All that is stored, at one moment."""
        for _ in range(100):
            self.events = {event.sequence: event for event in reading.journal(client, self.sequence + 1)}
            while self.come_tick(1 << 62):
                pass
            lists = [reading.list_all(client, what) for what in ("partners", "offers", "placements")]
            seats = [reading.free_seats(client, list(self.model.offers), referred) for referred in (True, False)]
            if client.call(status={}).server.sequence == self.sequence:
                return *lists, seats
        raise AssertionError("the journal does not stand still")

    def compare_all(self, client):
        partners, offers, placements, seats = self.still(client)
        model, day = self.model, day_of(self.time_us)
        stored = {p.id: Record(p.id, p.version, model.partner_fields(p), p.created_us, p.updated_us) for p in partners}
        assert stored == model.partners, difference(stored, model.partners)
        stored = {o.id: Record(o.id, o.version, model.offer_fields(o), o.created_us, o.updated_us) for o in offers}
        assert stored == model.offers, difference(stored, model.offers)
        numbers = {}  # random id -> the model's number
        for placement in placements:
            numbers.setdefault(placement.student_id, model.placements[placement.id].student)
        assert len(set(numbers.values())) == len(numbers), "two random ids for one student"
        stored = {p.id: Placement(p.id, p.offer_id, p.partner_id, numbers[p.student_id], p.state, p.referred, p.lease_s, p.created_us,
                                  p.updated_us, p.turn, p.version, p.expires_us, p.decline_reason) for p in placements}
        assert stored == model.placements, difference(stored, model.placements)
        for referred, free in zip((True, False), seats):
            assert free == {offer: model.free(offer, referred, day) for offer in model.offers}, "seats free"
        for partner in model.partners:
            counts = client.call(count_declines={"partner_id": partner}).count_declines.counts
            assert {c.reason: c.count for c in counts} == {r: n for (p, r), n in model.declines.items() if p == partner}

    def run(self, commands):
        self.daemon.start()
        client = self.daemon.client()
        self.skip_seeds(client)
        quarters, segments = 1, 0
        while self.figures["commands"] < commands:
            self.segment(client, commands - self.figures["commands"])
            segments += 1
            if segments % PAUSE_EVERY == 0:
                self.let_time_pass()
            if self.figures["commands"] * 4 >= commands * quarters:  # and all of it outlives a restart
                quarters += 1
                self.compare_all(client)
                client.close()
                self.daemon.restart()
                client = self.daemon.client()
        self.compare_all(client)
        client.close()
        self.daemon.stop()
        reading.check_store(self.daemon)


def difference(stored, wanted):
    """The first record that differs."""
    for number in sorted(set(stored) | set(wanted)):
        if stored.get(number) != wanted.get(number):
            return f"stored {stored.get(number)}, the model has {wanted.get(number)}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend is")
    parser.add_argument("--commands", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    harness.use_build(options.build)
    started, comparison = time.monotonic(), Comparison(options.seed)
    try:
        comparison.run(options.commands)
    except AssertionError:
        print(f"seed {options.seed}, behind command {comparison.figures['commands']}:", file=sys.stderr)
        raise
    finally:
        comparison.daemon.remove()
    figures = ", ".join(f"{count} {what}" for what, count in comparison.figures.items())
    states = collections.Counter(p.state for p in comparison.model.placements.values())
    print(f"model: {figures}, {len(comparison.model.placements)} placements (by state: "
          f"{' '.join(str(states[state]) for state in range(1, 14))}), all as in the model, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
