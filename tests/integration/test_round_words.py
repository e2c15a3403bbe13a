# SPDX-License-Identifier: Apache-2.0
"""What a student and a school board are told of a round: each sentence of an explanation, and the page with charts, from
which nothing follows about few."""
import html.parser
import json
import pathlib
import random
import re
import unittest

import harness
from rounds import Round, digest

RULE = """rule test 1
label 0 Voorgedragen
label 1 Overig
when level ineligible not same level level
when referred class 0 referred & reserved
else others class 1
"""
SMALL = 10


class Told(harness.Programs, unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.folder = pathlib.Path(self.daemon.scratch)
        self.second = self.daemon.caller(self.client, "second")
        self.addCleanup(self.second.close)

    def offer(self, name, partner=None, **fields):
        return self.client.add_offer(name, partner or self.client.add_partner(f"p{name}", name=f"p{name}"), title=name, **{"levels": ["LEVEL_MBO4"], **fields})

    def ctl(self, *args, stdin=None):
        return super().ctl("round", *args, stdin=stdin).stdout

    def submit(self, round_, lists):
        lines = [{"student": student, "offers": offers, "referred": referred, "facts": {"level": "mbo4"}}
                 for student, referred, offers in lists]
        self.ctl("submit", round_.name, "-", "--issuer", "school", stdin="".join(json.dumps(line) + "\n" for line in lines))


class Words(Told):
    def said(self, student, language, name="r"):
        return self.ctl("explain", name, "--issuer", "school", "--student", student, "--language", language)

    def test_each_sentence(self):
        level, one, two, roomy, last = (self.offer("Niveau", levels=["LEVEL_MBO3"]), self.offer("Een", seats=1, reserved_seats=1),
                                        self.offer("Twee", seats=2, reserved_seats=1), self.offer("Ruim", seats=9), self.offer("Laatste"))
        round_ = Round(self.client, "r", rule=RULE).take().step("open")
        self.submit(round_, [("g", False, [level, one, two, roomy, last]), ("r", True, [one]), ("r2", True, [two]), ("r3", True, [two]),
                             ("r4", True, [two]), ("e", False, [])])
        round_.freeze()
        round_.draw().compute()
        self.check_lottery(round_, ("g", "r", "r2", "r3", "r4", "e"))
        number = {s: round_.student(s).result.lottery_rank for s in ("g", "r", "r2", "r3", "r4", "e")}
        last_in = sorted(("r2", "r3", "r4"), key=number.get)
        first, second, third = (number[s] for s in last_in)
        wanted = {
            ("g", "en"): ["Placed at choice 4: Ruim (pRuim).", "1. Niveau (pNiveau): the rules do not allow it (rule: level).",
                          "2. Een (pEen): all seats that were to be given here were reserved for students whom the school refers, and went to them.",
                          "3. Twee (pTwee): full; students with priority went first. This student is in the group \"Overig\", the last one placed "
                          "in the group \"Voorgedragen\".",
                          "4. Ruim (pRuim): placed on an open seat (group: Overig).",
                          "   There were enough seats here, so the lottery number made no difference.",
                          "5. Laatste (pLaatste): not considered, as a higher choice was obtained.",
                          "No other order of the list could have given a better place."],
            ("g", "nl"): ["Geplaatst bij keuze 4: Ruim (pRuim).", "1. Niveau (pNiveau): deze leerling voldoet niet aan de regels (regel: level).",
                          "2. Een (pEen): alle plaatsen die hier te verdelen waren, waren gereserveerd voor voorgedragen leerlingen en zijn naar hen gegaan.",
                          "3. Twee (pTwee): vol; leerlingen met meer voorrang gingen voor. Deze leerling zit in de groep \"Overig\", de laatst "
                          "geplaatste in de groep \"Voorgedragen\".",
                          "4. Ruim (pRuim): geplaatst op een gewone plaats (groep: Overig).",
                          "   Hier waren genoeg plaatsen, dus het lotnummer maakte niet uit.",
                          "5. Laatste (pLaatste): niet bekeken, want een hogere keuze is gelukt.",
                          "Een andere volgorde van de lijst had geen betere plaats opgeleverd."],
            ("r", "en"): ["Placed at choice 1: Een (pEen).",
                          "1. Een (pEen): placed on a seat that was reserved for students whom the school refers (group: Voorgedragen).",
                          f"   The bound here was lottery number {number['r']} in the group \"Voorgedragen\"; this student has number {number['r']}."],
            (last_in[0], "nl"): ["Geplaatst bij keuze 1: Twee (pTwee).",
                                 "1. Twee (pTwee): geplaatst op een plaats die was gereserveerd voor voorgedragen leerlingen (groep: Voorgedragen).",
                                 f"   De grens lag hier bij lotnummer {second} in de groep \"Voorgedragen\"; deze leerling heeft lotnummer {first}."],
            (last_in[1], "en"): ["Placed at choice 1: Twee (pTwee).", "1. Twee (pTwee): placed on an open seat (group: Voorgedragen).",
                                 f"   The bound here was lottery number {second} in the group \"Voorgedragen\"; this student has number {second}."],
            (last_in[2], "en"): ["None of the choices had a seat for this student.",
                                 f"1. Twee (pTwee): full; the last one placed was in the same group (Voorgedragen), but had a lower lottery number: {second}."],
            (last_in[2], "nl"): ["Bij geen van de keuzes was er plaats voor deze leerling.",
                                 f"1. Twee (pTwee): vol; de laatst geplaatste zat in dezelfde groep (Voorgedragen), maar had een lager lotnummer: {second}."],
            ("e", "en"): ["The list was empty, so no seat was given."], ("e", "nl"): ["De lijst was leeg, dus er is geen plaats gegeven."]}
        self.assertLess(second, third)
        for (student, language), sentences in wanted.items():
            self.assertEqual(self.said(student, language).splitlines()[3:], sentences, (student, language))

    def check_lottery(self, round_, students, earlier=None):
        """Code, number and how it follows: anybody finds the same numbers from codes and seed."""
        seed = earlier or round_
        told, outcomes = {}, {}
        for student in students:
            dutch, english = (self.said(student, language, round_.name).splitlines()[:3] for language in ("nl", "en"))
            number, code = int(re.search(r"heeft lotnummer (\d+)\.", dutch[0])[1]), re.search(r"is ([0-9a-f]{64})\.$", dutch[1])[1]
            outcome = digest(b"alloc-lot-v1\0" + code.encode(), key=seed.get().seed)
            self.assertEqual(code, round_.student(student).student.ref.hex())
            self.assertEqual(english[0], f"This student has lottery number {number}. {round_.get().students} students took part; number 0 comes first.")
            self.assertEqual(dutch[0], f"Deze leerling heeft lotnummer {number}. Er deden {round_.get().students} leerlingen mee; "
                             "lotnummer 0 komt het eerst aan de beurt.")
            self.assertEqual(english[1], f"The student's code in the lottery is {code}.")
            self.assertIn(f"de seed van ronde {seed.name} ({seed.get().seed.hex()}): BLAKE2b-256", dutch[2])
            self.assertIn(f"een nulbyte en de code, geeft {outcome.hex()}. Wie de laagste uitkomst heeft, krijgt lotnummer 0,", dutch[2])
            self.assertIn(f"the seed of round {seed.name} ({seed.get().seed.hex()}): BLAKE2b-256", english[2])
            self.assertIn(f"a zero byte and the code, gives {outcome.hex()}. Who has the lowest outcome gets lottery number 0,", english[2])
            told[student], outcomes[student] = number, outcome
        self.assertEqual(sorted(told, key=told.get), sorted(outcomes, key=outcomes.get))

    def test_why_nothing_was_left(self):
        """No seats at all, seats of earlier rounds, and enough for referred ones only, each in its own words; and the default rule's."""
        none, kept, free = self.offer("Geen", seats=0), self.offer("Vast", seats=1), self.offer("Open", seats=2, reserved_seats=1)
        first = Round(self.client, "one").take([none, kept]).step("open")
        self.submit(first, [("x", False, [none, kept])])
        first.freeze()
        first.draw().compute()
        said = {language: self.said("x", language, "one").splitlines() for language in ("nl", "en")}
        self.assertEqual(said["nl"][4:6], ["1. Geen (pGeen): hier waren in deze ronde geen plaatsen.",
                                           "2. Vast (pVast): geplaatst op een gewone plaats (groep: iedereen gelijk)."])
        self.assertEqual(said["en"][4:6], ["1. Geen (pGeen): there were no seats here in this round.",
                                           "2. Vast (pVast): placed on an open seat (group: everybody alike)."])
        self.assertIn('lotnummer 0 in de groep "iedereen gelijk"; deze', said["nl"][6])
        first.publish()
        first.record()
        second = Round(self.client, "two", previous="one").take([none, kept, free]).step("open")
        self.submit(second, [("x", False, [none]), ("y", False, [kept]), ("g", False, [free]), ("r", True, [free])])
        second.freeze()
        second.draw().compute()
        self.check_lottery(second, ("y", "g", "r"))
        self.check_lottery(second, "x", first)
        self.assertEqual(self.said("y", "nl", "two").splitlines()[3:], [
            "Bij geen van de keuzes was er plaats voor deze leerling.",
            "1. Vast (pVast): alle plaatsen bleven van leerlingen die ze in een eerdere ronde hadden gekregen."])
        self.assertIn("1. Vast (pVast): all seats stayed with students who had got them in an earlier round.", self.said("y", "en", "two"))
        self.assertIn("2. Vast (pVast): deze leerling houdt de plaats uit een eerdere ronde.", self.said("x", "nl", "two"))
        self.assertIn("2. Vast (pVast): this student keeps the place from an earlier round.", self.said("x", "en", "two"))

    def test_a_seat_that_was_given_up(self):
        """Who held it got a better place and a referred student the seat, so it did not stay with anyone."""
        left, better = self.offer("Oud", seats=1, reserved_seats=1), self.offer("Nieuw", seats=1)
        first = Round(self.client, "one").take([left]).step("open")
        self.submit(first, [("x", False, [left])])
        first.freeze()
        first.draw().compute()
        first.publish()
        first.record()
        second = Round(self.client, "two", previous="one").take([left, better]).step("open")
        self.submit(second, [("x", False, [better]), ("r", True, [left]), ("y", False, [left])])
        second.freeze()
        second.draw().compute()
        self.assertEqual([second.student(s).result.rank for s in "xry"], [1, 1, 0])
        self.assertIn("1. Oud (pOud): alle plaatsen die hier te verdelen waren, waren gereserveerd voor voorgedragen leerlingen en zijn naar "
                      "hen gegaan.", self.said("y", "nl", "two"))
        self.assertNotIn("eerdere ronde", self.said("y", "nl", "two"))

    def test_enough_for_those_referred(self):
        """An offer that is full, but not of referred students."""
        seat = self.offer("Half", seats=2, reserved_seats=2)
        round_ = Round(self.client, "r").take().step("open")
        self.submit(round_, [("r", True, [seat]), ("g", False, [seat]), ("h", False, [seat])])
        round_.freeze()
        round_.draw().compute()
        self.assertEqual(self.said("r", "nl").splitlines()[-1], "   Hier waren genoeg plaatsen voor voorgedragen leerlingen, dus het lotnummer maakte niet uit.")
        self.assertEqual(self.said("r", "en").splitlines()[-1], "   There were enough seats here for students whom the school refers, so the lottery "
                         "number made no difference.")

    def test_what_is_gone_and_what_is_corrected(self):
        """An offer that was removed since has no name any more, and a correction is told beside what it corrects."""
        seat, gone, other = self.offer("Een"), self.offer("Weg"), self.offer("Ander")
        round_ = Round(self.client, "r").take([seat, gone, other]).step("open")
        self.submit(round_, [("a", False, [seat, gone]), ("b", False, [seat])])
        round_.freeze()
        round_.draw().compute()
        round_.publish()
        self.client.write(remove_offer={"id": gone})
        self.assertIn(f"2. Aanbod {gone} (bestaat niet meer): niet bekeken", self.said("a", "nl"))
        self.assertIn(f"2. Offer {gone} (no longer there): not considered", self.said("a", "en"))
        self.assertNotIn("gecorrigeerd", self.said("a", "nl"))
        for student, to in (("a", other), ("b", 0)):
            objection = self.client.write(object_to_round={"round": "r", "issuer": "school", "student": student,
                                                           "kind": "ROUND_OBJECTION_KIND_HARDSHIP"}).id
            self.client.write(review_objection={"round": "r", "id": objection, "correct": True, "reason": "so", "to_offer": to})
            self.second.write(agree_to_correction={"round": "r", "id": objection})
        self.assertEqual(self.said("a", "nl").splitlines()[3:5], ["Geplaatst bij keuze 1: Een (pEen).",
                                                                   "Na een bezwaar is dit gecorrigeerd. De plaats is nu: Ander (pAnder)."])
        self.assertIn("After an objection this was corrected. The place is now: Ander (pAnder).", self.said("a", "en"))
        self.assertIn("Na een bezwaar is dit gecorrigeerd. Deze leerling heeft nu geen plaats meer.", self.said("b", "nl"))
        self.assertIn("After an objection this was corrected. This student has no place any more.", self.said("b", "en"))

    def test_a_lottery_of_its_own(self):
        """Told where it counted, with the number there and out of how many; with how to find it again."""
        level, full, closed, last = (self.offer("Niveau", levels=["LEVEL_MBO3"]), self.offer("Vol", seats=1), self.offer("Dicht", seats=0),
                                     self.offer("Laatste"))
        common = self.offer("Samen", seats=9)
        round_ = Round(self.client, "r", rule=RULE).take([level, full, closed, last], True).take().step("open")
        self.submit(round_, [("a", False, [level, closed, full, common, last]), ("b", False, [full, last]), ("c", False, [common])])
        round_.freeze()
        round_.draw().compute()
        wishes = {student: {wish.offer_id: wish for wish in round_.student(student).wishes} for student in "abc"}
        self.assertEqual(sorted(wishes[s][full].lottery_rank for s in "ab"), [0, 1])
        for student in "ab":
            number, first = wishes[student][full].lottery_rank, wishes[student][full].reason == "open"
            english, dutch = (self.said(student, language).split("\n") for language in ("en", "nl"))
            at = next(n for n, line in enumerate(english) if line[1:].startswith(". Vol (pVol): "))
            self.assertEqual(english[at + 1], f"   This offer drew a lottery of its own: the lottery number here is {number} (0 comes first), "
                             f"of 2 students who have it on their lists. The number of the offer is {full:010d}.")
            self.assertEqual(dutch[at + 1], f"   Hier is apart geloot: het lotnummer is hier {number} (0 komt het eerst aan de beurt), "
                             f"van 2 leerlingen met dit aanbod op hun lijst. Het nummer van het aanbod is {full:010d}.")
            if first:
                self.assertEqual(english[at + 2], f"   The bound here was lottery number {number} in the group \"Overig\"; this student has number {number}.")
            else:
                self.assertIn("but had a lower lottery number: 0.", english[at])
            self.assertIn("a zero byte and the number of the offer in ten digits follow the code", english[3])
            self.assertIn("komt achter de code nog een nulbyte en het nummer van het aanbod in tien cijfers", dutch[3])
            self.assertEqual(number == 0, first)
        text = self.said("a", "en")
        self.assertIn("2. Dicht (pDicht): there were no seats here in this round.\n   This offer drew", text)
        self.assertEqual(text.count("drew a lottery of its own: the"), 2)
        self.assertNotIn("a lottery of its own", self.said("c", "en"))

    def test_a_worse_one_on_a_reserved_seat(self):
        """Told to whom it concerns, and to nobody else."""
        seat = self.offer("Een", seats=1, reserved_seats=1)
        round_ = Round(self.client, "r").take().step("open")
        others = [f"g{n}" for n in range(8)]
        self.submit(round_, [("r", True, [seat])] + [(student, False, [seat]) for student in others])
        round_.freeze()
        round_.draw().compute()
        bound = round_.student("r").result.lottery_rank
        for student in others:
            passed_over = round_.student(student).result.lottery_rank < bound
            self.assertEqual("a higher lottery number, does have a seat here: it was reserved" in self.said(student, "en"), passed_over)
            self.assertEqual("heeft hier wel een plaats: die was gereserveerd voor voorgedragen leerlingen" in self.said(student, "nl"), passed_over)


class Page(html.parser.HTMLParser):
    """The tables of a page as rows of texts, by the heading before them; and all that refers to something else."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.heading, self.outside, self.row, self.cell = {}, None, [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.outside += [name for name, _ in attrs if name in ("src", "href", "srcset", "action", "data")]
        if tag in ("script", "link", "iframe", "object", "embed", "img", "base"):
            self.outside.append(tag)
        if tag in ("h2", "h3"):
            self.heading = ""
        elif tag == "table":
            self.tables[self.heading] = []
        elif tag == "tr":
            self.tables[self.heading].append([])
        self.cell = tag if tag in ("td", "th", "h2", "h3") else self.cell
        if tag in ("td", "th"):
            self.tables[self.heading][-1].append("")

    def handle_endtag(self, tag):
        if tag == self.cell:
            self.cell = None

    def handle_data(self, data):
        if self.cell in ("h2", "h3"):
            self.heading += data
        elif self.cell is not None:
            self.tables[self.heading][-1][-1] += data


class Board(Told):
    CHOICES, REFERRED, OTHERS, SEATS = "Which choice the students got", "Students whom the school refers", "Other students", "Seats left"

    def page(self, name, lists, language="en"):
        """The round and its page: its text too."""
        round_ = Round(self.client, name).take().step("open")
        self.submit(round_, lists)
        round_.freeze()
        round_.draw()
        got = round_.compute()
        self.ctl("export", name, name, "--key", "sign.key", "--html", f"{name}.html", *(["--language", language] if language else []))
        self.assertIn("another operator", self.ctl("cancel", name, "--reason", "the next one"))
        self.second.write(move_round={"round": name, "step": "ROUND_STEP_CANCEL", "reason": "the next one"})
        text = (self.folder / f"{name}.html").read_text()
        self.assertNotRegex(text, r"https?:|@import|url\(")
        page = Page(text)
        self.assertEqual(page.outside, [])
        return got, page.tables, text

    def none(self, text):
        """What is told of those without a seat: the number, and whether it is no bound."""
        found = re.findall(r"Without a seat: (at most )?(\d+) students \((\d+\.\d) %\)", text)
        return [(int(count), not most, float(share)) for most, count, share in found]

    def check(self, got, tables, text):
        """No figure is of 1 to 9 students, nor is the difference of any that is one."""
        bars = {heading: [int(row[-1]) for row in rows] for heading, rows in tables.items() if heading != self.SEATS}
        everybody = bars.get(self.CHOICES, [])
        self.assertIn(sum(everybody), (0, got.students))
        self.assertTrue(all(count >= SMALL for counts in bars.values() for count in counts), bars)
        if len(bars) > 1:
            split = [bars[self.REFERRED], bars[self.OTHERS]]
            self.assertEqual([sum(counts) for counts in split], [got.referred, got.students - got.referred])
            self.assertEqual([a + b for a, b in zip(*split, strict=True)], everybody)
        else:
            self.assertLess(min(got.referred, got.students - got.referred), SMALL)
        held = [int(row[2]) - int(row[3]) for row in tables.get(self.SEATS, [])[1:]]
        self.assertTrue(all(count >= SMALL for count in held), held)
        told, without = self.none(text), got.students - got.assigned
        self.assertEqual(len(told), bool(everybody))
        hidden = got.assigned - sum(held)  # placed where nothing is told
        for count, exact, share in told:
            self.assertAlmostEqual(share, 100 * count / got.students, delta=0.051)
            self.assertEqual(count, without if exact else everybody[-1])
            by_kind = (got.apart_referred, got.apart_others) if len(bars) > 1 else ()
            large = [n == 0 or n >= SMALL for n in (without, everybody[-1] - without, got.apart, *by_kind)]
            self.assertEqual(exact, all(large), (without, everybody))
            if held:
                self.assertTrue(hidden >= SMALL or (exact and hidden == 0), (exact, hidden))
        return held

    def test_nothing_follows_about_few(self):
        dice, shown = random.Random(7), 0
        regions = ["GM0606", "GM0622", "GM0363"]
        partners = [self.client.add_partner(f"at{region}", region=region) for region in regions]
        offers = [self.offer(f"{kind}{n}", partner, kind=f"OFFER_KIND_{kind}", seats=dice.choice((1, 3, 15, 40)))
                  for n, partner in enumerate(partners) for kind in ("SPORT", "CULTURE", "INTERNSHIP")]
        for n, students in enumerate((3, 12, 30, 60, 150, 260)):
            share = dice.choice((0.02, 0.3, 0.6))
            lists = [(f"s{n}-{i}", dice.random() < share, dice.sample(offers, dice.randint(0, 3))) for i in range(students)]
            shown += len(self.check(*self.page(f"r{n}", lists)))
        self.assertGreater(shown, 3)

    def test_seats_left(self):
        """The figures themselves, with names, and the small cells added up."""
        partner = self.client.add_partner("at", region="GM0606")
        kinds = {"SPORT": 20, "CULTURE": 12, "INTERNSHIP": 4, "MENTORING": 7}
        offers = {kind: self.offer(kind, partner, kind=f"OFFER_KIND_{kind}", seats=30) for kind in kinds}
        lists = [(f"{kind}{i}", False, [offers[kind]]) for kind, n in kinds.items() for i in range(n)]
        got, tables, text = self.page("r", lists)
        self.check(got, tables, text)
        self.assertEqual(tables[self.CHOICES], [["choice 1 or further down, or no seat", "", "43"]])
        self.assertEqual(self.none(text), [(0, True, 0.0)])
        self.assertEqual(tables[self.SEATS], [["Municipality", "Kind", "Seats", "Left"], ["Schiedam (GM0606)", "culture", "30", "18"],
                                              ["Schiedam (GM0606)", "sport", "30", "10"], ["others", "others", "60", "49"]])

    def test_seats_of_offers_with_few(self):
        """How many an offer with ten or more has is public, so what is left of its cell is none or ten or more."""
        at = [self.client.add_partner(f"at{region}", region=region) for region in ("GM0606", "GM0622")]
        offers = [self.offer(f"o{n}", at[n // 2], seats=seats) for n, seats in enumerate((20, 3, 20, 15))]
        lists = [(f"s{n}-{i}", False, [offer]) for n, (offer, seats) in enumerate(zip(offers, (20, 3, 20, 15), strict=True)) for i in range(seats)]
        got, tables, text = self.page("r", lists)
        self.check(got, tables, text)
        self.assertEqual(tables[self.SEATS][1:], [])  # 23 at the first place tell of 3, and 35 at the second one tell of those 23
        self.assertNotIn("23", text.split("<h2>Seats left", 1)[1])

    def test_those_without_a_seat(self):
        """A number of its own where it is no small one, nor is what else is in the last bin; else a bound, from which no more follows."""
        partner = self.client.add_partner("at", region="GM0606")
        first, second = (self.offer(kind, partner, kind=f"OFFER_KIND_{kind}", seats=20) for kind in ("SPORT", "CULTURE"))
        for name, third, without, told in (("a", 0, 15, [(15, True)]), ("b", 0, 4, [(24, False)]), ("c", 0, 0, [(0, True)]), ("d", 5, 15, [(20, False)])):
            more = [self.offer(f"{name}{n}", partner, seats=third) for n in range(1)] if third else []
            lists = [(f"{name}{i}", False, [first, second] + more) for i in range(40 + third + without)]
            got, tables, text = self.page(name, lists)
            self.check(got, tables, text)
            self.assertEqual([one[:2] for one in self.none(text)], told, name)
            self.assertEqual(got.students - got.assigned, without)

    def test_far_down_a_list(self):
        """What counts more than one choice says so, in the page and in the terminal; and what is printed has its bars."""
        partner = self.client.add_partner("at", region="GM0606")
        full = [self.offer(f"f{n}", partner, seats=0) for n in range(33)]
        first, last = (self.offer(name, partner, seats=20) for name in ("first", "last"))
        lists = [(f"s{i}", False, [first] if i < 15 else [*full, last] if i < 27 else full) for i in range(40)]
        _, tables, text = self.page("r", lists)
        self.assertEqual(tables[self.CHOICES], [["choice 1", "", "15"], ["choice 2 or further down", "", "12"], ["no seat", "", "13"]])
        self.assertIn("print-color-adjust:exact", text)
        self.assertRegex(self.ctl("show", "r"), r"\n +31 +0 +0\.0 %\n 32 or later \S+ +12 +30\.0 %\n +none ")

    def test_in_dutch(self):
        """Unless something else is asked for."""
        partner = self.client.add_partner("at", region="GM0606")
        seats, none = [self.offer("Een", partner, kind="OFFER_KIND_CULTURE", seats=15), self.offer("Twee", partner, seats=15)], self.offer("Drie", seats=0)
        lists = [(f"s{i}", i % 2 == 0, [seats[i % 2] if i < 30 else none]) for i in range(60)]
        _, tables, text = self.page("r", lists, language=None)
        self.assertIn('<html lang="nl">', text)
        self.assertIn("<p>Er deden 60 leerlingen mee. Aantal plaatsen: 30; aantal stages en activiteiten: 3.</p>", text)
        self.assertIn("Zonder plaats: 30 leerlingen (50,0 %).", text)
        self.assertEqual(tables["Plaatsen die vrij bleven"], [["Gemeente", "Soort", "Plaatsen", "Vrij"], ["Schiedam (GM0606)", "cultuur", "15", "0"],
                                                              ["Schiedam (GM0606)", "sport", "15", "0"]])
        self.assertEqual(tables["Welke keuze de leerlingen kregen"], [["keuze 1", "", "30"], ["geen plaats", "", "30"]])
        self.assertLessEqual({"Voorgedragen leerlingen", "Andere leerlingen"}, set(tables))


if __name__ == "__main__":
    unittest.main()
