#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: 32 connections reserve, move, withdraw and import, each write under an idempotency key; the daemon is
killed at a random moment and started again on the same directory. After each restart:

- the offline check (before the restart) finds nothing: seats taken = placements, index = data, journal without gaps;
- every acknowledged write is in the journal under the sequence that it was told, with its id, version and state;
- each record's versions in the journal go up by one and end at what is stored; nothing is stored that nobody asked for;
- a batch of an import is there whole or not at all;
- the last acknowledged write of each connection, asked again, gets the same bytes; each write that was not acknowledged,
  asked again, is applied once, be it now or before the kill.
"""
import argparse
import collections
import os
import pathlib
import random
import selectors
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))

import reading  # noqa: E402
from reading import CREATED, DECLINE, LIVE, MOVES, OFFER, OK, PARTNER, PLACEMENT, REMOVED, SEATED, WITHDRAW, harness  # noqa: E402
from harness import protocol_pb2  # noqa: E402

CONNECTIONS = 32
IN_FLIGHT = 4  # requests of one connection
BATCH = 8  # offers of one import
EPOCH = 25  # cycles on one directory; then a new one, as each check reads all of it
HOT = 6  # offers that all compete for


class Ask:
    """One request under one key, and what is known of it."""

    def __init__(self, number, writes, batch):
        body = {"batch": {"writes": writes}} if batch else {"write": writes[0]}
        self.key = f"k{number}"
        self.number, self.writes, self.batch = number, writes, batch
        self.request = protocol_pb2.Request(id=number, idempotency_key=self.key, **body)
        self.bytes = harness.frame(self.request)
        self.placement = writes[0].move_placement.id if writes[0].HasField("move_placement") else 0
        self.answer = None  # the bytes of its first answer

    def results(self):
        response = protocol_pb2.Response.FromString(self.answer)
        assert response.status.code == OK or not self.batch, response.status
        return response.batch.results if self.batch else [response.write]


class Connection:
    """Chooses writes and keeps what it knows; one at a time for each placement."""

    def __init__(self, number, driver):
        self.number, self.driver, self.dice = number, driver, driver.dice
        self.socket, self.data, self.out = None, b"", b""
        self.pending = collections.OrderedDict()  # number of the request -> Ask, in the order of sending
        self.last = None  # acknowledged last
        self.own = {}  # placement -> state as last told
        self.imports = 0

    def open(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = protocol_pb2.Request(id=1, hello=harness.hello(f"127.0.0.1:{port}", "kill-nine"))
        self.socket.sendall(harness.frame(hello))
        self.data, self.out = b"", b""
        while harness.take_frame(self.data)[0] is None:
            self.data += self.socket.recv(1 << 12)
        self.data = b""
        self.socket.setblocking(False)

    def ask(self):
        kinds = (self.reserve, self.move, self.bring_in, self.rename)
        writes, batch = self.dice.choices(kinds, (50, 42, 5, 3))[0]()
        if writes:
            ask = Ask(self.driver.next_number(), writes, batch)
            self.pending[ask.number] = ask
            self.out += ask.bytes

    def reserve(self):
        dice = self.dice
        offer = dice.choice(self.driver.hot if dice.random() < 0.6 else self.driver.offers)
        student = f"{self.number}-{dice.randrange(40)}" if dice.random() < 0.3 else f"{self.number}-{self.driver.number}"
        given = {"offer_id": offer, "student": student, "wait": dice.random() < 0.5, "request": dice.random() < 0.3,
                 "referred": dice.random() < 0.3}
        if dice.random() < 0.4:
            given["lease_s"] = 1  # runs out in a later cycle, or while the daemon is down
        return [reading.write(reserve_placement=given)], False

    def move(self):
        moving = {ask.placement for ask in self.pending.values()}
        free = [placement for placement in self.own if placement not in moving]
        if not free:
            return None, False
        placement = self.dice.choice(free)
        allowed = [move for move, (states, _) in MOVES.items() if self.own[placement] in states]
        move = self.dice.choice((*allowed, WITHDRAW, WITHDRAW) if allowed else tuple(MOVES))
        given = {"id": placement, "move": move}
        if move == DECLINE:
            given["reason"] = self.dice.randint(1, 7)
        if self.dice.random() < 0.2:
            given["version"] = self.dice.randint(1, 3)  # may be stale
        return [reading.write(move_placement=given)], False

    def bring_in(self):
        """An import: the same offers again, all with a new title."""
        if any(ask.batch for ask in self.pending.values()):
            return None, False
        self.imports += 1
        return self.driver.imported(self.number, f"import {self.imports}"), True

    def rename(self):
        partner = {"external_id": f"p{self.number}", "kind": 2, "name": f"Club {self.driver.number}", "region": "GM0606"}
        return [reading.write(upsert_partner={"partner": partner})], False

    def take(self, payload):
        number = protocol_pb2.Response.FromString(payload).id
        ask = self.pending.pop(number, None)
        assert ask is not None, f"an answer to no request: {number}"
        ask.answer = payload
        self.last = ask
        self.driver.acknowledge(self, ask)

    def read(self):
        """Takes the answers that are there; False at the end of the connection."""
        try:
            more = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        self.data += more
        payload, self.data = harness.take_frame(self.data)
        while payload is not None:
            self.take(payload)
            payload, self.data = harness.take_frame(self.data)
        return bool(more)

    def write(self):
        try:
            self.out = self.out[self.socket.send(self.out):]
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            self.out = b""


class Driver:
    """One directory: its daemon, its connections, and all that was acknowledged."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.number = 1
        self.daemon = harness.Daemon()
        (self.daemon.scratch / "none.conf").write_text("token_rate = 0\n", encoding="utf-8")
        self.connections = [Connection(number, self) for number in range(CONNECTIONS)]
        self.fresh = []  # (sequence, kind, id, version, state) told since the last look at the journal
        self.records = {PARTNER: {}, OFFER: {}, PLACEMENT: {}}  # as the journal told: id -> (version, state)
        self.known = set()  # placements that some answer told of
        self.sequence = 0  # of the journal, as far as it was looked at
        self.entries = {}  # of it: sequence -> what became of each record
        self.figures = collections.Counter()
        self.daemon.start()
        self.fill()

    def next_number(self):
        self.number += 1
        return self.number

    def fill(self):
        with self.daemon.client() as client:
            self.daemon_partner = client.add_partner("hot")
            self.hot = [client.add_offer(f"hot{i}", self.daemon_partner, seats=20, waiting_list=i % 2 == 0,
                                         reserved_seats=5 if i % 3 == 0 else 0, direct_placement=i % 3 == 1)
                        for i in range(HOT)]
            for number in range(CONNECTIONS):
                client.add_partner(f"p{number}")
            results = client.batch([write for number in range(CONNECTIONS) for write in self.imported(number, "import 0")])
            self.offers = [result.id for result in results]

    @staticmethod
    def imported(number, title):
        fields = {"kind": 2, "title": title, "interests": ["sport.voetbal"], "seats": 4, "waiting_list": True,
                  "partner_external_id": f"p{number}"}
        return [reading.write(upsert_offer={"offer": {"external_id": f"i{number}-{i}", **fields}}) for i in range(BATCH)]

    def acknowledge(self, connection, ask):
        """What an answer told is owed from now on."""
        for write, result in zip(ask.writes, ask.results()):
            operation = write.WhichOneof("operation")
            self.figures["acknowledged"] += 1
            if operation == "reserve_placement" and result.status.code == OK:
                assert result.id not in self.known, f"two reservations were told placement {result.id}"
                self.known.add(result.id)
            if result.placement_state:
                connection.own[result.id] = result.placement_state
                if result.placement_state not in LIVE:
                    connection.own.pop(result.id)
            elif ask.placement and result.status.code != OK:
                connection.own.pop(ask.placement, None)  # it has moved by itself; the next list tells
            if result.sequence:
                kind = PLACEMENT if "placement" in operation else OFFER if "offer" in operation else PARTNER
                self.fresh.append((result.sequence, kind, result.id, result.version, result.placement_state))

    # ---- Load

    def load(self, seconds, answers):
        """Keeps the daemon busy until the time is up or so many answers came; kills it then."""
        selector = selectors.DefaultSelector()
        for connection in self.connections:
            connection.open(self.daemon.port)
            selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
        until, goal, dead = time.monotonic() + seconds, self.figures["acknowledged"] + answers, False
        while selector.get_map():
            if not dead and (time.monotonic() >= until or self.figures["acknowledged"] >= goal):
                os.kill(self.daemon.process.pid, 9)
                dead = True
            for key, events in selector.select(0.05):
                connection = key.data
                if not dead:
                    while len(connection.pending) < IN_FLIGHT and len(connection.out) < 1 << 16:
                        before = len(connection.pending)
                        connection.ask()
                        if len(connection.pending) == before:
                            break
                    if connection.out:
                        connection.write()
                if events & selectors.EVENT_READ and not connection.read():
                    selector.unregister(connection.socket)
                    connection.socket.close()
        assert dead, "the daemon closed all connections by itself:\n" + self.daemon.log()
        self.daemon.kill()

    # ---- After the restart

    def read_journal(self, client):
        """Each change follows from the one before; what was acknowledged is in its place."""
        events = reading.journal(client, self.sequence + 1)
        for event in events:
            self.sequence += 1
            assert event.sequence == self.sequence, f"journal: {event.sequence} where {self.sequence} follows"
            self.entries[event.sequence] = {(c.kind, c.id): (c.version, c.placement_state) for c in event.changes}
            for change in event.changes:
                if change.kind in self.records:
                    self.replay(change)
        for sequence, kind, number, version, state in self.fresh:
            told = self.entries.get(sequence, {}).get((kind, number))
            assert told == (version, state), f"acknowledged {(sequence, kind, number, version, state)}, the journal has {told}"
        self.fresh = []

    def replay(self, change):
        records = self.records[change.kind]
        before = records.get(change.id, (0, 0))[0]
        if change.outcome == REMOVED:
            records.pop(change.id)
            return
        assert change.version == before + 1, f"version {change.version} follows {before} of {change.kind} {change.id}"
        assert (change.outcome == CREATED) == (change.version == 1)
        records[change.id] = (change.version, change.placement_state)

    def read(self, client):
        """All at one moment: holds run out meanwhile, so it is read until the journal has stood still."""
        for _ in range(100):
            sequence = client.call(status={}).server.sequence
            self.read_journal(client)
            lists = [reading.list_all(client, what) for what in ("placements", "offers", "partners")]
            free = reading.free_seats(client, [offer.id for offer in lists[1]])
            if client.call(status={}).server.sequence == sequence:
                return *lists, free
        raise AssertionError("the journal does not stand still")

    def compare(self, client):
        """What is stored is what the journal and the answers say, seats are what placements take."""
        placements, offers, partners, free = self.read(client)
        assert {p.id: (p.version, p.state) for p in placements} == self.records[PLACEMENT]
        assert {o.id: (o.version, 0) for o in offers} == self.records[OFFER]
        assert {p.id: (p.version, 0) for p in partners} == self.records[PARTNER]
        taken = collections.Counter(p.offer_id for p in placements if p.state in SEATED)
        for offer in offers:
            assert taken[offer.id] <= offer.seats and free[offer.id] == offer.seats - taken[offer.id], \
                f"offer {offer.id}: {offer.seats} seats, {taken[offer.id]} placements, {free[offer.id]} free"
        alive = collections.Counter((p.student_id, p.offer_id) for p in placements if p.state in LIVE)
        assert not alive or max(alive.values()) == 1, "one student twice at one offer"
        return {p.id: p for p in placements}, offers

    def check_imports(self, offers):
        """An import is one transaction: its offers carry one title."""
        titles = collections.defaultdict(set)
        for offer in offers:
            titles[offer.external_id.split("-")[0]].add(offer.title)
        for connection in self.connections:
            found = titles[f"i{connection.number}"]
            assert len(found) == 1, f"half an import: {found}"
            assert found <= {f"import {n}" for n in range(connection.imports + 1)}

    def ask_again(self, client, asks):
        """Sends requests again as they were; returns the bytes of the answers."""
        answers, numbers = {}, {ask.number for ask in asks}
        for at in range(0, len(asks), 200):
            part = asks[at:at + 200]
            client.send(b"".join(ask.bytes for ask in part))
            while len(answers) < at + len(part):
                payload, client.data = harness.take_frame(client.data)
                if payload is None:
                    more = client.socket.recv(1 << 18)
                    assert more, "closed while requests are repeated"
                    client.data += more
                    continue
                answers[protocol_pb2.Response.FromString(payload).id] = payload
        assert set(answers) == numbers
        return answers

    def retry(self, client, stored):
        lasts = [c.last for c in self.connections if c.last is not None]
        for ask, answer in zip(lasts, map(self.ask_again(client, lasts).get, [a.number for a in lasts])):
            assert answer == ask.answer, f"a repeat got another answer:\n{ask.answer}\n{answer}"
            self.figures["repeats of acknowledged"] += 1
        sequence = client.call(status={}).server.sequence
        asks = [(c, ask) for c in self.connections for ask in c.pending.values()]
        answers = self.ask_again(client, [ask for _, ask in asks])
        unknown = set(stored) - self.known  # reserved before the kill and not told
        for connection, ask in asks:
            ask.answer = answers[ask.number]
            connection.pending.pop(ask.number)
            self.acknowledge(connection, ask)
            for write, result in zip(ask.writes, ask.results()):
                before = 0 < result.sequence <= sequence
                self.figures["applied before the kill" if before else "applied after it or refused"] += 1
                if before and write.HasField("reserve_placement"):
                    assert result.id in unknown, f"placement {result.id} was not there"
                    unknown.remove(result.id)
        assert not unknown, f"placements that no request asked for: {sorted(unknown)[:9]}"
        again = self.ask_again(client, [ask for _, ask in asks])  # and once more
        assert again == answers, "a second repeat got another answer"

    def verify(self):
        with self.daemon.client() as client:
            stored, offers = self.compare(client)
            self.check_imports(offers)
            self.retry(client, stored)
            stored, offers = self.compare(client)
            assert set(stored) == self.known, "placements that no answer told of, or the other way round"
        for connection in self.connections:
            for placement in list(connection.own):
                connection.own[placement] = stored[placement].state
                if stored[placement].state not in LIVE:
                    del connection.own[placement]

    def cycle(self):
        seconds = self.dice.uniform(0.02, 0.6)
        answers = self.dice.randint(1, 600) if self.dice.random() < 0.4 else 1 << 60
        self.load(seconds, answers)
        reading.check_store(self.daemon)
        if self.dice.random() < 0.15:
            self.kill_at_start()
        self.daemon.start()
        self.verify()
        self.figures["cycles"] += 1

    def kill_at_start(self):
        """Kills it while it starts."""
        daemon = self.daemon
        starting = subprocess.Popen(daemon.command("--listen", daemon.unix, "--admin", "off"), stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=harness.end_with_parent)
        time.sleep(self.dice.uniform(0, 0.02))  # no event to wait for: any moment will do
        starting.kill()
        starting.wait(harness.PATIENCE)
        reading.check_store(self.daemon)
        self.figures["kills at the start"] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend is")
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    harness.use_build(options.build)
    total, started, left, part = collections.Counter(), time.monotonic(), options.cycles, 0
    while left > 0:
        driver = Driver(f"{options.seed}/{part}")
        try:
            for cycle in range(min(left, EPOCH)):
                try:
                    driver.cycle()
                except AssertionError:
                    print(f"seed {options.seed}, directory {part}, cycle {cycle}: {driver.daemon.data_dir} is kept", file=sys.stderr)
                    driver.daemon.kill()
                    driver.daemon.remove = lambda: None
                    raise
        finally:
            driver.daemon.remove()
        total += driver.figures
        left, part = left - EPOCH, part + 1
    print(f"kill -9: {', '.join(f'{count} {what}' for what, count in total.items())}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
