# SPDX-License-Identifier: Apache-2.0
"""Files of a store that are cut short, empty or damaged: a check, a start and the other commands say so and do not die of it,
and nothing is made in its place. And whose what root writes in another user's directory is."""
import os
import pathlib
import pwd
import random
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import Daemon

PAGE = 4096
CUT = re.compile(r"is cut short: (\d+) of (\d+) bytes")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        with cls.daemon.client() as client:
            partner = client.add_partner("p")
            client.batch([{"create_offer": {"offer": {
                "external_id": f"o{n}", "partner_id": partner, "kind": "OFFER_KIND_SPORT", "title": f"Offer {n}",
                "interests": ["sport.voetbal"], "seats": 5}}} for n in range(2000)])
        cls.daemon.stop()
        cls.whole = (cls.daemon.data_dir / "kansen.mdb").read_bytes()

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, self.scratch)
        self.dir = self.scratch / "data"
        self.dir.mkdir(0o700)
        for name in ("kansen.key", "kansen.erased", "kansend.lock"):
            shutil.copy(self.daemon.data_dir / name, self.dir)
        self.file = self.dir / "kansen.mdb"
        self.file.write_bytes(self.whole)

    def offline(self, *args):
        return harness.run([harness.kansend(), *args, self.dir])

    def start(self):
        """A start that is expected to end by itself."""
        (self.scratch / "none.conf").touch()
        return harness.run([harness.kansend(), "-c", self.scratch / "none.conf", "--data-dir", self.dir, "--listen",
                            f"unix:{self.scratch / 's'}", "--admin", "off", "--seeds", harness.SMALL_SEEDS])


class Cut(Case):
    def test_told(self):
        for bytes_ in (PAGE, 2 * PAGE, 2 * PAGE + 1, 100_000, len(self.whole) // 2, len(self.whole) - 20 * PAGE):
            with self.subTest(bytes_):
                os.truncate(self.file, bytes_)
                (self.scratch / "journal").touch()
                for done in (self.offline("--check"), self.offline("--compact"), self.offline("--forget-key"),
                             self.offline("--replay", self.scratch / "journal"), self.start()):
                    found = CUT.search(done.stdout + done.stderr)
                    self.assertTrue(found, done)
                    self.assertEqual((done.returncode, int(found.group(1))), (1, bytes_))
                    self.assertEqual(self.file.stat().st_size, bytes_)
                    if bytes_ > PAGE:
                        self.assertLess(bytes_, int(found.group(2)))
                        self.assertLessEqual(int(found.group(2)), len(self.whole) + 64 * PAGE)
                self.file.write_bytes(self.whole)

    def test_empty(self):
        """An empty file where a store was is not a new store."""
        os.truncate(self.file, 0)
        for done in (self.offline("--check"), self.offline("--compact"), self.start()):
            self.assertEqual(done.returncode, 1)
            self.assertIn("is empty (0 bytes)", done.stdout + done.stderr)
            self.assertIn("put a backup in its place", done.stdout + done.stderr)
        self.assertEqual(self.file.stat().st_size, 0)

    def test_no_store(self):
        """No command but a start makes anything; a key alone is how a store is moved, so a start makes one."""
        self.file.unlink()
        before = sorted(os.listdir(self.dir))
        for args in (["--check"], ["--compact"], ["--forget-key"], ["--replay", self.daemon.data_dir / "kansen.mdb"]):
            for directory in (self.dir, self.scratch / "nowhere"):
                done = harness.run([harness.kansend(), *args, directory])
                self.assertEqual(done.returncode, 1, done)
                self.assertIn("no store is there", done.stdout)
        self.assertEqual(sorted(os.listdir(self.dir)), before)
        self.assertFalse((self.scratch / "nowhere").exists())
        with Daemon(data_dir=self.dir) as daemon, harness.Client(daemon.unix) as client:
            self.assertGreater(client.call(status={}).server.regions, 0)

    def test_no_file_to_lock(self):
        (self.dir / "kansend.lock").unlink()
        done = self.offline("--check")
        self.assertEqual(done.returncode, 0, done)
        self.assertFalse((self.dir / "kansend.lock").exists())


class Damage(Case):
    def test_check(self):
        """Whatever stands in the file, a check comes to its end, with a word about it."""
        dice, pages, died = random.Random(7), len(self.whole) // PAGE, 0
        for round_ in range(24):
            data = bytearray(self.whole)
            at = dice.randrange(2, pages) * PAGE
            if round_ % 2 == 0:
                data[at:at + PAGE] = bytes(PAGE)
            else:
                data[at:at + 512] = dice.randbytes(512)
            self.file.write_bytes(data)
            done = self.offline("--check")
            self.assertIn(done.returncode, (0, 1))
            self.assertTrue(done.stdout)
            if "can not be read to its end" in done.stdout:
                died += 1
                self.assertEqual(done.returncode, 1)
        self.assertGreater(died, 0, "no damage was as bad as it should be")


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class Owner(Case):
    def setUp(self):
        super().setUp()
        self.user = pwd.getpwnam("nobody")
        os.chmod(self.scratch, 0o711)
        for path in (self.dir, *self.dir.iterdir()):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def owners(self):
        return {path.name: path.stat().st_uid for path in (self.dir, *self.dir.iterdir())}

    def test_root_writes(self):
        """What root has done to a store, its owner can still open."""
        journal = self.scratch / "journal"
        daemon = Daemon(data_dir=self.scratch / "other")
        self.addCleanup(daemon.remove)
        shutil.copytree(self.dir, daemon.data_dir)
        daemon.start()
        with harness.Client(daemon.unix) as client:
            client.add_partner("later")
        self.assertEqual(harness.run([harness.kansenctl(), "-s", daemon.unix, "journal", "export", journal]).returncode, 0)
        daemon.stop()
        refused = self.offline("--replay", journal)
        self.assertEqual((refused.returncode, "Permission denied" in refused.stdout), (1, True), refused)
        journal.chmod(0o644)
        for args, says in ((["--replay", journal], "replayed: "), (["--compact"], "written anew"), (["--forget-key"], "next start")):
            done = self.offline(*args)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(says, done.stdout)
            self.assertIn("goes on as user", done.stderr)
            self.assertEqual(set(self.owners().values()), {self.user.pw_uid}, (args, self.owners()))
        self.assertEqual(self.offline("--check").stderr, "")
        # The link that a user lays leads root nowhere.
        (self.scratch / "root's").touch()
        (self.dir / "kansen.mdb-lock").unlink()
        (self.dir / "kansen.mdb-lock").symlink_to(self.scratch / "root's")
        self.assertEqual(self.offline("--compact").returncode, 1)
        self.assertEqual((self.scratch / "root's").stat().st_size, 0)

    def test_without_the_right(self):
        """Where root can not become that user, nothing is touched."""
        done = subprocess.run(["setpriv", "--bounding-set", "-setuid,-setgid", "--inh-caps", "-setuid,-setgid",
                               str(harness.kansend()), "--compact", str(self.dir)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run this as that user", done.stdout)
        self.assertEqual(self.file.read_bytes(), self.whole)


if __name__ == "__main__":
    unittest.main()
