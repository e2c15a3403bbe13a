# SPDX-License-Identifier: Apache-2.0
"""Records that do not hold: signed by whoever has the key, changed afterwards, or of no form at all."""
import os
import random
import re
import subprocess

import harness
import record
import shapes


def swap(old, new, count=1):
    """A change of a text that must be there."""
    def change(text):
        assert old in text, (old, text)
        return text.replace(old, new, count)
    return change


def three():
    """x takes one, y two: b has the better lottery rank (run-1)."""
    return record.Round({"a": dict(list=["x", "y"]), "b": dict(list=["x"]), "c": dict(list=["y", "x"])}, {"x": dict(q=1), "y": dict(q=2)})


class Signed(harness.Case):
    """A faulty record that is consistent otherwise, as its operator could make it."""

    def test_wrong_secret(self):
        files = three().files(self.key, edit={"record": swap(" " + "01" * 32, " " + "05" * 32)})
        self.assert_fault(files, "party", "the secret of partner")

    def test_wrong_commitment(self):
        other = three()
        other.commitment = bytes(32)
        self.assert_fault(other.files(self.key), "commitment", only=True)

    def test_wrong_seed(self):
        other = three()
        files = other.files(self.key, edit={"record": swap(f"seed {other.seed.hex()}", "seed " + "ab" * 32)})
        self.assert_fault(files, "seed", "secret and beacon give " + other.seed.hex())

    def test_announced(self):
        files = three().files(self.key)
        self.assert_fault(files, "commitment", options=["--commitment", "00" * 32], only=True)
        self.assert_fault(files, "digest", "that of input", options=["--input-digest", "00" * 32], only=True)
        self.assert_holds(files, "--input-digest", record.hashed(files["input"]).hex())

    def test_other_key(self):
        folder = self.folder / "other"
        folder.mkdir(exist_ok=True)
        files = three().files(record.Key(folder))
        self.assert_fault(files, "key", only=True)

    def test_not_optimal(self):
        """Stable, with the cutoffs of just this matching; every other check passes."""
        example = next(v for v in harness.VECTORS["vectors"] if v["id"] == "gs1962-ex1")
        files = shapes.from_example(example).files(self.key, placed={"alpha": "C", "beta": "A", "gamma": "B"})
        err = self.assert_fault(files, "optimal", "student alpha", "offer C", "gives A", only=True)
        self.assertEqual(err.count("optimal"), 3)

    def test_blocking(self):
        files = three().files(self.key, placed={"a": "y", "b": None, "c": "y"})
        self.assert_fault(files, "blocking", "student a prefers offer x")

    def test_swapped(self):
        right = three().match()
        self.assertEqual(set(right.values()), {"x", "y"})
        holder = next(i for i in "ab" if right[i] == "x")
        other = {"a": {"a": "y", "b": "x", "c": "y"}, "b": {"a": "x", "b": None, "c": "y"}}[holder]
        self.assert_fault(three().files(self.key, placed=other), "blocking", f"student {holder} prefers offer x")

    def test_over_capacity(self):
        files = three().files(self.key, placed={"a": "x", "b": "x", "c": "y"})
        self.assert_fault(files, "capacity", "offer x has 1 seats and 2 holders")

    def test_not_listed(self):
        files = three().files(self.key, placed={"a": "x", "b": "y", "c": "y"})
        self.assert_fault(files, "listed", "student b", "offer y")

    def test_ineligible(self):
        rule = record.Rule([("no", None, [["student", "f", "v"]]), ("all", 0, [])])
        strange = record.Round({"a": dict(list=["x"], facts=[("f", "v")])}, {"x": {}}, rule=rule)
        self.assert_fault(strange.files(self.key, placed={"a": "x"}), "eligible", "student a", "offer x", "line no")

    def test_wrong_rank(self):
        files = three().files(self.key, edit={"result": swap("c y 1", "c y 2")})
        self.assert_fault(files, "rank", "student c", "offer y", "rank 2")

    def test_pinned(self):
        held = record.Round({"a": dict(list=["y", "x"], seed=1, pinned="x"), "b": dict(list=["x"])}, {"x": {}, "y": dict(q=0)},
                            earlier=[("before", bytes(32), bytes(32))])
        self.assert_fault(held.files(self.key, placed={"a": None, "b": "x"}), "pinned", "student a")
        err = self.assert_fault(held.files(self.key, placed={"a": "x", "b": "x"}), "capacity")
        self.assertIn("optimal: student b", err)

    def test_class(self):
        rule = record.Rule([("near", 0, [["same", "region", "region"]]), ("far", 1, [])])
        nearby = record.Round({"a": dict(list=["x"], facts=[("region", "GM1")])}, {"x": dict(facts=[("region", "GM1")])}, rule=rule)
        files = nearby.files(self.key, edit={"input": swap("; x=0", "; x=1")})
        self.assert_fault(files, "class", "student a, offer x: the record has class 1, line near of the rule gives class 0")
        rule.lines.insert(0, ("no", None, [["offer", "region", "GM9"]]))
        files = record.Round({"a": dict(list=["x"])}, {"x": {}}, rule=rule).files(self.key, edit={"input": swap("; x=1", "; x=!no")})
        self.assert_fault(files, "class", "the record has !no, line far of the rule gives class 1")

    def test_cutoff(self):
        files = three().files(self.key)
        line = next(t for t in files["cutoffs"].splitlines() if t.startswith("x "))
        for other in (line.replace("x 1 0 1 0 0,", "x 1 0 1 0 1,"), line + "0", line.replace("x 1 0 1 0", "x 1 0 1 1")):
            edited = three().files(self.key, edit={"cutoffs": swap(line + "\n", other + "\n")})
            self.assert_fault(edited, "cutoff", "offer x: ", only=True)

    def test_explanation(self):
        files = three().files(self.key)
        self.assertIn(" x=lottery;", files["explanations"])
        for old, new in ((" x=lottery;", " x=class;"), (" x=open;", " x=reserve;"), (" x=lottery;", " x=lottery+reserve;")):
            edited = three().files(self.key, edit={"explanations": swap(old, new)})
            self.assertNotEqual(edited["record"], files["record"])
            err = self.assert_fault(edited, "explanation", "student ")
            self.assertEqual(err.count("\n"), 1)

    def test_counts(self):
        large = shapes.large_round(60, 12)
        audit = large.files(self.key)["audit"]
        assigned = re.search(r"assigned (\d+) ", audit).group(1)
        self.assert_fault(large.files(self.key, edit={"audit": swap(f"assigned {assigned} ", f"assigned {int(assigned) + 1} ")}),
                          "counts", "assigned", only=True)
        self.assert_fault(large.files(self.key, edit={"audit": swap("\nrank 1 ", "\nrank 1 1")}), "counts", "rank 1", only=True)
        self.assert_fault(large.files(self.key, edit={"record": swap("students 60", "students 61")}), "counts")
        self.assert_fault(large.files(self.key, edit={"record": swap("\nbin 1 ", "\nbin 2 ")}), "counts")

    def test_suppression(self):
        """A small offer is told of in public; so is a small group."""
        few = shapes.large_round(60, 12)
        files = few.files(self.key)
        shown = {line.split(" ")[0] for line in files["public-cutoffs"].splitlines()}
        small = next(line for line in files["cutoffs"].splitlines() if line.split(" ")[0] not in shown)
        edit = {"public-cutoffs": lambda text: "".join(sorted((text + small + "\n").splitlines(True)))}
        self.assert_fault(few.files(self.key, edit=edit), "suppression")
        self.assert_fault(few.files(self.key, edit=edit), "suppression", small.split(" ")[0], options=["--public"],
                          names=record.PUBLIC)
        fields = small.split(" ")
        small = " ".join(fields[:4] + ["*"] + fields[5:])
        self.assert_fault(few.files(self.key, edit=edit), "suppression", fields[0], options=["--public"], names=record.PUBLIC, only=True)
        edit = {"record": lambda text: re.sub(r"bin (\d+) (\S+) (\d+) (\S+)\n",
                                              lambda m: f"bin {m[1]} {m[2]} {m[3]} 3\n", text, count=1)}
        self.assert_fault(few.files(self.key, edit=edit), "suppression", "bin 1")

    def test_what_follows_about_referral(self):
        """Both cutoffs of an offer with a reserve are told in public, though few of its holders are referred."""
        crowd = lambda letter, n, referred: {f"{letter}{i:02}": dict(list=["x"], referred=referred) for i in range(n)}  # noqa: E731
        for offer, cutoffs in ((dict(q=20, r=5), ("0,20 OPEN", "0,20 0,25")), (dict(q=12, r=5), ("* OPEN", "0,20 *"))):
            of_crowd = record.Round({**crowd("r", 2, 1), **crowd("o", 30, 0)}, {"x": offer})
            for told in cutoffs:
                edit = {"public-cutoffs": lambda _, told=told, offer=offer: f"x {offer['q']} {offer['r']} {offer['q']} * {told}\n"}
                self.assert_fault(of_crowd.files(self.key, edit=edit), "suppression", "offer x: from both cutoffs follows",
                                  options=["--public"], names=record.PUBLIC, only=True)

    def test_what_follows_about_few(self):
        """How many are placed is not told where the small offers' holders, or few of a kind at the others, would follow."""
        small = [("o1", 40, 80, 2), ("o2", 40, 79, 2), ("o3", 1, 1, 2)]  # offer, seats, who wants it, one in how many is referred
        few = [("o1", 40, 80, 2), ("o2", 41, 41, 20)]  # two or three referred: that is not told there, but would follow
        for wanted in (small, few):
            students = {f"{offer}-{n:02}": dict(list=[offer], referred=int(n % each == 0)) for offer, _, many, each in wanted for n in range(many)}
            offers = {offer: dict(q=seats) for offer, seats, _, _ in wanted}
            told = record.Round(students, offers)
            files = told.files(self.key)
            self.assertRegex(files["record"], r"\nbin 1 none \d+ \d+\nkey ")
            self.assert_holds(files)
            self.assert_holds(files, "--public", names=record.PUBLIC)
            told.joined = lambda split, files: False
            files = told.files(self.key)
            self.assertRegex(files["record"], r"\nbin 1 1 \d+ \d+\nbin none none ")
            self.assert_fault(files, "counts", "bins")
            self.assert_fault(files, "suppression", "how many are placed", options=["--public"], names=record.PUBLIC, only=True)

    def test_merkle(self):
        files = three().files(self.key)
        edit = {"record": lambda text: re.sub("merkle .*", "merkle " + "00" * 32, text)}
        self.assert_fault(three().files(self.key, edit=edit), "merkle", only=True)
        edit = {"audit": swap("receipt-key 04", "receipt-key 05")}
        err = self.assert_fault(three().files(self.key, edit=edit), "digest", record.hashed(files["cutoffs"], key=b"\5" + b"\4" * 31).hex())
        self.assertIn(f"merkle: the lines give {record.root([l for l, _, _ in self.other_leaves(files)]).hex()}", err)
        self.assertEqual(err.count("\n"), 2)

    def test_digest_of_cutoffs(self):
        """It has the key of the receipts; in a record of the first form it had none."""
        keyed = f"digest cutoffs {record.hashed(three().files(self.key)['cutoffs'], key=three().receipt_key).hex()}"
        plain = f"digest cutoffs {record.hashed(three().files(self.key)['cutoffs']).hex()}"
        err = self.assert_fault(three().files(self.key, edit={"record": swap(keyed, plain)}), "digest", "another one", only=True)
        self.assertIn("cutoffs: digest: it is " + keyed.split(" ")[2], err)
        first = record.Round(three().students, three().offers, form=1)
        self.assertIn(plain, first.files(self.key)["record"])
        self.assertIn("it is of form 1", self.assert_holds(first.files(self.key)))
        self.assert_fault(first.files(self.key, edit={"record": swap(plain, keyed)}), "digest", only=True)
        for form in ("0", "3", "02"):
            self.assert_fault(three().files(self.key, edit={"record": swap("kansen-record 2", f"kansen-record {form}")}), "form", "form: ")

    @staticmethod
    def other_leaves(files):
        other = three()
        other.receipt_key = b"\5" + b"\4" * 31
        return other.leaves(files)

    def test_terms(self):
        for old, new in (("run run-1", "run run-2"), ("revision 0", "revision 1"), ("rule rule 1", "rule rule 2"),
                         ("beacon-date 2026-11-22", "beacon-date 2026-11-22T12:00:00Z"), ("beacon-fallback The", "beacon-fallback A")):
            err = self.assert_fault(three().files(self.key, edit={"input": swap(old, new)}), "terms")
            self.assertIn(old.split(" ")[0], err)

    def test_times(self):
        files = three().files(self.key, edit={"record": swap("frozen 2026-11-21", "frozen 2026-11-23")})
        self.assert_fault(files, "times", "2026-11-22", only=True)

    def test_the_public_draw_and_the_times(self):
        """Frozen before the moment that was announced, drawn from it on; both may be on a day that was announced. The record is
        frozen on the 21st and drawn on the 22nd, at noon."""
        def of(date):
            return record.Round(three().students, three().offers, beacon_date=date).files(self.key)
        for date in ("2026-11-21", "2026-11-22", "2026-11-21T12:00:01Z", "2026-11-22T00:00:00Z", "2026-11-22T12:00:00Z"):
            self.assert_holds(of(date))
        for date, words in (("2026-11-20", "the public draw of 2026-11-20 was not behind 2026-11-21T12:00:00Z"),
                            ("2026-11-23", "drawn at 2026-11-22T12:00:00Z, before the public draw of 2026-11-23"),
                            ("2026-11-21T12:00:00Z", "was not behind"), ("2026-11-21T11:59:59Z", "was not behind"),
                            ("2026-11-22T12:00:01Z", "before the public draw of 2026-11-22T12:00:01Z")):
            self.assert_fault(of(date), "times", words, only=True)
            self.assert_fault(of(date), "times", words, options=["--public"], names=record.PUBLIC, only=True)

    def test_chain(self):
        first = three().files(self.key)
        one, two = record.write(self.folder / "first", first), self.folder / "second"
        following = record.Round({}, {}, previous=record.hashed(first["record"]), run="run-2")
        files = following.files(self.key)
        self.assert_holds(files, "--previous", one)
        self.assert_fault(files, "chain", options=["--previous", record.write(two, three().files(self.key, edit={
            "record": swap("program tests", "program other")}))], only=True)
        self.assert_fault(first, "chain", options=["--previous", one], only=True)
        (self.folder / "key2").mkdir()
        foreign = three().files(record.Key(self.folder / "key2"))
        following.previous = record.hashed(foreign["record"])
        self.assert_fault(following.files(self.key), "chain", "another key", options=["--previous", record.write(two, foreign)], only=True)

    def test_a_draft(self):
        """It is signed by a key that nobody keeps; the record before it has the one that is going to sign."""
        first = three().files(self.key)
        one = record.write(self.folder / "first", first)
        (self.folder / "nobody").mkdir()
        nobody = record.Key(self.folder / "nobody")
        draft = self.write(record.Round({}, {}, previous=record.hashed(first["record"]), run="run-2").files(nobody))
        status, out, err = self.run_on(draft, "--previous", one, "--draft", self.key.hex)
        self.assertEqual((status, err), (0, ""))
        self.assertIn(f"it is a draft, to be signed by {self.key.hex}", out)
        for options in ((), ("--draft", nobody.hex)):
            status, _, err = self.run_on(draft, "--previous", one, *options)
            self.assertEqual((status, "record: chain: the record before it has another key" in err), (1, True), err)
        self.assertEqual(self.run_on(draft, "--draft", "no")[0], 2)

    def test_drawn_again(self):
        first = three()
        one = record.write(self.folder / "first", first.files(self.key))
        digest = record.hashed((one / "record").read_bytes())
        input_digest = record.hashed((one / "input").read_bytes()).hex()
        told = f"computed 2026-11-22T16:00:00Z {input_digest} {digest.hex()} Two lists were wrong"
        again = lambda **other: record.Round(first.students, first.offers, previous=digest,  # noqa: E731
                                             **{"revised": [told] * other.get("revision", 0), **other}).files(self.key)
        out = self.assert_holds(again(revision=1), "--previous", one)
        self.assertIn(f"revision 0 was corrected at 2026-11-22T16:00:00Z, after the draw, when its result was known: Two lists were wrong "
                      f"(its record is {digest.hex()})\n", out)
        for other in (told.replace(input_digest, "00" * 32), told.replace(digest.hex(), "00" * 32), told.replace(digest.hex(), "-")):
            self.assert_fault(again(revision=1, revised=[other]), "revision", "of revision 0 is not of that record",
                              options=["--previous", one], only=True)
        self.assert_fault(again(), "revision", "0 comes behind 0", options=["--previous", one], only=True)
        self.assert_fault(again(revision=1, beacon=b"other"), "revision", "run-1 was drawn again", options=["--previous", one], only=True)


class Revised(harness.Case):
    """What a record tells of the revisions before its own."""

    def of(self, *revised, **other):
        return record.Round(three().students, three().offers, revision=other.pop("revision", len(revised)), revised=list(revised), **other)

    def test_told(self):
        before, drawn, computed = (record.revised_as(state, n) for n, state in enumerate(("frozen", "drawn", "computed")))
        changed = f"the input was changed after the draw: it was frozen for the draw at {record.FROZEN}, and in the end at "
        for revised, late in (((), False), ((before,), False), ((drawn,), True), ((before, drawn, computed), True), ((before, before), False)):
            out = self.assert_holds(self.of(*revised).files(self.key))
            self.assertEqual((out.count(" was corrected at "), changed in out), (len(revised), late))
            self.assertEqual(self.assert_holds(self.of(*revised).files(self.key), "--public", names=record.PUBLIC).count("changed after"), late)
        late = self.of(before.replace("20T16", "21T16"), input_frozen="2026-11-21T18:00:00Z")  # behind the last time before the public draw
        out = self.assert_holds(late.files(self.key))
        self.assertIn("T16:00:00Z, when the public draw may have been held: A list", out)
        self.assertIn(f"{changed}2026-11-21T18:00:00Z\n", out)
        self.assertIn("revision 0 was corrected at 2026-11-20T16:00:00Z, before the draw: A list was wrong (it has no record)\n",
                      self.assert_holds(self.of(before).files(self.key)))

    def test_of_an_older_daemon(self):
        """It kept nothing of a revision but its number, nor when an input was frozen."""
        unknown = "- - - - -"
        for revised, frozen in (((unknown,), "-"), ((unknown,), record.FROZEN), ((unknown, unknown), "2026-11-22T21:00:00Z"),
                                ((unknown, record.revised_as("drawn", 1)), "2026-11-22T21:00:00Z")):
            out = self.assert_holds(self.of(*revised, input_frozen=frozen).files(self.key))
            self.assertIn("revision 0 was corrected, and nothing else is told of it\n", out)
            self.assertIn("the input may have been changed after the draw" if frozen == "-" else "the input was changed after the draw", out)
        out = self.assert_holds(record.Round(three().students, three().offers, revision=2, form=1).files(self.key))
        self.assertIn("the input may have been changed after the draw: a record of form 1", out)

    def test_order(self):
        states = lambda *which: [record.revised_as(state, n) for n, state in enumerate(which)]  # noqa: E731
        unknown = "- - - - -"
        for files, rule, words in (
                (self.of(revision=1), "revision", "0 revisions before number 1"),
                (self.of(*states("frozen", "frozen"), revision=1), "revision", "2 revisions before number 1"),
                (self.of(*states("drawn", "frozen")), "revision", "number 1 was given up as frozen"),
                (self.of(record.revised_as("frozen", 0), unknown), "revision", "number 1 was given up as -"),
                (self.of(record.revised_as("drawn", 0), input_frozen="-"), "revision", "not told when the input was frozen"),
                (self.of(input_frozen="-"), "revision", "not told when the input was frozen"),
                (self.of(input_frozen="2026-11-22T21:00:00Z"), "times", "nothing is told of a correction"),
                (self.of(record.revised_as("frozen", 0), input_frozen="2026-11-22T21:00:00Z"), "times", "nothing is told"),
                (self.of(record.revised_as("drawn", 0), input_frozen=record.FROZEN), "times", "2026-11-21T12:00:00Z comes before 2026-11-22T16"),
                (self.of(record.revised_as("drawn", 0), input_frozen="2026-11-23T12:00:01Z"), "times", "2026-11-23T12:00:00Z comes before"),
                (self.of(record.revised_as("drawn", 1), record.revised_as("drawn", 0)), "times", "2026-11-22T16:00:00Z comes before"),
                (self.of(record.revised_as("drawn", 0).replace("22T16", "22T11")), "times", "comes before 2026-11-22T12:00:00Z"),
                (self.of(record.revised_as("frozen", 0).replace("20T16", "21T16")), "times", "comes before 2026-11-21T16:00:00Z"),
                (self.of(record.revised_as("frozen", 0).replace("20T16", "22T16"), input_frozen="2026-11-22T21:00:00Z"), "times",
                 "2026-11-22T12:00:00Z comes before 2026-11-22T16:00:00Z"),
                (self.of(record.revised_as("frozen", 0).replace("20T16", "20T11")), "times", "comes before 2026-11-20T12:00:00Z")):
            with self.subTest(words):
                err = self.assert_fault(files.files(self.key), rule, only=True)
                self.assertIn(words, err)
                self.assert_fault(files.files(self.key), rule, options=["--public"], names=record.PUBLIC)

    def test_form(self):
        told = record.revised_as("drawn", 0)
        digest = record.hashed("0").hex()
        for other, words in ((told.replace("drawn", "revising"), "state: \"revising\""), (told.replace("T16", "T26"), "time: "),
                             (told.replace(digest, digest[1:]), "input: "), (told.replace(" - ", " 0 "), "record: \"0\""),
                             (told.replace("A list was wrong", "a\x01"), "reason: "), (told.replace(" A list was wrong", ""), "reason: "),
                             (told.replace("A list was wrong", "x" * 501), "reason: "), ("- - - -", "as the line goes on"), ("- - - - - -", "end of the line"),
                             ("- - - - x", "-: \"x\"")):
            with self.subTest(other):
                self.assertIn(words, self.assert_fault(self.of(other).files(self.key), "form"))
        edits = ((f"revised 0 {told}", f"revised 1 {told}", "counted from 0"), ("input-frozen 2026-11-22T21", "input-frozen 2026-11-22T31", "input-frozen: "),
                 ("input-frozen 2026-11-22T21:00:00Z\n", "", "input-frozen: "),
                 (f"revised 0 {told}\n", "".join(f"revised {n} {told}\n" for n in range(256)), "at most 255 lines"))
        for old, new, words in edits:
            self.assertIn(words, self.assert_fault(self.of(told).files(self.key, edit={"record": swap(old, new)}), "form"))
        self.assert_fault(record.Round({}, {}, form=1).files(self.key, edit={"record": swap("computed ", f"revised 0 {told}\ncomputed ")}), "form")

    def test_announced_input(self):
        self.assert_fault(self.of(record.revised_as("drawn", 0)).files(self.key), "digest", "of a revision that was corrected",
                          options=["--input-digest", record.hashed("0").hex()], only=True)


class Late(harness.Case):
    """A second round held against the first one."""

    def setUp(self):
        self.first = record.Round({"a": dict(list=["x"]), "b": dict(list=["x", "y"]), "c": dict(list=["x"])},
                                  {"x": dict(q=1), "y": dict(q=1)}, run="first")
        self.first_files = self.first.files(self.key)
        self.before = record.write(self.folder / "earlier", self.first_files)
        self.placed = self.first.match()

    def second(self, **students):
        earlier = [("first", self.first.seed, record.hashed(self.first_files["record"]))]
        return record.Round(students, {"x": dict(q=1), "y": dict(q=2)}, run="second", earlier=earlier)

    def check(self, rule, *words, **students):
        files = self.second(**students).files(self.key)
        if rule is None:
            self.assert_holds(files, "--earlier", self.before)
        else:
            self.assert_fault(files, rule, *words, options=["--earlier", self.before], only=True)

    def test_holds(self):
        (winner,) = (i for i in "abc" if self.placed[i] == "x")
        loser = next(i for i in "ac" if i != winner)
        self.check(None, **{winner: dict(list=["y", "x"], seed=1, pinned="x"), loser: dict(list=["y"], seed=1), "d": dict(list=["y", "x"])})

    def test_third_round(self):
        """What counts is the seed of the first round, and the place in the last one; however the records are given."""
        (winner,) = (i for i in "abc" if self.placed[i] == "x")
        second = self.second(**{winner: dict(list=["y", "x"], seed=1, pinned="x"), "d": dict(list=["y"])})
        files = second.files(self.key)
        self.assertEqual(second.match(), {winner: "y", "d": "y"})
        folder = record.write(self.folder / "second", files)
        both = second.earlier + [("second", second.seed, record.hashed(files["record"]))]
        third = lambda **students: record.Round(students, {"x": {}, "y": dict(q=2)}, run="third", earlier=both).files(self.key)  # noqa: E731
        options = ["--earlier", folder, "--earlier", self.before]
        held = third(**{winner: dict(list=["y"], seed=1, pinned="y"), "d": dict(list=["x", "y"], seed=2, pinned="y"), "e": dict(list=["x"])})
        self.assert_holds(held, *options)
        self.assert_holds(held, *options[2:], *options[:2])
        self.assert_fault(third(**{winner: dict(list=["x"], seed=1, pinned="x")}), "earlier", "did not obtain", options=options, only=True)
        self.assert_fault(third(d=dict(list=["x"], seed=1)), "earlier", "in which it had no reference", options=options)
        self.assert_fault(third(**{winner: dict(list=["x"], seed=2)}), "earlier", "run second", options=options)
        status, out, _ = self.verify(held, "--earlier", folder)
        self.assertIn("1 of 2 earlier rounds", out)

    def test_not_held(self):
        loser = next(i for i in "ac" if self.placed[i] is None)
        self.check("earlier", f"student {loser} is pinned to offer x, which it did not obtain",
                   **{loser: dict(list=["x"], seed=1, pinned="x")})

    def test_seeds(self):
        self.check("earlier", "student d draws with the seed of run first, in which it had no reference", d=dict(list=["y"], seed=1))
        self.check("earlier", "student a draws with the seed of run second", a=dict(list=["y"]))

    def test_other_record(self):
        files = self.second(a=dict(list=["y"], seed=1)).files(self.key)
        other = record.write(self.folder / "other", self.first.files(self.key, edit={"record": swap("tests 1.0", "tests 1.1")}))
        self.assert_fault(files, "earlier", "none that this round names", options=["--earlier", other], only=True)
        (self.before / "result").write_text(self.first_files["result"].replace(" x 1", " - 0"))
        self.assert_fault(files, "earlier", "its digests differ", options=["--earlier", self.before], only=True)

    def test_wrong_seed_of_earlier(self):
        late = self.second(a=dict(list=["y"], seed=1))
        earlier = [("first", bytes(32), late.earlier[0][2])]
        files = record.Round({"a": dict(list=["y"], seed=1)}, late.offers, run="second", earlier=earlier).files(self.key)
        self.assert_fault(files, "earlier", "run and seed of first", options=["--earlier", self.before], only=True)


class Changed(harness.Case):
    def test_digest(self):
        """What nothing else depends on is held by the digest alone."""
        files = three().files(self.key)
        err = self.assert_fault({**files, "input": files["input"].replace("label 0 Class 0", "label 0 Class 9")}, "digest",
                                record.hashed(files["input"].replace("label 0 Class 0", "label 0 Class 9")).hex())
        self.assertIn("input: digest: ", err)
        for name in ("audit", "cutoffs", "explanations", "result", "public-cutoffs"):
            err = self.assert_fault({**files, name: files[name].replace(" ", "  ", 1) or "x\n"}, "digest")
            self.assertIn(f"{name}: digest: ", err)

    def test_signature(self):
        files = three().files(self.key)
        self.assert_fault({**files, "record": files["record"].replace("program tests", "program other")}, "signature", only=True)
        self.assert_fault({**files, "signature": three().files(self.key, edit={"record": swap("tests", "other")})["signature"]},
                          "signature", only=True)

    def test_every_byte(self):
        """Each byte of a small record becomes 40 other ones; the program itself on some of them."""
        small = record.Round({"a": dict(list=["x", "y"], referred=1), "b": dict(list=["x"], seed=1, pinned="x"), "c": dict(list=["z", "x", "y"])},
                             {"x": dict(q=2, r=1), "y": dict(q=1, mtb=True), "z": dict(q=0)},
                             rule=record.Rule([("no", None, [["student", "f", "v"]]), ("all", 1, [])]),
                             earlier=[("before", b"\7" * 32, b"\6" * 32)])
        folder = self.write(small.files(self.key))
        done = subprocess.run([harness.BUILD / "verify_flips", folder], capture_output=True, timeout=1200)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertGreater(int(done.stdout.split()[0]), 100000)
        dice = random.Random(3)
        for name in record.SEALED:
            data = (folder / name).read_bytes()
            for at in dice.sample(range(len(data)), min(20, len(data))):
                (folder / name).write_bytes(data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:])
                status, out, err = self.run_on(folder)
                self.assertEqual(status, 1, f"{name} {at}")
                self.assertNotEqual(err, "")
            (folder / name).write_bytes(data)
        self.assertEqual(self.run_on(folder)[0], 0)

    def test_no_memory(self):
        """Each allocation fails in turn."""
        few = record.Round({"a": dict(list=["x"], seed=1), "b": dict(list=["x"])}, {"x": dict(mtb=True, facts=[("f", "v")])},
                           places={"p": (1, 2)}, earlier=[("before", bytes(32), bytes(32))])
        done = subprocess.run([harness.BUILD / "verify_shortage", self.write(few.files(self.key))], capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(int(done.stdout.split()[0]), 40)

    def test_lengths(self):
        files = shapes.random_round(8).files(self.key)
        folder = self.write(files)
        for name in record.SEALED:
            data = files[name].encode()
            for other in (data[:-1], data + b"\n", data[:-1] + b"\r\n", data + data, b"", data[1:], data.rsplit(b"\n", 2)[0] + b"\n"):
                if other != data:
                    (folder / name).write_bytes(other)
                    self.assertEqual(self.run_on(folder)[0], 1, (name, other[-20:]))
            (folder / name).write_bytes(data)

    def test_lines_in_another_order(self):
        files = shapes.random_round(8).files(self.key)
        for name in ("result", "cutoffs", "explanations"):
            edit = {name: lambda text: "".join(reversed(text.splitlines(True)))}
            self.assertEqual(self.verify(shapes.random_round(8).files(self.key, edit=edit))[0], 1, name)
        self.assert_holds(files)


class Files(harness.Case):
    def test_missing_and_strange(self):
        folder = self.write(three().files(self.key))
        (folder / "notes").write_text("")
        status, _, err = self.run_on(folder)
        self.assertEqual(status, 1)
        self.assertIn('"notes" is no file of a record', err)
        (folder / "notes").unlink()
        for name in record.SEALED:
            data = (folder / name).read_bytes()
            (folder / name).unlink()
            status, _, err = self.run_on(folder)
            self.assertEqual((status, f"{name}: file: No such file" in err), (1, True), err)
            os.mkfifo(folder / name)
            status, _, err = self.run_on(folder)
            self.assertEqual((status, f"{name}: file: is no regular file" in err), (1, True), err)
            (folder / name).unlink()
            (folder / name).write_bytes(data)
        self.assertEqual(self.run_on(folder)[0], 0)
        self.assertEqual(self.run_on(self.folder / "nowhere")[0], 1)

    def test_size(self):
        files = three().files(self.key)
        size = sum(len(text) for text in files.values())
        self.assert_holds(files, "--max-bytes", size)
        self.assert_fault(files, "file", "larger than allowed", options=["--max-bytes", size - 1])

    def test_form(self):
        """What is refused, and by which words."""
        long_ref = "r" * 65
        for old, new, *words in (
                ("offer x 1 0 stb", "offer x 65536 0 stb", "input:", "capacity: \"65536\"", "0..65535"),
                ("offer x 1 0 stb", "offer x 01 0 stb", "capacity"),
                ("offer x 1 0 stb", "offer x 1 0 both", "lottery: \"both\""),
                ("offer x 1 0 stb", f"offer {long_ref} 1 0 stb", "offer: "),
                ("offer x 1 0 stb", "offer x 1 0 stb ", "fact: \"\""),
                ("offer x 1 0 stb", "offer x 1 0  stb", "lottery: \"\""),
                ("offer x 1 0 stb", "offer z 1 0 stb", "offer: \"y\"", "sorted"),
                ("offer x 1 0 stb", "offer x 1 0 stb b=1 a=1", "fact: \"a=1\"", "sorted"),
                ("offers 2", "offers 4000000000", "offers: ", "as many as follow"),
                ("offers 2", "offers 1", "students: \"offer\""),
                ("students 3", "students 4000000000", "students: ", "as many as follow"),
                ("students 3", "students 2", "the file should end here"),
                ("places 0", "places 1000000", "places: "),
                ("; x=0 y=0", "; x=0 x=0", "list: \"x\"", "not yet in the list"),
                ("; x=0 y=0", "; x=0 q=0", "list: \"q\"", "an offer of this record"),
                ("; x=0 y=0", "; x=0 y=-1", "list: \"-1\""),
                ("; x=0 y=0", "; x=0 y=4294967295", "list: \"4294967295\""),
                ("; x=0 y=0", "; x=0 y=!nobody", "list: \"!nobody\""),
                ("; x=0 y=0", "; x=p y=0", "list: \"x\"", "at the end"),
                ("; x=0 y=0", "; x=0 y=p", "list: \"y\"", "seed 0"),
                ("student a 0 0", "student a 2 0", "referred: \"2\""),
                ("student a 0 0", "student a 0 1", "seed: \"1\""),
                ("student a 0 0", "student b 0 0", "sorted"),
                ("student a 0 0", "student a 0 0 age", "fact: \"age\"", "NAME=VALUE"),
                ("refs plain", "refs hex", "student: \"a\"", "64 lower-case"),
                ("else all class 0", "else all class 1", "a class that has a label"),
                ("else all class 0", "when a class 0 same x\nelse all class 0", "fact of the offer"),
                ("else all class 0", "when a class 0 rank 1\nelse all class 0", "condition: \"rank\""),
                ("else all class 0", "when a class 0 referred reserved\nelse all class 0", "&: \"reserved\" instead of this word"),
                ("else all class 0", "when all class 0 referred\nelse all class 0", "a name that no other line has"),
                ("label 0 Class 0", "label 0 Class\x01", "label: \"Class\\x01\""),
                ("label 0 Class 0", "label 0 Class \xff", "UTF-8"),
                *(("beacon-date 2026-11-22", f"beacon-date {wrong}", "beacon-date") for wrong in (
                    "2026-13-30", "2026-11-31", "2026-11-22T12:00:00", "2026-11-22T12:00Z", "2026-11-22T24:00:00Z", "2026-11-22 12:00:00Z",
                    "2026-11-31T12:00:00Z", "2026-11-22T12:60:00Z", "2026-11-22T12:00:00+01:00", "2026-11-22T12:00:00.5Z")),
                ("party school", "party partner", "party: \"partner\"", "sorted"),
                ("spec alloc-1", "spec alloc-2", "alloc-1: \"alloc-2\""),
                ("kansen-input 1", "kansen-input 2", "input:1: form: ")):
            with self.subTest(new):
                edit = {"input": lambda text: swap(old, new)(text).encode("latin-1")}
                broken = three()
                broken.leaves = lambda files: three().leaves({**files, "input": files["input"].decode("latin-1")})
                err = self.assert_fault(broken.files(self.key, edit=edit), "form")
                for word in words:
                    self.assertIn(word, err)

    def test_too_many(self):
        many = "".join(f"when w{n} class 0 referred\n" for n in range(257))
        self.assert_fault(three().files(self.key, edit={"input": swap("else all", many + "else all")}), "form", "at most 256 lines")
        conditions = " & ".join(["referred"] * 17)
        self.assert_fault(three().files(self.key, edit={"input": swap("else all", f"when w class 0 {conditions}\nelse all")}), "form",
                          "at most 16 conditions")
        facts = " ".join(f"f=v{n:03}" for n in range(65))
        self.assert_fault(three().files(self.key, edit={"input": swap("student a 0 0", f"student a 0 0 {facts}")}), "form", "at most 64")

    def test_facts_that_a_rule_reads(self):
        for condition, fact in ((["atleast", "age", "16"], ("age", "old")), (["within", "home", "at", "5"], ("home", "nowhere"))):
            odd = record.Round({"a": dict(facts=[fact])}, {}, rule=record.Rule([("w", 0, [condition]), ("all", 0, [])]))
            self.assert_fault(odd.files(self.key), "form", f'fact: "{fact[1]}"')

    def test_too_many_pinned(self):
        crowd = record.Round({i: dict(list=["x"], seed=1, pinned="x") for i in "ab"}, {"x": dict(q=1)},
                             earlier=[("before", bytes(32), bytes(32))])
        self.assert_fault(crowd.files(self.key, placed={"a": "x", "b": None}), "form", "more students are pinned")


class Receipts(harness.Case):
    def test_receipts(self):
        large = shapes.large_round(37, 9)
        files = large.files(self.key)
        folder = record.write(self.folder / "public", files, record.PUBLIC)
        receipt = self.folder / "receipt"
        for index in range(37):
            receipt.write_text(large.receipt(files, index))
            self.assertEqual(self.run_on(folder, "--receipt", receipt)[0], 0)
        text = large.receipt(files, 20)
        for old, new, rule in (("=", "=1", "merkle"), ("leaf 20 37", "leaf 21 37", "merkle"), ("leaf 20 37", "leaf 20 38", "receipt"),
                               ("leaf 20 37", "leaf 37 37", "merkle"), ("run run-1", "run run-2", "receipt"), ("path ", "path 0", "form"),
                               (text[text.rindex("path "):], "", "merkle"), (text[-70:], text[-70:] * 2, "merkle"),
                               (text[-70:], text[-70:] * 70, "form"), (" ; ", "  ; ", "merkle"), ("kansen-receipt 1", "", "form")):
            if old not in text:
                continue
            receipt.write_text(text.replace(old, new, 1))
            status, _, err = self.run_on(folder, "--receipt", receipt)
            self.assertEqual(status, 1, (old, new))
            self.assertIn(f" {rule}: ", err)
        receipt.write_text(three().receipt(three().files(self.key), 0))
        self.assertIn(" receipt: ", self.run_on(folder, "--receipt", receipt)[2])

    def test_every_byte(self):
        of_few = three()
        files = of_few.files(self.key)
        folder = record.write(self.folder / "few", files, record.PUBLIC)
        receipt = self.folder / "receipt"
        data = of_few.receipt(files, 1).encode()
        for at in range(len(data)):
            receipt.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:])
            self.assertEqual(self.run_on(folder, "--receipt", receipt)[0], 1, at)
