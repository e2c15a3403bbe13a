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


if __name__ == "__main__":
    unittest.main()
