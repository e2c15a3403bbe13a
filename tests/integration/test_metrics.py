# SPDX-License-Identifier: Apache-2.0
"""The admin port: metrics that promtool likes and that tell the truth, probes, and what HTTP may not do to the daemon."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import certificates
import harness
import metrics
from rounds import Round
from test_systemd import INTERVAL, Manager, own_threads, stopped

MANUAL = harness.ROOT / "daemon" / "kansend.8"
RULES = harness.ROOT / "config" / "prometheus"
DASHBOARD = harness.ROOT / "config" / "grafana" / "kansen.json"
GUESTS_MAX = 32  # connections of the admin port


def promtool(*args, **options):
    return subprocess.run([str(metrics.PROMTOOL), *args], capture_output=True, text=True, check=False,
                          timeout=harness.PATIENCE * 4, **options)


class WithDaemon(unittest.TestCase):
    args = ()

    def setUp(self):
        self.daemon = harness.Daemon(args=["--admin", "127.0.0.1:0", *self.args])
        self.addCleanup(self.daemon.remove)
        self.daemon.start()
        self.admin = metrics.admin_of(self.daemon)

    def scrape(self):
        return metrics.scrape(self.admin)


class Backups(WithDaemon):
    def newest(self):
        return self.scrape().value("kansen_backup_newest_timestamp_seconds")

    def test_when_the_newest_was_made(self):
        """Also after a start, by what lies there; what has no name of its own, or failed, does not count."""
        self.assertEqual(self.newest(), 0)
        with self.daemon.client() as client:
            before = time.time()
            client.send(client.request(backup={"name": "first"}))
            while not client.receive().backup.end:
                pass
            first = self.newest()
            self.assertTrue(before <= first <= time.time(), first)
            client.send(client.request(backup={"name": "first"}))
            self.assertEqual(client.receive().status.code, harness.ALREADY_EXISTS)
            self.assertEqual(self.newest(), first)
        self.daemon.stop()
        about = self.daemon.data_dir / "backup" / "first" / "kansen.backup"
        os.utime(about, (1_700_000_000, 1_700_000_000))
        part = self.daemon.data_dir / "backup" / ".later.part"
        part.mkdir()
        (part / "kansen.backup").write_text("", encoding="ascii")
        self.daemon.start()
        self.admin = metrics.admin_of(self.daemon)
        self.assertEqual(self.newest(), 1_700_000_000)


class Exposition(WithDaemon):
    def test_promtool(self):
        with self.daemon.client() as client:
            partner = client.add_partner("p")
            client.add_offer("o", partner)
            client.match(from_region="GM0606")
        text = self.scrape().text
        done = promtool("check", "metrics", input=text)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        broken = promtool("check", "metrics", input=text.replace("# HELP kansen_commits_total", "# HELP kansen_other"))
        self.assertNotEqual(broken.returncode, 0)

    def test_each_metric_has_help_type_and_samples(self):
        page = self.scrape()
        self.assertEqual(set(page.types), set(page.help))
        self.assertGreater(len(page.types), 35)
        for name, kind in page.types.items():
            sample = f"{name}_count" if kind == "histogram" else name
            self.assertTrue(page.labelled(sample), name)
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        told = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in page.types else name for name, _ in page.samples}
        self.assertEqual(told, set(page.types))

    def test_names_that_the_manual_tells(self):
        """kansend(8) has a row for each metric, and no other."""
        section = MANUAL.read_text(encoding="utf-8").split(".Sh METRICS")[1].split(".Sh ")[0]
        in_manual = set(re.findall(r"\b((?:kansen|process)_[a-z0-9_]+)\b", section))
        self.assertEqual(in_manual, set(self.scrape().types))

    def test_rules_and_dashboard_use_what_is_told(self):
        page = self.scrape()
        told = set(page.types)
        for name, kind in page.types.items():
            if kind == "histogram":
                told |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
        for path in (RULES / "alerts.yml", RULES / "alerts_test.yml", DASHBOARD):
            used = metrics.used_metrics(path)
            self.assertGreater(len(used), 10, path)
            self.assertLessEqual(used - told, set(), path)

    def test_labels_that_rules_and_dashboard_use(self):
        """Words in their selectors are among those that are told."""
        page = self.scrape()
        words = {key: {dict(re.findall(r'(\w+)="([^"]*)"', labels)).get(key) for _, labels in page.samples}
                 for key in ("request", "reason", "kind", "record")}
        words["code"] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "INTERNAL",
                         "UNAVAILABLE", "DATA_LOSS"}
        for path in (RULES / "alerts.yml", DASHBOARD):
            text = path.read_text(encoding="utf-8").replace('\\"', '"')
            for key, values in re.findall(r'\b(request|reason|kind|record|code)[!=]?=~?"([^"$]*)"', text):
                self.assertLessEqual(set(values.split("|")), words[key], f"{path}: {key}")

    def test_rules(self):
        for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"],
                        ["check", "config", "--syntax-only", "scrape.yml"]):
            done = promtool(*command, cwd=RULES)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_says_what_and_how_bad(self):
        text = (RULES / "alerts.yml").read_text(encoding="utf-8")
        names = re.findall(r"- alert: (\w+)", text)
        self.assertGreater(len(names), 15)
        self.assertEqual(len(names), len(re.findall(r"severity: (?:page|ticket)", text)))
        self.assertEqual(len(names), text.count("summary:"))


class Counts(WithDaemon):
    def assert_histograms(self, page):
        """Each histogram goes up, ends in its count, and has a sum that its buckets allow."""
        count = 0
        for name, kind in page.types.items():
            if kind != "histogram":
                continue
            for labels, total in page.labelled(f"{name}_count").items():
                buckets = page.buckets(name, labels)
                self.assertEqual(buckets, sorted(buckets))
                self.assertEqual([n for _, n in buckets], sorted(n for _, n in buckets))
                self.assertEqual(buckets[-1], (float("inf"), total))
                least, before = 0, (0, 0)
                for bound, n in buckets:
                    least += (n - before[1]) * before[0]
                    before = (bound, n)
                self.assertGreaterEqual(page.samples[(f"{name}_sum", labels)] * 1.000001, least)
                count += 1
        self.assertGreater(count, 20)

    def test_tasks(self):
        """One is made, one is refused, as it is there already, and one fails."""
        with self.daemon.client() as client:
            for name, status in (("one", 0), ("one", harness.ALREADY_EXISTS), ("two", harness.UNAVAILABLE)):
                if name == "two":
                    (self.daemon.data_dir / "backup" / ".two.part").touch()  # where it would be written
                client.send(client.request(backup={"name": name}))
                while not (answer := client.receive()).backup.end and not answer.status.code:
                    pass
                self.assertEqual(answer.status.code, status)
        page = self.scrape()
        self.assertEqual([page.value(f"kansen_tasks{name}") for name in ("_total", "_failed_total", "_waiting")], [1, 1, 0])

    def test_rounds(self):
        with self.daemon.client() as client:
            round_ = Round(client, "r").take([client.add_offer("o", client.add_partner("p"))]).step("open")
            for student in "ab":
                round_.submit(student, [1])
            sequence = client.call(status={}).server.sequence
        page = metrics.scrape_until(self.admin, lambda page: page.value("kansen_journal_sequence") >= sequence)
        self.assertEqual([page.get("kansen_store_records", record=record) for record in ("round", "round_list")], [1, 2])

    def test_requests(self):
        with self.daemon.client() as client:
            before = self.scrape()
            client.pipeline([client.request(ping={}) for _ in range(300)])
            for _ in range(7):
                client.match(from_region="GM0606")
            for _ in range(3):
                client.ask(match={"query": {"from_region": "nowhere"}})
            client.ask(get_offer={"id": 999})
            after = self.scrape()
        self.assertEqual(after.requests("Ping") - before.requests("Ping"), 300)
        self.assertEqual(after.get("kansen_requests_total", request="Match", code="OK"), 7)
        self.assertEqual(sum(value for labels, value in after.labelled("kansen_requests_total").items()
                             if 'request="Match"' in labels and 'code="OK"' not in labels), 3)
        self.assertEqual(after.get("kansen_requests_total", request="GetOffer", code="NOT_FOUND"), 1)
        for request in ("Ping", "Match", "GetOffer", "Hello"):
            self.assertEqual(after.value("kansen_request_duration_seconds_count", request=request), after.requests(request))
        self.assertLess(after.value("kansen_request_duration_seconds_sum", request="Match"), 10 * harness.PATIENCE)
        self.assertGreater(after.value("kansen_request_duration_seconds_sum", request="Match"), 0)
        self.assert_histograms(after)

    def test_refused_before_they_run(self):
        """Requests without rights, unknown ones and malformed frames have a code too."""
        with harness.Client(self.daemon.tcp, hello=False) as stranger:
            self.assertEqual(stranger.ask(status={}).status.code, harness.FAILED_PRECONDITION)
            self.assertEqual(stranger.ask(hello={"protocol_version": 1, "token": "wrong"}).status.code, harness.UNAUTHENTICATED)
            stranger.send(b"\x03\x08\x05\x7a")
            while stranger.receive() is not None:
                pass
        page = self.scrape()
        self.assertEqual(page.get("kansen_requests_total", request="Status", code="FAILED_PRECONDITION"), 1)
        self.assertEqual(page.get("kansen_requests_total", request="Hello", code="UNAUTHENTICATED"), 1)
        self.assertEqual(page.get("kansen_requests_total", request="unknown", code="INVALID_ARGUMENT"), 1)
        self.assertEqual(page.value("kansen_refusals_total", reason="unauthenticated"), 1)
        self.assertEqual(page.value("kansen_refusals_total", reason="frame_malformed"), 1)

    def test_writes(self):
        with self.daemon.client() as client:
            before = self.scrape()
            partner = client.add_partner("p")
            client.batch([{"create_offer": {"offer": {
                "external_id": f"o{at}", "partner_id": partner, "kind": "OFFER_KIND_SPORT", "title": "Training",
                "interests": ["sport.voetbal"], "seats": 2}}} for at in range(50)])
            self.assertEqual(client.ask(write={"create_offer": {"offer": {}}}).status.code, harness.INVALID_ARGUMENT)
            after = self.scrape()
        self.assertEqual(after.value("kansen_commits_total") - before.value("kansen_commits_total"), 3)
        self.assertEqual(after.value("kansen_commit_writes_sum") - before.value("kansen_commit_writes_sum"), 52)
        self.assertEqual(after.value("kansen_commit_writes_count"), after.value("kansen_commits_total"))
        self.assertEqual(after.value("kansen_commit_duration_seconds_count"), after.value("kansen_commits_total"))
        self.assertGreater(after.value("kansen_commit_duration_seconds_sum"), before.value("kansen_commit_duration_seconds_sum"))
        self.assertEqual(after.get("kansen_requests_total", request="Write", code="INVALID_ARGUMENT"), 1)
        self.assertEqual(after.get("kansen_requests_total", request="Batch", code="OK"), 1)
        bounds = dict(after.buckets("kansen_commit_writes"))
        self.assertEqual(bounds[63] - bounds[31], 1)  # the batch of 50

    def test_store(self):
        with self.daemon.client() as client:
            partner = client.add_partner("p")
            football = client.add_offer("football", partner, seats=5)
            client.add_offer("theatre", partner, kind="OFFER_KIND_CULTURE", seats=3)
            paused = client.add_offer("paused", partner, seats=9)
            client.write(set_offer_status={"id": paused, "status": "OFFER_STATUS_PAUSED"})
            client.write(reserve_placement={"offer_id": football, "student": "s", "lease_s": 600})
            sequence = client.call(status={}).server.sequence
            page = metrics.scrape_until(self.admin, lambda page: page.value("kansen_journal_sequence") == sequence)
        self.assertEqual([page.value("kansen_offers", kind=kind) for kind in ("sport", "culture", "internship")], [2, 1, 0])
        self.assertEqual([page.value("kansen_offers_open", kind=kind) for kind in ("sport", "culture")], [1, 1])
        self.assertEqual([page.value("kansen_seats_free", kind=kind) for kind in ("sport", "culture")], [4, 3])
        for record, count in (("offer", 3), ("partner", 1), ("placement", 1), ("hold", 1), ("seated_placement", 1)):
            self.assertEqual(page.value("kansen_store_records", record=record), count, record)
        self.assertLess(page.value("kansen_store_free_bytes"), page.value("kansen_store_size_bytes"))
        self.assertEqual(page.value("kansen_store_size_limit_bytes"), 64 << 30)
        self.assertLess(abs(page.value("kansen_store_looked_timestamp_seconds") - time.time()), 60)

    def test_connections_and_process(self):
        before = metrics.scrape_until(self.admin, lambda page: page.value("kansen_connections") == 0)
        clients = [self.daemon.client() for _ in range(5)] + [harness.Client(self.daemon.tcp, hello=False) for _ in range(2)]
        try:
            page = metrics.scrape_until(self.admin, lambda page: page.value("kansen_connections_unidentified") == 2)
            self.assertEqual(page.value("kansen_connections"), 7)
            self.assertGreater(page.value("process_open_fds"), before.value("process_open_fds"))
        finally:
            for client in clients:
                client.close()
        metrics.scrape_until(self.admin, lambda page: page.value("kansen_connections") == 0)
        pid = self.daemon.process.pid
        files = len(os.listdir(f"/proc/{pid}/fd"))
        self.assertLess(abs(self.scrape().value("process_open_fds") - files), 4)
        self.assertEqual(page.value("process_threads"), len(os.listdir(f"/proc/{pid}/task")))
        self.assertLess(abs(page.value("process_start_time_seconds") - time.time()), 2 * harness.PATIENCE)
        self.assertGreaterEqual(page.value("process_cpu_seconds_total"), before.value("process_cpu_seconds_total"))
        self.assertGreater(page.value("process_resident_memory_bytes"), 1 << 20)

    def test_details_of_status(self):
        """What the protocol tells is what the metrics tell."""
        with self.daemon.client() as client:
            for _ in range(20):
                client.match(from_region="GM0606")
            self.assertFalse(client.call(status={}).server.HasField("details"))
            server = client.call(status={"details": True}).server
            page = self.scrape()
        details = server.details
        match = next(figures for figures in details.requests if figures.request == "Match")
        self.assertEqual((match.ok, match.failed, sum(match.latency_counts)), (20, 0, 20))
        self.assertEqual(round(match.latency_sum_us / 1e6, 6), page.value("kansen_request_duration_seconds_sum", request="Match"))
        counts = zip(details.latency_bounds_us, match.latency_counts)
        up_to = sum(count for bound, count in counts if bound < 1 << 10)
        self.assertEqual(up_to, dict(page.buckets("kansen_request_duration_seconds", 'request="Match"'))[0.001024])
        self.assertEqual(details.connections_limit, page.value("kansen_connections_limit"))
        self.assertEqual(details.write_queue_limit, page.value("kansen_write_queue_requests_limit"))
        self.assertEqual(sum(details.commit_counts), server.commits)

    def test_long_reads(self):
        """A read that a reading thread does is counted once, when it was answered."""
        daemon = harness.Daemon(args=["--admin", "127.0.0.1:0"])
        self.addCleanup(daemon.remove)
        with open(daemon.scratch / "none.conf", "w", encoding="utf-8") as file:
            file.write("read_budget = 1\n")
        daemon.start()
        with daemon.client() as client:
            client.add_offer("o", client.add_partner("p"))
            for _ in range(4):
                self.assertEqual(client.match(from_region="GM0606", want_total=True).total, 1)
            page = metrics.scrape(metrics.admin_of(daemon))
        self.assertEqual(page.value("kansen_long_reads_total"), 4)
        self.assertEqual(page.get("kansen_requests_total", request="Match", code="OK"), 4)
        daemon.stop()


class Tasks(WithDaemon):
    def test_backup(self):
        """What the job thread does is counted once, when it has ended."""
        with self.daemon.client() as client:
            for name, code in (("first", harness.OK), ("first", harness.ALREADY_EXISTS)):
                client.send(client.request(backup={"name": name}))
                while True:
                    answer = client.receive()
                    if answer.status.code != harness.OK or answer.backup.end:
                        break
                self.assertEqual(answer.status.code, code)
            page = self.scrape()
        self.assertEqual(page.get("kansen_requests_total", request="Backup", code="OK"), 1)
        self.assertEqual(page.requests("Backup"), 2)
        self.assertEqual(page.value("kansen_request_duration_seconds_count", request="Backup"), 2)
        self.assertGreater(page.value("kansen_request_duration_seconds_sum", request="Backup"), 0)


class Certificate(unittest.TestCase):
    def test_expiry(self):
        """When the certificate ends, also once another one was read."""
        with tempfile.TemporaryDirectory(prefix="kansen-test-") as folder:
            authority = certificates.Authority(pathlib.Path(folder) / "ca")
            files = [pathlib.Path(folder) / name for name in ("used.pem", "used.key")]

            def use(name, days):
                for source, target in zip(authority.issue(name, days=days), files):
                    shutil.copy(source, target)

            use("first", 30)
            daemon = harness.Daemon(args=["--admin", "127.0.0.1:0", "--listen", "tls:127.0.0.1:0",
                                          "--tls-certificate", files[0], "--tls-key", files[1]])
            self.addCleanup(daemon.remove)
            daemon.args = [str(arg) for arg in daemon.args]
            daemon.start()
            admin, name = metrics.admin_of(daemon), "kansen_tls_certificate_expiry_timestamp_seconds"
            self.assertLess(abs(metrics.scrape(admin).value(name) - time.time() - 30 * 86400), 3600)
            use("second", 300)
            daemon.signal(signal.SIGHUP)
            metrics.scrape_until(admin, lambda page: abs(page.value(name) - time.time() - 300 * 86400) < 3600)
            daemon.stop()

    def test_without_tls(self):
        with harness.Daemon(args=["--admin", "127.0.0.1:0"]) as daemon:
            page = metrics.scrape(metrics.admin_of(daemon))
            self.assertEqual(page.value("kansen_tls_certificate_expiry_timestamp_seconds"), 0)


class UnderLoad(WithDaemon):
    def test_scrapes(self):
        """While others match and write, each scrape comes at once, and counters only go up."""
        done = threading.Event()

        def work(number):
            with self.daemon.client() as client:
                partner, at = client.add_partner(f"p{number}"), 0
                while not done.is_set():
                    at += 1
                    client.pipeline([client.request(match={"query": {"from_region": "GM0606"}}) for _ in range(20)] + [
                        client.request(write={"create_offer": {"offer": {
                            "external_id": f"{number}-{at}-{i}", "partner_id": partner, "kind": "OFFER_KIND_SPORT",
                            "title": "Training", "interests": ["sport.voetbal"], "seats": 2}}}) for i in range(3)])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            slowest, before = 0, self.scrape()
            for _ in range(60):
                began = time.monotonic()
                page = self.scrape()
                slowest = max(slowest, time.monotonic() - began)
                for (name, labels), value in page.samples.items():
                    if page.types.get(name) == "counter" or name.endswith(("_bucket", "_count", "_sum")):
                        self.assertGreaterEqual(value, before.samples.get((name, labels), 0), (name, labels))
                before = page
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertLess(slowest, harness.PATIENCE / 3)
        end = metrics.scrape(self.admin)
        self.assertGreater(end.requests("Match"), 100)
        self.assertEqual(end.requests("Match"), end.value("kansen_request_duration_seconds_count", request="Match"))
        self.assertEqual(end.requests("Write"), end.value("kansen_commit_writes_sum"))


class Probes(WithDaemon):
    def test_serving(self):
        for path in ("/healthz", "/readyz"):
            for method in ("GET", "HEAD"):
                status, _, body = metrics.ask(self.admin, path, method)
                self.assertEqual((status, body != ""), (200, method == "GET"))

    def test_draining(self):
        """While answers wait for a client, the daemon lives but is not ready."""
        client = self.daemon.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        requests = [client.request(ping={"payload": b"x" * 1024}) for _ in range(50000)]
        client.socket.settimeout(0.5)
        try:
            for request in requests:  # until nothing more is taken
                client.send(request)
        except TimeoutError:
            pass
        self.daemon.signal(signal.SIGTERM)
        end = time.monotonic() + harness.PATIENCE
        while (status := metrics.ask(self.admin, "/readyz")[0]) == 200:
            self.assertLess(time.monotonic(), end)
        self.assertEqual(status, 503)
        self.assertEqual(metrics.ask(self.admin, "/healthz")[0], 200)
        self.assertEqual(self.scrape().value("kansen_serving"), 0)
        client.close()
        self.assertEqual(self.daemon.wait(), 0)

    def test_stuck(self):
        """A thread that hangs is named, and no more once it goes on."""
        with Manager(args=["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--workers", "2"],
                     watchdog=INTERVAL) as manager:
            admin = metrics.ADMIN.findall(manager.hear_of("READY")["STATUS"])[0]
            names = set()
            for thread in own_threads(manager.process.pid):
                if thread == manager.process.pid:
                    continue  # main answers, or nobody does
                with stopped(thread):
                    body = self.health_until(manager, admin, 503)[2]
                    names |= set(re.fullmatch("these do not answer: (.*)\n", body).group(1).split())
                    self.assertEqual(metrics.scrape(admin).value("kansen_alive"), 0)
                self.assertEqual(self.health_until(manager, admin, 200)[2], "ok\n")
                self.assertEqual(metrics.scrape(admin).value("kansen_alive"), 1)
            self.assertEqual(names, {"worker-0", "worker-1", "writer", "clock"})
            manager.stop()

    def health_until(self, manager, admin, wanted):
        end = time.monotonic() + harness.PATIENCE
        while (answer := metrics.ask(admin, "/healthz"))[0] != wanted:
            self.assertLess(time.monotonic(), end)
            manager.forget_feeds()  # or the socket that they come by is full
            time.sleep(0.05)
        return answer


class Limits(WithDaemon):
    def test_what_is_not_taken(self):
        self.assertEqual(metrics.ask(self.admin, "/other")[0], 404)
        self.assertIn("/metrics", metrics.ask(self.admin, "/")[2])
        for method in ("POST", "PUT", "DELETE"):
            self.assertIn(metrics.ask(self.admin, "/metrics", method)[0], (405, 501), method)
        self.assertEqual(metrics.ask(self.admin, "/metrics", body="x" * 100)[0], 413)
        self.assertEqual(metrics.ask(self.admin, "/metrics", headers={"X": "x" * 5000})[0], 400)
        self.assertEqual(metrics.ask(self.admin, "/healthz?x=1")[0], 200)
        self.assertEqual(self.scrape().value("kansen_serving"), 1)

    def test_loopback_only(self):
        done = harness.run(self.daemon.command("-n", "--admin", "0.0.0.0:7412"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("admin", done.stderr)
        self.assertIn("admin_on_any_address", done.stderr)

    def test_any_address_when_asked(self):
        daemon = harness.Daemon(args=["--admin", "0.0.0.0:0"])
        self.addCleanup(daemon.remove)
        with open(daemon.scratch / "none.conf", "w", encoding="utf-8") as file:
            file.write('admin_on_any_address = "yes"\n')
        daemon.start()
        port = metrics.admin_of(daemon).rsplit(":", 1)[1]
        self.assertEqual(metrics.ask(f"127.0.0.1:{port}", "/readyz")[0], 200)
        daemon.stop()

    def test_crowd(self):
        """Silent connections are bounded, give way after their time, and who waits meanwhile is answered."""
        host, port = self.admin.rsplit(":", 1)
        pid = self.daemon.process.pid
        time.sleep(1.5)  # what came before has gone
        before = len(os.listdir(f"/proc/{pid}/fd"))
        silent = [socket.create_connection((host, int(port)), timeout=harness.PATIENCE) for _ in range(GUESTS_MAX + 10)]
        try:
            time.sleep(0.5)
            self.assertEqual(len(os.listdir(f"/proc/{pid}/fd")) - before, GUESTS_MAX)
            with self.daemon.client() as client:  # nobody else is held up
                client.call(ping={})
            self.assertEqual(self.scrape().value("kansen_serving"), 1)
            self.assertEqual(silent[0].recv(100), b"")
        finally:
            for connection in silent:
                connection.close()
        end = time.monotonic() + harness.PATIENCE
        while len(os.listdir(f"/proc/{pid}/fd")) > before:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def test_slow_sender(self):
        """A byte now and then does not keep a connection for ever."""
        host, port = self.admin.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=harness.PATIENCE) as slow:
            began, ended = time.monotonic(), False
            slow.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            slow.settimeout(1)
            while not ended and time.monotonic() - began < 4 * harness.PATIENCE:
                try:
                    slow.sendall(b"x")
                    ended = slow.recv(1000) == b""
                except TimeoutError:
                    continue
                except (BrokenPipeError, ConnectionResetError):
                    ended = True
        self.assertTrue(ended)
        self.assertGreater(time.monotonic() - began, 10)  # it was never silent for 5 seconds


if __name__ == "__main__":
    unittest.main()
