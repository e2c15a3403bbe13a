# SPDX-License-Identifier: Apache-2.0
"""kansenctl top: on a terminal, which is a pseudo-terminal here, and where there is none."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unittest

import harness

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, term="xterm", rows=40, columns=100):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        environment = {**harness.environment(command), "TERM": term}
        self.process = subprocess.Popen([str(part) for part in command], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, env=environment, start_new_session=True)
        self.seen = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, good):
        """Reads until what was seen is good; returns it."""
        end = time.monotonic() + harness.PATIENCE
        while not good(self.seen):
            left = end - time.monotonic()
            assert left > 0, self.seen
            if select.select([self.master], [], [], min(left, 0.1))[0]:
                self.seen += os.read(self.master, 1 << 16)
        return self.seen

    def forget(self):
        self.seen = b""

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """The exit status, once it has ended."""
        end = time.monotonic() + harness.PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 1 << 16)
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 1 << 16)
        return self.process.returncode

    def is_restored(self):
        return self.seen.rfind(LEAVE) > self.seen.rfind(ENTER) and termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Top(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        with cls.daemon.client() as client:
            client.add_offer("o", client.add_partner("p"), seats=7)

    def command(self, *args, daemon=None):
        return [harness.kansenctl(), "-s", (daemon or self.daemon).unix, *args]

    def terminal(self, *args, daemon=None, **options):
        terminal = Terminal(self.command("top", *args, daemon=daemon), **options)
        self.addCleanup(terminal.close)
        return terminal

    def pictures(self, terminal, count):
        terminal.read_until(lambda seen: seen.count(b"REQUEST") >= count)


class Live(Top):
    def test_quit(self):
        terminal = self.terminal("--interval", "0.1")
        self.pictures(terminal, 3)
        self.assertIn(ENTER, terminal.seen)
        lflag = termios.tcgetattr(terminal.slave)[3]
        self.assertEqual(lflag & (termios.ICANON | termios.ECHO), 0)
        terminal.type(b"xq")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored(), terminal.seen)

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                terminal = self.terminal()
                self.pictures(terminal, 1)
                terminal.process.send_signal(number)
                self.assertEqual(terminal.end(), 0)
                self.assertTrue(terminal.is_restored(), terminal.seen)

    def test_refresh_by_key(self):
        terminal = self.terminal("--interval", "3600")
        for count, key in enumerate((b"", b" ", b"\n"), 1):
            terminal.type(key)
            self.pictures(terminal, count)
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_resize(self):
        """It is drawn again as wide and as high as the terminal is."""
        terminal = self.terminal("--interval", "3600", rows=50, columns=120)
        self.pictures(terminal, 1)
        terminal.read_until(lambda seen: seen.endswith(b"\x1b[J"))
        self.assertGreater(max(map(len, self.lines(terminal.seen))), 60)
        terminal.forget()
        terminal.resize(5, 30)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.read_until(lambda seen: seen.endswith(b"\x1b[J"))
        lines = self.lines(terminal.seen)
        self.assertEqual((len(lines), max(map(len, lines))), (5, 30))
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)

    def lines(self, seen):
        return re.sub(rb"\x1b\[[?0-9;]*[A-Za-z]", b"", seen).decode().split("\r\n")

    def test_stop_and_go_on(self):
        """Stopped from the keyboard, the terminal is the shell's; then it goes on."""
        terminal = self.terminal("--interval", "3600")
        self.pictures(terminal, 1)
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.read_until(lambda seen: LEAVE in seen)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        self.assertTrue(terminal.is_restored())
        terminal.process.send_signal(signal.SIGCONT)
        self.pictures(terminal, 2)
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored(), terminal.seen)

    def test_daemon_that_goes(self):
        daemon = harness.Daemon()
        self.addCleanup(daemon.remove)
        daemon.start()
        terminal = self.terminal("--interval", "0.1", daemon=daemon)
        self.pictures(terminal, 2)
        daemon.stop()
        self.assertEqual(terminal.end(), 3)
        self.assertTrue(terminal.is_restored(), terminal.seen)
        self.assertIn(b"UNAVAILABLE", terminal.seen[terminal.seen.rfind(LEAVE):])


class Batch(Top):
    def test_no_terminal(self):
        """Into a pipe, and on a terminal that can do nothing, it is one picture without escape sequences."""
        done = harness.run(self.command("top", "--interval", "0.1"))
        self.assertEqual((done.returncode, done.stdout.count("REQUEST"), "\x1b" in done.stdout), (0, 1, False))
        self.assertRegex(done.stdout, r"(?m)^sport +1 +1 +7$")
        terminal = self.terminal("--interval", "0.1", term="dumb")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual((terminal.seen.count(b"REQUEST"), b"\x1b" in terminal.seen), (1, False))
        terminal = self.terminal("--once", "--interval", "0.1")  # a terminal, but one picture is asked for
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn(b"\x1b", terminal.seen)

    def test_count(self):
        for flag in (["-n", "3"], ["--count", "3"]):
            done = harness.run(self.command("top", *flag, "--interval", "0.1"))
            self.assertEqual((done.returncode, done.stdout.count("REQUEST")), (0, 3))

    def test_json(self):
        """Rates are those of the time between two pictures."""
        stop = threading.Event()

        def work():
            with self.daemon.client() as client:
                while not stop.wait(0.01):
                    client.match(from_region="GM0606")
                    client.ask(get_offer={"id": 999})

        thread = threading.Thread(target=work)
        thread.start()
        try:
            done = harness.run(self.command("--json", "top", "-n", "2", "--interval", "0.5"))
        finally:
            stop.set()
            thread.join()
        self.assertEqual(done.returncode, 0)
        first, second = map(json.loads, done.stdout.splitlines())
        requests = {figures["request"]: figures for figures in second["requests"]}
        match, offer = requests["Match"], requests["GetOffer"]
        before = next(figures["total"] for figures in first["requests"] if figures["request"] == "Match")
        self.assertAlmostEqual(match["per_second"] * second["seconds"], match["total"] - before, delta=0.1)
        self.assertGreater(match["per_second"], 1)
        self.assertEqual(match["failed_per_second"], 0)
        self.assertEqual(offer["failed_per_second"], offer["per_second"])
        self.assertLessEqual(match["p50_us"], match["p99_us"])
        self.assertGreaterEqual(second["seconds"], 0.5)
        self.assertEqual({kind["kind"]: kind["seats_free"] for kind in second["kinds"]}["sport"], 7)
        self.assertEqual(second["records"]["offer"], 1)
        self.assertEqual(second["connections_limit"], 4096)

    def test_writes(self):
        stop = threading.Event()

        def work():
            with self.daemon.client() as client:
                at = 0
                while not stop.wait(0.01):
                    at += 1
                    client.add_partner(f"w{at}")

        thread = threading.Thread(target=work)
        thread.start()
        try:
            told = json.loads(harness.run(self.command("--json", "top", "-n", "1", "--interval", "1")).stdout)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(told["writes_per_second"], 1)
        self.assertAlmostEqual(told["commits"]["writes_each"], 1, delta=0.01)
        self.assertLessEqual(told["commits"]["p50_us"], told["commits"]["p99_us"])
        self.assertGreater(told["journal_per_second"], 1)

    def test_usage(self):
        for args in (["--interval", "0"], ["--interval", "x"], ["--interval", "9999"], ["-n", "x"], ["more"]):
            self.assertEqual(harness.run(self.command("top", *args)).returncode, 2, args)
        done = harness.run([harness.kansenctl(), "-s", "unix:/nonexistent", "top", "--once"])
        self.assertEqual(done.returncode, 3)

    def test_operators_only(self):
        with self.daemon.client() as client:
            client.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
            token = self.daemon.scratch / "portal.token"
            harness.write_token(token, harness.issue_token(client, "portal"))
        done = harness.run([harness.kansenctl(), "-s", self.daemon.tcp, "--token-file", token, "top", "--once"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("PERMISSION_DENIED", done.stderr)


if __name__ == "__main__":
    unittest.main()
