#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Durable reserves per second with 1, 16 and 64 connections, each of which waits for one answer before it asks again, beside
the raw rate of fdatasync on the same file system, measured before and after. Prints a table and writes JSON."""
import argparse
import json
import multiprocessing
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness  # noqa: E402
from harness import OK, protocol_pb2  # noqa: E402

CONNECTIONS = (1, 16, 64)
PROCESSES = 2
SEATS = 65535  # of an offer; each connection has its own


def sync_rate(program, folder, seconds):
    done = subprocess.run([program, str(pathlib.Path(folder) / "sync-rate"), str(seconds)], capture_output=True, text=True, check=True,
                          timeout=seconds + harness.PATIENCE)
    return float(done.stdout)


def prepared(process, connection, offer):
    """A frame of a reserve but for the student, who has a fixed length: the bytes before and behind it."""
    student = f"{process:02}-{connection:02}-" + "0" * 8
    whole = harness.frame(protocol_pb2.Request(id=2, write={"reserve_placement": {"offer_id": offer, "student": student,
                                                                                  "request": True}}))
    before, behind = whole.split(b"0" * 8)
    return before, behind


def ask_for(seconds, port, process, offers, pipe):
    """Keeps connections busy, one request each; sends the count and the times of the answers in microseconds."""
    selector, parts, connections = selectors.DefaultSelector(), [], len(offers)
    hello = harness.frame(protocol_pb2.Request(id=1, hello=harness.hello(f"127.0.0.1:{port}", "bench")))
    for number, offer in enumerate(offers):
        client = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(hello)
        assert client.recv(1 << 12)
        selector.register(client, selectors.EVENT_READ, number)
        parts.append(prepared(process, number, offer))
    count, sent, times = 0, [0.0] * connections, []
    pipe.send(None)
    pipe.recv()
    for key in list(selector.get_map().values()):
        sent[key.data] = time.perf_counter()
        key.fileobj.sendall(parts[key.data][0] + b"%08d" % count + parts[key.data][1])
        count += 1
    done, until, left = 0, time.perf_counter() + seconds, connections
    while left > 0:
        for key, _ in selector.select(harness.PATIENCE):
            payload, rest = harness.take_frame(key.fileobj.recv(1 << 12))
            now = time.perf_counter()
            assert payload is not None and not rest
            answer = protocol_pb2.Response.FromString(payload)
            assert answer.write.status.code == OK, answer
            if now >= until:
                left -= 1
                selector.unregister(key.fileobj)
                continue
            times.append(round((now - sent[key.data]) * 1e6))
            done += 1
            sent[key.data] = now
            key.fileobj.send(parts[key.data][0] + b"%08d" % count + parts[key.data][1])
            count += 1
    pipe.send((done, times))


def measure(daemon, offers, seconds):
    connections = len(offers)
    fork = multiprocessing.get_context("fork")
    processes, pipes = [], []
    with daemon.client() as client:
        for number in range(PROCESSES):
            if mine := offers[number::PROCESSES]:
                ours, theirs = fork.Pipe()
                processes.append(fork.Process(target=ask_for, args=(seconds, daemon.port, number, mine, theirs), daemon=True))
                processes[-1].start()
                pipes.append(ours)
        try:
            for pipe in pipes:
                assert pipe.poll(harness.PATIENCE)
                pipe.recv()
            before = client.call(status={}).server.commits
            for pipe in pipes:
                pipe.send(None)
            done, times = 0, []
            for pipe in pipes:
                assert pipe.poll(seconds + harness.PATIENCE), "a process of clients does not answer"
                count, its = pipe.recv()
                done += count
                times += its
            commits = client.call(status={}).server.commits - before
        finally:
            for process in processes:
                process.kill()
    times.sort()
    return {"connections": connections, "reserves_per_s": round(done / seconds, 1), "commits_per_s": round(commits / seconds, 1),
            "writes_per_commit": round(done / commits, 2), "median_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(",", maxsplit=1)[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend is")
    parser.add_argument("--sync-rate", required=True, help="the program made of fsync_rate.c")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--dir", default=None, help="where the store is made: the disk that is measured")
    parser.add_argument("--commit-delay-ms", type=int, default=None, help="the daemon's option of that name")
    parser.add_argument("--out", default=str(harness.ROOT / "build" / "bench" / "reserves.json"))
    options = parser.parse_args()
    harness.use_build(options.build)
    tempfile.tempdir = str(pathlib.Path(options.dir).resolve()) if options.dir else None
    daemon, rows = harness.Daemon(), []
    delay = options.commit_delay_ms
    (daemon.scratch / "none.conf").write_text("max_holds = 0\ntoken_rate = 0\ntoken_connections = 0\n"
                                              + (f"commit_delay_ms = {delay}\n" if delay is not None else ""), encoding="utf-8")
    raw = [sync_rate(options.sync_rate, daemon.scratch, options.seconds)]
    with daemon:
        with daemon.client() as client:
            partner = client.add_partner("p")
        for connections in CONNECTIONS:
            with daemon.client() as client:
                offers = [client.add_offer(f"o{connections}-{number}", partner, seats=SEATS) for number in range(connections)]
            rows.append(measure(daemon, offers, options.seconds))
        raw.append(sync_rate(options.sync_rate, daemon.scratch, options.seconds))
    print(f"{'connections':>11} {'reserves/s':>11} {'commits/s':>10} {'a commit':>9} {'median':>9} {'p99':>9}   of the raw rate")
    for row in rows:
        print(f"{row['connections']:>11} {row['reserves_per_s']:>11} {row['commits_per_s']:>10} {row['writes_per_commit']:>9} "
              f"{row['median_us'] / 1000:>6.2f} ms {row['p99_us'] / 1000:>6.2f} ms   {row['reserves_per_s'] / max(raw):.2f}")
    print(f"raw: {raw[0]} and {raw[1]} times 4 KiB and fdatasync per second, before and after")
    out = pathlib.Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"raw_fdatasync_per_s": raw, "seconds": options.seconds, "commit_delay_ms": delay,
                               "cores": os.cpu_count(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    main()
