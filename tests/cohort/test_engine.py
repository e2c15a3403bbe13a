#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The engine of a round against the records that tests/verify/record.py writes, from kansen-record(5) alone: lottery, places,
cutoffs and explanations of random rounds, to the byte. Usage: test_engine.py LIBRARY [ROUNDS]"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "verify"))

import engine  # noqa: E402
import shapes  # noqa: E402

ROUNDS = 1000


def difference(library, given):
    """What the engine does in another way than the record, or None."""
    it = engine.Engine(library, given)
    it.draw()
    for at, (i, s) in enumerate(given.students.items()):
        if it.rank[at] != given.rank[i]:
            return f"student {i} has lottery rank {it.rank[at]}, the record {given.rank[i]}"
        for place, j in enumerate(s["list"], it.starts[at]):
            if it.own[place] != given.own.get(j, given.rank)[i]:
                return f"student {i} has rank {it.own[place]} at offer {j}, the record {given.own.get(j, given.rank)[i]}"
    flaw = it.allocate()
    if flaw != 0:
        return f"its own result has flaw {flaw}"
    placed = given.match()
    prices = given.prices(placed)
    for what, ours, theirs in (("result", it.result(), given.result(placed)), ("cutoffs", it.cutoff_lines(), given.cutoffs(prices)),
                               ("explanations", it.explanations(), given.explanations(placed, prices))):
        for line, (one, other) in enumerate(zip(ours.splitlines(), theirs.splitlines()), 1):
            if one != other:
                return f"{what}, line {line}:\n  engine: {one}\n  record: {other}"
        if len(ours) != len(theirs):
            return f"{what}: {len(ours)} bytes, the record {len(theirs)}"
    return None


def main():
    library, rounds = engine.load(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    given = {f"random round {seed}": (lambda s=seed: shapes.random_round(s)) for seed in range(rounds)}
    given["a round of 2,000 students"] = lambda: shapes.large_round(2000, 700, length=10, seats=2)
    students = 0
    for name, make in given.items():
        one = make()
        students += len(one.students)
        found = difference(library, one)
        if found is not None:
            print(f"{name}: {found}")
            return 1
    print(f"cohort: {len(given)} rounds with {students} students, the engine as the record")
    return 0


if __name__ == "__main__":
    sys.exit(main())
