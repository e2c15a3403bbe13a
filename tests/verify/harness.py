# SPDX-License-Identifier: Apache-2.0
"""What the tests of kansen-verify share: the program, a key, scratch records."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import record

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = json.loads((pathlib.Path(__file__).with_name("vectors.json")).read_text())
BUILD = ROOT / "build"


def use_build(build):
    global BUILD
    BUILD = ROOT / build


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-verify-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.key = record.Key(cls.folder)

    def run_on(self, folder, *options):
        """(exit status, standard output, standard error)"""
        done = subprocess.run([BUILD / "kansen-verify", *map(str, options), folder], capture_output=True, timeout=300)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def write(self, files, names=record.SEALED):
        shutil.rmtree(self.folder / "record", ignore_errors=True)
        return record.write(self.folder / "record", files, names)

    def verify(self, files, *options, names=record.SEALED):
        return self.run_on(self.write(files, names), "--key", self.key.hex, *options)

    def assert_holds(self, files, *options, names=record.SEALED):
        status, out, err = self.verify(files, *options, names=names)
        self.assertEqual((status, err), (0, ""), f"{out}{err}")
        self.assertIn("holds, ", out)
        return out

    def assert_fault(self, files, rule, *words, options=(), only=False, names=record.SEALED):
        """The first fault is of this rule and has these words in it; only: no other rule is broken."""
        status, out, err = self.verify(files, *options, names=names)
        self.assertEqual(status, 1, out + err)
        faults = [line for line in err.splitlines() if not line.endswith(" more")]
        self.assertIn(f" {rule}: ", " " + faults[0], err)
        for word in words:
            self.assertIn(word, faults[0])
        if only:
            self.assertTrue(all(f" {rule}: " in line for line in faults), err)
        return err
