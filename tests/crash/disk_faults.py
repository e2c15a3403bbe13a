#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon does when the disk is full or broken, memory is short, the map is full, or the clock jumps.

Full disks are real ones (tmpfs, and ext4 on a loop device) and need root; the other faults are made by a library in front
of the daemon's C library (tests/crash/powercut/inject.c). Named as for unittest, a part is run alone: DiskFull Clock.
"""
import argparse
import ctypes
import errno
import mmap
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402  (it stands in the folder of the integration tests)
from harness import OK, RESOURCE_EXHAUSTED, UNAVAILABLE, command_pb2  # noqa: E402

HOUR_US = 3600 * 1000000
CLONE_NEWNS = 0x20000
OFFER = {"kind": "OFFER_KIND_SPORT", "title": "Training", "interests": ["sport.voetbal"], "seats": 5}
HELD, EXPIRED = 3, 11  # of PlacementState


class Orders:
    """The shared file through which the injector takes its orders; as struct orders in inject.c has them."""

    FIELDS = [f"{kind}.{field}" for kind in ("write", "sync", "memory") for field in ("countdown", "for_good", "hits", "error")]
    FIELDS += ["clock_us", "calls"]
    SHORT_WRITE, KILLED = -1, -2

    def __init__(self, path):
        path.write_bytes(bytes(8 * len(self.FIELDS)))
        self.path = path
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8 * len(self.FIELDS))

    def __getitem__(self, name):
        return struct.unpack_from("=q", self.memory, 8 * self.FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("=q", self.memory, 8 * self.FIELDS.index(name), value)

    def arm(self, kind, nth, error=0, for_good=False):
        """The nth call of this kind from now on fails, and with for_good all behind it."""
        self[f"{kind}.hits"] = 0
        self[f"{kind}.error"] = error
        self[f"{kind}.for_good"] = for_good
        self[f"{kind}.countdown"] = nth

    def disarm(self, kind):
        """Returns how many calls failed."""
        self[f"{kind}.countdown"] = 0
        return self[f"{kind}.hits"]


class Daemon(harness.Daemon):
    """A daemon with the injector in front of it, and options as lines of its configuration."""

    def __init__(self, options="", **kwargs):
        super().__init__(**kwargs)
        (self.scratch / "none.conf").write_text(options, encoding="utf-8")
        self.orders = Orders(self.scratch / "orders")

    def start(self):
        environment = {"LD_PRELOAD": str(harness.BUILD / "crash" / "inject.so"), "KANSEN_INJECT": str(self.orders.path)}
        os.environ.update(environment)
        try:
            return super().start()
        finally:
            for name in environment:
                del os.environ[name]

    def check(self):
        return harness.run([harness.kansend(), "--check", "--data-dir", self.data_dir])


class Case(unittest.TestCase):
    def daemon(self, options="", **kwargs):
        daemon = Daemon(options, **kwargs)
        self.addCleanup(daemon.remove)
        return daemon.start()

    def assert_sound(self, daemon):
        done = daemon.check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def offer(name, partner, size=0, **fields):
        return {"create_offer": {"offer": {**OFFER, "external_id": name, "partner_id": partner, "description": "x" * size, **fields}}}

    @staticmethod
    def stored(client):
        """External ids of all offers."""
        names, cursor = [], b""
        while True:
            page = client.call(list_offers={"limit": 1000, "cursor": cursor}).list_offers
            names += [offer.external_id for offer in page.offers]
            cursor = page.next_cursor
            if not cursor:
                return names


# ---- A full disk


class DiskFull(Case):
    MOUNTS = True  # this process has mounts of its own

    def mount(self, *args):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-full-"))
        done = subprocess.run(["mount", *args, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            folder.rmdir()
            self.skipTest(f"this machine does not mount: {done.stderr.strip()}")
        self.addCleanup(folder.rmdir)
        self.addCleanup(subprocess.run, ["umount", "-l", str(folder)], check=True)
        return folder

    @staticmethod
    def fill(folder):
        """Takes all the room there is."""
        ballast = folder / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error
        return ballast

    def write_until_full(self, client, partner, done):
        """Returns the refusal."""
        for number in range(3000):
            answer = client.ask(write=self.offer(f"until-{number}", partner, 2000))
            if answer.status.code != OK:
                return answer.status
            done.append(f"until-{number}")
        self.fail("the disk is not full")

    def cut_short(self, daemon, client, partner, done):
        """A write that ends early on a full disk, for which LMDB says EIO: full it is, not broken."""
        for number in range(5):
            daemon.orders.arm("write", 1, Orders.SHORT_WRITE)
            answer = client.ask(write=self.offer(f"short-{number}", partner, 3000))
            if daemon.orders.disarm("write"):
                self.assertEqual(answer.status.code, RESOURCE_EXHAUSTED, answer.status)
            elif answer.status.code == OK:
                done.append(f"short-{number}")

    def go_on_while_full(self, daemon, client, partner, done):
        with daemon.client() as other:
            for number in range(40):
                for connection, name in ((client, f"a-{number}"), (other, f"b-{number}")):
                    answer = connection.ask(write=self.offer(name, partner, 2000))
                    self.assertIn(answer.status.code, (OK, RESOURCE_EXHAUSTED), answer.status)
                    if answer.status.code == OK:
                        done.append(name)
                self.assertEqual(other.call(match={"query": {"region": "NL", "limit": 3}}).match.as_of_sequence,
                                 other.call(status={}).server.sequence)
            self.assertEqual(sorted(self.stored(other)), sorted(done))

    def run_on(self, folder):
        daemon, done = self.daemon(data_dir=folder / "data"), []
        with daemon.client() as client:
            partner = client.add_partner("p")
            for number in range(30):
                client.write(**self.offer(f"before-{number}", partner, 2000))
                done.append(f"before-{number}")
            ballast = self.fill(folder)
            refusal = self.write_until_full(client, partner, done)
            self.assertEqual(refusal.code, RESOURCE_EXHAUSTED, refusal)
            self.assertIn("full", refusal.message)
            self.cut_short(daemon, client, partner, done)
            self.go_on_while_full(daemon, client, partner, done)
            ballast.unlink()
            for number in range(30):
                client.write(**self.offer(f"after-{number}", partner, 2000))
                done.append(f"after-{number}")
            self.assertEqual(sorted(self.stored(client)), sorted(done))
        self.assertIn("writes fail", daemon.log())
        self.assertIn("writes work again", daemon.log())
        daemon.restart()
        with daemon.client() as client:
            self.assertEqual(sorted(self.stored(client)), sorted(done))
        daemon.stop()
        self.assert_sound(daemon)

    def test_tmpfs(self):
        if not self.MOUNTS:
            self.skipTest("mounting needs root")
        self.run_on(self.mount("-t", "tmpfs", "-o", "size=6m", "tmpfs"))

    def test_ext4(self):
        """Where LMDB says EIO, because the write is cut short."""
        if not self.MOUNTS:
            self.skipTest("mounting needs root")
        image = pathlib.Path(tempfile.mkstemp(prefix="kansen-full-")[1])
        self.addCleanup(image.unlink)
        os.truncate(image, 12 << 20)
        done = subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no ext4 can be made: {done.stderr.strip()}")
        self.run_on(self.mount("-o", "loop", str(image)))


# ---- A broken disk


class DiskBroken(Case):
    """A write or a sync fails: the daemon stops, says so, and nothing that was acknowledged is gone."""

    def setUp(self):
        self.daemon_ = self.daemon()
        self.done, self.failed, self.number = [], [], 0
        with self.daemon_.client() as client:
            self.partner = client.add_partner("p")

    def name(self):
        self.number += 1
        return f"o{self.number}"

    def write(self, client, count=1):
        for _ in range(count):
            name = self.name()
            client.write(**self.offer(name, self.partner, 1500))
            self.done.append(name)

    def break_once(self, kind, nth, error, for_good=False):
        """Whether the fault was met; if so, the daemon has ended and was started again."""
        daemon = self.daemon_
        with daemon.client() as client, daemon.client() as reader:
            self.write(client, 3)
            names = [self.name() for _ in range(4)]
            requests = [client.request(write=self.offer(name, self.partner, 1500)) for name in names]
            daemon.orders.arm(kind, nth, error, for_good)
            client.send(b"".join(harness.frame(request) for request in requests))
            answers = {}
            while len(answers) < len(requests) and (answer := client.receive()) is not None:
                answers[answer.id] = answer.status
            met = daemon.orders.disarm(kind)
            if not met:
                self.assertEqual({status.code for status in answers.values()}, {OK})
                self.done += names
                return False
            for request, name in zip(requests, names):
                status = answers.get(request.id)
                if status is None or status.code != OK:
                    self.failed.append(name)
                    self.assertTrue(status is None or status.code == UNAVAILABLE, status)
                else:
                    self.done.append(name)
            self.assertNotEqual([s.code for s in answers.values()], [OK] * 4, "all was acknowledged, and the disk had failed")
            while reader.receive() is not None:
                pass  # the end of the connection is what is awaited
        self.assertGreater(daemon.wait(), 0, daemon.log())
        self.assertIn("the disk failed", daemon.log())
        daemon.start()
        with daemon.client() as client:
            stored = self.stored(client)
            self.assertEqual(set(self.done) - set(stored), set(), "acknowledged, and not there")
            self.assertEqual(set(stored) - set(self.done) - set(self.failed), set())
        return True

    def walk(self, kind, error, for_good=False):
        """The first call fails, then the second, and so on, until a few writes take no more calls."""
        nth = 1
        while self.break_once(kind, nth, error, for_good):
            nth += 1
            self.assertLess(nth, 200)
        self.assertGreater(nth, 1, "no call was met: the injector does not see them")
        self.daemon_.stop()
        self.assert_sound(self.daemon_)
        print(f"{kind} fails with {errno.errorcode.get(error, 'a short write')}{' for good' if for_good else ''}: "
              f"{nth - 1} stops, {len(self.done)} acknowledged writes")

    def test_write(self):
        self.walk("write", errno.EIO)

    def test_write_for_good(self):
        self.walk("write", errno.EIO, for_good=True)

    def test_short_write(self):
        """With room on the disk, a write that is cut short is a broken disk."""
        self.walk("write", Orders.SHORT_WRITE)

    def test_sync(self):
        self.walk("sync", errno.EIO)

    def test_no_space(self):
        """A write that finds no room is refused; but where it was the meta page, the daemon stops."""
        refusals, stops, nth, met = 0, 0, 1, True
        while met:
            daemon = self.daemon_
            with daemon.client() as client:
                self.write(client)
                name = self.name()
                daemon.orders.arm("write", nth, errno.ENOSPC)
                answer = client.ask(write=self.offer(name, self.partner, 1500))
                met = daemon.orders.disarm("write")
                if not met:
                    self.assertEqual(answer.status.code, OK, answer.status)
                    self.done.append(name)
                elif answer.status.code == UNAVAILABLE:
                    stops += 1
                    self.failed.append(name)
                    self.assertIsNone(client.receive())
                else:
                    refusals += 1
                    self.assertEqual(answer.status.code, RESOURCE_EXHAUSTED, answer.status)
                    self.write(client)
            if met and answer.status.code == UNAVAILABLE:
                self.assertGreater(daemon.wait(), 0, daemon.log())
                daemon.start()
            nth += 1
        with self.daemon_.client() as client:
            stored = set(self.stored(client))
        self.assertEqual(set(self.done) - stored, set(), "acknowledged, and not there")
        self.assertEqual(stored - set(self.done) - set(self.failed), set(), "refused, and yet there")
        self.assertGreater(refusals, 0)
        self.assertGreater(stops, 0, "the last write of a commit is its meta page")
        self.daemon_.stop()
        self.assert_sound(self.daemon_)

    def test_no_sync_after_the_first(self):
        """A second sync that says yes is not believed."""
        daemon = self.daemon_
        with daemon.client() as client:
            self.write(client, 5)
            daemon.orders.arm("sync", 1, errno.EIO)
            answers = []
            for _ in range(5):
                try:
                    answers.append(client.ask(write=self.offer(self.name(), self.partner)).status.code)
                except (AssertionError, OSError):
                    break  # closed
            self.assertNotIn(OK, answers)
        self.assertGreater(daemon.wait(), 0)


# ---- Memory


class NoMemory(Case):
    """Each allocation of a request fails in turn: the caller is told, or the connection ends; the daemon goes on."""

    LIMIT = 600

    def setUp(self):
        self.served = self.daemon()
        with self.served.client() as client:
            self.partner = client.add_partner("p")
            client.batch([command_pb2.Write(create_offer=command_pb2.CreateOffer(offer={
                **OFFER, "external_id": f"o{i}", "partner_id": self.partner, "description": "lang " * 200})) for i in range(300)])
            self.want = sorted(self.stored(client))
        self.tries = 0

    def once(self, nth, for_good, ask):
        """The outcome when the nth allocation fails: "answered", "refused", "closed"; and whether it was met."""
        orders = self.served.orders
        with self.served.client() as client:
            try:
                orders.arm("memory", nth, for_good=for_good)
                answer = ask(client)
                outcome = "closed" if answer is None else "answered" if answer.status.code == OK else "refused"
            except OSError:
                outcome, answer = "closed", None
            finally:
                met = orders.disarm("memory")
        if outcome == "refused":
            self.assertIn(answer.status.code, (RESOURCE_EXHAUSTED, UNAVAILABLE), answer.status)
            self.assertTrue(answer.status.message)
        self.assertIsNone(self.served.process.poll(), f"the daemon ended at allocation {nth}:\n{self.served.log()}")
        return outcome, met

    def walk(self, what, ask, after):
        counts = {}
        for for_good in (False, True):
            nth, unmet = 1, 0
            while unmet < 3:  # in a row: other threads allocate too
                outcome, met = self.once(nth, for_good, ask)
                unmet = 0 if met else unmet + 1
                if met:
                    counts[outcome] = counts.get(outcome, 0) + 1
                else:
                    self.assertEqual(outcome, "answered")
                with self.served.client() as client:
                    after(client)
                nth += 1
                self.assertLess(nth, self.LIMIT)
        self.assertGreater(sum(counts.values()), 0, "no allocation was met: the injector does not see them")
        print(f"memory fails in {what}: {sum(counts.values())} places and modes: {counts}")
        self.served.stop()
        self.assert_sound(self.served)

    @staticmethod
    def ask(client, **body):
        request = client.request(**body)
        client.send(request)
        return client.receive()

    def test_match(self):
        query = {"region": "NL", "limit": 100, "facets": True, "want_total": True}
        whole = None

        def after(client):
            nonlocal whole
            found = client.call(match={"query": query}).match
            whole = whole or len(found.matches)
            self.assertEqual(len(found.matches), whole)
            self.assertGreater(whole, 0)

        self.walk("a match", lambda client: self.ask(client, match={"query": query}), after)

    def test_list(self):
        self.walk("a list", lambda client: self.ask(client, list_offers={"limit": 1000}),
                  lambda client: self.assertEqual(sorted(self.stored(client)), self.want))

    def test_write(self):
        written, acknowledged = [], []

        def ask(client):
            name = f"new-{len(written)}"
            written.append(name)
            answer = self.ask(client, write=self.offer(name, self.partner, 3000))
            if answer is not None and answer.status.code == OK:
                acknowledged.append(name)
            elif answer is not None:
                written.remove(name)  # refused: must not be there
                written.append("-")
            return answer

        def after(client):
            stored = set(self.stored(client)) - set(self.want)
            self.assertEqual(set(acknowledged) - stored, set(), "acknowledged, and not there")
            self.assertEqual(stored - set(written), set(), "refused, and yet there")

        self.walk("a write", ask, after)

    def test_connect(self):
        """The making of a connection, and its first request."""

        def ask(_):
            with self.served.client(hello=False) as fresh:
                return self.ask(fresh, hello=fresh.hello)

        self.walk("a new connection", ask, lambda client: client.call(ping={}))


# ---- A full map


class MapFull(Case):
    def fill(self, client, partner, prefix):
        """Adds offers until the store refuses; returns their ids."""
        ids = []
        for number in range(20000):
            answer = client.ask(write=self.offer(f"{prefix}{number}", partner, 1500))
            if answer.status.code != OK:
                self.assertEqual(answer.status.code, RESOURCE_EXHAUSTED, answer.status)
                self.assertIn("full", answer.status.message)
                return ids
            ids.append(answer.write.id)
        self.fail("the map does not fill")

    def remove(self, client, ids):
        for at in range(0, len(ids), 20):
            writes = [command_pb2.Write(remove_offer={"id": i}) for i in ids[at:at + 20]]
            self.assertEqual({result.status.code for result in client.batch(writes)}, {OK})

    def test_map_full(self):
        """Adding is refused, reading goes on, removing works to the last one and makes room."""
        daemon = self.daemon('map_size = "12MiB"\n')
        with daemon.client() as client:
            partner = client.add_partner("p")
            held = client.write(**self.offer("held", partner)).id
            placement = client.write(reserve_placement={"offer_id": held, "student": "s", "lease_s": 600}).id
            counts = []
            for turn in range(3):
                ids = self.fill(client, partner, f"t{turn}-")
                counts.append(len(ids))
                self.assertEqual(len(self.stored(client)), len(ids) + 1)
                self.assertEqual(client.match(region="NL", limit=5, want_total=True).total, len(ids) + 1)
                self.assertEqual(client.ask(write={"reserve_placement": {"offer_id": held, "student": f"x{turn}"}}).status.code,
                                 RESOURCE_EXHAUSTED)
                for status in ("PAUSED", "OPEN"):
                    client.write(set_offer_status={"id": ids[0], "status": f"OFFER_STATUS_{status}"})
                self.remove(client, ids)
                self.assertEqual(self.stored(client), ["held"])
            self.assertGreater(counts[1], 20, counts)
            client.write(move_placement={"id": placement, "move": "PLACEMENT_MOVE_WITHDRAW"})
        daemon.restart()
        with daemon.client() as client:
            self.assertEqual(self.stored(client), ["held"])
        daemon.stop()
        self.assert_sound(daemon)
        print(f"a map of 12 MiB takes {counts} offers in turn; the journal keeps what was written")


# ---- The clock


class Clock(Case):
    """The time of day jumps by an hour while seats are held."""

    LEASE_S = 3

    def state(self, client, placement):
        return client.call(get_placement={"id": placement}).get_placement.state

    def await_expiry(self, client, placement, seconds):
        end = time.monotonic() + seconds
        while self.state(client, placement) != EXPIRED:
            self.assertLess(time.monotonic(), end, "a hold whose time is over is not freed")
            time.sleep(0.05)

    def hold(self, client, offer, student, lease_s):
        result = client.write(reserve_placement={"offer_id": offer, "student": student, "lease_s": lease_s})
        self.assertEqual(result.placement_state, HELD)
        return result

    def jump(self, daemon, us):
        daemon.orders["clock_us"] = us

    def journal(self, client):
        """Sequences and times of all entries."""
        request = client.request(watch={"from_sequence": 1, "until_now": True})
        client.send(request)
        events = []
        while True:
            answer = client.receive()
            self.assertEqual(answer.status.code, OK, answer.status)
            events += [(event.sequence, event.time_us) for event in answer.watch.events]
            if answer.watch.end:
                return events

    def assert_in_order(self, daemon):
        with daemon.client() as client:
            events = self.journal(client)
            self.assertEqual([s for s, _ in events], list(range(1, client.call(status={}).server.sequence + 1)))
            times = [t for _, t in events]
            self.assertEqual(times, sorted(times), "the journal's time went back")

    def test_forward_and_back(self):
        daemon = self.daemon()
        with daemon.client() as client:
            partner = client.add_partner("p")
            offer = client.write(**self.offer("o", partner)).id
            short = self.hold(client, offer, "short", self.LEASE_S)
            day = self.hold(client, offer, "day", 86400)
            before = time.time()
            self.jump(daemon, HOUR_US)
            self.await_expiry(client, short.id, 5)  # early by the jump, and not by more
            self.assertLess(short.expires_us, (before + self.LEASE_S + 1) * 1e6)
            self.assertEqual(self.state(client, day.id), HELD)
            ahead = self.hold(client, offer, "ahead", self.LEASE_S)
            self.jump(daemon, 0)
            behind = self.hold(client, offer, "behind", self.LEASE_S)
            self.assertGreaterEqual(behind.expires_us, ahead.expires_us)
            self.assertLessEqual(behind.expires_us, (time.time() + self.LEASE_S) * 1e6 + HOUR_US)
            client.write(set_offer_status={"id": offer, "status": "OFFER_STATUS_PAUSED"})
            client.write(set_offer_status={"id": offer, "status": "OFFER_STATUS_OPEN"})
            time.sleep(self.LEASE_S + 0.5)  # nothing may happen, which no event tells
            for held in (ahead, behind, day):
                self.assertEqual(self.state(client, held.id), HELD, "freed early")
            self.jump(daemon, HOUR_US + self.LEASE_S * 1000000)
            for held in (ahead, behind):
                self.await_expiry(client, held.id, 5)  # late by the jump, and not lost
            self.assertEqual(self.state(client, day.id), HELD)
        self.assert_in_order(daemon)
        daemon.stop()
        self.assert_sound(daemon)

    def test_back(self):
        """Back by an hour, and a restart in between: leases that were given before last at most an hour longer."""
        daemon = self.daemon()
        with daemon.client() as client:
            partner = client.add_partner("p")
            offer = client.write(**self.offer("o", partner)).id
            first = self.hold(client, offer, "first", self.LEASE_S)
            self.jump(daemon, -HOUR_US)
            second = self.hold(client, offer, "second", self.LEASE_S)
            self.assertGreaterEqual(second.expires_us, first.expires_us)
        daemon.restart()
        with daemon.client() as client:
            third = self.hold(client, offer, "third", self.LEASE_S)
            self.assertGreaterEqual(third.expires_us, second.expires_us, "the journal's time went back over a restart")
            for held in (first, second, third):
                self.assertEqual(self.state(client, held.id), HELD)
            self.jump(daemon, self.LEASE_S * 1000000)
            for held in (first, second, third):
                self.await_expiry(client, held.id, 5)
        self.assert_in_order(daemon)
        daemon.stop()
        self.assert_sound(daemon)


def own_mounts():
    """Gives this process mounts of its own, which end with it."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(CLONE_NEWNS) == 0 and \
        subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs")
    parser.add_argument("names", nargs="*", help="parts to run; none = all")
    options = parser.parse_args()
    harness.use_build(options.build)
    DiskFull.MOUNTS = os.geteuid() == 0 and own_mounts()
    unittest.main(module="__main__", argv=[sys.argv[0], *options.names], verbosity=2)


if __name__ == "__main__":
    main()
