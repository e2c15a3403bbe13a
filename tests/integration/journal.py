# SPDX-License-Identifier: Apache-2.0
"""A journald of the tests' own: the entries that a program sends in journald's protocol, as JSON lines.

Run as a program, in a mount namespace of its own, it puts its socket where libsystemd looks for journald's, runs a
command whose standard error is a stream "of the journal", and writes each entry to a file.
"""
import ctypes
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading

SOCKET = "/run/systemd/journal/socket"


def parse(datagram):
    """The fields of an entry (systemd.io, "Native Journal Protocol"): KEY=value lines, or a key, a length and bytes."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        key, equals, value = line.partition(b"=")
        if not equals:
            size = struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8:8 + size], rest[8 + size + 1:]
        assert key.decode() not in fields, f"{key} twice"
        fields[key.decode()] = value.decode()
        datagram = rest
    return fields


def main():
    entries, stream, *command = sys.argv[1:]
    pathlib.Path(SOCKET).parent.mkdir(parents=True, exist_ok=True)
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(SOCKET)

    def listen():
        with open(entries, "a", encoding="utf-8") as file:
            while (datagram := journal.recv(1 << 20)) != b"END\n":
                file.write(json.dumps(parse(datagram)) + "\n")
                file.flush()

    listener = threading.Thread(target=listen)
    listener.start()
    with open(stream, "ab") as errors:
        status = os.fstat(errors.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors, env=environment,
                                   preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: process.send_signal(number))
    ended = process.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
        last.sendto(b"END\n", SOCKET)
    listener.join()
    sys.exit(ended)


if __name__ == "__main__":
    main()
