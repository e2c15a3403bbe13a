# SPDX-License-Identifier: Apache-2.0
"""Students' lists of any length: in parts, one after the other, and what comes back in pieces. Frames are as small as they can be,
but for one test with the frames that everybody has and lists that fit none of them."""
import json
import pathlib
import random
import shutil
import unittest

import harness
from harness import ABORTED, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OK, PERMISSION_DENIED
from rounds import DRAWN, FORGOTTEN, Round, draw_day, digest, own_lotteries
from test_rounds import Rounds

UPDATED, REMOVED = 2, 4
RULE = "rule test 1\nlabel 0 Of the region\nlabel 1 All others\nwhen level ineligible not same level level\n" \
       "when region class 0 same school_region region\nelse others class 1\n"


class Long(Rounds):
    """A daemon with the smallest frames, and more offers than a frame has room for in the lines of one list."""
    OFFERS = 4000

    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.remove)
        (self.daemon.scratch / "none.conf").write_text('max_frame = "128KiB"\nmax_batch_writes = 200\nrequest_memory = "4MiB"\n')
        self.daemon.start()
        self.connect()
        self.partner = self.client.add_partner("p")
        self.serial = 0

    def connect(self):
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def offers(self, count=OFFERS, **fields):
        fields = {"kind": "OFFER_KIND_SPORT", "title": "Training " * 12, "interests": ["sport.voetbal"], "partner_id": self.partner,
                  "seats": 1, **fields}
        first, self.serial = self.serial, self.serial + count
        results = self.client.batch([{"create_offer": {"offer": {"external_id": f"o{n}", **fields}}} for n in range(first, self.serial)])
        return [result.id for result in results]

    def ctl(self, daemon, *args):
        done = harness.run([harness.kansenctl(), *args, "-s", daemon])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def import_offers(self, count):
        """So many offers, whose ids are 1, 2, .. in a daemon that has none."""
        rows = "".join(f"i{n},p,sport,Training,sport.voetbal,1\n" for n in range(count))
        (self.daemon.scratch / "offers.csv").write_text("external_id,partner,kind,title,interests,seats\n" + rows)
        self.ctl(self.daemon.tcp, "import", "offers", self.daemon.scratch / "offers.csv", "--source", "local")

    def parts(self, round_, student, offers, *ends, client=None, **fields):
        """Submits a list in parts that end at these places, and at its end; returns the last answer."""
        at = 0
        for end in (*ends, len(offers)):
            answer = round_.submit(student, offers[at:end], client, behind=at, more=end < len(offers), **fields)
            if answer.status.code != OK:
                break
            at = end
        return answer

    def listed(self, round_, student, client=None, **fields):
        """The whole list, the wishes and the text, page by page."""
        offers, wishes, text, at = [], [], [], 0
        while True:
            got = round_.student(student, client, first_wish=at, **fields)
            self.assertEqual(len(got.student.offers), len(got.wishes))
            offers += got.student.offers
            wishes += got.wishes
            text += got.text
            if got.next_wish == 0:
                self.assertEqual(got.all_wishes, len(offers))
                return offers, wishes, text
            self.assertEqual(got.next_wish, len(offers))
            at = got.next_wish

    def check(self):
        self.daemon.stop()
        done = harness.run(self.daemon.command("--check"))
        self.assertIn("all is well", done.stdout)
        return done.stdout


class Parts(Long):
    def test_the_whole_life(self):
        """Results are those of the definition, and each page and piece is one of the same whole."""
        offers = self.offers(levels=["LEVEL_MBO3"]) + self.offers(5)
        dice = random.Random(1)
        round_ = Round(self.client, "r", rule=RULE).take(offers[100:200], own=True).take(offers[2000:2900], own=True).take().step("open")
        lists = {f"s{n}": dice.sample(offers, len(offers)) for n in range(3)} | {"a": offers[-5:] + offers[:-5], "b": offers[:-5] + offers[-5:]}
        for n, (student, wanted) in enumerate(lists.items()):
            fields = {"facts": ["level=mbo3"] if n % 2 == 0 else ["level=mbo4"], "referred": n == 1}
            self.assertEqual(self.parts(round_, student, wanted, 1000, 1001, 2000, **fields).status.code, OK)
            self.assertEqual(self.listed(round_, student)[0], wanted)
        for n in range(5):
            self.assertEqual(round_.submit(f"short{n}", offers[-5:]).status.code, OK)
        got = round_.get()
        self.assertEqual((got.students, got.entries, got.unfinished), (10, 5 * len(offers) + 25, 0))
        frozen = round_.freeze()
        self.assertEqual(digest(round_.files()["input"]), frozen.input_digest)
        round_.draw().compute()
        results = self.check_result(round_)
        whole = {line.split(" ")[0]: line for line in round_.files()["explanations"].decode().splitlines()}
        own = own_lotteries(round_.files(), [round_.get().seed])
        for student, wanted in lists.items():
            result, ref = round_.student(student).result, round_.student(student).student.ref.hex()
            self.assertEqual(results.get(ref, ("-", 0))[1], result.rank)
            listed, wishes, text = self.listed(round_, student, language="en")
            self.assertEqual(listed, wanted)
            shown = result.rank or len(wanted)
            told = [word.split("=")[1] for word in whole[ref].split(" ")[5:]]
            self.assertEqual([why.split(";")[0] for why in told], [wish.reason for wish in wishes[:shown]])
            self.assertEqual({wish.reason for wish in wishes[shown:]}, {""} if shown < len(wanted) else set())
            self.assertEqual([w.offer_id for w in wishes], wanted)
            self.assertEqual({w.offer_id: w.lottery_rank for w in wishes},
                             {o: own.get((ref, f"{o:010}"), result.lottery_rank) for o in wanted})
            for limit in (7, 999):
                self.assertEqual(self.listed(round_, student, language="en", limit=limit)[1:], (wishes, text))
            self.assertEqual(len([line for line in text if line.split(".")[0].isdigit()]), len(wanted))
            self.assertEqual(len([line for line in text if line.startswith("This student has lottery number ")]), 1)
            self.assertEqual(text[-1], "No other order of the list could have given a better place.")
        self.assertTrue({"ineligible", "open"} <= {wish.reason for student in lists for wish in self.listed(round_, student)[1]})
        round_.publish()
        placed = sum(1 for _, rank in results.values() if rank)
        self.assertEqual(len(self.placements()), placed)
        self.check()

    def test_one_frame_holds_more_than_other_fields(self):
        offers = self.offers(1500)
        round_ = Round(self.client, "r").take().step("open")
        self.assertEqual(round_.submit("s", offers).status.code, OK)
        self.assertEqual(self.listed(round_, "s")[0], offers)
        self.refused(INVALID_ARGUMENT, round_.submit("t", [], facts=["a=1"] * 1001), "at most so many")
        self.refused(INVALID_ARGUMENT, self.client.ask(write={"take_round_offers": {"round": "r", "offer_ids": offers}}), "at most so many")

    def test_bad_parts(self):
        offers = self.offers(30)
        round_ = Round(self.client, "r").take(offers[:-1]).step("open")
        part = lambda of, behind, more=True, student="s", **fields: round_.submit(student, of, behind=behind, more=more, **fields)
        first = part(offers[:10], 0)
        self.assertEqual((first.status.code, first.write.outcome, first.write.version), (OK, UPDATED, 1))
        for behind in (1, 9, 11, 20):
            refused = part(offers[10:20], behind)
            self.refused(ABORTED, refused, f"{behind} offers", "10 have come")
            self.assertEqual(refused.status.field, "behind")
        self.refused(ABORTED, part(offers[:1], 5, student="t"), "0 have come")
        for more in (True, False):
            twice = part(offers[10:20] + [offers[3]], 10, more)
            self.refused(INVALID_ARGUMENT, twice, f"offer {offers[3]} is on the list twice")
            self.assertEqual(twice.status.field, "offers")
            self.refused(INVALID_ARGUMENT, part([offers[11], offers[12], offers[11]], 10, more), f"offer {offers[11]} is on the list twice")
            unknown = part(offers[10:20] + [offers[-1]], 10, more)
            self.refused(INVALID_ARGUMENT, unknown, "does not take part")
            self.assertEqual(unknown.status.field, "offers[10]")
        self.refused(INVALID_ARGUMENT, part([], 10, query={"region": "NL"}, top=3), "one of offers")
        self.refused(INVALID_ARGUMENT, part([], 0, query={"region": "NL"}, top=3), "one of offers")
        # None of that has changed anything.
        got = round_.get()
        self.assertEqual((got.students, got.entries, got.unfinished), (0, 0, 1))
        with self.assertRaisesRegex(harness.Refused, "no list"):
            round_.student("s")
        self.assertEqual(part(offers[10:20], 10, False).write.outcome, 1)
        self.assertEqual(self.listed(round_, "s")[0], offers[:20])
        self.assertEqual(round_.get().unfinished, 0)
        self.refused(ALREADY_EXISTS, part(offers[20:], 20), "already")
        self.refused(ABORTED, part(offers[20:], 20, replace=True), "0 have come")
        # A new one in its place counts when all of it is there.
        self.assertEqual(part(offers[5:8], 0, replace=True).status.code, OK)
        self.assertEqual(part(offers[8:9], 3, replace=True).write.version, 2)
        self.assertEqual(part(offers[7:9], 0, replace=True).write.version, 1)
        self.assertEqual(self.listed(round_, "s")[0], offers[:20])
        self.assertEqual(part([], 2, False, replace=True).write.outcome, UPDATED)
        self.assertEqual(self.listed(round_, "s")[0], offers[7:9])
        # A whole one ends what has come in parts.
        self.assertEqual(part(offers[:3], 0, replace=True).status.code, OK)
        self.assertEqual(part(offers[7:9], 0, False, replace=True).status.code, OK)
        self.refused(ABORTED, part(offers[3:5], 3, replace=True), "0 have come")
        self.assertEqual(round_.get().unfinished, 0)
        self.check()

    def test_frozen_meanwhile(self):
        """Half a list is none, and does not take the place of one that was there."""
        offers = self.offers(30)
        round_ = Round(self.client, "r").take().step("open")
        round_.submit("old", offers[:3])
        round_.submit("old", offers[10:20], more=True, replace=True)
        round_.submit("new", offers[10:20], more=True)
        round_.submit("whole", offers[:9])
        portal = self.portal("portal", source="school")
        self.assertEqual(round_.get().unfinished, 2)
        self.assertEqual(portal.call(get_round={"name": "r"}).get_round.round.unfinished, 0)
        frozen = round_.freeze()
        self.assertEqual((frozen.students, frozen.entries, frozen.unfinished), (2, 12, 2))
        for student, more in (("old", True), ("new", False)):
            self.refused(FAILED_PRECONDITION, round_.submit(student, offers[20:], behind=10, more=more, replace=True), "frozen")
        round_.draw().compute()
        self.check_result(round_)
        self.assertEqual(self.listed(round_, "old")[0], offers[:3])
        # An operator who corrects the input may go on with the one; the other one's student came too late.
        round_.step("revise", "a list was cut off")
        self.refused(FAILED_PRECONDITION, round_.submit("new", offers[20:], behind=10), "no list when the round was frozen")
        self.assertEqual(round_.submit("old", offers[20:], behind=10, replace=True).status.code, OK)
        self.assertEqual(round_.step("freeze").until(DRAWN).unfinished, 1)
        self.assertEqual(self.listed(round_, "old")[0], offers[10:])
        round_.compute()
        self.check_result(round_)
        round_.publish()
        done = round_.step("close").step("forget").until(FORGOTTEN)
        self.assertEqual((done.forgotten, done.unfinished), (2, 0))
        self.check()

    def test_whose_parts_they_are(self):
        offers = self.offers(9)
        one, two = self.portal("one", source="school"), self.portal("two", source="school")
        round_ = Round(self.client, "r").take().step("open")
        ask = lambda client, of, behind, more=True, **fields: round_.submit("s", of, client, issuer="", behind=behind, more=more, **fields)
        self.assertEqual(ask(one, offers[:3], 0).status.code, OK)
        for behind, more in ((3, True), (0, True), (3, False), (0, False)):
            self.refused(PERMISSION_DENIED, ask(two, offers[3:6], behind, more), "another client")
        with self.assertRaises(harness.Refused) as refused:
            two.write(withdraw_round_list={"round": "r", "student": "s"})
        self.assertEqual(refused.exception.code, NOT_FOUND)
        # An operator may go on; whose list it is stays.
        self.assertEqual(round_.submit("s", offers[3:6], behind=3, more=False).status.code, OK)
        self.assertEqual(round_.student("s", one, issuer="").student.client, "one")
        self.refused(PERMISSION_DENIED, ask(two, offers[:3], 0, replace=True), "another client")
        # Who has a list and parts of another one takes both back.
        self.assertEqual(ask(one, offers[:3], 0, replace=True).status.code, OK)
        self.assertEqual(one.write(withdraw_round_list={"round": "r", "student": "s"}).outcome, REMOVED)
        got = round_.get()
        self.assertEqual((got.students, got.entries, got.unfinished), (0, 0, 0))
        self.assertEqual(ask(two, offers[:3], 0).status.code, OK)
        self.assertEqual(two.write(withdraw_round_list={"round": "r", "student": "s"}).outcome, REMOVED)
        self.assertEqual(round_.get().unfinished, 0)
        self.check()

    def test_a_placement_that_is_kept(self):
        """It stands behind the whole list, also where that came in parts, and may not be named by any of them."""
        offers = self.offers(seats=2, kind="OFFER_KIND_INTERNSHIP")
        first = Round(self.client, "one").take(offers[:2]).step("open")
        first.submit("s", [offers[0]])
        first.freeze()
        first.draw().compute()
        first.record()
        first.publish()
        held = first.student("s").result.placement_id
        second = Round(self.client, "two", previous="one", secrets=(bytes(32), bytes([1] * 32))).take().step("open")
        keep = {"keep_placement": held}
        self.refused(ALREADY_EXISTS, second.submit("s", offers[:5], more=True, **keep), "by placement")
        self.assertEqual(self.parts(second, "s", offers[1:], 1000, 2000, **keep).status.code, OK)
        self.assertEqual(self.listed(second, "s")[0], offers[1:] + offers[:1])
        second.freeze()
        second.draw().compute()
        self.check_result(second, [second.get().seed, first.get().seed])
        first_wish = second.student("s", limit=1)
        self.assertEqual([wish.reason for wish in first_wish.wishes], ["open"], "the last one that is told is not the last one of the list")
        self.assertEqual(first_wish.next_wish, 1)
        line = second.files()["input"].decode().splitlines()[-1]
        self.assertTrue(line.endswith("=p"), line[-30:])
        self.assertEqual(line.count("=p"), 1)
        self.check()


class Kept(Long):
    def test_killed_between_parts(self):
        """What was answered is there, and a part that is sent again under its key is not taken twice."""
        offers = self.offers(1200)
        round_ = Round(self.client, "r").take().step("open")
        at = 0
        for end in (400, 800, 1200):
            request = self.client.request(write=round_.submission("s", offers[at:end], behind=at, more=end < 1200))
            request.idempotency_key = f"part-{at}"
            self.client.send(request)
            first = self.client.receive()
            self.daemon.kill()
            self.daemon.start()
            self.connect()
            round_.client = self.client
            self.client.send(request)
            again = self.client.receive()
            self.assertEqual((again.write, again.status.code), (first.write, OK))
            self.assertEqual(round_.get().unfinished, int(end < 1200))
            self.refused(ABORTED, round_.submit("s", offers[at:end], behind=at + 1, more=True, replace=True), f"{end if end < 1200 else 0} have come")
            at = end
        self.assertEqual(self.listed(round_, "s")[0], offers)
        self.check()

    def test_replay_dump_and_load(self):
        """With a list that is finished, one that is not, and records that are longer than a frame."""
        self.daemon.stop()
        base, journal, dump = (pathlib.Path(self.daemon.scratch) / name for name in ("base", "journal", "dump"))
        shutil.copytree(self.daemon.data_dir, base)
        self.daemon.start()
        self.connect()
        self.import_offers(50000)
        offers = list(range(1, 50001))
        round_ = Round(self.client, "r").take().step("open")
        self.assertEqual(self.parts(round_, "s", offers, 30000).status.code, OK)
        self.assertEqual(self.parts(round_, "t", offers[::-1], 17000, 34000).status.code, OK)
        round_.submit("u", offers[:1000], more=True)
        round_.submit("u", offers[1000:2100], behind=1000, more=True)
        round_.submit("t", offers[:9], more=True, replace=True)
        round_.submit("v", offers[:9], more=True)
        self.client.write(withdraw_round_list={"round": "r", "issuer": "school", "student": "v"})
        round_.freeze()
        round_.draw().compute()
        files = round_.files()
        self.ctl(self.daemon.tcp, "journal", "export", journal)
        self.ctl(self.daemon.tcp, "dump", dump)
        wanted = self.check()
        shutil.rmtree(self.daemon.data_dir)
        shutil.copytree(base, self.daemon.data_dir)
        done = harness.run([harness.kansend(), "--replay", journal, self.daemon.data_dir])
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.check(), wanted)
        other = harness.Daemon()
        self.addCleanup(other.remove)
        other.data_dir.mkdir(parents=True)
        shutil.copy(base / "kansen.key", other.data_dir)
        other.take_token = lambda: None
        other.start()
        self.ctl(other.unix, "load", dump)
        with harness.Client(other.unix) as client:
            round_.client = client
            self.assertEqual(round_.files(), files)
            self.assertEqual(round_.get().unfinished, 2)
        other.stop()
        told = harness.run(other.command("--check")).stdout
        self.assertEqual(told.split("digest")[1], wanted.split("digest")[1])

    def test_steps_whose_lists_are_long(self):
        """A part of a step takes no more students when their lists have a million places, so what it needs of memory is bounded."""
        self.import_offers(50000)
        offers = list(range(1, 50001))
        round_ = Round(self.client, "r").take().step("open")
        for n in range(22):
            self.assertEqual(self.parts(round_, f"s{n}", offers[n:] + offers[:n], 30000).status.code, OK)
        # Nor does that of a batch: all of these look at the lists that are there.
        results = self.client.batch([round_.submission(f"s{n}", offers[:5], more=True, replace=True) for n in range(22)])
        self.assertEqual({result.status.code for result in results}, {OK})
        self.assertEqual(round_.freeze().unfinished, 22)
        round_.draw()
        before = round_.get().version
        computed = round_.compute()
        self.assertEqual((computed.assigned, list(computed.ranks)), (22, [22]))
        self.assertEqual(computed.version - before, 1 + 2 + 50 + 1, "the step, results of 21 students and of one, cutoffs, totals")
        published = round_.publish()
        before = round_.step("close").get().version
        forgotten = round_.step("forget").until(FORGOTTEN)
        self.assertEqual((forgotten.version - before, forgotten.forgotten), (1 + 2, 22))
        self.assertEqual(published.assigned, len(self.placements()))
        self.check()

    def test_cursors(self):
        offers = self.offers(3)
        round_ = Round(self.client, "r").take().step("open")
        round_.submit("s", offers)
        round_.freeze()
        ask = lambda **fields: self.client.ask(list_round_lines={"round": "r", "sort": "ROUND_LINE_SORT_STUDENTS", **fields})
        for cursor in (b"u.", b"u.x", b"u.0", b"uab", b"u.4", b"uzz.1", b"u" + b"00" * 31, b"u" + b"00" * 33, b"x.1", b"u.1.2"):
            refused = ask(cursor=cursor)
            self.refused(INVALID_ARGUMENT, refused, "no cursor")
        line = ask().list_round_lines.lines[0].input
        self.assertTrue(line.endswith(ask(cursor=b"u.2").list_round_lines.lines[0].input))
        for fields, words in (({"first_wish": 3}, "3 wishes"), ({"limit": 1001}, "1..1,000".replace(",", ""))):
            with self.assertRaisesRegex(harness.Refused, words):
                round_.student("s", **fields)


class CommandLine(harness.Programs, unittest.TestCase):
    OFFERS = 60000

    def test_lists_that_fit_no_frame(self):
        """From the file of lists to the receipt, with the frames that everybody has."""
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        self.folder = pathlib.Path(self.daemon.scratch)
        with self.daemon.client() as client:
            client.add_partner("p")
        header = "external_id,partner,kind,title,interests,seats,levels\n"
        rows = "".join(f"o{n},p,sport,Training,sport.voetbal,1,{'mbo3' if n else ''}\n" for n in range(self.OFFERS))
        (self.folder / "offers.csv").write_text(header + rows)
        self.ctl("import", "offers", "offers.csv")
        (self.folder / "rule").write_text("rule test 1\nlabel 0 All\nwhen level ineligible not same level level\nelse o class 0\n")
        party = ("--party", "school=school.secret", "--party", "partners=partners.secret")
        self.ctl("round", "create", "r", *party, "--rule", "rule", "--beacon-source", "s", "--beacon-date", draw_day(), "--beacon-encoding", "e",
                 "--beacon-fallback", "f")
        self.ctl("round", "open", "r")
        ids = list(range(1, self.OFFERS + 1))
        lists = [{"student": "up", "offers": ids, "facts": {"level": "mbo3"}},
                 {"student": "down", "offers": ids[::-1], "facts": {"level": "mbo4"}, "referred": True},
                 {"student": "short", "offers": ids[:3]},
                 {"student": "twice", "offers": ids[:-1] + [ids[7]]},
                 {"student": "unknown", "offers": ids + [self.OFFERS + 1]},
                 {"student": "none", "offers": []}]
        text = "".join(json.dumps(one) + "\n" for one in lists)
        told = self.json("round", "submit", "r", "-", "--issuer", "school", stdin=text, status=1)
        self.assertEqual([told[key] for key in ("lists", "created", "updated", "unchanged", "failed")], [6, 4, 0, 0, 2])
        self.assertEqual([(error["line"], error["field"][:6]) for error in told["errors"]], [(4, "offers"), (5, "offers")])
        shown = self.json("round", "show", "r")
        self.assertEqual((shown["students"], shown["unfinished"]), (4, 2))
        self.assertIn("unfinished   2 lists", self.ctl("round", "show", "r").stdout)
        self.ctl("round", "freeze", "r")
        self.ctl("round", "draw", "r", *party, "--beacon", "1 2 3")
        self.ctl("round", "compute", "r")
        who = lambda student: ("--issuer", "school", "--student", student)
        explained = self.json("round", "explain", "r", *who("down"), "--language", "en")
        self.assertEqual([wish["offer"] for wish in explained["wishes"]], ids[::-1])
        reasons = [wish["reason"] for wish in explained["wishes"]]
        self.assertEqual(reasons[:-1], ["ineligible"] * (self.OFFERS - 1))
        self.assertEqual(self.ctl("round", "explain", "r", *who("down"), "--language", "en").stdout.splitlines(), explained["text"])
        self.assertGreater(sum(len(line) for line in explained["text"]), 1 << 20)
        self.ctl("round", "publish", "r")
        self.key = self.ctl("round", "export", "r", "sealed", "--key", "sign.key", "--public", "public").stdout.split()[-1]
        for name in ("input", "explanations"):
            self.assertGreater(max(len(line) for line in (self.folder / "sealed" / name).read_text().splitlines()), 1 << 20, name)
        self.verify("--input-digest", self.json("round", "show", "r")["input_digest"], "sealed")
        for student in ("up", "down", "short"):
            ref = self.json("round", "result", "r", *who(student))["ref"]
            (self.folder / "receipt").write_text(self.ctl("round", "receipt", "sealed", ref).stdout)
            self.verify("--receipt", "receipt", "public")
        self.daemon.stop()
        self.assertIn("all is well", harness.run(self.daemon.command("--check")).stdout)


if __name__ == "__main__":
    unittest.main()
