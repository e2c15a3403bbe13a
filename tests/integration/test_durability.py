# SPDX-License-Identifier: Apache-2.0
"""Start, stop, kill: what was acknowledged is there, what was asked is answered, and a broken store is told."""
import os
import pathlib
import re
import signal
import shutil
import unittest

import harness
from harness import OK, UNAVAILABLE, kansend, command_pb2

OFFER = {"kind": 2, "title": "x", "interests": ["zorg"], "seats": 1}


def store_file(data_dir):
    """The database file: the largest in the data directory."""
    return max((path for path in pathlib.Path(data_dir).rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


class Durability(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.remove)
        (self.daemon.scratch / "none.conf").touch()

    def check(self, data_dir=None):
        return harness.run([kansend(), "-c", self.daemon.scratch / "none.conf", "--data-dir", data_dir or self.daemon.data_dir,
                            "--check"])

    def test_acknowledged_is_on_disk(self):
        self.daemon.start()
        for round_number in range(3):
            with self.daemon.client() as client:
                partner = client.add_partner(f"p{round_number}")
                offers = [client.add_offer(f"o{round_number}-{i}", partner) for i in range(20)]
                sequence = client.call(status={}).server.sequence
                self.daemon.kill()
            self.daemon.start()
            with self.daemon.client() as client:
                self.assertEqual(client.call(status={}).server.sequence, sequence)
                self.assertEqual(set(offers) - set(client.matched(region="NL")), set())
                self.assertGreater(client.add_partner(f"after-{round_number}"), partner)

    def test_killed_under_load(self):
        """Of writes in flight each is there or not; those that were acknowledged are."""
        self.daemon.start()
        with self.daemon.client() as client:
            partner = client.add_partner("p")
            before = client.call(status={}).server.sequence
            requests = [client.request(write={"create_offer": {"offer": {**OFFER, "external_id": f"o{i}", "partner_id": partner}}})
                        for i in range(500)]
            client.send(b"".join(harness.frame(r) for r in requests))
            acknowledged = [client.receive().write for _ in range(100)]
            self.daemon.kill()
            self.assertEqual({a.status.code for a in acknowledged}, {OK})
        self.assertEqual(self.check().returncode, 0)
        self.daemon.start()
        with self.daemon.client() as client:
            server = client.call(status={}).server
            self.assertGreaterEqual(server.offers, 100)
            self.assertEqual(server.sequence, before + server.offers)
            for result in acknowledged:
                client.call(get_offer={"id": result.id})

    def test_drain(self):
        """SIGTERM: what is in flight is answered, then the connection ends and the exit status is 0."""
        self.daemon.start()
        with self.daemon.client() as client, self.daemon.client() as idle:
            partner = client.add_partner("p")
            most = min(client.limits.max_batch_writes, 2000)
            batch = client.request(batch={"writes": [
                {"create_offer": {"offer": {**OFFER, "external_id": f"o{i}", "partner_id": partner}}} for i in range(most)]})
            ping = client.request(ping={})
            client.send(harness.frame(batch) + harness.frame(ping))
            answers = {}
            answer = client.receive()  # of the ping or the batch: so the batch has been read
            answers[answer.id] = answer
            self.daemon.signal(signal.SIGTERM)
            while (answer := client.receive()) is not None:
                answers[answer.id] = answer
            self.assertEqual(set(answers), {batch.id, ping.id})
            results = answers[batch.id].batch.results
            self.assertEqual([r.status.code for r in results], [OK] * most)
            self.assertIsNone(idle.receive())
        self.assertEqual(self.daemon.wait(), 0, self.daemon.log())
        self.daemon.start()
        with self.daemon.client() as client:
            self.assertEqual(client.call(status={}).server.offers, most)

    def test_drain_of_many_requests(self):
        """Each request gets a right answer, or word that the daemon ends, or the end of the connection; none is lost
        that was acknowledged, and none is there that was refused."""
        self.daemon.start()
        with self.daemon.client() as client:
            partner = client.add_partner("p")
            requests = [client.request(write={"create_offer": {"offer": {**OFFER, "external_id": f"o{i}", "partner_id": partner}}})
                        for i in range(1000)]
            names = {r.id: r.write.create_offer.offer.external_id for r in requests}
            client.send(b"".join(harness.frame(r) for r in requests))
            done, refused = [], []
            answer = client.receive()
            self.daemon.signal(signal.SIGTERM)
            while answer is not None:
                (refused if answer.status.code else done).append(names[answer.id])
                if answer.status.code:
                    self.assertEqual(answer.status.code, UNAVAILABLE, answer.status)
                answer = client.receive()
        self.assertEqual(self.daemon.wait(), 0, self.daemon.log())
        self.daemon.start()
        with self.daemon.client() as client:
            stored, cursor = set(), b""
            while True:
                page = client.call(list_offers={"limit": 1000, "cursor": cursor}).list_offers
                stored |= {offer.external_id for offer in page.offers}
                cursor = page.next_cursor
                if not cursor:
                    break
        self.assertEqual(set(done) - stored, set())
        self.assertEqual(set(refused) & stored, set())
        self.assertEqual(stored - set(done), set(), "written and not answered, although the daemon ended well")

    def test_sigint_ends_too(self):
        self.daemon.start()
        self.daemon.signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait(), 0)

    def test_socket_file_goes_and_comes(self):
        self.daemon.start()
        path = self.daemon.unix[5:]
        self.assertTrue(os.path.exists(path))
        self.daemon.kill()  # leaves the file
        self.daemon.start()
        with harness.Client(self.daemon.unix) as client:
            client.call(ping={})
        self.daemon.stop()
        self.assertFalse(os.path.exists(path))

    def test_second_daemon_is_refused(self):
        self.daemon.start()
        second = harness.Daemon(data_dir=self.daemon.data_dir)
        self.addCleanup(second.remove)
        with self.assertRaises(AssertionError):
            second.start()
        self.assertRegex(second.log(), r"(?i)lock|in use|another|already")
        self.assertIn(str(self.daemon.data_dir), second.log())
        with self.daemon.client() as client:
            client.call(ping={})

    def test_port_in_use(self):
        self.daemon.start()
        second = harness.Daemon()
        self.addCleanup(second.remove)
        second.port, second.tcp = self.daemon.port, self.daemon.tcp
        with self.assertRaises(AssertionError):
            second.start()
        self.assertIn(str(self.daemon.port), second.log())

    def fill(self):
        self.daemon.start()
        with self.daemon.client() as client:
            partner = client.add_partner("p")
            client.batch([command_pb2.Write(create_offer=command_pb2.CreateOffer(offer={
                **OFFER, "external_id": f"o{i}", "partner_id": partner, "description": "lang " * 100})) for i in range(500)])
        self.daemon.stop()

    def test_check(self):
        self.fill()
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        file = store_file(self.daemon.data_dir)
        data = file.read_bytes()
        places = [found.start() for found in re.finditer(b"lang lang lang lang", data)]
        broken = 0
        for number, at in enumerate(places[:: len(places) // 10]):
            copy = self.daemon.scratch / f"copy-{number}"
            shutil.copytree(self.daemon.data_dir, copy)
            (copy / file.name).write_bytes(data[:at] + b"LANG" + data[at + 4:])
            done = self.check(copy)
            broken += done.returncode != 0  # it may lie on a page that is free: then nothing is wrong
            if done.returncode:
                self.assertRegex(done.stdout + done.stderr, r"offer|journal|record|checksum")
        self.assertGreater(broken, 0)

    def test_check_of_each_page(self):
        """Whatever page is overwritten, the check ends on its own: with a word about it, or because it was free."""
        self.fill()
        data = store_file(self.daemon.data_dir).read_bytes()
        name = store_file(self.daemon.data_dir).name
        copy = self.daemon.scratch / "copy"
        shutil.copytree(self.daemon.data_dir, copy)
        broken = 0
        pages = range(2, len(data) // 4096)
        for page in list(pages)[:: max(1, len(pages) // 25)]:
            at = page * 4096 + 2048
            (copy / name).write_bytes(data[:at] + bytes(b ^ 0x55 for b in data[at:at + 64]) + data[at + 64:])
            done = self.check(copy)
            self.assertGreaterEqual(done.returncode, 0, f"ended by a signal with page {page} altered: {done.stderr[-300:]}")
            broken += done.returncode != 0
        self.assertGreater(broken, 0)

    def test_check_finds_no_store(self):
        done = self.check(self.daemon.scratch / "nothing")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing", done.stdout + done.stderr)
        self.assertFalse((self.daemon.scratch / "nothing").exists(), "a check makes nothing")

    def test_a_store_without_its_key(self):
        """No start makes another key, by which all students and tokens would be strangers; the store itself is sound."""
        self.fill()
        sound = self.check().stdout
        key = self.daemon.data_dir / "kansen.key"
        bytes_of_key = key.read_bytes()
        key.unlink()
        with self.assertRaises(AssertionError):
            self.daemon.start()
        self.assertRegex(self.daemon.log(), "kansen.key is missing; put back the key that was backed up")
        self.assertFalse(key.exists())
        self.assertEqual(self.check().stdout, sound)
        key.write_bytes(bytes_of_key)
        with harness.Client(self.daemon.start().tcp) as client:  # by the token of before
            self.assertEqual(client.call(ping={}).status.code, harness.OK)
        self.daemon.stop()
        key.unlink()
        self.assertEqual(harness.run(self.daemon.command("--forget-key")).returncode, 0)
        self.assertEqual(self.check().stdout, sound)
        self.daemon.start()
        self.assertNotEqual(key.read_bytes(), bytes_of_key)

    def test_bytes_that_are_no_store(self):
        self.daemon.data_dir.mkdir(parents=True)
        (self.daemon.data_dir / "kansen.mdb").write_bytes(b"not a store" * 1000)
        with self.assertRaises(AssertionError):
            self.daemon.start()
        self.assertGreater(self.daemon.process.returncode, 0, "ended by a signal")
        self.assertIn("kansen.mdb", self.daemon.log())

    def test_seeds_are_loaded_once(self):
        self.daemon.start()
        with self.daemon.client() as client:
            client.write(remove_interest={"code": "leeg"})
            before = client.call(status={}).server
        self.daemon.restart()
        with self.daemon.client() as client:
            after = client.call(status={}).server
            self.assertEqual((after.interests, after.regions, after.sequence), (before.interests, before.regions, before.sequence))


class Program(unittest.TestCase):
    """Arguments."""

    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.remove)
        (self.daemon.scratch / "none.conf").touch()

    def program(self, *args):
        return harness.run([kansend(), *args], cwd=self.daemon.scratch)

    def test_version(self):
        done = self.program("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^kansend \S+")

    def test_test_config(self):
        done = harness.run(self.daemon.command("-n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(self.daemon.data_dir.exists(), "a test of the configuration makes nothing")
        bad = self.daemon.scratch / "bad.conf"
        bad.write_text("no-such-option = 7\n", encoding="utf-8")
        done = self.program("-c", bad, "-n")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"bad\.conf:?.*1")
        self.assertIn("no-such-option", done.stderr)
        done = self.program("-c", self.daemon.scratch / "absent.conf", "--test-config")
        self.assertNotEqual(done.returncode, 0, "a file that was asked for by name has to be there")

    def test_wrong_usage(self):
        for args in (["--no-such-flag"], ["--listen"], ["--listen", "nowhere"], ["--listen", "127.0.0.1:99999"], ["extra"]):
            done = self.program(*args)
            self.assertGreater(done.returncode, 0, args)
            self.assertTrue(done.stderr, args)

    def test_plain_tcp_is_for_loopback(self):
        done = self.program("--data-dir", self.daemon.data_dir, "--listen", "0.0.0.0:0")
        self.assertGreater(done.returncode, 0)
        self.assertIn("0.0.0.0", done.stderr)

    def test_seeds_that_are_not_there(self):
        self.daemon.seeds = self.daemon.scratch / "no-seeds"
        with self.assertRaises(AssertionError):
            self.daemon.start()
        self.assertIn("no-seeds", self.daemon.log())


if __name__ == "__main__":
    unittest.main()
