# SPDX-License-Identifier: Apache-2.0
"""The daemon gives up what it does not need before it serves, in all its threads, and says what holds."""
import json
import os
import pathlib
import shutil
import socket
import tempfile
import time
import unittest

import harness

PARTS = ("sandbox_no_new_privileges", "sandbox_capabilities", "sandbox_seccomp", "sandbox_landlock")
ON, OFF, UNSUPPORTED = 1, 2, 3
NONE = "0" * 16  # capabilities


def threads(process):
    """What the kernel says of each thread, by name."""
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.remove)

    def start(self, **options):
        """Starts the daemon with these options; returns the states of the parts."""
        (self.daemon.scratch / "none.conf").write_text(
            "".join(f'{name} = "{value}"\n' for name, value in options.items()), encoding="utf-8")
        self.daemon.start()
        with self.daemon.client() as client:
            server = client.call(status={}).server
        return {part: getattr(server, part) for part in PARTS}

    def has_seccomp(self, states):
        """False where it is not to be had; the log has to say so."""
        if states["sandbox_seccomp"] == UNSUPPORTED:
            self.assertIn("option=sandbox_seccomp", self.daemon.log())
        return states["sandbox_seccomp"] == ON

    def named_threads(self, names):
        """All threads, once those with these names are among them; a thread gives itself its name when it begins."""
        deadline = time.monotonic() + harness.PATIENCE
        while True:
            seen = list(threads(self.daemon.process))
            missing = names - {thread["Name"].strip() for thread in seen}
            if not missing:
                return seen
            self.assertLess(time.monotonic(), deadline, missing)
            time.sleep(0.05)

    def test_every_thread(self):
        states = self.start()
        self.assertEqual((states["sandbox_no_new_privileges"], states["sandbox_capabilities"]), (ON, ON))
        with self.daemon.client() as client:  # so that all have worked
            client.add_offer("o", client.add_partner("p"))
            client.matched(region="NL")
        seen = self.named_threads({f"worker-{number}" for number in range(len(os.sched_getaffinity(0)))} |
                                  {"kansend", "writer", "clock", "rounds", "reader", "tasks"})
        for thread in seen:
            self.assertEqual(thread["NoNewPrivs"], "1")
            self.assertEqual([thread[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")], [NONE] * 4)
            if os.geteuid() == 0:
                self.assertEqual(thread["CapBnd"], NONE)
            if self.has_seccomp(states):
                self.assertEqual(thread["Seccomp"], "2")
        self.daemon.stop()

    def test_each_can_be_turned_off(self):
        standard = self.start()
        self.daemon.stop()
        for part in PARTS[1:]:
            states = self.start(**{part: "off"})
            self.assertEqual(states, {**standard, part: OFF})
            self.daemon.stop()
        states = self.start(**{part: "off" for part in PARTS})
        self.assertEqual(set(states.values()), {OFF})
        for thread in threads(self.daemon.process):
            self.assertEqual((thread["NoNewPrivs"], thread["Seccomp"]), ("0", "0"))
            if os.geteuid() == 0:
                self.assertNotEqual(thread["CapEff"], NONE)

    def stops_with_swapped_directory(self, **options):
        """Whether a stop removed a file from a directory that was put where that of the socket had been."""
        outer = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))  # the scratch directory holds a socket already
        self.addCleanup(shutil.rmtree, outer)
        home = outer / "run"
        home.mkdir()
        self.daemon.args = ["--listen", f"unix:{home / 's2'}"]
        states = self.start(**options)
        home.rename(outer / "run-before")
        home.mkdir()
        (home / "s2").write_text("of somebody else", encoding="utf-8")
        self.daemon.stop()
        return states, not (home / "s2").exists()

    def test_path_is_refused(self):
        """The daemon removes the file of its socket when it stops. A directory that it was not given holds what has
        that name now: Landlock refuses it."""
        states, removed = self.stops_with_swapped_directory()
        if states["sandbox_landlock"] == UNSUPPORTED:
            self.skipTest("this kernel has no Landlock")
        self.assertFalse(removed)

    def test_path_without_landlock(self):
        states, removed = self.stops_with_swapped_directory(sandbox_landlock="off")
        self.assertEqual(states["sandbox_landlock"], OFF)
        self.assertTrue(removed, "then the test above shows nothing")

    def test_systemd_is_told(self):
        """The last word goes out from inside the sandbox, also to an abstract socket."""
        for address in (str(self.daemon.scratch / "notify"), f"\0kansen-test-{os.getpid()}"):
            with self.subTest(address), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
                systemd.bind(address)
                systemd.settimeout(harness.PATIENCE)
                os.environ["NOTIFY_SOCKET"] = address.replace("\0", "@")
                try:
                    self.start()
                finally:
                    del os.environ["NOTIFY_SOCKET"]
                told = [systemd.recv(4096) for _ in range(3)]
                self.assertEqual([message.split(b"=")[0] for message in told], [b"STATUS", b"STATUS", b"READY"])
                self.daemon.stop()
                self.assertIn(b"STOPPING=1", systemd.recv(4096))

    def test_wrong_values(self):
        config = self.daemon.scratch / "none.conf"
        for line, word in (('sandbox_seccomp = "yes"', "required"), ('sandbox_no_new_privileges = "off"', "sandbox_landlock")):
            config.write_text(line + "\n", encoding="utf-8")
            done = harness.run(self.daemon.command("-n"))
            self.assertEqual(done.returncode, 2, line)
            self.assertIn(line.split()[0], done.stderr)
            self.assertIn(word, done.stderr)

    def test_cli(self):
        states = self.start(sandbox_capabilities="off")
        words = {ON: "on", OFF: "off", UNSUPPORTED: "unsupported"}
        done = harness.run([harness.kansenctl(), "-s", self.daemon.tcp, "--json", "status"])
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = json.loads(done.stdout)
        self.assertEqual({part: shown[part] for part in PARTS}, {part: words[states[part]] for part in PARTS})
        done = harness.run([harness.kansenctl(), "-s", self.daemon.tcp, "status"])
        self.assertRegex(done.stdout, r"sandbox_capabilities +off\b")


if __name__ == "__main__":
    unittest.main()
