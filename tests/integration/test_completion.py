# SPDX-License-Identifier: Apache-2.0
"""What shells propose while a command is typed: every verb and flag of the help, and the words that a flag takes."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import run
from test_manuals import FLAG, help_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Types a line in a shell that has loaded the completion, and prints what it proposes, one a line.
BASH = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
IFS=' ' read -ra COMP_WORDS <<<"${2//=/ = }"
[[ $2 == *[[:space:]=] ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
function=$(complete -p "$3" | sed -E 's/.*-F ([^ ]+).*/\1/')
"$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""
# Zsh's own completion at work on a line, in a terminal of its own, with what it would insert written to a file.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; fpath=('${1:h}' $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w shell 'compadd() { local -a got; builtin compadd -O got "$@"; (( $#got )) && print -rl -- "$got[@]" >>'$4'; builtin compadd "$@" }'
zpty -w shell 'compdef '${1:t}' '$3'; finish() { print done >>'$4'; zle .send-break }; zle -N finish; bindkey "^Xf" finish'
zpty -w -n shell "$2"$'\t\x18f'
repeat 300; do [[ -s $4 && $(tail -1 $4) == done ]] && break; sleep 0.1; done
zpty -d shell
"""


def sequence(line):
    return line.split() + ([""] if line.endswith(" ") else [])


class Shells(unittest.TestCase):
    """A folder with files, in which both programs are called by their names."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("offers.csv", "other.txt"):
            (self.folder / name).touch()
        (self.folder / "subfolder").mkdir()
        self.programs = {"kansenctl": str(harness.kansenctl()), "kansend": str(harness.kansend())}
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name, path in self.programs.items():
            (self.bin / name).symlink_to(pathlib.Path(path).resolve())

    def path(self):
        return {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.folder), "TERM": "dumb"}

    def bash(self, line):
        program = line.split()[0]
        file = ROOT / ("client/cli" if program == "kansenctl" else "config") / f"{program}.bash"
        done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", str(file), line, program], env=self.path(),
                              cwd=self.folder, capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [word for word in done.stdout.splitlines() if word]

    def zsh(self, line):
        program = line.split()[0]
        file = ROOT / ("client/cli" if program == "kansenctl" else "config") / f"_{program}"
        got = self.bin / "got"
        got.unlink(missing_ok=True)
        done = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", str(file), line, program, str(got)], env=self.path(),
                              cwd=self.folder, capture_output=True, text=True, timeout=2 * harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = got.read_text(encoding="utf-8").splitlines()
        self.assertEqual(lines[-1:], ["done"])
        return set(lines[:-1])


class Kansenctl(Shells):
    def complete(self, line):
        """What kansenctl itself says: (word, what it is)."""
        done = run([self.programs["kansenctl"], "complete", *sequence(line)])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [tuple(found.split("\t")) for found in done.stdout.splitlines()]

    def words(self, line):
        return {found[0] for found in self.complete(line)}

    def verbs(self):
        text = help_of(self.programs["kansenctl"]).split("tells more):\n")[1].split("\n\n")[0]
        return [line[2:21].strip() for line in text.splitlines()]

    def test_every_verb(self):
        verbs = self.verbs()
        self.assertGreater(len(verbs), 30)
        self.assertEqual(self.words(" "), {verb.split()[0] for verb in verbs} | {"help"})
        for group in {verb.split()[0] for verb in verbs if " " in verb}:
            second = {verb.split()[1] for verb in verbs if verb.startswith(group + " ")}
            self.assertEqual(self.words(f"{group} "), second)
            self.assertEqual(self.words(f"help {group} "), second)

    def test_every_flag(self):
        everywhere = set(FLAG.findall(help_of(self.programs["kansenctl"])))
        self.assertEqual(self.words("-"), everywhere)
        for verb in self.verbs():
            flags = set(FLAG.findall(help_of(self.programs["kansenctl"], *verb.split())))
            self.assertEqual(self.words(f"{verb} --"), flags, verb)
            self.assertEqual(self.words(f"--timeout 3 {verb} --json --"), flags, verb)

    def test_every_word_of_a_flag(self):
        """Whatever words the help of a flag ends with are proposed for it."""
        seen = 0
        for verb in self.verbs():
            for flag, words in re.findall(r"^  (--[a-z-]+) VALUE +.*: ([a-z_0-9]+(?:, [a-z_0-9]+)+)$",
                                          help_of(self.programs["kansenctl"], *verb.split()), re.M):
                words = set(words.split(", "))
                self.assertEqual(self.words(f"{verb} {flag} "), words, (verb, flag))
                self.assertEqual(self.words(f"{verb} {flag}="), {f"{flag}={word}" for word in words})
                seen += 1
        self.assertGreater(seen, 8)

    def test_values(self):
        self.assertEqual(self.words("match --kind "), {"internship", "sport", "culture", "orientation", "mentoring"})
        self.assertIn("vmbo_kb,havo", self.words("match --level vmbo_kb,ha"))
        self.assertIn("--level=po,havo", self.words("match --level=po,"))
        self.assertIn("confirmed", self.words("placement list --state "))
        self.assertIn("sport", self.words("round create --kind "))
        self.assertIn("offer,round_list", self.words("watch --kind offer,"))
        self.assertEqual(self.words("import "), {"partners", "offers", "regions", "interests", "postcodes"})
        for files in ("import offers ", "import offers --source x ", "--ca ", "match --batch=", "export offers "):
            self.assertEqual(self.words(files), {":files"}, files)
        for nothing in ("nonsense ", "import offers a ", "ping ", "offer add --title ", "--timeout ", "match --nothing="):
            self.assertEqual(self.words(nothing), set(), nothing)
        self.assertEqual(self.complete("pin")[-1], ("help", "tell more of a verb"))  # shells pick by the beginning

    def test_bash(self):
        self.assertEqual(self.bash("kansenctl par"), ["partner"])
        self.assertEqual(set(self.bash("kansenctl partner s")), {"show", "suspend"})
        self.assertEqual(self.bash("kansenctl match --lev"), ["--level"])
        self.assertEqual(self.bash("kansenctl match --level=vmbo_k"), ["vmbo_kb"])
        self.assertEqual(self.bash("kansenctl match --level po,vw"), ["po,vwo"])
        self.assertEqual(set(self.bash("kansenctl import offers o")), {"offers.csv", "other.txt"})
        self.assertEqual(self.bash("kansenctl --ca=off"), ["offers.csv"])
        self.assertEqual(set(self.bash("kansenctl ")), self.words(" "))

    @unittest.skipUnless(shutil.which("zsh"), "no zsh is here")
    def test_zsh(self):
        self.assertEqual(self.zsh("kansenctl par"), {"partner"})
        self.assertEqual(self.zsh("kansenctl partner s"), {"show", "suspend"})
        self.assertEqual(self.zsh("kansenctl match --level=vmbo_"), {f"--level=vmbo_{end}" for end in ("bb", "kb", "gl", "tl")})
        self.assertEqual(self.zsh("kansenctl import offers o"), {"offers.csv", "other.txt"})


class Kansend(Shells):
    def test_bash(self):
        flags = set(FLAG.findall(help_of(self.programs["kansend"])))
        self.assertLessEqual(flags, set(self.bash("kansend ")))
        self.assertEqual(set(self.bash("kansend --tls-client ")), {"off", "optional", "required"})
        self.assertEqual(self.bash("kansend --log-level d"), ["debug"])
        self.assertEqual(self.bash("kansend -c off"), ["offers.csv"])
        self.assertEqual(self.bash("kansend --data-dir s"), ["subfolder"])
        self.assertEqual(self.bash("kansend --print"), ["--print-config"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh is here")
    def test_zsh(self):
        self.assertEqual(self.zsh("kansend --print"), {"--print-config"})
        self.assertEqual(self.zsh("kansend --tls-client "), {"off", "optional", "required"})
        self.assertEqual(self.zsh("kansend -c o"), {"offers.csv", "other.txt"})


if __name__ == "__main__":
    unittest.main()
