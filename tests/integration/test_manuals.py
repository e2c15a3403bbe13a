# SPDX-License-Identifier: Apache-2.0
"""The manuals and the programs name the same options, keys, verbs and flags, in both directions: what the programs
know is read from their own tables, by --help and --print-config."""
import pathlib
import re
import unittest

import harness
import mdoc
from harness import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
KANSEND = ROOT / "daemon/kansend.8"
CONFIG = ROOT / "config/kansend.conf.5"
KANSENCTL = ROOT / "client/cli/kansenctl.1"
PROTOCOL = ROOT / "proto/kansen-protocol.7"
FLAG = re.compile(r"^ {2,6}(?:-\w, )?(--[a-z-]+)", re.M)


def help_of(program, *words):
    done = run([program, *words, "--help"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def options():
    """The table of options: key -> what --print-config says of it."""
    table = {}
    done = run([harness.kansend(), "-c", "/dev/null", "--print-config"], env={"STATE_DIRECTORY": "/s"})
    assert done.returncode == 0, done.stderr
    for about, key, value in re.findall(r"^# (.*)\n#?(\w+) = (.*)$", done.stdout, re.M):
        bounds = re.search(r", (\S+) to ([^;]+);", about)
        default = re.search(r"; default ([^;]+);", about)
        table[key] = {"restart": about.endswith("needs a restart"), "bounds": bounds.groups() if bounds else None,
                      "default": default.group(1) if default else None, "value": value,
                      "words": about.split(";")[0].split("|") if "|" in about.split(";")[0] else []}
    return table


class Config(unittest.TestCase):
    """kansend.conf(5) and the table of options."""

    def setUp(self):
        self.table = options()
        self.items = {item.command(): item for item in mdoc.Manual(CONFIG).items if item.command()}

    def test_same_keys(self):
        self.assertGreater(len(self.table), 40)
        self.assertEqual(set(self.items), set(self.table))

    def test_reload_or_restart(self):
        for key, row in self.table.items():
            self.assertEqual(self.items[key].head[2:], ["Pq", "restart" if row["restart"] else "reload"], key)

    def test_ranges_and_defaults(self):
        for key, row in self.table.items():
            text = " ".join(self.items[key].text().split())
            with self.subTest(key):
                if row["bounds"]:
                    least, most = row["bounds"]
                    first = r"\d+" if least == "0" else least  # 0 may be a case of its own
                    self.assertRegex(text, rf"\b{first} to {most}\b")
                    if least == "0":
                        self.assertRegex(text, r"\b0\b")
                if row["default"]:
                    default = re.escape(row["default"])
                    self.assertRegex(text, rf"[Dd]efault(?: is|:)? {default}\b|\b{default} ?,? the default"
                                           rf"|\b{default} seconds, the default")

    def test_words(self):
        for key, row in self.table.items():
            for word in row["words"]:
                if word.islower() and not word.isdigit() and not key.startswith("sandbox_"):  # those share their words
                    self.assertIn(word, re.split(r"\W+", self.items[key].text()), key)

    def test_flags(self):
        """An entry names the flag of its option, if it has one."""
        flags = set(FLAG.findall(help_of(harness.kansend())))
        for key in self.table:
            flag = "--" + key.replace("_", "-")
            self.assertEqual(flag in self.items[key].body_flags(), flag in flags, key)


class Daemon(unittest.TestCase):
    """kansend(8) and its help."""

    def test_same_flags(self):
        known = set(FLAG.findall(help_of(harness.kansend())))
        listed = {flag for item in mdoc.Manual(KANSEND).items for flag in item.head_flags()}
        self.assertGreater(len(known), 12)
        self.assertEqual(listed - known, set())
        self.assertEqual(known - listed - {"--version", "--help"}, set())
        self.assertIn("--help", mdoc.Manual(KANSEND).flags())

    def test_synopsis(self):
        """Each flag stands in the synopsis, too."""
        text = KANSEND.read_text(encoding="utf-8").split(".Sh SYNOPSIS")[1].split(".Sh ")[0]
        shown = {flag for line in text.splitlines() for flag in mdoc.flags_of(mdoc.words_of(line[1:]))}
        self.assertEqual(set(FLAG.findall(help_of(harness.kansend()))) - shown, {"--config", "--test-config"})


class Client(unittest.TestCase):
    """kansenctl(1) and its help."""

    @classmethod
    def setUpClass(cls):
        text = help_of(harness.kansenctl())
        verbs, rest = text.split("\n\nFlags of all verbs:\n")
        cls.verbs = [line[2:21].strip() for line in verbs.split("tells more):\n")[1].splitlines()]
        cls.everywhere = set(FLAG.findall(rest))
        cls.manual = mdoc.Manual(KANSENCTL)
        cls.items = {}
        for item in cls.manual.items:
            cls.items.setdefault(item.command(), []).append(item)

    def own_flags(self, verb):
        """Flags of a verb, and its columns, which are flags as well."""
        text = help_of(harness.kansenctl(), *verb.split()).split("\n\nFlags of all verbs:\n")[0]
        flags = set(FLAG.findall(text))
        columns = set()
        if "--COLUMN" in text.splitlines()[0]:
            columns = {flag for flag in flags if flag not in ("--source", "--idempotency-key")}
        return flags - columns, columns

    def test_same_verbs(self):
        self.assertGreater(len(self.verbs), 30)
        documented = {name for name in self.items if name and self.items[name][0].depth == 1}
        self.assertEqual(documented, {*self.verbs, "help"})

    def test_flags_of_each_verb(self):
        """Each flag of a verb stands in its entry, or in a list that its entry is about; an entry has no other flag."""
        lists = {flag for item in self.manual.items for flag in item.head_flags() if not item.command()}
        for verb in self.verbs:
            flags, columns = self.own_flags(verb)
            items = self.items[verb]
            heads = {flag for item in items for flag in item.head_flags()}
            with self.subTest(verb):
                self.assertLessEqual(heads, flags | columns | self.everywhere)
                said = heads | {flag for item in items for flag in item.body_flags()}
                if any("flags" in item.head for item in items):
                    said |= lists
                # Told once for all that change something, or that are about a student.
                said |= {flag for flag in ("--idempotency-key", "--student-file") if flag in self.manual.flags()}
                self.assertEqual(flags - said, set())

    def test_words_of_flags(self):
        """Words that a flag takes stand in the manual, where there are not too many for it."""
        text = set(re.split(r"[^\w]+", KANSENCTL.read_text(encoding="utf-8")))
        for verb in self.verbs:
            for flag in self.own_flags(verb)[0]:
                done = run([harness.kansenctl(), "complete", *verb.split(), flag, ""])
                words = {line.split("\t")[0] for line in done.stdout.splitlines()} - {":files", ":dirs"}
                missing = {word for word in words if not re.search(r"\d$", word)} - text  # levels are told as a range
                self.assertEqual(missing, set(), (verb, flag))

    def test_columns(self):
        """Each column of a file is named where the files are described."""
        words = set(re.split(r"[^\w]+", KANSENCTL.read_text(encoding="utf-8").split(".Ss Files")[1]))
        for verb in self.verbs:
            for column in self.own_flags(verb)[1]:
                self.assertIn(column[2:].replace("-", "_"), words, verb)

    def test_flags_that_are_no_more(self):
        known = set(self.everywhere)
        for verb in self.verbs:
            flags, columns = self.own_flags(verb)
            known |= flags | columns
            known |= {column[:-1] for column in columns if column.endswith("s")}
        self.assertEqual(self.manual.flags() - known, set())

    def test_flags_of_all_verbs(self):
        listed = {flag for item in self.manual.items for flag in item.head_flags() if item.section == "DESCRIPTION"}
        self.assertEqual(listed, self.everywhere)


class Protocol(unittest.TestCase):
    """kansen-protocol(7) and the programs."""

    def test_codes(self):
        """Each code that the daemon answers with, with its number."""
        header = (ROOT / "daemon/base/fault.h").read_text(encoding="utf-8")
        known = set(re.findall(r"CODE_(\w+) = (\d+)", header)) - {("OK", "0")}
        listed = re.findall(r"^\.It ([A-Z_]+) Ta (\d+) Ta ", PROTOCOL.read_text(encoding="utf-8"), re.M)
        self.assertEqual(set(listed), known - {("CANCELLED", "1"), ("UNKNOWN", "2")})  # which nobody is answered


class Options(unittest.TestCase):
    def test_help_of_the_daemon_is_the_table(self):
        """Its flags with an argument are options of the file, but for that file and what --replay takes."""
        flags = re.findall(r"^ +(?:-\w, )?--([a-z-]+) [A-Za-z]\S*", help_of(harness.kansend()), re.M)
        self.assertEqual({flag.replace("-", "_") for flag in flags} - set(options()), {"config", "replay", "to_sequence"})


if __name__ == "__main__":
    unittest.main()
