# SPDX-License-Identifier: Apache-2.0
"""Callers who have not said who they are can not keep others out, fill the log, or hold memory."""
import contextlib
import pathlib
import select
import shutil
import signal
import socket
import tempfile
import time
import unittest

import certificates
import harness
from harness import INVALID_ARGUMENT, OK, UNAUTHENTICATED, Client, Daemon, frame, protocol_pb2
from test_timeouts import client_hello
from test_tls import TlsDaemon

CONNECTIONS = 40
CROWD = 3 * CONNECTIONS
TRIES = 3


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        (cls.daemon.scratch / "none.conf").write_text(f"max_connections = {CONNECTIONS}\n", encoding="utf-8")
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.daemon.remove()

    def setUp(self):
        """Waits until the connections of the test before have gone."""
        deadline = time.monotonic() + harness.PATIENCE
        with Client(self.daemon.unix) as operator:
            while operator.call(status={}).server.connections > 1:
                self.assertLess(time.monotonic(), deadline, "connections that were closed do not go")
                time.sleep(0.02)

    def test_a_crowd_keeps_nobody_out(self):
        with self.daemon.client() as known, contextlib.ExitStack() as crowd:
            for _ in range(CROWD):
                crowd.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port)))
            for _ in range(3):
                with self.daemon.client() as portal, Client(self.daemon.unix) as operator:
                    self.assertEqual(portal.call(ping={}).status.code, OK)
                    self.assertEqual(operator.call(status={}).status.code, OK)
            self.assertEqual(known.call(ping={}).status.code, OK)

    def test_an_operator_gets_in_when_all_connections_are_taken(self):
        with contextlib.ExitStack() as stack:
            for _ in range(CONNECTIONS):
                stack.enter_context(self.daemon.client())
            with self.assertRaises((harness.Refused, AssertionError)):
                stack.enter_context(self.daemon.client())
            with Client(self.daemon.unix) as operator:
                self.assertEqual(operator.call(status={}).status.code, OK)

    def test_who_is_refused_often_is_cut_off(self):
        with self.daemon.client(hello=False) as client:
            for _ in range(TRIES):
                answer = client.ask(hello={"protocol_version": 1, "client_name": "x", "token": "kansen_x"})
                self.assertEqual(answer.status.code, UNAUTHENTICATED)
            self.assertIsNone(client.receive())

    def test_refusals_do_not_fill_the_log(self):
        seen = len(self.daemon.lines)
        hello = frame(protocol_pb2.Request(id=1, hello={"protocol_version": 1, "token": "kansen_x"}))
        for _ in range(100):
            with self.daemon.client(hello=False) as client:
                client.send(hello * TRIES)
                while client.receive() is not None:
                    pass
        lines = [line for line in self.daemon.lines[seen:] if "hello was refused" in line]
        self.assertGreater(len(lines), 0)
        self.assertLessEqual(len(lines), 80)  # 20 in ten seconds, of at least 300

    def test_frames_are_small_before_hello(self):
        large = protocol_pb2.Request(id=2, ping={"payload": b"p" * 5000})
        with self.daemon.client(hello=False) as client:
            client.send(frame(large)[:3])  # its length is enough
            answer = client.receive()
            self.assertEqual(answer.status.code, INVALID_ARGUMENT)
            self.assertIn("at most 4096 bytes", answer.status.message)
            self.assertIsNone(client.receive())


class Handshakes(unittest.TestCase):
    """Whoever has a session does not wait for a crowd that shakes hands."""
    CROWD = 150

    def tls_daemon(self, **options):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-tls-"))
        self.addCleanup(shutil.rmtree, folder, True)
        ca = certificates.Authority(folder / "ca")
        daemon = TlsDaemon(ca, "workers = 1\n")
        self.addCleanup(daemon.remove)
        daemon.use(*ca.issue("good", **options))
        return daemon.start()

    def hellos_before_a_ping(self, daemon, client, hello):
        """A crowd says its first words of TLS, then a client asks: how many of them are answered before it is."""
        with contextlib.ExitStack() as crowd:
            sockets = [crowd.enter_context(socket.create_connection(("127.0.0.1", int(daemon.tls.rsplit(":", 1)[1]))))
                       for _ in range(self.CROWD)]
            with Client(daemon.unix) as operator:
                while operator.call(status={}).server.connections < self.CROWD + 2:
                    time.sleep(0.01)
            daemon.signal(signal.SIGSTOP)
            for one in sockets:
                one.sendall(hello)
            request = client.request(ping={})
            client.send(request)
            daemon.signal(signal.SIGCONT)
            self.assertEqual(client.receive().id, request.id)
            done = len(select.select(sockets, [], [], 0)[0])
            for one in sockets:
                one.settimeout(harness.PATIENCE)
                self.assertEqual(one.recv(1), b"\x16")  # all have their turn
        return done

    def padded(self, hello, size):
        """The first record of a handshake, with an extension that nobody knows, so that it is that long."""
        at = 43  # behind the headers, the version and the random bytes
        at += 1 + hello[at]  # session
        at += 2 + int.from_bytes(hello[at:at + 2], "big")  # ciphers
        at += 1 + hello[at]  # compression
        more = size - len(hello) - 4
        extensions = hello[at + 2:] + b"\xff\x02" + more.to_bytes(2, "big") + bytes(more)
        body = hello[9:at] + len(extensions).to_bytes(2, "big") + extensions
        return b"\x16\x03\x01" + (len(body) + 4).to_bytes(2, "big") + b"\x01" + len(body).to_bytes(3, "big") + body

    def test_few_bytes_take_little_memory(self):
        """A hello that says it will be longer than any is refused as soon as it says so; a long one is fine."""
        daemon = self.tls_daemon()
        begin = b"\x16\x03\x01\x00\x08" b"\x01\x02\x01\x00" b"\x03\x03\x00\x00"  # a record with the begin of 131328 bytes
        whole = client_hello(daemon.authority.context())
        for hello, kind in ((begin, b"\x15"), (whole, b"\x16"), (self.padded(whole, 16000), b"\x16")):  # an alert, a hello
            with socket.create_connection(("127.0.0.1", int(daemon.tls.rsplit(":", 1)[1]))) as one:
                one.settimeout(harness.PATIENCE)
                one.sendall(hello)
                self.assertEqual(one.recv(1), kind)
        daemon.stop()

    def test_a_crowd_holds_nobody_up(self):
        daemon = self.tls_daemon(key_kind=certificates.SLOW)
        with daemon.client() as client, Client(daemon.unix) as operator:
            done = []
            for _ in range(3):  # what else the machine does can only make it look worse
                done.append(self.hellos_before_a_ping(daemon, client, client_hello(daemon.authority.context())))
                if done[-1] < self.CROWD // 5:
                    break
            self.assertLess(min(done), self.CROWD // 5, done)
            counters = {c.name: c.count for c in operator.call(status={}).server.counters}
            self.assertGreater(counters["handshakes_put_off"], self.CROWD // 2)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
