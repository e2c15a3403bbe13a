# SPDX-License-Identifier: Apache-2.0
"""Connections and frames: hello, pipelining, slow and split frames, many connections, frames that are no frames."""
import random
import socket
import threading
import time
import unittest

import harness
from harness import FAILED_PRECONDITION, INVALID_ARGUMENT, OK, RESOURCE_EXHAUSTED, UNAUTHENTICATED, Client, frame, protocol_pb2

HELLO = {"protocol_version": 1, "client_name": "tests"}


class Session(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon().start()
        cls.addClassCleanup(cls.daemon.remove)
        with cls.daemon.client() as client:
            partner = client.add_partner("p")
            cls.offers = [client.add_offer(f"o{i}", partner) for i in range(30)]

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    # Hello

    def test_hello_tells_limits(self):
        with self.daemon.client() as client:
            limits = client.limits
            self.assertEqual(limits.protocol_version, 1)
            self.assertEqual(limits.max_frame_bytes, 1 << 20)
            self.assertEqual(limits.role, "operator")
            self.assertGreaterEqual(limits.max_in_flight, 1)
            self.assertGreaterEqual(limits.max_batch_writes, 1)
            self.assertTrue(limits.server_version)
            self.assertEqual(limits.semantics, 1)

    def test_only_ping_and_health_before_hello(self):
        with self.daemon.client(hello=False) as client:
            self.assertEqual(client.call(ping={"payload": b"abc"}).ping.payload, b"abc")
            self.assertEqual(client.call(health={}).health.status, protocol_pb2.SERVING_STATUS_SERVING)
            for body in ({"status": {}}, {"match": {"query": {"region": "NL"}}}, {"list_offers": {}},
                         {"write": {"remove_offer": {"id": self.offers[0]}}}):
                self.assertIn(client.ask(**body).status.code, (FAILED_PRECONDITION, UNAUTHENTICATED), body)
            client.call(hello=client.hello)
            self.assertEqual(client.call(status={}).server.offers, len(self.offers))

    def test_wrong_version(self):
        for version in (0, 2, 4_000_000_000):
            with self.daemon.client(hello=False) as client:
                status = client.ask(hello={**HELLO, "protocol_version": version}).status
                self.assertIn(status.code, (INVALID_ARGUMENT, FAILED_PRECONDITION))
                self.assertIn("1", status.message)

    def test_empty_request(self):
        with self.daemon.client() as client:
            self.assertEqual(client.ask().status.code, INVALID_ARGUMENT)
            self.assertEqual(client.ask(write={}).status.code, INVALID_ARGUMENT)

    def test_ping_payload_limit(self):
        with self.daemon.client() as client:
            self.assertEqual(len(client.call(ping={"payload": b"x" * 1024}).ping.payload), 1024)
            self.assertEqual(client.ask(ping={"payload": b"x" * 1025}).status.code, INVALID_ARGUMENT)

    def test_unix_socket(self):
        with Client(self.daemon.unix) as client:
            self.assertEqual(client.limits.role, "operator")
            self.assertEqual(set(client.matched(region="NL")), set(self.offers))

    # Pipelining

    def test_thousand_pipelined(self):
        bodies = [{"ping": {"payload": b"x"}}, {"match": {"query": {"region": "NL"}}}, {"get_offer": {"id": self.offers[0]}},
                  {"get_offer": {"id": 999_999}}, {"status": {}}]
        with self.daemon.client() as client:
            requests = [client.request(**bodies[i % len(bodies)]) for i in range(1000)]
            for i, response in enumerate(client.pipeline(requests)):
                name = next(iter(bodies[i % len(bodies)]))
                if i % len(bodies) == 3:
                    self.assertEqual(response.status.code, harness.NOT_FOUND)
                else:
                    self.assertEqual(response.WhichOneof("body"), {"status": "server"}.get(name, name))

    def test_any_id(self):
        with self.daemon.client() as client:
            for number in (0, 1, 2**32, 2**64 - 1, 1):
                request = protocol_pb2.Request(id=number, ping={"payload": b"p"})
                client.send(request)
                self.assertEqual(client.receive().id, number)

    def test_pipelined_writes_are_applied_in_their_order(self):
        with self.daemon.client() as client:
            offer = client.add_offer("in-order", client.add_partner("in-order"))
            requests = [client.request(write={"set_offer_status": {"id": offer, "version": 1 + i, "status": 2 + i % 2}})
                        for i in range(300)]
            for response in client.pipeline(requests):
                self.assertEqual(response.status.code, OK, response.status)
            client.write(remove_partner={"id": client.call(get_offer={"id": offer}).get_offer.partner_id})

    # Frames

    def test_byte_by_byte(self):
        with self.daemon.client(hello=False) as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            requests = [client.request(hello=client.hello), client.request(match={"query": {"region": "NL"}}),
                        client.request(ping={"payload": b"p" * 200})]
            for byte in b"".join(frame(r) for r in requests):
                client.send(bytes([byte]))
            self.assertEqual({client.receive().id for _ in requests}, {r.id for r in requests})

    def test_frames_split_anywhere(self):
        with self.daemon.client() as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for cut in range(1, 40):
                request = client.request(ping={"payload": b"p" * 200})
                data = frame(request)
                client.send(data[:cut])
                with self.daemon.client() as other:  # it serves others meanwhile
                    other.call(ping={})
                client.send(data[cut:])
                self.assertEqual(client.receive().id, request.id)

    def test_half_a_frame_then_gone(self):
        for cut in (1, 5):
            with self.daemon.client() as client:
                client.send(frame(client.request(ping={"payload": b"p" * 200}))[:cut])
        with self.daemon.client() as client:
            client.call(ping={})

    def test_answers_after_the_client_has_shut_its_side(self):
        with self.daemon.client() as client:
            requests = [client.request(match={"query": {"region": "NL"}}) for _ in range(50)]
            client.send(b"".join(frame(r) for r in requests))
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual({client.receive().id for _ in requests}, {r.id for r in requests})
            self.assertIsNone(client.receive())

    def test_frame_of_the_greatest_size(self):
        with self.daemon.client() as client:
            text = "x" * (client.limits.max_frame_bytes - 100)
            status = client.ask(find_interests={"text": text}).status
            self.assertEqual((status.code, status.field), (INVALID_ARGUMENT, "text"))
            client.call(ping={})

    def test_frame_too_large(self):
        for length in ((1 << 20) + 1, 1 << 30, (1 << 32) - 1):
            with self.daemon.client() as client:
                client.send(harness._VarintBytes(length))
                response = client.receive()
                self.assertIsNotNone(response, f"closed without a word on a frame of {length} bytes")
                self.assertIn(response.status.code, (INVALID_ARGUMENT, RESOURCE_EXHAUSTED))
                self.assertRegex(response.status.message, r"1[,. ]?048[,. ]?576|1 MiB")
                self.assertIsNone(client.receive())

    def test_length_that_is_no_varint(self):
        for data in (b"\xff" * 5, b"\xff" * 10, b"\x80\x80\x80\x80\x80\x01", b"\x81\x00"):
            self.assert_closed(data)

    def test_message_that_is_none(self):
        for payload in (b"\xff", b"\x08", b"garbage, certainly", b"\x52\x05\x08", b"\x0b",
                        b"\xa2\x06\x80\x80\x80\x80\x10"):
            self.assert_closed(frame(payload))

    def assert_closed(self, data):
        with self.daemon.client() as client:
            client.send(data)
            response = client.receive()
            self.assertIsNotNone(response, f"closed without a word on {data!r}")
            self.assertEqual((response.id, response.status.code), (0, INVALID_ARGUMENT), data)
            self.assertIsNone(client.receive(), f"not closed after {data!r}")

    def test_bytes_that_are_no_protocol(self):
        for data in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600):
            with self.daemon.client(hello=False) as client:
                client.send(data)
                client.socket.shutdown(socket.SHUT_WR)
                while client.receive() is not None:
                    pass
        with self.daemon.client() as client:
            client.call(ping={})

    def test_answered_before_a_bad_frame(self):
        with self.daemon.client() as client:
            requests = [client.request(match={"query": {"region": "NL"}}) for _ in range(20)]
            client.send(b"".join(frame(r) for r in requests) + frame(b"\xff"))
            answers = []
            while (response := client.receive()) is not None:
                answers.append(response)
            self.assertEqual(sorted(a.id for a in answers), [0, *(r.id for r in requests)])

    def test_empty_frame(self):
        with self.daemon.client() as client:
            client.send(b"\x00")
            response = client.receive()
            self.assertEqual((response.id, response.status.code), (0, INVALID_ARGUMENT))

    def test_unknown_fields_are_passed_over(self):
        with self.daemon.client() as client:
            request = client.request(ping={"payload": b"p"})
            client.send(frame(request.SerializeToString() + b"\xba\x3e\x03new"))
            self.assertEqual(client.receive().ping.payload, b"p")

    def test_mutated_frames(self):
        """Whatever bytes come, the daemon answers or closes, and goes on."""
        rng = random.Random(1)
        offer = {"external_id": "m", "partner_id": 1, "kind": 2, "title": "x", "interests": ["zorg"], "levels": [1, 2, 3],
                 "position": harness.point(52, 5), "funds": ["a"], "min_age": 3, "status": 3}
        query = {"at": harness.point(52, 5), "radius_m": 5, "interests": [{"code": "zorg", "weight": 3}], "levels": [1, 2],
                 "weights": {"interest": 1}, "as_of": "2026-01-01", "age": 3, "funds": ["x"], "languages": ["nl"], "limit": 3}
        bodies = [{"batch": {"writes": [{"create_offer": {"offer": offer}}] * 3}}, {"match": {"query": query}},
                  {"explain": {"query": query, "offer_id": 1}}, {"list_offers": {"limit": 3, "cursor": b"abc"}},
                  {"write": {"upsert_region": {"region": {"code": "GM1", "type": 3, "parents": ["PV28"], "name": "x"}}}},
                  {"find_regions": {"text": "schiedam"}}, {"hello": HELLO}]
        daemon = harness.Daemon().start()  # of its own, as some of these requests do something
        self.addCleanup(daemon.remove)
        for number in range(1500):
            data = bytearray(protocol_pb2.Request(id=7, **rng.choice(bodies)).SerializeToString())
            for _ in range(rng.choice([1, 1, 2, 5])):
                at = rng.randrange(len(data))
                how = rng.randrange(4)
                if how == 0:
                    data[at] ^= 1 << rng.randrange(8)
                elif how == 1:
                    data[at] = rng.choice([0, 1, 127, 128, 255])
                elif how == 2:
                    data[at:at] = data[rng.randrange(len(data)):][:rng.randrange(1, 20)]
                elif len(data) > 2:
                    del data[at:at + rng.randrange(1, len(data) - 1)]
                if not data:
                    data = bytearray(b"\0")
            with self.subTest(number=number, data=bytes(data)), daemon.client() as client:
                client.send(frame(bytes(data)))
                client.send(client.request(ping={"payload": b"behind"}))
                response = client.receive()
                self.assertIsNotNone(response, "closed without a word")
        with daemon.client() as client:
            self.assertEqual(client.call(health={}).health.status, protocol_pb2.SERVING_STATUS_SERVING)
        daemon.stop()

    # Many

    def test_many_connections(self):
        clients = [self.daemon.client() for _ in range(200)]
        try:
            for client in clients:
                client.send(b"".join(frame(client.request(match={"query": {"region": "NL", "tie_seed": i}}))
                                     for i in range(3)))
            for client in clients:
                self.assertEqual({client.receive().id for _ in range(3)}, {2, 3, 4})
            self.assertGreaterEqual(clients[0].call(status={}).server.connections, 200)
        finally:
            for client in clients:
                client.close()
        with self.daemon.client() as client:  # they are gone again
            deadline = time.monotonic() + harness.PATIENCE
            while client.call(status={}).server.connections > 1:
                self.assertLess(time.monotonic(), deadline, "closed connections stay")

    def test_many_threads_that_write(self):
        failures = []

        def work(number):
            try:
                with self.daemon.client() as client:
                    partner = client.add_partner(f"thread-{number}")
                    client.add_offer(f"thread-{number}", partner, status="OFFER_STATUS_PAUSED")
                    client.write(remove_partner={"id": partner})
            except Exception as error:  # noqa: BLE001: told below
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(harness.PATIENCE)
        self.assertEqual(failures, [])

    def test_a_client_that_does_not_read(self):
        """Answers pile up for one that does not read; it is not read from any more, and others are served."""
        with self.daemon.client() as deaf, self.daemon.client() as other:
            requests = frame(deaf.request(match={"query": {"region": "NL", "limit": 100}})) * 2000
            deaf.socket.settimeout(0.5)
            try:
                while True:
                    deaf.socket.sendall(requests)
            except TimeoutError:
                pass  # it does not read any more: that is right
            server = other.call(status={}).server
            self.assertLess(server.resident_bytes, 400 << 20)
            self.assertEqual(len(other.matched(region="NL")), len(self.offers))


if __name__ == "__main__":
    unittest.main()
