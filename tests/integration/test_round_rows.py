# SPDX-License-Identifier: Apache-2.0
"""Rounds that follow one another, and what an operator may not do to get another outcome: nobody has two seats, no lottery is
drawn twice, a decision is carried out."""
import os
import re
import shutil
import subprocess
import time
import unittest

import harness
import rounds
from harness import ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, OK
from rounds import CANCELLED, DRAWN, FORGOTTEN, FROZEN, Round, parse
from test_rounds import ACCEPTED, REQUESTED, Rounds

SPORT = {"kind": "OFFER_KIND_SPORT"}


class Row(Rounds):
    def play(self, round_, lists, **fields):
        """Lists into a round that was created, up to its publication."""
        round_.take().step("open")
        for student, (offers, referred) in lists.items():
            answer = round_.submit(student, offers, referred=referred, **fields)
            self.assertEqual(answer.status.code, OK, answer.status)
        self.finish(round_)
        return round_

    def finish(self, round_):
        round_.freeze()
        round_.draw().compute()
        round_.record(key=round_.name.encode().ljust(32))
        round_.publish()

    def held(self, student_id):
        """Offers at which a student has a seat."""
        return sorted(p.offer_id for p in self.placements() if p.student_id == student_id and p.state in (REQUESTED, ACCEPTED))


class Reserve(Row):
    def test_what_others_fill_of_it_is_gone(self):
        """Of six referred holders two are in the late round, whose offer keeps four seats for referred students: nothing is reserved."""
        full, other = self.offer(seats=6, reserved_seats=4, **SPORT), self.offer(seats=9, **SPORT)
        one = self.play(Round(self.client, "one"), {f"r{n}": ([full], True) for n in range(6)})
        self.assertEqual(one.get().assigned, 6)
        two = Round(self.client, "two", previous="one").take().step("open")
        for n in range(2):
            self.assertEqual(two.submit(f"r{n}", [other], referred=True).status.code, OK)
        for n in range(6):
            two.submit(f"new{n}", [full])
        two.submit("late", [full], referred=True)
        two.freeze()
        two.draw().compute()
        line = two.files()["input"].decode().split(f"\noffer {full:010d} ", 1)[1].split(" ", 2)
        self.assertEqual(line[:2], ["2", "0"])
        self.check_result(two, [two.get().seed, one.get().seed])

    def test_what_they_leave_is_there(self):
        """Where the late round has all of them, all of the reserve is in it."""
        full, other = self.offer(seats=4, reserved_seats=2, **SPORT), self.offer(seats=9, **SPORT)
        one = self.play(Round(self.client, "one"), {f"r{n}": ([full], n < 3) for n in range(4)})
        two = Round(self.client, "two", previous="one").take().step("open")
        for n in range(4):
            self.assertEqual(two.submit(f"r{n}", [other], referred=n < 3).status.code, OK)
        two.freeze()
        two.draw().compute()
        line = two.files()["input"].decode().split(f"\noffer {full:010d} ", 1)[1].split(" ", 2)
        self.assertEqual(line[:2], ["4", "2"])
        self.check_result(two, [two.get().seed, one.get().seed])


class OneSeat(Row):
    def setUp(self):
        super().setUp()
        self.first, self.second, self.third = (self.offer(seats=2, **SPORT) for _ in range(3))
        self.one = self.play(Round(self.client, "one"), {"a": ([self.first], False), "b": ([], False)})
        self.student = self.one.student("a").student.student_id

    def test_a_seat_is_kept_unasked(self):
        two = self.play(Round(self.client, "two", previous="one"), {"a": ([self.second], False), "b": ([self.second], False)})
        self.assertEqual(list(two.student("a").student.offers), [self.second, self.first])
        self.assertEqual(self.held(self.student), [self.second])
        three = self.play(Round(self.client, "three", previous="two"), {"a": ([], False)})
        self.assertEqual(list(three.student("a").student.offers), [self.second])
        self.assertEqual(self.held(self.student), [self.second])

    def test_where_it_does_not_take_part(self):
        two = Round(self.client, "two", previous="one").take([self.second]).step("open")
        self.refused(FAILED_PRECONDITION, two.submit("a", [self.second]), f"offer {self.first}, which does not take part in round two")

    def test_only_what_the_row_gave_is_kept(self):
        placement = self.client.write(reserve_placement={"offer_id": self.third, "student": "x"}).id
        two = Round(self.client, "two", previous="one").take().step("open")
        for student in ("x", "a"):
            self.refused(INVALID_ARGUMENT, two.submit(student, [self.second], keep_placement=placement), "by an earlier round of the row")
        self.refused(INVALID_ARGUMENT, two.submit("a", [self.second], referred=True), "otherwise of referral")

    def test_who_has_left_keeps_nothing(self):
        self.client.write(move_placement={"id": self.one.student("a").result.placement_id, "move": "PLACEMENT_MOVE_WITHDRAW"})
        two = self.play(Round(self.client, "two", previous="one"), {"a": ([self.second], False)})
        self.assertEqual(list(two.student("a").student.offers), [self.second])
        self.assertEqual(self.held(self.student), [self.second])

    def test_who_leaves_while_it_is_frozen(self):
        """The input was final, so the result tells that the seat is kept; but nobody is given again what they gave up."""
        none, placement = self.offer(seats=0, **SPORT), self.one.student("a").result.placement_id
        two = Round(self.client, "two", previous="one").take().step("open")
        self.assertEqual(two.submit("a", [none]).status.code, OK)
        two.freeze()
        self.client.write(move_placement={"id": placement, "move": "PLACEMENT_MOVE_WITHDRAW"})
        two.draw().compute()
        two.publish()
        result = two.student("a").result
        self.assertEqual((result.offer_id, result.placement_id), (self.first, placement))
        self.assertEqual(self.held(self.student), [])

    def test_a_row_does_not_branch(self):
        two = Round(self.client, "two", previous="one").take().step("open")
        create = lambda name, previous: self.client.ask(write={"create_round": {"name": name, "plan": rounds.plan(name), "previous": previous}})
        self.refused(FAILED_PRECONDITION, create("beside", "one"), "round two follows one already")
        two.step("cancel", "a test").until(CANCELLED)
        self.play(Round(self.client, "three", previous="one"), {"a": ([self.second], False)})
        self.refused(FAILED_PRECONDITION, create("beside", "one"), "round three follows one already")
        self.assertEqual(create("four", "three").status.code, OK)

    def test_what_a_later_round_needs_is_not_forgotten(self):
        self.one.step("close")
        two = Round(self.client, "two", previous="one").take().step("open")
        self.refused(FAILED_PRECONDITION, self.one.ask("forget"), "round two follows it and has not ended")
        two.submit("a", [self.second])
        self.finish(two)
        self.assertEqual({seed for _, _, seed, _ in parse(two.files())[1]}, {1})
        self.one.step("forget").until(FORGOTTEN)


class Corrected(Row):
    def setUp(self):
        super().setUp()
        self.offers = [self.offer(seats=2, **SPORT) for _ in range(3)]
        self.round = Round(self.client, "r").take().step("open")
        self.round.submit("a", [self.offers[0]])
        self.round.freeze()
        self.round.draw().compute()

    def object(self, student="a"):
        return self.client.ask(write={"object_to_round": {"round": "r", "issuer": "school", "student": student, "kind": 1}})

    def review(self, objection, **fields):
        return self.client.ask(write={"review_objection": {"round": "r", "id": objection, "reason": "looked at", **fields}})

    def correct(self, operator, to):
        objection = self.object().write.id
        self.assertEqual(self.review(objection, correct=True, to_offer=to).status.code, OK)
        answer = operator.ask(write={"agree_to_correction": {"round": "r", "id": objection}})
        self.assertEqual(answer.status.code, OK, answer.status)
        listed = self.client.call(list_round_objections={"round": "r"}).list_round_objections.objections
        return next(o for o in listed if o.id == objection)

    def test_twice(self):
        """Each correction starts from the one before; the student has one seat, or none."""
        self.round.record()
        self.round.publish()
        second, student = self.operator(), self.round.student("a").student.student_id
        first = self.correct(second, self.offers[1])
        self.assertEqual((first.from_offer, first.to_offer), (self.offers[0], self.offers[1]))
        self.assertEqual(self.held(student), [self.offers[1]])
        again = self.correct(second, self.offers[2])
        self.assertEqual((again.from_offer, again.to_offer), (self.offers[1], self.offers[2]))
        self.assertEqual(self.held(student), [self.offers[2]])
        got = self.round.student("a").result
        self.assertEqual((got.offer_id, got.corrected, got.corrected_offer_id, got.placement_id),
                         (self.offers[0], True, self.offers[2], again.placement_id))
        two = Round(self.client, "two", previous="r").take().step("open")
        two.submit("a", [self.offers[0]])
        self.assertEqual(list(two.student("a").student.offers), [self.offers[0], self.offers[2]])
        objection = self.object().write.id
        self.refused(FAILED_PRECONDITION, self.review(objection, correct=True, to_offer=self.offers[1]), "has a list in round two")
        self.client.write(withdraw_round_list={"round": "two", "issuer": "school", "student": "a"})
        self.assertEqual(self.review(objection, correct=True).status.code, OK)
        second.write(agree_to_correction={"round": "r", "id": objection})
        self.assertEqual(self.held(student), [])

    def test_one_at_a_time(self):
        first = self.object().write.id
        self.refused(ALREADY_EXISTS, self.object(), f"objection {first} of this student has no answer yet")
        self.review(first)
        self.assertEqual(self.object().status.code, OK)

    def test_what_is_decided_is_done(self):
        """A correction that was decided before publication is made by a revision, or there is no publication."""
        self.assertEqual(self.review(self.object().write.id, correct=True).status.code, OK)
        self.assertEqual(self.round.get().corrections_due, 1)
        self.refused(FAILED_PRECONDITION, self.round.ask("publish"), "objections are to be corrected: 1")
        self.round.step("revise", "a list was mistyped")
        self.round.submit("a", [self.offers[1]], replace=True)
        self.round.step("freeze").until(DRAWN)
        self.round.compute()
        self.round.publish()
        self.assertEqual(self.round.student("a").result.offer_id, self.offers[1])

    def test_nothing_is_corrected_in_what_was_given_up(self):
        objection = self.object().write.id
        self.round.step("cancel", "a test")
        self.operator().write(move_round={"round": "r", "step": "ROUND_STEP_CANCEL", "reason": "a test"})
        self.refused(FAILED_PRECONDITION, self.review(objection, correct=True), "is cancelled and can not be corrected")
        self.assertEqual(self.review(objection).status.code, OK)


class Published(harness.Programs, Row):
    """The difference that two operators made is signed, and the next round is checked with it."""

    def ctl(self, *args, status=0):
        done = super().ctl("round", *args, status=status)
        return done.stdout + done.stderr

    def run_round(self, name, lists, previous=""):
        round_ = Round(self.client, name, previous=previous).take().step("open")
        for student, offers in lists.items():
            self.assertEqual(round_.submit(student, offers).status.code, OK)
        round_.freeze()
        round_.draw().compute()
        return round_

    def setUp(self):
        super().setUp()
        self.first, self.second, self.third = (self.offer(seats=2, **SPORT) for _ in range(3))
        self.round = self.run_round("one", {"a": [self.first], "b": [self.second]})
        self.key = self.ctl("export", "one", "one", "--key", "sign.key").split()[-1]
        self.ctl("corrections", "one", "early", "--key", "sign.key", status=1)  # it is not published
        self.round.publish()
        other = self.operator()
        for to in (self.third, 0):
            objection = self.client.write(object_to_round={"round": "one", "issuer": "school", "student": "a", "kind": 1}).id
            if to == 0:
                self.client.write(review_objection={"round": "one", "id": objection, "reason": "stays"})
            else:
                self.client.write(review_objection={"round": "one", "id": objection, "reason": "een fout én meer", "correct": True, "to_offer": to})
                other.write(agree_to_correction={"round": "one", "id": objection})
        self.assertIn("1 corrections in diff", self.ctl("corrections", "one", "diff", "--key", "sign.key"))
        self.diff = self.daemon.scratch / "diff"

    def test_what_it_says(self):
        text = (self.diff / "corrections").read_text(encoding="utf-8")
        ref = self.round.student("a").student.ref.hex()
        self.assertRegex(text, rf"\ncorrection 1 {ref} {self.first:010d} {self.third:010d} 20\S+Z client:local\S* client:second\S* een fout én meer\n")
        self.assertIn("1 corrections of the published result", self.verify("--corrections", "diff", "one"))
        (self.daemon.scratch / "other.key").write_text("1" * 64 + "\n")
        (self.daemon.scratch / "other.key").chmod(0o600)
        self.assertIn("not the key that signed", self.ctl("corrections", "one", "other", "--key", "other.key", status=2))

    def test_each_byte_counts(self):
        for name in ("corrections", "signature"):
            path = self.diff / name
            good = path.read_bytes()
            for at in range(0, len(good), 7):
                path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
                self.verify("--corrections", "diff", "one", status=1)
            path.write_bytes(good)
        self.verify("--corrections", "diff", "one")

    def resign(self, change):
        """The document with a change, signed as if by its operator."""
        text = change((self.diff / "corrections").read_text(encoding="utf-8"))
        (self.diff / "corrections").write_text(text, encoding="utf-8")
        seed = bytes.fromhex((self.daemon.scratch / "sign.key").read_text().strip())
        pem = self.daemon.scratch / "key.der"
        pem.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", pem, "-in", self.diff / "corrections"],
                              capture_output=True, check=True)
        (self.diff / "signature").write_text(done.stdout.hex() + "\n")

    def test_what_does_not_follow(self):
        good = (self.diff / "corrections").read_text(encoding="utf-8")
        ref, other = (self.round.student(s).student.ref.hex() for s in "ab")
        for words, change in (("does not have what is corrected", lambda t: t.replace(f"{ref} {self.first:010d}", f"{ref} -")),
                              ("does not have what is corrected", lambda t: t.replace(ref, other)),
                              ("takes no part", lambda t: t.replace(ref, "0" * 64)),
                              ("takes no part", lambda t: t.replace(f" {self.third:010d} ", " 0000000999 ")),
                              ("proposed it and agreed to it", lambda t: t.replace("client:second", "client:local")),
                              ("run and revision", lambda t: t.replace("revision 0", "revision 1")),
                              ("those of no record", lambda t: re.sub(r"record \w{64}", "record " + "0" * 64, t))):
            with self.subTest(words):
                self.resign(change)
                self.assertIn(words, self.verify("--corrections", "diff", "one", status=1))
            (self.diff / "corrections").write_text(good, encoding="utf-8")

    def test_what_everybody_gets(self):
        self.ctl("export", "one", "again", "--key", "sign.key", "--public", "public")
        self.ctl("corrections", "one", "all", "--key", "sign.key", "--public", "told")
        text = (self.daemon.scratch / "told" / "corrections").read_text(encoding="utf-8")
        self.assertNotIn(self.round.student("a").student.ref.hex(), text)
        self.assertIn("1 corrections of the published result", self.verify("--public", "--corrections", "told", "public"))
        self.assertIn("those of no record", self.verify("--public", "--corrections", "all", "public", status=1))
        self.assertIn("those of no record", self.verify("--corrections", "told", "one", status=1))
        (self.daemon.scratch / "told" / "corrections").write_text(text.replace("corrections 1\nkey", "corrections 0\nkey"), encoding="utf-8")
        self.assertIn("signature", self.verify("--public", "--corrections", "told", "public", status=1))

    def test_by_the_socket(self):
        """Who is known by the socket is named otherwise than who has a token."""
        objection = self.client.write(object_to_round={"round": "one", "issuer": "school", "student": "b", "kind": 1}).id
        done = harness.run([harness.kansenctl(), "-s", self.daemon.unix, "round", "review", "one", str(objection), "--correct", "--no-offer",
                            "--reason", "looked at"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.client.write(agree_to_correction={"round": "one", "id": objection})
        self.ctl("corrections", "one", "both", "--key", "sign.key")
        self.assertIn(f"unix:uid={os.getuid()}", (self.daemon.scratch / "both" / "corrections").read_text(encoding="utf-8"))
        self.assertIn("2 corrections", self.verify("--corrections", "both", "one"))
        self.assertRegex(self.ctl("result", "one", "--issuer", "school", "--student", "b"), r"^no seat; corrected, the lottery had given offer \d+, choice 1$")
        self.assertRegex(self.ctl("result", "one", "--issuer", "school", "--student", "a"),
                         rf"^offer {self.third}; placement \d+; corrected, the lottery had given offer {self.first}, choice 1$")

    def test_of_what_is_forgotten_nothing_is_signed(self):
        self.round.step("close").step("forget").until(FORGOTTEN)
        self.assertIn("forgotten", self.ctl("corrections", "one", "late", "--key", "sign.key", status=1))
        self.assertFalse((self.daemon.scratch / "late").exists())

    def test_the_next_round_starts_from_it(self):
        two = self.run_round("two", {"a": [self.second]}, previous="one")
        self.assertEqual(list(two.student("a").student.offers), [self.second, self.third])
        export = ("export", "two", "two", "--key", "sign.key", "--earlier", "one", "--previous", "one")
        self.assertIn("pinned to offer", self.ctl(*export, status=1))
        shutil.rmtree(self.daemon.scratch / "two", ignore_errors=True)
        self.ctl(*export, "--corrections", "diff")
        self.assertIn("pinned to offer", self.verify("--earlier", "one", "--previous", "one", "two", status=1))
        self.verify("--earlier", "one", "--previous", "one", "--corrections", "diff", "two")


class Again(Row):
    """Who does not like a draw can not have another one alone."""

    def test_cancelling_a_draw_takes_two(self):
        offer = self.offer(seats=1, **SPORT)
        round_ = Round(self.client, "r").take().step("open")
        round_.submit("a", [offer])
        round_.freeze()
        round_.draw()
        round_.step("cancel", "not to our liking")
        self.assertEqual((round_.get().state, round_.get().cancel_by.split("/")[0]), (DRAWN, "client:local"))
        self.refused(FAILED_PRECONDITION, round_.ask("cancel", "really"), "another operator")
        round_.compute()  # goes on, and the proposal is gone
        self.assertEqual(round_.get().cancel_by, "")
        round_.step("cancel", "the rule was wrong")
        second = self.operator()
        second.write(move_round={"round": "r", "step": "ROUND_STEP_CANCEL", "reason": "the rule was wrong"})
        self.assertEqual(round_.until(CANCELLED).reason, "the rule was wrong")

    def test_from_the_public_draw_on(self):
        """Who has the secrets may know the outcome then; before it nobody does."""
        self.offer(**SPORT)
        soon = int(time.time()) + 3
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon))
        beacon = {"source": "a test", "date": moment, "encoding": "bytes as they are", "fallback": "the next day's"}
        before, after = (Round(self.client, name, beacon=beacon) for name in ("before", "after"))
        before.take().step("open").freeze()
        self.assertEqual(before.step("cancel", "too early to know").until(CANCELLED).reason, "too early to know")
        after.take().step("open").freeze()
        while time.time() < soon:
            time.sleep(0.1)
        after.step("cancel", "as it suits")
        self.assertEqual((after.get().state, after.get().cancel_reason, after.get().reason), (FROZEN, "as it suits", ""))
        self.refused(FAILED_PRECONDITION, after.ask("cancel", "really"), "another operator")
        after.draw()
        self.assertEqual((after.get().cancel_by, after.get().cancel_reason), ("", ""))

    def test_a_secret_that_is_revealed_meanwhile(self):
        for offer in (self.offer(**SPORT), self.offer(**SPORT)):
            name = f"o{offer}"
            Round(self.client, name, secrets=rounds.SECRETS).take([offer]).step("open").freeze()
        draw = lambda name: self.client.ask(write={"draw_round": {"round": name, "secrets": list(rounds.SECRETS), "beacon_bytes": b"x"}})
        self.assertEqual(draw("o1").status.code, OK)
        self.refused(INVALID_ARGUMENT, draw("o2"), "was revealed by round o1")

    def test_a_secret_is_used_once(self):
        self.play(Round(self.client, "one"), {"a": ([self.offer(**SPORT)], False)})
        known = rounds.secrets_of("one")
        for secrets in (known, known[::-1], (bytes(32), known[0])):
            answer = self.client.ask(write={"create_round": {"name": "two", "plan": rounds.plan("two", secrets)}})
            self.refused(INVALID_ARGUMENT, answer, "was revealed by round one")

    def test_the_fallback_is_not_a_choice(self):
        """On the day itself the announced draw counts; nobody can take the one of the two that pleases."""
        self.offer(**SPORT)
        round_ = Round(self.client, "r").take().step("open")
        round_.freeze()
        draw = {"round": "r", "secrets": list(round_.secrets), "beacon_bytes": b"x", "fallback": True}
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"draw_round": draw}), "may still be held today")
        round_.draw()


del Rounds  # its tests run where they stand

if __name__ == "__main__":
    unittest.main()
