# SPDX-License-Identifier: Apache-2.0
"""Compares the answers of contestants: files with a line for each query, "offer:score:distance_m" for each hit, by spaces."""


def read(path):
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file.read().splitlines()]


def first_difference(paths):
    """None when all files of {name: path} say the same, else where and how two of them differ first."""
    (name, path), *others = paths.items()
    wanted = read(path)
    if not any(wanted):
        return f"{name} found nothing at all"
    for other, its_path in others:
        found = read(its_path)
        if len(found) != len(wanted):
            return f"{name} answered {len(wanted)} queries, {other} {len(found)}"
        for query, (its, mine) in enumerate(zip(found, wanted), start=1):
            if its == mine:
                continue
            place = next((i for i, pair in enumerate(zip(mine, its)) if pair[0] != pair[1]), min(len(mine), len(its)))
            return (f"query {query}, hit {place + 1} of {len(mine)} and {len(its)}: {name} says "
                    f"{mine[place] if place < len(mine) else 'nothing'}, {other} says {its[place] if place < len(its) else 'nothing'}")
    return None
