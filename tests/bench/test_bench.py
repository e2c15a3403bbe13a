#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of the bench that need no measurement: the comparison of answers, the verdict, the picture; and that the load
generator talks with a daemon. Usage: test_bench.py BUILD"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import answers  # noqa: E402
import growth  # noqa: E402
import harness  # noqa: E402
import stage  # noqa: E402
import svg  # noqa: E402
import verdict  # noqa: E402

BUILD = harness.BUILD
SVG = "{http://www.w3.org/2000/svg}"
RATE = {"qps_per_core": 100.0, "p50_us": 10.0, "p99_us": 20.0}


class Answers(unittest.TestCase):
    GOOD = "3:9000:120 17:8000:900\n\n5:100:1\n"

    def difference(self, **texts):
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: pathlib.Path(folder) / name for name in texts}
            for name, path in paths.items():
                path.write_text(texts[name], encoding="ascii")
            return answers.first_difference(paths)

    def test_same(self):
        self.assertIsNone(self.difference(a=self.GOOD, b=self.GOOD, c=self.GOOD))

    def test_each_change_is_seen(self):
        changes = {"an offer": ("17:", "18:"), "a score": ("8000", "8001"), "a distance": ("120", "121"), "a missing hit": (" 17:8000:900", ""),
                   "another order": ("3:9000:120 17:8000:900", "17:8000:900 3:9000:120"), "a hit too many": ("\n\n", "\n9:1:1\n"),
                   "a missing query": ("5:100:1\n", "")}
        for what, (old, new) in changes.items():
            with self.subTest(what):
                changed = self.GOOD.replace(old, new)
                self.assertNotEqual(changed, self.GOOD)
                self.assertIn("b", self.difference(a=self.GOOD, b=changed))
                self.assertIn("c", self.difference(a=self.GOOD, b=self.GOOD, c=changed))

    def test_where(self):
        self.assertEqual(self.difference(mine=self.GOOD, its=self.GOOD.replace("17:8000", "17:8001")),
                         "query 1, hit 2 of 2 and 2: mine says 17:8000:900, its says 17:8001:900")

    def test_nothing_is_no_agreement(self):
        self.assertIn("nothing", self.difference(a="\n\n", b="\n\n"))


class Verdict(unittest.TestCase):
    def judged(self, report):
        return {row[0]: row for row in verdict.judge(report)}

    def test_ratio(self):
        report = {"match": dict(RATE, qps_per_core=3000.0), "postgres": RATE}
        name = "match / best PostgreSQL form, per core"
        self.assertEqual(self.judged(report)[name][1:], ("at least 30 x", "30 x", "reached"))
        report["match"]["qps_per_core"] = 2999.0
        self.assertEqual(self.judged(report)[name][3], "NOT reached")

    def test_at_most(self):
        name = "start until READY, 2.5M offers, warm"
        self.assertEqual([self.judged({"start_ms": ms})[name][3] for ms in (99, 101)], ["reached", "NOT reached"])

    def test_nothing_measured(self):
        self.assertEqual({row[2] for row in verdict.judge({})}, {"not measured"})
        self.assertEqual({row[3] for row in verdict.judge({})}, {""})
        self.assertIn("not measured", verdict.table({}))

    def test_one_commit(self):
        report = {"disk": {"one_record": {"commits_per_s": 1300.0}}, "registrations": {"1x1": {"per_s": 1000.0}}}
        self.assertEqual(self.judged(report)["a registration, 1x1 / a commit of LMDB alone"][2:], ("1.3 x", "reached"))


class Picture(unittest.TestCase):
    REPORT = {"offers": 250_000, "limit": dict(RATE, qps_per_core=1e5), "match": dict(RATE, qps_per_core=1e4), "postgres": RATE,
              "growth": {"offers": [[1e4, 1.0], [1e5, 3.0]], "radius_km": [[5, 1.0], [40, 30.0]], "interests": [[1, 2.0], [16, 2.5]]}}

    def test_well_formed_and_the_same(self):
        picture = verdict.picture(self.REPORT)
        self.assertEqual(picture, verdict.picture(json.loads(json.dumps(self.REPORT))))
        root = ElementTree.fromstring(picture)
        self.assertEqual(len(root.findall(f"{SVG}polyline")), 3)
        self.assertEqual(len(root.findall(f"{SVG}circle")), 6)

    def test_bars_are_logarithmic(self):
        widths = [float(bar.get("width")) for bar in ElementTree.fromstring(verdict.picture(self.REPORT)).findall(f"{SVG}rect")][1:]
        self.assertEqual(len(widths), 3)
        self.assertAlmostEqual(widths[0] - widths[1], (widths[1] - widths[2]) / 2, delta=0.2)  # 10 times, and then 100 times

    def test_nothing_measured(self):
        ElementTree.fromstring(verdict.picture({}))

    def test_text_is_escaped(self):
        self.assertIn("a &lt; b &amp; c", svg.text(0, 0, "a < b & c"))

    def test_numbers(self):
        self.assertEqual([svg.number(value) for value in (0.3812, 12.34, 999.6, 47012.0)], ["0.381", "12.3", "1,000", "47,000"])


class Pieces(unittest.TestCase):
    def test_medians(self):
        self.assertEqual(stage.median_of([{"a": 1, "b": 9}, {"a": 5, "b": 8}, {"a": 3, "b": 1}]),
                         {"a": 3, "b": 8, "runs": 3, "spread": {"a": [1, 5], "b": [1, 9]}})

    def test_interests(self):
        queries = [{"interests": {"a": 1, "b": 2}}, {"interests": {"b": 3, "c": 4}}, {"interests": {"d": 5}}]
        self.assertEqual([query["interests"] for query in growth.with_interests(queries, 3)],
                         [{"a": 1, "b": 2, "c": 4}, {"b": 3, "c": 4, "d": 5}, {"d": 5, "a": 1, "b": 2}])
        self.assertEqual([len(query["interests"]) for query in growth.with_interests(queries, 1)], [1, 1, 1])


class Cohort(unittest.TestCase):
    def allocate(self, seats):
        found = json.loads(subprocess.run([BUILD / "allocate", "1000", "500", "10", str(seats), "7"], stdout=subprocess.PIPE, check=True).stdout)
        return {key: number for key, number in found.items() if not key.endswith("_ms") and key != "memory_mb"}

    def test_seats_for_all(self):
        self.assertEqual(self.allocate(50_000), {"proposals": 1000, "assigned": 1000, "first": 1000})

    def test_seats_for_some(self):
        found = self.allocate(40)
        self.assertTrue(300 <= found["assigned"] <= 400 and found["proposals"] > 6000, found)
        self.assertEqual(self.allocate(40), found)


class Load(unittest.TestCase):
    """The load generator against a daemon on the small seeds."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        (cls.daemon.scratch / "none.conf").write_text("token_rate = 0\n", encoding="utf-8")
        cls.daemon.start()
        with cls.daemon.client() as client:
            partner = client.add_partner("p1")
            cls.offer = client.add_offer("o1", partner, seats=65535)
            client.add_offer("o2", partner, seats=7, interests=["sport"])
        (cls.daemon.scratch / "q.jsonl").write_text(
            '{"from": "GM0606", "interests": {"sport.voetbal": 5}}\n{"from": "GM0606", "kinds": ["culture"]}\n', encoding="utf-8")
        (cls.daemon.scratch / "o.csv").write_text("external_id,partner,kind,title,interests,seats\no9,p1,sport,Training,sport,3\n",
                                                  encoding="utf-8")

    def load(self, *what, status=0):
        done = subprocess.run([str(BUILD / "load"), "--server", self.daemon.tcp, "--token-file", str(self.daemon.token_file), "--pid", str(self.daemon.process.pid), "--seconds", "0.1",
                               "--warm-up", "0", *(str(part) for part in what)], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def test_ping(self):
        run = self.load("--ping", "--connections", 3, "--in-flight", 4)
        self.assertGreater(run["normal"]["answers"], 12)
        self.assertGreater(run["daemon_cpu_s"], 0)
        self.assertLessEqual(run["normal"]["p50_us"], run["normal"]["p99_us"])

    def test_count(self):
        self.assertLess(self.load("--ping", "--count", 50, "--seconds", 9)["normal"]["answers"], 100)

    def test_verify(self):
        path = self.daemon.scratch / "answers"
        self.load("--requests", self.daemon.scratch / "q.jsonl", "--verify", path)
        first, second = path.read_text(encoding="ascii").splitlines()
        self.assertRegex(first, r"^1:\d+:\d+ 2:\d+:\d+$")
        self.assertEqual(second, "")

    def test_clock_and_slow(self):
        requests = self.daemon.scratch / "q.jsonl"
        run = self.load("--requests", requests, "--rate", 200, "--connections", 2, "--slow", requests, "--slow-every", 0.02)
        for part in (run["normal"], run["mixed"]["normal"]):
            self.assertTrue(5 <= part["answers"] <= 25, part)  # 20 are due
        self.assertGreaterEqual(run["mixed"]["slow"]["answers"], 1)

    def test_writes(self):
        with self.daemon.client() as client:
            before = client.call(status={}).server
            self.load("--offers", self.daemon.scratch / "o.csv", "--connections", 2, "--in-flight", 2, "--count", 20, "--seconds", 9)
            self.load("--reserve", f"{self.offer}-{self.offer}", "--count", 20, "--seconds", 9)
            after = client.call(status={}).server
        self.assertGreaterEqual(after.offers - before.offers, 20)
        self.assertGreaterEqual(after.sequence - before.sequence, 40)

    def test_refusal(self):
        self.assertEqual(self.load("--reserve", "999-999", status=1)["normal"]["refused"] > 0, True)

    def test_wrong_call(self):
        self.assertIn("is needed", self.load(status=2))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
        harness.use_build(BUILD)
    unittest.main()
