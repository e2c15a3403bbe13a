# SPDX-License-Identifier: Apache-2.0
"""Placements by the protocol: what is due is not overtaken."""
import time
import unittest

import harness
from harness import FAILED_PRECONDITION, OK

HELD, EXPIRED = 3, 11
REQUEST = 1
HOLDS = 20


class Due(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon(seeds=harness.SMALL_SEEDS).start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        partner = self.client.write(upsert_partner={"partner": {
            "external_id": "p", "kind": 1, "name": "P", "region": "GM0606"}}).id
        self.offer = self.client.write(upsert_offer={"offer": {
            "external_id": "o", "partner_id": partner, "kind": 2, "title": "T", "interests": ["zorg"], "seats": HOLDS}}).id

    def reserve(self, student, **fields):
        return self.client.ask(write={"reserve_placement": {"offer_id": self.offer, "student": student, **fields}})

    def sleep_until(self, time_us):
        time.sleep(max(0, time_us / 1e6 - time.time()))

    def test_a_lease_that_ran_out_is_over(self):
        """A request a moment after the end comes too late, whether the clock has looked or not."""
        holds = []
        for number in range(HOLDS):
            result = self.reserve(f"s{number}", lease_s=1).write
            self.assertEqual(result.placement_state, HELD)
            holds.append(result)
            time.sleep(0.017)  # so that the ends fall on all moments between two looks of the clock
        for hold in holds:
            self.sleep_until(hold.expires_us + 2000)
            answer = self.client.ask(write={"move_placement": {"id": hold.id, "move": REQUEST}})
            self.assertEqual(answer.status.code, FAILED_PRECONDITION)
            self.assertIn("expired", answer.status.message)

    def test_who_waits_comes_before_who_comes(self):
        """The seat of a lease that has just run out goes to the waiting list, not to a newcomer."""
        self.client.write(upsert_offer={"offer": {
            "external_id": "one", "partner_id": 1, "kind": 2, "title": "T", "interests": ["zorg"], "seats": 1,
            "waiting_list": True}})
        self.offer = self.client.call(get_offer={"external_id": "one"}).get_offer.id
        for round_ in range(5):
            hold = self.reserve(f"first{round_}", lease_s=1).write
            waits = self.reserve(f"second{round_}", lease_s=1, wait=True).write
            self.sleep_until(hold.expires_us + 2000)
            late = self.reserve(f"third{round_}")
            self.assertEqual(late.status.code, FAILED_PRECONDITION, "a newcomer took the seat")
            moved = self.client.call(get_placement={"id": waits.id}).get_placement
            self.assertEqual(moved.state, HELD)
            self.assertEqual(self.client.ask(write={"move_placement": {"id": waits.id, "move": 7}}).status.code, OK)


if __name__ == "__main__":
    unittest.main()
