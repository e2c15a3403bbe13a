# SPDX-License-Identifier: Apache-2.0
"""Registering, changing and removing: versions, upserts, batches, places that offers follow, codes in use, lists."""
import unittest

import harness
from harness import (ABORTED, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OK, command_pb2, common_pb2,
                     point)

CREATED, UPDATED, UNCHANGED, REMOVED = (
    command_pb2.OUTCOME_CREATED, command_pb2.OUTCOME_UPDATED, command_pb2.OUTCOME_UNCHANGED, command_pb2.OUTCOME_REMOVED)
PENDING, ACTIVE, SUSPENDED = 1, 2, 3
OPEN, PAUSED, CLOSED = 1, 2, 3


class Writes(unittest.TestCase):
    """One daemon; each test has a partner of its own and asks for its offers by that partner's own interest."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon().start()
        cls.addClassCleanup(cls.daemon.remove)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[1]
        self.code = self.name[:60]
        interest = {"code": self.code, "label_nl": "Proef", "label_en": "Trial"}
        self.client.write(upsert_interest={"interest": interest})
        self.partner = self.client.add_partner(f"{self.name}/p")

    def offer(self, suffix="o", **fields):
        return self.client.add_offer(f"{self.name}/{suffix}", self.partner, **{"interests": [self.code], **fields})

    def found(self, **query):
        """Offers of this test that match, by id."""
        query = query or {"region": "NL"}
        return sorted(self.client.matched(interests=[{"code": self.code}], **query))

    def refused(self, code, **write):
        with self.assertRaises(harness.Refused) as caught:
            self.client.write(**write)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def get_offer(self, number):
        return self.client.call(get_offer={"id": number}).get_offer

    def get_partner(self, number):
        return self.client.call(get_partner={"id": number}).get_partner

    # Create, replace, upsert

    def test_create_and_show(self):
        number = self.offer(title="Voetbal ⚽", url="https://example.org", cost_cents=1250, min_age=0, levels=[6, 5],
                            direct_placement=False, description="a\nb", weekdays=[3, 1])
        offer = self.get_offer(number)
        self.assertEqual((offer.id, offer.version, offer.source, offer.external_id, offer.partner_id, offer.partner_external_id),
                         (number, 1, "local", f"{self.name}/o", self.partner, f"{self.name}/p"))
        self.assertEqual((offer.title, offer.description, offer.cost_cents, offer.status), ("Voetbal ⚽", "a\nb", 1250, OPEN))
        self.assertEqual((offer.WhichOneof("min_age_given"), offer.WhichOneof("max_age_given")), ("min_age", None))
        self.assertEqual(offer.WhichOneof("direct_placement_given"), "direct_placement")
        self.assertEqual((set(offer.levels), set(offer.weekdays)), ({5, 6}, {1, 3}))
        self.assertGreater(offer.created_us, 1_600_000_000_000_000)
        self.assertEqual(offer.created_us, offer.updated_us)
        self.assertEqual(self.client.call(get_offer={"external_id": offer.external_id}).get_offer, offer)
        partner = self.get_partner(self.partner)
        self.assertEqual((partner.version, partner.status, partner.region), (1, ACTIVE, "GM0606"))

    def test_duplicate_external_id(self):
        number = self.offer()
        refusal = self.refused(ALREADY_EXISTS, create_offer={"offer": {
            "external_id": f"{self.name}/o", "partner_id": self.partner, "kind": 2, "title": "x", "interests": [self.code]}})
        self.assertIn("external_id", refusal.field)
        self.refused(ALREADY_EXISTS, create_partner={"partner": {
            "external_id": f"{self.name}/p", "kind": 1, "name": "x", "region": "GM0606"}})
        self.assertEqual(self.get_offer(number).title, "Training")
        # The same external id of another source is another record.
        other = self.client.write(source="other", create_partner={"partner": {
            "external_id": f"{self.name}/p", "kind": 1, "name": "x", "region": "GM0606"}})
        self.assertNotEqual(other.id, self.partner)
        self.assertEqual(self.client.call(get_partner={"external_id": f"{self.name}/p", "source": "other"}).get_partner.id,
                         other.id)

    def test_records_without_external_id(self):
        first = self.client.add_offer("", self.partner, interests=[self.code])
        second = self.client.add_offer("", self.partner, interests=[self.code])
        self.assertEqual(self.found(), [first, second])
        self.refused(INVALID_ARGUMENT, upsert_offer={"offer": {
            "partner_id": self.partner, "kind": 2, "title": "x", "interests": [self.code], "seats": 1}})

    def test_stale_version_is_aborted(self):
        offer = self.get_offer(self.offer())
        offer.title = "Tweede"
        result = self.client.write(replace_offer={"offer": offer})
        self.assertEqual((result.outcome, result.version), (UPDATED, 2))
        offer.title = "Derde, op het eerste gebouwd"
        self.refused(ABORTED, replace_offer={"offer": offer})
        self.refused(ABORTED, set_offer_status={"id": offer.id, "version": 1, "status": PAUSED})
        self.refused(ABORTED, remove_offer={"id": offer.id, "version": 1})
        upsert = command_pb2.UpsertOffer(offer=offer)
        upsert.offer.id = 0
        self.refused(ABORTED, upsert_offer=upsert)
        self.assertEqual((self.get_offer(offer.id).title, self.get_offer(offer.id).version), ("Tweede", 2))
        partner = self.get_partner(self.partner)
        partner.version = 9
        self.refused(ABORTED, replace_partner={"partner": partner})
        self.refused(ABORTED, set_partner_status={"id": partner.id, "version": 9, "status": PENDING})
        self.refused(ABORTED, remove_partner={"id": partner.id, "version": 9})

    def test_replace_needs_a_version(self):
        offer = self.get_offer(self.offer())
        offer.version = 0
        offer.title = "Zonder versie"
        with self.assertRaises(harness.Refused) as caught:
            self.client.write(replace_offer={"offer": offer})
        self.assertIn(caught.exception.code, (INVALID_ARGUMENT, ABORTED))

    def test_upsert(self):
        offer = {"external_id": f"{self.name}/u", "partner_external_id": f"{self.name}/p", "kind": 2, "title": "Een",
                 "interests": [self.code], "seats": 1}
        created = self.client.write(upsert_offer={"offer": offer})
        self.assertEqual((created.outcome, created.version), (CREATED, 1))
        same = self.client.write(upsert_offer={"offer": offer})
        self.assertEqual((same.outcome, same.id, same.version, same.sequence), (UNCHANGED, created.id, 1, 0))
        updated = self.client.write(upsert_offer={"offer": {**offer, "title": "Twee"}})
        self.assertEqual((updated.outcome, updated.id, updated.version), (UPDATED, created.id, 2))
        self.assertGreater(updated.sequence, created.sequence)
        self.client.write(set_offer_status={"id": created.id, "status": PAUSED})
        self.client.write(upsert_offer={"offer": {**offer, "title": "Drie"}})
        self.assertEqual(self.get_offer(created.id).status, PAUSED, "a status that is not given stays")
        self.assertEqual(self.get_offer(created.id).created_us, self.get_offer(created.id).created_us)

    def test_offer_changes_its_partner(self):
        moves, stays = self.offer("moves"), self.offer("stays")
        second = self.client.add_partner(f"{self.name}/q", kind="PARTNER_KIND_SCHOOL", region="GM0363")
        offer = self.get_offer(moves)
        offer.partner_id, offer.partner_external_id = second, ""
        self.client.write(replace_offer={"offer": offer})
        self.assertEqual(self.found(region="PV27"), [moves])
        self.assertEqual(self.found(region="NL", partner_kinds=[common_pb2.PARTNER_KIND_SCHOOL]), [moves])
        self.client.write(set_partner_status={"id": self.partner, "status": SUSPENDED})
        self.assertEqual(self.found(), [moves])
        self.client.write(remove_partner={"id": self.partner})
        self.assertEqual(self.client.ask(get_offer={"id": stays}).status.code, NOT_FOUND)
        self.assertEqual([o.id for o in self.client.call(list_offers={"partner_id": second}).list_offers.offers], [moves])
        self.client.write(remove_partner={"id": second})
        self.assertEqual(self.found(), [])

    def test_external_ids_change(self):
        first, second = self.offer("a"), self.offer("b")
        offer = self.get_offer(first)
        offer.external_id = f"{self.name}/b"
        self.refused(ALREADY_EXISTS, replace_offer={"offer": offer})
        offer.external_id = f"{self.name}/c"
        self.client.write(replace_offer={"offer": offer})
        ask = lambda suffix: self.client.ask(get_offer={"external_id": f"{self.name}/{suffix}"})
        self.assertEqual((ask("a").status.code, ask("b").get_offer.id, ask("c").get_offer.id), (NOT_FOUND, second, first))
        self.assertNotIn(self.offer("a"), (first, second))
        partner = self.get_partner(self.partner)
        partner.external_id = f"{self.name}/other"
        self.client.write(replace_partner={"partner": partner})
        self.assertEqual(self.get_offer(second).partner_external_id, partner.external_id)
        self.assertEqual(self.client.ask(get_partner={"external_id": f"{self.name}/p"}).status.code, NOT_FOUND)

    def test_idempotency_key(self):
        """A repeat of a write with its key is not applied again: the first answer comes back, or keys are refused."""
        write = {"create_offer": {"offer": {"partner_id": self.partner, "kind": 2, "title": "x", "interests": [self.code],
                                            "seats": 1}}}
        requests = [self.client.request(write=write, idempotency_key=f"{self.name}-1") for _ in range(2)]
        first, second = (response.write for response in self.client.pipeline(requests))
        self.assertEqual(first, second)
        self.assertLessEqual(len(self.found()), 1)

    def test_upsert_unchanged_taxonomy(self):
        for operation in ({"upsert_interest": {"interest": {"code": self.code, "label_nl": "Proef", "label_en": "Trial"}}},
                          {"upsert_region": {"region": {
                              "code": "PL-kethel", "type": "REGION_TYPE_PLACE", "parents": ["GM0606"], "name": "Kethel",
                              "centroid": point(51.94, 4.38)}}},
                          {"set_partner_status": {"id": self.partner, "status": ACTIVE}},
                          {"upsert_partner": {"partner": {"external_id": f"{self.name}/p", "kind": 2, "name": "Club",
                                                          "region": "GM0606"}}}):
            result = self.client.write(**operation)
            self.assertEqual((result.outcome, result.sequence), (UNCHANGED, 0), operation)

    # Batches

    def test_bad_write_in_the_middle(self):
        offer = {"partner_id": self.partner, "kind": 2, "title": "x", "interests": [self.code], "seats": 1}
        before = self.client.call(status={}).server.sequence
        results = self.client.call(batch={"writes": [
            {"create_offer": {"offer": {**offer, "external_id": f"{self.name}/1"}}},
            {"create_offer": {"offer": {**offer, "external_id": f"{self.name}/2", "interests": ["nergens"]}}},
            {"create_offer": {"offer": {**offer, "external_id": f"{self.name}/1"}}},
            {},
            {"create_offer": {"offer": {**offer, "external_id": f"{self.name}/3"}}},
        ]}).batch.results
        self.assertEqual([r.status.code for r in results], [OK, INVALID_ARGUMENT, ALREADY_EXISTS, INVALID_ARGUMENT, OK])
        self.assertIn("interests", results[1].status.field)
        self.assertEqual(self.found(), sorted([results[0].id, results[4].id]))
        self.assertEqual([r.sequence for r in results], [before + 1, 0, 0, 0, before + 2])

    def test_writes_of_a_batch_see_those_before(self):
        results = self.client.call(batch={"writes": [
            {"upsert_interest": {"interest": {"code": f"{self.code}.b", "label_nl": "B", "label_en": "B"}}},
            {"create_partner": {"partner": {"external_id": f"{self.name}/q", "kind": 1, "name": "Q", "region": "GM0606"}}},
            {"create_offer": {"offer": {"external_id": f"{self.name}/r", "partner_external_id": f"{self.name}/q", "kind": 1,
                                        "title": "R", "interests": [f"{self.code}.b"], "seats": 1}}},
        ]}).batch.results
        self.assertEqual([r.status.code for r in results], [OK] * 3)
        self.assertEqual(self.found(), [results[2].id])

    # Status and removal

    def test_suspension(self):
        offers = [self.offer(str(i)) for i in range(5)]
        self.client.write(set_offer_status={"id": offers[4], "status": CLOSED})
        for status in (SUSPENDED, PENDING):
            self.client.write(set_partner_status={"id": self.partner, "status": status})
            self.assertEqual(self.found(), [])
            self.assertEqual(self.client.explain(offers[0], region="NL").reason, 1)
            late = self.offer(f"late-{status}")  # an offer that comes while the partner is out
            self.assertEqual(self.found(), [])
            self.client.write(remove_offer={"id": late})
            self.client.write(set_partner_status={"id": self.partner, "status": ACTIVE})
            self.assertEqual(self.found(), offers[:4])
        self.client.write(set_offer_status={"id": offers[4], "status": OPEN})
        self.assertEqual(self.found(), offers)

    def test_removing_a_partner_removes_its_offers(self):
        offers = [self.offer(str(i)) for i in range(5)]
        before = self.client.call(status={}).server
        result = self.client.write(remove_partner={"id": self.partner})
        self.assertEqual((result.outcome, result.version), (REMOVED, 0))
        self.assertEqual(self.found(), [])
        after = self.client.call(status={}).server
        self.assertEqual((before.offers - after.offers, before.partners - after.partners), (5, 1))
        for number in offers:
            self.assertEqual(self.client.ask(get_offer={"id": number}).status.code, NOT_FOUND)
        self.assertEqual(self.client.ask(get_offer={"external_id": f"{self.name}/0"}).status.code, NOT_FOUND)
        self.assertEqual(self.client.ask(get_partner={"id": self.partner}).status.code, NOT_FOUND)
        # Their external ids are free again; their ids are not.
        self.partner = self.client.add_partner(f"{self.name}/p")
        self.assertGreater(self.offer("0"), max(offers))

    def test_ids_are_never_used_again(self):
        last = self.offer("last")
        self.client.write(remove_offer={"id": last})
        self.client.write(remove_partner={"id": self.partner})
        partner = self.partner
        self.client.close()
        self.daemon.restart()
        type(self).client = self.daemon.client()
        self.addClassCleanup(self.client.close)
        self.partner = self.client.add_partner(f"{self.name}/p")
        self.assertGreater(self.partner, partner)
        self.assertGreater(self.offer("last"), last)

    # Places

    def move(self, **place):
        partner = self.get_partner(self.partner)
        partner.ClearField("position")
        partner.region = place.get("region", "")
        if "position" in place:
            partner.position.CopyFrom(common_pb2.Point(**place["position"]))
        self.client.write(replace_partner={"partner": partner})

    def at(self, lat, lon):
        return self.found(at=point(lat, lon), radius_m=1)

    def test_offers_follow_their_partner(self):
        follows = self.offer("follows")
        stays = self.offer("stays", region="PL-kethel")
        keeps = self.offer("keeps", position=point(51.95, 4.41))
        remote = self.offer("remote", remote=True)
        everywhere = [remote]
        self.assertEqual(self.at(51.92, 4.4), sorted([follows, *everywhere]))
        self.move(region="GM0363")
        self.assertEqual(self.at(52.37, 4.89), sorted([follows, *everywhere]))
        self.assertEqual(self.at(51.92, 4.4), everywhere)
        self.assertEqual(self.at(51.94, 4.38), sorted([stays, *everywhere]))
        self.assertEqual(self.at(51.95, 4.41), sorted([keeps, *everywhere]))
        self.assertEqual(self.found(region="PV27"), sorted([follows, remote]))
        self.move(position=point(51.911, 4.341))
        self.assertEqual(self.at(51.911, 4.341), sorted([follows, *everywhere]))
        self.assertEqual(self.found(region="GM0622"), sorted([follows, remote]))

    def test_partner_can_not_lose_the_place_that_an_offer_needs(self):
        number = self.offer()
        partner = self.get_partner(self.partner)
        partner.region = ""
        with self.assertRaises(harness.Refused):
            self.client.write(replace_partner={"partner": partner})
        self.assertEqual(self.found(), [number])

    def test_kind_of_partner_follows(self):
        number = self.offer()
        partner = self.get_partner(self.partner)
        partner.kind = common_pb2.PARTNER_KIND_SCHOOL
        partner.name = "School"
        self.client.write(replace_partner={"partner": partner})
        self.assertEqual(self.found(region="NL", partner_kinds=[common_pb2.PARTNER_KIND_SCHOOL]), [number])
        self.assertEqual(self.found(region="NL", partner_kinds=[common_pb2.PARTNER_KIND_SPORT_CLUB]), [])
        matches = self.client.match(region="NL", interests=[{"code": self.code}]).matches
        self.assertEqual([m.partner_name for m in matches], ["School"])

    def test_accreditation_follows(self):
        number = self.offer(kind="OFFER_KIND_INTERNSHIP")
        query = {"region": "NL", "qualification": 25655}
        self.assertEqual(self.found(**query), [])
        partner = self.get_partner(self.partner)
        partner.accreditations.add(crebo=25655)
        self.client.write(replace_partner={"partner": partner})
        self.assertEqual(self.found(**query), [number])

    def region(self, code, lat, lon, **fields):
        row = {"code": code, "type": "REGION_TYPE_MUNICIPALITY", "parents": ["PV28"], "name": f"Proef {code}",
               "centroid": point(lat, lon), **fields}
        return self.client.write(upsert_region={"region": row})

    def test_offers_follow_the_centroid_of_their_region(self):
        self.region("GM-c", 51.0, 3.5)
        number = self.offer(region="GM-c")
        self.assertEqual(self.at(51.0, 3.5), [number])
        self.region("GM-c", 51.1, 3.6)
        self.assertEqual((self.at(51.0, 3.5), self.at(51.1, 3.6)), ([], [number]))

    def test_offers_follow_a_merged_municipality(self):
        self.region("GM-old", 51.2, 3.5)
        self.region("GM-new", 51.3, 3.6)
        self.region("PL-old", 51.21, 3.51, type="REGION_TYPE_PLACE", parents=["GM-old"])
        inside, place = self.offer("inside", region="GM-old"), self.offer("place", region="PL-old")
        self.assertEqual(self.found(region="GM-new"), [])
        self.region("GM-old", 51.2, 3.5, successor="GM-new")
        self.assertEqual(self.found(region="GM-new"), [inside, place])
        self.assertEqual(self.found(region="GM-old"), [inside, place])
        self.assertEqual((self.at(51.3, 3.6), self.at(51.21, 3.51)), ([inside], [place]))
        self.region("GM-old", 51.2, 3.5)  # and not merged after all
        self.assertEqual(self.found(region="GM-new"), [])
        self.assertEqual(self.at(51.2, 3.5), [inside])

    def test_nearest_municipality_is_found_again(self):
        self.region("GM-n1", 51.0, 6.0)
        number = self.offer(position=point(51.0, 6.2))
        self.assertEqual(self.found(region="GM-n1"), [number])
        self.region("GM-n2", 51.0, 6.19)  # a nearer one comes
        self.assertEqual((self.found(region="GM-n1"), self.found(region="GM-n2")), ([], [number]))
        self.region("GM-n2", 50.0, 6.19)  # and moves away
        self.assertEqual((self.found(region="GM-n1"), self.found(region="GM-n2")), ([number], []))
        self.region("GM-n2", 51.0, 6.19)
        self.client.write(remove_region={"code": "GM-n2"})  # nothing names it, so it can go
        self.assertEqual(self.found(region="GM-n1"), [number])

    def test_sets_follow_their_municipalities(self):
        self.region("AL-s", 51.0, 4.0, type="REGION_TYPE_ALLIANCE_REGION", parents=[])
        self.region("GM-s", 51.0, 4.0)
        number = self.offer(region="GM-s")
        self.assertEqual(self.found(region="AL-s"), [])
        self.region("GM-s", 51.0, 4.0, parents=["PV28", "AL-s"])
        self.assertEqual(self.found(region="AL-s"), [number])

    # Codes in use

    def test_interest_in_use_stays(self):
        number = self.offer()
        self.refused(FAILED_PRECONDITION, remove_interest={"code": self.code})
        self.client.write(upsert_interest={"interest": {"code": f"{self.code}.b", "label_nl": "B", "label_en": "B"}})
        self.client.write(remove_offer={"id": number})
        self.refused(FAILED_PRECONDITION, remove_interest={"code": self.code})  # it has one below it
        self.client.write(remove_interest={"code": f"{self.code}.b"})
        self.assertEqual(self.client.write(remove_interest={"code": self.code}).outcome, REMOVED)
        self.refused(NOT_FOUND, remove_interest={"code": self.code})

    def test_region_in_use_stays(self):
        self.refused(FAILED_PRECONDITION, remove_region={"code": "PV28"})    # it has municipalities
        self.refused(FAILED_PRECONDITION, remove_region={"code": "GM0606"})  # places, partners
        self.region("GM-u", 51.0, 4.0)
        self.region("PL-u", 51.0, 4.0, type="REGION_TYPE_PLACE", parents=["GM-u"])
        self.refused(FAILED_PRECONDITION, remove_region={"code": "GM-u"})
        number = self.offer(region="PL-u")
        self.refused(FAILED_PRECONDITION, remove_region={"code": "PL-u"})
        self.client.write(remove_offer={"id": number})
        self.client.write(remove_region={"code": "PL-u"})
        self.move(region="GM-u")
        self.refused(FAILED_PRECONDITION, remove_region={"code": "GM-u"})
        self.move(region="GM0606")
        self.client.write(upsert_postcode={"postcode": {"postcode": 9876, "centroid": point(51, 4), "municipality": "GM-u"}})
        self.refused(FAILED_PRECONDITION, remove_region={"code": "GM-u"})
        self.client.write(remove_postcode={"postcode": 9876})
        self.region("GM-v", 51.0, 4.0, successor="GM-u")
        self.refused(FAILED_PRECONDITION, remove_region={"code": "GM-u"})
        self.client.write(remove_region={"code": "GM-v"})
        self.assertEqual(self.client.write(remove_region={"code": "GM-u"}).outcome, REMOVED)

    def test_postcodes(self):
        number = self.offer(position=point(51.5, 4.0))
        row = {"postcode": 4300, "centroid": point(51.5, 4.0), "municipality": "GM0606"}
        self.assertEqual(self.client.write(upsert_postcode={"postcode": row}).outcome, CREATED)
        self.assertEqual(self.found(postcode="4300", radius_m=1), [number])
        self.client.write(upsert_postcode={"postcode": {**row, "centroid": point(51.6, 4.0)}})
        self.assertEqual(self.found(postcode="4300", radius_m=1), [])
        self.assertIn(4300, [p.postcode for p in self.client.call(list_postcodes={}).list_postcodes.postcodes])
        self.client.write(remove_postcode={"postcode": 4300})
        self.refused(NOT_FOUND, remove_postcode={"postcode": 4300})

    # Lists

    def pages(self, name, field, **filters):
        cursor, pages = b"", []
        while True:
            answer = getattr(self.client.call(**{name: {**filters, "cursor": cursor}}), name)
            pages.append(list(getattr(answer, field)))
            cursor = answer.next_cursor
            if not cursor:
                return pages

    def test_paging(self):
        offers = [self.offer(str(i), kind=1 + i % 2, status=1 + i % 3) for i in range(25)]
        pages = self.pages("list_offers", "offers", limit=10, partner_id=self.partner)
        self.assertEqual([len(page) for page in pages], [10, 10, 5])
        self.assertEqual([offer.id for page in pages for offer in page], offers)
        for limit in (1, 5, 25, 1000):
            pages = self.pages("list_offers", "offers", limit=limit, partner_id=self.partner)
            self.assertEqual([offer.id for page in pages for offer in page], offers)
        kind = self.pages("list_offers", "offers", limit=7, partner_id=self.partner, kind=2)
        self.assertEqual([offer.id for page in kind for offer in page], offers[1::2])
        status = self.pages("list_offers", "offers", limit=4, partner_id=self.partner, status=PAUSED)
        self.assertEqual([offer.id for page in status for offer in page], offers[1::3])
        everything = [o.id for page in self.pages("list_offers", "offers", limit=9) for o in page]
        self.assertEqual(everything, sorted(everything))
        self.assertEqual(len(everything), self.client.call(status={}).server.offers)

    def test_paging_of_partners(self):
        mine = [self.client.write(source="paging", create_partner={"partner": {
            "external_id": f"{i}", "kind": 1 + i % 3, "name": "x", "region": "GM0606", "status": 1 + i % 2}}).id
            for i in range(12)]
        for fields, expected in [({}, mine), ({"kind": 2}, mine[1::3]), ({"status": 2}, mine[1::2])]:
            pages = self.pages("list_partners", "partners", limit=5, source="paging", **fields)
            self.assertEqual([partner.id for page in pages for partner in page], expected)

    def test_paging_of_the_taxonomy(self):
        interests = [i.code for page in self.pages("list_interests", "interests", limit=2) for i in page]
        self.assertEqual(interests, sorted(interests))
        self.assertEqual(len(interests), self.client.call(status={}).server.interests)
        regions = [r.code for page in self.pages("list_regions", "regions", limit=2) for r in page]
        self.assertEqual(regions, sorted(regions))
        self.assertEqual(len(regions), self.client.call(status={}).server.regions)
        provinces = [r.code for page in self.pages("list_regions", "regions", limit=1, type=2) for r in page]
        self.assertEqual(provinces, ["PV27", "PV28"])

    def test_pages_that_would_not_fit_a_frame(self):
        for i in range(300):
            self.offer(str(i), description="x" * 4000, status="OFFER_STATUS_CLOSED")
        pages = self.pages("list_offers", "offers", limit=1000, partner_id=self.partner)
        self.assertGreater(len(pages), 1)
        self.assertEqual(sum(len(page) for page in pages), 300)
        self.client.write(remove_partner={"id": self.partner})

    def test_walk_while_others_write(self):
        """A page starts behind the last offer that was examined, whatever happened to that offer."""
        offers = [self.offer(str(i)) for i in range(10)]
        query = {"region": "NL", "interests": [{"code": self.code}], "limit": 4}
        first = self.client.match(**query)
        gone = first.matches[-1].offer_id
        self.client.write(remove_offer={"id": gone})
        seen = [m.offer_id for m in first.matches]
        cursor = first.next_cursor
        while cursor:
            page = self.client.match(**query, cursor=cursor)
            seen += [m.offer_id for m in page.matches]
            cursor = page.next_cursor
        self.assertEqual(sorted(seen), offers)


if __name__ == "__main__":
    unittest.main()
