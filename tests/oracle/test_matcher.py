# SPDX-License-Identifier: Apache-2.0
"""Examples worked out by hand, to hold matcher.py against before the daemon is held against it."""
import sys
import unittest

sys.dont_write_bytecode = True
import matcher  # noqa: E402

TODAY = "2026-09-01"

REGIONS = [
    {"code": code, "type": kind, "parents": parents, "name": name, "lat": lat, "lon": lon, "successor": successor}
    for code, kind, parents, name, lat, lon, successor in [
        ("NL", "country", [], "Nederland", 52.1, 5.3, ""),
        ("PV28", "province", ["NL"], "Zuid-Holland", 52.0, 4.5, ""),
        ("PV27", "province", ["NL"], "Noord-Holland", 52.5, 4.8, ""),
        ("AL1", "alliance_region", [], "Waterweg", 51.92, 4.35, ""),
        ("GM0606", "municipality", ["PV28", "AL1"], "Schiedam", 51.92, 4.40, ""),
        ("GM0622", "municipality", ["PV28", "AL1"], "Vlaardingen", 51.91, 4.34, ""),
        ("GM0363", "municipality", ["PV27"], "Amsterdam", 52.37, 4.89, ""),
        ("GM0001", "municipality", ["PV28"], "Oud-Schiedam", 51.93, 4.39, "GM0002"),
        ("GM0002", "municipality", ["PV28"], "Oud-Oud-Schiedam", 51.93, 4.39, "GM0606"),
        ("PL1", "place", ["GM0001"], "Kethel", 51.94, 4.38, ""),
    ]
]
INTERESTS = [{"code": c} for c in ["sport", "sport.bal", "sport.bal.voetbal", "sport.bal.handbal", "kunst", "kunst.dans",
                                   "zorg"]]
POSTCODES = [{"postcode": "3111", "lat": 51.92, "lon": 4.40, "municipality": "GM0606"}]


def partner(number, **fields):
    return {"id": number, "external_id": f"p{number}", "kind": "sport_club", "name": f"Club {number}",
            "region": "GM0606", "lat": None, "lon": None, "status": "active", "accreditations": [], **fields}


def offer(number, **fields):
    return {"id": number, "external_id": f"o{number}", "partner": "p1", "kind": "sport", "title": "t", "url": "",
            "lat": 51.92, "lon": 4.40, "remote": False, "region": "", "interests": ["sport.bal.voetbal"], "levels": [],
            "transitions": [], "seats": 1, "reserved_seats": 0, "reserved_until": "", "cost_cents": 0, "funds": [],
            "start": "", "end": "", "weekdays": [], "deadline": "", "min_age": None, "max_age": None, "needs": [],
            "languages": [], "status": "open", **fields}


def world(offers, partners=None):
    return matcher.World(partners or [partner(1)], offers, REGIONS, INTERESTS, POSTCODES)


HERE = {"at": [51.92, 4.40]}


def reason(offer_row, query, **kind_of_partner):
    w = world([offer_row], [partner(1, **kind_of_partner)])
    return matcher.explain(w, {**HERE, **query}, offer_row["id"], TODAY)[0]


def ids(matches):
    return [match["offer"] for match in matches]


class Pieces(unittest.TestCase):
    def test_distance(self):
        self.assertEqual(matcher.distance_m((51.9, 4.4), (51.9, 4.4)), 0)
        # One degree of a great circle: 2 pi R / 360 = 111,195.08 m.
        self.assertEqual(matcher.distance_m((0.0, 0.0), (0.0, 1.0)), 111_195)
        self.assertEqual(matcher.distance_m((0.0, 179.5), (0.0, -179.5)), 111_195)
        self.assertEqual(matcher.distance_m((89.5, 0.0), (89.5, 180.0)), 111_195)
        # Half the way around: pi R = 20,015,114.4 m.
        self.assertEqual(matcher.distance_m((90.0, 0.0), (-90.0, 0.0)), 20_015_114)

    def test_mix(self):
        # The published first outputs of splitmix64 with seeds 0 and 1 are the mix of (1, 0) and (1, 1).
        self.assertEqual(matcher.mix(1, 0), 0xE220A8397B1DCDAF)
        self.assertEqual(matcher.mix(1, 1), 0x910A2DEC89025CC1)
        self.assertEqual(matcher.mix(0, 0), 0)

    def test_similarity(self):
        for wanted, offered, percent in [
                ("sport", "sport", 100), ("sport", "sport.bal.voetbal", 100), ("sport.bal.voetbal", "sport", 60),
                ("sport.bal.voetbal", "sport.bal.handbal", 30), ("sport", "kunst", 0), ("sport.bal", "kunst.dans", 0),
                ("sport.bal.voetbal", "kunst", 0), ("sport", "sporten", 0)]:
            self.assertEqual(matcher.similarity(wanted, offered), percent, (wanted, offered))

    def test_first_of_equals(self):
        self.assertEqual(matcher.interest_matches(["sport", "zorg"], ["kunst", "sport.bal", "sport.bal.voetbal"]),
                         [("sport", "sport.bal", 100)])


class Places(unittest.TestCase):
    def test_regions(self):
        r = matcher.Regions(REGIONS)
        self.assertEqual(r.municipality("GM0001"), "GM0606")  # a chain of aliases
        self.assertEqual(r.municipality("PL1"), "GM0606")     # a place in an alias
        self.assertEqual(r.centroid("GM0001"), (51.92, 4.40))
        self.assertEqual(r.centroid("PL1"), (51.94, 4.38))
        self.assertEqual(r.closure("AL1"), {"GM0606", "GM0622"})
        self.assertEqual(r.closure("NL"), {"GM0606", "GM0622", "GM0363"})
        self.assertEqual(r.closure("PL1"), {"GM0606"})
        self.assertEqual(r.provinces("GM0606"), {"PV28"})

    def test_nearest(self):
        # GM0001 lies there, but it is an alias.
        self.assertEqual(matcher.Regions(REGIONS).nearest_municipality((51.93, 4.39)), "GM0606")

    def test_offers(self):
        far = partner(2, region="", lat=52.37, lon=4.89)
        w = world([offer(1), offer(2, lat=None, lon=None, region="PL1"), offer(3, lat=None, lon=None, partner="p2"),
                   offer(4, lat=52.3, lon=4.8, region="GM0622")], [partner(1), far])
        self.assertEqual([(o.position, o.municipality, o.place) for o in w.offers], [
            ((51.92, 4.40), "GM0606", "Schiedam"), ((51.94, 4.38), "GM0606", "Kethel"),
            ((52.37, 4.89), "GM0363", "Amsterdam"), ((52.3, 4.8), "GM0622", "Vlaardingen")])


class Reasons(unittest.TestCase):
    def test_each(self):
        for expected, changed, query in [
                (None, {}, {}),
                ("OFFER_NOT_OPEN", {"status": "paused"}, {}),
                ("DEADLINE_PASSED", {"deadline": "2026-08-31"}, {}),
                (None, {"deadline": "2026-09-01"}, {}),
                ("DEADLINE_PASSED", {"deadline": "2026-09-01"}, {"as_of": "2026-09-02"}),
                ("ENDED", {"end": "2026-08-31"}, {}),
                ("NO_SEAT", {"seats": 0}, {}),
                ("KIND", {}, {"kinds": ["culture", "mentoring"]}),
                ("PARTNER_KIND", {}, {"partner_kinds": ["school"]}),
                ("LEVEL", {"levels": ["vwo"]}, {"levels": ["havo", "mbo1"]}),
                (None, {"levels": ["vwo", "havo"]}, {"levels": ["havo", "mbo1"]}),
                (None, {}, {"qualification": 25655}),  # no internship
                ("ACCREDITATION", {"kind": "internship"}, {"qualification": 25655}),
                ("AGE", {"min_age": 16}, {"age": 15}),
                (None, {"min_age": 15, "max_age": 15}, {"age": 15}),
                ("AGE", {"max_age": 0}, {"age": 1}),
                ("PERIOD", {"start": "2026-10-02"}, {"to_date": "2026-10-01"}),
                (None, {"start": "2026-10-01"}, {"to_date": "2026-10-01"}),
                ("PERIOD", {"end": "2026-10-01"}, {"from_date": "2026-10-02"}),
                ("WEEKDAYS", {"weekdays": ["mo"]}, {"weekdays": ["tu", "we"]}),
                (None, {"weekdays": []}, {"weekdays": ["tu", "we"]}),
                ("COST", {"cost_cents": 1}, {"max_cost_cents": 0}),
                (None, {"cost_cents": 1, "funds": ["f"]}, {"max_cost_cents": 0, "funds": ["f", "g"]}),
                (None, {"cost_cents": 1}, {"funds": ["f"]}),
                ("NEEDS", {"needs": ["vision"]}, {"needs": ["vision", "hearing"]}),
                ("LANGUAGE", {}, {"languages": ["ar"]}),
                (None, {}, {"languages": ["ar", "nl"]}),
                ("REGION", {}, {"region": "GM0622"}),
                (None, {}, {"region": "GM0002"}),
                ("REGION", {"remote": True}, {"region": "PV27"}),
                ("DISTANCE", {"lat": 52.37, "lon": 4.89}, {}),
                (None, {"lat": 52.37, "lon": 4.89, "remote": True}, {}),
                ("INTEREST", {}, {"interests": {"kunst": 10}}),
                (None, {}, {"interests": {"sport.bal.handbal": 10}}),
                ("OFFER_NOT_OPEN", {"status": "closed", "seats": 0}, {"kinds": ["culture"]}),  # the first counts
        ]:
            self.assertEqual(reason(offer(1, **changed), query), expected, (changed, query))

    def test_partner(self):
        self.assertEqual(reason(offer(1), {}, status="pending"), "OFFER_NOT_OPEN")
        internship = offer(1, kind="internship")
        for first, last, expected in [("", "", None), ("2026-09-01", "2026-09-01", None),
                                      ("2026-09-02", "", "ACCREDITATION"), ("", "2026-08-31", "ACCREDITATION")]:
            held = [{"crebo": 25655, "first_day": first, "last_day": last}]
            self.assertEqual(reason(internship, {"qualification": 25655}, accreditations=held), expected)

    def test_reserve(self):
        # 5 seats, 2 taken of which 1 by a referred student, 3 reserved: 5 - 2 - (3 - 1) = 1 for others.
        row = offer(1, seats=5, seats_taken=2, reserved_taken=1, reserved_seats=3, reserved_until="2026-09-01")
        w = world([row])
        for query, seats in [({}, 1), ({"referred": True}, 3), ({"as_of": "2026-09-02"}, 3)]:
            self.assertEqual(matcher.explain(w, {**HERE, **query}, 1, TODAY)[1]["seats_free"], seats)
        never = offer(1, seats=1, reserved_seats=1)
        self.assertEqual(reason(never, {"as_of": "2099-01-01"}), "NO_SEAT")
        self.assertEqual(reason(never, {"referred": True}), None)


class Scores(unittest.TestCase):
    def parts(self, row, query):
        match = matcher.explain(world([row]), query, 1, TODAY)[1]
        return match["interest"], match["proximity"], match["transition"], match["score"]

    def test_parts(self):
        row = offer(1, lat=0.0, lon=0.1, transitions=["vmbo_mbo"])  # 11,119.508 m = 11,120 from (0, 0)
        origin = {"at": [0.0, 0.0]}
        # I = 100 * (10 * 100 + 30 * 60) / 40... with "zorg" unmet: (20 * 100 + 10 * 30) * 100 / 40 = 5750
        wanted = {"sport": 20, "sport.bal.handbal": 10, "zorg": 10}
        # P = 10000 * 13880 / 25000 = 5552; score = (60 * 5750 + 30 * 5552 + 10 * 10000) / 100 = 6115.6
        self.assertEqual(self.parts(row, {**origin, "interests": wanted, "transition": "vmbo_mbo"}),
                         (5750, 5552, 10000, 6115))
        # Without interests and transition only P counts.
        self.assertEqual(self.parts(row, origin), (0, 5552, 0, 5552))
        self.assertEqual(self.parts(row, {**origin, "transition": "mbo_hbo", "weights": [100, 0, 1]}), (0, 5552, 0, 0))
        self.assertEqual(self.parts(row, {**origin, "weights": [1, 0, 1]}), (0, 5552, 0, 0))
        self.assertEqual(self.parts(row, {**origin, "radius_m": 11_120}), (0, 0, 0, 0))
        self.assertEqual(self.parts({**row, "remote": True}, origin), (0, 5000, 0, 5000))

    def test_default_radius(self):
        row = offer(1)
        # No origin: the region's centroid, no distance limit, P over 50 km. Vlaardingen to the offer: 4,262 m.
        d = matcher.distance_m((51.91, 4.34), (51.92, 4.40))
        self.assertEqual(self.parts(row, {"region": "GM0622"})[1], 10000 * (50_000 - d) // 50_000)
        self.assertEqual(self.parts(row, {"region": "GM0622", **HERE})[1], 10000)
        self.assertEqual(reason(row, {"postcode": "3111", "at": None}), None)
        self.assertEqual(self.parts(row, {"from": "GM0001"})[1], 10000)


class Answers(unittest.TestCase):
    def test_order_and_pages(self):
        rows = [offer(n, partner=f"p{1 + n % 2}") for n in range(1, 8)]
        w = world(rows, [partner(1), partner(2)])
        first, second = (matcher.answer(w, {**HERE, "limit": 3, "tie_seed": seed}, TODAY) for seed in (0, 1))
        self.assertNotEqual(ids(first["order"]), ids(second["order"]))
        self.assertEqual(ids(first["order"]), sorted(range(1, 8), key=lambda n: matcher.mix(n, 0)))
        self.assertEqual([len(page) for page in first["pages"]], [3, 3, 1])
        self.assertEqual(sum(first["pages"], []), first["order"])
        self.assertEqual(first["total"], 7)

    def test_cap(self):
        # Nearer is better: p1, p1, p1, p2, p1 in this order.
        rows = [offer(n, lat=51.92 + n / 1000, partner="p2" if n == 4 else "p1") for n in range(1, 6)]
        w = world(rows, [partner(1), partner(2)])
        capped = matcher.answer(w, {**HERE, "limit": 2, "max_per_partner": 1}, TODAY)
        # The first page examines 1, 2, 3, 4; the second starts behind 4.
        self.assertEqual([ids(page) for page in capped["pages"]], [[1, 4], [5]])
        self.assertEqual(capped["total"], 5)

    def test_discoveries(self):
        rows = [offer(1), offer(2, interests=["kunst.dans"]), offer(3, interests=["kunst"], lat=51.93),
                offer(4, interests=["zorg", "sport"]), offer(5, interests=["zorg"], lat=51.95),
                offer(6, interests=["zorg"], status="paused")]
        got = matcher.answer(world(rows), {**HERE, "interests": {"sport.bal": 1}, "discover": 5}, TODAY)
        self.assertEqual(ids(got["discoveries"]), [2, 5])
        self.assertEqual(got["discoveries"][0]["score"], 10000)
        self.assertEqual(ids(got["order"]), [1, 4])
        self.assertEqual(matcher.answer(world(rows), {**HERE, "discover": 5}, TODAY)["discoveries"], [])

    def test_facets(self):
        rows = [offer(1), offer(2, interests=["kunst.dans", "kunst", "zorg"], region="GM0622"), offer(3, kind="culture"),
                offer(4, seats=0)]
        self.assertEqual(matcher.answer(world(rows), HERE, TODAY)["facets"], {
            "kind": {"sport": 2, "culture": 1}, "partner_kind": {"sport_club": 3},
            "interest": {"sport": 2, "kunst": 1, "zorg": 1}, "municipality": {"GM0606": 2, "GM0622": 1},
            "province": {"PV28": 3}})


if __name__ == "__main__":
    unittest.main()
