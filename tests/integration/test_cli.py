# SPDX-License-Identifier: Apache-2.0
"""kansenctl: import, export, verbs and exit statuses."""
import csv
import io
import json
import os
import unittest

import harness
from harness import kansenctl

DONE, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3
OFFERS = "external_id,partner,kind,title,interests,seats\n"


def sort_lines(text):
    """CSV rows, sorted, with the header first; fields may hold line breaks."""
    rows = list(csv.reader(io.StringIO(text)))
    return rows[:1] + sorted(rows[1:])


class Cli(unittest.TestCase):
    seeds = harness.SMALL_SEEDS

    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon(seeds=cls.seeds).start()
        cls.addClassCleanup(cls.daemon.remove)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def ctl(self, *args, expect=DONE, stdin=None, server=None):
        done = harness.run([kansenctl(), "-s", server or self.daemon.tcp, *args], stdin=stdin, cwd=self.daemon.scratch)
        self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def import_text(self, kind, text, *args, expect=DONE):
        """Imports a file of this content (text or bytes)."""
        file = self.daemon.scratch / f"{self.id()}.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = self.ctl("import", kind, file, *args, expect=expect)
        return done.stdout + done.stderr

    def offers(self, prefix):
        """Offers whose external id starts with prefix, as `offer list` prints them."""
        lines = self.ctl("--json", "offer", "list").stdout.splitlines()
        return {o["external_id"]: o for o in map(json.loads, lines) if o["external_id"].startswith(prefix)}


class Import(Cli):
    def setUp(self):
        self.import_text("partners", "external_id,kind,name,region\np1,company,Bedrijf,GM0606\n")

    def test_plain(self):
        told = self.import_text("offers", OFFERS + "plain-1,p1,internship,Stage,zorg,2\n")
        self.assertRegex(told, r"\b1\b")
        offer = self.offers("plain")["plain-1"]
        self.assertEqual((offer["status"], offer["source"], offer["title"], offer["seats"]), ("open", "local", "Stage", 2))

    def test_bom_crlf_semicolon_and_decimal_comma(self):
        header = OFFERS.replace(",", ";").replace("\n", ";lat;lon\r\n")
        told = self.import_text("offers", "\ufeff" + header + "excel-1;p1;sport;Sport é;sport.voetbal;3;51,95;4,35\r\n")
        offer = self.offers("excel")["excel-1"]
        self.assertEqual(offer["title"], "Sport é", told)
        found = json.loads(self.ctl("--json", "match", "--at", "51.95,4.35", "--radius-km", "0.001").stdout)
        self.assertEqual([m["offer"] for m in found["matches"]], [offer["offer"]])

    def test_lists_in_a_file_with_semicolons(self):
        header = OFFERS.replace(",", ";")
        self.import_text("offers", header + 'semi-1;p1;sport;S;"sport.voetbal;sport.handbal";3\n')
        self.assertEqual(self.offers("semi")["semi-1"]["interests"], ["sport.voetbal", "sport.handbal"])

    def test_tabs(self):
        self.import_text("offers", OFFERS.replace(",", "\t") + "tab-1\tp1\tsport\tS\tsport.voetbal\t3\n")
        self.assertIn("tab-1", self.offers("tab"))

    def test_any_order_of_columns(self):
        self.import_text("offers", "seats,title,interests,kind,partner,external_id\n4,S,zorg,internship,p1,order-1\n")
        self.assertEqual(self.offers("order")["order-1"]["seats"], 4)

    def test_quoted(self):
        self.import_text("offers", OFFERS[:-1] + ',description\nquote-1,p1,sport,"Zeg ""ja"", nu",zorg,1,"regel een\nregel twee"\n')
        self.assertEqual(self.offers("quote")["quote-1"]["title"], 'Zeg "ja", nu')

    def test_separator_line(self):
        self.import_text("offers", "sep=;\r\n" + OFFERS.replace(",", ";") + "sep-1;p1;sport;S;sport.voetbal;3\r\n")
        self.assertIn("sep-1", self.offers("sep-"))

    def test_no_header(self):
        told = self.import_text("offers", "h-1,p1,sport,S,zorg,1\nh-2,p1,sport,S,zorg,1\n", expect=REFUSED)
        self.assertIn("names no column of offers", told)
        self.assertEqual(len(told.splitlines()), 2, told)  # the fault, and that nothing was imported

    def test_directory(self):
        self.assertIn("irectory", self.ctl("import", "offers", self.daemon.scratch, expect=USAGE).stderr)

    def test_hints(self):
        told = self.import_text("offers", OFFERS + "hi-1,p1,sport,S,nergens,1\nhi-2,p1,sport,S,nergens,1\n", expect=REFUSED)
        self.assertEqual(told.count("kansenctl interests TEXT"), 1)

    def test_export_of_one_source(self):
        self.import_text("partners", "external_id,kind,name,region\nex-l,company,Hier,GM0606\n")
        self.import_text("partners", "external_id,kind,name,region\nex-x,company,Daar,GM0606\n", "--source", "school-y")
        rows = lambda *args: csv.DictReader(io.StringIO(self.ctl("export", "partners", *args).stdout))
        names = lambda *args: {row["external_id"] for row in rows(*args)}
        self.assertEqual({"ex-l", "ex-x"} & names(), {"ex-l"})
        self.assertEqual(names("--source", "school-y"), {"ex-x"})
        with self.daemon.client() as client:
            made = client.write(create_partner={"partner": {"kind": 1, "name": "Naamloos", "region": "GM0606"}}, source="nameless")
        self.assertTrue(made)
        done = self.ctl("export", "partners", "--source", "nameless", expect=REFUSED)
        self.assertIn("1 of the 1 rows can not be imported again", done.stderr)

    def test_unknown_column(self):
        told = self.import_text("offers", OFFERS[:-1] + ",kleur\nc-1,p1,sport,S,zorg,1,rood\n", expect=REFUSED)
        self.assertIn("kleur", told)
        self.assertEqual(self.offers("c-"), {})

    def test_missing_and_double_column(self):
        told = self.import_text("offers", "external_id,partner,kind,title,seats\nd-1,p1,sport,S,1\n", expect=REFUSED)
        self.assertIn("interests", told)
        told = self.import_text("offers", OFFERS[:-1] + ",seats\nd-1,p1,sport,S,zorg,1,2\n", expect=REFUSED)
        self.assertIn("seats", told)
        self.assertEqual(self.offers("d-"), {})

    def test_columns_of_another_table(self):
        told = self.import_text("offers", "external_id,kind,name,region\np1,company,Bedrijf,GM0606\n", expect=REFUSED)
        self.assertIn("name", told)

    def test_empty_files(self):
        for text in ("", "\ufeff", "\n"):
            self.import_text("offers", text, expect=REFUSED)
        self.import_text("offers", OFFERS)

    def test_truncated_quoted_field(self):
        rows = 'trunc-1,p1,sport,Goed,zorg,1\ntrunc-2,p1,sport,"Nooit af,zorg,1\n'
        told = self.import_text("offers", OFFERS + rows, expect=REFUSED)
        self.assertRegex(told, r"\b3\b")
        self.assertEqual(set(self.offers("trunc")), {"trunc-1"})

    def test_bad_rows_are_told_and_good_ones_applied(self):
        rows = [
            "bad-1,p1,sport,Goed,zorg,1",        # line 2
            "bad-2,p1,sport,Slecht,nergens,1",   # 3: interest
            "bad-3,p1,vliegen,Slecht,zorg,1",    # 4: kind
            "bad-4,p1,sport,Slecht,zorg,-1",     # 5: seats
            "bad-5,p1,sport,Slecht,zorg,veel",   # 6: seats
            "bad-6,p1,sport,Slecht,zorg",        # 7: a field short
            "bad-7,p1,sport,Slecht,zorg,1,extra",  # 8: a field long
            "bad-8,p9,sport,Slecht,zorg,1",      # 9: partner
            "bad-9,p1,sport,,zorg,1",            # 10: title
            'bad-10,p1,sport,Sl"echt,zorg,1',    # 11: a quote where none may be
            "bad-11,p1,sport,Goed,zorg,65535",   # 12
            "bad-12,p1,sport,Slecht,zorg,65536",  # 13
        ]
        told = self.import_text("offers", OFFERS + "\n".join(rows) + "\n", expect=REFUSED)
        for line in (3, 4, 5, 6, 7, 8, 9, 10, 11, 13):
            self.assertRegex(told, rf"(?m)(line |:){line}\b", f"line {line} is not told")
        for line in (2, 12):
            self.assertNotRegex(told, rf"(?m)(line |:){line}\b", f"line {line} is told")
        for word in ("nergens", "vliegen", "veel", "p9", "65536"):
            self.assertIn(word, told)
        self.assertEqual(set(self.offers("bad")), {"bad-1", "bad-11"})

    def test_lines_are_counted_in_the_file(self):
        """A row after a field with line breaks is told by the line on which it starts."""
        told = self.import_text("offers", OFFERS[:-1] + ',description\nl-1,p1,sport,S,zorg,1,"a\nb\nc"\nl-2,p1,sport,S,zorg,x,\n',
                                expect=REFUSED)
        self.assertRegex(told, r"(line |:)5\b")

    def test_bad_text(self):
        told = self.import_text("offers", (OFFERS + "t-1,p1,sport,QQ,zorg,1\nt-2,p1,sport,Q").encode() + b"\xff" + b",zorg,1\n"
                                + b"t-3,p1,sport,a\0b,zorg,1\nt-4,p1,sport,Goed,zorg,1\n", expect=REFUSED)
        self.assertRegex(told, r"(line |:)3\b")
        self.assertRegex(told, r"(line |:)4\b")
        self.assertEqual(set(self.offers("t-")), {"t-1", "t-4"})

    def test_title_of_a_megabyte(self):
        rows = f"m-1,p1,sport,{'x' * 1_000_000},zorg,1\nm-2,p1,sport,Goed,zorg,1\nm-3,p1,sport,{'x' * 2_000_000},zorg,1\n"
        told = self.import_text("offers", OFFERS + rows, expect=REFUSED)
        self.assertRegex(told, r"(line |:)2\b")
        self.assertLess(len(told), 10_000)
        self.assertEqual(set(self.offers("m-")), {"m-2"})

    def test_same_external_id_twice_in_a_file(self):
        told = self.import_text("offers", OFFERS + "twice-1,p1,sport,Een,zorg,1\ntwice-1,p1,sport,Twee,zorg,1\n", expect=REFUSED)
        self.assertRegex(told, r"(line |:)3\b")
        self.assertIn("twice-1", told)
        self.assertEqual(self.offers("twice")["twice-1"]["title"], "Een")

    def test_again(self):
        text = OFFERS + "again-1,p1,sport,Een,zorg,1\nagain-2,p1,sport,Twee,zorg,1\n"
        self.import_text("offers", text)
        before = self.offers("again")
        self.import_text("offers", text)
        self.assertEqual(self.offers("again"), before)
        self.import_text("offers", text.replace("Twee", "Drie"))
        after = self.offers("again")
        self.assertEqual((after["again-1"], after["again-2"]["title"]), (before["again-1"], "Drie"))
        self.assertEqual(after["again-2"]["offer"], before["again-2"]["offer"])

    def test_source(self):
        self.import_text("partners", "external_id,kind,name,region\np1,company,Ander,GM0622\n", "--source", "school-x")
        self.import_text("offers", OFFERS + "src-1,p1,sport,Van X,zorg,1\n", "--source", "school-x")
        self.assertEqual(self.offers("src")["src-1"]["source"], "school-x")

    def test_every_offer_column(self):
        header = ("external_id,partner,kind,title,description,url,address,lat,lon,remote,region,interests,levels,transitions,seats,"
                  "reserved_seats,reserved_until,cost_cents,funds,start,end,weekdays,hours_per_week,track,allowance_cents,deadline,"
                  "min_age,max_age,needs,languages,direct_placement,waiting_list,status\n")
        row = ("all-1,p1,internship,Stage,Tekst,https://example.org,Straat 1,51.95,-4.5,false,GM0606,zorg;sport.voetbal,"
               "mbo4;vmbo_kb,vmbo_mbo,10,3,2030-01-01,500,jeugdfonds;fonds-2,2026-09-01,2030-02-01,mo;su,24,bbl,45000,"
               "2029-12-31,0,27,wheelchair,nl;ar,true,true,paused\n")
        self.import_text("offers", header + row)
        offer = self.offers("all-")["all-1"]
        for name, value in {"levels": {"mbo4", "vmbo_kb"}, "transitions": {"vmbo_mbo"}, "funds": {"jeugdfonds", "fonds-2"},
                            "weekdays": {"mo", "su"}, "needs": {"wheelchair"}, "languages": {"nl", "ar"}}.items():
            self.assertEqual(set(offer[name]), value, name)
        self.assertEqual((offer["status"], offer["min_age"], offer["track"]), ("paused", 0, "bbl"))
        exported = list(csv.DictReader(io.StringIO(self.ctl("export", "offers").stdout)))
        given = next(csv.DictReader(io.StringIO(header + row)))
        got = next(r for r in exported if r["external_id"] == "all-1")
        self.assertEqual(list(got), header.strip().split(","))
        as_sets = lambda r: {name: frozenset(value.split(";")) for name, value in r.items()}
        self.assertEqual({**as_sets(got), "remote": 0}, {**as_sets(given), "remote": 0})
        self.assertIn(got["remote"], ("", "false"))

    def test_partners_postcodes_regions_interests(self):
        self.import_text("partners", "external_id,kind,name,region,lat,lon,website,status,identifiers,accreditations\n"
                         "full-1,company,Vol,GM0606,51.9,4.4,https://example.org,pending,kvk=12345678;leerbedrijf=L1,"
                         "25655;25180:2024-08-01:2028-07-31;25180:2029-08-01:\n")
        lines = self.ctl("--json", "partner", "list").stdout.splitlines()
        partner = next(p for p in map(json.loads, lines) if p["external_id"] == "full-1")
        self.assertEqual((partner["status"], partner["kind"], partner["source"]), ("pending", "company", "local"))
        self.import_text("interests", "code,label_nl,label_en,synonyms\nzorg.oma,Oma,Granny,opoe;grootmoeder\n")
        self.import_text("regions", "code,type,parents,name,lat,lon,successor\nAM01,labour_market_region,,Rijnmond,51.9,4.4,\n")
        self.import_text("postcodes", "postcode,lat,lon,municipality\n3111,51.917,4.398,GM0606\n")
        self.assertIn("GM0606", self.ctl("regions", "3111").stdout)
        self.assertIn("zorg.oma", self.ctl("interests", "grootmoeder").stdout)
        self.import_text("postcodes", "postcode,lat,lon,municipality\n311,51.917,4.398,GM0606\n3112,51,4,GM7\n", expect=REFUSED)


class RoundTrip(Cli):
    """export, import into an empty daemon, export: the same bytes after sorting."""

    seeds = harness.SEEDS
    kinds = ("regions", "interests", "postcodes", "partners", "offers")

    def export(self, daemon, kind):
        return self.ctl("export", kind, server=daemon.tcp).stdout

    def test_demo(self):
        demo = harness.SEEDS / "demo"
        files = [f for kind in self.kinds for f in sorted(demo.glob(f"*{kind}*.csv"))]
        self.assertTrue(files, "no demo data")
        for file in files:
            kind = next(k for k in self.kinds if k in file.name)
            self.ctl("import", kind, file)
        with harness.Daemon(seeds=harness.SMALL_SEEDS) as second:
            # The small seeds hold other regions of the same codes: they are replaced, and the rest is removed.
            with second.client() as client:
                for code in ("PL-kethel", "GM0999", "AL-W"):
                    if code == "AL-W":
                        for town in ("GM0606", "GM0622"):
                            row = {"code": town, "type": 3, "parents": ["PV28"], "name": "x", "centroid": harness.point(51, 4)}
                            client.write(upsert_region={"region": row})
                    client.write(remove_region={"code": code})
                client.write(upsert_region={"region": {"code": "GM0001", "type": 3, "parents": ["PV28"], "name": "x",
                                                       "centroid": harness.point(51, 4)}})
                client.write(remove_region={"code": "GM0001"})
                for code in ("sport.voetbal", "sport.handbal", "kunst.dans", "sport", "kunst", "zorg", "leeg"):
                    client.write(remove_interest={"code": code})
            for kind in self.kinds:
                first = self.export(self.daemon, kind)
                file = second.scratch / f"{kind}.csv"
                file.write_text(first, encoding="utf-8", newline="")
                self.ctl("import", kind, file, server=second.tcp)
                again = self.export(second, kind)
                self.assertEqual(sort_lines(again), sort_lines(first), kind)
                self.assertEqual(sorted(again.splitlines()), sorted(first.splitlines()), kind)

    def test_seed_files_come_out_as_they_are(self):
        with harness.Daemon(seeds=harness.SEEDS) as daemon:
            for kind in ("regions", "interests"):
                stored = (harness.SEEDS / f"{kind}.csv").read_text(encoding="utf-8")
                self.assertEqual(sort_lines(self.export(daemon, kind)), sort_lines(stored), kind)


class Verbs(Cli):
    def test_exit_statuses(self):
        self.ctl("ping")
        self.ctl("status")
        self.ctl("partner", "show", "999999", expect=REFUSED)
        self.ctl("match", "--region", "GM7777", expect=REFUSED)
        self.ctl(expect=USAGE)
        self.ctl("no-such-verb", expect=USAGE)
        self.ctl("match", "--no-such-option", expect=USAGE)
        self.ctl("match", "--at", expect=USAGE)
        self.ctl("import", "offers", expect=USAGE)
        self.ctl("import", "nonsense", "x.csv", expect=USAGE)
        self.ctl("ping", server=f"127.0.0.1:{harness.free_port()}", expect=UNREACHABLE)
        self.ctl("ping", server=f"unix:{self.daemon.scratch}/nowhere", expect=UNREACHABLE)

    def test_no_such_verb(self):
        """Also of a verb of two words it is said which is none, for scripts too, and then which there are."""
        for words in (["offer", "lst"], ["offer"], ["no-such-verb"]):
            done = self.ctl("--json", *words, expect=USAGE)
            told = f'there is no verb "{" ".join(words)}"'
            self.assertEqual(json.loads(done.stdout)["error"]["message"], told)
            self.assertIn(told, done.stderr)
            self.assertEqual("kansenctl offer list" in done.stderr, words[0] == "offer")

    def test_messages_say_what_to_do(self):
        done = self.ctl("ping", server=f"unix:{self.daemon.scratch}/nowhere", expect=UNREACHABLE)
        self.assertIn("nowhere", done.stderr)
        done = self.ctl("match", "--region", "GM7777", expect=REFUSED)
        self.assertIn("GM7777", done.stderr)
        self.assertEqual(done.stdout, "")
        done = harness.run([kansenctl(), "-s", self.daemon.tcp, "import", "offers", "absent.csv"], cwd=self.daemon.scratch)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("absent.csv", done.stderr)

    def test_server_from_the_environment(self):
        done = harness.run([kansenctl(), "ping"], cwd=self.daemon.scratch, env={"KANSEN_SERVER": self.daemon.unix})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_version_and_help(self):
        for args in (["--version"], ["--help"]):
            done = harness.run([kansenctl(), *args])
            self.assertEqual(done.returncode, 0)
            self.assertIn("kansenctl", done.stdout)

    def test_match_and_explain(self):
        with self.daemon.client() as client:
            partner = client.add_partner("verbs/p")
            near = client.add_offer("verbs/near", partner, title="Voetbal bij ons")
            shut = client.add_offer("verbs/shut", partner, status="OFFER_STATUS_CLOSED")
        found = json.loads(self.ctl("--json", "match", "--from", "GM0606", "--interest", "sport:20,kunst", "--kind", "sport",
                                    "--total", "--facets", "--discover", "2").stdout)
        self.assertEqual([m["offer"] for m in found["matches"]], [near])
        match = found["matches"][0]
        self.assertEqual((match["external_id"], match["partner"], match["kind"], match["distance_m"], match["proximity"]),
                         ("verbs/near", partner, "sport", 0, 10000))
        self.assertEqual(match["interest"], 100 * (20 * 100) // 30)
        self.assertEqual((found["total"], found["facets"]["kind"]), (1, {"sport": 1}))
        self.assertIn("Voetbal bij ons", self.ctl("match", "--from", "GM0606").stdout)
        self.assertIn("OFFER_NOT_OPEN", self.ctl("explain", str(shut), "--from", "GM0606").stdout)
        self.ctl("explain", str(near), "--from", "GM0606")
        self.ctl("explain", "999999", "--from", "GM0606", expect=REFUSED)

    def test_next_page(self):
        with self.daemon.client() as client:
            partner = client.add_partner("page/p", region="GM0363")
            made = [client.add_offer(f"page/{i}", partner) for i in range(3)]
        page = ["--json", "match", "--region", "GM0363", "--interest", "sport.voetbal", "--limit", "2"]
        first = json.loads(self.ctl(*page).stdout)
        second = json.loads(self.ctl(*page, "--cursor", first["next_cursor"]).stdout)
        self.assertEqual(sorted(m["offer"] for m in first["matches"] + second["matches"]), made)
        self.assertFalse(second.get("next_cursor"))
        self.ctl(*page, "--age", "15", "--cursor", first["next_cursor"], expect=REFUSED)

    def test_batch_from_standard_input(self):
        done = self.ctl("match", "--batch", "-", stdin='{"region": "NL"}\n{"region": "PV28"}\n')
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_batch_with_bad_lines(self):
        lines = ['{"region": "NL"}', "not json", '{"region": "NL", "colour": "red"}', '{"region": "GM7777"}', "{}", "[]",
                 '{"region": "NL", "age": "x"}', '{"region": "NL", "tie_seed": "18446744073709551615"}', '{"region": "NL"}']
        file = self.daemon.scratch / "batch.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = harness.run([kansenctl(), "-s", self.daemon.tcp, "match", "--batch", file])
        self.assertIn(done.returncode, (DONE, REFUSED), done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["error" in answer for answer in answers], [False, True, True, True, True, True, True, False, False])
        self.assertEqual(set(answers[3]["error"]), {"code", "field", "message"})
        self.assertIn("GM7777", answers[3]["error"]["message"])
        self.assertIn("colour", json.dumps(answers[2]["error"]))

    def test_batch_with_any_seed(self):
        seeds = ["0", "9223372036854775807", "9223372036854775808", "18446744073709551615", '"18446744073709551615"']
        lines = [f'{{"region": "GM0606", "interests": {{"zorg": 1}}, "tie_seed" : {seed}}}' for seed in seeds]
        lines.append('{"region": "GM0606", "kinds": ["\\"tie_seed\\": 5"], "tie_seed": 18446744073709551615}')
        lines += [f'{{"region": "GM0606", "tie_seed": {seed}}}' for seed in ("18446744073709551616", "-1", "1.5")]
        answers = [json.loads(line) for line in self.ctl(
            "match", "--batch", "-", stdin="\ufeff" + "\n".join(lines) + "\n", expect=REFUSED).stdout.splitlines()]
        self.assertEqual(["matches" in answer for answer in answers], [True] * 5 + [False] * 4)
        self.assertEqual(answers[3], answers[4])  # as a number and as text
        self.assertIn("kinds", answers[5]["error"]["field"])  # the words in a string are no member

    def test_numeric_external_ids(self):
        """With --source a name is an external id of that source, whatever ids there are; else a number is an id."""
        self.import_text("partners", "external_id,kind,name\n1,company,Een\n2,company,Twee\n", "--source", "portaal")
        shown = json.loads(self.ctl("--json", "partner", "show", "2", "--source", "portaal").stdout)
        self.assertEqual(shown["name"], "Twee")
        by_id = json.loads(self.ctl("--json", "partner", "show", f"id:{shown['partner']}").stdout)
        self.assertEqual(by_id, shown)
        self.assertEqual(json.loads(self.ctl("--json", "partner", "show", str(shown["partner"])).stdout), shown)
        self.assertEqual(json.loads(self.ctl("--json", "partner", "show", "ext:2", "--source", "portaal").stdout), shown)
        self.ctl("partner", "show", f"id:{shown['partner']}", "--source", "portaal", expect=REFUSED)  # may be an external id
        self.ctl("partner", "show", "0", expect=USAGE)
        self.ctl("partner", "remove", "99999999999999999999", expect=USAGE)
        self.ctl("partner", "show", "2", "--source", "", expect=USAGE)  # a variable of a script that is not set
        self.ctl("partner", "show", "ext:2", expect=REFUSED)  # of source local, which has none
        self.ctl("offer", "add", "--external-id", "7", "--partner", "1", "--kind", "sport", "--title", "T", "--interests",
                 "zorg", "--seats", "1", "--region", "GM0606", "--source", "portaal")
        offer = json.loads(self.ctl("--json", "offer", "show", "7", "--source", "portaal").stdout)
        self.assertEqual(offer["partner_external_id"], "1")
        self.assertIn("T", self.ctl("explain", "7", "--source", "portaal", "--from", "GM0606").stdout)
        listed = self.ctl("--json", "offer", "list", "--partner", "1", "--source", "portaal").stdout.splitlines()
        self.assertEqual([json.loads(line)["offer"] for line in listed], [offer["offer"]])
        self.ctl("offer", "pause", "7", "--source", "portaal")
        self.assertEqual(json.loads(self.ctl("--json", "offer", "show", str(offer["offer"])).stdout)["status"], "paused")
        self.ctl("partner", "suspend", "1", "--source", "portaal")
        self.assertIn('"suspended"', self.ctl("--json", "partner", "show", "1", "--source", "portaal").stdout)
        self.ctl("partner", "remove", "2", "--source", "portaal")
        left = [json.loads(line) for line in self.ctl("--json", "partner", "list").stdout.splitlines()]
        self.assertNotIn(shown["partner"], [partner["partner"] for partner in left])
        self.assertIn("Een", [partner["name"] for partner in left])

    def test_closed_pipe(self):
        """Output that nobody reads ends the program quietly."""
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            command = [str(kansenctl()), "-s", self.daemon.tcp, "export", "regions"]
            done = harness.subprocess.run(command, stdout=out, stderr=harness.subprocess.PIPE, text=True, timeout=harness.PATIENCE,
                                          check=False, env=harness.environment(command))
        self.assertNotIn("core", done.stderr)
        self.assertNotEqual(done.returncode, -11)

    def test_life_of_an_offer(self):
        with self.daemon.client() as client:
            partner = client.add_partner("life/p", status="PARTNER_STATUS_PENDING")
            offer = client.add_offer("life/o", partner)
        shown = lambda: json.loads(self.ctl("--json", "offer", "show", str(offer)).stdout)
        match = lambda: [m["offer"] for m in json.loads(self.ctl("--json", "match", "--region", "NL").stdout)["matches"]]
        self.assertNotIn(offer, match())
        self.ctl("partner", "approve", str(partner))
        self.assertIn(offer, match())
        self.ctl("offer", "pause", str(offer))
        self.assertEqual(shown()["status"], "paused")
        self.ctl("offer", "open", str(offer))
        self.ctl("partner", "suspend", str(partner))
        self.assertNotIn(offer, match())
        self.ctl("offer", "close", str(offer))
        self.ctl("offer", "remove", str(offer))
        self.ctl("offer", "show", str(offer), expect=REFUSED)
        self.ctl("partner", "remove", str(partner))
        self.ctl("partner", "show", str(partner), expect=REFUSED)


class Words(Cli):
    """What is said to people, and what they may type."""

    def test_batch_faults_name_the_keys(self):
        cases = [
            ('{}', "from", "from"),
            ('{"from": "GM7777"}', "from", "GM7777"),
            ('{"at": [99, 4]}', "at", "99"),
            ('{"at": [51.9]}', "at", "[51.9]"),
            ('{"at": "hier"}', "at", 'given "hier",'),
            ('{"from": "GM0606", "radius_m": 0}', "radius_m", "0"),
            ('{"region": "NL", "interests": {"nergens": 1}}', "interests", "nergens"),
            ('{"region": "NL", "kleur": 1}', "kleur", "kleur"),
            ('{"region": "NL", "levels": ["mbo4", "mbo9"]}', "levels[1]", "mbo9"),
            ('{"region": "NL", "languages": ["nl", "NL"]}', "languages[1]", "NL"),
            ('{"region": "NL", "weights": [0, 0, 0]}', "weights", "0"),
            ('{"region": "NL", "tie_seed": -9223372036854775809}', "tie_seed", "-9"),
            ('{"region": "N\\u0000L"}', "", "NUL"),
            ('{"region": "NL", "age": 99999999999999999999}', "", "too large"),
        ]
        lines = "\n".join(line for line, _, _ in cases) + "\n"
        done = self.ctl("match", "--batch", "-", stdin=lines, expect=REFUSED)
        for (line, field, text), answer in zip(cases, done.stdout.splitlines(), strict=True):
            error = json.loads(answer)["error"]
            self.assertEqual(error["field"], field, f"{line} {answer}")
            self.assertIn(text, error["message"], line)
            for word in ("query.", "from_region", '""', "JSON_ALLOW"):
                self.assertNotIn(word, error["message"], line)

    def test_faults_name_the_flags(self):
        """What was typed is shown whole, under the flag that it was typed for; so too in JSON."""
        cases = [
            (["--weights", "60,30"], USAGE, "--weights", "60,30"), (["--at", "51,9,4,4"], USAGE, "--at", "51,9,4,4"),
            (["--max-cost", "-1"], USAGE, "--max-cost", '"-1"'), (["--max-cost", "12.505"], USAGE, "--max-cost", "12.505"),
            (["--radius-km", "-1"], USAGE, "--radius-km", '"-1"'), (["--radius-km", "0.0004"], USAGE, "--radius-km", "0.0004"),
            (["--at", "91,4"], REFUSED, "--at", "91"), (["--from", "GM7777"], REFUSED, "--from", "GM7777"),
            (["--region", "NL", "--level", "mbo9"], USAGE, "--level", "mbo9"), ([], REFUSED, "--from", "--from"),
            (["--region", "NL", "--interest", "nergens"], REFUSED, "--interest", "nergens"),
            (["--from", "GM0606", "--radius-km", "600"], REFUSED, "--radius-km", "600"),
        ]
        for args, status, flag, text in cases:
            done = self.ctl("match", *args, "--json", expect=status)
            error = json.loads(done.stdout)["error"]
            self.assertEqual((error["code"], error["field"]), ("INVALID_ARGUMENT", flag), done.stdout)
            self.assertIn(text, error["message"])
            self.assertIn(f"{flag}: ", done.stderr)
        self.assertEqual(self.ctl("match", "--at", expect=USAGE).stdout, "")
        self.assertIn("kansenctl regions TEXT", self.ctl("match", "--region", "GM7777", expect=REFUSED).stderr)
        told = self.ctl("match", "--region", "NL", "--interest", "x", expect=REFUSED).stderr
        self.assertIn("kansenctl interests TEXT", told)
        self.ctl("match", "--from", "GM0606", "--max-cost", "12.500", "--radius-km", "0.001")

    def test_spaces_behind_commas(self):
        with self.daemon.client() as client:
            client.add_offer("spaces/o", client.add_partner("spaces/p"))
        find = lambda at, interests, kinds: self.ctl("--json", "match", "--at", at, "--interest", interests, "--kind", kinds).stdout
        found = find("51.92,4.40", "sport:20,kunst", "sport,culture")
        self.assertIn("spaces/o", found)
        self.assertEqual(find("51.92, 4.40", " sport:20 , kunst", "sport , culture "), found)

    def test_output_that_can_not_be_written(self):
        self.import_text("partners", "external_id,kind,name,region\n" + "".join(f"full-{i},company,B,GM0606\n" for i in range(99)))
        for args in ("--json match --region NL", "--json partner list", "partner list", "status", "--json ping", "regions Schiedam",
                     "--help", "--version", "offer add --help", "--json match --region GM7777", "export regions"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                command = [str(kansenctl()), "-s", self.daemon.tcp, *args.split()]
                done = harness.subprocess.run(command, stdout=full, stderr=harness.subprocess.PIPE, text=True,
                                              timeout=harness.PATIENCE, check=False, env=harness.environment(command))
            self.assertEqual(done.returncode, REFUSED, args)
            self.assertIn("No space left", done.stderr, args)
            self.assertNotIn("memory", done.stderr, args)

    def test_add(self):
        partner = ["partner", "add", "--external-id", "add-p", "--kind", "company", "--name", "Bedrijf", "--region", "GM0606"]
        self.ctl(*partner)
        told = self.ctl("partner", "add", "--kind", "company", "--name", "Naamloos", expect=USAGE).stderr
        self.assertIn("--external-id", told)
        offer = ["offer", "add", "--external-id", "add-o", "--partner", "add-p", "--kind", "internship", "--title", "T",
                 "--seats", "2"]
        self.assertIn("--interests", self.ctl(*offer, expect=USAGE).stderr)
        self.ctl(*offer, "--interest", "zorg, sport.voetbal", "--level", "mbo4,mbo3", "--weekday=mo", "--fund", "jeugdfonds")
        made = self.offers("add-")["add-o"]
        self.assertEqual((set(made["interests"]), set(made["levels"]), made["weekdays"], made["funds"]),
                         ({"zorg", "sport.voetbal"}, {"mbo4", "mbo3"}, ["mo"], ["jeugdfonds"]))
        more = [*offer[:3], "add-2", *offer[4:], "--interests", "zorg"]
        faults = [(["--partner=nergens"], "--partner", REFUSED), (["--region", "GM7777"], "--region", REFUSED),
                  (["--min-age", "x"], "--min-age", USAGE), (["--interest", "sport"], "--interests", USAGE),
                  (["--lat", "51"], "--lon", USAGE)]
        for extra, flag, status in faults:
            args = [a for a in more if not extra[0].startswith("--partner") or a not in ("--partner", "add-p")]
            told = self.ctl("--json", *args, *extra, expect=status)
            self.assertEqual(json.loads(told.stdout)["error"]["field"], flag, told.stdout)
        for verb, names in (("partner add", ("--external-id", "--kind", "--name")),
                            ("offer add", ("--external-id", "--partner", "--kind", "--title", "--interests", "--seats"))):
            usage = self.ctl(*verb.split(), "--help").stdout
            for name in names:
                self.assertIn(name, usage.splitlines()[0])
            self.assertRegex(usage, r"--region VALUE +code of a municipality")

    def test_who_pays(self):
        with self.daemon.client() as client:
            partner = client.add_partner("pays/p", region="GM0622")
            offer = client.add_offer("pays/o", partner, cost_cents=19500, funds=["jeugdfonds", "fonds-2"])
        query = ["--region", "GM0622", "--max-cost", "10"]
        self.assertIn("195.00 (jeugdfonds)", self.ctl("match", *query, "--fund", "jeugdfonds").stdout)
        self.assertIn("195.00 (one of: x, jeugdfonds)", self.ctl("match", *query, "--fund", "x,jeugdfonds").stdout)
        self.assertIn("195.00, paid by jeugdfonds", self.ctl("explain", str(offer), *query, "--fund", "jeugdfonds").stdout)
        self.assertIn("paid by one of: x, jeugdfonds", self.ctl("explain", str(offer), *query, "--fund", "x,jeugdfonds").stdout)
        self.assertNotIn("195.00, paid by", self.ctl("explain", str(offer), *query, "--fund", "x").stdout)
        self.assertNotIn("(jeugdfonds", self.ctl("match", "--region", "GM0622", "--max-cost", "195", "--fund", "jeugdfonds").stdout)

    def test_hint_to_the_next_page(self):
        with self.daemon.client() as client:
            partner = client.add_partner("hint/p", region="GM0622")
            for i in range(3):
                client.add_offer(f"hint/{i}", partner)
        page = ["match", "--region", "GM0622", "--interest", "sport.voetbal", "--limit", "1"]
        self.assertIn("the same with --cursor", self.ctl(*page).stdout)
        self.assertIn("the same without --discover, with --cursor", self.ctl(*page, "--discover", "1").stdout)


if __name__ == "__main__":
    unittest.main()
