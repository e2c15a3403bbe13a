# SPDX-License-Identifier: Apache-2.0
"""Lines of the log on standard error, and entries of the journal; how many of them there are."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import Client, frame, protocol_pb2

LINE = re.compile(r'^(error|warning|notice|info|debug) [a-z]+: [^=\n"]+(?: [a-z0-9_]+=(?:[^\s"=]+|"(?:[^"\\\n]|\\.)*"))*\n$')
JOURNAL = pathlib.Path(__file__).with_name("journal.py")
# A /run of its own, as root or as whoever may make user namespaces.
NAMESPACE = ["unshare", "--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]
BURST = 20  # lines of one place in ten seconds


def may_mount():
    done = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    return done.returncode == 0


def refuse_hellos(address, count):
    hello = frame(protocol_pb2.Request(id=1, hello={"protocol_version": 1, "token": "kansen_x"}))
    for _ in range(count):
        with Client(address, hello=False) as client:
            client.send(hello)
            client.receive()


class Lines(unittest.TestCase):
    def test_started_behind_others(self):
        """A daemon of low priority has threads that step back no further, which is no news."""
        daemon = harness.Daemon()
        self.addCleanup(daemon.remove)
        command = daemon.command
        daemon.command = lambda *args: ["nice", "-n", "19", *command(*args)]
        daemon.start()
        daemon.stop()
        self.assertNotIn("keeps its priority", daemon.log())

    def test_form(self):
        """Each line has one form, at the level that logs most, whatever happens; nothing but lines is written."""
        with harness.Daemon(args=["--log-level", "debug"]) as daemon:
            with daemon.client() as client:
                client.call(ping={})
            refuse_hellos(daemon.tcp, 3)
            daemon.signal(signal.SIGHUP)
            daemon.stop()
            lines = [line for line in daemon.lines if not harness.READY.search(line)]
        self.assertGreater(len(lines), 8)
        for line in lines:
            self.assertRegex(line, LINE)
        for words in ("debug session: open actor=client:local/token:1 role=operator\n",
                      'info auth: hello was refused actor=tcp why="the token or certificate is not valid: ',
                      "notice main: stops signal=Terminated at_once=no\n"):
            self.assertTrue([line for line in lines if line.startswith(words)], (words, lines))

    def test_a_flood(self):
        """One place may not fill the log, and what is left out is counted: at the latest when the daemon ends."""
        with harness.Daemon() as daemon:
            refuse_hellos(daemon.tcp, 10 * BURST)
            daemon.stop()
            told = [line for line in daemon.lines if "hello was refused" in line and " auth: " in line]
            left_out = re.findall(r"^notice log: lines like one were left out like=\"hello was refused\" of=auth times=(\d+)$",
                                  daemon.log(), re.M)
        self.assertEqual(len(told) + sum(map(int, left_out)), 10 * BURST)
        self.assertLess(len(told), 5 * BURST)  # more than one window on a slow machine

    def test_told_while_it_serves(self):
        with harness.Daemon() as daemon:
            refuse_hellos(daemon.tcp, 2 * BURST)
            deadline = time.monotonic() + harness.PATIENCE
            while "lines like one were left out" not in daemon.log():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
            refuse_hellos(daemon.tcp, 1)  # a new window
            daemon.stop()
            self.assertIn("hello was refused", "".join(daemon.lines[-3:]))


@unittest.skipUnless(may_mount(), "no mount namespace is to be had here")
class Journal(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.stream, self.entries = self.folder / "stream", self.folder / "entries"
        self.config = self.folder / "kansend.conf"
        self.config.write_text(f'data_dir = "{self.folder}/data"\nlisten = {{"unix:{self.folder}/s"}}\nadmin = "off"\n'
                               f'seeds = "{harness.SMALL_SEEDS}"\nlog_level = "debug"\n', encoding="utf-8")

    def serve(self):
        command = [*NAMESPACE, sys.executable, str(JOURNAL), str(self.entries), str(self.stream),
                   str(harness.kansend()), "-c", str(self.config)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=harness.end_with_parent)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertRegex(process.stdout.readline(), "serves on")
        return process

    def read(self):
        return [json.loads(line) for line in self.entries.read_text(encoding="utf-8").splitlines()]

    def test_fields(self):
        process = self.serve()
        with Client(f"unix:{self.folder}/s"):
            pass
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + harness.PATIENCE
        while not any("read again" in entry["MESSAGE"] for entry in self.read()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        process.terminate()
        self.assertEqual(process.wait(harness.PATIENCE), 0)
        self.assertEqual(self.stream.read_text(encoding="utf-8"), "")  # all of it went the other way
        entries = self.read()
        for entry in entries:
            self.assertRegex(entry["PRIORITY"], "^[3-7]$")
            self.assertEqual(entry["SYSLOG_IDENTIFIER"], "kansend")
            self.assertTrue(entry["MESSAGE"].startswith(entry["KANSEN_SUBSYSTEM"] + ": "), entry)
            self.assertRegex(entry["CODE_FILE"], r"^daemon/\w+/\w+\.c$|^daemon/main\.c$")
            self.assertRegex(entry["CODE_LINE"], r"^\d+$")
            self.assertRegex(entry["CODE_FUNC"], r"^\w+$")
        session = next(entry for entry in entries if entry["KANSEN_SUBSYSTEM"] == "session")
        self.assertEqual((session["KANSEN_ROLE"], session["PRIORITY"]), ("operator", "7"))
        self.assertRegex(session["KANSEN_ACTOR"], r"^unix:uid=\d+$")
        self.assertEqual(session["MESSAGE"], f'session: open actor="{session["KANSEN_ACTOR"]}" role=operator')
        read = next(entry for entry in entries if "read again" in entry["MESSAGE"])
        self.assertEqual((read["KANSEN_FILE"], read["PRIORITY"]), (str(self.config), "5"))

    def test_another_stream(self):
        """JOURNAL_STREAM is about the stream that it names, not about another one."""
        done = subprocess.run([harness.kansend(), "-c", self.config, "--listen", "192.0.2.1:1"],
                              env={"JOURNAL_STREAM": "1:1"}, capture_output=True, text=True, check=False)
        self.assertRegex(done.stderr, LINE)


if __name__ == "__main__":
    unittest.main()
