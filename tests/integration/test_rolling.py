# SPDX-License-Identifier: Apache-2.0
"""Restarts under load: 64 connections of libkansen-event reserve seats while the daemon is stopped and killed, again and
again. The sockets stay, as a service manager holds them. No request is lost, none is done twice."""
import asyncio
import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import certificates
import harness
import test_systemd
import test_tls

CONNECTIONS, SEATS = 64, 60000
SECONDS = 8
STOPS = 3 * (signal.SIGTERM, signal.SIGKILL)


class Relay:
    """Stands between clients and the daemon, and hands answers on late: those that are on their way when it cuts all
    connections are lost, though what they answer was done."""
    LATE = 0.02

    def __init__(self, address):
        self.host, self.port = address.rsplit(":", 1)
        self.loop, self.open, self.lost = asyncio.new_event_loop(), set(), 0
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.run(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=256))
        self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(harness.PATIENCE)

    async def serve(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection(self.host, int(self.port))
        ends = {writer, up_writer}
        self.open |= ends
        await asyncio.gather(self.pass_on(reader, up_writer, 0), self.pass_on(up_reader, writer, self.LATE))
        self.open -= ends

    async def pass_on(self, reader, writer, late):
        try:
            while data := await reader.read(1 << 16):
                await asyncio.sleep(late)
                self.lost += bool(late) and writer.is_closing()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def cut(self):
        for writer in self.open:
            writer.transport.abort()

    async def end(self):
        self.server.close()
        await self.cut()

    def close(self):
        self.run(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(harness.PATIENCE)


class Rolling(unittest.TestCase):
    def setUp(self):
        self.tcp = test_systemd.listening()
        self.tcp.listen(256)
        self.manager = test_systemd.Manager([("listen", self.tcp)], ["--admin", "off"])
        with open(self.manager.scratch / "kansend.conf", "a", encoding="utf-8") as config:
            config.write("max_holds = 0\ntoken_rate = 0\n")
        self.address = test_systemd.address_of(self.tcp)

    def prepare(self):
        """A daemon with a unix socket of its own makes the token and the offers."""
        path = self.manager.scratch / "s"
        setup = test_systemd.Manager(args=["--admin", "off", "--listen", f"unix:{path}"])
        setup.environment["STATE_DIRECTORY"] = self.manager.environment["STATE_DIRECTORY"]
        with setup:
            setup.hear_of("READY")
            with harness.Client(f"unix:{path}") as client:
                client.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
                token = harness.issue_token(client, "portal")
                partner = client.add_partner("club")
                offers = [client.add_offer(f"o{at}", partner, seats=SEATS, direct_placement=True) for at in range(8)]
            setup.stop()
        return token, offers

    def placements(self, token):
        """Ids of all that is stored, by student as the journal knows it."""
        found, cursor = [], b""
        with harness.Client(self.address, token=token) as client:
            while True:
                page = client.call(list_placements={"limit": 1000, "cursor": cursor}).list_placements
                found += page.placements
                cursor = page.next_cursor
                if not cursor:
                    return found

    def restart(self, number):
        self.manager.process.send_signal(number)
        self.manager.process.wait(harness.PATIENCE)
        while self.manager.hear(0):
            pass
        self.manager.start()
        self.manager.hear_of("READY")

    def load(self, address, token, offers):
        self.out = self.manager.scratch / "acknowledged"
        return subprocess.Popen(
            [str(harness.BUILD / "rolling"), address, str(self.out), str(SECONDS), str(CONNECTIONS), *map(str, offers)],
            env={"KANSEN_TOKEN": token}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=harness.end_with_parent)

    def judge(self, load, token, offers):
        """Holds what the load was told against what is stored; returns what it tells of itself."""
        said, errors = load.communicate(timeout=SECONDS + 2 * harness.PATIENCE)
        self.assertEqual((load.returncode, errors), (0, ""))
        told = json.loads(said)
        acknowledged = [line.split() for line in self.out.read_text(encoding="utf-8").splitlines()]
        stored = self.placements(token)
        with harness.Client(self.address, token=token) as client:
            free = sum(found.seats_free for found in client.match(region="NL", limit=100).matches)
        self.assertEqual(told["connections"], CONNECTIONS)
        self.assertGreater(told["writes"], CONNECTIONS * 5)
        self.assertEqual((told["bad"], told["local"], told["unanswered"]), (0, 0, 0))
        self.assertEqual(told["watched"], told["writes"])  # by a watch that goes on from where it was
        # Every student has one seat, and no seat is held that nobody was told of.
        self.assertEqual(len(acknowledged), told["writes"])
        self.assertEqual(len({student for student, _ in acknowledged}), len(acknowledged))
        self.assertEqual(sorted(int(placement) for _, placement in acknowledged), sorted(p.id for p in stored))
        self.assertEqual(len(offers) * SEATS - free, len(stored))
        return told

    def test_restarts(self):
        token, offers = self.prepare()
        with self.manager:
            self.manager.hear_of("READY")
            load = self.load(self.address, token, offers)
            for number in STOPS:
                time.sleep(0.8)
                self.restart(number)
            told = self.judge(load, token, offers)
            self.manager.stop()
        self.assertGreater(told["opened"], CONNECTIONS * len(STOPS) / 2)  # restarts were met
        print(f"rolling restart: {len(STOPS)} restarts under {CONNECTIONS} connections, {told['writes']} reservations and "
              f"{told['reads']} matches, {told['opened'] - CONNECTIONS} connections made again, the longest stall "
              f"{told['longest_ms']} ms")

    def test_answers_that_are_lost(self):
        """What was done, and whose answer never arrived, is asked again under its key: it is not done again."""
        token, offers = self.prepare()
        with self.manager:
            self.manager.hear_of("READY")
            relay = Relay(self.address)
            load = self.load(relay.address, token, offers)
            for _ in range(8):
                time.sleep(0.7)
                relay.run(relay.cut())
            self.judge(load, token, offers)
            relay.close()
            self.assertGreater(relay.lost, CONNECTIONS)
            self.manager.stop()

    def test_tls(self):
        """By TLS, to a daemon that nobody holds the sockets of: whoever is refused comes again."""
        with tempfile.TemporaryDirectory(prefix="kansen-test-") as folder:
            authority = certificates.Authority(pathlib.Path(folder) / "ca")
            daemon = test_tls.TlsDaemon(authority, config="max_holds = 0\ntoken_rate = 0\n")
            self.addCleanup(daemon.remove)
            daemon.use(*authority.issue("first"))
            daemon.start()
            with daemon.client() as client:
                partner = client.add_partner("club")
                offer = client.add_offer("o", partner, seats=SEATS, direct_placement=True)
            out = pathlib.Path(folder) / "acknowledged"
            load = subprocess.Popen(
                [str(harness.BUILD / "rolling"), "tls:" + daemon.tls, str(out), "3", "16", str(offer)],
                env={"KANSEN_TOKEN": daemon.token_file.read_text(encoding="utf-8").strip(),
                     "KANSEN_CA": str(authority.certificate)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=harness.end_with_parent)
            for restart in (daemon.restart, lambda: (daemon.kill(), daemon.start())):
                time.sleep(1)
                restart()
            said, errors = load.communicate(timeout=2 * harness.PATIENCE)
            self.assertEqual((load.returncode, errors), (0, ""))
            self.assertGreater(json.loads(said)["opened"], 16 * 2)
            with daemon.client() as client:
                free = client.match(region="NL").matches[0].seats_free
            self.assertEqual(SEATS - free, len(out.read_text(encoding="utf-8").splitlines()))
            daemon.stop()


if __name__ == "__main__":
    unittest.main()
