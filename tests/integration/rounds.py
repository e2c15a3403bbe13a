# SPDX-License-Identifier: Apache-2.0
"""A round by the protocol, and what should come of it: the lottery and deferred acceptance taken literally, from the
definition alone."""
import datetime
import hashlib
import time

from harness import PATIENCE

CREATED, OPEN, FREEZING, FROZEN, DRAWN, COMPUTING, COMPUTED, PUBLISHING, PUBLISHED, CLOSED, REVISING, CANCELLED, FORGETTING, FORGOTTEN = range(1, 15)
STEPS = {word: f"ROUND_STEP_{word.upper()}" for word in ("open", "freeze", "compute", "publish", "close", "revise", "cancel", "forget")}
SECRETS = (bytes(range(32)), bytes(range(32, 64)))
MIDNIGHT = 40  # seconds; from create to freeze and draw is shorter
BEACON = b"2026-11-25 1 2 3 4 5 6"


def draw_day():
    """Today, as the day of the public draw; begins tomorrow if that is so near that the round would be frozen then."""
    now = datetime.datetime.now(datetime.timezone.utc)
    left = 86400 - (now.hour * 3600 + now.minute * 60 + now.second)
    if left <= MIDNIGHT:
        time.sleep(left + 1)
        now = datetime.datetime.now(datetime.timezone.utc)
    return now.date().isoformat()


def digest(data, key=b""):
    return hashlib.blake2b(data, digest_size=32, key=key).digest()


def secrets_of(name):
    """What a and b commit to for a round: once revealed, a secret is none, so each round has its own."""
    return SECRETS if name == "r" else tuple(digest(f"{name} {party}".encode()) for party in "ab")


def plan(name, secrets=None, **fields):
    """A plan whose parties are a, b, ... with these secrets."""
    secrets = secrets or secrets_of(name)
    parties = [{"name": chr(ord("a") + i), "commitment": digest(b"\0".join([b"alloc-party-v1", name.encode(), bytes([ord("a") + i]), secret]))}
               for i, secret in enumerate(secrets)]
    joined = digest(b"".join(secrets)) if len(secrets) > 1 else secrets[0]
    return {"parties": parties, "commitment": digest(b"alloc-commit-v1\0" + name.encode() + b"\0" + joined),
            "beacon": {"source": "a test", "date": draw_day(), "encoding": "bytes as they are", "fallback": "the next day's"}, **fields}


def wait(client, name):
    """Waits until a round does not go on by itself."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        round_ = client.call(get_round={"name": name}).get_round.round
        if round_.state not in (FREEZING, COMPUTING, PUBLISHING, FORGETTING) and not round_.settling:
            return
        time.sleep(0.01)
    raise AssertionError(f"the round stays in state {round_.state}")


class Round:
    """A round of a daemon, driven by an operator."""

    def __init__(self, client, name, **fields):
        self.client, self.name = client, name
        self.secrets = fields.pop("secrets", None) or secrets_of(name)
        previous = fields.pop("previous", "")
        self.client.write(create_round={"name": name, "plan": plan(name, self.secrets, **fields), "previous": previous,
                                        "single_party": len(self.secrets) == 1})

    def take(self, offers=None, own=None):
        """Takes offers in, or all; `own` says whether they draw a lottery of their own, None as the plan says."""
        lottery_ = {None: 0, False: 1, True: 2}[own]
        if offers is not None:
            self.client.write(take_round_offers={"round": self.name, "offer_ids": offers, "lottery": lottery_})
            return self
        while self.client.write(take_round_offers={"round": self.name, "all": True, "lottery": lottery_}).outcome != 3:
            pass
        return self

    def ask(self, step, reason=""):
        return self.client.ask(write={"move_round": {"round": self.name, "step": STEPS[step], "reason": reason}})

    def step(self, step, reason=""):
        self.client.write(move_round={"round": self.name, "step": STEPS[step], "reason": reason})
        return self

    def give_up(self, second, reason="a test"):
        """Cancels it by two operators, as is needed when its draw may be known."""
        self.step("cancel", reason)
        if self.get().state != CANCELLED:
            second.write(move_round={"round": self.name, "step": STEPS["cancel"], "reason": reason})
        return self.until(CANCELLED)

    def get(self):
        return self.client.call(get_round={"name": self.name}).get_round.round

    def until(self, state, patience=PATIENCE):
        """Waits until the round is in a state; returns it."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            round_ = self.get()
            if round_.state == state and not round_.settling:
                return round_
            time.sleep(0.02)
        raise AssertionError(f"the round stays in state {self.get().state}, not {state}")

    def freeze(self):
        return self.step("freeze").until(FROZEN)

    def draw(self, secrets=None, beacon=BEACON):
        self.client.write(draw_round={"round": self.name, "secrets": list(self.secrets if secrets is None else secrets),
                                      "beacon_bytes": beacon})
        return self

    def compute(self):
        return self.step("compute").until(COMPUTED)

    def record(self, key=b"k" * 32, previous=b""):
        """Tells that the record was exported; returns its digest."""
        of = digest(self.name.encode())
        self.client.write(record_round={"round": self.name, "revision": self.get().revision, "digest": of, "key": key,
                                        "previous": previous})
        return of

    def publish(self):
        return self.step("publish").until(PUBLISHED)

    def submit(self, student, offers, client=None, **fields):
        return (client or self.client).ask(write=self.submission(student, offers, **fields))

    def submission(self, student, offers, **fields):
        return {"submit_round_list": {"round": self.name, "issuer": "school", "student": student, "offers": offers, **fields}}

    def student(self, student, client=None, **fields):
        return (client or self.client).call(get_round_student={
            "round": self.name, "issuer": fields.pop("issuer", "school"), "student": student, **fields}).get_round_student

    def lines(self, sort):
        """(head, [(input, result, explanation)])."""
        head, found, cursor = "", [], b""
        while True:
            page = self.client.call(list_round_lines={"round": self.name, "sort": sort, "limit": 7, "cursor": cursor}).list_round_lines
            head += page.head
            for line in page.lines:
                parts = (line.input, line.result, line.explanation)
                if found and not found[-1][0].endswith("\n"):  # a piece of lines that fit no frame
                    found[-1] = tuple(one + more for one, more in zip(found[-1], parts))
                else:
                    found.append(parts)
            cursor = page.next_cursor
            if not cursor:
                return head, found

    def files(self):
        """The files input, result, cutoffs and explanations as bytes."""
        offers_head, offers = self.lines("ROUND_LINE_SORT_OFFERS")
        students_head, students = self.lines("ROUND_LINE_SORT_STUDENTS")
        return {"input": (offers_head + "".join(o[0] for o in offers) + students_head + "".join(s[0] for s in students)).encode(),
                "result": "".join(s[1] for s in students).encode(), "cutoffs": "".join(o[1] for o in offers).encode(),
                "explanations": "".join(s[2] for s in students).encode()}


def parse(files):
    """What a file "input" says: (offers {ref: (q, r)}, students [(ref, referred, seed, [(offer, class or None or "p")])])."""
    offers, students = {}, []
    for line in files["input"].decode().splitlines():
        words = line.split(" ")
        if words[0] == "offer":
            offers[words[1]] = (int(words[2]), int(words[3]))
        elif words[0] == "student":
            wishes = [word.split("=") for word in words[words.index(";") + 1:]]
            students.append((words[1], words[2] == "1", int(words[3]),
                             [(offer, "p" if c == "p" else None if c[0] == "!" else int(c)) for offer, c in wishes]))
    return offers, students


def lottery(students, seeds):
    """{ref: rank}."""
    drawn = sorted((digest(b"alloc-lot-v1\0" + ref.encode(), key=seeds[seed]), ref) for ref, _, seed, _ in students)
    return {ref: rank for rank, (_, ref) in enumerate(drawn)}


def own_lotteries(files, seeds):
    """{(ref, offer): rank} of the offers that draw a lottery of their own, among those who list them."""
    at = {}
    for ref, _, seed, wishes in parse(files)[1]:
        for offer, _ in wishes:
            at.setdefault(offer, []).append((digest(b"alloc-lot-v1\0" + ref.encode() + b"\0" + offer.encode(), key=seeds[seed]), ref))
    own = [line.split(" ")[1] for line in files["input"].decode().splitlines() if line.startswith("offer ") and line.split(" ")[4] == "mtb"]
    return {(ref, offer): rank for offer in own for rank, (_, ref) in enumerate(sorted(at.get(offer, [])))}


def choose(applicants, q, r):
    """The choice of an offer out of (key, referred, ref, pinned), reserved seats first."""
    held = [a for a in applicants if a[3]]
    r = max(0, min(r, q) - sum(a[1] for a in held))
    q -= len(held)
    rest = sorted(a for a in applicants if not a[3])
    first = [a for a in rest if a[1]][:min(r, q)]
    return held + first + [a for a in rest if a not in first][:q - len(first)]


def allocate(files, seeds):
    """{ref: (offer, rank)} of those who get a seat."""
    offers, students = parse(files)
    ranks, at, held = lottery(students, seeds), {s[0]: 0 for s in students}, {offer: [] for offer in offers}
    own = own_lotteries(files, seeds)
    by_ref = {s[0]: s for s in students}
    free = sorted(at)
    while free:
        proposals = {}
        for ref in free:
            wishes = by_ref[ref][3]
            while at[ref] < len(wishes) and wishes[at[ref]][1] is None:
                at[ref] += 1
            if at[ref] < len(wishes):
                offer, klass = wishes[at[ref]]
                key = (0, 0) if klass == "p" else (klass, own.get((ref, offer), ranks[ref]))
                proposals.setdefault(offer, []).append((key, by_ref[ref][1], ref, klass == "p"))
        free = []
        for offer, new in proposals.items():
            chosen = choose(held[offer] + new, *offers[offer])
            for applicant in held[offer] + new:
                if applicant not in chosen:
                    at[applicant[2]] += 1
                    free.append(applicant[2])
            held[offer] = chosen
    return {a[2]: (offer, at[a[2]] + 1) for offer, all_held in held.items() for a in all_held}
