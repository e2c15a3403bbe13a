# SPDX-License-Identifier: Apache-2.0
"""Stores of every format that there was, as tests/fixtures/make.py has made them when it was new: this version reads them, in
place and as a stream, and finds in them what was found then."""
import json
import re
import shutil
import sys
import tarfile
import unittest

import harness
from harness import Client, Daemon
from test_archive import frames_of

FOLDER = harness.ROOT / "tests" / "fixtures"
sys.path.insert(0, str(FOLDER))

import make  # noqa: E402
import rounds  # noqa: E402  (beside the harness)


def digest_of(directory):
    done = harness.run([harness.kansend(), "--check", directory])
    found = re.search(r"journal at (\d+), digest (\w{32})", done.stdout)
    return (done.returncode, *((int(found.group(1)), found.group(2)) if found else (0, done.stdout)))


class Fixtures(unittest.TestCase):
    def setUp(self):
        with Daemon() as daemon, daemon.client() as client:
            self.format = client.call(status={}).server.store_format

    def unpack(self, archive):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        daemon.data_dir.mkdir()
        with tarfile.open(archive) as tar:
            tar.extractall(daemon.data_dir)
        (daemon.data_dir / "kansend.lock").touch()
        return daemon, json.loads((daemon.data_dir / "expected.json").read_text(encoding="utf-8"))

    def each(self):
        archives = sorted(FOLDER.glob("format-*.tar.xz"))
        self.assertIn(FOLDER / f"format-{self.format}.tar.xz", archives, "this format has no fixture: see tests/fixtures/make.py")
        for archive in archives:
            with self.subTest(archive.name):
                yield (archive, *self.unpack(archive))

    def seen(self, expected):
        """What is asked of it; a fixture from before there were rounds has none."""
        return {"rounds": [], **{key: value for key, value in expected.items() if key not in ("sequence", "digest", "format")}}

    def test_in_place(self):
        for _, daemon, expected in self.each():
            own = expected["format"] == self.format
            if own:
                self.assertEqual(digest_of(daemon.data_dir), (0, expected["sequence"], expected["digest"]))
            before = (daemon.data_dir / "kansen.mdb").read_bytes()
            daemon.start()
            copy = daemon.data_dir / f"kansen.mdb.format-{expected['format']}"
            self.assertEqual(copy.exists(), not own)
            if not own:
                self.assertEqual(copy.read_bytes(), before)
                self.assertIn(f"the store was upgraded copied=yes from={expected['format']} to={self.format}", daemon.log())
            with daemon.client() as client:  # by the token of then
                self.assertEqual(make.ask(client), self.seen(expected))
                client.add_partner("new-club")
            daemon.stop()
            self.assertEqual(digest_of(daemon.data_dir)[0], 0)

    def test_without_a_copy(self):
        """Who has backups of their own may do without the copy; that it was upgraded is told all the same."""
        for _, daemon, expected in self.each():
            (daemon.scratch / "none.conf").write_text('upgrade_backup = "no"\n', encoding="utf-8")
            daemon.start()
            self.assertFalse(list(daemon.data_dir.glob("kansen.mdb.format-*")))
            told = f"the store was upgraded copied=no from={expected['format']} to={self.format}"
            self.assertEqual(told in daemon.log(), expected["format"] != self.format)
            daemon.stop()

    def test_as_a_stream(self):
        for _, daemon, expected in self.each():
            dump = daemon.scratch / "dump"
            shutil.move(daemon.data_dir / "dump", dump)
            # Which digest it is of, its reader holds it to.
            trailer = harness.stream_pb2.StreamFrame.FromString(frames_of(dump.read_bytes())[-1]).trailer
            self.assertEqual(trailer.digest, expected["digest"])
            for name in ("kansen.mdb", "kansen.erased"):
                (daemon.data_dir / name).unlink()
            daemon.start()
            done = harness.run([harness.kansenctl(), "-s", daemon.unix, "load", dump])
            self.assertEqual(done.returncode, 0, done.stderr)
            with Client(daemon.unix, token=(daemon.data_dir / "tests.token").read_text(encoding="ascii").strip()) as client:
                self.assertEqual(make.ask(client), self.seen(expected))
            daemon.stop()
            self.assertEqual(digest_of(daemon.data_dir)[0], 0)

    def test_never_lost(self):
        """A fixture is committed for good: there is one for each format from the first that had one on."""
        numbers = sorted(int(path.name[len("format-"):-len(".tar.xz")]) for path in FOLDER.glob("format-*.tar.xz"))
        self.assertEqual(numbers, list(range(5, self.format + 1)))


class Records(unittest.TestCase):
    """A round that a daemon computed which knew the first form of a record alone: the digest of its cutoffs has no key, and
    nothing was kept of its revisions."""

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)
        self.daemon.data_dir.mkdir()
        with tarfile.open(FOLDER / "record-1.tar.xz") as tar:
            tar.extractall(self.daemon.data_dir)
        self.folder = self.daemon.scratch
        shutil.move(self.daemon.data_dir / "dump", self.folder / "dump")
        self.daemon.start()
        self.ctl("load", "dump")
        self.client = Client(self.daemon.unix)
        self.addCleanup(self.client.close)

    def ctl(self, *args, status=0):
        done = harness.run([harness.kansenctl(), "-s", self.daemon.unix, *args], cwd=self.folder)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def verify(self, *args):
        done = harness.run([harness.BUILD / "kansen-verify", *args], cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def cutoff_digests(self):
        """What a portal is told, an operator, and what the lines have."""
        with self.daemon.client(token=self.portal) as portal:
            told = [client.call(get_round={"name": "old"}).get_round.round.cutoff_digest for client in (portal, self.client)]
        round_ = rounds.Round.__new__(rounds.Round)
        round_.client, round_.name = self.client, "old"
        return (*told, round_.files()["cutoffs"])

    def test_the_first_form(self):
        self.client.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
        self.portal = harness.issue_token(self.client, "portal")
        portal, operator, cutoffs = self.cutoff_digests()
        self.assertEqual((portal, operator), (b"", rounds.digest(cutoffs)))
        self.ctl("round", "export", "old", "first", "--key", "sign.key")
        self.assertTrue((self.folder / "first" / "record").read_text().startswith("kansen-record 1\n"))
        said = self.verify("first")
        self.assertIn("who has it can find out what public-cutoffs leaves out", said)
        self.assertIn("the input may have been changed after the draw: a record of form 1", said)
        # Computed again it has the form of today, which tells that nothing is known of what was before.
        self.ctl("round", "revise", "old", "--reason", "another form")
        self.ctl("round", "freeze", "old")
        self.ctl("round", "compute", "old")
        self.assertRegex(self.ctl("round", "show", "old").stdout,
                         r"\nrevised      0, and nothing else is known of it\nrevised      1, and .*\nrevised      2, computed, \S+Z: another form\n")
        portal, operator, cutoffs = self.cutoff_digests()
        self.assertEqual(portal, operator)
        self.assertNotEqual(operator, rounds.digest(cutoffs))
        self.ctl("round", "publish", "old")
        self.ctl("round", "export", "old", "second", "--key", "sign.key", "--public", "public")
        first = rounds.digest((self.folder / "first" / "record").read_bytes()).hex()
        self.assertRegex((self.folder / "second" / "record").read_text(),
                         rf"\nrevised 0 - - - - -\nrevised 1 - - - - -\nrevised 2 computed \S+ \w+ {first} another form\n")
        said = self.verify("--previous", "first", "second")
        self.assertIn("revision 1 was corrected, and nothing else is told of it", said)
        self.assertIn("the input was changed after the draw", said)
        self.verify("--public", "public")

    def test_published_in_the_first_form(self):
        """What is public of it would tell what it leaves out."""
        self.ctl("round", "publish", "old")
        self.assertIn("for auditors only", self.ctl("round", "export", "old", "sealed", "--key", "sign.key", "--public", "public", status=1).stderr)
        self.ctl("round", "export", "old", "sealed", "--key", "sign.key")
        self.verify("sealed")


if __name__ == "__main__":
    unittest.main()
