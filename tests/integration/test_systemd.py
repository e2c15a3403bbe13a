# SPDX-License-Identifier: Apache-2.0
"""What the daemon tells a service manager and takes from it. The manager here is this test; a whole system with the real
one is in system/."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import certificates
import harness

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000
INTERVAL = 1.0  # seconds in which the watchdog wants to be fed


class Manager:
    """A daemon that was started as systemd does it: it tells what it does, and gets sockets by name."""

    def __init__(self, sockets=(), args=(), watchdog=None):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.scratch / "notify"))
        self.sockets, self.args = list(sockets), list(args)
        self.environment = {**os.environ, "NOTIFY_SOCKET": str(self.scratch / "notify"),
                            "STATE_DIRECTORY": str(self.scratch / "state")}
        if watchdog:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        (self.scratch / "kansend.conf").write_text(f'seeds = "{harness.SMALL_SEEDS}"\n', encoding="utf-8")
        self.process = None

    def start(self):
        # Passed descriptors begin at 3, and the process is told its own number: a shell can do both.
        high = [fcntl.fcntl(passed.fileno(), fcntl.F_DUPFD, 50) for _, passed in self.sockets]
        moves = " ".join(f"{3 + at}<&{fd} {fd}<&-" for at, fd in enumerate(high))
        names = ":".join(name for name, _ in self.sockets)
        listen = f"LISTEN_PID=$$ LISTEN_FDS={len(high)} LISTEN_FDNAMES={names}" if high else ""
        command = [str(harness.kansend()), "-c", str(self.scratch / "kansend.conf"), *self.args]
        with open(self.scratch / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'{listen} exec "$@" {moves}', "bash", *command], env=self.environment, cwd=self.scratch,
                pass_fds=high, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=harness.end_with_parent)
        for fd in high:
            os.close(fd)
        return self

    def log(self):
        return (self.scratch / "log").read_text(encoding="utf-8", errors="replace")

    def hear(self, seconds=harness.PATIENCE):
        """The next message as a dict; None when there is none for so long."""
        if not select.select([self.notify], [], [], seconds)[0]:
            return None
        return dict(line.split("=", 1) for line in self.notify.recv(4096).decode().splitlines())

    def hear_of(self, key):
        """The next message with this key; what the watchdog gets, and what a start is busy with, is passed over."""
        while True:
            message = self.hear()
            assert message is not None, f"{key} was not told:\n{self.log()}"
            if key in message:
                return message
            assert list(message) in (["WATCHDOG"], ["STATUS"]), message

    def feeds(self, seconds):
        """How often the watchdog is fed in so many seconds."""
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            message = self.hear(left)
            count += message is not None and "WATCHDOG" in message
        return count

    def forget_feeds(self):
        while self.hear(0) is not None:
            pass

    def stop(self):
        self.process.terminate()
        assert self.process.wait(harness.PATIENCE) == 0, self.log()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert not harness.SANITIZER.search(self.log()), self.log()
        self.notify.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


@contextlib.contextmanager
def stopped(thread):
    """Stops one thread of a child, as if it hung; the others go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
        raise unittest.SkipTest(f"ptrace: {os.strerror(ctypes.get_errno())}")
    libc.ptrace(PTRACE_INTERRUPT, thread, None, None)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


def own_threads(pid):
    """The threads of a process but for reading threads, the job thread and that of rounds, and those of a sanitizer, which block all
    signals. So does a thread that has just been made, for a moment."""
    time.sleep(INTERVAL)
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        blocked = re.search(r"SigBlk:\s*(\w+)", (task / "status").read_text(encoding="utf-8")).group(1)
        if (task / "comm").read_text(encoding="utf-8") not in ("reader\n", "tasks\n", "rounds\n") and not int(blocked, 16) >> (signal.SIGUSR1 - 1) & 1:
            found.append(int(task.name))
    return found


def listening(family=socket.AF_INET, address=("127.0.0.1", 0)):
    made = socket.socket(family)
    made.bind(address)
    made.listen(64)
    return made


def address_of(listener):
    return "%s:%d" % listener.getsockname()


def ping(address):
    """Asks what anybody may ask."""
    with harness.Client(address, hello=False) as client:
        client.call(ping={})


class Told(unittest.TestCase):
    def test_life(self):
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "off"]) as manager:
            told = [manager.hear(), manager.hear()]
            self.assertEqual([list(each) for each in told], [["STATUS"], ["STATUS"]])
            self.assertRegex(told[0]["STATUS"], "^opens the store; one of an older format")
            ready = manager.hear_of("READY")
            self.assertRegex(ready["STATUS"], r"^serves on 127\.0\.0\.1:\d+ \(admin off\)$")
            ping(re.search(r"127\S+", ready["STATUS"]).group())  # ready means ready
            self.assertTrue((manager.scratch / "state").is_dir())
            manager.process.terminate()
            self.assertEqual(manager.hear_of("STOPPING")["STOPPING"], "1")
            self.assertEqual(manager.process.wait(harness.PATIENCE), 0)

    def test_reload(self):
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "off"]) as manager:
            ready = manager.hear_of("READY")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            manager.process.send_signal(signal.SIGHUP)
            told = manager.hear_of("RELOADING")
            self.assertEqual(told["RELOADING"], "1")
            self.assertGreaterEqual(int(told["MONOTONIC_USEC"]), before)
            self.assertLess(int(told["MONOTONIC_USEC"]), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
            self.assertEqual(manager.hear_of("READY"), ready)
            manager.stop()

    def test_not_ready_when_it_fails(self):
        with listening() as taken, Manager(args=["--listen", address_of(taken), "--admin", "off"]) as manager:
            self.assertEqual(manager.process.wait(harness.PATIENCE), 1)
            while (told := manager.hear(0.1)) is not None:
                self.assertEqual(list(told), ["STATUS"])


class Watchdog(unittest.TestCase):
    def test_idle(self):
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "off"], watchdog=INTERVAL) as manager:
            manager.hear_of("READY")
            self.assertGreaterEqual(manager.feeds(3 * INTERVAL), 5)
            manager.stop()
            self.assertNotIn("does not answer", manager.log())

    def test_not_wanted(self):
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "off"]) as manager:
            manager.hear_of("READY")
            self.assertEqual(manager.feeds(1), 0)

    def test_each_thread(self):
        """Whichever thread hangs, the watchdog is not fed; once it goes on, it is again. But for reading threads, the job thread and
        that of rounds: theirs is what takes long."""
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "off", "--workers", "2"], watchdog=INTERVAL) as manager:
            manager.hear_of("READY")
            threads = own_threads(manager.process.pid)
            self.assertGreaterEqual(len(threads), 5)  # main, two workers, the writer, the clock
            for thread in threads:
                with self.subTest(thread - manager.process.pid):
                    with stopped(thread):
                        end = time.monotonic() + 15 * INTERVAL  # the writer has four, the machine may be slow
                        while manager.feeds(INTERVAL) > 0:
                            self.assertLess(time.monotonic(), end)
                    manager.forget_feeds()
                    self.assertGreaterEqual(manager.feeds(2 * INTERVAL), 3)
            told = set(re.findall(r"does not answer thread=(\S+)", manager.log()))
            self.assertEqual(told, {"worker-0", "worker-1", "writer", "clock"})  # main can not tell of itself
            manager.stop()

    def test_busy_is_not_stuck(self):
        """A writer that works all the time answers all the same."""
        with Manager(args=["--listen", "unix:s", "--admin", "off"], watchdog=INTERVAL) as manager:
            manager.hear_of("READY")
            with harness.Client(f"unix:{manager.scratch / 's'}") as client:
                partner = client.add_partner("p")
                end = time.monotonic() + 6 * INTERVAL
                while time.monotonic() < end:
                    client.batch([{"create_offer": {"offer": {
                        "external_id": f"{time.monotonic_ns()}-{at}", "partner_id": partner, "kind": "OFFER_KIND_SPORT",
                        "title": "Training", "interests": ["sport.voetbal"], "seats": 5}}} for at in range(500)])
            self.assertGreaterEqual(manager.feeds(0.01) + manager.feeds(INTERVAL), 5)
            self.assertNotIn("does not answer", manager.log())
            manager.stop()


class Sockets(unittest.TestCase):
    def serve(self, sockets, args=()):
        manager = Manager(sockets, args)
        manager.start()
        self.addCleanup(manager.__exit__)
        return manager

    def test_by_name(self):
        """What is passed replaces what is configured, of each kind."""
        with tempfile.TemporaryDirectory(prefix="kansen-test-") as folder:
            path = f"{folder}/s"
            tcp, unix, admin = listening(), listening(socket.AF_UNIX, path), listening()
            manager = self.serve([("listen", tcp), ("admin", admin), ("listen", unix)], ["--listen", "127.0.0.1:1"])
            status = manager.hear_of("READY")["STATUS"]
            self.assertEqual(status, f"serves on {address_of(tcp)} unix:{path} (admin {address_of(admin)})")
            for address in (address_of(tcp), f"unix:{path}"):
                ping(address)
            with urllib.request.urlopen(f"http://{address_of(admin)}/readyz") as page:
                self.assertEqual(page.status, 200)
            manager.stop()
            self.assertTrue(os.path.exists(path), "the socket is the manager's")

    def test_restart_refuses_nobody(self):
        """Who connects while no daemon is there waits for the next one, also after kill -9."""
        tcp = listening()
        manager = self.serve([("listen", tcp)], ["--admin", "off"])
        for number in (signal.SIGTERM, signal.SIGKILL):
            manager.hear_of("READY")
            manager.process.send_signal(number)
            manager.process.wait(harness.PATIENCE)
            while manager.hear(0):
                pass
            waiting = harness.Client(address_of(tcp), hello=False)
            waiting.send(waiting.request(ping={}))
            manager.start()
            self.assertEqual(waiting.receive().status.code, harness.OK)
            waiting.close()
        manager.hear_of("READY")
        manager.stop()

    def test_tls(self):
        """A socket by the name tls speaks it, with the certificate that the manager hands over, on any address."""
        with tempfile.TemporaryDirectory(prefix="kansen-test-") as folder:
            authority = certificates.Authority(pathlib.Path(folder) / "ca")
            certificate, key = authority.issue("first")
            credentials = pathlib.Path(folder) / "credentials"
            credentials.mkdir()
            shutil.copy(certificate, credentials / "tls_certificate.pem")
            shutil.copy(key, credentials / "tls_key.pem")
            tcp, tls = listening(), listening(address=("0.0.0.0", 0))
            manager = Manager([("tls", tls), ("listen", tcp)], ["--admin", "off"])
            manager.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
            self.addCleanup(manager.start().__exit__)
            self.assertIn(f"serves on tls:{address_of(tls)} {address_of(tcp)} ", manager.hear_of("READY")["STATUS"])
            port = tls.getsockname()[1]
            with authority.context().wrap_socket(socket.create_connection(("127.0.0.1", port)),
                                                 server_hostname="localhost") as secure:
                secure.sendall(harness.frame(harness.protocol_pb2.Request(id=1, ping={})))
                self.assertTrue(secure.recv(100))
            ping(address_of(tcp))  # the other one is plain
            manager.stop()
            (credentials / "tls_key.pem").write_text("no key", encoding="utf-8")
            done = harness.run([harness.kansend(), "-n", "-c", manager.scratch / "kansend.conf"],
                               env={"CREDENTIALS_DIRECTORY": str(credentials)})
            self.assertEqual(done.returncode, 2)
            self.assertIn("tls_key", done.stderr)

    def test_status_of_a_reload(self):
        """What became of the last one stands beside what it serves on."""
        with Manager(args=["--admin", "off", "--listen", "127.0.0.1:0"]) as manager:
            serves = manager.hear_of("READY")["STATUS"]
            config = manager.scratch / "kansend.conf"
            good = config.read_text(encoding="utf-8")
            for line, why in (("", ""), ("worker = 1\n", '2: "worker" is not an option; did you mean "workers"?'),
                              ('tls_certificate = "/nope"\n', "2: tls_certificate: /nope: No such file or directory"), ("", "")):
                config.write_text(good + line, encoding="utf-8")
                manager.process.send_signal(signal.SIGHUP)
                self.assertEqual(manager.hear_of("RELOADING")["RELOADING"], "1")
                said = f"{serves}; the last reload was refused: {config}:{why}" if why else serves
                self.assertEqual(manager.hear_of("READY"), {"READY": "1", "STATUS": said})
            manager.stop()

    def refused(self, sockets, word):
        manager = self.serve(sockets, ["--admin", "off"])
        self.assertEqual(manager.process.wait(harness.PATIENCE), 2)
        self.assertIn(word, manager.log())
        self.assertIsNone(manager.hear(0.1))

    def test_what_is_not_served(self):
        self.refused([("kansend.socket", listening())], r'\"kansend.socket\"')
        self.refused([("admin", listening()), ("admin", listening())], "more than one")
        self.refused([("listen", listening(address=("0.0.0.0", 0)))], "loopback")
        self.refused([("listen", socket.socket(socket.AF_INET, socket.SOCK_DGRAM))], "stream socket")
        unbound = socket.socket()
        unbound.bind(("127.0.0.1", 0))
        self.refused([("listen", unbound)], "stream socket")
        self.refused([("tls", listening())], "tls_certificate")
        with tempfile.TemporaryDirectory(prefix="kansen-test-") as folder:
            self.refused([("tls", listening(socket.AF_UNIX, f"{folder}/t"))], "kind")
            self.refused([("admin", listening(socket.AF_UNIX, f"{folder}/s"))], "kind")


if __name__ == "__main__":
    unittest.main()
