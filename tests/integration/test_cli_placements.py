# SPDX-License-Identifier: Apache-2.0
"""kansenctl: placements, the change feed, idempotency keys, and the offer column that is written on request."""
import csv
import io
import json
import re
import select
import signal
import subprocess
import time

import harness
from test_cli import DONE, OFFERS, REFUSED, UNREACHABLE, USAGE, Cli

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


class Watch:
    """A `kansenctl watch` that runs."""

    def __init__(self, test, *args):
        command = [harness.kansenctl(), "-s", test.daemon.tcp, *args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.environment(command),
                                        preexec_fn=harness.end_with_parent)
        test.addCleanup(self.process.communicate)
        test.addCleanup(self.process.kill)
        self.rest = b""

    def line(self):
        """The next line that it prints."""
        end = time.monotonic() + harness.PATIENCE
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the watch prints nothing")
            data = self.process.stdout.read1(65536)
            if not data:
                raise AssertionError("the watch ended: " + self.process.stderr.read().decode())
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def end(self, number=None):
        """(exit status, what else it printed, what it told) once it has ended, or after this signal."""
        if number is not None:
            self.process.send_signal(number)
        out, told = self.process.communicate(timeout=harness.PATIENCE)
        return self.process.returncode, (self.rest + out).decode(), told.decode()


class Placements(Cli):
    def setUp(self):
        self.mark = self.id().rsplit(".test_", 1)[-1]
        self.partner = self.json("partner", "add", "--kind", "company", "--name", "B", "--region", "GM0606",
                                 "--external-id", f"p-{self.mark}")["partner"]
        self.ctl("partner", "approve", str(self.partner))
        self.offer = self.add_offer("--seats", "2", "--waiting-list", "--direct-placement", "false")

    def json(self, *args, **options):
        return json.loads(self.ctl("--json", *args, **options).stdout)

    def lines(self, *args, **options):
        return [json.loads(line) for line in self.ctl("--json", *args, **options).stdout.splitlines()]

    def add_offer(self, *args, name="o"):
        return self.json("offer", "add", "--partner", f"p-{self.mark}", "--kind", "internship", "--title", "Stage",
                         "--interests", "zorg", "--external-id", f"{name}-{self.mark}", *args)["offer"]

    def reserve(self, student, *args):
        return self.json("placement", "reserve", f"o-{self.mark}", "--student", f"{self.mark}-{student}", *args)

    def move(self, placement, *moves):
        return [self.json("placement", *move.split(), str(placement))["state"] for move in moves]

    def test_life(self):
        held = self.reserve("a", "--lease", "2h", "--referred", "--from-date", "2030-01-02", "--to-date", "2030-02-01")
        self.assertEqual((held["outcome"], held["state"], held["version"]), ("created", "held", 1))
        shown = self.json("placement", "show", str(held["placement"]))
        self.assertEqual({name: shown[name] for name in ("offer", "partner", "state", "referred", "lease_s", "from_date", "to_date")},
                         {"offer": self.offer, "partner": self.partner, "state": "held", "referred": True, "lease_s": 7200,
                          "from_date": "2030-01-02", "to_date": "2030-02-01"})
        self.assertEqual(shown["expires"], held["expires"])
        self.assertRegex(shown["student"], "^[0-9a-f]{32}$")
        for name in ("expires", "created", "updated"):
            self.assertRegex(shown[name], TIME)
        self.assertEqual(self.move(held["placement"], "request", "accept", "confirm", "start", "complete"),
                         ["requested", "accepted", "confirmed", "started", "completed"])
        shown = self.json("placement", "show", str(held["placement"]))
        self.assertEqual((shown["version"], "expires" in shown, "decline_reason" in shown), (6, False, False))
        self.ctl("placement", "withdraw", str(held["placement"]), expect=REFUSED)

    def test_ends(self):
        ends = {"withdraw": "withdrawn", "request|decline --reason rule": "declined", "request|accept|cancel": "cancelled_by_partner",
                "request|accept|confirm|start|drop-out": "dropped_out"}
        for number, (moves, state) in enumerate(ends.items()):
            placement = self.reserve(number)["placement"]
            self.assertEqual(self.move(placement, *moves.split("|"))[-1], state)
        declined = self.lines("placement", "list", "--offer", f"o-{self.mark}", "--state", "declined")
        self.assertEqual([p["decline_reason"] for p in declined], ["rule"])
        self.assertEqual(self.json("partner", "declines", f"p-{self.mark}"),
                         {"partner": self.partner, "declines": {"rule": 1}, "total": 1})
        self.assertRegex(self.ctl("partner", "declines", str(self.partner)).stdout, r"rule +1\b")

    def test_lists(self):
        states = [self.reserve(student, "--wait")["state"] for student in "abc"]
        self.assertEqual(states, ["held", "held", "waiting"])
        held = self.lines("placement", "list", "--offer", str(self.offer), "--state", "held")
        self.assertEqual([p["state"] for p in held], ["held", "held"])
        ours = self.lines("placement", "list", "--partner", f"p-{self.mark}")
        self.assertEqual(len(ours), 3)
        one = self.lines("placement", "list", "--student", f"{self.mark}-c")
        self.assertEqual(one, ours[2:])
        self.assertIn("turn", one[0])
        self.assertRegex(self.ctl("placement", "list", "--partner", str(self.partner)).stdout, r"STATE.*\n(.*held.*\n){2}.*waiting")
        self.assertIn("state      waiting", re.sub(" +", " " * 6, self.ctl("placement", "show", str(one[0]["placement"])).stdout))
        self.ctl("placement", "list", "--offer", "no-such", expect=REFUSED)
        self.ctl("placement", "show", "999999", expect=REFUSED)

    def test_all_pages(self):
        """More than two pages, by protocol as it is faster, of an offer that keeps a waiting list."""
        offer = self.add_offer("--seats", "1", "--waiting-list", name="many")
        with self.daemon.client() as client:
            client.batch([{"reserve_placement": {"offer_id": offer, "student": f"{self.mark}-{n}", "wait": True}}
                          for n in range(2100)])
        ids = [p["placement"] for p in self.lines("placement", "list", "--offer", f"many-{self.mark}")]
        self.assertEqual((len(ids), ids), (2100, sorted(set(ids))))

    def test_usage(self):
        for args in (["reserve"], ["reserve", "1"], ["reserve", "1", "2", "--student", "a"], ["reserve", "1", "--student", ""],
                     ["accept"], ["accept", "x"], ["decline", "1"], ["decline", "1", "--reason", "origin"], ["forget"],
                     ["show", "x"], ["list", "--state", "gone"], ["accept", "1", "--version", "x"], ["accept", "1", "--reason", "rule"]):
            with self.subTest(args):
                self.ctl("placement", *args, expect=USAGE)
        for lease in ("0", "8d", "604801", "m", "15x", "-1", ""):
            with self.subTest(lease):
                self.ctl("placement", "reserve", "1", "--student", "a", f"--lease={lease}", expect=USAGE)

    def test_version(self):
        placement = str(self.reserve("a")["placement"])
        told = self.ctl("placement", "request", placement, "--version", "7", expect=REFUSED)
        self.assertIn("ABORTED", told.stderr)
        self.ctl("placement", "request", placement, "--version", "1")

    def test_forget(self):
        self.reserve("a")
        self.ctl("placement", "forget", "--student", f"{self.mark}-a")
        self.ctl("placement", "forget", "--student", f"{self.mark}-a", expect=REFUSED)
        self.assertEqual(self.lines("placement", "list", "--student", f"{self.mark}-a"), [])
        self.assertEqual(len(self.lines("placement", "list", "--offer", str(self.offer))), 1)

    def test_keys(self):
        key = ("--idempotency-key", f"k-{self.mark}")
        first = self.reserve("a", *key)
        self.assertEqual(self.reserve("a", *key), first)
        told = self.ctl("placement", "withdraw", str(first["placement"]), *key, expect=REFUSED)
        self.assertIn("INVALID_ARGUMENT", told.stderr)
        self.ctl("placement", "withdraw", str(first["placement"]), "--idempotency-key", "", expect=USAGE)
        removed = self.json("offer", "remove", str(self.offer), "--idempotency-key", f"r-{self.mark}")
        self.assertEqual(removed["outcome"], "removed")
        self.assertEqual(self.json("offer", "remove", str(self.offer), "--idempotency-key", f"r-{self.mark}"), removed)

    def test_watch(self):
        start = self.json("status")["sequence"] + 1
        watch = Watch(self, "--json", "watch", "--kind", "placement", "--from", str(start))
        placement = self.reserve("a")
        event = json.loads(watch.line())
        self.assertEqual(event["sequence"], placement["sequence"])
        self.assertRegex(event["time"], TIME)
        self.assertEqual(event["changes"], [{"kind": "placement", "id": placement["placement"], "outcome": "created", "version": 1,
                                             "state": "held", "partner": self.partner, "offer": self.offer, "client": "local"}])
        self.ctl("offer", "pause", str(self.offer))  # of another kind
        self.move(placement["placement"], "withdraw")
        self.assertEqual(json.loads(watch.line())["changes"][0]["state"], "withdrawn")
        self.assertEqual(watch.end(signal.SIGINT), (DONE, "", ""))
        again = self.lines("watch", "--from", str(event["sequence"]), "--until-now")
        self.assertEqual(again[0], event)
        self.assertEqual([e["sequence"] for e in again], list(range(event["sequence"], event["sequence"] + 3)))
        told = self.ctl("watch", "--from", str(event["sequence"]), "--until-now").stdout.splitlines()
        self.assertRegex(told[0], rf"^{event['sequence']} \S+Z placement {placement['placement']} created held offer {self.offer} ")
        self.assertEqual(self.lines("watch", "--until-now"), [])
        self.ctl("watch", "--kind", "placement,seat", expect=USAGE)
        self.ctl("watch", "--from", "9999999", expect=REFUSED)

    def test_watch_ends(self):
        with harness.Daemon(seeds=self.seeds) as daemon:
            watch = Watch(self, "-s", daemon.tcp, "--json", "watch", "--from", "1")
            last = json.loads(watch.line())["sequence"]
            with daemon.client() as client:
                end = client.call(status={}).server.sequence
            while last < end:
                last = json.loads(watch.line())["sequence"]
            daemon.stop()
            status, out, told = watch.end()
        self.assertEqual(status, REFUSED, told)
        self.assertEqual(json.loads(out)["next_sequence"], last + 1)
        self.assertIn(f"--from {last + 1}", told)

    def test_watch_silence(self):
        watch = Watch(self, "--timeout", "1", "--json", "watch", "--from", "1")
        watch.line()
        self.daemon.signal(signal.SIGSTOP)
        try:
            status, out, told = watch.end()
        finally:
            self.daemon.signal(signal.SIGCONT)
        self.assertEqual(status, UNREACHABLE, told)
        self.assertIn("next_sequence", out.splitlines()[-1])

    def test_collect(self):
        self.add_offer("--seats", "1", "--collect-until", "2030-01-01", name="draw")
        self.assertEqual(self.json("offer", "show", f"draw-{self.mark}")["collect_until"], "2030-01-01")
        plain = self.ctl("export", "offers")
        self.assertNotIn("collect_until", plain.stdout)
        self.assertIn("--collect", plain.stderr)
        whole = self.ctl("export", "offers", "--collect")
        self.assertEqual(whole.stderr, "")
        rows = {row["external_id"]: row for row in csv.DictReader(io.StringIO(whole.stdout))}
        self.assertEqual(list(rows[f"draw-{self.mark}"])[-1], "collect_until")
        self.assertEqual(rows[f"draw-{self.mark}"]["collect_until"], "2030-01-01")
        self.import_text("offers", whole.stdout)
        self.assertEqual(self.json("offer", "show", f"draw-{self.mark}")["version"], 1)
        self.import_text("offers", plain.stdout)
        self.assertEqual(self.json("offer", "show", f"draw-{self.mark}")["collect_until"], "")
        bad = OFFERS.strip() + f",collect_until\nbad-1,p-{self.mark},sport,T,zorg,1,soon\n"
        self.assertIn("collect_until", self.import_text("offers", bad, expect=REFUSED))
        self.ctl("export", "partners", "--collect", expect=USAGE)
