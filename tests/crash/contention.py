#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two thousand clients, each on a connection of its own, ask for the same offer of 7 seats at the same time: exactly 7 get
one, in every run. In every second run 3 seats are reserved, and at most 4 of those who are not referred get one; in every
third the offer keeps a waiting list, and all others are on it, once."""
import argparse
import collections
import multiprocessing
import pathlib
import resource
import selectors
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))

import reading  # noqa: E402
from reading import ACCEPTED, HELD, OK, REQUESTED, SEATED, WAITING, harness  # noqa: E402
from harness import FAILED_PRECONDITION, protocol_pb2  # noqa: E402

SEATS, RESERVED = 7, 3
REFERRED_EVERY = 20  # clients
PROCESSES = 4


def is_referred(client):
    return client % REFERRED_EVERY == 0


class Crowd:
    """Some of the clients, in one process."""

    def __init__(self, port, clients):
        self.clients, self.selector, self.data = clients, selectors.DefaultSelector(), {}
        hello = harness.frame(protocol_pb2.Request(id=1, hello=harness.hello(f"127.0.0.1:{port}", "crowd")))
        for client in clients:
            connection = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ, client)
            self.data[client] = b""
            connection.send(hello)
        self.sockets = {key.data: key.fileobj for key in self.selector.get_map().values()}
        assert all(answer.status.code == OK for answer in self.collect().values())

    def collect(self):
        """One answer of each."""
        answers, until = {}, time.monotonic() + harness.PATIENCE
        while len(answers) < len(self.clients):
            events = self.selector.select(max(0, until - time.monotonic()))
            assert events, f"{len(self.clients) - len(answers)} answers are missing"
            for key, _ in events:
                client, more = key.data, key.fileobj.recv(1 << 16)
                assert more, f"the connection of client {client} was closed"
                payload, self.data[client] = harness.take_frame(self.data[client] + more)
                if payload is not None:
                    assert client not in answers, "two answers to one request"
                    answers[client] = protocol_pb2.Response.FromString(payload)
        return answers

    def ask(self, offer, wait, request):
        for client in self.clients:
            self.sockets[client].send(harness.frame(protocol_pb2.Request(id=2, write={"reserve_placement": {
                "offer_id": offer, "student": f"s{client}", "wait": wait, "request": request,
                "referred": is_referred(client)}})))
        return [(client, answer.write.status.code, answer.write.id, answer.write.placement_state)
                for client, answer in self.collect().items()]


def crowd(port, clients, pipe):
    """A process: asks when it is told to, until it is told None."""
    try:
        there = Crowd(port, clients)
        pipe.send(None)
        while (order := pipe.recv()) is not None:
            pipe.send(there.ask(*order))
    except BaseException as error:  # whatever it is, the one who waits must know
        pipe.send(repr(error))
        raise


def take(pipe):
    assert pipe.poll(2 * harness.PATIENCE), "a process of clients does not answer"
    said = pipe.recv()
    assert not isinstance(said, str), said
    return said


def judge(client, offer, answers, *, reserved, wait, request):
    """Exactly the seats, to whom they may go."""
    winners = [answer for answer in answers if answer[1] == OK and answer[3] != WAITING]
    waiting = [answer for answer in answers if answer[1] == OK and answer[3] == WAITING]
    refused = collections.Counter(answer[1] for answer in answers if answer[1] != OK)
    assert len(winners) == SEATS, f"{len(winners)} got a seat: {winners}"
    assert {winner[3] for winner in winners} <= {ACCEPTED if request else HELD, REQUESTED}
    assert len({answer[2] for answer in winners + waiting}) == len(winners) + len(waiting), "one placement told twice"
    if wait:
        assert not refused, refused
    else:
        assert not waiting and refused == {FAILED_PRECONDITION: len(answers) - SEATS}, (refused, len(waiting))
    if reserved:
        assert sum(not is_referred(winner[0]) for winner in winners) <= SEATS - RESERVED, winners
    stored, cursor = [], b""
    while True:
        page = client.call(list_placements={"offer_id": offer, "limit": 1000, "cursor": cursor}).list_placements
        stored += page.placements
        cursor = page.next_cursor
        if not cursor:
            break
    assert {p.id for p in stored if p.state in SEATED} == {winner[2] for winner in winners}
    assert {p.id for p in stored if p.state == WAITING} == {answer[2] for answer in waiting}
    assert len({p.student_id for p in stored}) == len(stored)
    assert reading.free_seats(client, [offer])[offer] == 0


def compete(daemon, pipes, runs):
    with daemon.client() as client:
        partner = client.add_partner("p")
        for run in range(runs):
            reserved, wait, request = run % 2 == 1, run % 3 == 2, run % 4 < 2
            offer = client.add_offer(f"o{run}", partner, seats=SEATS, reserved_seats=RESERVED if reserved else 0,
                                     waiting_list=wait, direct_placement=True)
            for pipe in pipes:
                pipe.send((offer, wait, request))
            answers = [answer for pipe in pipes for answer in take(pipe)]
            judge(client, offer, answers, reserved=reserved, wait=wait, request=request)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":", maxsplit=1)[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend is")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--clients", type=int, default=2000)
    options = parser.parse_args()
    harness.use_build(options.build)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * options.clients + 512), most))
    started = time.monotonic()
    daemon = harness.Daemon()
    (daemon.scratch / "none.conf").write_text("max_holds = 0\ntoken_rate = 0\ntoken_connections = 0\n", encoding="utf-8")
    fork = multiprocessing.get_context("fork")
    processes, pipes = [], []
    with daemon:
        try:
            for number in range(PROCESSES):
                ours, theirs = fork.Pipe()
                clients = range(number, options.clients, PROCESSES)
                processes.append(fork.Process(target=crowd, args=(daemon.port, clients, theirs), daemon=True))
                processes[-1].start()
                pipes.append(ours)
            for pipe in pipes:
                take(pipe)
            compete(daemon, pipes, options.runs)
            for pipe in pipes:
                pipe.send(None)
            for process in processes:
                process.join(harness.PATIENCE)
        finally:
            for process in processes:
                process.kill()
        daemon.stop()
        reading.check_store(daemon)
    print(f"contention: {options.runs} runs of {options.clients} clients for {SEATS} seats, exactly {SEATS} got one in each, "
          f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
