# SPDX-License-Identifier: Apache-2.0
"""Backups: what is in them, what becomes of one that ends early, where they may be written, and a restore elsewhere."""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

import harness
from harness import ALREADY_EXISTS, DATA_LOSS, INVALID_ARGUMENT, OK, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE
from harness import Client, Daemon

OFFERS = 12_000  # so that a backup takes a part of a second
MANY = 30_000    # so that it takes long enough to be ended
TIME = re.compile(r"\d{8}T\d{6}Z")


def backup(client, **fields):
    """All answers to a request for a backup; the last one says the end."""
    client.send(client.request(backup=fields))
    answers = []
    while not answers or (answers[-1].status.code == OK and not answers[-1].backup.end):
        answer = client.receive()
        assert answer is not None, "the connection was closed"
        answers.append(answer)
    return answers


def digest_of(directory):
    """What a check of a directory says: (exit status, journal's end, digest)."""
    done = harness.run([harness.kansend(), "--check", directory])
    found = re.search(r"journal at (\d+), digest (\w{32})", done.stdout)
    return (done.returncode, int(found.group(1)), found.group(2)) if found else (done.returncode, 0, done.stdout)


def about(directory):
    return dict(line.split(" ", 1) for line in (directory / "kansen.backup").read_text(encoding="ascii").splitlines())


def add_offers(client, partner, numbers):
    return client.batch([{"create_offer": {"offer": {
        "external_id": f"o{n}", "partner_id": partner, "kind": "OFFER_KIND_SPORT", "title": f"Offer {n}",
        "interests": ["sport.voetbal"], "seats": 1 + n % 5}}} for n in numbers])


def configure(daemon, **options):
    (daemon.scratch / "none.conf").write_text("".join(f'{key} = "{value}"\n' for key, value in options.items()), encoding="utf-8")


class Case(unittest.TestCase):
    def daemon(self, **options):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        if options:
            configure(daemon, **options)
        return daemon.start()

    def names(self, daemon):
        """What lies in the backup directory."""
        return sorted(os.listdir(daemon.data_dir / "backup"))


class Backup(Case):
    def test_what_is_in_it(self):
        daemon = self.daemon()
        with daemon.client() as client:
            partner = client.add_partner("p")
            offer = client.add_offer("o", partner)
            client.write(reserve_placement={"offer_id": offer, "student": "ann"})
            client.write(reserve_placement={"offer_id": offer, "student": "bob"})
            client.write(forget_student={"student": "ann"})
            last = backup(client, name="first")[-1]
            self.assertEqual(last.status.code, OK, last.status)
            made = last.backup
            self.assertEqual(made.sequence, client.call(status={}).server.sequence)
            client.add_offer("later", partner)
        directory = daemon.data_dir / "backup" / "first"
        self.assertEqual(pathlib.Path(made.path), directory)
        self.assertEqual(sorted(os.listdir(directory)), ["kansen.backup", "kansen.erased", "kansen.mdb", "kansend.lock"])
        self.assertEqual({(directory / name).stat().st_mode & 0o777 for name in os.listdir(directory)}, {0o600})
        self.assertEqual(directory.stat().st_mode & 0o777, 0o700)
        self.assertEqual(digest_of(directory), (0, made.sequence, made.digest))
        told = about(directory)
        self.assertEqual((told["sequence"], told["digest"], int(told["bytes"])),
                         (str(made.sequence), made.digest, (directory / "kansen.mdb").stat().st_size))
        self.assertEqual((directory / "kansen.erased").read_bytes(), (daemon.data_dir / "kansen.erased").read_bytes())
        key = (daemon.data_dir / "kansen.key").read_bytes()
        self.assertFalse(any(key in (directory / name).read_bytes() for name in os.listdir(directory)))
        erased = bytes.fromhex((directory / "kansen.erased").read_text(encoding="ascii").split()[1])
        self.assertNotIn(erased, (directory / "kansen.mdb").read_bytes(), "who was forgotten is in no free page either")
        daemon.stop()
        self.assertNotEqual(digest_of(daemon.data_dir)[2], made.digest)

    def test_the_same_as_the_store(self):
        daemon = self.daemon()
        with daemon.client() as client:
            add_offers(client, client.add_partner("p"), range(500))
            made = backup(client, name="b")[-1].backup
        daemon.stop()
        self.assertEqual(digest_of(daemon.data_dir), (0, made.sequence, made.digest))

    def test_progress_beside_writes(self):
        """Others read and write meanwhile, and what they write after its begin is not in it."""
        daemon = self.daemon()
        with daemon.client() as client, daemon.client() as other:
            partner = client.add_partner("p")
            add_offers(client, partner, range(MANY))
            client.send(client.request(backup={"name": "b"}))
            first = client.receive()
            self.assertFalse(first.backup.end)
            self.assertEqual(first.backup.stage, "copy")
            running = other.call(status={}).server
            for n in range(20):
                other.add_offer(f"later-{n}", partner)
                self.assertTrue(other.matched(region="NL", kinds=["OFFER_KIND_SPORT"]))
            self.assertGreater(running.task_total, OFFERS)
            self.assertEqual((running.tasks, running.tasks_failed), (0, 0))
            seen = [first]
            while not seen[-1].backup.end:
                seen.append(client.receive())
            self.assertEqual({answer.status.code for answer in seen}, {OK})
            self.assertIn("check", {answer.backup.stage for answer in seen})
            for answer in seen[:-1]:
                self.assertLessEqual(answer.backup.done, answer.backup.total)
                self.assertGreater(answer.backup.total, OFFERS)
            status = other.call(status={}).server
            self.assertLess(seen[-1].backup.sequence, status.sequence)
            self.assertEqual((status.tasks, status.tasks_waiting, status.task_done, status.task_total), (1, 0, 0, 0))
        self.assertEqual(digest_of(seen[-1].backup.path), (0, seen[-1].backup.sequence, seen[-1].backup.digest))

    def test_two_at_once(self):
        daemon = self.daemon()
        with daemon.client() as one, daemon.client() as two:
            add_offers(one, one.add_partner("p"), range(2000))
            requests = [one.request(backup={"name": "same"}), two.request(backup={"name": "same"})]
            for client, request in zip((one, two), requests):
                client.send(request)
            codes = []
            for client in (one, two):
                while (answer := client.receive()).status.code == OK and not answer.backup.end:
                    pass
                codes.append(answer.status.code)
            self.assertEqual(sorted(codes), [OK, ALREADY_EXISTS])
            status = one.call(status={}).server
            self.assertEqual((status.tasks, status.tasks_failed), (1, 0))  # which is nobody's trouble
        self.assertEqual(self.names(daemon), ["same"])

    def test_names(self):
        daemon = self.daemon()
        inside = daemon.data_dir / "backup"
        with daemon.client() as client:
            for bad in ("..", ".", ".hidden", "a/b", "../data2", "/tmp/x", f"{inside}/../x", f"{inside}/a/b", f"{inside}x/a", "é",
                        "a" * 65, "a b", str(inside), f"{inside}/"):
                with self.subTest(bad):
                    answer = backup(client, name=bad)[-1]
                    self.assertEqual((answer.status.code, answer.status.field), (INVALID_ARGUMENT, "name"))
            for good, name in (("a", "a"), (f"{inside}/b", "b"), (f"{inside}//c.d-e_f", "c.d-e_f"), ("x" * 64, "x" * 64)):
                with self.subTest(good):
                    self.assertEqual(backup(client, name=good)[-1].backup.path, str(inside / name))
            before = (inside / "a" / "kansen.mdb").read_bytes()
            again = backup(client, name="a")[-1]
            self.assertEqual((again.status.code, again.status.field), (ALREADY_EXISTS, "name"))
            self.assertEqual((inside / "a" / "kansen.mdb").read_bytes(), before)
            (inside / "file").touch()
            self.assertEqual(backup(client, name="file")[-1].status.code, ALREADY_EXISTS)
            (inside / "link").symlink_to("/tmp")
            self.assertEqual(backup(client, name="link")[-1].status.code, ALREADY_EXISTS)
        self.assertFalse([name for name in self.names(daemon) if name.startswith(".")])

    def test_several_in_a_second(self):
        """Those without a name of their own get the times of the seconds behind it, in their order."""
        daemon = self.daemon()
        with daemon.client() as client:
            made = [pathlib.Path(backup(client)[-1].backup.path).name for _ in range(5)]
        self.assertEqual(sorted(set(made)), made)
        self.assertEqual(self.names(daemon), made)
        for name in made:
            self.assertTrue(TIME.fullmatch(name), name)

    def test_keep(self):
        """The oldest go, of those that have a time as name."""
        daemon = self.daemon()
        inside = daemon.data_dir / "backup"
        with daemon.client() as client:
            for name in ("20200101T000000Z", "20210101T000000Z", "20220101T000000Z", "mine", "20200101T000000"):
                self.assertEqual(backup(client, name=name)[-1].status.code, OK)
            (inside / "20190101T000000Z" / "folder").mkdir(parents=True)
            (inside / "20190101T000000Z" / "kansen.backup").touch()
            (inside / "20180101T000000Z").mkdir()  # somebody else's
            (inside / "20180101T000000Z" / "notes").touch()
            made = backup(client, keep=2)[-1].backup
            self.assertEqual(made.removed, 3)
            self.assertTrue(TIME.fullmatch(pathlib.Path(made.path).name))
            self.assertEqual([name for name in self.names(daemon) if not name.startswith(".")],
                             ["20180101T000000Z", "20200101T000000", "20220101T000000Z", pathlib.Path(made.path).name, "mine"])
            self.assertEqual(os.listdir(inside / "20180101T000000Z"), ["notes"])
            self.assertIn("can not be removed name=.20190101T000000Z.part", daemon.log())  # it holds what is not ours

    def test_operators_only(self):
        daemon = self.daemon()
        with daemon.client() as client:
            client.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
            token = harness.issue_token(client, "portal")
        with daemon.client(token=token) as portal:
            self.assertEqual(backup(portal, name="x")[-1].status.code, PERMISSION_DENIED)
        self.assertEqual(self.names(daemon), [])

    def test_a_damaged_store(self):
        """What can not be read again is no backup."""
        daemon = self.daemon()
        with daemon.client() as client:
            client.add_partner("club-that-is-here", name="Zwemclub Neptunus")
            client.add_partner("another")  # the start reads the last entry of the journal
        daemon.stop()
        path = daemon.data_dir / "kansen.mdb"
        data = bytearray(path.read_bytes())
        at = data.rfind(b"Zwemclub Neptunus")
        while at >= 0:
            data[at:at + 4] = b"Zwam"
            at = data.rfind(b"Zwemclub Neptunus", 0, at)
        path.write_bytes(data)
        daemon.start()
        with daemon.client() as client:
            last = backup(client, name="b")[-1]
            self.assertEqual(last.status.code, DATA_LOSS)
            self.assertIn("checksum", last.status.message)
        self.assertEqual(self.names(daemon), [])


class Early(Case):
    """Backups that do not come to their end leave nothing behind."""

    def setUp(self):
        self.one = self.daemon()
        with self.one.client() as client:
            add_offers(client, client.add_partner("p"), range(MANY))

    def begin(self, client, name="b"):
        client.send(client.request(backup={"name": name}))
        self.assertFalse(client.receive().backup.end)

    def wait(self, test):
        end = time.monotonic() + harness.PATIENCE
        while not test():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_the_client_goes(self):
        with self.one.client() as client:
            self.begin(client)
            self.assertEqual(self.names(self.one), [".b.part"])
            # Gone for good: of one that only says no more itself, the daemon learns by the next answer that it can not send.
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wait(lambda: self.names(self.one) == [])
        with self.one.client() as client:
            self.assertEqual(backup(client, name="b")[-1].status.code, OK)

    def test_a_deadline(self):
        with self.one.client() as client:
            request = client.request(backup={"name": "b"})
            request.deadline_ms = 60
            client.send(request)
            while (answer := client.receive()).status.code == OK:
                self.assertFalse(answer.backup.end, "it was faster than the deadline")
            self.assertEqual(answer.status.field, "deadline_ms")
            self.assertEqual(self.names(self.one), [])

    def test_the_daemon_stops(self):
        with self.one.client() as client:
            self.begin(client)
            began = time.monotonic()
            self.one.signal(signal.SIGTERM)
            while (answer := client.receive()).status.code == OK:
                self.assertFalse(answer.backup.end)
            self.assertEqual((answer.status.code, answer.status.message), (UNAVAILABLE, "the daemon stops"))
            self.assertEqual(self.one.wait(), 0)
            self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.names(self.one), [])

    def test_killed(self):
        """kill -9 at any moment: the name is not there or all of it is, and the next start cleans up."""
        dice, whole = random.Random(7), 0
        for round_ in range(12):
            with self.one.client() as client:
                client.send(client.request(backup={"name": f"b{round_}"}))
                client.receive()
                time.sleep(dice.random() * 0.5)
                self.one.kill()
            name = self.one.data_dir / "backup" / f"b{round_}"
            if name.exists():
                whole += 1
                self.assertEqual(digest_of(name)[0], 0)
                shutil.rmtree(name)
            self.one.start()
            self.assertEqual(self.names(self.one), [])
        self.assertLess(whole, 12, "none was killed in the middle")

    def test_the_disk_is_full(self):
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        small = self.one.scratch / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "none", small], check=False).returncode != 0:
            self.skipTest("tmpfs can not be mounted here")
        try:
            self.one.stop()
            configure(self.one, backup_dir=small)
            self.one.start()
            with self.one.client() as client:
                last = backup(client, name="b")[-1]
                self.assertEqual(last.status.code, RESOURCE_EXHAUSTED, last.status)
                self.assertEqual(os.listdir(small), [])
                client.add_partner("writes-go-on")
            self.assertRegex(self.one.log(), 'a task has failed .* why=".*/kansen.mdb can not be written: No space left on device"')
            self.one.stop()
        finally:
            subprocess.run(["umount", "-l", small], check=True)


def child_of(pid):
    """The only process that this one starts: of a daemon the one beside it, of that one its check."""
    end = time.monotonic() + harness.PATIENCE
    while not (children := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()):
        assert time.monotonic() < end
    assert len(children) == 1, children
    return int(children[0])


def verifier_of(daemon):
    return child_of(daemon.process.pid)


def field(pid, name):
    return re.search(rf"^{name}:\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.M).group(1)


class Verified(Case):
    """A backup is read again by a process beside the daemon: what becomes of that is not the daemon's end."""

    def setUp(self):
        self.one = self.daemon()
        with self.one.client() as client:
            add_offers(client, client.add_partner("p"), range(MANY))

    def test_the_copy_goes_away(self):
        """As when the disk below it fails while it is read: by then it is mapped."""
        with self.one.client() as client, self.one.client() as other:
            for size in (0, 4096, 50_000):
                client.send(client.request(backup={"name": "b"}))
                while (answer := client.receive()).backup.stage != "check":
                    self.assertFalse(answer.backup.end)
                part = self.one.data_dir / "backup" / ".b.part" / "kansen.mdb"
                os.truncate(part, size)
                while (answer := client.receive()).status.code == OK:
                    self.assertFalse(answer.backup.end)
                self.assertEqual(answer.status.code, DATA_LOSS, answer)
                self.assertRegex(answer.status.message, "can not be read again|is cut short|is empty")
                self.assertEqual(self.names(self.one), [])
                self.assertEqual(other.ask(ping={}).status.code, OK)
            self.assertIn("Bus error", self.one.log())
            made = backup(client, name="b")[-1].backup
            self.assertEqual(digest_of(made.path), (0, made.sequence, made.digest))

    def test_it_can_do_little(self):
        pid = verifier_of(self.one)
        descriptors = {int(name): os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        self.assertEqual([number for number, name in descriptors.items() if number > 2 and not name.startswith("socket:")], [])
        self.assertEqual(len(descriptors), 4, descriptors)
        with self.one.client() as client:
            status = client.call(status={}).server
        if status.sandbox_seccomp == 1:
            self.assertEqual(field(pid, "Seccomp"), "2")
        self.assertEqual(field(pid, "NoNewPrivs"), "1")
        self.assertEqual({field(pid, name) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {"0" * 16})
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # as a service manager sends them to all at once
            os.kill(pid, number)
        with self.one.client() as client:
            self.assertEqual(backup(client, name="b")[-1].status.code, OK)

    def test_it_holds_nothing(self):
        """Not even what the daemon was started with, such as sockets of a service manager."""
        self.one.stop()
        with open("/dev/null", "rb") as passed, subprocess.Popen(
                self.one.command("--seeds", str(self.one.seeds), "--listen", self.one.unix, "--admin", "off"),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[passed.fileno()]) as process:
            while b"serves" not in process.stdout.readline():
                self.assertIsNone(process.poll())
            held = [set(os.listdir(f"/proc/{pid}/fd")) for pid in (process.pid, child_of(process.pid))]
            process.terminate()
            self.assertEqual([str(passed.fileno()) in names for names in held], [True, False])

    def test_without_standard_streams(self):
        """A socket with the number of one would be written to; what is told there is for nobody."""
        self.one.stop()
        command = self.one.command("--seeds", str(self.one.seeds), "--listen", self.one.unix, "--admin", "off")
        for closed in ("<&-", "<&- >&-", "<&- >&- 2>&-"):
            with subprocess.Popen(["sh", "-c", f'exec "$@" {closed}', "sh", *command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                client = None
                while client is None:
                    self.assertIsNone(process.poll(), closed)
                    with contextlib.suppress(OSError):
                        client = harness.Client(self.one.unix)
                with client:
                    self.assertEqual(backup(client)[-1].status.code, OK, closed)
                process.terminate()
                self.assertEqual(process.wait(), 0)

    def test_a_check_that_hangs(self):
        """It ends with who asked."""
        with self.one.client() as client:
            client.send(client.request(backup={"name": "b"}))
            while (answer := client.receive()).backup.stage != "check":
                self.assertFalse(answer.backup.end)
            pid = child_of(verifier_of(self.one))
            os.kill(pid, signal.SIGSTOP)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        deadline = time.monotonic() + harness.PATIENCE
        while self.names(self.one) or pathlib.Path(f"/proc/{pid}").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_it_is_gone(self):
        pid = verifier_of(self.one)
        os.kill(pid, signal.SIGKILL)
        with self.one.client() as client:
            last = backup(client, name="b")[-1]
            self.assertEqual((last.status.code, self.names(self.one)), (UNAVAILABLE, []), last)
            self.assertIn("restart kansend", last.status.message)
            client.add_partner("writes-go-on")
        self.one.restart()
        with self.one.client() as client:
            self.assertEqual(backup(client, name="b")[-1].status.code, OK)

    def test_it_ends_with_the_daemon(self):
        for end in (self.one.stop, self.one.kill):
            pid = verifier_of(self.one)
            with self.one.client() as client:
                client.send(client.request(backup={"name": "b"}))
                while (answer := client.receive()).backup.stage != "check":
                    self.assertFalse(answer.backup.end)
                end()
            deadline = time.monotonic() + harness.PATIENCE
            while pathlib.Path(f"/proc/{pid}").exists() and field(pid, "State")[0] != "Z":
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            self.one.start()


class Place(Case):
    def test_elsewhere(self):
        """The directory that the option names is made, may lie outside the data directory, and nothing else is written."""
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        configure(daemon, backup_dir=daemon.scratch / "elsewhere")
        daemon.start()
        with daemon.client() as client:
            made = backup(client, name="b")[-1].backup
            self.assertEqual(made.path, str(daemon.scratch / "elsewhere" / "b"))
            self.assertEqual(digest_of(made.path), (0, made.sequence, made.digest))
            # The option says where; Landlock that it stays there: the same directory behind another name is none of it.
            shutil.rmtree(daemon.scratch / "elsewhere")
            (daemon.scratch / "outside").mkdir()
            (daemon.scratch / "elsewhere").symlink_to(daemon.scratch / "outside")
            refused = backup(client, name="c")[-1]
            if client.call(status={}).server.sandbox_landlock != 1:  # SANDBOX_STATE_ON
                self.skipTest("this kernel has no Landlock")
            self.assertEqual(refused.status.code, UNAVAILABLE, refused)
            self.assertEqual(os.listdir(daemon.scratch / "outside"), [])

    def test_two_daemons(self):
        daemon = self.daemon()
        path = daemon.data_dir / "backup"
        held = os.open(path, os.O_RDONLY)
        try:
            import fcntl
            fcntl.flock(held, fcntl.LOCK_EX)
            with daemon.client() as client:
                self.assertEqual(backup(client, name="b")[-1].status.code, harness.FAILED_PRECONDITION)
        finally:
            os.close(held)

    def test_no_place(self):
        """A daemon whose backups have no place serves; a backup says why not."""
        daemon = self.daemon(backup_dir="/proc/nowhere/backup")
        self.assertIn("backups can not be written", daemon.log())
        with daemon.client() as client:
            self.assertEqual(backup(client, name="b")[-1].status.code, UNAVAILABLE)


class Restore(Case):
    def test_elsewhere(self):
        """On another machine: the backup, the key that was kept apart, and the list of erasures that is the newest."""
        daemon = self.daemon()
        with daemon.client() as client:
            partner = client.add_partner("p")
            offer = client.add_offer("o", partner)
            ann = client.write(reserve_placement={"offer_id": offer, "student": "ann"}).id
            bob = client.write(reserve_placement={"offer_id": offer, "student": "bob"}).id
            made = backup(client, name="b")[-1].backup
            client.write(forget_student={"student": "ann"})
            newest = (daemon.data_dir / "kansen.erased").read_bytes()
        token, key = daemon.token_file.read_text(encoding="ascii"), (daemon.data_dir / "kansen.key").read_bytes()
        daemon.stop()

        other = Daemon()
        self.addCleanup(other.remove)
        shutil.copytree(made.path, other.data_dir)
        (other.scratch / "none.conf").touch()
        no_key = harness.run(other.command("--listen", other.unix, "--admin", "off"))
        self.assertEqual(no_key.returncode, 1)
        self.assertIn("kansen.key is missing", no_key.stderr)
        (other.data_dir / "kansen.key").write_bytes(key)
        (other.data_dir / "kansen.key").chmod(0o600)
        (other.data_dir / "kansen.erased").write_bytes(newest)
        other.token_file.write_text(token, encoding="ascii")
        other.start()
        self.assertIn("forgotten again students=1", other.log())
        with other.client() as client:  # its token works: the store and the key are those of the first
            def find(student):
                return [p.id for p in client.call(list_placements={"student": student}).list_placements.placements]
            self.assertEqual((find("ann"), find("bob")), ([], [bob]))
            self.assertEqual(client.call(get_placement={"id": ann}).get_placement.offer_id, offer)
            self.assertEqual(client.matched(region="NL", kinds=["OFFER_KIND_SPORT"]), [offer])
            again = backup(client, name="b")[-1].backup
            self.assertEqual((again.sequence, again.digest), (made.sequence + 1, made.digest))  # to forget changes no record
        other.stop()
        self.assertEqual(digest_of(other.data_dir), (0, again.sequence, again.digest))


class Command(Case):
    def kansenctl(self, daemon, *args):
        return harness.run([harness.kansenctl(), "-s", daemon.tcp, *args])

    def test_verb(self):
        daemon = self.daemon()
        done = self.kansenctl(daemon, "--json", "backup", "one")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        told = json.loads(done.stdout)
        self.assertEqual(digest_of(told["path"]), (0, told["sequence"], told["digest"]))
        self.assertEqual(set(told), {"path", "sequence", "digest", "entries", "bytes", "removed"})
        again = self.kansenctl(daemon, "backup", "one")
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("is there already", again.stderr)
        nightly = self.kansenctl(daemon, "backup", "--keep", "1")
        self.assertEqual(nightly.returncode, 0)
        self.assertIn("kansen.key is not in it", nightly.stdout)
        none = self.kansenctl(daemon, "backup", "--keep", "0")
        self.assertEqual((none.returncode, "from 1 to" in none.stderr), (2, True))
        self.assertIn("1 older backups were removed", self.kansenctl(daemon, "backup", "--keep", "1").stdout)
        self.assertEqual(self.kansenctl(daemon, "backup", "a", "b").returncode, 2)
        self.assertEqual(self.kansenctl(daemon, "backup", "../up").returncode, 1)

    def test_interrupted(self):
        """Ctrl-C ends the backup too."""
        daemon = self.daemon()
        with daemon.client() as client:
            add_offers(client, client.add_partner("p"), range(OFFERS))
        ended = False
        for name in (f"b{n}" for n in range(100)):  # the machine may be busy, and the backup made before it is seen
            process = subprocess.Popen([harness.kansenctl(), "-s", daemon.tcp, "backup", name], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=harness.environment([harness.kansenctl(), "-s", daemon.tcp]))
            while process.poll() is None and f".{name}.part" not in self.names(daemon):
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
            failed, end = process.wait(harness.PATIENCE) != 0, time.monotonic() + harness.PATIENCE
            while f".{name}.part" in self.names(daemon):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            ended = failed and name not in self.names(daemon)
            if ended:
                break
        self.assertTrue(ended)


if __name__ == "__main__":
    unittest.main()
