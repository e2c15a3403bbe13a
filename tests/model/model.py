# SPDX-License-Identifier: Apache-2.0
"""Partners, offers and placements as they should be: dicts, and one function for each write. Written from the pages that
describe the writes (kansen-protocol(7), the rule of reserved seats, the table of moves), to be held against a daemon.

A write is first decided and then done: `decide` changes nothing, so it can be asked again when it turns out that the clock
came first.
"""
import dataclasses

from reading import (ACCEPTED, CANCELLED, COMPLETED, CREATED, DECLINE, ENTERED, EXPIRED, HELD, LIVE, MOVES, OFFER, PARTNER, PLACEMENT,
                     REMOVED, REQUEST, REQUESTED, SEATED, UNCHANGED, UPDATED, WAITING)

INVALID, NOT_FOUND, EXISTS, EXHAUSTED, PRECONDITION, ABORTED = 3, 5, 6, 8, 9, 10
ACTIVE, OPEN = 2, 1  # numbers of statuses
INTERNSHIP = 1
LEASE_S, LEASE_TURN_S, LEASE_MAX_S = 900, 259200, 604800
DUE_PER_TICK = 256
SECOND = 1_000_000


class Refused(Exception):
    """A write that is not done."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


@dataclasses.dataclass
class Result:
    """What a write did."""

    outcome: int
    id: int = 0
    version: int = 0
    placement_state: int = 0
    expires_us: int = 0
    code: int = 0


@dataclasses.dataclass
class Record:
    """A partner or an offer: the fields as they were given, and those that the store gives."""

    id: int
    version: int
    fields: dict
    created_us: int
    updated_us: int


@dataclasses.dataclass
class Placement:
    """A placement; student is a number that stands for its random id."""

    id: int
    offer: int
    partner: int
    student: int
    state: int
    referred: bool
    lease_s: int
    created_us: int
    updated_us: int
    turn: int
    version: int = 1
    expires_us: int = 0
    reason: int = 0


def check(holds, code):
    if not holds:
        raise Refused(code)


def check_version(given, stored, any_allowed):
    check(given or any_allowed, INVALID)
    check(given in (stored, 0), ABORTED)


class Model:
    """A store. `changes` are those of the write or the tick that was done last."""

    def __init__(self, max_holds):
        self.max_holds = max_holds
        self.partners, self.offers, self.placements = {}, {}, {}
        self.at = {}  # offer -> its placements that are live or completed, by id
        self.last = {"partner": 0, "offer": 0, "placement": 0, "student": 0}  # ids given
        self.students = {}  # reference -> number
        self.declines = {}  # (partner, reason) -> times
        self.changes = []

    def next_id(self, kind):
        self.last[kind] += 1
        return self.last[kind]

    def note(self, kind, outcome, record, version, state=0):
        self.changes.append((kind, record, outcome, version, state))

    @staticmethod
    def by_external(records, external_id):
        return next((r for r in records.values() if external_id and r.fields["external_id"] == external_id), None)

    def decide(self, write, day):
        """The Result, if the write changes nothing; else what is to be done, as a function of the time that returns the Result.
        day: of the write, ISO."""
        name = write.WhichOneof("operation")
        try:
            return getattr(self, name)(getattr(write, name), day)
        except Refused as refused:
            return Result(0, code=refused.code)

    def do(self, todo, time_us):
        self.changes = []
        return todo(time_us)

    # ---- What all records have in common

    @staticmethod
    def merged(record, given):
        """The fields that replace a record's; None if they are the same."""
        fields = dict(given, status=given["status"] or record.fields["status"])
        return None if fields == record.fields else fields

    def put(self, kind, record, fields, time_us):
        record.fields, record.version, record.updated_us = fields, record.version + 1, time_us
        self.note(kind, UPDATED, record.id, record.version)
        return Result(UPDATED, record.id, record.version)

    def add(self, kind, name, records, given, status, time_us):
        record = Record(self.next_id(name), 1, dict(given, status=given["status"] or status), time_us, time_us)
        records[record.id] = record
        self.note(kind, CREATED, record.id, 1)
        return Result(CREATED, record.id, 1)

    # ---- Partners

    @staticmethod
    def partner_fields(given):
        return {"external_id": given.external_id, "kind": given.kind, "name": given.name, "region": given.region, "status": given.status}

    def create_partner(self, write, _):
        fields = self.partner_fields(write.partner)
        check(fields["name"], INVALID)
        check(self.by_external(self.partners, fields["external_id"]) is None, EXISTS)
        return lambda time: self.add(PARTNER, "partner", self.partners, fields, ACTIVE, time)

    def update_partner(self, old, given):
        fields = self.merged(old, given)
        if fields is None:
            return Result(UNCHANGED, old.id, old.version)

        def todo(time):
            was_active = old.fields["status"] == ACTIVE
            result = self.put(PARTNER, old, fields, time)
            if was_active and old.fields["status"] != ACTIVE:
                for offer in self.offers_of(old.id):
                    self.end(offer.id, (WAITING, ENTERED, HELD, REQUESTED), time)
            return result
        return todo

    def replace_partner(self, write, _):
        old = self.partners.get(write.partner.id)
        check(old, NOT_FOUND)
        check_version(write.partner.version, old.version, False)
        fields = self.partner_fields(write.partner)
        check(fields["name"], INVALID)
        check(self.by_external(self.partners, fields["external_id"]) in (None, old), EXISTS)
        return self.update_partner(old, fields)

    def upsert_partner(self, write, _):
        fields = self.partner_fields(write.partner)
        check(fields["external_id"] and fields["name"], INVALID)
        old = self.by_external(self.partners, fields["external_id"])
        if old is None:
            return lambda time: self.add(PARTNER, "partner", self.partners, fields, ACTIVE, time)
        check_version(write.partner.version, old.version, True)
        return self.update_partner(old, fields)

    def set_partner_status(self, write, _):
        check(write.status, INVALID)
        old = self.partners.get(write.id)
        check(old, NOT_FOUND)
        check_version(write.version, old.version, True)
        return self.update_partner(old, dict(old.fields, status=write.status))

    def remove_partner(self, write, _):
        old = self.partners.get(write.id)
        check(old, NOT_FOUND)
        check_version(write.version, old.version, True)

        def todo(time):
            for offer in self.offers_of(old.id):
                self.take_offer_out(offer, time)
            del self.partners[old.id]
            self.note(PARTNER, REMOVED, old.id, 0)
            return Result(REMOVED, old.id)
        return todo

    # ---- Offers

    def offers_of(self, partner):
        return sorted((o for o in self.offers.values() if o.fields["partner"] == partner), key=lambda offer: offer.id)

    def offer_fields(self, given):
        """The fields as they are kept; refuses those that are not allowed."""
        check(given.partner_id or given.partner_external_id, INVALID)
        partner = (self.partners.get(given.partner_id) if given.partner_id
                   else self.by_external(self.partners, given.partner_external_id))
        check(partner, INVALID)
        check(given.title and given.reserved_seats <= given.seats, INVALID)
        direct = given.direct_placement if given.HasField("direct_placement") else given.kind == INTERNSHIP
        return {"external_id": given.external_id, "partner": partner.id, "kind": given.kind, "title": given.title,
                "seats": given.seats, "reserved": given.reserved_seats, "reserved_until": given.reserved_until,
                "waiting_list": given.waiting_list, "direct": direct, "told_direct": given.HasField("direct_placement"),
                "deadline": given.deadline, "end": given.end, "collect_until": given.collect_until, "status": given.status}

    def create_offer(self, write, _):
        fields = self.offer_fields(write.offer)
        check(self.by_external(self.offers, fields["external_id"]) is None, EXISTS)
        return lambda time: self.add_offer(fields, time)

    def add_offer(self, fields, time):
        result = self.add(OFFER, "offer", self.offers, fields, OPEN, time)
        self.at[result.id] = {}
        return result

    def update_offer(self, old, given, day):
        fields = self.merged(old, given) or old.fields
        check(fields["seats"] >= self.taken(old.id), PRECONDITION)
        entered = any(p.state == ENTERED for p in self.at[old.id].values())
        check(fields["collect_until"] == old.fields["collect_until"] or not entered, PRECONDITION)
        check(fields["partner"] == old.fields["partner"] or not self.at[old.id], PRECONDITION)

        if fields is old.fields:
            return Result(UNCHANGED, old.id, old.version)

        def todo(time):
            result = self.put(OFFER, old, fields, time)
            self.fill(old.id, day, time)
            return result
        return todo

    def replace_offer(self, write, day):
        old = self.offers.get(write.offer.id)
        check(old, NOT_FOUND)
        check_version(write.offer.version, old.version, False)
        fields = self.offer_fields(write.offer)
        check(self.by_external(self.offers, fields["external_id"]) in (None, old), EXISTS)
        return self.update_offer(old, fields, day)

    def upsert_offer(self, write, day):
        check(write.offer.external_id, INVALID)
        fields = self.offer_fields(write.offer)
        old = self.by_external(self.offers, fields["external_id"])
        if old is None:
            return lambda time: self.add_offer(fields, time)
        check_version(write.offer.version, old.version, True)
        return self.update_offer(old, fields, day)

    def set_offer_status(self, write, day):
        check(write.status, INVALID)
        old = self.offers.get(write.id)
        check(old, NOT_FOUND)
        check_version(write.version, old.version, True)
        return self.update_offer(old, dict(old.fields, status=write.status), day)

    def take_offer_out(self, offer, time):
        self.end(offer.id, tuple(LIVE), time)
        del self.offers[offer.id], self.at[offer.id]
        self.note(OFFER, REMOVED, offer.id, 0)

    def remove_offer(self, write, _):
        old = self.offers.get(write.id)
        check(old, NOT_FOUND)
        check_version(write.version, old.version, True)

        def todo(time):
            self.take_offer_out(old, time)
            return Result(REMOVED, old.id)
        return todo

    # ---- Seats

    def taken(self, offer, referred_only=False):
        return sum(p.state in SEATED and (p.referred or not referred_only) for p in self.at[offer].values())

    def free(self, offer, referred, day):
        fields = self.offers[offer].fields
        free = fields["seats"] - self.taken(offer)
        if not referred and not (fields["reserved_until"] and day > fields["reserved_until"]):
            free -= max(0, fields["reserved"] - self.taken(offer, True))
        return max(0, free)

    def is_live(self, offer):
        fields = self.offers[offer].fields
        return fields["status"] == OPEN and self.partners[fields["partner"]].fields["status"] == ACTIVE

    def set_state(self, placement, state, time):
        placement.state, placement.version, placement.updated_us = state, placement.version + 1, time
        placement.expires_us = time + (placement.lease_s or LEASE_TURN_S) * SECOND if state == HELD else 0
        if state not in LIVE and state != COMPLETED:
            self.at[placement.offer].pop(placement.id)
        self.note(PLACEMENT, UPDATED, placement.id, placement.version, state)

    def fill(self, offer, day, time):
        end = self.offers[offer].fields["end"]
        if not self.is_live(offer) or (end and end < day):
            return
        for placement in sorted((p for p in self.at[offer].values() if p.state == WAITING), key=lambda p: (p.turn, p.id)):
            if self.free(offer, placement.referred, day) > 0:
                self.set_state(placement, HELD, time)

    def end(self, offer, states, time):
        for placement in sorted(self.at[offer].values(), key=lambda p: p.id):
            if placement.state in states:
                self.set_state(placement, CANCELLED, time)

    # ---- Placements

    def student_places(self, student):
        return [p for at in self.at.values() for p in at.values() if p.student == student and p.state in LIVE]

    def first_state(self, given, offer, day):
        if offer.fields["collect_until"] >= day:
            return ENTERED
        if self.free(offer.id, given.referred, day) > 0:
            if given.request:
                return ACCEPTED if offer.fields["direct"] else REQUESTED
            holds = sum(p.state == HELD for at in self.at.values() for p in at.values())
            check(not self.max_holds or holds < self.max_holds, EXHAUSTED)
            return HELD
        check(given.wait and offer.fields["waiting_list"], PRECONDITION)
        return WAITING

    def reserve_placement(self, given, day):
        check(given.lease_s <= LEASE_MAX_S and given.student, INVALID)
        offer = self.offers.get(given.offer_id)
        check(offer, NOT_FOUND)
        check(self.is_live(offer.id), PRECONDITION)
        check(not offer.fields["deadline"] or offer.fields["deadline"] >= day, PRECONDITION)
        check(not offer.fields["end"] or offer.fields["end"] >= day, PRECONDITION)
        student = self.students.get(given.student)
        places = self.student_places(student) if student else []
        check(all(p.offer != offer.id for p in places), EXISTS)
        check(not given.max_live or len(places) < given.max_live, PRECONDITION)
        state = self.first_state(given, offer, day)
        return lambda time: self.add_placement(given, offer, state, time)

    def add_placement(self, given, offer, state, time):
        if given.student not in self.students:
            self.students[given.student] = self.next_id("student")
        number = self.next_id("placement")
        placement = Placement(number, offer.id, offer.fields["partner"], self.students[given.student], state, given.referred,
                              given.lease_s, time, time, number << 24)
        if state == HELD:
            placement.expires_us = time + (given.lease_s or LEASE_S) * SECOND
        self.placements[number] = self.at[offer.id][number] = placement
        self.note(PLACEMENT, CREATED, number, 1, state)
        return Result(CREATED, number, 1, state, placement.expires_us)

    def move_placement(self, given, day):
        check(given.move in MOVES, INVALID)
        check((given.reason in range(1, 8)) if given.move == DECLINE else not given.reason, INVALID)
        placement = self.placements.get(given.id)
        check(placement, NOT_FOUND)
        check_version(given.version, placement.version, True)
        states, to = MOVES[given.move]
        check(placement.state in states, PRECONDITION)
        if given.move == REQUEST and self.offers[placement.offer].fields["direct"]:
            to = ACCEPTED

        def todo(time):
            had_seat = placement.state in SEATED
            self.set_state(placement, to, time)
            if given.move == DECLINE:
                placement.reason = given.reason
                key = (placement.partner, given.reason)
                self.declines[key] = self.declines.get(key, 0) + 1
            if had_seat and to not in SEATED:
                self.fill(placement.offer, day, time)
            return Result(UPDATED, placement.id, placement.version, to, 0)
        return todo

    def forget_student(self, given, _):
        check(given.student, INVALID)
        check(given.student in self.students, NOT_FOUND)

        def todo(_time):
            del self.students[given.student]
            return Result(REMOVED)
        return todo

    # ---- Time

    def tick(self, day, time):
        """What the clock brings at a time: holds run out, in the order of their ends."""
        self.changes = []
        held = [p for at in self.at.values() for p in at.values() if p.state == HELD]
        for _ in range(DUE_PER_TICK):
            due = min((p for p in held if p.state == HELD and p.expires_us <= time), key=lambda p: (p.expires_us, p.id), default=None)
            if due is None:
                break
            self.set_state(due, EXPIRED, time)
            self.fill(due.offer, day, time)
