# SPDX-License-Identifier: Apache-2.0
"""Random rounds of many shapes, and rounds out of the worked examples."""
import random

import record

PLACES = {"GM0606": (51919400, 4388600), "GM0599": (51922500, 4479170), "GM0518": (52078660, 4288790), "south": (-33900000, -70600000)}
LEVELS = ["mbo2", "mbo3", "mbo4", "vmbo"]

# Reads every kind of condition that rules have.
RULE = record.Rule([
    ("level", None, [["not", "same", "level", "level"]]),
    ("age", None, [["not", "atleast", "age", "min_age"]]),
    ("old", None, [["atleast", "age", "19"], ["not", "referred"]]),
    ("late", None, [["not", "atmost", "from", "end"]]),
    ("needs", None, [["not", "subset", "needs", "provided"]]),
    ("again", 0, [["same", "continues_with", "partner"]]),
    ("referred", 1, [["referred"], ["reserved"]]),
    ("sport", 2, [["student", "likes", "sport"], ["offer", "kind", "sport"]]),
    ("near", 3, [["within", "home", "place", "8000"]]),
    ("far", 4294967294, [["not", "within", "home", "place", "60000"]]),
    ("others", 4, []),
], name="stage-2026", version=3)

# The same without a class for the referred, who then may hold a reserved seat with a worse class than those who are refused.
PLAIN_RULE = record.Rule([line for line in RULE.lines if line[0] not in ("referred", "old")], labels=RULE.labels, name="plain", version=1)


def hexes(dice, n):
    return ["%064x" % dice.getrandbits(256) for _ in range(n)]


def student_facts(dice):
    out = [("age", str(dice.randint(15, 19))), ("home", dice.choice(list(PLACES))), ("from", str(dice.choice([20260901, 20270201])))]
    out += [("level", level) for level in dice.sample(LEVELS, dice.randint(1, 4))]
    out += [("needs", need) for need in dice.sample(["lift", "sign"], dice.choice([0, 0, 0, 1, 2]))]
    out += [("continues_with", str(dice.randint(1, 4)))] * (dice.random() < .2) + [("likes", "sport")] * (dice.random() < .3)
    return out


def offer_facts(dice):
    out = [("partner", str(dice.randint(1, 4))), ("kind", dice.choice(["sport", "stage"])), ("place", dice.choice(list(PLACES)))]
    out += [("level", level) for level in dice.sample(LEVELS, dice.randint(2, 4))] + [("end", "20270630")] * (dice.random() < .5)
    out += [("provided", "lift")] * (dice.random() < .7) + [("min_age", str(dice.randint(14, 16)))] * (dice.random() < .5)
    return out


def random_round(seed, **more):
    dice = random.Random(seed)
    n, m = dice.randint(0, 60), dice.randint(0, 9)
    seats = lambda: dice.choice([0, 1, 1, 2, 3, 5, 30])  # noqa: E731
    offers = {}
    for j in dice.sample(range(1000), m):
        offers[str(j)] = dict(q=seats(), r=dice.choice([0, 0, 1, 2, 9]), mtb=dice.random() < .3, facts=offer_facts(dice))
    earlier = [("before", dice.randbytes(32), dice.randbytes(32)), ("long-before", dice.randbytes(32), dice.randbytes(32))]
    earlier = earlier[:dice.randint(0, 2)]
    students, pinned = {}, dict.fromkeys(offers, 0)
    for i in hexes(dice, n):
        wishes = dice.sample(list(offers), dice.randint(0, m))
        seed_of, pin = dice.randint(0, len(earlier)), None
        if seed_of and wishes and pinned[wishes[-1]] < offers[wishes[-1]]["q"] and dice.random() < .5:
            pin = wishes[-1]
            pinned[pin] += 1
        students[i] = dict(referred=int(dice.random() < .4), list=wishes, seed=seed_of, pinned=pin, facts=student_facts(dice))
    parties = [("school", dice.randbytes(32)), ("partner", dice.randbytes(32)), ("city", dice.randbytes(32))][:dice.randint(1, 3)]
    given = dict(rule=dice.choice([RULE, PLAIN_RULE, record.EVERYBODY]), places=PLACES, plain=False, earlier=earlier, parties=parties,
                 run=f"run-{seed}", revision=dice.randint(0, 3), beacon=dice.randbytes(dice.randint(1, 40)), salt=dice.randbytes(32),
                 receipt_key=dice.randbytes(32), fallback=dice.random() < .2)
    return record.Round(students, offers, **{**given, **more})


def large_round(n, m, seed=1, length=10, seats=4):
    """A round like a city's, with classes and reserves."""
    dice = random.Random(seed)
    names = [str(100000 + j) for j in range(m)]
    offers = {j: dict(q=dice.randint(1, 2 * seats), r=dice.randint(0, 2), facts=offer_facts(dice)) for j in names}
    students = {i: dict(referred=int(dice.random() < .2), list=dice.sample(names, min(length, m)), facts=student_facts(dice))
                for i in hexes(dice, n)}
    return record.Round(students, offers, rule=RULE, places=PLACES, plain=False)


def from_example(example):
    """A round out of allocation vectors: an order of an offer's is written as classes, each held by facts."""
    students, offers, orders = {}, {}, {}
    for name, o in example["offers"].items():
        orders[name] = {i: n for n, i in enumerate(o["priority"])} if "priority" in o else o["class"]
        offers[name] = dict(q=o["capacity"], r=o.get("reserve", 0), facts=[(f"p{c}", f"{name}:{c}") for c in set(orders[name].values())])
    for name, s in example["students"].items():
        s = s if isinstance(s, dict) else {"prefs": s}
        students[name] = dict(referred=int(s.get("referred", False)), list=[j for j in s["prefs"] if j in offers],
                              facts=[("p", f"{j}:{order[name]}") for j, order in orders.items() if name in order])
    most = max((c for order in orders.values() for c in order.values()), default=0)
    rule = record.Rule([(f"c{c}", c, [["same", "p", f"p{c}"]]) for c in range(most + 1)] + [("unlisted", None, [])])
    more = {}
    if "seed_hex" in example:  # a lottery that is given stands in the record as that of an earlier round
        more["earlier"] = [("given", bytes.fromhex(example["seed_hex"]), bytes(32))]
        for s in students.values():
            s["seed"] = 1
    return record.Round(students, offers, rule=rule, run=example["id"], **more)
