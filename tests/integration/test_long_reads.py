# SPDX-License-Identifier: Apache-2.0
"""Reads that are too large for a worker's loop: a reading thread gives the answer that the worker would have given. With a
budget of 1 every search and list is such a read."""
import random
import signal
import threading
import time
import unittest

import harness
from harness import DEADLINE_EXCEEDED, OK, RESOURCE_EXHAUSTED, protocol_pb2

OFFERS, PARTNERS = 300, 6
KINDS = ("OFFER_KIND_SPORT", "OFFER_KIND_INTERNSHIP", "OFFER_KIND_CULTURE")
CODES = ("sport.voetbal", "techniek", "sport", "zorg_welzijn")
ALL = {"from_region": "GM0606", "radius_m": 100_000, "as_of": "2026-09-01"}


def configure(daemon, **options):
    """Options of the next start, in the file that the daemon reads."""
    (daemon.scratch / "none.conf").write_text("".join(f"{key} = {value}\n" for key, value in options.items()), encoding="utf-8")


def known_interests(client):
    codes = {interest.code for interest in client.call(list_interests={"limit": 1000}).list_interests.interests}
    return [code for code in CODES if code in codes]


def fill(client):
    dice, interests = random.Random(7), known_interests(client)
    partners = [client.add_partner(f"p{n}") for n in range(PARTNERS)]
    client.batch([{"create_offer": {"offer": {
        "external_id": f"o{n}", "partner_id": dice.choice(partners), "kind": dice.choice(KINDS), "title": f"Offer {n}",
        "interests": [dice.choice(interests)], "seats": dice.randrange(1, 4),
        "position": harness.point(51.9 + dice.random() / 3, 4.3 + dice.random() / 3)}}} for n in range(OFFERS)])


def bodies(interests):
    """Requests of every sort that may take long, some of them wrong."""
    wanted = [{"code": code, "weight": 10 + n} for n, code in enumerate(interests)]
    plain = {**ALL, "interests": wanted}
    yield from ({"match": {"query": {**plain, **more}}} for more in (
        {}, {"limit": 100}, {"want_total": True}, {"facets": True, "want_total": True}, {"max_per_partner": 1, "limit": 50},
        {"discover": 5}, {"weights": {"transition": 1}}, {"weights": {"interest": 1}, "tie_seed": 9}, {"radius_m": 3000},
        {"kinds": ["OFFER_KIND_SPORT"], "limit": 3}, {"cursor": b"nonsense"}, {"qualification": 25655}))
    yield {"match": {"query": {**ALL, "want_total": True}}}
    yield {"match": {}}
    yield {"explain": {"query": plain, "offer_id": 5}}
    yield from ({"list_offers": fields} for fields in (
        {}, {"limit": 7}, {"kind": "OFFER_KIND_CULTURE", "limit": 1000}, {"status": "OFFER_STATUS_PAUSED"}, {"partner_id": 3}, {"limit": 5000}))
    yield from ({"list_partners": fields} for fields in ({"limit": 4}, {"status": "PARTNER_STATUS_ACTIVE"}, {"source": "nobody"}))
    yield {"list_placements": {}}
    yield {"list_regions": {"type": "REGION_TYPE_MUNICIPALITY"}}
    yield {"find_interests": {"text": "voetbal"}}
    yield {"ping": {"payload": b"x"}}


def raw_answers(client, requests):
    """The bytes of the answers by id, of requests that are sent at once."""
    client.socket.sendall(b"".join(harness.frame(request) for request in requests))
    answers, data = {}, b""
    while len(answers) < len(requests):
        more = client.socket.recv(1 << 18)
        assert more, "closed with answers missing"
        data += more
        payload, data = harness.take_frame(data)
        while payload is not None:
            number = protocol_pb2.Response.FromString(payload).id
            assert number not in answers
            answers[number] = payload
            payload, data = harness.take_frame(data)
    return answers


class LongReads(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.remove)

    def start(self, filled=True, **options):
        configure(self.daemon, **{"read_budget": 1, **options})
        self.daemon.start()
        if filled:
            with self.daemon.client() as client:
                fill(client)

    def status(self):
        with self.daemon.client() as client:
            return client.call(status={}).server

    def test_same_bytes(self):
        """Whatever the budget, and however they are pipelined: the same bytes."""
        self.start(read_budget=0)
        with self.daemon.client() as client:
            requests = [client.request(**body) for body in bodies(known_interests(client))]
            whole = raw_answers(client, requests)
        self.assertEqual(self.status().long_reads, 0)
        for budget in (1, 300, 1000, 2000, 200_000):
            self.daemon.stop()
            self.start(filled=False, read_budget=budget, long_read_threads=1 + budget % 3, max_long_reads=1 + budget % 7)
            with self.daemon.client() as client:
                for _ in range(3):
                    self.assertEqual(raw_answers(client, requests), whole)
            done = self.status().long_reads
            if budget == 1:
                self.assertGreaterEqual(done, 3 * 20)
            if budget == 200_000:
                self.assertEqual(done, 0)

    def test_under_writes(self):
        """Each answer is of one snapshot: its total is what there was at its sequence."""
        self.start(filled=False, max_long_reads=4)
        totals, stop = {}, threading.Event()
        with self.daemon.client() as client:
            partner = client.add_partner("p")

        def write():
            with self.daemon.client() as writer:
                for n in range(100_000):
                    if stop.is_set():
                        return
                    result = writer.write(create_offer={"offer": {
                        "external_id": f"o{n}", "partner_id": partner, "kind": "OFFER_KIND_SPORT", "title": "T",
                        "interests": ["sport.voetbal"], "seats": 1}})
                    totals[result.sequence] = n + 1
        thread = threading.Thread(target=write)
        thread.start()
        found = []
        try:
            with self.daemon.client() as client:
                deadline = time.monotonic() + harness.PATIENCE
                while len({answer.match.as_of_sequence for answer in found}) < 30:
                    self.assertLess(time.monotonic(), deadline)
                    found += client.pipeline([client.request(match={"query": {**ALL, "want_total": True}}) for _ in range(10)])
        finally:
            stop.set()
            thread.join()
        self.assertTrue(all(answer.status.code == OK for answer in found))
        seen = {answer.match.as_of_sequence: answer.match.total for answer in found}
        for sequence, total in seen.items():
            self.assertEqual(total, totals.get(sequence, 0))
        self.assertGreaterEqual(self.status().long_reads, sum(answer.match.total > 0 for answer in found))

    def test_clients_that_leave(self):
        self.start()
        for n in range(40):
            client = self.daemon.client()
            client.send(b"".join(harness.frame(client.request(match={"query": {**ALL, "facets": True}})) for _ in range(1 + n % 6)))
            client.close()
        deadline = time.monotonic() + harness.PATIENCE
        while self.status().long_reads_waiting:
            self.assertLess(time.monotonic(), deadline)
        with self.daemon.client() as client:
            self.assertEqual(client.match(**ALL, want_total=True).total, OFFERS)

    def test_drain(self):
        """A stop answers what reading threads have and what waits for them."""
        self.start(max_long_reads=64, long_reads=200)
        with self.daemon.client() as client:
            requests = [client.request(match={"query": {**ALL, "facets": True, "limit": 100}}) for _ in range(60)]
            client.send(b"".join(harness.frame(request) for request in requests))
            first = client.receive()  # so all have been read: they were sent at once
            self.daemon.signal(signal.SIGTERM)
            answers = [first]
            while (answer := client.receive()) is not None:
                answers.append(answer)
        self.assertEqual(self.daemon.wait(), 0)
        self.assertGreater(len(answers), 1)
        self.assertTrue(all(answer.status.code == OK for answer in answers))

    def test_full(self):
        """What finds no place is refused with a hint; the connection goes on, and so do small requests."""
        self.start(long_reads=1, max_long_reads=1000)
        with self.daemon.client() as client:
            requests = [client.request(match={"query": {**ALL, "facets": True, "limit": 100}}) for _ in range(300)]
            answers = client.pipeline(requests)
            refused = [answer.status for answer in answers if answer.status.code != OK]
            self.assertTrue(refused)
            self.assertLess(len(refused), len(answers))
            for status in refused:
                self.assertEqual(status.code, RESOURCE_EXHAUSTED)
                self.assertGreater(status.retry_after_ms, 0)
            client.call(ping={})
            self.assertEqual(client.match(**ALL, want_total=True).total, OFFERS)
        self.assertEqual(self.status().long_reads_refused, len(refused))

    def test_paused(self):
        """A connection with as many long reads as it may have waits by itself, and none is refused."""
        self.start(long_reads=2, max_long_reads=1)
        with self.daemon.client() as client:
            answers = client.pipeline([client.request(match={"query": {**ALL, "facets": True}}) for _ in range(100)])
        self.assertTrue(all(answer.status.code == OK for answer in answers))

    def test_deadline(self):
        self.start(max_long_reads=1000, long_reads=1000)
        with self.daemon.client() as client:
            requests = [client.request(match={"query": {**ALL, "facets": True, "limit": 100}}) for _ in range(400)]
            for request in requests:
                request.deadline_ms = 2
            codes = [answer.status.code for answer in client.pipeline(requests)]
        self.assertIn(DEADLINE_EXCEEDED, codes)
        self.assertTrue(set(codes) <= {OK, DEADLINE_EXCEEDED})


if __name__ == "__main__":
    unittest.main()
