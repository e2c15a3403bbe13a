# SPDX-License-Identifier: Apache-2.0
"""What the tests stand on: a daemon on a scratch directory, and a client that speaks the protocol with protobuf's own
Python runtime, so that another codec than ours reads and writes the frames.

KANSEN_GEN_PY names the folder of the generated Python, if it is not build/gen-py.
"""
import ctypes
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"  # of kansend and kansenctl; see use_build()
SEEDS = ROOT / "seeds"
SMALL_SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"
GEN_PY = pathlib.Path(os.environ.get("KANSEN_GEN_PY", ROOT / "build" / "gen-py"))

sys.path.insert(0, str(GEN_PY))
try:
    from google.protobuf.internal.decoder import _DecodeVarint32
    from google.protobuf.internal.encoder import _VarintBytes
    from google.protobuf.message import DecodeError
    from kansen.v1 import client_pb2, command_pb2, common_pb2, match_pb2, offer_pb2, partner_pb2, protocol_pb2, stream_pb2, taxonomy_pb2
except ImportError as error:
    sys.exit(f"{error}: install python3-protobuf and generate {GEN_PY} (make does both)")

# Numbers of google.rpc.Code.
OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED = 0, 3, 5, 6, 7
DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED = 4, 8, 9, 10, 14, 15, 16

TOKEN_FILES = {}  # by TCP address of a daemon: the file of a token that makes its holder an operator there

PORTS = []  # sockets whose names keep the ports of this process from others

PATIENCE = 30.0  # seconds that anything may take before a test gives it up
SANITIZER = re.compile(r"\w+Sanitizer|runtime error:")  # what a build with sanitizers says of a fault
READY = re.compile(r"\b(serving|serves|ready)\b", re.IGNORECASE)


def use_build(folder):
    """The programs that are tested are those in this folder."""
    global BUILD
    BUILD = pathlib.Path(folder).resolve()
    if not kansend().exists():
        sys.exit(f"{kansend()} is not there: run make first")


def kansend():
    return BUILD / "kansend"


def kansenctl():
    return BUILD / "kansenctl"


def free_port():
    """A port that nobody else takes: it is below those that the kernel gives to whoever connects, and a name that this
    process keeps as long as it lives stops other tests from choosing it too."""
    while True:
        port = random.SystemRandom().randrange(10000, 32768)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0kansen-test-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as daemons do
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        PORTS.append(name)
        return port


# Tokens -----------------------------------------------------------------------------------------------------------


def token_of(address):
    """The token for this address; empty where none is needed."""
    file = TOKEN_FILES.get(address)
    return file.read_text(encoding="ascii").strip() if file and file.exists() else ""


def environment(command):
    """The environment for a program; a kansenctl finds the token in it for the server that it is told with -s, last of all."""
    parts = [None] + [str(part) for part in command]
    server = {flag: value for flag, value in zip(parts, parts[1:]) if flag == "-s"}.get("-s")
    return {**os.environ, **({"KANSEN_TOKEN_FILE": str(TOKEN_FILES[server])} if server in TOKEN_FILES else {})}


def hello(address, name="tests"):
    """The body of a Hello to this address."""
    return {"protocol_version": 1, "client_name": name, "token": token_of(address)}


def write_token(path, text):
    """Keeps a token in a file that nobody else may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")


def issue_token(client, name, **options):
    """Has an operator issue a token; returns its text."""
    return client.write(issue_token={"client": name, **options}).token


# Frames -----------------------------------------------------------------------------------------------------------


def frame(payload):
    """A message, or its bytes, with its length in front."""
    if not isinstance(payload, bytes):
        payload = payload.SerializeToString()
    return _VarintBytes(len(payload)) + payload


def take_frame(data):
    """(payload, rest) if data starts with a whole frame, else (None, data)."""
    try:
        length, start = _DecodeVarint32(data, 0)
    except IndexError:
        return None, data
    except DecodeError as error:
        raise AssertionError("a frame from the daemon has no proper length") from error
    if len(data) < start + length:
        return None, data
    return bytes(data[start:start + length]), data[start + length:]


# Client -----------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """An answer that was not OK."""

    def __init__(self, status):
        super().__init__(f"{status.code} {status.field!r}: {status.message}")
        self.code, self.field, self.message = status.code, status.field, status.message


class Client:
    """A connection. address is "unix:PATH" or "HOST:PORT"; token says who calls, else it is an operator; with an
    SSLContext as tls it is by TLS."""

    def __init__(self, address, hello=True, timeout=PATIENCE, token=None, tls=None):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            target = address[5:]
        else:
            self.socket = socket.socket()
            host, port = address.rsplit(":", 1)
            target = (host, int(port))
        self.socket.settimeout(timeout)
        self.socket.connect(target)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.timeout = timeout
        self.data = b""
        self.next_id = 1
        self.hello = {"protocol_version": 1, "client_name": "tests",
                      "token": token_of(address) if token is None else token}
        if hello:
            self.limits = self.call(hello=self.hello).hello

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def request(self, **body):
        """A request with the next id. The body is a keyword: ping={...} or ping=PingRequest(...)."""
        request = protocol_pb2.Request(id=self.next_id, **body)
        self.next_id += 1
        return request

    def send(self, data):
        """Sends a message as a frame, or bytes as they are."""
        self.socket.sendall(data if isinstance(data, bytes) else frame(data))

    def receive(self):
        """The next answer; None when the daemon has closed the connection."""
        while True:
            payload, self.data = take_frame(self.data)
            if payload is not None:
                return protocol_pb2.Response.FromString(payload)
            try:
                more = self.socket.recv(1 << 18)
            except ConnectionResetError:
                more = b""
            if not more:
                assert not self.data, "the connection was closed inside a frame"
                return None
            self.data += more

    def ask(self, **body):
        """Sends one request and returns its answer, whatever its status."""
        request = self.request(**body)
        self.send(request)
        response = self.receive()
        assert response is not None, "the connection was closed without an answer"
        assert response.id == request.id, f"answer {response.id} to request {request.id}"
        return response

    def call(self, **body):
        """As ask, but raises Refused if the status is not OK."""
        response = self.ask(**body)
        if response.status.code != OK:
            raise Refused(response.status)
        return response

    def pipeline(self, requests):
        """Sends all requests while it reads the answers; returns the answers in the order of the requests."""
        answers, out = {}, memoryview(b"".join(frame(r) for r in requests))
        wanted = {r.id for r in requests}
        assert len(wanted) == len(requests)
        deadline = time.monotonic() + self.timeout
        self.socket.setblocking(False)
        try:
            while len(answers) < len(wanted):
                left = deadline - time.monotonic()
                readable, writable, _ = select.select([self.socket], [self.socket] if out else [], [], max(0, left))
                assert readable or writable, f"{len(wanted) - len(answers)} of {len(wanted)} answers are missing"
                try:
                    if writable:
                        out = out[self.socket.send(out[:1 << 16]):]
                    more = self.socket.recv(1 << 18) if readable else None
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    continue  # a record that is not whole
                if readable:
                    assert more, f"closed with {len(wanted) - len(answers)} of {len(wanted)} answers missing"
                    self.data += more
                    payload, self.data = take_frame(self.data)
                    while payload is not None:
                        response = protocol_pb2.Response.FromString(payload)
                        assert response.id in wanted and response.id not in answers, f"answer to no request: {response}"
                        answers[response.id] = response
                        payload, self.data = take_frame(self.data)
        finally:
            self.socket.settimeout(self.timeout)
        return [answers[r.id] for r in requests]

    # Writes

    def write(self, source="", **operation):
        """One write; returns its result, raises Refused if it was not applied."""
        return self.call(write={"source": source, **operation}).write

    def batch(self, writes):
        """Writes in as many frames as it takes; returns a result for each."""
        results, size = [], self.limits.max_batch_writes
        requests = [self.request(batch={"writes": writes[at:at + size]}) for at in range(0, len(writes), size)]
        for response in self.pipeline(requests):
            if response.status.code != OK:
                raise Refused(response.status)
            results += response.batch.results
        assert len(results) == len(writes)
        return results

    def add_partner(self, external_id, **fields):
        fields = {"kind": "PARTNER_KIND_SPORT_CLUB", "name": "Club", "region": "GM0606", **fields}
        return self.write(create_partner={"partner": {"external_id": external_id, **fields}}).id

    def add_offer(self, external_id, partner_id, **fields):
        fields = {"kind": "OFFER_KIND_SPORT", "title": "Training", "interests": ["sport.voetbal"], "seats": 5, **fields}
        return self.write(create_offer={"offer": {"external_id": external_id, "partner_id": partner_id, **fields}}).id

    def match(self, **query):
        return self.call(match={"query": query}).match

    def matched(self, **query):
        """Ids of the offers that match, best first, at most 100."""
        return [m.offer_id for m in self.match(limit=100, **query).matches]

    def explain(self, offer_id, **query):
        return self.call(explain={"query": query, "offer_id": offer_id}).explain


def point(lat, lon):
    return {"lat_e6": round(lat * 1e6), "lon_e6": round(lon * 1e6)}


PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_parent():
    """Runs in the child: it is killed when the test run is, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# Daemon -----------------------------------------------------------------------------------------------------------


class Daemon:
    """A daemon on a scratch directory, on TCP and a unix socket. Use it with `with`, or start() and stop()."""

    def __init__(self, seeds=SMALL_SEEDS, data_dir=None, args=()):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.data_dir = pathlib.Path(data_dir or self.scratch / "data")
        self.seeds, self.args = seeds, list(args)
        self.port = free_port()
        self.tcp = f"127.0.0.1:{self.port}"
        self.unix = f"unix:{self.scratch / 's'}"
        self.token_file = self.data_dir / "tests.token"  # goes where the store goes
        TOKEN_FILES[self.tcp] = self.token_file
        self.process, self.lines, self.reader = None, [], None
        self.ready = threading.Event()  # it serves, or has ended
        self.serves = False

    def command(self, *args):
        return [str(kansend()), "-c", str(self.scratch / "none.conf"), "--data-dir", str(self.data_dir), *args]

    def start(self):
        (self.scratch / "none.conf").touch()
        self.ready.clear()
        self.lines, self.serves = [], False
        self.process = subprocess.Popen(
            self.command("--seeds", str(self.seeds), "--listen", self.tcp, "--listen", self.unix, "--admin", "off",
                         *self.args),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.scratch,
            preexec_fn=end_with_parent)
        self.reader = threading.Thread(target=self.read_log, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        if not self.ready.wait(PATIENCE) or not self.serves:
            if not self.reader.is_alive():
                self.process.wait(PATIENCE)  # it has closed its output, so it ends
            self.kill()
            raise AssertionError("the daemon does not serve:\n" + self.log())
        if not self.token_file.exists():
            self.take_token()
        return self

    def take_token(self):
        """Has a token issued that makes TCP what the unix socket is: the client "local", an operator."""
        with Client(self.unix) as client:
            client.ask(write={"create_client": {"client": {"name": "local", "role": "ROLE_OPERATOR"}}})
            write_token(self.token_file, issue_token(client, "local", label="tests"))

    def read_log(self, stream):
        """Collects what the daemon says; it serves once it has said so, and is given up once it has ended."""
        for line in stream:
            self.lines.append(line.decode(errors="replace"))
            if READY.search(self.lines[-1]):
                self.serves = True
                self.ready.set()
        self.ready.set()

    def log(self):
        return "".join(self.lines)

    def client(self, **options):
        return Client(self.tcp, **options)

    def caller(self, operator, name, role="ROLE_OPERATOR", **fields):
        """A client of that role, which an operator makes, and who calls as it."""
        operator.write(create_client={"client": {"name": name, "role": role, **fields}})
        return self.client(token=issue_token(operator, name))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end; returns the exit status."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon does not end:\n" + self.log()) from None
        finally:
            self.reader.join(PATIENCE)
            self.process.stdout.close()
        assert not SANITIZER.search(self.log()), self.log()
        return status

    def stop(self):
        """Ends the daemon by SIGTERM; it must end well."""
        if self.process is None or self.process.returncode is not None:
            return
        self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, f"exit status {status}:\n{self.log()}"

    def kill(self):
        if self.process is not None and not self.process.stdout.closed:
            self.process.kill()
            self.wait()

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        self.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            self.remove()


def run(command, stdin=None, cwd=None, env=None):
    """Runs a program to its end; returns the completed process with text output. A kansenctl has the token that it needs."""
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, cwd=cwd,
                          timeout=PATIENCE * 4, env={**environment(command), **(env or {})}, check=False)
    assert done.returncode >= 0 and not SANITIZER.search(done.stderr), f"{command}: {done.returncode}\n{done.stderr}"
    return done


class Programs:
    """Of a test with a daemon: kansenctl and kansen-verify, which are called in its scratch directory. `key` signed the records."""

    def ctl(self, *args, status=0, stdin=None):
        done = run([kansenctl(), *args, "-s", self.daemon.tcp], stdin=stdin, cwd=self.daemon.scratch)
        self.assertEqual(done.returncode, status, (done.stdout + done.stderr)[:2000])
        return done

    def json(self, *args, **options):
        return json.loads(self.ctl("--json", *args, **options).stdout)

    def verify(self, *args, status=0):
        """What it says."""
        done = run([BUILD / "kansen-verify", "--key", self.key, *args], cwd=self.daemon.scratch)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr
