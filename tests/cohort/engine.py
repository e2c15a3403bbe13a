# SPDX-License-Identifier: Apache-2.0
"""The engine of a round, called in process: arrays as daemon/cohort/cohort.h and its neighbours define them."""
import ctypes
from ctypes import POINTER, Structure, byref, c_bool, c_char_p, c_int, c_size_t, c_ubyte, c_uint16, c_uint32, c_uint64

NONE = INELIGIBLE = 2 ** 32 - 1
REFERRED, PINNED = 1, 2
REASONS = ["ineligible", "class", "lottery", "closed", "obtained", "not considered"]
SEATS = [None, "open", "reserve", "pinned"]


class Wish(Structure):
    _fields_ = [("offer", c_uint32), ("class_", c_uint32)]


class Offer(Structure):
    _fields_ = [("capacity", c_uint16), ("reserve", c_uint16)]


class Refs(Structure):
    _fields_ = [("bytes", c_char_p), ("start", POINTER(c_uint32))]


class Cohort(Structure):
    _fields_ = [("n_students", c_uint32), ("n_offers", c_uint32), ("student_refs", Refs), ("offer_refs", Refs),
                ("flags", POINTER(c_ubyte)), ("list", POINTER(c_uint32)), ("wishes", POINTER(Wish)), ("offers", POINTER(Offer))]


class Lottery(Structure):
    _fields_ = [("rank", POINTER(c_uint32)), ("student", POINTER(c_uint32)), ("own", POINTER(c_uint32))]


class Seeds(Structure):
    _fields_ = [("seeds", c_char_p), ("which", POINTER(c_ubyte))]


class Place(Structure):
    _fields_ = [("offer", c_uint32), ("rank", c_uint32)]


class Cutoff(Structure):
    _fields_ = [("general", c_uint64), ("referred", c_uint64), ("reserved", c_uint64), ("held", c_uint16), ("held_referred", c_uint16),
                ("pinned", c_uint16), ("pinned_referred", c_uint16)]


class Finding(Structure):
    _fields_ = [("flaw", c_int), ("student", c_uint32), ("offer", c_uint32)]


class ToldWish(Structure):
    _fields_ = [("offer", c_uint32), ("reason", c_int), ("class_", c_uint32), ("number", c_uint32), ("bound", c_uint64), ("worse", c_bool)]


class Told(Structure):
    _fields_ = [("number", c_uint32), ("n_students", c_uint32), ("referred", c_bool), ("place", Place), ("seat", c_int)]


def load(path):
    library = ctypes.CDLL(str(path))
    for name in ("lottery_draw_size", "lottery_draw_at_size", "allocate_size", "cutoff_size"):
        getattr(library, name).restype = c_size_t
    if library.sodium_init() < 0:
        raise SystemExit("libsodium does not start")
    return library


def refs_of(names):
    texts, at, start = [name.encode() for name in names], 0, [0]
    for text in texts:
        at += len(text)
        start.append(at)
    return Refs(b"".join(texts), (c_uint32 * len(start))(*start))


def key_text(bound):
    """A cutoff as the record has it."""
    if bound in (0, INELIGIBLE << 32):
        return "OPEN" if bound else "CLOSED"
    return f"{(bound - 1) >> 32},{(bound - 1) & NONE}"


class Engine:
    """A round of tests/verify/record.py as arrays, and what the engine makes of them."""

    def __init__(self, library, given):
        self.library, self.given = library, given
        self.students, self.offers = list(given.students), list(given.offers)
        self.n, index = len(self.students), {j: at for at, j in enumerate(self.offers)}
        wishes, starts = [], [0]
        for i, s in given.students.items():
            for j in s["list"]:
                decided = given.decided.get((i, j), ("", 0))[1]
                wishes.append(Wish(index[j], INELIGIBLE if decided is None else decided))
            starts.append(len(wishes))
        everybody = given.students.values()
        self.cohort = Cohort(
            self.n, len(self.offers), refs_of(self.students), refs_of(self.offers),
            (c_ubyte * (self.n + 1))(*[REFERRED * s["referred"] + PINNED * (s["pinned"] is not None) for s in everybody]),
            (c_uint32 * len(starts))(*starts), (Wish * (len(wishes) + 1))(*wishes),
            (Offer * (len(self.offers) + 1))(*[Offer(o["q"], o["r"]) for o in given.offers.values()]))
        self.starts, self.n_wishes = starts, len(wishes)

    def memory(self, size):
        """Scratch memory, aligned to 64 bytes."""
        self.room = ctypes.create_string_buffer(size + 64)
        return ctypes.c_void_p((ctypes.addressof(self.room) + 63) & ~63)

    def draw(self):
        numbers = c_uint32 * (self.n + 1)
        self.rank, self.by_rank, self.own = numbers(), numbers(), (c_uint32 * (self.n_wishes + 1))()
        which = (c_ubyte * (self.n + 1))(*[s["seed"] for s in self.given.students.values()])
        seeds = Seeds(b"".join([self.given.seed] + [seed for _, seed, _ in self.given.earlier]), which)
        drawn_at = (c_ubyte * (len(self.offers) + 1))(*[o["mtb"] for o in self.given.offers.values()])
        self.library.lottery_draw(byref(self.cohort), byref(seeds), self.memory(self.library.lottery_draw_size(self.n)), self.rank,
                                  self.by_rank)
        size = self.library.lottery_draw_at_size(byref(self.cohort), drawn_at)
        self.library.lottery_draw_at(byref(self.cohort), byref(seeds), drawn_at, self.rank, self.memory(size), self.own)
        self.lottery = Lottery(self.rank, self.by_rank, self.own)

    def allocate(self):
        self.places, self.cutoffs = (Place * (self.n + 1))(), (Cutoff * (len(self.offers) + 1))()
        self.library.allocate_run(byref(self.cohort), byref(self.lottery), None,
                                  self.memory(self.library.allocate_size(byref(self.cohort))), self.places)
        return self.check()

    def check(self):
        """The flaw of the places, 0 = none; cutoffs are those of the places."""
        memory, found = self.memory(self.library.cutoff_size(byref(self.cohort))), Finding()
        if self.library.cutoff_feasible(byref(self.cohort), self.places, memory, byref(found)) != 0:
            return found.flaw
        self.library.cutoff_compute(byref(self.cohort), byref(self.lottery), self.places, memory, self.cutoffs)
        return self.library.cutoff_stable(byref(self.cohort), byref(self.lottery), self.places, self.cutoffs, byref(found))

    # ---- as lines of the record

    def result(self):
        name = lambda place: "-" if place.offer == NONE else self.offers[place.offer]  # noqa: E731
        return "".join(f"{i} {name(place)} {place.rank}\n" for i, place in zip(self.students, self.places))

    def cutoff_lines(self):
        return "".join(f"{j} {o['q']} {min(o['q'], o['r'])} {c.held} {c.held_referred} {key_text(c.general)} {key_text(c.referred)}\n"
                       for (j, o), c in zip(self.given.offers.items(), self.cutoffs))

    def explanations(self):
        return "".join(self.explain(at) + "\n" for at in range(self.n))

    def explain(self, at):
        count = self.starts[at + 1] - self.starts[at]
        told, wishes = Told(), (ToldWish * (count + 1))()
        self.library.explain_student(byref(self.cohort), byref(self.lottery), self.places, self.cutoffs, c_uint32(at), byref(told), wishes)
        seen = [wish for wish in wishes[:count] if REASONS[wish.reason] != "not considered"]
        return " ".join([f"{self.students[at]} {told.number} {told.n_students} {told.place.rank} {count - len(seen)}"]
                        + [f"{self.offers[wish.offer]}={self.why(at, told, wish)}" for wish in seen])

    def why(self, at, told, wish):
        reason, key = REASONS[wish.reason], f"{wish.class_},{wish.number}"
        if reason == "ineligible":
            return f"ineligible;{self.given.decided[self.students[at], self.offers[wish.offer]][0]}"
        if reason == "obtained":
            return "pinned" if SEATS[told.seat] == "pinned" else f"{SEATS[told.seat]};{key};{key_text(wish.bound)}"
        return f"{reason}{'+reserve' if wish.worse else ''};{key}" + ("" if reason == "closed" else f";{key_text(wish.bound)}")
