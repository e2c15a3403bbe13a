# SPDX-License-Identifier: Apache-2.0
"""Rounds by the protocol: the whole life, each step where it may and where it may not be taken, bad input, what is locked,
corrections, late rounds. Results are held against the definition (rounds.py)."""
import json
import pathlib
import random
import shutil
import time
import unittest

import harness
import rounds
from kansen.v1 import round_pb2
from harness import ABORTED, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OK, PERMISSION_DENIED
from rounds import (CANCELLED, CLOSED, COMPUTED, CREATED, DRAWN, FORGOTTEN, FROZEN, OPEN, PUBLISHED, REVISING, Round, allocate, digest,
                    lottery, own_lotteries, parse)
from test_archive import frames_of, stream_of
from test_systemd import stopped

REQUESTED, ACCEPTED, WITHDRAWN = 4, 5, 10
RULE = """rule test 3
label 0 Continues
label 1 Referred, at an offer with a reserve
label 2 Own region
label 3 Near
label 4 All others
when level ineligible not same level level
when age ineligible not atleast age min_age
when continuing class 0 same continues_with partner
when referred class 1 referred & reserved
when region class 2 same school_region region
when near class 3 within home place 10000
else others class 4
"""


class Rounds(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.partner = self.client.add_partner("p")
        self.serial = 0

    def offer(self, **fields):
        self.serial += 1
        return self.client.add_offer(f"o{self.serial}", self.partner, **fields)

    def portal(self, name, role="ROLE_PORTAL", **fields):
        client = self.daemon.caller(self.client, name, role, **fields)
        self.addCleanup(client.close)
        return client

    def operator(self, name="second"):
        return self.portal(name, "ROLE_OPERATOR")

    def refused(self, code, answer, *words):
        self.assertEqual(answer.status.code, code, answer)
        for word in words:
            self.assertIn(word, answer.status.message)

    def results(self, files):
        found = [line.split(" ") for line in files["result"].decode().splitlines()]
        return {ref: (offer, int(rank)) for ref, offer, rank in found if offer != "-"}

    def check_result(self, round_, seeds=None):
        """What is published is what follows from the definition; digests are those of the lines. Returns the results."""
        files, got = round_.files(), round_.get()
        self.assertEqual([digest(files[name], key=got.receipt_key if name == "cutoffs" else b"")
                          for name in ("input", "result", "cutoffs", "explanations")],
                         [got.input_digest, got.result_digest, got.cutoff_digest, got.explanation_digest])
        results = self.results(files)
        self.assertEqual(results, allocate(files, seeds or [got.seed]))
        self.assertEqual(got.assigned, len(results))
        ranks = [min(rank, 32) for _, rank in results.values()]  # a greater one counts as this
        self.assertEqual(list(got.ranks), [ranks.count(n) for n in range(1, max(ranks, default=0) + 1)])
        return results

    def placements(self, **filters):
        return self.client.call(list_placements={"limit": 1000, **filters}).list_placements.placements


class Life(Rounds):
    def test_the_whole_life(self):
        dice = random.Random(7)
        offers = [self.offer(seats=dice.randint(1, 4), reserved_seats=1, levels=["LEVEL_MBO3"] if n % 3 else []) for n in range(15)]
        round_ = Round(self.client, "r", rule=RULE, region="GM0606").take()
        self.assertEqual((round_.get().state, round_.get().offers), (CREATED, 15))
        round_.step("open")
        writes = []
        for n in range(120):
            facts = sorted([f"age={dice.randint(14, 20)}", f"home={dice.choice(['GM0606', 'PL-kethel', 'GM0363'])}",
                            f"level={dice.choice(['mbo3', 'mbo4'])}"] + dice.choice([[], ["school_region=GM0606"]]))
            writes.append(round_.submission(f"s{n}", dice.sample(offers, dice.randint(0, 8)), referred=dice.random() < 0.3, facts=facts))
        self.assertEqual({result.status.code for result in self.client.batch(writes)}, {OK})
        frozen = round_.freeze()
        self.assertEqual((frozen.students, len(frozen.input_digest)), (120, 32))
        self.assertEqual(frozen.referred, sum(write["submit_round_list"]["referred"] for write in writes))
        round_.draw()
        self.assertEqual(round_.get().seed, digest(b"alloc-seed-v1\0r\0" + rounds.BEACON, key=digest(b"".join(rounds.SECRETS))))
        self.assertEqual(round_.compute().input_digest, frozen.input_digest)
        results = self.check_result(round_)
        self.assertIn(None, {klass for student in parse(round_.files())[1] for _, klass in student[3]})
        self.assertGreater(len({klass for student in parse(round_.files())[1] for _, klass in student[3]}), 3)
        self.assertEqual(len(self.placements()), 0)
        round_.publish()
        placements = self.placements()
        self.assertEqual(sorted(p.offer_id for p in placements), sorted(int(offer) for offer, _ in results.values()))
        self.assertEqual({p.state for p in placements}, {REQUESTED})
        for n in range(120):
            shown = round_.student(f"s{n}")
            placed = [p.id for p in placements if p.student_id == shown.student.student_id]
            self.assertEqual(placed, [shown.result.placement_id] if shown.result.rank else [])
        self.check_result(round_)
        self.assertEqual(round_.step("close").get().state, CLOSED)
        closed = round_.get()
        forgotten = round_.step("forget").until(FORGOTTEN)
        self.assertEqual((forgotten.assigned, forgotten.result_digest, forgotten.students), (closed.assigned, closed.result_digest, 120))
        with self.assertRaisesRegex(harness.Refused, "no list"):
            round_.student("s1")
        with self.assertRaisesRegex(harness.Refused, "deleted"):
            round_.files()
        self.assertEqual(len(self.placements()), len(results))
        self.daemon.stop()
        self.assertIn("all is well", harness.run(self.daemon.command("--check")).stdout)

    def test_no_step_can_be_repeated_or_skipped(self):
        self.offer()
        steps = ("open", "freeze", "draw", "compute", "publish", "close")
        round_ = Round(self.client, "r").take()
        allowed = {"created": ("open", "cancel"), "open": ("freeze", "cancel"), "frozen": ("draw", "revise", "cancel"),
                   "drawn": ("compute", "revise", "cancel"), "computed": ("publish", "revise", "cancel"),
                   "published": ("close",), "closed": ("forget",)}
        walk = {"created": lambda: round_.step("open"), "open": round_.freeze, "frozen": round_.draw, "drawn": round_.compute,
                "computed": round_.publish, "published": lambda: round_.step("close"), "closed": lambda: None}
        for state, go_on in walk.items():
            for step in (*steps, "revise", "cancel", "forget"):
                if step in allowed[state]:
                    continue
                with self.subTest(state, step=step):
                    if step == "draw":
                        answer = self.client.ask(write={"draw_round": {"round": "r", "secrets": list(rounds.SECRETS), "beacon_bytes": b"x"}})
                    else:
                        answer = round_.ask(step, "why" if step in ("revise", "cancel") else "")
                    self.refused(FAILED_PRECONDITION, answer, f"is {state} and can not {step}", ", ".join(allowed[state]) or "none")
            go_on()

    def test_a_list_that_is_made_of_a_query(self):
        offers = [self.offer(interests=[interest]) for interest in ("sport.voetbal", "sport.voetbal", "zorg", "sport.voetbal", "zorg")]
        round_ = Round(self.client, "r").take(offers[:3] + offers[4:]).step("open")
        query = {"region": "GM0606", "interests": [{"code": "sport.voetbal"}], "tie_seed": 3}
        wanted = [offer for offer in self.client.matched(**query) if offer != offers[3]]
        self.assertEqual(round_.submit("s", [], query=query, top=2).status.code, OK)
        self.assertEqual(list(round_.student("s").student.offers), wanted[:2])
        self.assertEqual(round_.submit("t", [], query=query, top=100).status.code, OK)
        self.assertEqual(list(round_.student("t").student.offers), wanted)
        self.refused(INVALID_ARGUMENT, round_.submit("u", offers[:1], query=query, top=2), "either")
        self.refused(INVALID_ARGUMENT, round_.submit("u", [], query=query, top=101), "1..100")
        self.refused(INVALID_ARGUMENT, round_.submit("u", [], query={}, top=1))

    def test_counts_that_tell_of_few(self):
        """Only operators see them; a portal sees what tells of nobody."""
        portal = self.portal("portal", source="school")
        look = lambda name: portal.call(get_round={"name": name}).get_round.round
        for name, first, second, shown in (("few", 9, 0, False), ("many", 12, 0, True), ("tail", 12, 3, False), ("both", 12, 11, True)):
            seats = [self.offer(seats=first), self.offer(seats=40)]
            round_ = Round(self.client, name).take(seats).step("open")
            for n in range(first + second):
                self.assertEqual(round_.submit(f"{name}{n}", seats, referred=n % 2 == 0).status.code, OK)
            round_.freeze()
            round_.draw()
            whole = round_.compute()
            self.assertEqual(list(whole.ranks), [first] + [second] * (second > 0))
            self.check_withheld(look(name), name)
            round_.publish()
            got = look(name)
            self.assertEqual((got.students, got.students_withheld), (0, True) if first + second < 10 else (first + second, False), name)
            self.assertEqual(list(got.ranks), list(whole.ranks) if shown else [], name)
            self.assertEqual((got.assigned, got.assigned_withheld), (whole.assigned if shown else 0, not shown))
            self.assertEqual((list(got.ranks_referred), got.referred, got.referred_withheld), ([], 0, True), "six referred students may be told apart")
            self.assertTrue(got.details_withheld)
            self.assertFalse(got.receipt_key or got.reserved or got.entries)
            self.assertTrue(whole.receipt_key)
            self.assertFalse(whole.students_withheld or whole.assigned_withheld or whole.referred_withheld or whole.details_withheld)

    def check_withheld(self, got, *told):
        """What somebody else is told of students before publication: nothing, and that it is nothing."""
        self.assertTrue(got.students_withheld and got.assigned_withheld and got.referred_withheld and got.details_withheld, told)
        self.assertEqual((got.students, got.referred, got.assigned, got.assigned_referred, got.entries, got.reserved, got.open_objections,
                          got.corrections, got.corrections_due, got.forgotten, list(got.ranks), list(got.ranks_referred), got.cancel_by), (0,) * 10 + ([], [], ""), told)

    def test_nothing_follows_from_looking_twice(self):
        """Whoever is no operator sees the same of a round while lists come and go, over a revision, and while objections come."""
        portal = self.portal("portal", source="other")
        offers = [self.offer(seats=9, reserved_seats=2) for _ in range(3)]
        round_ = Round(self.client, "r").take().step("open")

        def looks():
            got = [portal.call(get_round={"name": "r"}).get_round.round, portal.call(list_rounds={}).list_rounds.rounds[0]]
            for one in got:
                self.check_withheld(one)
            return [one.SerializeToString() for one in got]

        first = looks()
        for n in range(25):
            round_.submit(f"s{n}", offers[:1 + n % 3], referred=n % 2 == 0)
            self.assertEqual(looks(), first)
        self.assertEqual((round_.get().students, round_.get().referred, round_.get().entries), (25, 13, 49))
        round_.freeze()
        round_.draw().compute()
        looks()
        self.client.write(object_to_round={"round": "r", "issuer": "school", "student": "s0", "kind": "ROUND_OBJECTION_KIND_LIST"})
        self.assertEqual(round_.get().open_objections, 1)
        looks()
        round_.step("revise", "a list was wrong")
        self.assertEqual(round_.submit("s1", [], replace=True).status.code, OK)
        self.client.write(withdraw_round_list={"round": "r", "issuer": "school", "student": "s2"})
        looks()
        self.assertEqual(portal.call(get_round={"name": "r"}).get_round.round.reason, "a list was wrong")
        round_.step("cancel", "a test")
        self.assertEqual(round_.get().cancel_by != "", True)
        looks()
        self.operator().write(move_round={"round": "r", "step": "ROUND_STEP_CANCEL", "reason": "a test"})
        round_.step("forget").until(FORGOTTEN)
        looks()

    def test_the_example_rule_of_the_manual(self):
        """What it says of offers for all levels and ages, and of those for some; each line of it decides somewhere."""
        manual = (harness.ROOT / "proto/kansen-record.5").read_text().split("An example:\n.Bd -literal -offset indent\n", 1)[1]
        rule = manual.split(".Ed", 1)[0]
        near, far = self.client.add_partner("near", region="GM0606"), self.client.add_partner("far", region="GM0363")
        offers = {"all": {}, "some": {"levels": ["LEVEL_MBO3", "LEVEL_HBO"]}, "grown": {"min_age": 18}, "kept": {"seats": 3, "reserved_seats": 1},
                  "far": {}}
        ids = {name: self.client.add_offer(f"x{name}", far if name == "far" else near, **fields) for name, fields in offers.items()}
        round_ = Round(self.client, "r", rule=rule).take(list(ids.values())).step("open")
        # (facts, referred): the line that decides at each offer, or its class
        cases = {
            "mbo4": (["level=mbo4", "age=17"], False, {"all": 4, "some": "level", "grown": "age", "kept": 4, "far": 4}),
            "mbo3": (["level=mbo3", "age=18"], False, {"all": 4, "some": 4, "grown": 4, "kept": 4, "far": 4}),
            "none": ([], False, {name: "level" for name in ids}),
            "old": (["level=po"], True, {"all": 4, "some": "level", "grown": 4, "kept": 1, "far": 4}),
            "here": (["level=wo", "home=GM0606"], False, {"all": 3, "some": "level", "grown": 3, "kept": 3, "far": 4}),
            "school": (["level=wo", "school_region=GM0363"], False, {"all": 4, "some": "level", "grown": 4, "kept": 4, "far": 2}),
            "again": (["level=wo", f"continues_with={far}"], False, {"all": 4, "some": "level", "grown": 4, "kept": 4, "far": 0})}
        for student, (facts, referred, wanted) in cases.items():
            self.assertEqual(round_.submit(student, list(ids.values()), facts=sorted(facts), referred=referred).status.code, OK)
        round_.freeze()
        for student, (_, _, wanted) in cases.items():
            got = round_.student(student).wishes
            self.assertEqual({name: wish.rule_line or getattr(wish, "class") for name, wish in zip(ids, got, strict=True)}, wanted, student)

    def test_an_explanation(self):
        offer, other = self.offer(seats=1, title="Eerste"), self.offer(seats=1, title="Tweede")
        round_ = Round(self.client, "r").take().step("open")
        for student in "abc":
            round_.submit(student, [offer, other])
        round_.freeze()
        round_.draw().compute()
        said = {student: round_.student(student, language="en") for student in "abc"}
        by_lottery = sorted("abc", key=lambda s: said[s].result.lottery_rank)
        self.assertEqual([said[s].result.rank for s in by_lottery], [1, 2, 0])
        self.assertEqual([[w.reason for w in said[s].wishes] for s in by_lottery], [["open", ""], ["lottery", "open"], ["lottery", "lottery"]])
        self.assertIn("Eerste (Club): full; the last one placed was in the same group", " ".join(said[by_lottery[1]].text))
        dutch = round_.student(by_lottery[2], language="nl")
        self.assertIn("Bij geen van de keuzes", " ".join(dutch.text))
        self.assertIn("1. Eerste (Club): vol", " ".join(dutch.text))
        with self.assertRaisesRegex(harness.Refused, "nl or en"):
            round_.student("a", language="fr")


class Bad(Rounds):
    def test_bad_rounds(self):
        good = rounds.plan("r")
        for code, words, change in (
                (INVALID_ARGUMENT, "parties", {"parties": good["parties"][:1]}),
                (INVALID_ARGUMENT, "order of their names", {"parties": good["parties"][::-1]}),
                (INVALID_ARGUMENT, "32 bytes", {"commitment": b"short"}),
                (INVALID_ARGUMENT, "region", {"region": "GM9999"}),
                (INVALID_ARGUMENT, "line 1 of the rule", {"rule": "something\n"}),
                (INVALID_ARGUMENT, "has no label", {"rule": "rule a 1\nelse all class 0\n"}),
                (INVALID_ARGUMENT, "'else'", {"rule": "rule a 1\nlabel 0 x\nwhen a class 0 referred\n"}),
                (INVALID_ARGUMENT, "is no condition", {"rule": "rule a 1\nlabel 0 x\nwhen a class 0 rank first\nelse b class 0\n"}),
                (INVALID_ARGUMENT, "another line", {"rule": "rule a 1\nlabel 0 x\nwhen a class 0 referred\nelse a class 0\n"}),
                (INVALID_ARGUMENT, "lies ahead", {"beacon": {**good["beacon"], "date": "2020-01-01"}}),
                (INVALID_ARGUMENT, "one line", {"beacon": {**good["beacon"], "source": ""}})):
            with self.subTest(words):
                answer = self.client.ask(write={"create_round": {"name": "r", "plan": {**good, **change}}})
                self.assertEqual(answer.status.code, code, answer.status)
                self.assertIn(words, answer.status.message + answer.status.field)
        self.refused(NOT_FOUND, self.client.ask(write={"create_round": {"name": "r", "plan": good, "previous": "none"}}))
        self.refused(INVALID_ARGUMENT, self.client.ask(write={"create_round": {"name": "Big!", "plan": good}}), "'Big!' is no name of a round")
        self.refused(INVALID_ARGUMENT, self.client.ask(write={"create_round": {"name": "r", "plan": good, "single_party": True}}),
                     "2 parties commit a secret; with single_party it is one")
        self.client.write(create_round={"name": "r", "plan": good})
        self.refused(ALREADY_EXISTS, self.client.ask(write={"create_round": {"name": "r", "plan": good}}), "once")
        self.client.write(move_round={"round": "r", "step": "ROUND_STEP_CANCEL", "reason": "a test"})
        self.refused(ALREADY_EXISTS, self.client.ask(write={"create_round": {"name": "r", "plan": good}}))

    def test_bad_offers(self):
        taken, closed, draws = self.offer(), self.offer(status="OFFER_STATUS_CLOSED"), self.offer(collect_until="2199-01-01")
        other = Round(self.client, "other").take([taken])
        round_ = Round(self.client, "r")
        self.refused(FAILED_PRECONDITION, round_.ask("open"), "no offer")
        for offer, words in ((taken, "takes part in a round already"), (closed, "is not open"), (draws, "a draw of its own"),
                             (999, "is not there")):
            self.refused(FAILED_PRECONDITION, self.client.ask(write={"take_round_offers": {"round": "r", "offer_ids": [offer]}}), words)
        self.assertEqual(round_.get().offers, 0)
        other.step("cancel", "a test")
        round_.take()  # what can take part does
        self.assertEqual(round_.get().offers, 1)
        answer = self.client.ask(write={"create_offer": {"offer": {
            "external_id": "big", "partner_id": self.partner, "kind": 2, "title": "T", "interests": ["zorg"], "seats": 65536}}})
        self.refused(INVALID_ARGUMENT, answer, "65535")

    def test_bad_lists(self):
        first, second, outside = self.offer(), self.offer(), self.offer()
        rule = "rule a 1\nlabel 0 x\nwhen n class 0 within home place 100 & atleast age min_age\nelse o class 0\n"
        round_ = Round(self.client, "r", rule=rule).take([first, second]).step("open")
        self.refused(INVALID_ARGUMENT, round_.submit("s", [first, outside]), "does not take part")
        self.refused(INVALID_ARGUMENT, round_.submit("s", [first, 987654]), "does not take part")
        self.refused(INVALID_ARGUMENT, round_.submit("s", [first, second, first]), "twice")
        self.refused(INVALID_ARGUMENT, round_.submit("", [first]), "student is missing")
        self.refused(INVALID_ARGUMENT, round_.submit("s", [first], issuer=""), "issuer is missing")
        self.refused(NOT_FOUND, self.client.ask(write={"submit_round_list": {"round": "x", "issuer": "i", "student": "s"}}))
        for facts, words in ((["Level=x"], "no fact"), (["b=1", "a=1"], "order"), (["a=1", "a=1"], "twice"), (["age=x"], "number"),
                             (["home=Nowhere"], "place"), ([f"a{n:02}=1" for n in range(65)], "at most 64")):
            self.refused(INVALID_ARGUMENT, round_.submit("s", [first], facts=facts), words)
        self.assertEqual(round_.get().students, 0)
        self.assertEqual(round_.submit("s", [first]).status.code, OK)
        self.refused(ALREADY_EXISTS, round_.submit("s", [second]), "already")
        self.assertEqual(round_.submit("s", [second], replace=True).write.outcome, 2)
        self.assertEqual(round_.submit("s", [second], replace=True).write.outcome, 3)
        self.assertEqual((round_.get().students, round_.get().entries), (1, 1))
        placed = self.client.write(reserve_placement={"offer_id": first, "student": "t"}).id
        self.refused(ALREADY_EXISTS, round_.submit("t", [second, first]), f"placement {placed}")
        round_.freeze()
        self.refused(FAILED_PRECONDITION, round_.submit("u", [first]), "is frozen and can not take a list")
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"withdraw_round_list": {"round": "r", "issuer": "school", "student": "s"}}),
                     "is frozen and can not give a list back")
        self.refused(FAILED_PRECONDITION, round_.submit("s", [first], replace=True), "is frozen")
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"withdraw_round_list": {"round": "r", "issuer": "school", "student": "s"}}))

    def test_a_student_is_one_by_two_portals_of_one_school(self):
        offer = self.offer()
        one, two, other = self.portal("one", source="school"), self.portal("two", source="school"), self.portal("other")
        round_ = Round(self.client, "r").take().step("open")
        self.assertEqual(round_.submit("s", [offer], one, issuer="").status.code, OK)
        self.refused(ALREADY_EXISTS, round_.submit("s", [offer], two, issuer=""))
        self.refused(PERMISSION_DENIED, round_.submit("s", [], two, issuer="", replace=True), "another client")
        self.refused(PERMISSION_DENIED, round_.submit("s", [offer], other, issuer="school"), "issuer")
        self.assertEqual(round_.submit("s", [offer], other, issuer="").status.code, OK)  # another school's student
        self.assertEqual(round_.get().students, 2)
        for client in (two, other):
            with self.assertRaises(harness.Refused) as raised:
                round_.student("s", two if client is two else other, issuer="school" if client is two else "one")
            self.assertIn(raised.exception.code, (NOT_FOUND, PERMISSION_DENIED))
        withdrawal = {"round": "r", "student": "s"}
        self.refused(NOT_FOUND, two.ask(write={"withdraw_round_list": withdrawal}))
        self.assertEqual(one.ask(write={"withdraw_round_list": withdrawal}).status.code, OK)
        self.assertEqual(round_.get().students, 1)

    def test_a_wrong_secret(self):
        self.offer()
        round_ = Round(self.client, "r").take().step("open")
        round_.freeze()
        for secrets, words in (([rounds.SECRETS[0], bytes(32)], "not the secret that b committed"),
                               (list(rounds.SECRETS[::-1]), "not the secret that a committed"), ([rounds.SECRETS[0]], "2 parties"),
                               ([rounds.SECRETS[0], b"x"], "32 bytes")):
            self.refused(INVALID_ARGUMENT, self.client.ask(write={"draw_round": {"round": "r", "secrets": secrets, "beacon_bytes": b"x"}}), words)
        self.refused(INVALID_ARGUMENT, self.client.ask(write={"draw_round": {"round": "r", "secrets": list(rounds.SECRETS), "beacon_bytes": b""}}))
        self.assertEqual(round_.get().state, FROZEN)
        round_.draw()
        seed = round_.get().seed
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"draw_round": {
            "round": "r", "secrets": list(rounds.SECRETS), "beacon_bytes": b"another"}}), "is drawn and can not draw")
        self.assertEqual(round_.get().seed, seed)

    def test_secrets_that_are_not_the_rounds(self):
        """Each party's is its own, but the round had committed to others."""
        self.offer()
        plan = {**rounds.plan("r"), "commitment": bytes(32)}
        self.client.write(create_round={"name": "r", "plan": plan})
        round_ = Round.__new__(Round)
        round_.client, round_.name, round_.secrets = self.client, "r", rounds.SECRETS
        round_.take().step("open").freeze()
        self.refused(INVALID_ARGUMENT, self.client.ask(write={"draw_round": {
            "round": "r", "secrets": list(rounds.SECRETS), "beacon_bytes": b"x"}}), "committed to")


class Locks(Rounds):
    def test_what_is_locked(self):
        offer, free = self.offer(seats=2, waiting_list=True), self.offer()
        first = self.client.write(reserve_placement={"offer_id": offer, "student": "a"}).id
        second = self.client.write(reserve_placement={"offer_id": offer, "student": "b"}).id
        waits = self.client.write(reserve_placement={"offer_id": offer, "student": "w", "wait": True}).id
        round_ = Round(self.client, "r").take([offer]).step("open")
        round_.submit("s", [offer])
        self.client.write(move_placement={"id": first, "move": "PLACEMENT_MOVE_WITHDRAW"})
        waiting = lambda: self.client.call(get_placement={"id": waits}).get_placement.state
        self.assertEqual(waiting(), 3)  # moved up: nothing is locked yet
        self.client.write(move_placement={"id": waits, "move": "PLACEMENT_MOVE_WITHDRAW"})
        waits = self.client.write(reserve_placement={"offer_id": offer, "student": "w2"}).id
        late = self.client.write(reserve_placement={"offer_id": offer, "student": "w3", "wait": True}).id
        self.assertEqual(round_.freeze().seats, 0)
        self.client.write(move_placement={"id": second, "move": "PLACEMENT_MOVE_WITHDRAW"})
        self.assertEqual(self.client.call(get_placement={"id": late}).get_placement.state, 1, "a locked seat moved up")
        current = self.client.call(get_offer={"id": offer}).get_offer
        for words, write in (
                ("reserve", {"reserve_placement": {"offer_id": offer, "student": "x"}}),
                ("seats", {"replace_offer": {"offer": harness.offer_pb2.Offer.FromString(current.SerializeToString())}}),
                ("status", {"set_offer_status": {"id": offer, "status": "OFFER_STATUS_PAUSED"}}),
                ("remove", {"remove_offer": {"id": offer}}), ("partner", {"remove_partner": {"id": self.partner}})):
            if words == "seats":
                write["replace_offer"]["offer"].seats = 9
            with self.subTest(words):
                self.refused(FAILED_PRECONDITION, self.client.ask(write=write), "locked")
        renamed = harness.offer_pb2.Offer.FromString(current.SerializeToString())
        renamed.title = "Another name"
        self.client.write(replace_offer={"offer": renamed})
        self.client.write(reserve_placement={"offer_id": free, "student": "x"})
        round_.draw()
        self.assertEqual(round_.compute().assigned, 0)
        round_.publish()
        self.assertEqual(self.client.call(get_placement={"id": late}).get_placement.state, 3, "the seat was not given on")

    def test_a_cancelled_round_gives_its_seats_on(self):
        offer = self.offer(seats=1, waiting_list=True)
        held = self.client.write(reserve_placement={"offer_id": offer, "student": "a"}).id
        waits = self.client.write(reserve_placement={"offer_id": offer, "student": "w", "wait": True}).id
        round_ = Round(self.client, "r").take().step("open")
        round_.freeze()
        self.client.write(move_placement={"id": held, "move": "PLACEMENT_MOVE_WITHDRAW"})
        self.assertEqual(self.client.call(get_placement={"id": waits}).get_placement.state, 1)
        self.refused(INVALID_ARGUMENT, round_.ask("cancel"), "reason")
        round_.give_up(self.operator())
        self.assertEqual(self.client.call(get_placement={"id": waits}).get_placement.state, 3)

    def test_a_partner_that_is_suspended_meanwhile(self):
        """The result stands; whoever is placed there is told at once that the partner is gone."""
        offer = self.offer(seats=1)
        round_ = Round(self.client, "r").take().step("open")
        round_.submit("s", [offer])
        round_.freeze()
        round_.draw().compute()
        self.client.write(set_partner_status={"id": self.partner, "status": "PARTNER_STATUS_SUSPENDED"})
        round_.publish()
        placement = self.client.call(get_placement={"id": round_.student("s").result.placement_id}).get_placement
        self.assertEqual(placement.state, 13)


class Moments(Rounds):
    """A public draw whose moment was announced: frozen before it, drawn from it on."""

    def begin(self, name, seconds):
        """A round that is open, whose public draw is so many seconds ahead at least; and that moment, by the system's clock."""
        beacon = rounds.plan(name)["beacon"]  # not at the end of a day
        moment = int(time.time()) + seconds + 1
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
        round_ = Round(self.client, name, beacon={**beacon, "date": date}).take([self.offer()]).step("open")
        round_.submit("s", [1])
        return round_, moment

    def sleep_until(self, moment):
        time.sleep(max(0, moment - time.time()) + 0.01)

    def draw(self, round_, **fields):
        return self.client.ask(write={"draw_round": {"round": round_.name, "secrets": list(round_.secrets), "beacon_bytes": b"x", **fields}})

    def test_before_and_behind(self):
        round_, moment = self.begin("r", 5)
        frozen = round_.freeze()
        self.assertLess(frozen.frozen_us, moment * 1000000)
        self.refused(FAILED_PRECONDITION, self.draw(round_), "the public draw that was announced is on 20", "Z")
        round_.step("revise", "a test")
        self.sleep_until(moment)
        self.assertEqual(round_.submit("s", [], replace=True).status.code, OK)
        again = round_.freeze()
        self.assertEqual((again.revision, again.frozen_us), (1, frozen.frozen_us), "frozen is the last time before the draw")
        self.assertNotEqual(again.input_digest, frozen.input_digest)
        self.refused(FAILED_PRECONDITION, self.draw(round_, fallback=True), "may still be held today", "from the day behind 20")
        self.assertEqual(self.draw(round_).status.code, OK)
        self.assertGreaterEqual(round_.get().drawn_us, moment * 1000000)
        self.assertIn(f"\nbeacon-date {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))}\n", round_.files()["input"].decode())

    def test_frozen_too_late(self):
        round_, moment = self.begin("r", 3)
        self.sleep_until(moment)
        self.refused(FAILED_PRECONDITION, round_.ask("freeze"), "has been held", "make another one")
        self.assertEqual(round_.get().state, OPEN)

    def test_a_digest_that_comes_too_late(self):
        """The lists were closed in time, but nobody could know."""
        round_, moment = self.begin("r", 3)
        tasks = pathlib.Path(f"/proc/{self.daemon.process.pid}/task").iterdir()
        with stopped(next(int(task.name) for task in tasks if (task / "comm").read_text() == "rounds\n")):
            round_.step("freeze")
            self.sleep_until(moment)
        self.assertGreaterEqual(round_.until(FROZEN).frozen_us, moment * 1000000)
        self.refused(FAILED_PRECONDITION, self.draw(round_), "was not frozen, and its digest known, before the public draw of 20")
        round_.step("revise", "a test")
        round_.freeze()
        self.refused(FAILED_PRECONDITION, self.draw(round_), "was not frozen")
        round_.give_up(self.operator())

    def test_bad_moments(self):
        good = rounds.plan("r")
        for date, words in (("2020-01-01T00:00:00Z", "lies ahead"), (time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime()), "lies ahead"),
                            ("2199-02-29T12:00:00Z", "neither a day"), ("2199-01-01T24:00:00Z", "neither a day"), ("", "neither a day"),
                            ("2199-01-01T12:00", "as 2026-11-26T12:00:00Z")):
            answer = self.client.ask(write={"create_round": {"name": "r", "plan": {**good, "beacon": {**good["beacon"], "date": date}}}})
            self.refused(INVALID_ARGUMENT, answer, words)
            self.assertEqual(answer.status.field, "plan.beacon.date")


class Corrections(Rounds):
    def test_a_revision_has_the_same_seed(self):
        offer, other = self.offer(seats=1), self.offer(seats=1)
        portal = self.portal("portal", source="school")
        round_ = Round(self.client, "r").take().step("open")
        for student in "abcd":
            self.assertEqual(round_.submit(student, [offer], portal, issuer="").status.code, OK)
        round_.freeze()
        round_.draw().compute()
        before, order = round_.get(), lottery(parse(round_.files())[1], [round_.get().seed])
        self.refused(INVALID_ARGUMENT, round_.ask("revise"), "reason")
        self.assertEqual(round_.step("revise", "a list was mistyped").get().state, REVISING)
        self.refused(FAILED_PRECONDITION, round_.submit("a", [other], portal, issuer="", replace=True), "take a list")
        self.refused(FAILED_PRECONDITION, round_.submit("e", [other]), "later round")
        self.assertEqual(round_.submit("a", [other, offer], replace=True).status.code, OK)
        self.client.write(withdraw_round_list={"round": "r", "issuer": "school", "student": "b"})
        round_.step("freeze").until(DRAWN)
        after = round_.compute()
        self.assertEqual((after.revision, after.seed, after.students), (1, before.seed, 3))
        self.assertNotEqual(after.input_digest, before.input_digest)
        self.check_result(round_)
        again = lottery(parse(round_.files())[1], [after.seed])
        self.assertEqual(sorted(again, key=again.get), [ref for ref in sorted(order, key=order.get) if ref in again])
        self.assertEqual(round_.student("a", portal, issuer="").result.rank, 1)
        round_.publish()
        self.assertEqual(len(self.placements()), after.assigned)

    def test_what_stays_of_a_revision(self):
        """Its state, time, reason and digests, for everybody; whatever comes behind it."""
        offer, portal = self.offer(seats=1), self.portal("portal")
        round_ = Round(self.client, "r").take().step("open")
        for student in "abcd":
            round_.submit(student, [offer])
        first = round_.freeze()
        self.assertEqual((first.input_frozen_us, list(first.revisions)), (first.frozen_us, []))
        for reason in ("x" * 501, "\u00e9" * 251, " space", "space ", "two\nlines"):
            self.refused(INVALID_ARGUMENT, round_.ask("revise", reason), "reason")
        self.assertEqual(round_.step("revise", "\u00e9" * 250).get().input_frozen_us, 0)
        second = round_.freeze()
        self.assertEqual((second.input_frozen_us, second.input_frozen_us > first.frozen_us), (second.frozen_us, True))
        round_.draw().step("revise", "drawn").step("freeze").until(DRAWN)
        computed = round_.compute()
        self.assertGreater(computed.input_frozen_us, computed.drawn_us)
        self.assertEqual(computed.frozen_us, second.frozen_us)
        record = round_.record()
        round_.step("revise", "computed").step("freeze").until(DRAWN)
        round_.compute()
        round_.publish()
        got = portal.call(get_round={"name": "r"}).get_round.round
        self.assertEqual([(r.state, r.reason, r.record_digest) for r in got.revisions],
                         [(FROZEN, "\u00e9" * 250, b""), (DRAWN, "drawn", b""), (COMPUTED, "computed", record)])
        self.assertEqual([r.input_digest for r in got.revisions[:2]], [first.input_digest, second.input_digest])
        times = [got.created_us, got.revisions[0].revised_us, got.frozen_us, got.drawn_us, *(r.revised_us for r in got.revisions[1:]),
                 got.input_frozen_us, got.computed_us]
        self.assertEqual(times, sorted(set(times)))

    def test_no_more_revisions_than_a_record_tells_of(self):
        round_ = Round(self.client, "r").take([self.offer()]).step("open")
        for n in range(255):
            round_.freeze()
            round_.step("revise", str(n))
        round_.freeze()
        self.refused(FAILED_PRECONDITION, round_.ask("revise", "once more"), "255 times")
        self.assertEqual([r.reason for r in round_.get().revisions], [str(n) for n in range(255)])

    def test_a_late_round(self):
        """Whoever holds a seat keeps it or gets better; the lottery of earlier students stays; a late referred student can
        not push out a holder through the reserve."""
        dice = random.Random(3)
        offers = [self.offer(kind="OFFER_KIND_INTERNSHIP", seats=3, reserved_seats=2, interests=["zorg"]) for _ in range(6)]
        first = Round(self.client, "one").take().step("open")
        for n in range(16):
            first.submit(f"s{n}", dice.sample(offers, 3), referred=n % 4 == 0)
        first.freeze()
        first.draw().compute()
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"create_round": {
            "name": "two", "plan": rounds.plan("two"), "previous": "one"}}), "exported")
        record = first.record()
        first.publish()
        held = {f"s{n}": first.student(f"s{n}").result for n in range(16)}
        second = Round(self.client, "two", previous="one").take().step("open")
        kept = [s for s, result in held.items() if result.placement_id][:8]
        stays = held[kept[0]].placement_id
        for student in kept:
            best = first.student(student)
            wishes = [o for o in offers if o != held[student].offer_id]
            named = dice.choice([0, held[student].placement_id])  # it is kept also where it is not named
            answer = second.submit(student, dice.sample(wishes, 2), referred=best.student.referred, keep_placement=named)
            self.assertEqual(answer.status.code, OK, answer.status)
        for n in range(8):
            second.submit(f"late{n}", dice.sample(offers, 3), referred=True)
        self.refused(INVALID_ARGUMENT, second.submit("late9", [], keep_placement=stays), f"placement {stays} is no seat that this student holds")
        second.freeze()
        second.draw().compute()
        results = self.check_result(second, [second.get().seed, first.get().seed])
        seeds = {ref: seed for ref, _, seed, _ in parse(second.files())[1]}
        self.assertEqual(sorted(seeds.values()), [0] * 8 + [1] * 8)
        self.assertIn(f"earlier 1 one {first.get().seed.hex()} {record.hex()}", second.files()["input"].decode())
        second.publish()
        taken = {}
        for placement in self.placements():
            if placement.state == ACCEPTED:
                taken.setdefault(placement.student_id, []).append(placement.offer_id)
        for student in kept:
            shown = second.student(student)
            self.assertEqual(taken[shown.student.student_id], [shown.result.offer_id], "a holder has lost its seat or has two")
            self.assertGreaterEqual(shown.result.rank, 1)
        for offer in offers:
            self.assertLessEqual(sum(offer in held_offers for held_offers in taken.values()), 3)
        self.assertEqual({p.state for p in self.placements()} - {ACCEPTED, WITHDRAWN}, set())
        self.assertEqual(len(results), second.get().assigned)


class OwnLotteries(Rounds):
    """Offers that draw a lottery of their own (MTB)."""

    def check_numbers(self, round_, seeds, students):
        """What students are told of their numbers is what follows from the record; returns the answers."""
        files = round_.files()
        own, ranks, told = own_lotteries(files, seeds), lottery(parse(files)[1], seeds), {}
        lists = [offer for _, _, _, wishes in parse(files)[1] for offer, _ in wishes]
        for student in students:
            told[student] = answer = round_.student(student, language="en")
            ref = answer.student.ref.hex()
            self.assertEqual(answer.result.lottery_rank, ranks[ref])
            wanted = []
            for offer in (f"{offer:010}" for offer in answer.student.offers):
                drew = (ref, offer) in own
                wanted.append((drew, own.get((ref, offer), ranks[ref]), lists.count(offer) if drew else len(ranks)))
            self.assertEqual([(w.own_lottery, w.lottery_rank, w.lottery_size) for w in answer.wishes], wanted)
            sentences = [f"lottery number here is {number} (0 comes first), of {size} students" for wish, (drew, number, size)
                         in zip(answer.wishes, wanted, strict=True) if drew and wish.reason not in ("", "ineligible", "pinned")]
            said = [line.split("own: the ")[1] for line in answer.text if "This offer drew a lottery of its own: the " in line]
            self.assertEqual([line.split(" who ")[0] for line in said], sentences)
            self.assertEqual(any("ten digits" in line for line in answer.text), any(drew for drew, _, _ in wanted))
        for line in files["explanations"].decode().splitlines():
            words = line.split(" ")
            self.assertEqual(int(words[1]), ranks[words[0]])
            for offer, why in (word.split("=") for word in words[5:]):
                if why.split(";")[0] not in ("ineligible", "pinned"):
                    self.assertEqual(int(why.split(";")[1].split(",")[1]), own.get((words[0], offer), ranks[words[0]]))
        return told

    def test_a_mixed_round(self):
        dice = random.Random(9)
        offers = [self.offer(seats=dice.randint(0, 4), reserved_seats=dice.randint(0, 1), levels=["LEVEL_MBO3"] if n % 4 == 0 else [])
                  for n in range(14)]
        own = [offer for n, offer in enumerate(offers) if n % 3 != 1]
        round_ = Round(self.client, "r", rule=RULE).take(own, True).take()
        self.assertEqual((round_.get().offers, round_.get().own_lotteries), (14, len(own)))
        round_.step("open")
        students = [f"s{n}" for n in range(90)]
        for student in students:
            facts = [f"home={dice.choice(['GM0606', 'PL-kethel', 'GM0363'])}", f"level={dice.choice(['mbo3', 'mbo4'])}"]
            answer = round_.submit(student, dice.sample(offers, dice.randint(0, 8)), referred=dice.random() < 0.3, facts=facts)
            self.assertEqual(answer.status.code, OK, answer.status)
        before = round_.student("s1")
        self.assertEqual([w.own_lottery for w in before.wishes], [offer in own for offer in before.student.offers])
        frozen = round_.freeze()
        round_.draw().compute()
        self.check_result(round_)
        files, seeds = round_.files(), [round_.get().seed]
        self.assertEqual(digest(files["input"]), frozen.input_digest)
        told = self.check_numbers(round_, seeds, students)
        alike = dict(files, input=files["input"].replace(b" mtb ", b" stb "))
        self.assertNotEqual(allocate(files, seeds), allocate(alike, seeds), "the case does not tell the lotteries apart")
        dutch = [s for s in students if any(w.own_lottery and w.reason == "lottery" for w in told[s].wishes)][0]
        self.assertIn("Hier is apart geloot: het lotnummer is hier ", " ".join(round_.student(dutch, language="nl").text))
        round_.step("revise", "a test")
        self.assertEqual(round_.submit("s1", own[:1], referred=True, replace=True, facts=["home=GM0606", "level=mbo4"]).status.code, OK)
        round_.step("freeze").until(DRAWN)
        round_.compute()
        self.check_result(round_)
        self.check_numbers(round_, seeds, students)
        round_.publish()
        told = self.check_numbers(round_, seeds, students)
        self.assertEqual({answer.result.placement_id != 0: answer.result.rank != 0 for answer in told.values()}, {True: True, False: False})
        round_.step("close").step("forget").until(FORGOTTEN)
        self.daemon.stop()
        self.assertIn("all is well", harness.run(self.daemon.command("--check")).stdout)

    def test_a_late_round(self):
        """In a lottery of an offer's own, too, a student draws with the seed of its first round; whoever keeps a seat has a number there."""
        dice = random.Random(4)
        offers = [self.offer(kind="OFFER_KIND_INTERNSHIP", seats=2, reserved_seats=1) for _ in range(5)]
        first = Round(self.client, "one", own_lottery={}).take().step("open")
        self.assertEqual(first.get().own_lotteries, 5)
        for n in range(14):
            first.submit(f"s{n}", dice.sample(offers, 3), referred=n % 4 == 0)
        first.freeze()
        first.draw().compute()
        self.check_result(first)
        first.record()
        first.publish()
        second = Round(self.client, "two", previous="one", secrets=(bytes(32), bytes([1] * 32))).take(offers[:3], True).take()
        second.step("open")
        students = []
        for n in range(14):
            got = first.student(f"s{n}")
            if got.result.rank != 1:
                keep = {"keep_placement": got.result.placement_id} if got.result.rank else {}
                wishes = dice.sample([o for o in offers if o != got.result.offer_id], 2)
                self.assertEqual(second.submit(f"s{n}", wishes, referred=got.student.referred, **keep).status.code, OK)
                students.append(f"s{n}")
        for n in range(6):
            second.submit(f"late{n}", dice.sample(offers, 3), referred=n < 3)
            students.append(f"late{n}")
        second.freeze()
        second.draw().compute()
        seeds = [second.get().seed, first.get().seed]
        self.check_result(second, seeds)
        told = self.check_numbers(second, seeds, students)
        self.assertIn((True, "pinned"), {(w.own_lottery, w.reason) for answer in told.values() for w in answer.wishes})
        second.publish()

    def frozen(self, round_):
        """The offers that draw a lottery of their own, by the lines of the record."""
        round_.step("open").freeze()
        return {int(line[0].split(" ")[1]) for line in round_.lines("ROUND_LINE_SORT_OFFERS")[1] if " mtb " in line[0]}

    def test_which_offers(self):
        """By kind and region when the round is made, by id until it opens."""
        away, second = self.client.add_partner("away", region="GM0363"), self.operator()
        sport, stage = self.offer(kind="OFFER_KIND_SPORT"), self.offer(kind="OFFER_KIND_INTERNSHIP")
        far = self.client.add_offer("far", away, kind="OFFER_KIND_INTERNSHIP")
        stages = {"kinds": ["OFFER_KIND_INTERNSHIP"]}
        for number, (group, takes, wanted) in enumerate((
                (None, [(None, None)], set()), ({}, [(None, None)], {sport, stage, far}), (stages, [(None, None)], {stage, far}),
                ({**stages, "region": "GM0606"}, [(None, None)], {stage}), ({"region": "GM0606"}, [([sport], False), (None, None)], {stage}),
                (None, [(None, None), ([sport, far], True), ([far], False)], {sport}), (None, [([far], True), (None, False)], {far}),
                ({}, [(None, False)], set()))):
            with self.subTest(number):
                round_ = Round(self.client, f"r{number}", **({} if group is None else {"own_lottery": group}))
                for offers, own in takes:
                    round_.take(offers, own)
                self.assertEqual((round_.get().own_lotteries, round_.get().offers), (len(wanted), 3))
                self.assertEqual(self.frozen(round_), wanted)
                plan = self.client.call(get_round={"name": round_.name}).get_round.plan
                self.assertEqual(plan.HasField("own_lottery"), group is not None)
                round_.give_up(second)
        answer = self.client.ask(write={"create_round": {"name": "r", "plan": rounds.plan("r", own_lottery={"region": "GM9999"})}})
        self.refused(INVALID_ARGUMENT, answer, "GM9999")
        self.assertEqual(answer.status.field, "plan.own_lottery.region")
        round_ = Round(self.client, "r").take([sport], True)
        take = lambda **fields: self.client.ask(write={"take_round_offers": {"round": "r", **fields}})
        self.refused(FAILED_PRECONDITION, take(offer_ids=[stage, sport], lottery=2), "takes part already, and draws a lottery of its own")
        self.refused(FAILED_PRECONDITION, take(offer_ids=[stage, sport]), "takes part already")
        self.refused(FAILED_PRECONDITION, take(offer_ids=[sport, sport], lottery=1), "is named twice")
        self.refused(INVALID_ARGUMENT, take(offer_ids=[stage], lottery=3), "lottery")
        self.assertEqual((round_.get().offers, round_.get().own_lotteries), (1, 1))
        round_.step("open")
        self.refused(FAILED_PRECONDITION, take(offer_ids=[sport], lottery=1), "can not take offers in")


class Vectors(Rounds):
    """The worked examples of the literature, through offers, a rule, lists and a lottery that plays no part: each pair has a
    class of its own, which is the student's place in the offer's order."""

    def order(self, vector, offer):
        """Who may have the offer, best first."""
        if "priority" in offer:
            return offer["priority"]
        return sorted(offer["class"], key=lambda student: (offer["class"][student], vector["lottery_rank"][student]))

    def run_vector(self, number, vector):
        name, kind, rule, ids = f"v{number}", f"V{number}", [], {}
        for offer, fields in vector["offers"].items():
            partner = self.client.add_partner(f"{kind}-{offer}")  # by which the rule knows the offer
            seats = fields["capacity"]
            ids[offer] = self.client.add_offer(f"{kind}-{offer}", partner, seats=seats,
                                               reserved_seats=min(fields.get("reserve", 0), seats), kind="OFFER_KIND_INTERNSHIP")
            rule += [f"when n{len(rule) + at} class {at} student who {student} & offer partner {partner}"
                     for at, student in enumerate(self.order(vector, fields))]
        most = max(len(self.order(vector, fields)) for fields in vector["offers"].values())
        text = "\n".join(["rule vector 1"] + [f"label {k} place {k}" for k in range(most)] + rule + ["else none ineligible", ""])
        own = bool(number % 2)  # where each pair has a class of its own no lottery plays a part, whichever it is
        round_ = Round(self.client, name, rule=text).take(list(ids.values()), own).step("open")
        self.assertEqual(round_.get().own_lotteries, own * len(ids))
        for student, told in vector["students"].items():
            told = told if isinstance(told, dict) else {"prefs": told, "referred": False}
            known = [ids[offer] for offer in told["prefs"] if offer in ids]
            if len(known) < len(told["prefs"]):  # an offer that there is not is no part of a list here
                self.refused(INVALID_ARGUMENT, round_.submit(student, [ids.get(offer, 999999) for offer in told["prefs"]]))
            answer = round_.submit(student, known, referred=told["referred"], facts=[f"who={student}"])
            self.assertEqual(answer.status.code, OK, answer.status)
        round_.freeze()
        round_.draw().compute()
        self.check_result(round_)
        back = {offer: key for key, offer in ids.items()}
        got = {student: back.get(round_.student(student).result.offer_id) for student in vector["students"]}
        self.assertEqual(got, vector["expected"])
        cutoffs = {int(words[0]): words[5:] for words in (line.split(" ") for line in round_.files()["cutoffs"].decode().splitlines())}
        for offer, wanted in vector["expected_cutoffs"].items():
            order = self.order(vector, vector["offers"][offer])
            read = [word.lower() if word in ("OPEN", "CLOSED") else order[int(word.split(",")[0])] for word in cutoffs[ids[offer]]]
            self.assertEqual(read, [wanted["general"], wanted["referred"]], offer)
        round_.publish()
        placed = {p.offer_id for p in self.placements() if p.offer_id in back}
        self.assertEqual(placed, {ids[offer] for offer in vector["expected"].values() if offer})

    def test_vectors(self):
        with open(harness.ROOT / "tests" / "verify" / "vectors.json", encoding="utf-8") as file:
            vectors = json.load(file)["vectors"]
        self.assertGreater(len(vectors), 15)
        for number, vector in enumerate(vectors):
            with self.subTest(vector["id"]):
                self.run_vector(number, vector)


class Privacy(Rounds):
    def test_nothing_of_a_student_is_kept(self):
        """Neither a reference nor a query is in the store, the journal, a file or the log; nor is the salt that would lead from
        one to the other."""
        self.daemon.stop()
        self.daemon.args = ["--log-level", "debug"]
        self.daemon.start()
        self.client = self.daemon.client()
        self.offer(interests=["sport.voetbal"])
        round_ = Round(self.client, "r").take().step("open")
        for n in range(20):
            answer = round_.submit(f"reference-of-{n}", [], top=3, query={
                "region": "GM0606", "interests": [{"code": "sport.voetbal"}], "funds": [f"fund-of-{n}"]})
            self.assertEqual(answer.status.code, OK, answer.status)
        round_.submit("reference-of-x", [99999])  # refused
        self.client.write(withdraw_round_list={"round": "r", "issuer": "school", "student": "reference-of-3"})
        round_.freeze()
        round_.draw().compute()
        self.client.write(object_to_round={"round": "r", "issuer": "school", "student": "reference-of-4", "kind": 1})
        round_.publish()
        shown = round_.student("reference-of-5").student
        salt = digest(b"round_salt\0r", key=(self.daemon.data_dir / "kansen.key").read_bytes())
        self.assertEqual(bytes(shown.ref), digest(b"school\0reference-of-5", key=salt))
        self.daemon.stop()
        for path in self.daemon.data_dir.rglob("*"):
            kept = path.read_bytes() if path.is_file() else b""
            for secret in (b"reference-of-", b"fund-of-", salt):
                self.assertNotIn(secret, kept, path)
        self.assertNotIn("reference-of-", self.daemon.log())
        self.assertNotIn("fund-of-", self.daemon.log())


class Again(Rounds):
    """The journal holds all that rounds depended on: replayed on the store of before, it ends in the same digest. So does a
    store that was read from a dump."""

    def ctl(self, daemon, *args):
        done = harness.run([harness.kansenctl(), *args, "-s", daemon.tcp])
        self.assertEqual(done.returncode, 0, done.stderr)

    def said(self, daemon):
        done = harness.run(daemon.command("--check")).stdout
        self.assertIn("all is well", done)
        return done

    def live(self):
        dice = random.Random(11)
        offers = [self.offer(seats=2, reserved_seats=1, kind="OFFER_KIND_INTERNSHIP", waiting_list=True) for _ in range(5)]
        portal = self.portal("portal", source="school")
        rule = "rule a 1\nlabel 0 x\nlabel 1 y\nwhen n class 0 within home place 100\nelse o class 1\n"
        first = Round(self.client, "one", rule=rule, own_lottery={"region": "NL"}).take(offers[:3]).take(offers[3:], False)
        first.take(offers[:1], False).take(offers[4:], True).step("open")
        for n in range(12):
            first.submit(f"s{n}", dice.sample(offers, 3), portal, issuer="", referred=n % 3 == 0, facts=["home=GM0606"])
        first.submit("q", [], query={"region": "NL"}, top=2)
        self.client.write(reserve_placement={"offer_id": offers[0], "student": "w"})
        portal.write(withdraw_round_list={"round": "one", "student": "s0"})
        first.freeze()
        first.step("revise", "a test")
        first.submit("s1", offers[:1], replace=True)
        first.step("freeze").until(FROZEN)
        first.draw().compute()
        record = first.record()
        first.publish()
        self.client.write(object_to_round={"round": "one", "issuer": "school", "student": "s2", "kind": 1})
        self.client.write(review_objection={"round": "one", "id": 1, "reason": "looked at"})
        second = Round(self.client, "two", previous="one").take().step("open")
        for n in range(1, 12):
            got = first.student(f"s{n}", portal, issuer="")
            keep = {"keep_placement": got.result.placement_id} if got.result.rank > 1 else {}
            if got.result.rank != 1:
                second.submit(f"s{n}", [o for o in offers if o != got.result.offer_id][:2], portal, issuer="",
                              referred=got.student.referred, facts=["home=GM0606"], **keep)
        second.freeze()
        second.draw().compute()
        second.record(previous=record)
        second.publish()
        first.step("close").step("forget").until(FORGOTTEN)
        self.refused(FAILED_PRECONDITION, self.client.ask(write={"create_round": {
            "name": "four", "plan": rounds.plan("four"), "previous": "two"}}), "round one of this row is forgotten")
        Round(self.client, "three").take().step("open").step("cancel", "a test").until(CANCELLED)

    def elsewhere(self, key):
        """Another daemon, which is empty until a dump is read."""
        other = harness.Daemon()
        self.addCleanup(other.remove)
        other.data_dir.mkdir(parents=True)
        shutil.copy(key, other.data_dir)
        other.take_token = lambda: None
        return other.start()

    def test_replay_and_load(self):
        self.daemon.stop()
        base, journal, dump = (self.daemon.scratch / name for name in ("base", "journal", "dump"))
        shutil.copytree(self.daemon.data_dir, base)
        self.daemon.start()
        self.client = self.daemon.client()
        self.live()
        self.ctl(self.daemon, "journal", "export", journal)
        self.ctl(self.daemon, "dump", dump)
        self.daemon.stop()
        wanted = self.said(self.daemon)
        shutil.rmtree(self.daemon.data_dir)
        shutil.copytree(base, self.daemon.data_dir)
        done = harness.run([harness.kansend(), "--replay", journal, self.daemon.data_dir])
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.said(self.daemon), wanted)
        other = self.elsewhere(base / "kansen.key")
        done = harness.run([harness.kansenctl(), "-s", other.unix, "load", dump])
        self.assertEqual(done.returncode, 0, done.stderr)
        other.stop()
        self.assertEqual(self.said(other).split("digest")[1], wanted.split("digest")[1])

    def test_load_while_it_goes_on(self):
        """A round that goes on by itself waits until all of its stream is read, and then ends as it does where it came from."""
        offers = [self.offer(seats=1, reserved_seats=n % 2) for n in range(6)]
        round_ = Round(self.client, "r").take().step("open")
        for n in range(20):
            round_.submit(f"s{n}", offers[n % 6:] + offers[:n % 6], referred=n % 3 == 0)
        round_.freeze()
        round_.draw()
        tasks = pathlib.Path(f"/proc/{self.daemon.process.pid}/task").iterdir()
        with stopped(next(int(task.name) for task in tasks if (task / "comm").read_text() == "rounds\n")):
            round_.step("compute")
            self.ctl(self.daemon, "dump", self.daemon.scratch / "dump")
        wanted = round_.until(COMPUTED)
        other = self.elsewhere(self.daemon.data_dir / "kansen.key")
        frames = frames_of((self.daemon.scratch / "dump").read_bytes())
        lists = next(n for n, frame in enumerate(frames) if b"round_student" in frame)
        head, tail = stream_of(frames[:lists + 10]), stream_of(frames[lists + 10:])
        with harness.Client(other.unix) as client:
            client.write(load_stream={"data": head, "offset": 0})
            time.sleep(0.5)  # the thread of rounds looks ten times a second
            client.write(load_stream={"data": tail, "offset": len(head)})
            got = Round.__new__(Round)
            got.client, got.name = client, "r"
            self.assertEqual(got.until(COMPUTED).result_digest, wanted.result_digest)
            self.assertEqual(got.files(), round_.files())
        self.assertNotIn("a round can not go on", other.log())

    def test_no_load_over_a_round(self):
        """A store with a round in it is not empty."""
        self.ctl(self.daemon, "dump", self.daemon.scratch / "dump")
        other = self.elsewhere(self.daemon.data_dir / "kansen.key")
        with harness.Client(other.unix) as client:
            Round(client, "kept")
            data = (self.daemon.scratch / "dump").read_bytes()
            self.refused(FAILED_PRECONDITION, client.ask(write={"load_stream": {"data": data, "offset": 0}}), "an empty store only")
            self.assertEqual(client.call(get_round={"name": "kept"}).get_round.round.state, CREATED)


class Damage(Rounds):
    def test_check(self):
        """A check looks at what is in no digest, too: the places that a rule measures from, and kept answers."""
        offer = self.offer()
        rule = "rule a 1\nlabel 0 x\nlabel 1 y\nwhen n class 0 within home place 100\nelse o class 1\n"
        round_ = Round(self.client, "r", rule=rule).take([offer]).step("open")
        round_.submit("a", [offer], facts=["home=GM0606"])
        round_.freeze()
        request = self.client.request(write={"set_offer_status": {"id": 4040404, "status": "OFFER_STATUS_CLOSED"}})
        request.idempotency_key = "key"
        self.client.send(request)
        message = self.client.receive().status.message.encode()
        self.daemon.stop()
        path = self.daemon.data_dir / "kansen.mdb"
        sound = path.read_bytes()
        schiedam = round_pb2.RoundPlace(code="GM0606", at={"lat_e6": 51920000, "lon_e6": 4400000}).SerializeToString()
        for what, kept in (("round_place", schiedam), ("answer", message)):
            self.assertGreater(sound.count(kept), 0, what)
            path.write_bytes(sound.replace(kept, kept[:-1] + bytes([kept[-1] ^ 1])))
            done = harness.run(self.daemon.command("--check"))
            self.assertEqual(done.returncode, 1, what)
            self.assertIn(f"{what}: a record's checksum does not hold", done.stdout)


class Objections(Rounds):
    def review(self, client, objection, **fields):
        return client.ask(write={"review_objection": {"round": "r", "id": objection, "reason": "looked at", **fields}})

    def object(self, student, client=None, **fields):
        return (client or self.client).ask(write={"object_to_round": {"round": "r", "issuer": "school", "student": student, "kind": 1, **fields}})

    def setUp(self):
        super().setUp()
        self.full, self.free = self.offer(seats=1), self.offer(seats=5)
        self.portal_ = self.portal("portal", source="school")
        self.round = Round(self.client, "r").take().step("open")
        for student in "ab":
            self.round.submit(student, [self.full], self.portal_, issuer="")
        self.round.freeze()
        self.round.draw()

    def test_before_publication(self):
        self.refused(FAILED_PRECONDITION, self.object("a"), "is drawn and can not hear objections")
        self.round.compute()
        self.refused(INVALID_ARGUMENT, self.object("a", kind=0))
        self.refused(NOT_FOUND, self.object("nobody"), "no list")
        self.refused(NOT_FOUND, self.object("a", self.portal("other"), issuer=""), "no list")
        mine = self.object("a", self.portal_, issuer="").write.id
        other = self.object("b").write.id
        self.assertEqual(self.round.get().open_objections, 2)
        listed = self.portal_.call(list_round_objections={"round": "r"}).list_round_objections.objections
        self.assertEqual([o.id for o in listed], [mine])
        self.refused(INVALID_ARGUMENT, self.review(self.client, mine, reason=""), "reason")
        self.assertEqual(self.review(self.client, mine).status.code, OK)
        self.refused(FAILED_PRECONDITION, self.review(self.client, mine), "confirmed")
        self.refused(INVALID_ARGUMENT, self.review(self.client, other, correct=True, to_offer=self.free), "published result only")
        self.assertEqual(self.review(self.client, other, correct=True).status.code, OK)
        self.assertEqual(self.round.get().open_objections, 0)

    def test_a_published_result_takes_two_operators(self):
        self.round.compute()
        self.round.publish()
        loser = min("ab", key=lambda s: self.round.student(s).result.rank)
        winner = "a" if loser == "b" else "b"
        files = self.round.files()
        objection = self.object(loser, self.portal_, issuer="").write.id
        self.refused(FAILED_PRECONDITION, self.review(self.client, objection, correct=True, to_offer=self.full), "no free seat")
        self.refused(FAILED_PRECONDITION, self.review(self.client, objection, correct=True, to_offer=999), "take part")
        self.refused(FAILED_PRECONDITION, self.round.ask("close"), "1 objections have no answer")
        self.assertEqual(self.review(self.client, objection, correct=True, to_offer=self.free).status.code, OK)
        agree = {"agree_to_correction": {"round": "r", "id": objection}}
        self.refused(FAILED_PRECONDITION, self.client.ask(write=agree), "who proposed")
        with self.daemon.client(token=harness.issue_token(self.client, "local")) as again:  # another token of the same client
            self.refused(FAILED_PRECONDITION, again.ask(write=agree), "who proposed")
        second = self.operator("second")
        self.assertEqual(len(self.placements(offer_id=self.free)), 0)
        second.write(agree_to_correction={"round": "r", "id": objection, "refuse": True})
        self.refused(FAILED_PRECONDITION, second.ask(write=agree), "no correction")
        self.review(self.client, objection, correct=True, to_offer=self.free)
        self.assertEqual(second.ask(write=agree).status.code, OK)
        self.assertEqual([p.state for p in self.placements(offer_id=self.free)], [REQUESTED])
        got = self.round.get()
        self.assertEqual((got.corrections, got.open_objections), (1, 0))
        self.assertEqual(self.round.files(), files, "the result that was computed stays")
        # Who has a seat can lose it, too; it goes to whoever waits.
        objection = self.object(winner).write.id
        self.review(second, objection, correct=True)
        self.client.write(agree_to_correction={"round": "r", "id": objection})
        self.assertEqual([p.state for p in self.placements(offer_id=self.full)], [WITHDRAWN])
        told = self.client.call(list_round_objections={"round": "r", "limit": 1}).list_round_objections
        self.assertTrue(told.next_cursor)
        self.assertEqual((told.objections[0].reviewer, told.objections[0].to_offer), ("client:local/token:1", self.free))
        self.round.step("close")
        self.refused(FAILED_PRECONDITION, self.object("a"), "is closed")
        self.daemon.stop()
        self.assertIn("all is well", harness.run(self.daemon.command("--check")).stdout)


if __name__ == "__main__":
    unittest.main()
