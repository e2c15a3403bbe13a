# SPDX-License-Identifier: Apache-2.0
"""Streams: a store that moves by dump and load, a journal that is exported and replayed, and what is refused of either. That a
replay ends in the digest of the live store is in tests/model/replay.py."""
import json
import random
import re
import shutil
import subprocess
import unittest

import harness
import metrics
from harness import (ALREADY_EXISTS, DATA_LOSS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OK, PERMISSION_DENIED, Client,
                     Daemon)

OUT_OF_RANGE = 11
FRAMES_HEAD = 1  # of a stream: its header


def frames_of(data):
    """The frames of a stream."""
    found = []
    while data:
        payload, data = harness.take_frame(data)
        found.append(payload)
    return found


def stream_of(frames):
    return b"".join(harness.frame(payload) for payload in frames)


def check(daemon, directory=None):
    done = harness.run([harness.kansend(), "--check", directory or daemon.data_dir])
    found = re.search(r"journal at (\d+), digest (\w{32})", done.stdout)
    return (done.returncode, *((int(found.group(1)), found.group(2)) if found else (0, done.stdout)))


class Case(unittest.TestCase):
    def daemon(self, **options):
        daemon = Daemon(**options)
        self.addCleanup(daemon.remove)
        return daemon

    def filled(self, offers=300):
        daemon = self.daemon().start()
        with daemon.client() as client:
            partner = client.add_partner("p")
            made = client.batch([{"create_offer": {"offer": {
                "external_id": f"o{n}", "partner_id": partner, "kind": "OFFER_KIND_SPORT", "title": f"Offer {n}", "waiting_list": True,
                "interests": ["sport.voetbal"], "seats": 1, "funds": ["jeugdfonds"]}}} for n in range(offers)])
            self.offers = [result.id for result in made]
            for student in ("ann", "bob", "cor"):
                client.write(reserve_placement={"offer_id": self.offers[0], "student": student, "wait": True})
            client.write(reserve_placement={"offer_id": self.offers[1], "student": "ann"})
            client.write(forget_student={"student": "cor"})
            client.write(remove_offer={"id": self.offers[2]})
        return daemon

    def kansenctl(self, daemon, *args, status=0):
        done = harness.run([harness.kansenctl(), "-s", daemon.unix, *args])
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def elsewhere(self, daemon, key=True):
        """An empty store on another machine, with the key that goes apart."""
        other = self.daemon()
        other.data_dir.mkdir()
        if key:
            shutil.copy(daemon.data_dir / "kansen.key", other.data_dir)
        shutil.copy(daemon.token_file, other.token_file)
        return other.start()


class Moving(Case):
    def test_dump_and_load(self):
        one = self.filled()
        dump = one.scratch / "dump"
        self.kansenctl(one, "dump", dump)
        self.assertEqual(dump.stat().st_mode & 0o777, 0o600)
        piped = subprocess.run([harness.kansenctl(), "-s", one.unix, "dump"], capture_output=True, check=True)
        self.assertEqual(piped.stdout, dump.read_bytes())
        with one.client() as client:
            query = {"region": "NL", "limit": 100, "want_total": True, "facets": True, "as_of": "2026-09-01"}
            before = client.match(**query)
            placements = client.call(list_placements={"student": "ann"}).list_placements.placements
            events = self.events(client)
        one.stop()
        self.assertNotIn((one.data_dir / "kansen.key").read_bytes(), dump.read_bytes())

        two = self.elsewhere(one)
        told = self.kansenctl(two, "load", dump)
        self.assertIn("1 partners, 299 offers", told.stdout)
        with two.client() as client:  # by the token of the first
            self.assertEqual(client.match(**query), before)
            self.assertEqual(client.call(list_placements={"student": "ann"}).list_placements.placements, placements)
            self.assertFalse(client.call(list_placements={"student": "cor"}).list_placements.placements)
            self.assertEqual(self.events(client), events)
            # It goes on where the first one was: ids, waiting lists, funds, lists of a partner's offers.
            client.write(move_placement={"id": placements[0].id, "move": "PLACEMENT_MOVE_WITHDRAW"})
            states = [p.state for p in client.call(list_placements={"offer_id": self.offers[0]}).list_placements.placements]
            self.assertEqual(states.count(3), 1)  # bob, or cor whose name is forgotten, has moved up: held
            partner = client.call(list_partners={}).list_partners.partners[0].id
            new = client.add_offer("new", partner, funds=["stichting"])
            self.assertEqual(new, self.offers[-1] + 1)
            self.assertIn(new, [o.id for o in client.call(list_offers={"partner_id": partner, "limit": 1000}).list_offers.offers])
        two.stop()
        self.assertEqual(two.log().count("notice load: a stream was read into the store, all of it\n"), 1)
        self.assertNotIn("warning load:", two.log())
        two.start()
        two.stop()
        self.assertEqual(check(two)[0], 0)

    def events(self, client):
        client.send(client.request(watch={"from_sequence": 1, "until_now": True}))
        found = []
        while not (answer := client.receive()).watch.end:
            found += answer.watch.events
        return found + list(answer.watch.events)

    def test_the_same_digest(self):
        one = self.filled(50)
        self.kansenctl(one, "dump", one.scratch / "dump")
        one.stop()
        two = self.elsewhere(one)
        self.kansenctl(two, "load", one.scratch / "dump")
        self.kansenctl(two, "dump", one.scratch / "again")
        self.assertEqual((one.scratch / "again").read_bytes(), (one.scratch / "dump").read_bytes())
        two.stop()
        self.assertEqual(check(two), check(one))

    def test_a_store_that_is_not_empty(self):
        one = self.filled(5)
        self.kansenctl(one, "dump", one.scratch / "dump")
        told = self.kansenctl(one, "load", one.scratch / "dump", status=1)
        self.assertIn("into an empty store only", told.stderr)
        with one.client() as client:
            self.assertEqual(client.call(status={}).server.offers, 4)

    def test_another_key(self):
        one = self.filled(5)
        self.kansenctl(one, "dump", one.scratch / "dump")
        two = self.elsewhere(one, key=False)
        before = self.state(two)
        told = self.kansenctl(two, "load", one.scratch / "dump", status=1)
        self.assertIn("another kansen.key", told.stderr)
        self.assertIn("nothing was changed", told.stderr)
        self.assertEqual(self.state(two), before)

    def state(self, daemon):
        with Client(daemon.unix) as client:
            status = client.call(status={}).server
        return (status.partners, status.offers, status.regions, status.interests, status.sequence)

    def test_no_stream(self):
        """What is no stream of a store, whatever it is, does not cost the store its taxonomy."""
        one = self.filled(20)
        self.kansenctl(one, "journal", "export", one.scratch / "journal")
        self.kansenctl(one, "dump", one.scratch / "dump")
        dump = (one.scratch / "dump").read_bytes()
        wrong = {
            "a list of users": b"root:x:0:0:root:/root:/bin/bash\n" * 50,
            "a short text": b"hello",
            "bytes": random.Random(7).randbytes(300_000),
            "zeros": bytes(100_000),
            "a long frame": b"\xff\xff\xff\x0f" + bytes(100_000),
            "a length": b"\xff\xff\xff\x0f",
            "no length": b"\xff" * 20,
            "a journal": (one.scratch / "journal").read_bytes(),
            "the beginning of a header": dump[:20],
        }
        two = self.elsewhere(one)
        before = self.state(two)
        self.assertGreater(before[2], 0)
        for name, data in wrong.items():
            with self.subTest(name):
                (one.scratch / "bad").write_bytes(data)
                told = self.kansenctl(two, "load", one.scratch / "bad", status=1).stderr
                self.assertRegex(told, "nothing was changed|the store is as it was")
                if len(data) > 4096:  # no header is as long
                    self.assertRegex(told, "this is no stream of a store|the stream of a journal")
                self.assertEqual(self.state(two), before)
        self.kansenctl(two, "load", one.scratch / "dump")
        two.stop()
        self.assertIn("notice load: a stream was read into the store, all of it\n", two.log())

    def test_no_room(self):
        """When the store is full in the middle, it is said what becomes of it, and it is so."""
        one = self.filled(5000)
        self.kansenctl(one, "dump", one.scratch / "dump")
        two = self.daemon()
        two.data_dir.mkdir()
        shutil.copy(one.data_dir / "kansen.key", two.data_dir)
        shutil.copy(one.token_file, two.token_file)
        (two.scratch / "none.conf").write_text('map_size = "3MiB"\n', encoding="ascii")
        two.start()
        told = self.kansenctl(two, "load", one.scratch / "dump", status=1).stderr
        self.assertIn("once it is given up, the store is empty", told)
        self.assertNotIn("nothing was changed", told)
        self.assertIn("the store is empty; the daemon's next start reads its seeds", told)
        self.assert_empty(two)

    def test_not_ready_meanwhile(self):
        """A balancer sends nobody to a daemon that answers nobody."""
        one = self.filled(40)
        self.kansenctl(one, "dump", one.scratch / "dump")
        data = (one.scratch / "dump").read_bytes()
        two = self.daemon(args=["--admin", "127.0.0.1:0"])
        two.data_dir.mkdir()
        shutil.copy(one.data_dir / "kansen.key", two.data_dir)
        shutil.copy(one.token_file, two.token_file)
        two.start()
        admin = metrics.admin_of(two)
        with Client(two.unix) as client:
            self.assertEqual(metrics.ask(admin, "/readyz")[0], 200)
            client.write(load_stream={"data": data[:-10], "offset": 0})
            status, _, body = metrics.ask(admin, "/readyz")
            self.assertEqual((status, "a stream is being read" in body), (503, True))
            self.assertEqual(metrics.ask(admin, "/healthz")[0], 200)
            client.write(load_stream={"data": data[-10:], "offset": len(data) - 10})
            self.assertEqual(metrics.ask(admin, "/readyz")[0], 200)

    def assert_empty(self, daemon):
        """It serves, with nothing in it; and the next start reads the seeds again."""
        with Client(daemon.unix) as client:
            status = client.call(status={}).server
            self.assertEqual((status.partners, status.offers, status.regions, status.sequence), (0, 0, 0, 0))
        daemon.stop()
        self.assertIn("warning load: a stream was not read to its end; nothing of it is in the store\n", daemon.log())
        daemon.start()
        with Client(daemon.unix) as client:
            self.assertGreater(client.call(status={}).server.regions, 0)
            client.add_partner("p")
        daemon.stop()
        self.assertEqual(check(daemon)[0], 0)

    def test_altered(self):
        """Whatever is cut or altered of a stream, nothing of it is kept."""
        one = self.filled(40)
        self.kansenctl(one, "dump", one.scratch / "dump")
        data = (one.scratch / "dump").read_bytes()
        frames = frames_of(data)
        half = len(frames) // 2
        changed = bytearray(data)
        changed[len(data) // 2] ^= 1
        wrong = {
            "empty": b"",
            "cut in a frame": data[:-3],
            "cut at a frame": stream_of(frames[:-1]),
            "cut in the middle": data[:len(data) // 2],
            "a bit": bytes(changed),
            "a frame left out": stream_of(frames[:half] + frames[half + 1:]),
            "a frame twice": stream_of(frames[:half] + frames[half - 1:]),
            "two frames changed places": stream_of(frames[:half] + [frames[half + 1], frames[half]] + frames[half + 2:]),
            "no header": stream_of(frames[FRAMES_HEAD:]),
            "two headers": stream_of(frames[:FRAMES_HEAD] + frames),
            "something behind it": data + harness.frame(frames[-1]),
            "two streams": data + data,
            "text": b"external_id,kind\n" * 100,
        }
        two, emptied = self.elsewhere(one), 0
        for name, bad in wrong.items():
            with self.subTest(name):
                path = one.scratch / "bad"
                path.write_bytes(bad)
                before = self.state(two)
                told = self.kansenctl(two, "load", path, status=1).stderr
                after = self.state(two)
                self.assertEqual(after[:2], (0, 0))
                self.assertIn(after, (before, (0, 0, 0, 0, 0)))
                if after != before:
                    self.assertIn("the store is empty", told)
                    two.restart()
                else:
                    self.assertRegex(told, "nothing was changed|the store is as it was|bad is empty")
                emptied += after != before
        self.assertGreater(emptied, 6)
        self.kansenctl(two, "load", one.scratch / "dump")  # and then a good one
        two.stop()
        one.stop()
        self.assertEqual(check(two), check(one))

    def test_versions(self):
        """Streams of a later format or a later version of streams are refused, with both numbers."""
        one = self.filled(3)
        self.kansenctl(one, "dump", one.scratch / "dump")
        frames = frames_of((one.scratch / "dump").read_bytes())
        header = harness.stream_pb2.StreamFrame.FromString(frames[0])
        own = header.header.store_format
        two = self.elsewhere(one)
        for field, value, words in (("store_format", own + 1, f"format {own + 1}"), ("version", 9, "version 9")):
            with self.subTest(field):
                other = harness.stream_pb2.StreamFrame()
                other.CopyFrom(header)
                setattr(other.header, field, value)
                (one.scratch / "bad").write_bytes(stream_of([other.SerializeToString()] + frames[1:]))
                told = self.kansenctl(two, "load", one.scratch / "bad", status=1).stderr
                self.assertIn(words, told)
                self.assertIn(str(own if field == "store_format" else 1), told)

    def test_nothing_else_meanwhile(self):
        """While a stream is read nothing else is answered; killed or restarted then, the store is empty."""
        one = self.filled(40)
        self.kansenctl(one, "dump", one.scratch / "dump")
        data = (one.scratch / "dump").read_bytes()
        two = self.elsewhere(one)
        with Client(two.unix) as client, Client(two.unix) as other:
            half = len(data) // 2
            client.write(load_stream={"data": data[:half], "offset": 0})
            for body in ({"match": {"query": {"region": "NL"}}}, {"status": {}}, {"list_offers": {}},
                         {"write": {"create_partner": {"partner": {"external_id": "x"}}}}):
                answer = other.ask(**body)
                self.assertEqual(answer.status.code, FAILED_PRECONDITION, body)
            self.assertEqual(other.ask(ping={}).status.code, OK)
            for offset in (0, half - 1, half + 1):
                if offset:
                    self.assertEqual(other.ask(write={"load_stream": {"data": b"x", "offset": offset}}).status.code, FAILED_PRECONDITION)
            two.kill()
        directory = check(two)
        self.assertEqual(directory[0], 1)  # a check tells so
        two.start()
        with Client(two.unix) as client:
            status = client.call(status={}).server
            self.assertEqual((status.partners, status.offers), (0, 0))
            self.assertGreater(status.regions, 0)
        self.assertIn("warning load: a stream was not read to its end; nothing of it is in the store\n", two.log())
        self.kansenctl(two, "load", one.scratch / "dump")
        two.restart()
        self.assertNotIn("warning load:", two.log())  # of that start no more
        one.stop()
        self.assertIn("notice dump: a stream is read out of the store kind=store actor=unix:uid=0\n", one.log().replace('"', ""))

    def test_pieces(self):
        """A piece comes alone, without a key, from an operator; any size will do."""
        one = self.filled(10)
        self.kansenctl(one, "dump", one.scratch / "dump")
        data = (one.scratch / "dump").read_bytes()
        two = self.elsewhere(one)
        with Client(two.unix) as client:
            piece = {"load_stream": {"data": data[:10], "offset": 0}}
            request = client.request(write=piece)
            request.idempotency_key = "key"
            client.send(request)
            self.assertEqual(client.receive().status.code, INVALID_ARGUMENT)
            self.assertEqual(client.ask(batch={"writes": [piece, piece]}).status.code, INVALID_ARGUMENT)
            self.assertEqual(client.ask(write={"load_stream": {}}).status.code, FAILED_PRECONDITION)
            for at in range(0, len(data), 997):
                client.write(load_stream={"data": data[at:at + 997], "offset": at})
            answer = client.ask(write={"load_stream": {"data": b"more", "offset": len(data)}})  # it is over
            self.assertEqual(answer.status.code, FAILED_PRECONDITION)
            self.assertEqual(client.call(status={}).server.offers, 9)
        one.stop()
        two.stop()
        self.assertEqual(check(two), check(one))

    def test_pieces_in_one_commit(self):
        """One that is altered behind one that was taken: the log does not tell of a whole stream."""
        one = self.filled(10)
        self.kansenctl(one, "dump", one.scratch / "dump")
        data = (one.scratch / "dump").read_bytes()
        two = self.elsewhere(one)
        (two.scratch / "none.conf").write_text("commit_delay_ms = 500\n")  # its configuration
        two.restart()
        half = len(data) // 2
        with Client(two.unix) as client:
            answers = client.pipeline([client.request(write={"load_stream": {"data": piece, "offset": at}})
                                       for at, piece in ((0, data[:half]), (half, bytes(len(data) - half)))])
            self.assertEqual([answer.status.code for answer in answers], [OK, DATA_LOSS])
        two.stop()
        self.assertNotIn("all of it", two.log())
        self.assertIn("warning load: a stream was not read to its end", two.log())


class Pulling(Case):
    def test_snapshot(self):
        """What is written after the first piece is not in a dump, and nobody waits for it."""
        one = self.filled()
        with one.client() as client, one.client() as writer:
            partner = client.call(list_partners={}).list_partners.partners[0].id
            answer = client.call(dump={"kind": "STREAM_KIND_STORE"}).dump
            data = answer.data
            for n in range(200):
                writer.add_offer(f"later-{n}", partner)
            while not answer.end:
                answer = client.call(dump={}).dump
                data += answer.data
            self.assertEqual(client.ask(dump={}).status.code, FAILED_PRECONDITION)
        self.assertNotIn(b"later-1", data)

    def test_few_at_a_time(self):
        one = self.filled(2000)
        with one.client() as a, one.client() as b, one.client() as c:
            for client in (a, b):
                self.assertFalse(client.call(dump={"kind": "STREAM_KIND_STORE"}).dump.end)
            self.assertEqual(c.ask(dump={"kind": "STREAM_KIND_STORE"}).status.code, harness.RESOURCE_EXHAUSTED)
            self.assertFalse(a.call(dump={"kind": "STREAM_KIND_STORE"}).dump.end)  # begun anew
            b.close()
            end = 100
            while c.ask(dump={"kind": "STREAM_KIND_STORE"}).status.code != OK:
                end -= 1
                self.assertGreater(end, 0)
        one.stop()

    def test_ranges(self):
        one = self.filled(5)
        with one.client() as client:
            last = client.call(status={}).server.sequence
            for given, code in (({"from_sequence": last + 2}, OUT_OF_RANGE), ({"from_sequence": last + 1}, OK), ({"from_sequence": last}, OK),
                                ({"from_sequence": 3, "to_sequence": 2}, OK), ({"to_sequence": 2**64 - 1}, OK)):
                with self.subTest(given):
                    self.assertEqual(client.ask(dump={"kind": "STREAM_KIND_JOURNAL", **given}).status.code, code)
            self.assertEqual(client.ask(dump={"kind": 9}).status.code, INVALID_ARGUMENT)


class Replay(Case):
    def replay(self, daemon, *args):
        return harness.run([harness.kansend(), "--replay", *args, daemon.data_dir])

    def setUp(self):
        self.one = self.filled(20)
        self.one.stop()
        self.base = self.one.scratch / "base"
        shutil.copytree(self.one.data_dir, self.base)
        self.at = check(self.one)[1]
        self.one.start()
        with self.one.client() as client:
            for n in range(10):
                client.add_partner(f"later-{n}")
        self.journal = self.one.scratch / "journal"
        self.kansenctl(self.one, "journal", "export", self.journal)

    def restore(self):
        shutil.rmtree(self.one.data_dir)
        shutil.copytree(self.base, self.one.data_dir)

    def refuse(self, words, *args):
        before = check(self.one)
        done = self.replay(self.one, *args)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stdout)
        self.assertEqual(check(self.one), before)

    def test_what_an_export_says(self):
        """What is in it, and where the next one begins: one a piece, each from there, are the whole."""
        end, folder = self.at + 10, self.one.scratch
        said = self.kansenctl(self.one, "journal", "export", folder / "all").stdout
        size = (folder / "all").stat().st_size
        self.assertEqual(said, f"entries 1 to {end} of the journal, {size} bytes; the next export begins with --from {end + 1}\n")
        told, first = [], 1
        for to in (self.at, self.at + 4, end + 100):
            done = self.kansenctl(self.one, "--json", "journal", "export", "--from", first, "--to", to, folder / str(first))
            told.append(json.loads(done.stdout))
            self.assertEqual(told[-1], {"path": str(folder / str(first)), "first_sequence": first, "last_sequence": min(to, end),
                                        "entries": min(to, end) - first + 1, "bytes": (folder / str(first)).stat().st_size})
            first = told[-1]["last_sequence"] + 1
        none = self.kansenctl(self.one, "journal", "export", "--from", first, folder / "none").stdout
        self.assertEqual(none, f"no entries; the next export begins with --from {end + 1}\n")
        none = json.loads(self.kansenctl(self.one, "--json", "journal", "export", "--from", first, folder / "none").stdout)
        self.assertEqual((none["last_sequence"], none["entries"]), (end, 0))
        none = self.kansenctl(self.one, "journal", "export", "--from", 5, "--to", 4, folder / "none").stdout
        self.assertEqual(none, "no entries; the next export begins with --from 5\n")
        for wrong, words in ((("--from", 5, "--to", 3), "to_sequence: 3 is before from_sequence, which is 5"),
                             (("--from", end + 2), f"from_sequence: the journal ends at {end}, so it can not be from {end + 2}")):
            done = self.kansenctl(self.one, "journal", "export", *wrong, folder / "wrong", status=1)
            self.assertIn(words, done.stderr)
            self.assertFalse((folder / "wrong").exists())
        dumped = json.loads(self.kansenctl(self.one, "--json", "dump", folder / "dump").stdout)
        self.assertEqual(dumped, {"path": str(folder / "dump"), "sequence": end, "bytes": (folder / "dump").stat().st_size})
        with open(folder / "out", "wb") as out:  # a stream on standard output is nothing but that
            done = subprocess.run([harness.kansenctl(), "-s", self.one.unix, "journal", "export"], stdout=out,
                                  stderr=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stderr, said)
        self.assertEqual((folder / "out").read_bytes(), (folder / "all").read_bytes())
        self.one.stop()
        wanted = check(self.one)
        self.restore()
        for piece in told:
            self.assertEqual(self.replay(self.one, piece["path"]).returncode, 0)
        self.assertEqual(check(self.one), wanted)

    def test_to_a_sequence(self):
        self.one.stop()
        wanted = check(self.one)
        self.restore()
        done = self.replay(self.one, self.journal, "--to-sequence", str(self.at + 4))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"replayed: 4 entries, journal at {self.at + 4}", done.stdout)
        self.assertEqual(self.replay(self.one, self.journal).returncode, 0)  # and then the rest
        self.assertEqual(check(self.one), wanted)
        self.assertIn("replayed: 0 entries", self.replay(self.one, self.journal).stdout)
        self.one.start()
        with self.one.client() as client:  # it serves, and ids go on
            self.assertEqual(client.write(create_partner={"partner": {
                "external_id": "next", "kind": "PARTNER_KIND_SCHOOL", "name": "x", "region": "GM0606"}}).sequence, wanted[1] + 1)

    def test_refused(self):
        self.kansenctl(self.one, "journal", "export", "--from", str(self.at + 3), self.one.scratch / "late")
        self.kansenctl(self.one, "dump", self.one.scratch / "dump")
        self.refuse("is in use", self.journal)
        self.one.stop()
        self.restore()
        self.refuse("begins at", self.one.scratch / "late")
        self.refuse("holds a store", self.one.scratch / "dump")
        self.refuse("ends at", self.journal, "--to-sequence", str(self.at + 11))
        self.refuse("is at", self.journal, "--to-sequence", str(self.at - 1))
        data = self.journal.read_bytes()
        for bad in (data[:-1], data[:len(data) // 2], data[:-40] + bytes([data[-40] ^ 1]) + data[-39:], data + data, b"", b"text"):
            (self.one.scratch / "bad").write_bytes(bad)
            self.refuse("stream", self.one.scratch / "bad")
        self.refuse("No such file", self.one.scratch / "nowhere")
        for args in (("--to-sequence", "0"), ("--to-sequence", "x"), ("--to-sequence", "-1")):
            self.assertEqual(self.replay(self.one, self.journal, *args).returncode, 2)
        self.assertEqual(harness.run([harness.kansend(), "--to-sequence", "3"]).returncode, 2)

    def test_another_history(self):
        """A store that went on by itself is not the one whose journal it is; nor is one with another key."""
        self.one.stop()
        self.restore()
        self.one.start()
        with self.one.client() as client:
            client.add_partner("different")
        self.one.stop()
        self.refuse("different ways", self.journal)
        other = self.filled(5)
        other.stop()
        self.one = other
        self.refuse("another kansen.key", self.journal)


if __name__ == "__main__":
    unittest.main()
