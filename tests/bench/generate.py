#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a large store, the same bytes for the same arguments: partners.csv, offers.csv and queries.jsonl.

Offers lie in the real municipalities of seeds/regions.csv, weighted by inhabitants and jittered; 70 % internships, 17 %
sport, 8 % culture, 3 % orientation, 2 % mentoring; 1..6 interests each, skewed (Zipf). Queries: radius 5 to 40 km, 1..5
weighted interests, kinds, level, price, top 20. Inhabitants: CBS, rounded to thousands, for the larger municipalities;
the others count as 33 thousand, about their mean.
"""
import argparse
import csv
import datetime
import itertools
import json
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parents[2]
THOUSANDS = {
    "GM0363": 931, "GM0599": 670, "GM0518": 566, "GM0344": 374, "GM0772": 246, "GM0014": 244, "GM0855": 229,
    "GM0034": 226, "GM0758": 188, "GM0268": 187, "GM0202": 167, "GM0200": 168, "GM0392": 167, "GM0307": 161,
    "GM0153": 161, "GM0394": 163, "GM0796": 160, "GM0479": 160, "GM0193": 134, "GM0546": 128, "GM0637": 127,
    "GM0080": 128, "GM0228": 123, "GM0935": 125, "GM0505": 121, "GM1992": 75, "GM0361": 112, "GM0114": 108,
    "GM0503": 107, "GM0150": 103, "GM0622": 75, "GM0606": 81, "GM0484": 116, "GM1598": 40, "GM0164": 83,
}
KINDS = ["internship"] * 70 + ["sport"] * 17 + ["culture"] * 8 + ["orientation"] * 3 + ["mentoring"] * 2
PARTNER_KINDS = ["company"] * 70 + ["sport_club"] * 14 + ["cultural_organisation"] * 8 + ["school"] * 4 + [
    "civil_society"] * 3 + ["municipality"]
LEVEL_SETS = ["", "", "mbo1;mbo2", "mbo2;mbo3", "mbo3;mbo4", "mbo4;hbo", "vmbo_bb;vmbo_kb", "vmbo_gl;vmbo_tl;havo",
              "havo;vwo", "hbo;wo", "pro;vso;mbo1", "po"]
TRANSITIONS = ["", "", "", "vmbo_mbo", "vmbo_havo", "mbo_hbo", "havo_hbo", "school_work", "po_vo"]
DAY = datetime.date(2026, 9, 1)


def rows(name):
    with open(ROOT / "seeds" / name, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class Country:
    """Weighted choices over the real regions and interests."""

    def __init__(self, dice):
        self.dice = dice
        towns = [r for r in rows("regions.csv") if r["type"] == "municipality" and not r["successor"]]
        self.towns = [(r["code"], float(r["lat"]), float(r["lon"])) for r in towns]
        self.town_weights = list(itertools.accumulate(THOUSANDS.get(r["code"], 33) for r in towns))
        self.interests = [r["code"] for r in rows("interests.csv")]
        dice.shuffle(self.interests)
        self.interest_weights = list(itertools.accumulate(1 / (n + 10) for n in range(len(self.interests))))

    def point(self):
        code, lat, lon = self.dice.choices(self.towns, cum_weights=self.town_weights)[0]
        return code, round(lat + self.dice.gauss(0, 0.02), 6), round(lon + self.dice.gauss(0, 0.03), 6)

    def pick_interests(self, most):
        wanted, found = self.dice.randint(1, most), []
        while len(found) < wanted:
            code = self.dice.choices(self.interests, cum_weights=self.interest_weights)[0]
            if code not in found:
                found.append(code)
        return found


def partners(country, count):
    dice = country.dice
    for n in range(count):
        code, lat, lon = country.point()
        kind = dice.choice(PARTNER_KINDS)
        crebos = ";".join(str(25000 + dice.randrange(900)) for _ in range(dice.randint(0, 4))) if kind == "company" else ""
        yield {"external_id": f"p{n}", "kind": kind, "name": f"Organisatie {n}", "region": code, "lat": lat, "lon": lon,
               "status": "active", "accreditations": crebos}


def offers(country, count, partner_count):
    dice = country.dice
    for n in range(count):
        code, lat, lon = country.point()
        kind = dice.choice(KINDS)
        start = DAY + datetime.timedelta(days=dice.randrange(300))
        yield {"external_id": f"o{n}", "partner": f"p{dice.randrange(partner_count)}", "kind": kind,
               "title": f"Aanbod {n} ({kind})", "description": "Kennismaken, meedoen en leren. " * dice.randint(1, 6),
               "lat": lat, "lon": lon, "region": code, "interests": ";".join(country.pick_interests(6)),
               "levels": dice.choice(LEVEL_SETS), "transitions": dice.choice(TRANSITIONS), "seats": dice.randint(1, 20),
               "cost_cents": 0 if kind == "internship" else dice.choice([0, 0, 500, 2500, 12000]),
               "funds": "jeugdfonds" if dice.random() < 0.2 else "", "start": start,
               "end": start + datetime.timedelta(days=dice.randint(30, 400)),
               "weekdays": dice.choice(["", "", "mo;tu;we", "we;sa", "th;fr"]),
               "min_age": dice.choice(["", "", 12, 16]), "status": "open"}


def queries(country, count):
    dice = country.dice
    for n in range(count):
        _, lat, lon = country.point()
        query = {"at": [lat, lon], "radius_m": dice.randint(5, 40) * 1000,
                 "interests": {code: dice.randint(1, 100) for code in country.pick_interests(5)},
                 "limit": 20, "tie_seed": n, "as_of": "2026-11-23"}
        if dice.random() < 0.6:
            query["kinds"] = dice.sample(["internship", "sport", "culture", "orientation"], dice.randint(1, 2))
        if dice.random() < 0.7:
            query["levels"] = [dice.choice(["vmbo_kb", "vmbo_tl", "havo", "mbo2", "mbo3", "mbo4"])]
        if dice.random() < 0.4:
            query["max_cost_cents"] = dice.choice([0, 1000, 5000])
        yield query


def write_csv(path, made):
    with open(path, "w", encoding="utf-8", newline="") as file:
        first = next(made)
        writer = csv.DictWriter(file, first, lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(made)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--offers", type=int, default=250_000)
    parser.add_argument("--partners", type=int, default=0, help="default: one for 25 offers")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    partner_count = given.partners or max(1, given.offers // 25)
    given.folder.mkdir(parents=True, exist_ok=True)
    country = Country(random.Random(given.seed))
    write_csv(given.folder / "partners.csv", partners(country, partner_count))
    write_csv(given.folder / "offers.csv", offers(country, given.offers, partner_count))
    with open(given.folder / "queries.jsonl", "w", encoding="utf-8") as file:
        for query in queries(country, given.queries):
            file.write(json.dumps(query) + "\n")


if __name__ == "__main__":
    main()
