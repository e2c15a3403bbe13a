# SPDX-License-Identifier: Apache-2.0
"""`kansenctl round`: the whole life from the command line, and the record as kansen-verify sees it."""
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import pty
import random
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
import unittest

import harness
import rounds
from rounds import digest, draw_day

RULE = """rule test 1
label 0 Referred, at an offer with a reserve
label 1 Lives near
label 2 All others
when level ineligible not same level level
when referred class 0 referred & reserved
when near class 1 within home place 6000
else others class 2
"""


class Cli(harness.Programs, unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.folder = pathlib.Path(self.daemon.scratch)
        self.partner = self.client.add_partner("p")

    def portal(self, name):
        """What kansenctl prints for a portal of that source."""
        self.client.write(create_client={"client": {"name": name, "role": "ROLE_PORTAL", "source": name}})
        harness.write_token(self.folder / f"{name}.token", harness.issue_token(self.client, name))
        return lambda *args, **options: self.ctl("--token-file", f"{name}.token", *args, **options).stdout

    def parties(self, name):
        before = f"{name}-" if name == "two" else ""
        return ["--party", f"school={before}school.secret", "--party", f"aanbieder={before}partner.secret"]

    def create(self, name, *flags, status=0, date=None):
        return self.ctl("round", "create", name, *self.parties(name),
                        "--beacon-source", "a lottery on television", "--beacon-date", date or draw_day(), "--beacon-encoding", "as printed",
                        "--beacon-fallback", "the next one", *flags, status=status)

    def finish(self, name):
        self.ctl("round", "freeze", name)
        self.draw(name)

    def draw(self, name):
        self.ctl("round", "draw", name, *self.parties(name), "--beacon", "1 2 3")
        self.ctl("round", "compute", name)

    def lists(self, offers, students, dice):
        return "".join(json.dumps({
            "student": f"s{n}", "offers": dice.sample(offers, dice.randint(0, 6)), "referred": dice.random() < 0.4,
            "facts": {"level": dice.choice(["mbo3", "mbo4"]), "home": [dice.choice(["GM0606", "GM0622", "GM0363"])]}}) + "\n"
            for n in range(students))

    def test_the_whole_life(self):
        dice = random.Random(5)
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=dice.randint(1, 12), reserved_seats=1, title="<b>T</b>",
                                        levels=["LEVEL_MBO3"] if n % 2 else []) for n in range(12)]
        (self.folder / "rule").write_text(RULE)
        self.create("r", "--rule", "rule", "--kind", "sport", "--own-lottery-kind", "sport,culture", "--own-lottery-region", "GM9999", status=1)
        self.create("r", "--rule", "rule", "--kind", "sport", "--own-lottery", f"{offers[3]},{offers[8]}")
        self.assertEqual((self.folder / "school.secret").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.json("round", "open", "r")["state"], "open")
        text = self.lists(offers, 150, dice)
        summary = self.json("round", "submit", "r", "-", "--issuer", "school", stdin=text)
        self.assertEqual((summary["created"], summary["failed"]), (150, 0))
        again = self.json("round", "submit", "r", "-", "--issuer", "school", stdin=text + '{"student": 1}\n[]\n{"student": "x", "offer": 1}\n',
                          status=1)
        self.assertEqual((again["created"], again["failed"]), (0, 153))
        self.assertEqual([error["code"] for error in again["errors"]].count("ALREADY_EXISTS"), 150)
        self.ctl("round", "withdraw", "r", "--issuer", "school", "--student", "s0")
        self.finish("r")
        shown = self.json("round", "show", "r")
        self.assertEqual((shown["state"], shown["students"], sum(shown["ranks"])), ("computed", 149, shown["assigned"]))
        self.assertIn("Choice obtained", self.ctl("round", "show", "r").stdout)
        self.assertIn("none", self.ctl("round", "show", "r").stdout)
        who = ("--issuer", "school", "--student", "s1")
        result = self.json("round", "result", "r", *who)
        explained = self.json("round", "explain", "r", *who, "--language", "en")
        self.assertEqual({key: explained[key] for key in result}, result)
        self.assertIn("lottery", " ".join(explained["text"]))
        everybody = [json.loads(line) for line in self.ctl("--json", "round", "result", "r").stdout.splitlines()]
        self.assertEqual((len(everybody), sum(one["rank"] > 0 for one in everybody)), (149, shown["assigned"]))
        self.assertIn({key: result[key] for key in ("ref", "offer", "rank")}, everybody)
        self.assertIn("lotnummer", self.ctl("round", "explain", "r", *who).stdout)
        self.key = self.ctl("round", "export", "r", "sealed", "--key", "sign.key", "--html", "page.html").stdout.split()[-1]
        self.verify("--commitment", shown["commitment"], "--input-digest", shown["input_digest"], "sealed")
        self.assertRegex((self.folder / "sealed" / "audit").read_text(), r"\nverdict holds kansen-verify \S+\n\Z")
        for student in ("s1", "s2", "s149"):
            ref = self.json("round", "result", "r", "--issuer", "school", "--student", student)["ref"]
            (self.folder / "receipt").write_text(self.ctl("round", "receipt", "sealed", ref).stdout)
            self.assertIn(ref, self.verify("--receipt", "receipt", "sealed") + (self.folder / "receipt").read_text())
        changed = (self.folder / "receipt").read_text().replace("path ", "path 0", 1).replace("\nsalt 0", "\nsalt 1")
        (self.folder / "changed").write_text(changed)
        self.assertNotEqual(harness.run([harness.BUILD / "kansen-verify", "--key", self.key, "--receipt", "changed", "sealed"], cwd=self.folder).returncode, 0)
        self.ctl("round", "receipt", "sealed", "0" * 64, status=1)
        self.ctl("round", "export", "r", "sealed", "--key", "sign.key", status=2)
        self.assertEqual(self.json("round", "publish", "r")["state"], "published")
        objection = str(self.json("round", "object", "r", *who, "--kind", "list")["objection"])
        self.ctl("round", "review", "r", objection, "--confirm", status=2)
        had = result["offer"]
        self.assertRegex(self.ctl("round", "objections", "r").stdout, rf"\n *1 +list +open +{had} +- ")
        self.ctl("round", "review", "r", objection, "--correct", "--reason", "a wrong list", "--no-offer")
        self.assertRegex(self.ctl("round", "objections", "r").stdout, rf"\n *1 +list +proposed +{had} +0 ")
        self.ctl("round", "agree", "r", objection, status=1)
        self.client.write(create_client={"client": {"name": "second", "role": "ROLE_OPERATOR"}})
        harness.write_token(self.folder / "second.token", harness.issue_token(self.client, "second"))
        harness.run([harness.kansenctl(), "--token-file", "second.token", "round", "agree", "r", objection, "-s", self.daemon.tcp],
                    cwd=self.folder)
        self.assertEqual(self.json("round", "objections", "r")["state"], "corrected")
        self.ctl("round", "export", "r", "again", "--key", "sign.key", "--public", "public")
        for path in (self.folder / "sealed").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "again" / path.name).read_bytes())
        self.assertEqual(sorted(path.name for path in (self.folder / "public").iterdir()), ["public-cutoffs", "record", "signature"])
        for path in (self.folder / "public").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "sealed" / path.name).read_bytes())
        self.verify("--public", "public")
        self.ctl("round", "export", "r", "other", "--key", "other.key", status=2)
        self.assertEqual(self.json("round", "list")["round"], "r")
        self.assertEqual(self.json("round", "close", "r")["state"], "closed")
        told = [json.loads(line) for line in self.ctl("--json", "watch", "--from", "1", "--until-now", "--kind", "round").stdout.splitlines()]
        states = [change["round_state"] for event in told for change in event["changes"] if change["kind"] == "round"]
        self.assertEqual(list(dict.fromkeys(states)), ["created", "open", "freezing", "frozen", "drawn", "computing", "computed",
                                                       "publishing", "published", "closed"])
        page = (self.folder / "page.html").read_text()
        self.assertIn("Welke keuze de leerlingen kregen", page)
        self.assertIn("Bij 2 van de 12 stages en activiteiten is apart geloot.", page)
        self.assertNotIn("<script", page)
        self.assertNotIn("http", page)

    def tampered_before(self, name, before):
        """Nothing of a round is signed that does not follow from the records before it, as they are given."""
        def changed(folder, file, old, new):
            shutil.copytree(self.folder / before, self.folder / folder)
            text = (self.folder / before / file).read_text()
            self.assertIn(old, text)
            (self.folder / folder / file).write_text(text.replace(old, new, 1))
            return folder
        for number, (flag, folder, words) in enumerate((
                ("--earlier", changed("lists", "input", " 0 0 ", " 1 0 "), "record: earlier: the record of earlier round 1 is not sound"),
                ("--earlier", changed("places", "result", " 1\n", " 2\n"), "record: earlier: the record of earlier round 1 is not sound"),
                ("--earlier", changed("draw", "record", "beacon source", "beacon fallback"), "none that this round names as earlier"),
                ("--previous", "draw", "record: chain: the record before it is not the one that was given"),
                ("--previous", "nothing", "nothing/: file"))):
            done = self.ctl("round", "export", name, f"bad{number}", "--key", "sign.key", flag, folder, status=1)
            self.assertIn("nothing is signed: the record does not hold", done.stderr)
            self.assertIn(words, done.stderr)
            self.assertFalse((self.folder / f"bad{number}" / "record").exists() or (self.folder / f"bad{number}" / "signature").exists())
        self.assertEqual(self.client.call(get_round={"name": name}).get_round.round.record_digest, b"")
        self.ctl("round", "export", name, "bad", "--key", "sign.key", "--unverified", "--earlier", before, status=2)

    def test_a_late_round(self):
        """Its record names the one before it, and kansen-verify follows."""
        dice = random.Random(6)
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=3, kind="OFFER_KIND_INTERNSHIP", reserved_seats=1) for n in range(6)]
        self.create("one", "--own-lottery", ",".join(map(str, offers[:4])))
        self.ctl("round", "offers", "one", "--offers", str(offers[0]), "--lottery", "common")
        self.assertEqual(self.json("round", "offers", "one", "--offers", str(offers[5]), "--lottery", "own")["own_lotteries"], 4)
        self.ctl("round", "offers", "one", "--offers", str(offers[5]), "--lottery", "own", status=1)
        self.ctl("round", "open", "one")
        self.ctl("round", "submit", "one", "-", "--issuer", "school", stdin=self.lists(offers, 25, dice))
        self.finish("one")
        self.key = self.ctl("round", "export", "one", "one", "--key", "sign.key").stdout.split()[-1]
        self.ctl("round", "publish", "one")
        self.assertEqual((self.folder / "one" / "input").read_text().count(" mtb "), 4)
        self.create("two", "--previous", "one", "--own-lottery-kind", "internship")
        self.assertRegex(self.ctl("round", "show", "two").stdout, r"\nlotteries +6 offers draw one of their own\n")
        self.ctl("round", "open", "two")
        lines = []
        for n in range(25):
            got = self.client.call(get_round_student={"round": "one", "issuer": "school", "student": f"s{n}"}).get_round_student
            if got.result.rank != 1:
                wanted = [o for o in dice.sample(offers, 3) if o != got.result.offer_id]
                kept = {"keep_placement": got.result.placement_id} if got.result.rank else {}
                lines.append({"student": f"s{n}", "offers": wanted, "referred": got.student.referred, **kept})
        lines += [{"student": f"late{n}", "offers": dice.sample(offers, 3), "referred": True} for n in range(5)]
        self.ctl("round", "submit", "two", "-", "--issuer", "school", stdin="".join(json.dumps(line) + "\n" for line in lines))
        self.finish("two")
        self.tampered_before("two", "one")
        both = ("--earlier", "one", "--previous", "one")
        self.assertNotIn("not checked", self.ctl("round", "export", "two", "two", "--key", "sign.key", *both).stderr)
        named = re.search(r"^previous ([0-9a-f]{64})$", (self.folder / "two" / "record").read_text(), re.MULTILINE)[1]
        chain, link = f"not checked: that this record follows {named}, ", "not checked: the lotteries and seats that students have since round one;"
        for number, flags, missing in ((0, (), [chain, link]), (1, both[:2], [chain]), (2, both[2:], [link])):
            said = self.ctl("round", "export", "two", f"two{number}", "--key", "sign.key", *flags).stderr
            self.assertEqual(said.count("not checked"), len(missing))
            for words in missing:
                self.assertIn(words, said)
            self.assertEqual((self.folder / f"two{number}" / "record").read_bytes(), (self.folder / "two" / "record").read_bytes())
        self.verify("--earlier", "one", "--previous", "one", "two")
        explained = self.json("round", "explain", "two", "--issuer", "school", "--student", "late1", "--language", "en")
        self.assertEqual([wish["own_lottery"] for wish in explained["wishes"]], [True] * 3)
        self.assertIn("This offer drew a lottery of its own", " ".join(explained["text"]))
        self.ctl("round", "publish", "two")

    def test_the_picture_fits_the_terminal(self):
        offer = self.client.add_offer("o", self.partner, seats=9)
        self.create("r")
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school",
                 stdin="".join(json.dumps({"student": f"s{n}", "offers": [offer]}) + "\n" for n in range(12)))
        self.finish("r")
        command = [harness.kansenctl(), "round", "show", "r", "-s", self.daemon.tcp]
        for columns, bar in ((200, 50), (80, 50), (40, 10), (20, 0), (0, 50)):
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave, env=harness.environment(command)):
                os.close(slave)
                text = b""
                with contextlib.suppress(OSError):  # which the end of the program is
                    while more := os.read(master, 1 << 16):
                        text += more
            os.close(master)
            one = next(line for line in text.decode().splitlines() if line.startswith(" " * 11 + "1 "))
            self.assertEqual((one.count("\u2588"), len(one)), (bar, 30 + bar), columns)

    def test_how_many_are_referred_does_not_follow(self):
        """Where a reserve is filled by students who else had got nothing, or not filled, two cutoffs in public would tell how many they are."""
        filled, unfilled, tight = (self.client.add_offer(f"o{n}", self.partner, seats=seats, reserved_seats=5)
                                   for n, seats in enumerate((20, 20, 12)))
        self.create("r")
        self.ctl("round", "open", "r")
        who = [(f"{offer} {n}", offer, n < referred) for offer, referred in ((filled, 9), (unfilled, 2), (tight, 2)) for n in range(60)]
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin="".join(
            json.dumps({"student": student, "offers": [offer], "referred": referred}) + "\n" for student, offer, referred in who))
        self.finish("r")
        self.ctl("round", "export", "r", "sealed", "--key", "sign.key")
        held = [line.split(" ")[4] for line in (self.folder / "sealed" / "cutoffs").read_text().splitlines()]
        self.assertLess(max(map(int, held)), 10)
        self.assertRegex((self.folder / "sealed" / "public-cutoffs").read_text(),
                         rf"\A0*{filled} 20 5 20 \* 0,\d+ \*\n0*{unfilled} 20 5 20 \* 0,\d+ \*\n0*{tight} 12 5 12 \* \* \*\n\Z")

    def test_how_many_are_referred_does_not_follow_beside_holders(self):
        """Nor from whether a cutoff is told, where the seats of a late round are few: it is that of fewer than ten if four or five are referred."""
        offer = self.client.add_offer("o", self.partner, seats=30, reserved_seats=5)
        better = self.client.add_offer("better", self.partner, seats=1)
        holders, newcomers = [(f"s{n}", offer, False) for n in range(18)], [(f"late{n}", offer, n < 2) for n in range(40)]
        late = [(student, better, False) for student, *_ in holders] + newcomers  # one moves up, 13 seats are left
        for name, who, flags in (("one", holders, ()), ("two", late, ("--previous", "one"))):
            self.create(name, "--offers", f"{offer},{better}", *flags)
            self.ctl("round", "open", name)
            self.ctl("round", "submit", name, "-", "--issuer", "school", stdin="".join(
                json.dumps({"student": student, "offers": [wish], "referred": referred}) + "\n" for student, wish, referred in who))
            self.finish(name)
            self.key = self.ctl("round", "export", name, name, "--key", "sign.key", *(("--earlier", "one", "--previous", "one") if flags else ())).stdout.split()[-1]
            self.ctl("round", "publish", name)
        self.assertRegex((self.folder / "two" / "cutoffs").read_text(), rf"\A0*{offer} 30 5 30 2 0,\d+ OPEN\n")
        self.assertRegex((self.folder / "two" / "public-cutoffs").read_text(), rf"\A0*{offer} 30 5 30 \* \* \*\n\Z")

    def test_a_reference_that_is_too_long(self):
        """Is told with its line, and the other lists of its batch are taken."""
        offer = self.client.add_offer("o", self.partner)
        self.create("r")
        self.ctl("round", "open", "r")
        told = self.json("round", "submit", "r", "-", "--issuer", "school", status=1, stdin="".join(
            json.dumps({"student": student, "offers": [offer]}) + "\n" for student in ("a", "x" * 200, "y" * 201, "b")))
        self.assertEqual((told["created"], told["failed"]), (3, 1))
        self.assertEqual(told["errors"], [{"line": 3, "code": "INVALID_ARGUMENT", "field": "student",
                                           "message": "the reference has 201 bytes; 1 to 200 are allowed"}])
        for verb in (("withdraw", "r"), ("object", "r", "--kind", "list")):
            self.assertIn("student: the reference has 201 bytes", self.ctl(
                "round", *verb, "--issuer", "school", "--student", "y" * 201, status=1).stderr)

    def test_who_moved_up_in_a_late_round(self):
        """What is public counts those who still sit where they were pinned, not those who were: eleven get a better place here, and
        eleven others their seats, so the last of these is told."""
        old, new = self.client.add_offer("old", self.partner, seats=12), self.client.add_offer("new", self.partner, seats=11)
        self.create("one", "--offers", str(old))
        self.ctl("round", "open", "one")
        submit = lambda name, lists: self.ctl(  # noqa: E731
            "round", "submit", name, "-", "--issuer", "school",
            stdin="".join(json.dumps({"student": student, "offers": [offer]}) + "\n" for student, offer in lists))
        submit("one", [(f"s{n}", old) for n in range(12)])
        self.finish("one")
        self.key = self.ctl("round", "export", "one", "one", "--key", "sign.key").stdout.split()[-1]
        self.ctl("round", "publish", "one")
        self.create("two", "--offers", f"{old},{new}", "--previous", "one")
        self.ctl("round", "open", "two")
        submit("two", [(f"s{n}", new) for n in range(12)] + [(f"late{n}", old) for n in range(20)])
        self.finish("two")
        self.ctl("round", "export", "two", "two", "--key", "sign.key", "--earlier", "one", "--previous", "one")
        self.assertRegex((self.folder / "two" / "public-cutoffs").read_text(),
                         rf"\A0*{old} 12 0 12 \* (0,\d+) \1\n0*{new} 11 0 11 \* (0,\d+) \2\n\Z")

    def guess(self, cutoffs, hidden, wanted):
        """The file cutoffs of an offer with one seat and others with many, tried out from their public lines alone; None if none of
        them has this digest."""
        rows = [line.split(" ") for line in cutoffs.splitlines()]
        self.assertEqual({row[4] for row in rows}, {"*"})
        self.assertEqual("*" in [field for row in rows for field in row[5:]], False)
        told = [[" ".join(row[:4] + [str(referred)] + row[5:]) + "\n" for referred in range(int(row[3]) + 1)] for row in rows]
        own = [f"{hidden} 1 0 1 {referred} 0,{rank} 0,{rank}\n" for referred in (0, 1) for rank in range(60)]
        for head in itertools.product(*told):
            for tail in own:
                text = "".join(sorted([*head, tail]))
                if rounds.digest(text.encode()) == wanted:
                    return text
        return None

    def test_receipts_of_a_school(self):
        """It looks its students' references up, and gives those out of its hands, not its own."""
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=4) for n in range(6)]
        self.create("r")
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=self.lists(offers, 23, random.Random(9)))
        self.client.write(create_client={"client": {"name": "other", "role": "ROLE_PORTAL", "source": "other"}})
        harness.write_token(self.folder / "other.token", harness.issue_token(self.client, "other"))
        own = ["a b", "\u00e9", "x"]
        mine = lambda *args, **more: self.ctl("--token-file", "other.token", *args, **more)  # noqa: E731
        mine("round", "submit", "r", "-", stdin="".join(json.dumps({"student": s, "offers": offers}) + "\n" for s in own))
        (self.folder / "students").write_text("".join(s + "\n" for s in own))
        told = mine("round", "refs", "r", "students").stdout
        self.assertEqual([line.split(" ", 1)[1] for line in told.splitlines()], own)
        as_json = [json.loads(line) for line in mine("--json", "round", "refs", "r", "-", stdin="x\n").stdout.splitlines()]
        self.assertEqual(as_json, [{"ref": told.splitlines()[2].split(" ")[0], "student": "x"}])
        self.assertIn("-:2: nothing is told from this line on", mine("round", "refs", "r", "-", stdin="x\ns1\nx\n", status=1).stderr)
        mine("round", "refs", "r", "-", stdin="x\n\n", status=2)
        mine("round", "refs", "r", "nothing", status=2)
        self.finish("r")
        self.key = self.ctl("round", "export", "r", "sealed", "--key", "sign.key").stdout.split()[-1]
        every = [line.split(" ")[1] for line in (self.folder / "sealed" / "input").read_text().splitlines() if line.startswith("student ")]
        for name, refs in (("one", every[:1]), ("last", every[-1:]), ("some", [line.split(" ")[0] for line in told.splitlines()]), ("all", every[::-1])):
            said = self.ctl("round", "receipts", "sealed", "-", name, stdin=told if name == "some" else "".join(ref + "\n" for ref in refs)).stdout
            self.assertEqual(said, f"{len(refs)} receipts in {name}\n")
            self.assertEqual(sorted(path.name for path in (self.folder / name).iterdir()), sorted(refs))
            for path in (self.folder / name).iterdir():
                self.assertEqual(path.read_text(), self.ctl("round", "receipt", "sealed", path.name).stdout)
                self.assertIn(f"student {path.name} ", self.verify("--receipt", path, "sealed"))
                self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        for text, words, status in (("", "no reference", 2), (every[0] + "\n" + every[0] + "\n", "twice", 2), ("../x\n", "-:1: ", 2),
                                    (every[0] + "\n" + "0" * 64 + "\n", "no student " + "0" * 64, 1), (every[0] + "0\n", "-:1: ", 2)):
            self.assertIn(words, self.ctl("round", "receipts", "sealed", "-", "new", stdin=text, status=status).stderr)
        self.assertIn("File exists", self.ctl("round", "receipts", "sealed", "-", "one", stdin=every[1] + "\n", status=2).stderr)
        self.ctl("round", "receipts", "nowhere", "-", "new", stdin=every[1] + "\n", status=1)
        self.assertFalse((self.folder / "new").exists())
        self.assertEqual(self.json("round", "receipts", "sealed", "-", "new", stdin=every[1] + "\n"), {"directory": "new", "receipts": 1})

    def test_what_is_public_is_written_once(self):
        """Of the result that counts: drafts could be compared. The sealed record is there from computing on."""
        offer = self.client.add_offer("o", self.partner, seats=2)
        self.create("r")
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=json.dumps({"student": "s", "offers": [offer]}) + "\n")
        export = ("round", "export", "r", "sealed", "--key", "sign.key")
        self.assertIn("not computed", self.ctl(*export, "--public", "public", status=1).stderr)
        self.finish("r")
        refused = self.ctl(*export, "--public", "public", status=1).stderr
        self.assertIn("round r is computed; what is public of its record is written when it is published", refused)
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name in ("sealed", "public", "sign.key")], [])
        self.key = self.ctl(*export).stdout.split()[-1]
        self.ctl("round", "publish", "r")
        self.ctl("round", "export", "r", "again", "--key", "sign.key", "--public", "public")
        self.ctl("round", "close", "r")
        self.ctl("round", "export", "r", "third", "--key", "sign.key", "--public", "other")
        self.verify("--public", "other")
        for path in (self.folder / "public").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "sealed" / path.name).read_bytes())

    def test_a_correction_is_seen(self):
        """A record says which inputs there were before its own, and kansen-verify tells of it."""
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=2) for n in range(6)]
        self.create("r")
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=self.lists(offers, 12, random.Random(8)))
        self.ctl("round", "freeze", "r")
        inputs = [self.json("round", "show", "r")["input_digest"]]
        self.ctl("round", "revise", "r", "--reason", "a school was late")
        self.finish("r")
        inputs.append(self.json("round", "show", "r")["input_digest"])
        self.key = self.ctl("round", "export", "r", "one", "--key", "sign.key").stdout.split()[-1]
        self.assertNotIn("was changed after the draw", self.verify("one"))
        self.ctl("round", "revise", "r", "--reason", "two lists were mistyped")
        changed = {"student": "s3", "offers": offers[:1], "replace": True}
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=json.dumps(changed) + "\n")
        self.ctl("round", "freeze", "r")
        self.ctl("round", "compute", "r")
        self.ctl("round", "export", "r", "two", "--key", "sign.key")
        record = (self.folder / "two" / "record").read_text()
        first = rounds.digest((self.folder / "one" / "record").read_bytes()).hex()
        time = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
        self.assertRegex(record, rf"\ndrawn {time}\nrevised 0 frozen {time} {inputs[0]} - a school was late\n"
                                 rf"revised 1 computed {time} {inputs[1]} {first} two lists were mistyped\ninput-frozen {time}\ncomputed ")
        said = self.verify("--previous", "one", "two")
        self.assertRegex(said, rf"revision 0 was corrected at {time}, before the draw: a school was late \(it has no record\)\n"
                               rf"revision 1 was corrected at {time}, after the draw, when its result was known: two lists were mistyped "
                               rf"\(its record is {first}\)\nthe input was changed after the draw: it was frozen for the draw at {time}, "
                               rf"and in the end at {time}\n")
        self.assertIn("of a revision that was corrected", self.verify("--input-digest", inputs[1], "two", status=1))

    def test_what_is_left_out_in_public_can_not_be_tried_out(self):
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=seats) for n, seats in enumerate((20, 20, 1))]
        self.create("r")
        self.ctl("round", "open", "r")
        dice = random.Random(7)
        lists = [{"student": f"s{n}", "offers": dice.sample(offers, 3), "referred": n % 12 == 0} for n in range(60)]
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin="".join(json.dumps(line) + "\n" for line in lists))
        self.finish("r")
        self.ctl("round", "publish", "r")
        self.ctl("round", "export", "r", "sealed", "--key", "sign.key", "--public", "public")
        public = (self.folder / "public" / "public-cutoffs").read_text()
        digests = dict(line.split(" ")[1:] for line in (self.folder / "public" / "record").read_text().splitlines()
                       if line.startswith("digest "))
        cutoffs = (self.folder / "sealed" / "cutoffs").read_text()
        audit = dict(line.split(" ", 1) for line in (self.folder / "sealed" / "audit").read_text().splitlines())
        self.assertEqual(self.guess(public, f"{offers[2]:010}", rounds.digest(cutoffs.encode())), cutoffs)  # else it is no guess worth the name
        self.assertIsNone(self.guess(public, f"{offers[2]:010}", bytes.fromhex(digests["cutoffs"])))
        self.assertEqual(rounds.digest(cutoffs.encode(), key=bytes.fromhex(audit["receipt-key"])).hex(), digests["cutoffs"])
        self.assertEqual(self.json("round", "show", "r")["cutoff_digest"], digests["cutoffs"])

    def test_the_example_of_the_manual(self):
        """Its commands, one after the other as they stand there, but for the day of the draw."""
        manual = (harness.ROOT / "client/cli/kansenctl.1").read_text().split("Place a cohort", 1)[1].split(".Sh SEE ALSO", 1)[0]
        script = "\n".join(re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", manual, re.MULTILINE)).replace("\\e", "\\")
        script, days = re.subn(r"--beacon-date [0-9-]+", f"--beacon-date {draw_day()}", script)
        self.assertEqual(days, 1)
        self.assertEqual([self.client.add_offer(f"o{n}", self.partner, seats=1) for n in (1, 2, 3)], [1, 2, 3])
        bin_ = self.folder / "bin"
        bin_.mkdir()
        for program in ("kansenctl", "kansen-verify"):
            (bin_ / program).symlink_to(harness.BUILD / program)
        (bin_ / "jq").write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.load(sys.stdin)[sys.argv[2][1:]])\n")
        (bin_ / "jq").chmod(0o755)
        done = harness.run(["sh", "-exc", script], cwd=self.folder, env={
            **os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "KANSEN_SERVER": self.daemon.tcp, "KANSEN_TOKEN_FILE": str(self.daemon.token_file)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count(" holds, "), 3)
        self.assertEqual(self.json("round", "show", "mbo-2027")["state"], "closed")
        self.assertIn("Geplaatst bij keuze", done.stdout)
        self.assertIn("verdict holds", (self.folder / "sealed" / "audit").read_text())

    def verifier(self, text):
        """A program in the place of kansen-verify."""
        path = self.folder / "verifier"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return "--verifier", path

    def test_what_the_verifier_says(self):
        """Nothing is signed that does not hold, and the record says who looked."""
        offer = self.client.add_offer("o", self.partner, seats=2)
        self.create("r")
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=json.dumps({"student": "s", "offers": [offer]}) + "\n")
        self.finish("r")
        export = ("round", "export", "r")
        key = ("--key", "sign.key")
        version = harness.run([harness.BUILD / "kansen-verify", "--version"]).stdout.strip()
        told = f'[ "$1" = --version ] && {{ echo {version}; exit; }}\n'
        for name, program, words in (
                ("no", told + "echo result:7: rank: student 00 is placed >&2; exit 1", "result:7: rank: student 00 is placed"),
                ("killed", told + "kill -9 $$", "ended early"), ("loud", told + "yes >&2 & yes | head -c 300000 >&2; kill $!; exit 1", "says"),
                ("other", "echo another 1", "--verifier"), ("fails", told.replace("exit;", "exit 3;"), "--verifier")):
            refused = self.ctl(*export, name, *key, *self.verifier(program + "\n"), status=1)
            self.assertIn(words, refused.stderr)
            self.assertFalse((self.folder / name).exists() or (self.folder / f"{name}.part").exists())
        self.assertIn("--unverified", self.ctl(*export, "none", *key, "--verifier", "./nothing", status=1).stderr)
        self.assertFalse((self.folder / "none").exists())
        self.assertEqual(self.client.call(get_round={"name": "r"}).get_round.round.record_digest, b"")
        # As many records as one may name are passed on, and the one that is looked at is the last word.
        named = [word for _ in range(255) for word in ("--earlier", "x", "--corrections", "y")]
        said = self.ctl(*export, "many", *key, *named, *self.verifier(f'{told}for last; do :; done; echo $# "$last" >&2; exit 1\n'),
                        status=1).stderr
        self.assertIn(": 1021 many.part ", said)
        # What it is shown is whole but for the key, which is nobody's.
        held = self.ctl(*export, "held", *key, *self.verifier(
            f"{told}cp -r \"$1\" draft && exec {harness.BUILD / 'kansen-verify'} \"$1\"\n"))
        self.key = held.stdout.split()[-1]
        self.assertEqual((self.folder / "held" / "audit").read_text().splitlines()[-1], f"verdict holds {version}")
        self.verify("held")
        self.verify("draft", status=1)
        for path in (self.folder / "held").iterdir():
            draft = (self.folder / "draft" / path.name).read_text().splitlines()
            lines = [pair for pair in zip(path.read_text().splitlines(), draft, strict=True) if pair[0] != pair[1]]
            self.assertEqual([line[0].split()[0] for line in lines], {"record": ["key"], "signature": lines and [lines[0][0]]}.get(path.name, []))

    def computed(self, name, offer):
        self.create(name, "--offers", str(offer))
        self.ctl("round", "open", name)
        self.ctl("round", "submit", name, "-", "--issuer", "school", stdin=json.dumps({"student": "s", "offers": [offer]}) + "\n")
        self.finish(name)

    def test_nothing_stays_of_an_export_that_fails(self):
        one, two = (self.client.add_offer(f"o{n}", self.partner, seats=2) for n in range(2))
        self.computed("r", one)
        for n, mode in (("w", 0o640), ("x", 0o604)):
            (self.folder / f"{n}.key").write_text("ab" * 32 + "\n")
            (self.folder / f"{n}.key").chmod(mode)
        there = self.folder / "there"
        there.mkdir()
        before = {path: path.stat().st_mtime for path in self.folder.rglob("*")}
        export = ("round", "export", "r", "sealed", "--key", "sign.key")
        fails = lambda words, *arguments, status=1: self.assertIn(words, self.ctl(*arguments, status=status).stderr)  # noqa: E731
        fails("may be used by others (mode 0640): chmod 600 it", *export[:-1], "w.key", status=2)
        fails("may be used by others (mode 0604): chmod 600 it", *export[:-1], "x.key", status=2)
        fails("there: File exists", *export[:3], "there", *export[4:], status=2)
        fails("can not be written", *export[:3], "nowhere/sealed", *export[4:])
        self.assertEqual({path: path.stat().st_mtime for path in self.folder.rglob("*")}, before)
        fails("nowhere/page can not be written", *export, "--html", "nowhere/page")
        self.assertTrue((self.folder / "sign.key").exists())  # from now on there is a key
        before = set(self.folder.rglob("*"))
        fails("nowhere/page can not be written", *export, "--html", "nowhere/page")
        fails("nothing is signed", *export, *self.verifier('[ "$1" = --version ] && echo kansen-verify 1 || { echo no >&2; exit 1; }\n'))
        self.assertEqual(self.client.call(get_round={"name": "r"}).get_round.round.record_digest, b"")
        # A page that is no file, such as standard output, is not removed.
        (self.folder / "device").symlink_to("/dev/null")
        fails("record can not be written", *export, "--html", "device", *self.verifier('[ "$1" = --version ] && echo kansen-verify 1 || rm -r sealed.part\n'))
        self.assertTrue((self.folder / "device").is_symlink())
        # Meanwhile the key signs another record, so the daemon refuses this one.
        self.computed("two", two)
        self.ctl("round", "publish", "r")
        fails("export again, behind that one", *export, "--public", "public", "--html", "page", *self.verifier(
            f'[ "$1" = --version ] && {{ echo kansen-verify 1; exit; }}\n{harness.kansenctl()} round export two other --key sign.key '
            f'--unverified -s {self.daemon.tcp} --token-file {self.daemon.token_file}\n'))
        self.assertEqual({path.name for path in set(self.folder.rglob("*")) - before},
                         {"verifier", "device", "two-school.secret", "two-partner.secret", "other", "audit", "cutoffs", "explanations", "input", "public-cutoffs", "record", "result", "signature"})
        fails("there: File exists", *export, "--public", "there", status=2)
        self.assertFalse((self.folder / "sealed.part").exists())
        self.ctl(*export)
        (self.folder / "other.key").write_text("cd" * 32 + "\n")
        (self.folder / "other.key").chmod(0o600)
        fails("another key has signed", "round", "export", "r", "again", "--key", "other.key")
        fails("none.key: No such file", "round", "export", "r", "again", "--key", "none.key", status=2)
        self.assertEqual(list(self.folder.glob("again*")) + list(self.folder.glob("none.key")), [])

    def test_an_export_after_one_that_was_killed(self):
        self.computed("r", self.client.add_offer("o", self.partner, seats=2))
        part = self.folder / "sealed.part"
        part.mkdir(mode=0o755)
        for name in ("input", "record", "signature"):
            (part / name).write_text("half")
        held = os.open(part, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.ctl("round", "export", "r", "sealed", "--key", "sign.key", status=1)
        self.assertEqual((part / "record").read_text(), "half")
        os.close(held)
        (part / "notes").write_text("mine")
        self.ctl("round", "export", "r", "sealed", "--key", "sign.key", status=1)
        self.assertEqual((part / "notes").read_text(), "mine")
        (part / "notes").unlink()
        self.key = self.ctl("round", "export", "r", "sealed/", "--key", "sign.key").stdout.split()[-1]
        self.assertEqual((part.exists(), (self.folder / "sealed").stat().st_mode & 0o777), (False, 0o700))
        self.verify("sealed")
        # The same for corrections, of which either both directories are there or none.
        self.ctl("round", "publish", "r")
        corrections = ("round", "corrections", "r", "fixed", "--key", "sign.key", "--public")
        (self.folder / "fixed.part").mkdir()
        for name in ("corrections", "signature"):
            (self.folder / "fixed.part" / name).write_text("half")
        self.ctl(*corrections, "sealed", status=2)
        self.assertEqual(list(self.folder.glob("fixed*")), [])
        self.ctl(*corrections, "told")
        self.verify("--corrections", "fixed", "sealed")
        self.assertEqual({path.name for folder in ("fixed", "told") for path in (self.folder / folder).iterdir()}, {"corrections", "signature"})

    def test_what_is_shown(self):
        """All that was published, of a drawn and a cancelled round; what is withheld or not known yet is no 0."""
        offers = [self.client.add_offer(f"o{n}", self.partner, seats=6, reserved_seats=2) for n in range(2)]
        portal = self.portal("other")
        self.create("given-up")
        self.ctl("round", "cancel", "given-up", "--reason", "too early")
        self.assertIn("\nreason       too early\n", portal("round", "show", "given-up"))
        self.create("r", "--kind", "sport,culture")
        self.ctl("round", "open", "r")
        self.assertIn("round r open: 2 offers, - seats, 0 students, - placed", self.ctl("round", "list").stdout)
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin="".join(
            json.dumps({"student": f"s{n}", "offers": offers, "referred": n < 3}) + "\n" for n in range(15)))
        self.assertIn("round r open: 2 offers, - seats, * students, * placed", portal("round", "list"))
        before = self.json("round", "show", "r")
        self.assertEqual([before[key] for key in ("seats", "students", "assigned", "withheld")], [None, 15, None, []])
        self.assertNotIn("beacon_bytes", before)
        self.finish("r")
        shown, text = self.json("round", "show", "r"), self.ctl("round", "show", "r").stdout
        wanted = {"rule_name": "all", "rule_version": 1, "beacon_source": "a lottery on television", "beacon_encoding": "as printed", "beacon_fallback": "the next one",
                  "beacon_bytes": "3120322033", "beacon_is_fallback": False, "kinds": ["sport", "culture"], "open_objections": 0,
                  "corrections": 0, "seats": 12, "reserved": 4, "students": 15, "referred": 3, "assigned": 12, "assigned_referred": 3, "withheld": []}
        self.assertEqual({key: shown[key] for key in wanted}, wanted)
        self.assertEqual(sorted(party["name"] for party in shown["parties"]), ["aanbieder", "school"])
        for party in shown["parties"]:
            self.assertIn(f"\nparty        {party['name']} {party['commitment']}\n", text)
            self.assertIn(f"\nsecret       {party['name']} {party['secret']}\n", text)
        for line in ("rule         all 1", f"salt         {shown['salt']}", f"commitment   {shown['commitment']}",
                     "encoding     as printed", "fallback     the next one", f"draw         {shown['beacon_bytes']}, of the beacon",
                     f"beacon       a lottery on television, {shown['beacon_date']}", "offers       2 with 12 seats, 4 reserved",
                     "students     15, 3 referred", "placed       12, 3 referred", "objections   0 open; 0 corrections, 0 due by a revision"):
            self.assertIn(f"\n{line}\n", text)
        other, hidden = portal("round", "show", "r"), json.loads(portal("--json", "round", "show", "r"))
        for line in ("offers       2 with 12 seats, * reserved", "students     *, * referred", "placed       *, * referred",
                     "objections   * open; * corrections, * due by a revision", f"salt         {shown['salt']}"):
            self.assertIn(f"\n{line}\n", other)
        self.assertNotIn("Choice obtained", other)
        names = ["reserved", "students", "referred", "unfinished", "assigned", "assigned_referred", "open_objections", "corrections", "corrections_due"]
        self.assertEqual((hidden["withheld"], [hidden[name] for name in names]), (names, [None] * 9))
        self.assertEqual((hidden["ranks"], hidden["ranks_referred"], hidden["seats"]), (None, None, 12))
        self.assertEqual(hidden["cutoff_digest"], shown["cutoff_digest"])  # it is keyed
        self.assertIn("round r computed: 2 offers, 12 seats, * students, * placed", portal("round", "list"))
        self.ctl("round", "object", "r", "--issuer", "school", "--student", "s1", "--kind", "list")
        self.assertEqual(self.json("round", "show", "r")["open_objections"], 1)
        self.ctl("round", "revise", "r", "--reason", "a list was wrong")
        self.assertIn("\nreason       a list was wrong\n", self.ctl("round", "show", "r").stdout)
        self.assertEqual(json.loads(portal("--json", "round", "show", "r"))["reason"], "a list was wrong")
        for revised in (self.json("round", "show", "r"), json.loads(portal("--json", "round", "show", "r"))):
            self.assertEqual([(one["state"], one["reason"], one["input_digest"]) for one in revised["revisions"]],
                             [("computed", "a list was wrong", shown["input_digest"])])
        self.assertRegex(self.ctl("round", "show", "r").stdout, r"\nrevised      0, computed, 20\S+Z: a list was wrong\n")
        self.ctl("round", "withdraw", "r", "--issuer", "school", "--student", "s0")
        self.ctl("round", "freeze", "r")
        self.ctl("round", "compute", "r")
        self.ctl("round", "publish", "r")
        self.assertIn("round r published: 2 offers, 12 seats, 14 students, * placed", portal("round", "list"))  # two have no seat

    def test_a_round_that_takes_no_lists(self):
        """One answer says so for all of them, however many there are."""
        self.client.add_offer("o", self.partner)
        self.create("r")
        lists = "".join(json.dumps({"student": f"s{n}", "offers": [1]}) + "\n" for n in range(3000))
        for name, words in (("r", "round r is created and can not take a list"), ("none", "there is no round 'none'")):
            refused = self.ctl("round", "submit", name, "-", "--issuer", "school", stdin=lists, status=1)
            self.assertEqual(refused.stderr.count(words), 1)
            self.assertEqual(len(refused.stderr.splitlines()), 1, refused.stderr)
            told = self.json("round", "submit", name, "-", "--issuer", "school", stdin=lists, status=1)
            self.assertEqual((told["created"], len(told["errors"]), told["errors"][0]["field"]), (0, 1, "round"))
            self.assertTrue(1 <= told["failed"] <= told["lists"] <= 3000, told)
        withdrawn = self.ctl("round", "withdraw", "r", "--issuer", "school", "--student", "s", status=1)
        self.assertIn("round r is created and can not give a list back", withdrawn.stderr)

    def test_many_objections(self):
        """More than a page by default: all of them, and the columns are named once."""
        offer = self.client.add_offer("o", self.partner, seats=200)
        portal = self.portal("school")
        self.create("r")
        self.ctl("round", "open", "r")
        names = [f"s{n}" for n in range(101)]
        portal("round", "submit", "r", "-", stdin="".join(json.dumps({"student": name, "offers": [offer]}) + "\n" for name in names))
        self.finish("r")
        told = self.client.batch([{"object_to_round": {"round": "r", "issuer": "school", "student": name, "kind": 1}} for name in names])
        self.assertEqual({result.status.code for result in told}, {harness.OK})
        table = self.ctl("round", "objections", "r").stdout.splitlines()
        self.assertEqual((len(table), [n for n, line in enumerate(table) if "KIND" in line]), (102, [0]))
        self.assertEqual(len(self.ctl("--json", "round", "objections", "r").stdout.splitlines()), 101)

    def test_a_case_by_its_reference(self):
        """Whoever reviews has no reference of a school's: the objection names the student, and explain takes that."""
        offer, other = (self.client.add_offer(f"o{n}", self.partner, seats=n) for n in (1, 9))
        portal = self.portal("school")
        self.create("r")
        self.ctl("round", "open", "r")
        portal("round", "submit", "r", "-", stdin="".join(json.dumps({"student": s, "offers": [offer]}) + "\n" for s in "ab"))
        self.finish("r")
        portal("round", "object", "r", "--student", "a", "--kind", "hardship")
        told, ref = self.json("round", "objections", "r"), self.json("round", "result", "r", "--issuer", "school", "--student", "a")["ref"]
        self.assertEqual(told["ref"], ref)
        self.assertIn(ref, self.ctl("round", "objections", "r").stdout)
        for verb in ("explain", "result"):
            self.assertEqual(self.json("round", verb, "r", "--ref", ref), self.json("round", verb, "r", "--issuer", "school", "--student", "a"))
        self.ctl("round", "explain", "r", "--ref", ref, "--student", "a", status=2)
        self.ctl("round", "explain", "r", "--ref", ref[1:], status=2)
        self.ctl("round", "explain", "r", "--ref", "0" * 64, status=1)
        self.ctl("round", "explain", "r", status=2)
        self.ctl("--token-file", "school.token", "round", "explain", "r", "--ref", ref, status=1)
        review = ("round", "review", "r", str(told["objection"]), "--reason", "it is so")
        for flags in (("--confirm", "--offer", str(other)), ("--confirm", "--no-offer"), ("--correct", "--offer", str(other), "--no-offer")):
            self.ctl(*review, *flags, status=2)
        self.ctl(*review, "--correct")  # before publication its input is corrected
        self.assertIn("0 corrections, 1 due by a revision", self.ctl("round", "show", "r").stdout)
        self.ctl("round", "revise", "r", "--reason", "it is so")
        self.ctl("round", "freeze", "r")
        self.ctl("round", "compute", "r")
        portal("round", "object", "r", "--student", "b", "--kind", "hardship")
        self.ctl("round", "publish", "r")
        review = ("round", "review", "r", str(told["objection"] + 1), "--reason", "it is so")
        self.assertIn("--no-offer", self.ctl(*review, "--correct", status=2).stderr)
        self.assertIn("open", self.ctl("round", "objections", "r").stdout)
        self.ctl(*review, "--correct", "--offer", str(other))
        self.assertEqual([json.loads(line)["to_offer"] for line in self.ctl("--json", "round", "objections", "r").stdout.splitlines()], [0, other])

    def test_parties_on_machines_of_their_own(self):
        """No party shows its secret to who makes the round, nor to the daemon, before the draw."""
        self.client.add_offer("o", self.partner)
        for party in ("school", "aanbieder"):
            (self.folder / party).mkdir()
            done = harness.run([harness.kansenctl(), "round", "secret", "r", "--party", f"{party}=kept"], cwd=self.folder / party)
            self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 1), done.stderr)
            secret = (self.folder / party / "kept").read_text().strip()
            self.assertEqual((self.folder / party / "kept").stat().st_mode & 0o777, 0o600)
            commitment = digest(b"alloc-party-v1\0r\0" + party.encode() + b"\0" + bytes.fromhex(secret)).hex()
            self.assertEqual(done.stdout, f"--party {party}:{commitment}\n")
            self.assertNotIn(secret, done.stdout + done.stderr)
        together = ("round", "secret", "r", "--party", "school=school/kept", "--party", "aanbieder=aanbieder/kept")
        flags = self.ctl(*together).stdout.split()
        told = self.json(*together)
        self.assertEqual(flags, [word for p in told["parties"] for word in ("--party", f"{p['name']}:{p['commitment']}")] + ["--commitment", told["commitment"]])
        beacon = ("--beacon-source", "a lottery", "--beacon-date", draw_day(), "--beacon-encoding", "as printed", "--beacon-fallback", "the next one")
        self.ctl("round", "create", "r", *[flag.replace(":", "=") for flag in flags], *beacon)
        shown = self.json("round", "show", "r")
        self.assertEqual((shown["parties"], shown["commitment"]), (told["parties"], told["commitment"]))
        self.ctl("round", "open", "r")
        self.ctl("round", "freeze", "r")
        draw = ("round", "draw", "r", "--beacon", "1 2 3")
        self.assertIn("NAME=FILE", self.ctl(*draw, *flags[:4], status=2).stderr)
        self.ctl(*draw, "--party", "school=school/kept", status=1)
        self.ctl(*draw, "--party", "school=school/kept", "--party", "aanbieder=aanbieder/kept")
        self.assertEqual(self.json("round", "show", "r")["state"], "drawn")
        self.ctl("round", "secret", "r", status=2)
        self.ctl("round", "secret", "r", "--party", f"x:{'0' * 64}", status=2)
        alone = self.json("round", "secret", "one", "--party", "a=a.secret", "--single-party")
        secret = bytes.fromhex((self.folder / "a.secret").read_text().strip())
        self.assertEqual(alone["commitment"], digest(b"alloc-commit-v1\0one\0" + secret).hex())

    def test_offers_that_can_not_take_part(self):
        """A slip in the flags uses no name up; and what the daemon refuses is told with the way on."""
        offer, closed = self.client.add_offer("o", self.partner), self.client.add_offer("c", self.partner, status="OFFER_STATUS_CLOSED")
        flags = ("round", "create", "r", *self.parties("r"), "--beacon-source", "s", "--beacon-date", draw_day(), "--beacon-encoding", "e",
                 "--beacon-fallback", "f")
        for bad in (("--offers", f"{offer},x"), ("--offers", str(offer), "--own-lottery", f"{offer};"), ("--offers", ""), ("--offers", "-1"),
                    ("--own-lottery", f"{offer},"), ("--offers", str(2 ** 64))):
            self.ctl(*flags, *bad, status=2)
        self.ctl("round", "show", "r", status=1)
        refused = self.ctl(*flags, "--offers", f"{offer},{closed}", status=1)
        self.assertIn(f"offer {closed} is not open", refused.stderr)
        self.assertIn("round r is made; go on by: kansenctl round offers r --offers IDS\n", refused.stderr)
        self.ctl("round", "offers", "r", "--offers", str(offer))
        self.assertEqual(self.json("round", "open", "r")["offers"], 1)

    def test_unverified(self):
        """A record without a verdict; and of a public draw whose moment was announced."""
        offer = self.client.add_offer("o", self.partner, seats=2)
        moment = int(time.time()) + 6
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
        self.create("r", date=date)
        self.ctl("round", "open", "r")
        self.ctl("round", "submit", "r", "-", "--issuer", "school", stdin=json.dumps({"student": "s", "offers": [offer]}) + "\n")
        self.ctl("round", "freeze", "r")
        self.assertIn(f", {date}\n", self.ctl("round", "show", "r").stdout)
        time.sleep(max(0, moment - time.time()) + 0.01)
        self.draw("r")
        self.key = self.ctl("round", "export", "r", "bare", "--key", "sign.key", "--unverified", "--verifier", "./nothing").stdout.split()[-1]
        self.assertTrue((self.folder / "bare" / "audit").read_text().splitlines()[-1].startswith("verdict none kansenctl "))
        self.verify("bare")

    def test_wrong_usage(self):
        self.ctl("round", "create", "r", status=2)
        self.ctl("round", "create", "r", "--party", "x", "--beacon-source", "s", status=2)
        self.ctl("round", "show", "nothing", status=1)
        self.create("r", "--offers", str(self.client.add_offer("o", self.partner)))
        self.ctl("round", "draw", "r", "--party", "school=none.secret", "--beacon", "x", status=2)
        self.assertFalse((self.folder / "none.secret").exists())
        self.ctl("round", "draw", "r", "--party", "school=school.secret", status=2)
        refused = self.ctl("round", "publish", "r", status=1)
        self.assertIn("its state allows: open, cancel", refused.stderr)
        for verb in ("cancel", "revise"):
            self.assertIn(f"usage: kansenctl round {verb} ROUND --reason TEXT", self.ctl("round", verb, "r", status=2).stderr)
        self.assertEqual(self.json("round", "cancel", "r", "--reason", "a test")["state"], "cancelled")
        self.ctl("round", "export", "r", "x", "--key", "k", status=1)


if __name__ == "__main__":
    unittest.main()
