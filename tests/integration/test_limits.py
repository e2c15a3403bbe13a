# SPDX-License-Identifier: Apache-2.0
"""Limits on the real daemon: connections, tokens and clients, who is late, the memory that hostile clients can make it
take, and the counters that tell of them."""
import json
import pathlib
import re
import shutil
import socket
import tempfile
import time
import unittest

import certificates
import harness
from harness import DEADLINE_EXCEEDED, INVALID_ARGUMENT, OK, RESOURCE_EXHAUSTED, UNAUTHENTICATED, Client, command_pb2, frame, protocol_pb2
from test_tls import TlsDaemon

KIB, MIB = 1 << 10, 1 << 20


def with_options(**options):
    """A daemon with a configuration file."""
    daemon = harness.Daemon()
    (daemon.scratch / "none.conf").write_text("".join(f"{key} = {value}\n" for key, value in options.items()))
    return daemon


def counters(client):
    return {c.name: c.count for c in client.call(status={}).server.counters}


class Connections(unittest.TestCase):
    def test_no_more_than_allowed(self):
        with with_options(max_connections=5) as daemon:
            clients = [daemon.client() for _ in range(5)]
            for _ in range(3):
                with Client(daemon.tcp, hello=False) as more:
                    response = more.receive()
                    self.assertEqual((response.id, response.status.code), (0, RESOURCE_EXHAUSTED))
                    self.assertGreater(response.status.retry_after_ms, 0)
                    self.assertIn("5 connections", response.status.message)
                    self.assertIsNone(more.receive())
            self.assertEqual(counters(clients[0])["connections_max"], 3)
            clients.pop().close()
            deadline = time.monotonic() + harness.PATIENCE
            while clients[0].call(status={}).server.connections > 4:
                self.assertLess(time.monotonic(), deadline, "a closed connection stays")
            clients.append(daemon.client())
            for client in clients:
                client.close()


def wait_for_count(client, name, count):
    """Waits until a counter is that high; it must not be higher."""
    deadline = time.monotonic() + harness.PATIENCE
    while counters(client)[name] < count:
        assert time.monotonic() < deadline, f"{name} stays at {counters(client)[name]}"
        time.sleep(0.05)
    assert counters(client)[name] == count, counters(client)


class Tokens(unittest.TestCase):
    """Limits of real tokens over TCP, and of a client that comes by its certificate."""

    def make_tokens(self, operator, name, count=1):
        operator.write(create_client={"client": {"name": name, "role": "ROLE_PORTAL"}})
        return [harness.issue_token(operator, name) for _ in range(count)]

    def say_hello(self, address, token, **options):
        """A connection, and the code that Hello gets there."""
        client = Client(address, hello=False, token=token, **options)
        self.addCleanup(client.close)
        return client, client.ask(hello=client.hello).status.code

    def open_all(self, address, token, count, **options):
        clients = [self.say_hello(address, token, **options) for _ in range(count)]
        self.assertEqual([code for _, code in clients], [OK] * count)
        return [client for client, _ in clients]

    def wait_for_room(self, address, token, count):
        """Opens so many connections once the limit lets them in."""
        deadline, clients = time.monotonic() + harness.PATIENCE, []
        while len(clients) < count:
            client, code = self.say_hello(address, token)
            self.assertIn(code, (OK, RESOURCE_EXHAUSTED))
            clients += [client] if code == OK else []
            self.assertLess(time.monotonic(), deadline, "there is no room again")
        return clients

    def test_connections(self):
        with with_options(token_connections=3) as daemon, Client(daemon.unix) as operator:
            first, second = self.make_tokens(operator, "portal", 2)
            clients = self.open_all(daemon.tcp, first, 3)
            more, code = self.say_hello(daemon.tcp, first)
            self.assertEqual(code, RESOURCE_EXHAUSTED)
            self.assertEqual(more.ask(match={"query": {"region": "NL"}}).status.code, harness.FAILED_PRECONDITION)
            self.assertEqual(clients[0].ask(hello=clients[0].hello).status.code, OK)  # said again
            self.open_all(daemon.tcp, second, 3)
            self.assertEqual(counters(operator)["connections_token"], 1)
            for other in [Client(daemon.unix) for _ in range(5)]:  # no token, no limit
                other.close()
            clients[0].close()
            self.wait_for_room(daemon.tcp, first, 1)
            self.assertEqual(more.ask(hello=more.hello).status.code, RESOURCE_EXHAUSTED)

    def test_who_is_shut_out_leaves(self):
        """A client is suspended and comes back: none of its old sessions counts, and none has left twice."""
        with with_options(token_connections=3) as daemon, Client(daemon.unix) as operator:
            token, = self.make_tokens(operator, "portal")
            for _ in range(3):
                clients = self.wait_for_room(daemon.tcp, token, 3)
                self.assertEqual(self.say_hello(daemon.tcp, token)[1], RESOURCE_EXHAUSTED)
                operator.write(set_client_status={"name": "portal", "status": "CLIENT_STATUS_SUSPENDED"})
                for client in clients:
                    self.assertEqual(client.receive().status.code, UNAUTHENTICATED)
                operator.write(set_client_status={"name": "portal", "status": "CLIENT_STATUS_ACTIVE"})
                self.open_all(daemon.tcp, token, 3)  # while the old ones may still linger
                operator.write(set_client_status={"name": "portal", "status": "CLIENT_STATUS_SUSPENDED"})
                operator.write(set_client_status={"name": "portal", "status": "CLIENT_STATUS_ACTIVE"})

    def assert_bucket(self, clients, burst):
        """So many requests are answered, over all connections; one more is not, nor then another Hello."""
        codes = [clients[i % len(clients)].ask(list_interests={"limit": 1}).status.code for i in range(burst)]
        self.assertEqual(codes, [OK] * burst)
        status = clients[0].ask(list_interests={"limit": 1}).status
        self.assertEqual(status.code, RESOURCE_EXHAUSTED)
        self.assertGreater(status.retry_after_ms, 0)
        self.assertEqual(clients[-1].ask(hello=clients[-1].hello).status.code, RESOURCE_EXHAUSTED)
        for client in clients:
            self.assertEqual(client.ask(ping={}).status.code, OK)
            self.assertEqual(client.ask(health={}).status.code, OK)

    def test_rate(self):
        with with_options(workers=2, token_rate=1, token_burst=30) as daemon, Client(daemon.unix) as operator:
            first, second = self.make_tokens(operator, "portal", 2)
            started = time.monotonic()
            clients = self.open_all(daemon.tcp, first, 4)
            answered = 0
            while clients[answered % 4].ask(list_interests={"limit": 1}).status.code == OK:
                answered += 1
            self.assertGreaterEqual(answered, 30)
            self.assertLessEqual(answered, 30 + time.monotonic() - started)
            self.assert_bucket(self.open_all(daemon.tcp, second, 2), 30)
            for _ in range(50):
                self.assertEqual(operator.ask(list_interests={"limit": 1}).status.code, OK)
            self.assertEqual(counters(operator)["rate_token"], 3)
            status = clients[0].ask(list_interests={"limit": 1}).status
            time.sleep(status.retry_after_ms / 1000 + 0.001)
            self.assertEqual(clients[1].ask(list_interests={"limit": 1}).status.code, OK)  # as the hint says

    def test_what_is_handed_over_counts_once(self):
        """Reads that a reading thread answers."""
        with with_options(read_budget=1, token_rate=1, token_burst=30) as daemon, Client(daemon.unix) as operator:
            operator.add_offer("o", operator.add_partner("p"))
            token, = self.make_tokens(operator, "portal")
            started = time.monotonic()
            client, = self.open_all(daemon.tcp, token, 1)
            answered = 0
            while client.ask(match={"query": {"region": "NL"}}).status.code == OK:
                answered += 1
            self.assertGreaterEqual(answered, 30)
            self.assertLessEqual(answered, 30 + time.monotonic() - started)
            self.assertGreaterEqual(operator.call(status={}).server.long_reads, answered)

    def test_a_client_by_its_certificate(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-limits-"))
        self.addCleanup(shutil.rmtree, folder, True)
        ca = certificates.Authority(folder / "ca")
        daemon = TlsDaemon(ca, f'tls_client = "required"\ntls_client_ca = "{ca.certificate}"\n'
                               "token_connections = 2\ntoken_rate = 1\ntoken_burst = 30\n")
        self.addCleanup(daemon.remove)
        daemon.use(*ca.issue("good"))
        with daemon, Client(daemon.unix) as operator:
            for name in ("portal-a", "portal-b"):
                operator.write(create_client={"client": {"name": name, "role": "ROLE_PORTAL", "certificate_login": True}})
            contexts = {}
            for name in ("portal-a", "portal-b"):
                contexts[name] = ca.context(*ca.issue(name, f"/CN={name}", hosts=None, usage="clientAuth"))
            clients = self.open_all(daemon.tls, "", 2, tls=contexts["portal-a"])
            self.assertEqual(self.say_hello(daemon.tls, "", tls=contexts["portal-a"])[1], RESOURCE_EXHAUSTED)
            others = self.open_all(daemon.tls, "", 2, tls=contexts["portal-b"])
            self.assert_bucket(clients, 30)
            self.assertEqual(others[0].ask(list_interests={"limit": 1}).status.code, OK)
            token = harness.issue_token(operator, "portal-a")  # has limits of its own
            self.open_all(daemon.tls, token, 2, tls=contexts["portal-a"])


class Late(unittest.TestCase):
    def test_each_is_counted(self):
        """Those who are late, and a client that takes nothing, plain and by TLS, with and without a watch."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-limits-"))
        self.addCleanup(shutil.rmtree, folder, True)
        ca = certificates.Authority(folder / "ca")
        daemon = TlsDaemon(ca, "handshake_timeout_s = 1\nframe_timeout_s = 1\nidle_timeout_s = 600\nwrite_timeout_s = 1\n"
                               'output_buffer = "64KiB"\n')
        self.addCleanup(daemon.remove)
        daemon.use(*ca.issue("good"))
        with daemon, Client(daemon.unix) as operator:
            partner = operator.add_partner("p")
            for i in range(40):
                operator.add_offer(f"o{i}", partner, description="x" * 2000)
            self.assertEqual(sum(counters(operator).values()), 0)
            with Client(daemon.tcp, hello=False):
                wait_for_count(operator, "hello_late", 1)
            with daemon.client() as client:
                client.send(frame(client.request(ping={}))[:-1])
                wait_for_count(operator, "frame_late", 1)
            for stalled, connect in enumerate((daemon.client, daemon.tls_client) * 2, 1):
                with connect() as deaf:
                    if stalled > 2:
                        deaf.send(deaf.request(watch={}))
                    self.fill(deaf)
                    wait_for_count(operator, "output_stalled", stalled)
            self.assertGreaterEqual(counters(operator)["output_full"], 4)
            self.assertEqual(operator.call(status={}).server.connections, 1)

    def fill(self, client):
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(0.3)
        data = b"".join(frame(client.request(list_offers={"limit": 40})) for _ in range(200))
        try:
            for _ in range(1000):
                client.send(data)
        except (TimeoutError, OSError):
            pass


class Deadlines(unittest.TestCase):
    def test_a_write_that_waited_too_long_is_not_executed(self):
        with harness.Daemon() as daemon, daemon.client() as client:
            partner = {"kind": "PARTNER_KIND_SPORT_CLUB", "name": "Club", "region": "GM0606"}
            slow = [{"upsert_partner": {"partner": {**partner, "external_id": f"s{i}"}}} for i in range(1000)]
            before = [client.request(batch={"writes": slow}) for _ in range(6)]
            late = [client.request(deadline_ms=1, write={"create_partner": {"partner": {**partner, "external_id": f"late{i}"}}})
                    for i in range(5)]
            answers = client.pipeline(before + late)
            for answer in answers[:6]:
                self.assertEqual(answer.status.code, OK)
            for i, answer in enumerate(answers[6:]):
                self.assertEqual(answer.status.code, DEADLINE_EXCEEDED, answer)
                self.assertEqual(answer.status.field, "deadline_ms")
                self.assertEqual(client.ask(get_partner={"external_id": f"late{i}"}).status.code, harness.NOT_FOUND)
            self.assertEqual(counters(client)["deadline"], 5)
            response = client.ask(deadline_ms=20_000, write={"create_partner": {"partner": {**partner, "external_id": "in-time"}}})
            self.assertEqual(response.status.code, OK)


class Counters(unittest.TestCase):
    def test_kansenctl_shows_them(self):
        with harness.Daemon() as daemon:
            for data in (b"\xff" * 5, b"\x01\xff", harness._VarintBytes(2 * MIB)):
                with daemon.client() as client:
                    client.send(data)
                    self.assertEqual(client.receive().status.code, INVALID_ARGUMENT)
                    self.assertIsNone(client.receive())
            done = harness.run([harness.kansenctl(), "-s", daemon.unix, "--json", "status"])
            shown = json.loads(done.stdout)["counters"]
            self.assertEqual((shown["frame_malformed"], shown["frame_too_large"], shown["rate_token"]), (2, 1, 0))
            done = harness.run([harness.kansenctl(), "-s", daemon.unix, "status"])
            self.assertRegex(done.stdout, r"counters\.frame_malformed\s+2\b")
            with daemon.client() as client:
                self.assertEqual(sorted(counters(client)), sorted(shown))

    def test_the_manual_names_them(self):
        text = (harness.ROOT / "proto/kansen-protocol.7").read_text()
        with harness.Daemon() as daemon, daemon.client() as client:
            for name in counters(client):
                self.assertRegex(text, rf"(?m)^\.It Li {name} Ta ")


class Memory(unittest.TestCase):
    """Clients that do what they can to make the daemon take memory."""
    OPTIONS = {"workers": 2, "max_connections": 100, "max_frame": MIB, "request_memory": 64 * MIB,
               "output_buffer": 256 * KIB, "write_queue_size": 8 * MIB}
    EACH = 24  # connections of a kind

    def bound(self):
        """What the options allow, in bytes. A buffer grows by doubling, so it may be twice what it holds."""
        options = self.OPTIONS
        unpacked = 64 * KIB + 32 * options["max_frame"]
        connection = 2 * (options["max_frame"] + 64 * KIB) + 2 * (options["output_buffer"] + options["max_frame"])
        jobs = 2 * (options["write_queue_size"] + unpacked)  # those that wait, and those that the writer has taken
        return 3 * self.EACH * connection + options["workers"] * unpacked + jobs

    def memory(self, daemon, name):
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) * KIB

    def wait_for(self, condition, otherwise):
        deadline = time.monotonic() + harness.PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, otherwise)
            time.sleep(0.05)

    def hostile_frame(self, operation):
        """Empty messages in empty messages, as many as fit a frame."""
        write = command_pb2.Write(**operation)
        request = protocol_pb2.Request(id=7, batch={"writes": [write] * 1000}).SerializeToString()
        return frame(request * ((MIB - 16) // len(request)))

    def send_what_goes(self, client, data):
        """Sends data again and again until nothing goes any more."""
        client.socket.settimeout(0.2)
        try:
            while True:
                client.socket.sendall(data)
        except TimeoutError:
            pass

    def attack(self, daemon, good):
        """Clients that take all the memory that they can; returns those that stay."""
        clients = []
        hostile = self.hostile_frame({"create_offer": {"offer": {}}})
        identifiers = self.hostile_frame({"create_partner": {"partner": {"identifiers": [{}] * 30}}})
        listing = frame(good.request(list_offers={"limit": 1000}))
        for _ in range(self.EACH):
            clients.append(daemon.client())  # asks for a lot and reads nothing, with half a frame behind it
            self.send_what_goes(clients[-1], listing * 20)
            clients.append(daemon.client())  # all of a frame but its last byte
            clients[-1].send(hostile[:-1])
            with daemon.client() as client:
                for data in (hostile, identifiers):
                    client.send(data)
                    self.assertEqual(client.receive().status.code, RESOURCE_EXHAUSTED)
            clients.append(daemon.client())
            clients[-1].send(hostile)
            clients[-1].send(identifiers[:MIB // 2])
        return clients

    def test_hostile_clients(self):
        with with_options(**self.OPTIONS) as daemon, daemon.client() as good:
            base = self.memory(daemon, "VmRSS")
            partner = good.add_partner("p", website="https://example.nl/" + "x" * 150)
            for i in range(300):
                good.add_offer(f"o{i}", partner, description="x" * 900)
            for times in (1, 2):  # what the first crowd took is there for the second
                clients = self.attack(daemon, good)
                self.wait_for(lambda n=times: counters(good)["request_memory"] == n * 3 * self.EACH, "frames are not refused")
                self.assertGreater(good.call(status={}).server.connections, 3 * self.EACH)
                self.assertGreaterEqual(counters(good)["output_full"], times * self.EACH)
                self.assertEqual(len(good.matched(region="NL")), 100)  # and it goes on
                for client in clients:
                    client.close()
                self.wait_for(lambda: good.call(status={}).server.connections < 10, "they do not go")
            taken = self.memory(daemon, "VmHWM") - base
            print(f"\n{3 * self.EACH} hostile connections: {taken / MIB:.0f} MiB at most, {self.bound() / MIB:.0f} are allowed")
            self.assertLess(taken, self.bound())


if __name__ == "__main__":
    unittest.main()
