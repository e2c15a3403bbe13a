# SPDX-License-Identifier: Apache-2.0
"""What manuals in mdoc(7) say in their lists: enough of the language for the manuals of this project."""
import re
import shlex

MACROS = {"Ar", "Bc", "Bo", "Brc", "Cm", "Dq", "Dv", "Ev", "Fl", "Fn", "Ic", "It", "Li", "Nm", "No", "Ns", "Oc", "Oo",
          "Op", "Pa", "Pc", "Po", "Pq", "Ql", "Sq", "Sx", "Sy", "Va", "Xr"}
PUNCTUATION = set(".,:;()[]?!|")


def words_of(line):
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    return [re.sub(r"\\[&e]", "", word) for word in lexer]


def groups_of(words):
    """(macro, its arguments) in their order; what stands in front of the first macro belongs to ""."""
    groups = [("", [])]
    for word in words:
        if word in MACROS:
            groups.append((word, []))
        elif word not in PUNCTUATION:
            groups[-1][1].append(word)
    return groups


def flags_of(words):
    """Long flags, as they are typed."""
    found = []
    for macro, args in groups_of(words):
        if macro == "Fl":
            found += [f"-{arg}" for arg in args if arg.startswith("-") and len(arg) > 1]
    return found


class Item:
    """An entry of a list: the words of its head, and of the lines behind it; depth of its list from 1."""

    def __init__(self, head, depth, section):
        self.head, self.depth, self.section = head, depth, section
        self.lines, self.items = [], []

    def command(self):
        """The words of the first Cm, as in "partner add"; "" if it begins with something else."""
        groups = groups_of(self.head)
        return " ".join(groups[1][1]) if len(groups) > 1 and not groups[0][1] and groups[1][0] == "Cm" else ""

    def head_flags(self):
        return flags_of(self.head)

    def body_flags(self):
        return [flag for line in self.lines for flag in flags_of(line)]

    def text(self):
        """Of the body, without macros."""
        return " ".join(word for line in self.lines for word in line if word not in MACROS)


class Manual:
    """items are those of all lists; lines, the words of all lines that are not text alone."""

    def __init__(self, path):
        self.items, self.lines = [], []
        open_items, section, depth = [], "", 0
        for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if line.startswith('.\\"'):
                continue
            macro = line.startswith(".")
            words = words_of(line[1:]) if macro else line.split()
            if not words:
                continue
            if macro and words[0] in ("Sh", "Ss"):
                section = " ".join(words[1:])
            elif macro and words[0] == "Bl":
                depth += 1
            elif macro and words[0] == "El":
                depth -= 1
                open_items = [item for item in open_items if item.depth <= depth]
            elif macro and words[0] == "It":
                open_items = [item for item in open_items if item.depth < depth]
                open_items.append(Item(words[1:], depth, section))
                self.items.append(open_items[-1])
            else:
                for item in open_items:
                    item.lines.append(words)
            if macro:
                self.lines.append(words)

    def flags(self):
        return {flag for line in self.lines for flag in flags_of(line)}
