# SPDX-License-Identifier: Apache-2.0
"""The change feed: live and resumed, whole and without repeats, filtered, cut off when it is not taken, and trimmed."""
import contextlib
import itertools
import socket
import threading
import time
import unittest

import harness
from harness import OK, RESOURCE_EXHAUSTED, UNAVAILABLE, Client, frame, protocol_pb2

INVALID_ARGUMENT, OUT_OF_RANGE = harness.INVALID_ARGUMENT, 11
PARTNER, OFFER, INTEREST, PLACEMENT = 1, 2, 3, 6
CREATED, UPDATED, REMOVED = 1, 2, 4
WAITING, HELD, REQUESTED, ACCEPTED, DECLINED, WITHDRAWN, EXPIRED, CANCELLED = 1, 3, 4, 5, 9, 10, 11, 13
DECLINE, WITHDRAW, REQUEST, ACCEPT = 3, 7, 1, 2


class Cut(Exception):
    """A watch that ended with a status."""

    def __init__(self, response):
        super().__init__(f"{response.status.code}: {response.status.message}")
        self.code, self.message, self.watch = response.status.code, response.status.message, response.watch


class Watch:
    """A watch on a connection of its own. resume is where the next one would go on."""

    def __init__(self, daemon, start=0, address=None, **options):
        self.client = Client(address or daemon.tcp)
        self.request = self.client.request(watch={"from_sequence": start, **options})
        self.client.send(self.request)
        self.ended = False
        self.resume = None
        self.parts = []  # of an event that came in more than one answer
        self.opening = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def answer(self):
        response = self.client.receive()
        assert response is not None, "the connection was closed"
        assert response.id == self.request.id, response
        if response.status.code != OK:
            raise Cut(response)
        assert response.WhichOneof("body") == "watch", response
        assert self.resume is None or response.watch.next_sequence >= self.resume, "it went back"
        self.resume, self.ended = response.watch.next_sequence, response.watch.end
        return response.watch

    def events_to(self, sequence):
        """All events until everything up to sequence was told."""
        events = []
        while self.resume <= sequence:
            events += self.answer().events
        return events

    def events_to_end(self):
        events = []
        while not self.ended:
            events += self.answer().events
        return events


def changes(events):
    return [(c.kind, c.id, c.outcome) for e in events for c in e.changes]


def moves(events):
    """[(placement, state)] in their order."""
    return [(c.id, c.placement_state) for e in events for c in e.changes if c.kind == PLACEMENT]


def in_order(test, events):
    numbers = [e.sequence for e in events]
    test.assertEqual(numbers, sorted(set(numbers)), "told twice or out of order")
    times = [e.time_us for e in events]
    test.assertEqual(times, sorted(times))


def sequence_of(client):
    return client.call(status={}).server.sequence


LABELS = itertools.count()


def changed_interest():
    """A write that changes a record whenever it is made."""
    label = str(next(LABELS))
    return {"upsert_interest": {"interest": {"code": "sport.flood", "label_nl": label, "label_en": label}}}


def flood(client, count):
    """Makes so many journal entries; returns the last sequence."""
    results = client.batch([changed_interest() for _ in range(count)])
    assert all(r.sequence for r in results), next(r for r in results if not r.sequence)
    return results[-1].sequence


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon().start()
        cls.addClassCleanup(cls.daemon.remove)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.last = 0

    def write(self, **operation):
        result = self.client.write(**operation)
        self.last = result.sequence
        return result

    def registry(self, **offer):
        name = f"{self.id()}-{time.monotonic_ns()}"[-60:].lstrip("._-")  # an id starts with a letter or digit
        partner = self.client.add_partner(name)
        return partner, self.client.add_offer(name, partner, **{"direct_placement": False, **offer})

    def reserve(self, offer, student, **fields):
        return self.write(reserve_placement={"offer_id": offer, "student": student, **fields})

    def move(self, placement, move, **fields):
        return self.write(move_placement={"id": placement, "move": move, **fields})

    def test_records_and_tombstones(self):
        with Watch(self.daemon) as watch:
            self.assertEqual(watch.opening.next_sequence, sequence_of(self.client) + 1)
            self.assertEqual(watch.opening.first_sequence, 1)
            self.assertFalse(watch.opening.events)
            partner, offer = self.registry()
            self.write(set_offer_status={"id": offer, "status": 2})
            self.write(upsert_interest={"interest": {"code": "sport.watch", "label_nl": "w", "label_en": "w"}})
            self.write(remove_interest={"code": "sport.watch"})
            self.write(remove_offer={"id": offer})
            self.write(remove_partner={"id": partner})
            events = watch.events_to(self.last)
        in_order(self, events)
        told = [(kind, outcome) for kind, _, outcome in changes(events)]
        self.assertEqual(told, [(PARTNER, CREATED), (OFFER, CREATED), (OFFER, UPDATED), (INTEREST, CREATED),
                                (INTEREST, REMOVED), (OFFER, REMOVED), (PARTNER, REMOVED)])
        self.assertEqual({c.id for e in events for c in e.changes if c.kind == OFFER}, {offer})
        self.assertEqual([c.version for e in events for c in e.changes if c.kind == OFFER], [1, 2, 0])
        self.assertEqual({c.partner_id for e in events for c in e.changes if c.kind == OFFER}, {partner})
        self.assertEqual([e.sequence for e in events], list(range(watch.opening.next_sequence, self.last + 1)))

    def test_a_commit_is_told_at_once(self):
        with Watch(self.daemon) as watch:
            start = time.monotonic()
            for _ in range(20):
                watch.events_to(flood(self.client, 1))
            self.assertLess(time.monotonic() - start, 10)  # not once a second

    def test_refused_and_unchanged_writes_tell_nothing(self):
        partner, _ = self.registry()
        with Watch(self.daemon) as watch:
            before = sequence_of(self.client)
            self.client.ask(write={"remove_offer": {"id": 999_999}})
            record = self.client.call(get_partner={"id": partner}).get_partner
            self.assertEqual(self.client.write(replace_partner={"partner": record}).outcome, 3)
            self.write(remove_partner={"id": partner})
            events = watch.events_to(self.last)
        self.assertEqual([e.sequence for e in events], [before + 1])

    def test_placement_moves_and_what_follows(self):
        partner, offer = self.registry(seats=1, waiting_list=True)
        with Watch(self.daemon) as watch:
            first = self.reserve(offer, "a").id
            second = self.reserve(offer, "b", wait=True).id
            third = self.reserve(offer, "c", wait=True).id
            self.move(first, REQUEST)
            self.move(first, DECLINE, reason=1)
            self.move(second, WITHDRAW)
            self.write(remove_partner={"id": partner})
            events = watch.events_to(self.last)
        in_order(self, events)
        self.assertEqual(moves(events), [(first, HELD), (second, WAITING), (third, WAITING), (first, REQUESTED),
                                         (first, DECLINED), (second, HELD), (second, WITHDRAWN), (third, HELD),
                                         (third, CANCELLED)])
        declined = next(e for e in events if (first, DECLINED) in moves([e]))
        self.assertEqual(moves([declined]), [(first, DECLINED), (second, HELD)])  # in one entry with its cause
        self.assertEqual(changes(events[-1:]), [(PLACEMENT, third, UPDATED), (OFFER, offer, REMOVED),
                                                (PARTNER, partner, REMOVED)])
        for change in (c for e in events for c in e.changes if c.kind == PLACEMENT):
            self.assertEqual((change.partner_id, change.offer_id, change.client), (partner, offer, "local"))

    def test_the_clock_is_told_too(self):
        _, offer = self.registry(seats=1, waiting_list=True)
        with Watch(self.daemon, kinds=[PLACEMENT]) as watch:
            first = self.reserve(offer, "a", lease_s=1).id
            second = self.reserve(offer, "b", wait=True).id
            events = []
            while (second, HELD) not in moves(events):
                events += watch.answer().events
        self.assertEqual(moves(events), [(first, HELD), (second, WAITING), (first, EXPIRED), (second, HELD)])

    def test_kinds(self):
        with Watch(self.daemon, kinds=[OFFER, PLACEMENT]) as watch:
            partner, offer = self.registry()
            placement = self.reserve(offer, "k").id
            self.write(remove_partner={"id": partner})
            events = watch.events_to(self.last)
            self.assertEqual(changes(events), [(OFFER, offer, CREATED), (PLACEMENT, placement, CREATED),
                                               (PLACEMENT, placement, UPDATED), (OFFER, offer, REMOVED)])
            flood(self.client, 10)
            last = flood(self.client, 10)
            self.assertFalse(watch.events_to(last))  # progress without events, so that resuming is cheap
        response = self.client.ask(watch={"kinds": [OFFER, 77]})
        self.assertEqual((response.status.code, response.status.field), (INVALID_ARGUMENT, "kinds[1]"))

    def test_until_now(self):
        flood(self.client, 700)
        last = sequence_of(self.client)
        with Watch(self.daemon, 1, until_now=True) as watch:
            events = watch.events_to_end()
            self.assertEqual([e.sequence for e in events], list(range(1, last + 1)))
            self.assertEqual(watch.resume, last + 1)
            watch.client.call(ping={})  # the connection goes on
        with Watch(self.daemon, last + 1, until_now=True) as watch:
            self.assertFalse(watch.events_to_end())

    def test_until_now_of_a_client_that_has_shut_its_side(self):
        last = sequence_of(self.client)
        with self.daemon.client() as client:
            client.send(client.request(watch={"from_sequence": 1, "until_now": True}))
            client.send(client.request(watch={"from_sequence": 1}))  # this one would not end
            client.socket.shutdown(socket.SHUT_WR)
            answers = list(iter(client.receive, None))
        self.assertTrue(any(a.watch.end for a in answers))
        self.assertEqual(max(a.watch.next_sequence for a in answers), last + 1)

    def test_out_of_range(self):
        last = sequence_of(self.client)
        response = self.client.ask(watch={"from_sequence": last + 2})
        self.assertEqual((response.status.code, response.status.field), (OUT_OF_RANGE, "from_sequence"))
        self.assertEqual((response.watch.first_sequence, response.watch.next_sequence), (1, last + 1))
        with Watch(self.daemon, last + 1) as watch:
            self.assertEqual(watch.opening.next_sequence, last + 1)

    def test_many_watches_on_a_connection(self):
        with self.daemon.client() as client:
            for _ in range(16):
                self.assertEqual(client.ask(watch={}).status.code, OK)
            self.assertEqual(client.ask(watch={}).status.code, RESOURCE_EXHAUSTED)
            partner, _ = self.registry()
            self.write(remove_partner={"id": partner})
            told = {}
            while len(told) < 16 or min(told.values()) <= self.last:
                response = client.receive()
                self.assertEqual(response.status.code, OK)
                told[response.id] = response.watch.next_sequence

    def test_requests_beside_a_long_catch_up(self):
        last = flood(self.client, 6000)
        start = time.monotonic()
        with self.daemon.client() as client:
            client.send(client.request(watch={"from_sequence": 1, "until_now": True}))
            pings = [client.request(ping={"payload": b"x"}) for _ in range(20)]
            for ping in pings:
                client.send(ping)
            ended, events = False, []
            waits = {p.id for p in pings}
            while not ended or waits:
                response = client.receive()
                if response.id in waits:
                    waits.remove(response.id)
                else:
                    events += [e.sequence for e in response.watch.events]
                    ended = response.watch.end
        self.assertEqual(events, list(range(1, last + 1)))
        self.assertLess(time.monotonic() - start, 10)  # turn after turn, not one a second

    def test_fifty_watchers(self):
        with contextlib.ExitStack() as stack:
            watches = [stack.enter_context(Watch(self.daemon)) for _ in range(50)]
            start = sequence_of(self.client) + 1
            for _ in range(20):
                last = flood(self.client, 10)
            for watch in watches:
                self.assertEqual([e.sequence for e in watch.events_to(last)], list(range(start, last + 1)))


class Resume(unittest.TestCase):
    def test_reconnect_and_restart_lose_and_repeat_nothing(self):
        with harness.Daemon() as daemon:
            stop, failed = threading.Event(), []

            def load():
                try:
                    with daemon.client() as client:
                        while not stop.is_set():
                            flood(client, 7)
                except AssertionError as error:  # the daemon drains
                    failed.append(error)

            seen, resume, last = [], 1, 0
            for round_ in range(6):
                stop.clear()
                writer = threading.Thread(target=load, daemon=True)
                writer.start()
                with Watch(daemon, resume) as watch:
                    for _ in range(12 if round_ % 2 else 5):
                        seen += [e.sequence for e in watch.answer().events]
                    resume = watch.resume
                stop.set()
                writer.join(harness.PATIENCE)
                if round_ % 2:
                    daemon.restart()
            with daemon.client() as client:
                last = sequence_of(client)
            with Watch(daemon, resume, until_now=True) as watch:
                seen += [e.sequence for e in watch.events_to_end()]
            self.assertEqual(seen, list(range(1, last + 1)))
            self.assertFalse(failed)

    def test_a_stop_tells_where_to_resume(self):
        with harness.Daemon() as daemon:
            with daemon.client() as client:
                partner = client.add_partner("p")
                last = sequence_of(client)
            with Watch(daemon, last) as watch:
                self.assertEqual(changes(watch.events_to(last)), [(PARTNER, partner, CREATED)])
                daemon.signal(harness.signal.SIGTERM)
                with self.assertRaises(Cut) as cut:
                    watch.answer()
                self.assertEqual(cut.exception.code, UNAVAILABLE)
                self.assertEqual(cut.exception.watch.next_sequence, last + 1)
                self.assertIn(str(last + 1), cut.exception.message)
                self.assertIsNone(watch.client.receive())
            self.assertEqual(daemon.wait(), 0)


def with_options(**options):
    """A daemon with a configuration file."""
    daemon = harness.Daemon()
    text = "".join(f'{key} = {value}\n' for key, value in options.items())
    (daemon.scratch / "none.conf").write_text(text)
    return daemon


class Slow(unittest.TestCase):
    def sleeper(self, daemon):
        """A client that watches from the start and reads nothing."""
        client = Client(daemon.unix)
        client.send(client.request(watch={"from_sequence": 1}))
        return client

    def read_all(self, client):
        """(sequences, last response) until the watch is cut off or the connection closed, maybe inside a frame."""
        events, last = [], None
        while True:
            try:
                response = client.receive()
            except AssertionError:
                return events, last
            if response is None:
                return events, last
            last = response
            events += [e.sequence for e in response.watch.events]
            if response.status.code != OK:
                return events, last

    def test_one_that_lags_is_cut_off_and_the_others_go_on(self):
        with with_options(watch_lag=1000, output_buffer='"64KiB"') as daemon:
            sleeper = self.sleeper(daemon)
            self.addCleanup(sleeper.close)
            with Watch(daemon) as reader, daemon.client() as client:
                for _ in range(30):
                    last = flood(client, 2000)
                    client.call(ping={})
                    self.assertEqual(len(reader.events_to(last)), 2000)
            events, response = self.read_all(sleeper)
            self.assertEqual(response.status.code, RESOURCE_EXHAUSTED)
            self.assertEqual(events, list(range(1, response.watch.next_sequence)))
            self.assertLess(response.watch.next_sequence, last - 1000)
            self.assertIn(f"resume from sequence {response.watch.next_sequence}", response.status.message)
            sleeper.call(ping={})  # the connection stays
            with Watch(daemon, response.watch.next_sequence, until_now=True) as watch:
                events += [e.sequence for e in watch.events_to_end()]
            self.assertEqual(events, list(range(1, last + 1)))

    def test_one_that_takes_nothing_is_closed(self):
        with with_options(write_timeout_s=1, output_buffer='"64KiB"') as daemon:
            sleeper, idle = self.sleeper(daemon), Watch(daemon)
            self.addCleanup(sleeper.close)
            with idle, daemon.client() as client:
                flood(client, 40_000)
                deadline = time.monotonic() + harness.PATIENCE
                while client.call(status={}).server.connections > 2:
                    self.assertLess(time.monotonic(), deadline, "it was not closed")
                    idle.answer()  # at least once a second while there is progress
                    flood(client, 1)
                taken = len(self.read_all(sleeper)[0])
                self.assertGreater(taken, 0)
                self.assertLess(taken, 40_000)
                client.call(ping={})


class Trimmed(unittest.TestCase):
    def refused(self, client, last):
        """The answer to a watch from 1 once the journal was trimmed behind this last entry of it."""
        deadline = time.monotonic() + harness.PATIENCE
        while True:
            self.assertLess(time.monotonic(), deadline, "the journal was not trimmed")
            response = client.ask(watch={"from_sequence": 1, "until_now": True})
            while response.status.code == OK and not response.watch.end:
                response = client.receive()
            if response.status.code != OK and response.watch.first_sequence > last - 2500:
                return response

    def test_journal_keep(self):
        with with_options(journal_keep=1000) as daemon:
            with daemon.client() as client:
                partner = client.add_partner("p")
                last = flood(client, 5000)
                first = self.refused(client, last).watch.first_sequence
                self.assertLessEqual(first, last - 1000 + 1)
                response = client.ask(watch={"from_sequence": first - 1})
                self.assertEqual((response.status.code, response.status.field), (OUT_OF_RANGE, "from_sequence"))
                self.assertEqual((response.watch.first_sequence, response.watch.next_sequence), (first, first))
                self.assertIn(str(first), response.status.message)
            with Watch(daemon, first, until_now=True) as watch:
                self.assertEqual([e.sequence for e in watch.events_to_end()], list(range(first, last + 1)))
            daemon.restart()
            with daemon.client() as client:
                self.assertEqual(client.write(remove_partner={"id": partner}).sequence, last + 1)
            daemon.stop()
            done = harness.run(daemon.command("--check"))
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_watch_whose_entries_go_is_told(self):
        with with_options(journal_keep=1000, output_buffer='"64KiB"') as daemon:
            with Client(daemon.unix) as sleeper, daemon.client() as client:
                sleeper.send(sleeper.request(watch={"from_sequence": 1}))
                last = flood(client, 30_000)
                self.refused(client, last)
                events, response = [], None
                while response is None or response.status.code == OK:
                    response = sleeper.receive()
                    events += [e.sequence for e in response.watch.events]
                self.assertEqual(response.status.code, OUT_OF_RANGE)
                self.assertEqual(response.watch.next_sequence, response.watch.first_sequence)
                self.assertLessEqual(response.watch.first_sequence, last - 1000 + 1)
                self.assertEqual(events, list(range(1, len(events) + 1)))
                sleeper.call(ping={})


if __name__ == "__main__":
    unittest.main()
