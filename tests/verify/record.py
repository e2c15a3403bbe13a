# SPDX-License-Identifier: Apache-2.0
"""Makes records of rounds, written only from kansen-record(5), and signs whatever it is told to put in them."""
import hashlib
import pathlib
import subprocess

OPEN, CLOSED = "OPEN", "CLOSED"
PUBLIC = ("record", "signature", "public-cutoffs")
SEALED = PUBLIC + ("input", "result", "cutoffs", "explanations", "audit")
LEAST, RANKS = 10, 32
FROZEN = "2026-11-21T12:00:00Z"  # the last time before the draw, which is a day later


def hashed(*pieces, key=b""):
    return hashlib.blake2b(b"".join(p.encode() if isinstance(p, str) else p for p in pieces), digest_size=32, key=key).digest()


class Key:
    """An Ed25519 key of the openssl tool, in a folder of its own."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.file], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        self.hex = public[-32:].hex()

    def sign(self, data):
        message = self.file.with_name("message")
        message.write_bytes(data)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", message], check=True,
                              capture_output=True).stdout.hex()


class Rule:
    """lines: (name, class or None for ineligible, [condition as a list of words, maybe behind "not"]); the last one has no conditions."""

    def __init__(self, lines, labels=None, name="rule", version=1):
        self.name, self.version, self.lines = name, version, lines
        self.labels = labels or {c: f"Class {c}" for _, c, _ in lines if c is not None}

    def text(self):
        out = [f"rule {self.name} {self.version}"]
        out += [f"label {number} {text}" for number, text in sorted(self.labels.items())]
        for name, outcome, conditions in self.lines[:-1]:
            what = "ineligible" if outcome is None else f"class {outcome}"
            out.append(f"when {name} {what} " + " & ".join(" ".join(c) for c in conditions))
        name, outcome, _ = self.lines[-1]
        return out + [f"else {name} " + ("ineligible" if outcome is None else f"class {outcome}")]

    def decide(self, student, offer, places):
        """(name of the line, class or None)"""
        for name, outcome, conditions in self.lines:
            if all(holds(c[1:], student, offer, places) is False if c[0] == "not" else holds(c, student, offer, places)
                   for c in conditions):
                return name, outcome
        raise AssertionError("the last line has conditions")


def holds(condition, student, offer, places):
    test, *rest = condition
    of = lambda who, name: [v for n, v in who["facts"] if n == name]  # noqa: E731
    if test == "referred":
        return bool(student["referred"])
    if test == "reserved":
        return min(offer["q"], offer["r"]) > 0
    if test in ("student", "offer"):
        return (rest[0], rest[1]) in (student if test == "student" else offer)["facts"]
    a = of(student, rest[0])
    b = [rest[1]] if rest[1].isdigit() else of(offer, rest[1])
    if test == "same":
        return bool(set(a) & set(b))
    if test == "subset":
        return set(a) <= set(b)
    if test == "atleast":
        return all(int(x) >= int(y) for x in a for y in b)
    if test == "atmost":
        return all(int(x) <= int(y) for x in a for y in b)
    assert test == "within"
    return any(x == y or distance2(places[x], places[y]) <= int(rest[2]) ** 2 for x in a for y in b)


def distance2(one, two):
    north = abs(one[0] - two[0]) * 111195 // 1000000
    east = abs(one[1] - two[1]) * 68237 // 1000000
    return north * north + east * east


EVERYBODY = Rule([("all", 0, [])])


class Round:
    """students: {ref: dict(referred, facts, list, seed, pinned)}, offers: {ref: dict(q, r, mtb, facts)}; pinned: an offer, which
    is the last of the list, or None. What is left out of these has a default."""

    def __init__(self, students, offers, rule=EVERYBODY, run="run-1", revision=0, plain=True, places=(), earlier=(),
                 parties=(("partner", b"\1" * 32), ("school", b"\2" * 32)), beacon=b"\x12\x34", salt=b"\3" * 32,
                 receipt_key=b"\4" * 32, fallback=False, previous=None, beacon_date="2026-11-22", form=2, revised=None,
                 input_frozen=None):
        full = dict(referred=0, facts=[], list=[], seed=0, pinned=None)
        self.students = {ref: {**full, **s} for ref, s in sorted(students.items(), key=lambda kv: kv[0].encode())}
        full = dict(q=1, r=0, mtb=False, facts=[])
        self.offers = {ref: {**full, **o} for ref, o in sorted(offers.items(), key=lambda kv: kv[0].encode())}
        self.rule, self.run, self.revision, self.plain, self.places, self.form = rule, run, revision, plain, dict(places), form
        self.earlier, self.parties, self.beacon, self.salt = list(earlier), sorted(parties), beacon, salt
        self.receipt_key, self.fallback, self.previous, self.beacon_date = receipt_key, fallback, previous, beacon_date
        self.revised = [revised_as("frozen computed drawn".split()[min(n, 2)], n) for n in range(revision)] if revised is None else revised
        self.input_frozen = input_frozen or (FROZEN if all(line.startswith("frozen ") for line in self.revised) else "2026-11-22T21:00:00Z")
        self.secret = self.parties[0][1] if len(self.parties) == 1 else hashed(*[secret for _, secret in self.parties])
        self.seed = hashed("alloc-seed-v1\0", run, "\0", beacon, key=self.secret)
        self.commitment = hashed("alloc-commit-v1\0", run, "\0", self.secret)
        self.decided = {(i, j): rule.decide(s, self.offers[j], self.places)
                        for i, s in self.students.items() for j in s["list"] if j != s["pinned"]}
        self.rank = self.draw(self.students, "")
        self.own = {j: self.draw([i for i, s in self.students.items() if j in s["list"]], "\0" + j)
                    for j, o in self.offers.items() if o["mtb"]}

    # ---- lottery and keys
    def draw(self, refs, suffix):
        seed = lambda i: self.earlier[self.students[i]["seed"] - 1][1] if self.students[i]["seed"] else self.seed  # noqa: E731
        order = sorted(refs, key=lambda i: (hashed("alloc-lot-v1\0", i, suffix, key=seed(i)), i.encode()))
        return {i: place for place, i in enumerate(order)}

    def key(self, i, j):
        return (self.decided[i, j][1] if (i, j) in self.decided else 0, self.own[j][i] if j in self.own else self.rank[i])

    # ---- the matching, one student after the other
    def choose(self, j, applicants):
        """Whom the offer takes: (all, those on its reserve)."""
        offer, pinned = self.offers[j], [i for i in applicants if self.students[i]["pinned"] == j]
        rest = sorted((i for i in applicants if i not in pinned), key=lambda i: self.key(i, j))
        referred = [i for i in rest if self.students[i]["referred"]]
        seats = offer["q"] - len(pinned)
        reserve = max(0, min(offer["q"], offer["r"]) - sum(self.students[i]["referred"] for i in pinned))
        reserved = referred[:min(reserve, seats)]
        others = [i for i in rest if i not in reserved]
        return pinned + reserved + others[:seats - len(reserved)], reserved

    def match(self):
        held, at = {j: [] for j in self.offers}, {i: 0 for i in self.students}
        free = list(self.students)
        while free:
            i = free.pop()
            wishes = self.students[i]["list"]
            if at[i] == len(wishes):
                continue
            j = wishes[at[i]]
            at[i] += 1
            if (i, j) in self.decided and self.decided[i, j][1] is None:
                free.append(i)
                continue
            kept, _ = self.choose(j, held[j] + [i])
            free += [k for k in held[j] + [i] if k not in kept]
            held[j] = kept
        return {i: next((j for j in self.offers if i in held[j]), None) for i in self.students} if len(self.students) < 50 \
            else self.inverted(held)

    def inverted(self, held):
        out = dict.fromkeys(self.students)
        out.update((i, j) for j, who in held.items() for i in who)
        return out

    # ---- cutoffs
    def prices(self, placed):
        """By offer: dict of everything that cutoffs and explanations need."""
        holders = {j: [] for j in self.offers}
        for i, j in placed.items():
            if j is not None:
                holders[j].append(i)
        return {j: self.price(j, who) for j, who in holders.items()}

    def price(self, j, holders):
        offer = self.offers[j]
        pinned = [i for i in holders if self.students[i]["pinned"] == j]
        keys = [[self.key(i, j) for i in holders if i not in pinned and self.students[i]["referred"] == kind] for kind in (0, 1)]
        seats = max(0, offer["q"] - len(pinned))
        reserve = max(0, min(offer["q"], offer["r"]) - sum(self.students[i]["referred"] for i in pinned))
        reserve = min(reserve, seats)
        general, referred, n_general, n_referred = CLOSED, CLOSED, 0, 0
        others, own = keys
        every = others + own
        if seats > 0 and len(every) < seats:
            general = referred = OPEN
        elif seats > 0:
            if len(own) > reserve:
                general, n_general = max(every), len(every)
            elif others:
                general, n_general = max(others), len(others)
            if len(own) < reserve:
                referred = OPEN
            else:
                referred, n_referred = max(every), len(every)
        return dict(seats=seats, held=len(holders), held_referred=sum(self.students[i]["referred"] for i in holders),
                    general=general, referred=referred, n_general=n_general, n_referred=n_referred,
                    reserved=sorted(own)[:reserve])

    # ---- files
    def input(self):
        out = ["kansen-input 1", "spec alloc-1", f"run {self.run}", f"revision {self.revision}",
               "refs plain" if self.plain else "refs hex"] + self.promise(False)
        out += self.earlier_lines() + self.rule.text()
        out += [f"places {len(self.places)}"] + [f"place {c} {y} {x}" for c, (y, x) in sorted(self.places.items())]
        out += [f"offers {len(self.offers)}"]
        for j, o in self.offers.items():
            out.append(" ".join([f"offer {j} {o['q']} {o['r']} {'mtb' if o['mtb'] else 'stb'}"] + facts(o)))
        out += [f"students {len(self.students)}"]
        for i, s in self.students.items():
            out.append(" ".join([f"student {i} {s['referred']} {s['seed']}"] + facts(s) + [";"]
                                + [f"{j}={self.says(i, j)}" for j in s["list"]]))
        return lines(out)

    def says(self, i, j):
        if self.students[i]["pinned"] == j:
            return "p"
        name, number = self.decided[i, j]
        return f"!{name}" if number is None else str(number)

    def promise(self, secrets):
        out = [f"salt {hashed(b'alloc-salt-v1', b'', bytes(1), self.salt).hex()}", f"commitment {self.commitment.hex()}"]
        for name, secret in self.parties:
            out.append(f"party {name} {hashed('alloc-party-v1', bytes(1), self.run, bytes(1), name, bytes(1), secret).hex()}"
                       + (f" {secret.hex()}" if secrets else ""))
        return out + ["beacon-source State lottery, draw of the day", f"beacon-date {self.beacon_date}",
                      "beacon-encoding Six numbers as they are drawn, one byte each", "beacon-fallback The draw after it"]

    def earlier_lines(self):
        return [f"earlier {n} {run} {seed.hex()} {record.hex()}" for n, (run, seed, record) in enumerate(self.earlier, 1)]

    def result(self, placed):
        return lines(f"{i} {j or '-'} {s['list'].index(j) + 1 if j in s['list'] else 0}"
                     for i, s, j in ((i, s, placed[i]) for i, s in self.students.items()))

    def cutoffs(self, prices, public=False):
        out = []
        for j, o in self.offers.items():
            p = prices[j]
            if public and p["held"] < LEAST:
                continue
            referred = str(p["held_referred"])
            general, own = show(p["general"]), show(p["referred"])
            if public:
                if min(p["held_referred"], p["held"] - p["held_referred"]) < LEAST:
                    referred = "*"
                if general not in (OPEN, CLOSED) and p["n_general"] < LEAST or general == CLOSED and p["seats"]:
                    general = "*"
                if own not in (OPEN, CLOSED) and p["n_referred"] < LEAST:
                    own = "*"
                if self.form > 1 and referred == "*" and min(o["q"], o["r"]) and p["seats"] and p["held"] == o["q"]:
                    own = "*"
                    if p["seats"] - min(o["q"], o["r"]) < LEAST:
                        general = "*"
            out.append(f"{j} {o['q']} {min(o['q'], o['r'])} {p['held']} {referred} {general} {own}")
        return lines(out)

    def explanations(self, placed, prices):
        out = []
        for i, s in self.students.items():
            got = placed[i]
            rank = s["list"].index(got) + 1 if got in s["list"] else 0
            seen = s["list"][:rank] if rank else s["list"]
            out.append(" ".join([f"{i} {self.rank[i]} {len(self.students)} {rank} {len(s['list']) - len(seen)}"]
                                + [f"{j}={self.why(i, j, got, prices[j])}" for j in seen]))
        return lines(out)

    def why(self, i, j, got, price):
        s, key = self.students[i], self.key(i, j)
        cutoff = price["referred" if s["referred"] else "general"]
        if (i, j) in self.decided and self.decided[i, j][1] is None:
            return f"ineligible;{self.decided[i, j][0]}"
        if j == got:
            if s["pinned"] == j:
                return "pinned"
            seat = "reserve" if s["referred"] and key in price["reserved"] else "open"
            return f"{seat};{show(key)};{show(cutoff)}"
        flag = "+reserve" if not s["referred"] and any(k > key for k in price["reserved"]) else ""
        if cutoff in (OPEN, CLOSED):
            return f"closed{flag};{show(key)}"
        return f"{'class' if key[0] > cutoff[0] else 'lottery'}{flag};{show(key)};{show(cutoff)}"

    def counts(self, placed):
        ranks = {i: min(RANKS, s["list"].index(placed[i]) + 1 if placed[i] in s["list"] else 0) for i, s in self.students.items()}
        table = [(sum(r == rank for r in ranks.values()),
                  sum(r == rank and self.students[i]["referred"] for i, r in ranks.items()))
                 for rank in range(max(ranks.values(), default=0) + 1)]
        return table, len(ranks), sum(s["referred"] for s in self.students.values())

    def audit(self, placed):
        table, n, referred = self.counts(placed)
        out = ["kansen-audit 1", f"run {self.run}", f"revision {self.revision}", f"receipt-key {self.receipt_key.hex()}",
               f"students {n} {referred}", f"offers {len(self.offers)}", f"seats {sum(o['q'] for o in self.offers.values())}",
               f"assigned {n - table[0][0]} {referred - table[0][1]}"]
        return lines(out + [f"rank {rank} {a} {b}" for rank, (a, b) in enumerate(table)] + ["verdict holds tests 1.0"])

    def joined(self, split, files):
        """Whether it tells of few how many are placed, beside what the public cutoffs tell."""
        apart, apart_referred, apart_others = 0, 0, 0
        for line in files["cutoffs"].splitlines():
            held, referred = (int(word) for word in line.split(" ")[3:5])
            apart += held if held < LEAST else 0
            if referred < LEAST or held - referred < LEAST:
                apart_referred, apart_others = apart_referred + referred, apart_others + held - referred
        few = lambda count: 0 < count < LEAST  # noqa: E731
        return self.form > 1 and (few(apart) or (split and (few(apart_referred) or few(apart_others))))

    def bins(self, placed, files):
        table, n, referred = self.counts(placed)
        split = referred >= LEAST and n - referred >= LEAST
        joined = self.joined(split, files)
        enough = lambda a, b: b >= LEAST and a - b >= LEAST if split else a >= LEAST  # noqa: E731
        cells = [(str(rank), *table[rank]) for rank in range(1, len(table))] + [("none", *table[0])]
        bins, rest = [], None
        for name, a, b in cells if n >= LEAST else []:
            rest = (rest[0], name, rest[2] + a, rest[3] + b) if rest else (name, name, a, b)
            if enough(*rest[2:]) and not (joined and name == str(len(table) - 1)):
                bins.append(rest)
                rest = None
        if rest:
            last = bins.pop()
            bins.append((last[0], rest[1], last[2] + rest[2], last[3] + rest[3]))
        return [f"bin {first} {last} {a} {b if split else '-'}" for first, last, a, b in bins]

    def leaves(self, files):
        each = [files[name].split("\n") for name in ("result", "explanations")]
        own = files["input"].split("\n")[-len(self.students) - 1:] if self.students else []
        out = []
        for number, i in enumerate(self.students):
            salt = hashed("alloc-leaf-salt-v1\0", i, key=self.receipt_key)
            texts = [own[number], each[0][number], each[1][number]]
            out.append((hashed(b"\0", salt, *[t + "\n" for t in texts]), salt, texts))
        return out

    def record(self, files, placed, key):
        times = [f"{word} 2026-11-{20 + n}T12:00:00Z" for n, word in enumerate(["committed", "frozen", "drawn", "computed", "exported"])]
        if self.form > 1:
            times[3:3] = [f"revised {n} {what}" for n, what in enumerate(self.revised)] + [f"input-frozen {self.input_frozen}"]
        out = [f"kansen-record {self.form}", "spec alloc-1", "program tests 1.0", f"run {self.run}", f"revision {self.revision}",
               f"previous {self.previous.hex() if self.previous else '-'}"] + times
        out += [f"rule {self.rule.name} {self.rule.version}"] + self.promise(True)
        out += [f"beacon {'fallback' if self.fallback else 'source'} {self.beacon.hex()}", f"seed {self.seed.hex()}"]
        out += self.earlier_lines()
        out += [f"digest {name} {hashed(files[name], key=self.receipt_key if name == 'cutoffs' and self.form > 1 else b'').hex()}"
                for name in ("audit", "cutoffs", "explanations", "input", "public-cutoffs", "result")]
        out += [f"merkle {root([leaf for leaf, _, _ in self.leaves(files)]).hex()}", f"students {len(self.students)}",
                f"offers {len(self.offers)}", f"seats {sum(o['q'] for o in self.offers.values())}"]
        return lines(out + self.bins(placed, files) + [f"key {key.hex}"])

    def files(self, key, placed=None, edit=()):
        """All files. placed: another matching than the right one; edit: {file: change of its text}, made before it is signed, as
        whoever has the key could."""
        edit = dict(edit)
        change = lambda name, text: edit[name](text) if name in edit else text  # noqa: E731
        placed = self.match() if placed is None else placed
        prices = self.prices(placed)
        out = {"input": self.input(), "result": self.result(placed), "cutoffs": self.cutoffs(prices),
               "public-cutoffs": self.cutoffs(prices, public=True), "explanations": self.explanations(placed, prices),
               "audit": self.audit(placed)}
        out = {name: change(name, text) for name, text in out.items()}
        out["record"] = change("record", self.record(out, placed, key))
        out["signature"] = change("signature", key.sign(out["record"].encode()) + "\n")
        return out

    def receipt(self, files, index):
        leaves = self.leaves(files)
        _, salt, texts = leaves[index]
        steps = path([leaf for leaf, _, _ in leaves], index)
        return lines(["kansen-receipt 1", f"run {self.run}", f"revision {self.revision}",
                      f"record {hashed(files['record']).hex()}", f"leaf {index} {len(leaves)}", f"salt {salt.hex()}"]
                     + texts + [f"path {step.hex()}" for step in steps])


def revised_as(state, hour, record=None, reason="A list was wrong"):
    """What a record tells of a revision that was given up in this state, before its input was frozen at the last time before the
    draw, or on the evening behind the draw."""
    day = 20 if state == "frozen" else 22
    return f"{state} 2026-11-{day}T{16 + hour}:00:00Z {hashed(str(hour)).hex()} {record.hex() if record else '-'} {reason}"


def facts(who):
    return sorted(f"{name}={value}" for name, value in who["facts"])


def lines(texts):
    return "".join(text + "\n" for text in texts)


def show(bound):
    return bound if isinstance(bound, str) else f"{bound[0]},{bound[1]}"


def split(n):
    """The greatest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    if not leaves:
        return hashed(b"")
    if len(leaves) == 1:
        return leaves[0]
    return hashed(b"\1", root(leaves[:split(len(leaves))]), root(leaves[split(len(leaves)):]))


def path(leaves, index):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return path(leaves[:k], index) + [root(leaves[k:])] if index < k else path(leaves[k:], index - k) + [root(leaves[:k])]


def write(folder, files, names=SEALED):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        data = files[name]
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder
