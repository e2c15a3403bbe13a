# SPDX-License-Identifier: Apache-2.0
"""Random stores and queries from a seed, in the shape that matcher.py reads.

Every field is used, and values crowd where answers turn: days around as_of, radii that end exactly at an offer, ages at
the end of a range, offers that are equal but for their id, positions at round degrees, the date line and the poles.
"""
import csv
import datetime
import math

import matcher

PARTNER_KINDS = ["company", "sport_club", "cultural_organisation", "school", "municipality", "civil_society"]
OFFER_KINDS = ["internship", "sport", "culture", "orientation", "mentoring"]
LEVELS = ["po", "pro", "vso", "isk", "vmbo_bb", "vmbo_kb", "vmbo_gl", "vmbo_tl", "havo", "vwo", "mbo1", "mbo2", "mbo3",
          "mbo4", "hbo", "wo"]
TRANSITIONS = ["po_vo", "isk_vo", "isk_mbo", "vmbo_havo", "vmbo_mbo", "havo_vwo", "havo_hbo", "vwo_wo", "mbo_mbo",
               "mbo_hbo", "hbo_wo", "school_work"]
WEEKDAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"]
NEEDS = ["wheelchair", "hearing", "vision", "low_stimulus", "guide_dog"]
LANGUAGES = ["nl", "en", "ar", "tr", "pl", "uk"]
FUNDS = ["jeugdfonds", "meedoen", "leergeld", "fonds-1", "0", "x_y"]
CREBOS = [10000, 25180, 25655, 99999]
ROOTS = ["techniek", "sport", "kunst", "zorg", "groen", "ict_1", "a", "horeca"]
WORDS = ["robotica", "voetbal", "dans", "hout", "x", "koken", "1", "game_ontwerp", "judo", "muziek"]
SYNONYMS = ["voetballen", "kapper", "coderen", "games maken", "café", "dansles", "naïef schilderen"]
COSTS = [0, 0, 0, 1, 500, 999, 1000, 1001, 2500, 100_000_000]
MAX_U64 = 2**64 - 1

# Name, centre, how far positions spread in degrees, and how often it is drawn.
AREAS = [
    ("netherlands", (52.1, 5.3), 1.2, 8),
    ("city", (51.92, 4.4), 0.12, 8),
    ("equator", (0.0, 0.0), 0.6, 1),
    ("date line", (-17.0, 180.0), 0.5, 3),
    ("north pole", (89.9, 20.0), 0.1, 1),
    ("south pole", (-89.9, -60.0), 0.1, 1),
    ("world", (0.0, 0.0), 90.0, 1),
]


def some(rng, values, low, high):
    """low..high different values, in random order."""
    return rng.sample(values, min(len(values), rng.randint(low, high)))


def maybe(rng, chance, make, otherwise=None):
    return make() if rng.random() < chance else otherwise


def shift(day, days):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=days)).isoformat()


def degrees(value):
    """Whole millionths of a degree."""
    return round(value * 1_000_000) / 1_000_000


class Generator:
    """One random store, with queries for it. `today` is the date around which its days lie."""

    def __init__(self, rng, today):
        self.rng, self.today = rng, today
        self.area, self.centre, self.spread, _ = rng.choices(AREAS, [area[3] for area in AREAS])[0]
        self.source = rng.choice(["", "local", "sis-1", "a.B_c"])
        self.interests = self.make_interests()
        self.codes = [row["code"] for row in self.interests]
        self.regions = self.make_regions()
        self.lookup = matcher.Regions(self.regions)
        self.spots = [row["code"] for row in self.regions if self.type_behind(row) in ("municipality", "place")]
        self.postcodes = self.make_postcodes()
        self.partners = [self.make_partner(i) for i in range(rng.randint(4, 40))]
        self.offers = []
        for i in range(rng.choice([40, 80, 120, 200, 400])):
            self.offers.append(self.make_offer(i, rng.choice(self.partners)))

    # Taxonomy and places

    def make_interests(self):
        rng, codes = self.rng, []
        for top in some(rng, ROOTS, 2, 6):
            codes.append(top)
            level = [top]
            for _ in range(rng.randint(0, 3)):
                level = [f"{up}.{word}" for up in level for word in some(rng, WORDS, 0, 3)]
                codes += level
        return [{"code": code, "label_nl": f"Vak {code}", "label_en": f"Field {code}",
                 "synonyms": some(rng, SYNONYMS, 0, 2)} for code in codes]

    def make_position(self):
        rng = self.rng
        lat = self.centre[0] + rng.uniform(-self.spread, self.spread)
        lon = self.centre[1] + rng.uniform(-self.spread, self.spread) * (2 if self.area == "world" else 1)
        if abs(self.centre[0]) > 85:
            lon = rng.choice([rng.uniform(-180, 180), 0.0, 180.0, -180.0])
            lat = math.copysign(90.0, lat) if rng.random() < 0.1 else lat
        if rng.random() < 0.3:  # at or beside the edge of a cell, whatever power of two or ten its size is
            step = rng.choice([1.0, 0.5, 0.25, 0.125, 0.1, 0.0625, 0.05, 0.03125, 0.02, 0.01, 0.005])
            lat, lon = round(lat / step) * step, round(lon / step) * step
            lat += rng.choice([0, 0, 1e-6, -1e-6])
            lon += rng.choice([0, 0, 1e-6, -1e-6])
        lon = (lon + 180) % 360 - 180 if abs(lon) > 180 else lon
        return degrees(max(-90.0, min(90.0, lat))), degrees(lon)

    def make_regions(self):
        rng, rows = self.rng, []

        def add(code, kind, parents, successor=""):
            lat, lon = self.make_position()
            rows.append({"code": code, "type": kind, "parents": parents, "name": f"{kind} {code}", "lat": lat, "lon": lon,
                         "successor": successor})
            return code

        country = add("NL", "country", [])
        provinces = [add(f"PV{20 + i}", "province", [country]) for i in range(rng.randint(1, 3))]
        old_province = maybe(rng, 0.3, lambda: add("PV99", "province", [country], provinces[0]))
        sets = {}  # code -> the province that it lies in, if any
        for kind, prefix in (("labour_market_region", "AM"), ("school_dropout_region", "MC"), ("alliance_region", "AL-")):
            for i in range(rng.randint(0, 2)):
                up = rng.choice([[country], [], [rng.choice(provinces)]])
                sets[add(f"{prefix}{i:02}", kind, up)] = up[0] if up and up[0] != country else None
        if "AM00" in sets and rng.random() < 0.5:
            sets[add("AM99", "labour_market_region", [], "AM00")] = sets["AM00"]
        towns = []

        def parents_of_town():
            """A province (through an alias at times), sets that do not lead to another province, or nothing of it."""
            if rng.random() < 0.08:
                return rng.choice([[], [country]])
            province = rng.choice(provinces)
            alias = old_province and province == provinces[0] and rng.random() < 0.4
            near = [code for code, inside in sets.items() if inside in (None, province)]
            up = [old_province if alias else province] + some(rng, near, 0, 2) + some(rng, [country], 0, rng.random() < 0.1)
            return rng.sample(up, len(up))

        for i in range(rng.randint(1, 8)):
            towns.append(add(f"GM{100 + 7 * i:04}", "municipality", parents_of_town()))
        old = []
        for i in range(rng.randint(0, 4)):  # aliases, also of aliases
            old.append(add(f"GM{1 + 50 * i:04}", "municipality", parents_of_town(), rng.choice(towns + old)))
        places = []
        for i in range(rng.randint(0, 10)):
            places.append(add(f"PL-{i}.x", "place", [rng.choice(towns + old)]))
        for i in range(rng.randint(0, 2) if places else 0):
            add(f"PL-old{i}", "place", [rng.choice(towns + old)], rng.choice(places))
        return rows

    def type_behind(self, row):
        """The type of what a region stands for."""
        return matcher.Regions(self.regions).region(row["code"])["type"]

    def make_postcodes(self):
        rng = self.rng
        numbers = rng.sample(range(1000, 10000), rng.randint(0, 6))
        towns = [code for code in self.spots if self.lookup.rows[code]["type"] == "municipality"]
        rows = []
        for number in numbers:
            lat, lon = self.make_position()
            rows.append({"postcode": str(number), "lat": lat, "lon": lon, "municipality": rng.choice(towns)})
        return rows

    # Partners and offers

    def near_today(self, spread=40):
        return shift(self.today, self.rng.choice([0, 0, 1, -1, 2, -2, self.rng.randint(-spread, spread)]))

    def make_place(self, chance_region, chance_position):
        lat, lon = maybe(self.rng, chance_position, self.make_position, (None, None))
        return {"region": maybe(self.rng, chance_region, lambda: self.rng.choice(self.spots), ""), "lat": lat, "lon": lon}

    def make_partner(self, number):
        rng = self.rng
        place = self.make_place(0.6, 0.6)
        if place["lat"] is None and not place["region"] and rng.random() < 0.7:  # a few partners are nowhere
            place["region"] = rng.choice(self.spots)
        return {
            "external_id": f"p{number}", "kind": rng.choice(PARTNER_KINDS), "name": f"Partner № {number}", **place,
            "website": maybe(rng, 0.3, lambda: "https://example.org/p?a=1&b=2", ""),
            "status": rng.choices(["active", "pending", "suspended"], [88, 5, 7])[0],
            "identifiers": maybe(rng, 0.3, lambda: {"kvk": "12345678", "leerbedrijf": f"L{number}"}, {}),
            "accreditations": self.make_accreditations(),
        }

    def make_accreditations(self):
        rng, rows = self.rng, []
        for crebo in some(rng, CREBOS, 0, 3):
            first, last = sorted([self.near_today(), self.near_today()])
            rows.append({"crebo": crebo, "first_day": maybe(rng, 0.5, lambda: first, ""),
                         "last_day": maybe(rng, 0.5, lambda: last, "")})
        return rows

    def make_offer(self, number, partner):
        rng = self.rng
        if self.offers and rng.random() < 0.15:  # equal but for its ids, so that only the tie order tells them apart
            twin = rng.choice(self.offers)
            return {**twin, "external_id": f"o{number}"}
        place = self.make_place(0.35, 0.5)
        remote = rng.random() < 0.1
        nowhere = partner["lat"] is None and not partner["region"]
        if nowhere and not remote and place["lat"] is None and not place["region"]:
            place["region"] = rng.choice(self.spots)
        seats = rng.choice([0, 1, 1, 2, 3, 5, 10, 10, 20, 20, 65535])
        part = rng.randint(0, seats)
        reserved = maybe(rng, 0.4, lambda: rng.choice([seats, min(1, seats), part, part]), 0)
        start, end = sorted([self.near_today(), self.near_today(90)])
        ages = sorted([rng.choice([0, 4, 12, 15, 16, 18, 23, 27]), rng.choice([12, 15, 16, 18, 23, 27, 120])])
        return {
            "external_id": maybe(rng, 0.97, lambda: f"o{number}", ""), "partner": partner["external_id"],
            "kind": rng.choice(OFFER_KINDS),
            "title": rng.choice([f"Aanbod {number}", "Stage", "é" * 200, 'Dansen & "meer"']),
            "description": maybe(rng, 0.2, lambda: "Regel een\nregel twee", ""),
            "url": maybe(rng, 0.3, lambda: f"https://example.org/o/{number}", ""),
            "address": maybe(rng, 0.2, lambda: "Korte Dam 1, Schiedam", ""), **place, "remote": remote,
            "interests": some(rng, self.codes, 1, rng.choice([1, 2, 3, 8])),
            "levels": maybe(rng, 0.6, lambda: some(rng, LEVELS, 1, 8), []),
            "transitions": maybe(rng, 0.5, lambda: some(rng, TRANSITIONS, 1, 4), []),
            "seats": seats, "reserved_seats": reserved,
            "reserved_until": maybe(rng, 0.6, self.near_today, ""),
            "cost_cents": rng.choice(COSTS), "funds": maybe(rng, 0.4, lambda: some(rng, FUNDS, 1, 4), []),
            "start": maybe(rng, 0.5, lambda: start, ""), "end": maybe(rng, 0.5, lambda: end, ""),
            "weekdays": maybe(rng, 0.5, lambda: some(rng, WEEKDAYS, 1, 5), []),
            "hours_per_week": rng.choice([0, 1, 24, 60]), "track": rng.choice(["", "bol", "bbl"]),
            "allowance_cents": rng.choice([0, 45_000, 100_000_000]),
            "deadline": maybe(rng, 0.4, lambda: self.near_today(20), ""),  # also after the end
            "min_age": maybe(rng, 0.3, lambda: ages[0]), "max_age": maybe(rng, 0.3, lambda: ages[1]),
            "needs": maybe(rng, 0.5, lambda: some(rng, NEEDS, 1, 5), []),
            "languages": maybe(rng, 0.4, lambda: some(rng, LANGUAGES, 1, 4), []),
            "direct_placement": rng.choice([None, True, False]), "waiting_list": rng.random() < 0.2,
            "status": rng.choices(["open", "paused", "closed"], [90, 5, 5])[0],
        }

    # Earlier states of records that a store may have gone through

    def partner_before(self, partner):
        """Another partner under the same external id, that has a place if this one has."""
        before = {**self.make_partner(0), "external_id": partner["external_id"]}
        before["region"] = before["region"] or self.rng.choice(self.spots)
        return before if partner["region"] or partner["lat"] is not None else partner

    def offer_before(self, offer, partner):
        """Another offer under the same external id, of a partner that may be another."""
        return {**self.make_offer(0, partner), "external_id": offer["external_id"], "partner": partner["external_id"],
                "region": self.rng.choice(self.spots)}

    def region_before(self, region):
        """The same region elsewhere, not yet merged away if it has been since."""
        lat, lon = self.make_position()
        kept = self.rng.random() < 0.5
        return {**region, "lat": lat, "lon": lon, "successor": region["successor"] if kept else ""}

    # Queries

    def make_query(self, world):
        """A query that looks like what a certain offer asks for, more or less, so that few answers are empty."""
        rng = self.rng
        busy = rng.choice([0.15, 0.4, 0.4, 0.8, 1.0])  # how many filters it has
        anchor = rng.choice(world.offers)
        query = self.make_area(world, anchor)
        for fields in (self.ask_words(anchor, busy), self.ask_when(anchor, busy), self.ask_page()):
            query.update(fields)
        return query

    def make_area(self, world, anchor):
        rng, query = self.rng, {}
        way = rng.choice(["at", "at", "at", "from", "postcode", "none"])
        if way == "postcode" and self.postcodes:
            query["postcode"] = rng.choice(self.postcodes)["postcode"]
        elif way == "from":
            query["from"] = rng.choice(self.regions)["code"]
        elif way != "none":
            near = anchor.position if anchor.position and rng.random() < 0.3 else None
            query["at"] = list(near or self.make_position())
        if way == "none" or rng.random() < 0.25:
            query["region"] = rng.choice(self.regions)["code"]
        if not query.keys() & {"at", "from", "postcode"} and "region" not in query:
            query["region"] = "NL"
        radius = self.make_radius(world, query, anchor)
        if radius is not None:
            query["radius_m"] = radius
        return query

    def make_radius(self, world, query, anchor):
        rng = self.rng
        if rng.random() < 0.15:
            return None  # the default
        if "region" in query and rng.random() < 0.4:
            return 0
        if anchor.position and rng.random() < 0.4:  # exactly at an offer, or a metre beside it
            origin = matcher.Query.find_origin(world, query)
            return max(1, min(500_000, matcher.distance_m(origin, anchor.position) + rng.choice([0, 0, -1, 1])))
        return rng.choice([1, 1000, 10_000, 25_000, 50_000, 100_000, 500_000, rng.randint(1, 500_000)])

    def ask_words(self, anchor, busy):
        """Filters on sets and numbers."""
        rng, row, query = self.rng, anchor.row, {}

        def ask(name, chance, make):
            if rng.random() < chance * busy:
                query[name] = make()

        def around(values, everything, low, high):
            """Values of the anchor and others."""
            mine = some(rng, values, 1, 2) if values and rng.random() < 0.7 else []
            return list(dict.fromkeys(mine + some(rng, everything, low, high)))[:high] or some(rng, everything, 1, 1)

        if rng.random() < 0.7:
            high = rng.choice([1, 2, 4, 16])
            weight = lambda: rng.choice([10, 1, 100, rng.randint(1, 100)])
            query["interests"] = {code: weight() for code in around(row["interests"], self.codes, 1, high)}
        ask("kinds", 0.35, lambda: around([row["kind"]], OFFER_KINDS, 0, 4))
        ask("partner_kinds", 0.3, lambda: around([anchor.partner["kind"]], PARTNER_KINDS, 1, 5))
        ask("levels", 0.5, lambda: around(row["levels"], LEVELS, 0, 4))
        ask("transition", 0.7, lambda: around(row["transitions"], TRANSITIONS, 0, 1)[0])
        ask("qualification", 0.35, lambda: rng.choice(CREBOS))
        ask("age", 0.4, lambda: rng.choice([0, 12, 15, 15, 16, 17, 18, 18, 27, 28, 120, row["min_age"] or 16]))
        ask("max_cost_cents", 0.5, lambda: rng.choice([0, row["cost_cents"], max(0, row["cost_cents"] - 1), 1000]))
        ask("funds", 0.5, lambda: around(row["funds"], FUNDS + ["unknown-fund"], 0, 8))
        ask("needs", 0.25, lambda: some(rng, row["needs"] or NEEDS, 1, 2))
        ask("languages", 0.4, lambda: around(row["languages"], LANGUAGES, 0, 8))
        ask("referred", 0.5, lambda: True)
        ask("weights", 0.6, self.make_weights)
        return query

    def make_weights(self):
        rng = self.rng
        while True:
            weights = [rng.choice([0, 0, 1, 30, 60, 100, rng.randint(0, 100)]) for _ in range(3)]
            if any(weights):
                return weights

    def ask_when(self, anchor, busy):
        rng, row, query = self.rng, anchor.row, {}
        if rng.random() < 0.8:
            days = [row[name] for name in ("deadline", "end", "reserved_until", "start") if row[name]]
            days += [a[name] for a in anchor.partner["accreditations"] for name in ("first_day", "last_day") if a[name]]
            day = rng.choice(days) if days and rng.random() < 0.6 else self.near_today(10)
            query["as_of"] = shift(day, rng.choice([0, 0, 1, -1]))
        first, last = sorted([row["start"] or self.near_today(), row["end"] or self.near_today(90)])
        if rng.random() < 0.4 * busy:  # a period that touches the anchor's at one end, or nearly
            query["from_date"] = shift(last, rng.choice([0, 0, 1, -20]))
        if rng.random() < 0.4 * busy:
            query["to_date"] = max(query.get("from_date", ""), shift(first, rng.choice([0, 0, -1, 20])))
        if rng.random() < 0.4 * busy:
            query["weekdays"] = some(rng, row["weekdays"] or WEEKDAYS, 1, 3)
        return query

    def ask_page(self):
        rng, query = self.rng, {}
        if rng.random() < 0.7:
            query["limit"] = rng.choice([1, 2, 3, 5, 20, 100, rng.randint(1, 100)])
        if rng.random() < 0.3:
            query["max_per_partner"] = rng.choice([1, 1, 2, 3, 100, 0])
        if rng.random() < 0.7:
            query["tie_seed"] = rng.choice([0, 1, 42, 2**63, MAX_U64, rng.getrandbits(64)])
        if rng.random() < 0.4:
            query["discover"] = rng.randint(0, 5)
        if rng.random() < 0.6:
            query["want_total"] = True
        if rng.random() < 0.5:
            query["facets"] = True
        return query


# Seed files -------------------------------------------------------------------------------------------------------


def number(value):
    """A degree as a CSV file has it."""
    return f"{value:.6f}"


def write_seeds(rng, folder, regions, interests):
    """Writes regions.csv and interests.csv, what a daemon loads at its first start, in any order of rows."""
    regions, interests = rng.sample(regions, len(regions)), rng.sample(interests, len(interests))
    with open(folder / "regions.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["code", "type", "parents", "name", "lat", "lon", "successor"])
        for r in regions:
            rows.writerow([r["code"], r["type"], ";".join(r["parents"]), r["name"], number(r["lat"]), number(r["lon"]),
                           r["successor"]])
    with open(folder / "interests.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["code", "label_nl", "label_en", "synonyms"])
        for i in interests:
            rows.writerow([i["code"], i["label_nl"], i["label_en"], ";".join(i["synonyms"])])
