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
from rounds import Round

RULE = """rule test 1
label 0 Aangedragen
label 1 Overig
when level ineligible not same level level
when referred class 0 referred & reserved
else others class 1
"""
SMALL = 10


class Told(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.folder = pathlib.Path(self.daemon.scratch)
        self.client.write(create_client={"client": {"name": "second", "role": "ROLE_OPERATOR"}})
        self.second = self.daemon.client(token=harness.issue_token(self.client, "second"))
        self.addCleanup(self.second.close)

    def offer(self, name, partner=None, **fields):
        return self.client.add_offer(name, partner or self.client.add_partner(f"p{name}"), title=name, **{"levels": ["LEVEL_MBO4"], **fields})

    def ctl(self, *args, stdin=None):
        done = harness.run([harness.kansenctl(), "round", *args, "-s", self.daemon.tcp], stdin=stdin, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def submit(self, round_, lists):
        lines = [{"student": student, "offers": offers, "referred": referred, "facts": {"level": "mbo4"}}
                 for student, referred, offers in lists]
        self.ctl("submit", round_.name, "-", "--issuer", "school", stdin="".join(json.dumps(line) + "\n" for line in lines))


class Words(Told):
    def said(self, student, language):
        return self.ctl("explain", "r", "--issuer", "school", "--student", student, "--language", language)

    def test_each_sentence(self):
        level, one, two, roomy, last = (self.offer("Niveau", levels=["LEVEL_MBO3"]), self.offer("Een", seats=1, reserved_seats=1),
                                        self.offer("Twee", seats=2, reserved_seats=1), self.offer("Ruim", seats=9), self.offer("Laatste"))
        round_ = Round(self.client, "r", rule=RULE).take().step("open")
        self.submit(round_, [("g", False, [level, one, two, roomy, last]), ("r", True, [one]), ("r2", True, [two]), ("r3", True, [two]),
                             ("r4", True, [two]), ("e", False, [])])
        round_.freeze()
        round_.draw().compute()
        number = {s: round_.student(s).result.lottery_rank for s in ("g", "r", "r2", "r3", "r4", "e")}
        last_in = sorted(("r2", "r3", "r4"), key=number.get)
        first, second, third = (number[s] for s in last_in)
        wanted = {
            ("g", "en"): [f"The lottery number is {number['g']} (0 comes first); 6 students took part.", "published seed of round r",
                          "Placed at choice 4: Ruim.", "1. Niveau: the rules do not allow it (rule level).",
                          "2. Een: there was no seat that this student could get (own group: Overig).",
                          "3. Twee: full; those who were placed have priority (own group: Overig; group of the last one placed: Aangedragen).",
                          "4. Ruim: placed on an open seat (group: Overig).\n", "There was a seat for each student like this one whom the rules allow.",
                          "5. Laatste: not considered, as a higher choice was obtained.",
                          "No other order of the list could have given a better place."],
            ("g", "nl"): [f"Het lotnummer is {number['g']} (0 komt het eerst aan de beurt); er deden 6 leerlingen mee.", "seed van ronde r",
                          "Geplaatst bij keuze 4: Ruim.", "1. Niveau: voldoet niet aan de regels (regel level).",
                          "2. Een: er was geen plaats die deze leerling kon krijgen (eigen groep: Overig).",
                          "3. Twee: vol; wie geplaatst is heeft voorrang (eigen groep: Overig; groep van de laatst geplaatste: Aangedragen).",
                          "4. Ruim: geplaatst op een gewone plaats (groep: Overig).\n",
                          "Daar was plaats voor elke leerling zoals deze die aan de regels voldoet.",
                          "5. Laatste: niet bekeken, want een hogere keuze is gelukt.",
                          "Een andere volgorde van de lijst had geen betere plaats kunnen geven."],
            ("r", "en"): ["1. Een: placed on a seat that is reserved for students whom the school refers (group: Aangedragen).",
                          f"The bound there was group Aangedragen, lottery number {number['r']}; the own number is {number['r']}."],
            (last_in[0], "nl"): ["1. Twee: geplaatst op een plaats die is gereserveerd voor leerlingen die de school aandraagt (groep: Aangedragen).",
                                 f"De grens lag daar bij groep Aangedragen, lotnummer {second}; het eigen lotnummer is {first}."],
            (last_in[1], "en"): ["1. Twee: placed on an open seat (group: Aangedragen)."],
            (last_in[2], "en"): ["None of the choices had a seat for this student.",
                                 f"1. Twee: full; the same priority group (Aangedragen), but the last one placed had lottery number {second}."],
            (last_in[2], "nl"): ["Geen van de keuzes had een plaats voor deze leerling.",
                                 f"1. Twee: vol; dezelfde voorrangsgroep (Aangedragen), maar de laatst geplaatste had lotnummer {second}."],
            ("e", "en"): ["The list was empty, so no seat was given."], ("e", "nl"): ["De lijst was leeg, dus er is geen plaats toegewezen."]}
        self.assertLess(second, third)
        for (student, language), sentences in wanted.items():
            text = self.said(student, language)
            for sentence in sentences:
                self.assertIn(sentence, text)

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
            at = next(n for n, line in enumerate(english) if "Vol: " in line)
            self.assertEqual(english[at + 1], f"   This offer drew a lottery of its own: the lottery number here is {number} (0 comes first), "
                             "of 2 students who have it on their lists.")
            self.assertEqual(dutch[at + 1], f"   Hier is apart geloot: het lotnummer is hier {number} (0 komt het eerst aan de beurt), "
                             "van 2 leerlingen met dit aanbod op hun lijst.")
            if first:
                self.assertEqual(english[at + 2], f"   The bound there was group Overig, lottery number {number}; the own number is {number}.")
            else:
                self.assertIn("but the last one placed had lottery number 0.", english[at])
            self.assertIn("a zero byte and the number of the offer in ten digits follow the code", english[2])
            self.assertIn("komt achter de code nog een nulbyte en het nummer van het aanbod in tien cijfers", dutch[2])
            self.assertEqual(number == 0, first)
        text = self.said("a", "en")
        self.assertIn("2. Dicht: there was no seat that this student could get (own group: Overig).\n   This offer drew", text)
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
            self.assertEqual("a higher lottery number, has a seat there" in self.said(student, "en"), passed_over)
            self.assertEqual("op een plaats die daarvoor is gereserveerd" in self.said(student, "nl"), passed_over)


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
            large = [n == 0 or n >= SMALL for n in (without, everybody[-1] - without)]
            self.assertEqual(exact, all(large), (without, everybody))
            if held:
                self.assertTrue(hidden >= SMALL or (exact and hidden == 0), (exact, hidden))
        return held

    def test_nothing_follows_about_few(self):
        dice, shown, exact = random.Random(7), 0, set()
        regions = ["GM0606", "GM0622", "GM0363"]
        partners = [self.client.add_partner(f"at{region}", region=region) for region in regions]
        offers = [self.offer(f"{kind}{n}", partner, kind=f"OFFER_KIND_{kind}", seats=dice.choice((1, 3, 15, 40)))
                  for n, partner in enumerate(partners) for kind in ("SPORT", "CULTURE", "INTERNSHIP")]
        for n, students in enumerate((3, 12, 30, 60, 150, 260)):
            share = dice.choice((0.02, 0.3, 0.6))
            lists = [(f"s{n}-{i}", dice.random() < share, dice.sample(offers, dice.randint(0, 3))) for i in range(students)]
            got, tables, text = self.page(f"r{n}", lists)
            shown += len(self.check(got, tables, text))
            exact |= {one[1] for one in self.none(text)}
        self.assertGreater(shown, 6)
        self.assertEqual(exact, {True, False})

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

    def test_in_dutch(self):
        """Unless something else is asked for."""
        partner = self.client.add_partner("at", region="GM0606")
        seats, none = [self.offer("Een", partner, kind="OFFER_KIND_CULTURE", seats=15), self.offer("Twee", partner, seats=15)], self.offer("Drie", seats=0)
        lists = [(f"s{i}", i % 2 == 0, [seats[i % 2] if i < 30 else none]) for i in range(60)]
        _, tables, text = self.page("r", lists, language=None)
        self.assertIn('<html lang="nl">', text)
        self.assertIn("<p>Er deden 60 leerlingen mee. Er waren 30 plaatsen, bij 3 stages en activiteiten.</p>", text)
        self.assertIn("Zonder plaats: 30 leerlingen (50,0 %).", text)
        self.assertEqual(tables["Plaatsen die vrij bleven"], [["Gemeente", "Soort", "Plaatsen", "Vrij"], ["Schiedam (GM0606)", "cultuur", "15", "0"],
                                                              ["Schiedam (GM0606)", "sport", "15", "0"]])
        self.assertEqual(tables["Welke keuze de leerlingen kregen"], [["1", "", "30"], ["geen plaats", "", "30"]])
        self.assertLessEqual({"Voorgedragen leerlingen", "Andere leerlingen"}, set(tables))


if __name__ == "__main__":
    unittest.main()
