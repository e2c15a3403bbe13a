# SPDX-License-Identifier: Apache-2.0
"""Bad input: every field is refused with its name, and nothing of the request is applied."""
import unittest

import harness
from harness import INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OK, frame, point, protocol_pb2

PARTNER = {"external_id": "new", "kind": "PARTNER_KIND_COMPANY", "name": "Bedrijf", "region": "GM0606"}
OFFER = {"external_id": "new", "kind": "OFFER_KIND_INTERNSHIP", "title": "Stage", "interests": ["zorg"], "seats": 1}
QUERY = {"region": "NL"}
NO_REGION = {"at": point(51.92, 4.4), "region": ""}
REFUSED = (INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION)


class Input(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon().start()
        cls.addClassCleanup(cls.daemon.remove)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.partner = cls.client.add_partner("p")
        cls.offer = cls.client.add_offer("o", cls.partner)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.before = self.counts()

    def tearDown(self):
        self.assertEqual(self.counts(), self.before, "something of a refused request was applied")

    def counts(self):
        server = self.client.call(status={}).server
        return server.sequence, server.partners, server.offers, server.interests, server.regions, server.postcodes

    def refuse(self, field, given=None, codes=(INVALID_ARGUMENT,), **body):
        """The request is refused, the status names the field and has a message, which shows what was given."""
        status = self.client.ask(**body).status
        self.assertIn(status.code, codes, f"{field}: {status} for {str(body)[:300]}")
        self.assertIn(field, status.field, f"{status} for {str(body)[:300]}")
        self.assertTrue(status.message)
        self.assertLessEqual(len(status.message.encode()), 1000)
        if given is not None:
            self.assertIn(given, status.message)

    def refuse_partner(self, field, given=None, **fields):
        self.refuse(field, given, REFUSED, write={"create_partner": {"partner": {**PARTNER, **fields}}})

    def refuse_offer(self, field, given=None, **fields):
        offer = {**OFFER, "partner_id": self.partner, **fields}
        self.refuse(field, given, REFUSED, write={"create_offer": {"offer": offer}})

    def refuse_query(self, field, given=None, **fields):
        query = {name: value for name, value in {**QUERY, **fields}.items() if value != ""}
        self.refuse(field, given, REFUSED, match={"query": query})
        explained = self.client.ask(explain={"query": query, "offer_id": self.offer}).status
        if field not in ("limit", "cursor", "discover"):
            self.assertIn(explained.code, REFUSED, f"explain takes {fields}")

    # Fields

    def test_partner(self):
        self.refuse_partner("kind", kind=0)
        self.refuse_partner("kind", "99", kind=99)
        self.refuse_partner("status", "77", status=77)
        self.refuse_partner("name", name="")
        self.refuse_partner("name", name="x" * 201)
        self.refuse_partner("name", name="é" * 201)
        self.refuse_partner("name", name="twee\nregels")
        self.refuse_partner("external_id", external_id="met spatie")
        self.refuse_partner("external_id", external_id="x" * 129)
        self.refuse_partner("region", "GM9999", region="GM9999")
        self.refuse_partner("region", "PV28", region="PV28")  # a province is no place
        self.refuse_partner("position", "91", position=point(91, 4))
        self.refuse_partner("position", "181", position=point(51, 181))
        self.refuse_partner("position", position=point(51, -180.000001))
        self.refuse_partner("website", website="javascript:alert(1)")
        self.refuse_partner("website", website="https://" + "x" * 500)
        self.refuse_partner("identifiers", identifiers=[{"scheme": "kvk", "value": "1"}])
        self.refuse_partner("identifiers", identifiers=[{"scheme": "btw", "value": "12345678"}])
        self.refuse_partner("identifiers", identifiers=[{"scheme": "kvk", "value": "12345678"}] * 2)
        for crebo in (0, 9999, 100000):
            self.refuse_partner("accreditations", str(crebo), accreditations=[{"crebo": crebo}])
        self.refuse_partner("accreditations", accreditations=[{"crebo": 25655, "first_day": "2026-02-30"}])
        self.refuse_partner("accreditations",
                            accreditations=[{"crebo": 25655, "first_day": "2026-02-02", "last_day": "2026-02-01"}])
        self.refuse_partner("accreditations", accreditations=[{"crebo": 10000 + i} for i in range(501)])
        self.refuse_partner("id", id=7)
        self.refuse("source", write={"source": "met spatie", "create_partner": {"partner": PARTNER}})

    def test_offer(self):
        self.refuse_offer("kind", kind=0)
        self.refuse_offer("kind", "6", kind=6)
        self.refuse_offer("title", title="")
        self.refuse_offer("title", title="x" * 201)
        self.refuse_offer("title", title="x" * 1_000_000)
        self.refuse_offer("title", title="a\x07b")
        self.refuse_offer("description", description="x" * 4001)
        self.refuse_offer("url", url="ftp://example.org")
        self.refuse_offer("address", address="x" * 301)
        self.refuse_offer("position", "91", position=point(91, 4))
        self.refuse_offer("position", "-180", position={"lat_e6": 0, "lon_e6": -180_000_001})
        self.refuse_offer("region", "NL", region="NL")
        self.refuse_offer("region", "AL-W", region="AL-W")
        self.refuse_offer("region", "Schiedam", region="Schiedam")
        self.refuse_offer("interests", interests=[])
        self.refuse_offer("interests", "onbekend", interests=["zorg", "onbekend"])
        self.refuse_offer("interests", "zorg", interests=["zorg", "zorg"])
        self.refuse_offer("interests", interests=["zorg", "kunst", "kunst.dans", "sport", "sport.voetbal", "sport.handbal",
                                                  "leeg", "zorg", "kunst"])
        self.refuse_offer("levels", "17", levels=[17])
        self.refuse_offer("levels", levels=[0])
        self.refuse_offer("transitions", "13", transitions=[13])
        self.refuse_offer("weekdays", "8", weekdays=[8])
        self.refuse_offer("needs", "6", needs=[6])
        self.refuse_offer("track", "3", track=3)
        self.refuse_offer("status", "4", status=4)
        self.refuse_offer("seats", "65536", seats=65_536)
        self.refuse_offer("seats", seats=2**32 - 1)  # 0 minus one
        self.refuse_offer("reserved_seats", "2", seats=1, reserved_seats=2)
        self.refuse_offer("cost_cents", "100000001", cost_cents=100_000_001)
        self.refuse_offer("allowance_cents", allowance_cents=100_000_001)
        self.refuse_offer("hours_per_week", "61", hours_per_week=61)
        self.refuse_offer("funds", funds=["Jeugdfonds"])
        self.refuse_offer("funds", funds=["x" * 33])
        self.refuse_offer("funds", funds=[f"f{i}" for i in range(9)])
        self.refuse_offer("languages", languages=["nld"])
        self.refuse_offer("languages", languages=["NL"])
        self.refuse_offer("end", "2026-01-31", start="2026-02-01", end="2026-01-31")
        for day in ("2026-02-29", "2026-13-01", "2026-1-1", "01-02-2026", "gisteren", "2026-02-01T00:00:00"):
            for name in ("start", "end", "deadline", "reserved_until"):
                self.refuse_offer(name, day, **{name: day})
        self.refuse_offer("min_age", "121", min_age=121)
        self.refuse_offer("max_age", "121", max_age=121)
        self.refuse_offer("age", min_age=18, max_age=17)
        self.refuse_offer("partner", "999999", partner_id=999_999)
        self.refuse_offer("partner", "niemand", partner_id=0, partner_external_id="niemand")
        self.refuse_offer("partner", partner_id=0)
        self.refuse_offer("id", id=7)

    def test_place_is_needed_somewhere(self):
        nowhere = {**PARTNER, "external_id": "nowhere", "region": ""}
        partner = self.client.write(create_partner={"partner": nowhere}).id
        before, self.before = self.before, self.counts()
        status = self.client.ask(write={"create_offer": {"offer": {**OFFER, "partner_id": partner}}}).status
        self.assertIn(status.code, REFUSED)
        self.assertRegex(status.field, "position|region")
        self.assertEqual(self.counts(), self.before)
        offer = self.client.add_offer("nowhere", partner, remote=True)
        match = next(m for m in self.client.match(at=point(0, 0), radius_m=1).matches if m.offer_id == offer)
        self.assertEqual((match.municipality, match.place, match.WhichOneof("distance"), match.HasField("position")),
                         ("", "", None, False))
        self.client.write(remove_partner={"id": partner})
        self.before = (self.counts()[0], *before[1:])

    def test_valid_edges(self):
        edges = {"seats": 0, "deadline": "2030-01-02", "start": "2030-01-01", "end": "2030-01-01", "min_age": 0, "max_age": 0,
                 "title": "é" * 200, "description": "regel\nregel\tregel" + "x" * 3900, "reserved_seats": 0,
                 "cost_cents": 100_000_000, "position": point(-90, 180), "hours_per_week": 60, "funds": ["0", "a-b_c"]}
        offer = self.client.add_offer("edges", self.partner, **edges)
        stored = self.client.call(get_offer={"id": offer}).get_offer
        for name, value in edges.items():
            if name != "position":
                self.assertEqual(getattr(stored, name), value)
        self.assertEqual(stored.WhichOneof("min_age_given"), "min_age")
        self.client.write(remove_offer={"id": offer})
        self.before = (self.counts()[0], *self.before[1:])

    def test_query(self):
        self.refuse_query("origin", region="")
        self.refuse_query("region", "GM9999", region="GM9999")
        self.refuse_query("from_region", "GM9999", from_region="GM9999")
        self.refuse_query("postcode", "3111", postcode="3111")  # none was imported
        self.refuse_query("postcode", "31111", postcode="31111")
        self.refuse_query("postcode", postcode="3111AB")
        self.refuse_query("at", "91", at=point(91, 4))
        self.refuse_query("at", "181", at=point(51, 181))
        self.refuse_query("radius_m", "0", **NO_REGION, radius_m=0)
        self.refuse_query("radius_m", "500001", radius_m=500_001)
        self.refuse_query("kinds", "9", kinds=[9])
        self.refuse_query("kinds", kinds=[0])
        self.refuse_query("partner_kinds", "7", partner_kinds=[7])
        self.refuse_query("interests", "onbekend", interests=[{"code": "onbekend"}])
        self.refuse_query("interests", "zorg", interests=[{"code": "zorg"}, {"code": "zorg"}])
        self.refuse_query("interests", "101", interests=[{"code": "zorg", "weight": 101}])
        self.refuse_query("interests", interests=[{"code": "zorg"}] * 17)
        self.refuse_query("levels", levels=[1, 2, 3, 4, 5])
        self.refuse_query("levels", "17", levels=[17])
        self.refuse_query("transition", "13", transition=13)
        self.refuse_query("age", "121", age=121)
        self.refuse_query("qualification", "9999", qualification=9999)
        self.refuse_query("qualification", "100000", qualification=100_000)
        self.refuse_query("from_date", "2026-02-30", from_date="2026-02-30")
        self.refuse_query("to_date", "morgen", to_date="morgen")
        self.refuse_query("to_date", from_date="2026-02-02", to_date="2026-02-01")
        self.refuse_query("weekdays", "8", weekdays=[8])
        self.refuse_query("max_cost_cents", "100000001", max_cost_cents=100_000_001)
        self.refuse_query("funds", funds=["met spatie"])
        self.refuse_query("funds", funds=[f"f{i}" for i in range(9)])
        self.refuse_query("needs", "6", needs=[6])
        self.refuse_query("languages", languages=["dutch"])
        self.refuse_query("languages", languages=["nl", "en", "de", "fr", "es", "it", "pl", "tr", "ar"])
        self.refuse_query("limit", "101", limit=101)
        self.refuse_query("weights", weights={})
        self.refuse_query("weights", "101", weights={"interest": 101})
        self.refuse_query("as_of", "2026-00-01", as_of="2026-00-01")
        self.refuse_query("discover", "6", discover=6)
        self.refuse_query("cursor", cursor=b"x")
        self.refuse_query("cursor", cursor=b"\0" * 64)

    def test_no_query(self):
        self.assertEqual(self.client.ask(match={}).status.code, INVALID_ARGUMENT)
        self.assertEqual(self.client.ask(explain={"offer_id": self.offer}).status.code, INVALID_ARGUMENT)

    def test_cursor_of_another_query(self):
        made = [self.client.add_offer(f"cursor-{i}", self.partner) for i in range(4)]
        first = self.client.match(region="NL", limit=1, as_of="2026-09-01")
        self.assertTrue(first.next_cursor)
        same = {"region": "NL", "limit": 1, "cursor": first.next_cursor}
        self.assertEqual(len(self.client.match(**same).matches), 1)
        self.assertEqual(len(self.client.match(**same, as_of="2026-09-01").matches), 1)
        for other in ({"limit": 2}, {"region": "PV28"}, {"tie_seed": 1}, {"as_of": "2026-09-02"}, {"age": 0},
                      {"weights": {"interest": 1}}, {"referred": True}, {"discover": 1}, {"max_per_partner": 1}, {"radius_m": 9},
                      {"funds": ["x"]}, {"max_cost_cents": 0}, {"interests": [{"code": "sport"}]}):
            self.assertEqual(self.client.ask(match={"query": {**same, **other}}).status.code, INVALID_ARGUMENT, other)
        cursor = bytearray(first.next_cursor)
        for at in range(len(cursor)):
            for bit in (1, 128):
                broken = bytearray(cursor)
                broken[at] ^= bit
                response = self.client.ask(match={"query": {**same, "cursor": bytes(broken)}})
                self.assertIn(response.status.code, (OK, INVALID_ARGUMENT), f"byte {at} of the cursor altered")
        for number in made:
            self.client.write(remove_offer={"id": number})
        self.before = (self.counts()[0], *self.before[1:])

    def test_taxonomy(self):
        interest = {"code": "zorg.kind", "label_nl": "Kinderopvang", "label_en": "Child care"}
        for field, fields in [
                ("code", {"code": ""}), ("code", {"code": "Zorg"}), ("code", {"code": "zorg..kind"}), ("code", {"code": ".zorg"}),
                ("code", {"code": "zorg.a.b.c.d"}), ("code", {"code": "geen.kind"}), ("code", {"code": "x" * 65}),
                ("label_nl", {"label_nl": ""}), ("label_en", {"label_en": "x" * 101}), ("synonyms", {"synonyms": ["x"] * 33}),
                ("synonyms", {"synonyms": [""]}), ("synonyms", {"synonyms": ["x" * 61]})]:
            self.refuse(field, None, REFUSED, write={"upsert_interest": {"interest": {**interest, **fields}}})
        region = {"code": "GM9998", "type": "REGION_TYPE_MUNICIPALITY", "parents": ["PV28"], "name": "Nieuw",
                  "centroid": point(52, 4)}
        for field, fields in [
                ("code", {"code": ""}), ("code", {"code": "met spatie"}), ("code", {"code": "x" * 65}), ("type", {"type": 0}),
                ("type", {"type": 8}), ("name", {"name": ""}), ("parents", {"parents": ["PV99"]}),
                ("centroid", {"centroid": point(91, 0)}), ("centroid", {"centroid": None}),
                ("successor", {"successor": "GM7777"}), ("successor", {"successor": "GM9998"}),
                ("parents", {"type": "REGION_TYPE_PLACE", "parents": []}),
                ("parents", {"type": "REGION_TYPE_PLACE", "parents": ["GM0606", "GM0622"]}),
                ("parents", {"type": "REGION_TYPE_PLACE", "parents": ["PV28"]}),
                ("type", {"code": "GM0606", "type": "REGION_TYPE_PROVINCE", "parents": ["NL"]}),
                ("parents", {"code": "PV28", "type": "REGION_TYPE_PROVINCE", "parents": ["GM0606"]})]:
            self.refuse(field, None, REFUSED, write={"upsert_region": {"region": {**region, **fields}}})
        # GM0001 became GM0606: the other way around it would be a circle.
        self.refuse("successor", None, REFUSED,
                    write={"upsert_region": {"region": {**region, "code": "GM0606", "successor": "GM0001"}}})
        postcode = {"postcode": 3111, "centroid": point(51.9, 4.4), "municipality": "GM0606"}
        for field, fields in [("postcode", {"postcode": 999}), ("postcode", {"postcode": 10000}),
                              ("centroid", {"centroid": point(0, 200)}), ("municipality", {"municipality": "GM7777"}),
                              ("municipality", {"municipality": "PV28"})]:
            self.refuse(field, None, REFUSED, write={"upsert_postcode": {"postcode": {**postcode, **fields}}})

    def test_unknown_records(self):
        for body in ({"get_offer": {"id": 999_999}}, {"get_partner": {"id": 999_999}}, {"get_offer": {"external_id": "nergens"}},
                     {"get_partner": {"external_id": "p", "source": "other"}},
                     {"explain": {"query": QUERY, "offer_id": 999_999}},
                     {"write": {"remove_offer": {"id": 999_999}}}, {"write": {"remove_partner": {"id": 999_999}}},
                     {"write": {"set_offer_status": {"id": 999_999, "status": 1}}},
                     {"write": {"set_partner_status": {"id": 999_999, "status": 1}}},
                     {"write": {"remove_interest": {"code": "nergens"}}}, {"write": {"remove_region": {"code": "nergens"}}},
                     {"write": {"remove_postcode": {"postcode": 9999}}},
                     {"write": {"replace_offer": {"offer": {**OFFER, "id": 999_999, "version": 1, "partner_id": self.partner}}}}):
            self.assertEqual(self.client.ask(**body).status.code, NOT_FOUND, body)

    def test_lists(self):
        self.refuse("limit", "1001", list_offers={"limit": 1001})
        self.refuse("limit", "1001", list_regions={"limit": 1001})
        self.refuse("cursor", list_offers={"cursor": b"xx"})
        self.refuse("status", "9", list_offers={"status": 9})
        self.refuse("kind", "9", list_partners={"kind": 9})
        self.refuse("text", find_interests={"text": ""})
        self.refuse("text", find_regions={"text": "x" * 101})
        self.refuse("limit", "101", find_regions={"text": "x", "limit": 101})

    def test_batch_limit(self):
        most = self.client.limits.max_batch_writes
        removal = {"remove_offer": {"id": 999_999}}
        results = self.client.call(batch={"writes": [removal] * most}).batch.results
        self.assertEqual([r.status.code for r in results], [NOT_FOUND] * most)
        self.refuse("writes", str(most), (INVALID_ARGUMENT, harness.RESOURCE_EXHAUSTED), batch={"writes": [removal] * (most + 1)})

    # Strings: what protobuf's own runtime would not send, put into the bytes

    def send_text(self, body, placeholder, raw):
        """Sends a request whose field holds placeholder, with raw in its place; both of one length."""
        self.assertEqual(len(placeholder), len(raw))
        request = self.client.request(**body)
        data = request.SerializeToString()
        self.assertEqual(data.count(placeholder), 1)
        self.client.send(frame(data.replace(placeholder, raw)))
        response = self.client.receive()
        self.assertIsNotNone(response, "closed: bad text is an error of one request, not of the connection")
        self.assertEqual(response.id, request.id)
        if response.WhichOneof("body") == "batch":
            return response.batch.results[0].status
        return response.status

    def test_text(self):
        bodies = [
            ("title", {"write": {"create_offer": {"offer": {**OFFER, "partner_id": self.partner, "title": "QQQQ"}}}}),
            ("description", {"write": {"create_offer": {"offer": {**OFFER, "partner_id": self.partner, "description": "QQQQ"}}}}),
            ("name", {"write": {"create_partner": {"partner": {**PARTNER, "name": "QQQQ"}}}}),
            ("interests", {"write": {"create_offer": {"offer": {**OFFER, "partner_id": self.partner, "interests": ["QQQQ"]}}}}),
            ("name", {"batch": {"writes": [{"create_partner": {"partner": {**PARTNER, "name": "QQQQ"}}}]}}),
            ("text", {"find_interests": {"text": "QQQQ"}}),
            ("region", {"match": {"query": {"region": "QQQQ"}}}),
            ("code", {"match": {"query": {**QUERY, "interests": [{"code": "QQQQ"}]}}}),
        ]
        broken = {"a byte that is never used": b"\xff\xffQQ", "cut short": b"QQ\xe2\x82", "overlong": b"\xc0\x80QQ",
                  "surrogate": b"\xed\xa0\x80Q", "above the last": b"\xf4\x90\x80\x80", "NUL": b"QQ\0Q",
                  "control": b"Q\x1bQQ", "DEL": b"QQQ\x7f"}
        for field, body in bodies:
            for what, raw in broken.items():
                with self.subTest(field=field, what=what, body=next(iter(body))):
                    status = self.send_text(body, b"QQQQ", raw)
                    self.assertIn(status.code, REFUSED)
                    if what not in ("control", "DEL") or field in ("title", "name", "description"):
                        self.assertIn(field, status.field, status)

    def test_client_name(self):
        for name in ("x" * 101, "a\nb"):
            with self.daemon.client(hello=False) as client:
                status = client.ask(hello={"protocol_version": 1, "client_name": name}).status
                self.assertEqual((status.code, status.field), (INVALID_ARGUMENT, "client_name"))

    def test_a_refusal_does_not_end_the_connection(self):
        requests = [self.client.request(match={"query": {**QUERY, "limit": 101}}), self.client.request(ping={}),
                    self.client.request(match={"query": QUERY})]
        codes = [response.status.code for response in self.client.pipeline(requests)]
        self.assertEqual(codes, [INVALID_ARGUMENT, OK, OK])
        self.assertEqual(protocol_pb2.Response().status.code, OK)


if __name__ == "__main__":
    unittest.main()
