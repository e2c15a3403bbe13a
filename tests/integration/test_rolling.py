# SPDX-License-Identifier: Apache-2.0
"""Restarts under load: 64 connections of libkansen-event reserve seats while the daemon is stopped and killed, again and
again. The sockets stay, as a service manager holds them. No request is lost, none is done twice."""
import json
import signal
import subprocess
import time
import unittest

import harness
import test_systemd

CONNECTIONS, SEATS = 64, 60000
SECONDS = 8
STOPS = (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)


class Rolling(unittest.TestCase):
    def setUp(self):
        self.tcp = test_systemd.listening()
        self.tcp.listen(256)
        self.manager = test_systemd.Manager([("listen", self.tcp)], ["--admin", "off"])
        with open(self.manager.scratch / "kansend.conf", "a", encoding="utf-8") as config:
            config.write("max_holds = 0\n")
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

    def test_nothing_is_lost_or_done_twice(self):
        token, offers = self.prepare()
        out = self.manager.scratch / "acknowledged"
        with self.manager:
            self.manager.hear_of("READY")
            load = subprocess.Popen(
                [str(harness.BUILD / "rolling"), self.address, str(out), str(SECONDS), str(CONNECTIONS),
                 *map(str, offers)], env={"KANSEN_TOKEN": token}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                preexec_fn=harness.end_with_parent)
            for number in STOPS:
                time.sleep(1)
                self.restart(number)
            said, errors = load.communicate(timeout=SECONDS + 2 * harness.PATIENCE)
            self.assertEqual((load.returncode, errors), (0, ""))
            told = json.loads(said)
            acknowledged = [line.split() for line in out.read_text(encoding="utf-8").splitlines()]
            stored = self.placements(token)
            with harness.Client(self.address, token=token) as client:
                free = sum(found.seats_free for found in client.match(region="NL", limit=100).matches)
            self.manager.stop()
        self.assertEqual(told["connections"], CONNECTIONS)
        self.assertGreaterEqual(told["opened"], CONNECTIONS * len(STOPS))  # each restart was met by all of them
        self.assertGreater(told["writes"], CONNECTIONS * 5)
        self.assertEqual((told["bad"], told["local"], told["unanswered"]), (0, 0, 0))
        # Every student has one seat, and no seat is held that nobody was told of.
        self.assertEqual(len(acknowledged), told["writes"])
        self.assertEqual(len({student for student, _ in acknowledged}), len(acknowledged))
        self.assertEqual(sorted(int(placement) for _, placement in acknowledged), sorted(p.id for p in stored))
        self.assertEqual(len(offers) * SEATS - free, len(stored))
        print(f"rolling restart: {len(STOPS)} restarts under {CONNECTIONS} connections, {told['writes']} reservations and "
              f"{told['reads']} matches, {told['opened'] - CONNECTIONS} connections made again, the longest stall "
              f"{told['longest_ms']} ms")


if __name__ == "__main__":
    unittest.main()
