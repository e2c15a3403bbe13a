# SPDX-License-Identifier: Apache-2.0
"""Connections that are late: no Hello, half a frame, nothing at all, answers not taken; and a crowd of them."""
import pathlib
import resource
import shutil
import socket
import ssl
import tempfile
import time
import unittest

import certificates
import harness
from harness import DEADLINE_EXCEEDED, OK, Client, frame, protocol_pb2
from test_tls import TlsDaemon

LIMITS = "handshake_timeout_s = 2\nframe_timeout_s = 3\nwrite_timeout_s = 3\nidle_timeout_s = 4\n"
GRACE = 4  # seconds that a limit may be overrun: two by contract, the rest for a busy machine
CROWD = 1000
ASKED = 1500  # matches of the portal in each window


def client_hello(context):
    """The first bytes of a handshake."""
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(come, go, server_hostname="localhost").do_handshake()
    except OSError:  # it wants an answer
        pass
    return go.read()


class Late(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.ca = certificates.Authority(cls.folder / "ca")
        cls.daemon = TlsDaemon(cls.ca, LIMITS)
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.use(*cls.ca.issue("good"))
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def assert_closed(self, client, since, limit, words):
        """It is told why and closed, neither before the limit nor long after."""
        response = client.receive()
        self.assertIsNotNone(response, "closed without a word")
        self.assertEqual((response.id, response.status.code), (0, DEADLINE_EXCEEDED), response)
        self.assertIn(words, response.status.message)
        self.assertIn(f"{limit} s", response.status.message)
        self.assertIsNone(client.receive())
        took = time.monotonic() - since
        self.assertGreaterEqual(took, limit - 0.05)
        self.assertLess(took, limit + GRACE)

    def assert_cut_off(self, plain, since, limit):
        """It is closed without a word that is no TLS."""
        plain.settimeout(harness.PATIENCE)
        self.assertEqual(plain.recv(100), b"")
        self.assertGreaterEqual(time.monotonic() - since, limit - 0.05)
        self.assertLess(time.monotonic() - since, limit + GRACE)

    def connect_tls(self):
        plain = socket.create_connection(("127.0.0.1", int(self.daemon.tls.rsplit(":", 1)[1])))
        self.addCleanup(plain.close)
        return plain

    # Hello

    def test_no_hello(self):
        since = time.monotonic()
        with self.daemon.client(hello=False) as silent, self.daemon.client(hello=False) as chatty, \
                self.daemon.tls_client(hello=False) as secret, self.daemon.client() as polite:
            while time.monotonic() - since < 1.5:  # pings are answered and change nothing
                self.assertEqual(chatty.call(ping={}).status.code, OK)
                self.assertNotEqual(chatty.ask(status={}).status.code, OK)
                time.sleep(0.1)
            for client in (silent, chatty, secret):
                self.assert_closed(client, since, 2, "Hello was not said")
            self.assertEqual(polite.call(ping={}).status.code, OK)

    def test_no_hello_on_the_unix_socket(self):
        with Client(self.daemon.unix, hello=False) as client:
            for _ in range(12):
                time.sleep(0.5)
                self.assertEqual(client.call(ping={}).status.code, OK)

    def test_no_handshake(self):
        since = time.monotonic()
        silent, half = self.connect_tls(), self.connect_tls()
        half.sendall(client_hello(self.ca.context())[:100])
        self.assert_cut_off(silent, since, 2)
        self.assert_cut_off(half, since, 2)

    # Frames

    def test_half_a_frame(self):
        data = frame(protocol_pb2.Request(id=9, ping={"payload": b"p" * 100}))
        with self.daemon.client() as tcp, Client(self.daemon.unix) as unix, self.daemon.tls_client() as tls:
            since = time.monotonic()
            for client in (tcp, unix, tls):
                client.send(data[:20])
            for at in range(20, 29):  # a byte now and then changes nothing
                time.sleep(0.5)
                for client in (tcp, unix, tls):
                    client.send(data[at:at + 1])
            for client in (tcp, unix, tls):
                self.assert_closed(client, since, 3, "was not whole")

    def test_frames_that_overlap(self):
        """There is half a frame all the time, but each is whole soon."""
        data = frame(protocol_pb2.Request(id=9, ping={"payload": b"p" * 100}))
        with self.daemon.client() as client:
            client.send(data[:50])
            for _ in range(40):
                time.sleep(0.15)
                client.send(data[50:] + data[:50])
                self.assertEqual(client.receive().ping.payload, b"p" * 100)

    # Nothing

    def test_idle(self):
        with self.daemon.client() as tcp, Client(self.daemon.unix) as unix, self.daemon.tls_client() as tls, \
                self.daemon.client() as busy, self.daemon.client() as watching:
            since = time.monotonic()
            watching.send(watching.request(watch={}))
            while time.monotonic() - since < 3:
                self.assertEqual(busy.call(ping={}).status.code, OK)
                time.sleep(0.3)
            for client in (tcp, unix, tls):
                self.assert_closed(client, since, 4, "nothing was asked")
            self.assertEqual(busy.call(ping={}).status.code, OK)
            since = time.monotonic()
            while time.monotonic() - since < 3:
                time.sleep(0.3)
            watching.send(watching.request(ping={}))
            while watching.receive().WhichOneof("body") != "ping":
                pass

    # The end

    def test_last_answers_that_are_not_taken(self):
        with self.daemon.client() as client:
            partner = client.add_partner("end")
            offers = [client.add_offer(f"end-{i}", partner, description="x" * 2000, status="OFFER_STATUS_PAUSED")
                      for i in range(40)]
            deaf = self.daemon.client()
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.send(b"".join(frame(deaf.request(list_offers={"limit": 40})) for _ in range(100)))
            deaf.socket.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + 3 + GRACE + 4
            while client.call(status={}).server.connections > 1:
                self.assertLess(time.monotonic(), deadline, "it stays open")
                time.sleep(0.2)
            deaf.close()
            for offer in offers:
                client.write(remove_offer={"id": offer})


class Crowd(unittest.TestCase):
    """A thousand half-open connections: others do not notice, and they are closed in time."""

    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # before the daemon starts
        if hard < 2 * CROWD:
            self.skipTest(f"at most {hard} files may be open here")

    def p99(self, client):
        times = []
        for number in range(ASKED):
            request = frame(client.request(match={"query": {"region": "NL", "tie_seed": number, "limit": 10}}))
            began = time.monotonic()
            client.send(request)
            response = client.receive()
            times.append(time.monotonic() - began)
            self.assertEqual(len(response.match.matches), 10)
        return sorted(times)[ASKED * 99 // 100]

    def gather(self, daemon, ca):
        """Opens the crowd, in equal parts: no handshake, half of one, half a frame, no Hello."""
        hello, plain, tls = client_hello(ca.context()), ("127.0.0.1", daemon.port), ("127.0.0.1", int(
            daemon.tls.rsplit(":", 1)[1]))
        half = frame(protocol_pb2.Request(id=1, hello=harness.hello(daemon.tls)))[:5]
        kinds = [(tls, b""), (tls, hello[:len(hello) // 2]), (plain, half), (plain, b"")]
        crowd = []
        for number in range(CROWD):
            address, data = kinds[number % len(kinds)]
            crowd.append(socket.create_connection(address, harness.PATIENCE))
            self.addCleanup(crowd[-1].close)
            crowd[-1].sendall(data)
        return crowd

    def assert_all_are_closed(self, crowd, since, limit):
        for connection in crowd:
            connection.settimeout(max(0.1, since + limit + GRACE - time.monotonic()))
            try:
                while connection.recv(1000):
                    pass
            except ConnectionResetError:
                pass
            except TimeoutError:
                self.fail("a half-open connection stays open")
            connection.close()

    def test_crowd(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-tls-"))
        self.addCleanup(shutil.rmtree, folder, True)
        ca = certificates.Authority(folder / "ca")
        daemon = TlsDaemon(ca, "handshake_timeout_s = 6\nframe_timeout_s = 6\n")
        self.addCleanup(daemon.remove)
        daemon.use(*ca.issue("good"))
        daemon.start()
        ratios = []
        with daemon.client() as portal:
            partner = portal.add_partner("p")
            for number in range(20):
                portal.add_offer(f"o{number}", partner)
            self.p99(portal)
            for _ in range(3):  # what else the machine does can only make it look worse
                without = self.p99(portal)
                crowd, since = self.gather(daemon, ca), time.monotonic()
                while portal.call(status={}).server.connections <= CROWD:
                    self.assertLess(time.monotonic(), since + GRACE, "not all are let in")
                beside = self.p99(portal)
                self.assertGreater(portal.call(status={}).server.connections, CROWD, "they went too early")
                self.assert_all_are_closed(crowd, since, 6)
                ratios.append(beside / without)
                if ratios[-1] <= 2:
                    break
            self.assertLessEqual(min(ratios), 2, ratios)
            print(f"p99 beside {CROWD} half-open connections: {min(ratios):.2f} of that without")
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
