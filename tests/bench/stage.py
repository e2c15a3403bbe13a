# SPDX-License-Identifier: Apache-2.0
"""What the measurements stand on: workloads and stores that are made once and kept, daemons on chosen cores, and runs of
the load generator with their medians."""
import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUERIES = 2000
SERVER_CORE, LOAD_CORE = 0, 1
BYTES_PER_OFFER = 2000  # of a workload and its store on the disk
PATIENCE = 60  # seconds that a start or a stop may take
IMPORT_PATIENCE = 1200
SERVES = re.compile(r"serves on 127\.0\.0\.1:(\d+)(?:.* tls:(\S+))?")
UNLIMITED = "max_holds = 0\ntoken_rate = 0\ntoken_connections = 0\n"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
# What the bytes of a workload and of a store are made by: a kept one is used while these files are the same.
WORKLOAD_SOURCES = ("tests/bench/workload*", "tests/bench/dice.h", "seeds/*.csv")
STORE_SOURCES = (*WORKLOAD_SOURCES, "daemon/store/*", "daemon/work/*", "proto/kansen/v1/*.proto")


def fingerprint(patterns):
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def prepare_child(cores):
    """Runs in a child: it stays on these cores, and is killed when the bench ends, however that is."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.sched_setaffinity(0, cores)


def median_of(results):
    """The median of each number of several results of one shape, and how far apart they lie: the least and the greatest."""
    medians = {key: statistics.median(result[key] for result in results) for key in results[0]}
    spread = {key: [min(result[key] for result in results), max(result[key] for result in results)] for key in results[0]}
    return {**medians, "runs": len(results), "spread": spread}


def busy_seconds():
    """Seconds that all cores together have worked, for whatever program, or were taken away from this machine."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, soft, steal = (int(word) for word in file.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Daemon:
    """A kansend on a store, on some cores. It serves as soon as it is made; started_ms tells how long that took."""

    def __init__(self, build, store, seeds, workers, cores, settings=UNLIMITED, more=()):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="kansen-bench-"))
        (self.scratch / "conf").write_text(settings, encoding="utf-8")
        self.socket = f"unix:{self.scratch / 's'}"
        began = time.monotonic()
        self.process = subprocess.Popen(
            [str(build / "kansend"), "-c", str(self.scratch / "conf"), "--data-dir", str(store), "--seeds", str(seeds),
             "--listen", "127.0.0.1:0", "--listen", self.socket, "--admin", "off", "--workers", str(workers), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=lambda: prepare_child(cores))
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.daemon = True
        watchdog.start()
        said, found = "", None
        while found is None:
            line = self.process.stdout.readline().decode(errors="replace")
            if not line:
                self.close()
                raise SystemExit(f"kansend does not serve:\n{said}")
            said += line
            found = SERVES.search(line)
        self.started_ms = (time.monotonic() - began) * 1000
        watchdog.cancel()
        self.server, self.tls, self.pid = f"127.0.0.1:{found[1]}", found[2], self.process.pid
        threading.Thread(target=self.process.stdout.read, daemon=True).start()  # so that its log never blocks it
        self.token_file = store / "bench.token"  # goes where the store goes
        if not self.token_file.exists():
            self.take_token(build / "kansenctl")

    def take_token(self, kansenctl):
        """Has a token issued for TCP, which the store keeps; its file goes by the store, so a kept one has one token."""
        for words in (("client", "add", "bench", "--role", "operator"), ("token", "issue", "--client", "bench")):
            done = subprocess.run([str(kansenctl), "-s", self.socket, *words], stdout=subprocess.PIPE, check=False, text=True)
        with open(os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(done.stdout)

    def figures(self, name):
        """The numbers of /proc/PID/name."""
        text = pathlib.Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")
        return {key: int(value) for key, value in re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE)}

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


class Stage:
    def __init__(self, options):
        self.build = pathlib.Path(options.build).resolve()
        self.folder = pathlib.Path(options.dir).resolve()
        self.offers, self.large = options.offers, options.large
        self.runs, self.seconds, self.warm_up = options.runs, options.seconds, options.warm_up
        self.quick, self.fresh, self.students = options.quick, options.fresh, options.students
        self.cores = sorted(os.sched_getaffinity(0))
        self.began = time.monotonic()
        self.made = set()
        self.others = []  # of each run of reads: cores that something else worked on
        self.folder.mkdir(parents=True, exist_ok=True)
        needed = (2 * self.large + 2_000_000) * BYTES_PER_OFFER
        if not any(self.folder.glob("*-store")) and shutil.disk_usage(self.folder).free < needed:
            raise SystemExit(f"{self.folder}: the bench needs {needed / 1e9:.0f} GB there; --dir names another place")
        if len(self.cores) < 2:
            raise SystemExit("the bench needs two cores: one for the server and one for the load generator")

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def run(self, *command, patience=PATIENCE, cores=None, env=None):
        """Runs a program to its end and returns what it printed."""
        command = [str(part) for part in command]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience, env={**os.environ, **(env or {})},
                                  preexec_fn=lambda: prepare_child(cores or self.cores))
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{' '.join(command)}: not done after {patience} s") from None
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    # Data

    def kept(self, path, stamp, make):
        """The folder at path, made by make(path) unless it is there and was made for the same stamp."""
        file = path / "stamp"
        fresh = self.fresh and path not in self.made
        if fresh or not file.exists() or file.read_text(encoding="utf-8") != stamp:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
            make(path)
            file.write_text(stamp, encoding="utf-8")
        self.made.add(path)
        return path

    def workload(self, form, offers):
        """A folder with seeds/, partners.csv, offers.csv, queries.jsonl and requests.bin."""
        def make(path):
            self.say(f"making the workload: {form} form, {offers:,} offers")
            self.run(self.build / "workload", "--form", form, "--offers", offers, "--queries", QUERIES, "--seeds", ROOT / "seeds",
                     "--csv", path)
        return self.kept(self.folder / f"{form}-{offers}", fingerprint(WORKLOAD_SOURCES), make)

    def queries(self, form, offers):
        with open(self.workload(form, offers) / "queries.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def write_queries(self, name, queries):
        path = self.folder / "queries" / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(query) + "\n" for query in queries), encoding="utf-8")
        return path

    def store(self, form, offers):
        """The data directory of a daemon that has imported that workload. Who writes to it works on a copy."""
        def make(path):
            self.say(f"importing {offers:,} offers in {form} form")
            seconds = self.fill(path, form, offers)
            self.say(f"imported in {seconds:.1f} s")
            if offers > self.offers:
                (self.workload(form, offers) / "offers.csv").unlink()  # large, and no measurement needs it
        return self.kept(self.folder / f"{form}-{offers}-store", fingerprint(STORE_SOURCES), make) / "data"

    def fill(self, path, form, offers):
        """Makes a data directory in the folder by an import; returns the seconds that the offers took."""
        workload = self.workload(form, offers)
        if not (workload / "offers.csv").exists():
            shutil.rmtree(workload)
            self.workload(form, offers)
        with self.daemon(path / "data", workload, workers=0, cores=self.cores) as daemon:
            self.run(self.build / "kansenctl", "-s", daemon.socket, "import", "partners", workload / "partners.csv",
                     patience=IMPORT_PATIENCE)
            began = time.monotonic()
            self.run(self.build / "kansenctl", "-s", daemon.socket, "import", "offers", workload / "offers.csv",
                     patience=IMPORT_PATIENCE)
            return time.monotonic() - began

    @contextlib.contextmanager
    def scratch(self):
        """A folder on the disk that is measured, removed at the end."""
        path = tempfile.mkdtemp(prefix="scratch-", dir=self.folder)
        try:
            yield pathlib.Path(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    # Daemons and load

    @contextlib.contextmanager
    def daemon(self, store, workload, workers=1, cores=(SERVER_CORE,), **options):
        daemon = Daemon(self.build, store, workload / "seeds", workers, cores, **options)
        try:
            yield daemon
        finally:
            daemon.close()

    @contextlib.contextmanager
    def serving(self, form, offers, **options):
        with self.daemon(self.store(form, offers), self.workload(form, offers), **options) as daemon:
            yield daemon

    def load(self, daemon, *what, connections=1, in_flight=1, seconds=None, warm_up=None, core=LOAD_CORE, server=None,
             token=True):
        """One run of the load generator; all that it printed."""
        out = self.run(self.build / "load", "--server", server or daemon.server, *(("--token-file", daemon.token_file) if token else ()), "--pid", daemon.pid, "--cpu", core,
                       "--connections", connections, "--in-flight", in_flight, "--seconds", self.seconds if seconds is None else seconds, "--warm-up",
                       self.warm_up if warm_up is None else warm_up, *what, patience=PATIENCE * 10)
        return json.loads(out)

    def rate(self, daemon, *what, **options):
        """One run in the figures of the report. The daemon sits on one core, so answers per second are those of a core."""
        before, began = busy_seconds() - daemon.cpu_seconds() - children_seconds(), time.monotonic()
        run = self.load(daemon, *what, **options)
        others = (busy_seconds() - daemon.cpu_seconds() - children_seconds() - before) / (time.monotonic() - began)
        self.others.append(max(0.0, others))
        normal = run["normal"]
        return {"qps_per_core": normal["qps"], "p50_us": normal["p50_us"], "p99_us": normal["p99_us"], "max_us": normal["max_us"],
                "qps_per_cpu_second": normal["answers"] / run["daemon_cpu_s"], "core_busy": run["daemon_cpu_s"] / run["seconds"],
                "load_core_busy": run["load_cpu_s"] / run["seconds"], "others_cores": max(0.0, others),
                "bytes_per_answer": normal["bytes_per_answer"]}

    def medians(self, measures, runs=None):
        """Runs each of the named measures several times, in turns, so that what changes on the machine meanwhile meets all
        of them; returns the medians by name."""
        results = {name: [] for name in measures}
        for _ in range(runs or self.runs):
            for name, measure in measures.items():
                results[name].append(measure())
        return {name: median_of(found) for name, found in results.items()}
