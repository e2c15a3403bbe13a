# SPDX-License-Identifier: Apache-2.0
"""Holds the daemon against matcher.py on random stores and queries (see generate.py).

For each store a daemon starts on an empty directory, the store is registered over TCP, partly by way of earlier states
that are then replaced, moved or removed, and every field of every answer is compared: pages walked by cursor to the end,
totals, facets, discoveries, explanations, and a part through `kansenctl match --batch`.
"""
import argparse
import datetime
import json
import pathlib
import random
import sys
import tempfile
import time
from collections import Counter

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import generate  # noqa: E402
import harness  # noqa: E402
import matcher  # noqa: E402
import wire  # noqa: E402

NO_CURSOR = ("discover", "as_of")  # what the query of a next page may leave out, or must


def utc_today():
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def midnight_is_near():
    """Whether the daemon's date may change before a store is through."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%H:%M") >= "23:57"


class Report:
    """Counts what was held against each other, and prints the first differences."""

    def __init__(self, seed, today, most):
        self.seed, self.today, self.most = seed, today, most
        self.passed = self.failed = 0
        self.counts = Counter()

    def check(self, store, what, query, expected, given):
        if expected == given:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= self.most:
            print(f"\nDIFFERENCE seed {self.seed} today {self.today} store {store}: {what}")
            if query is not None:
                print("  query   ", json.dumps(query, ensure_ascii=False))
            for path, want, got in differences(expected, given)[:8]:
                print(f"  {path}\n    expected {want!r}\n    given    {got!r}")
        return False

    def full(self):
        return self.failed >= self.most


def differences(expected, given, path="answer"):
    """(path, expected, given) of the innermost values that differ."""
    if isinstance(expected, dict) and isinstance(given, dict):
        pairs = [(f"{path}.{key}", expected.get(key, "absent"), given.get(key, "absent"))
                 for key in dict.fromkeys([*expected, *given])]
    elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        pairs = [(f"{path}[{i}]", *both) for i, both in enumerate(zip(expected, given))]
    else:
        return [(path, shorten(expected), shorten(given))]
    return [found for where, want, got in pairs if want != got for found in differences(want, got, where)]


def shorten(value):
    """Lists of matches are long: their offers say enough."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "offer" in value[0]:
        return [(match["offer"], match["score"]) for match in value]
    return value


# Registration -----------------------------------------------------------------------------------------------------


class Registration:
    """Brings a daemon to a generated state, and learns the ids."""

    def __init__(self, client, generator, rng, churn):
        self.client, self.gen, self.rng, self.churn = client, generator, rng, churn
        self.source = generator.source
        self.partner_ids, self.sequence = {}, 0
        # Regions are in the daemon's seeds already; some as they were before.
        self.old_regions = [generator.region_before(row) if self.before(0.3) else row for row in generator.regions]

    def before(self, chance):
        """Whether a record is registered in an earlier state first."""
        return self.churn and self.rng.random() < chance

    def apply(self, writes):
        results = self.client.batch([wire.write(self.source, **operation) for operation in writes])
        for operation, result in zip(writes, results):
            if result.status.code != harness.OK:
                raise harness.Refused(result.status) from ValueError(str(operation))
            self.sequence = max(self.sequence, result.sequence)
        return results

    def run(self):
        gen = self.gen
        self.apply([{"upsert_postcode": {"postcode": wire.postcode(row)}} for row in gen.postcodes])
        old_partners = [gen.partner_before(row) if self.before(0.4) else row for row in gen.partners]
        for row, result in zip(gen.partners, self.apply([self.new_partner(row) for row in old_partners])):
            row["id"] = self.partner_ids[row["external_id"]] = result.id
        old_offers = [gen.offer_before(row, self.rng.choice(gen.partners)) if self.before(0.3) else row for row in gen.offers]
        results = self.apply([self.new_offer(row) for row in old_offers])
        for row, result in zip(gen.offers, results):
            row["id"] = result.id
        self.pass_by()
        changed = [row for row, old in zip(gen.regions, self.old_regions) if row is not old]
        self.rng.shuffle(changed)
        self.apply([{"upsert_region": {"region": wire.region(row)}} for row in changed])
        self.replace_partners([row for row, old in zip(gen.partners, old_partners) if row is not old])
        self.replace_offers([(row, result.version) for row, old, result in zip(gen.offers, old_offers, results)
                             if row is not old])
        return matcher.World(gen.partners, gen.offers, gen.regions, gen.interests, gen.postcodes)

    def new_partner(self, row):
        message = wire.partner(row)
        if row["status"] == "active" and self.rng.random() < 0.5:
            message.status = 0  # means active for a new one
        return {self.rng.choice(["create_partner", "upsert_partner"]): {"partner": message}}

    def new_offer(self, row):
        by_id = self.rng.random() < 0.5
        message = wire.offer(row, self.partner_ids[row["partner"]] if by_id else 0)
        if row["status"] == "open" and self.rng.random() < 0.5:
            message.status = 0  # means open for a new one
        how = ["create_offer", "upsert_offer"] if row["external_id"] else ["create_offer"]
        return {self.rng.choice(how): {"offer": message}}

    def replace_partners(self, rows):
        writes = []
        for row in rows:
            message = wire.partner(row)
            last = {"set_partner_status": {"id": row["id"], "status": message.status}}
            if self.rng.random() < 0.5:
                message.status = self.rng.choice([0, 1, 2, 3])
                writes += [{"upsert_partner": {"partner": message}}, last]
            else:
                writes.append({"upsert_partner": {"partner": message}})
        self.apply(writes)

    def replace_offers(self, rows):
        writes = []
        for row, version in rows:
            by_id = not row["external_id"] or self.rng.random() < 0.5
            how, message = "replace_offer", wire.offer(row, self.partner_ids[row["partner"]], row["id"], version)
            if not by_id:
                how, message = "upsert_offer", wire.offer(row, 0)
            last = {"set_offer_status": {"id": row["id"], "status": message.status}}
            if self.rng.random() < 0.3:
                message.status = self.rng.choice([0, 1, 2, 3])
                writes += [{how: {"offer": message}}, last]
            else:
                writes.append({how: {"offer": message}})
        self.apply(writes)

    def pass_by(self):
        """A partner with offers that is removed, offers that are removed, a partner that is suspended for a moment."""
        if not self.churn:
            return
        guest = {**self.gen.make_partner(0), "external_id": "guest", "region": self.rng.choice(self.gen.spots)}
        guest_id = self.apply([{"create_partner": {"partner": wire.partner(guest)}}])[0].id
        self.partner_ids["guest"] = guest_id
        made = self.apply([self.new_offer({**self.gen.make_offer(0, guest), "external_id": f"guest-{i}", "partner": "guest"})
                           for i in range(6)])
        host = self.rng.choice(self.gen.partners)
        writes = [{"remove_offer": {"id": result.id}} for result in made[:2]]
        writes.append({"remove_partner": {"id": guest_id}})
        for status in (3, wire.partner(host).status):
            writes.append({"set_partner_status": {"id": host["id"], "status": status}})
        self.apply(writes)


# Comparison -------------------------------------------------------------------------------------------------------


class Comparison:
    """One store, with its queries."""

    def __init__(self, number, options, report):
        self.number, self.options, self.report = number, options, report
        self.rng = random.Random(f"{options.seed}/{number}")
        self.today = utc_today()
        self.gen = generate.Generator(self.rng, options.today)

    def run(self):
        with tempfile.TemporaryDirectory(prefix="kansen-oracle-") as folder:
            seeds = pathlib.Path(folder)
            registration = Registration(None, self.gen, self.rng, not self.options.no_churn)
            generate.write_seeds(self.rng, seeds, registration.old_regions, self.gen.interests)
            with harness.Daemon(seeds=seeds, args=self.options.daemon_args) as daemon, daemon.client() as client:
                registration.client = self.client = client
                try:
                    self.world = registration.run()
                except harness.Refused as refused:
                    self.report.check(self.number, f"refused at registration: {refused}", None, str(refused.__cause__), "")
                    return
                self.sequence = registration.sequence
                self.compare_all(daemon)
                client.close()
                daemon.stop()
                done = harness.run(daemon.command("--check"))
                self.report.check(self.number, f"kansend --check: {done.stdout[-500:]}{done.stderr[-500:]}", None, 0, done.returncode)

    def compare_all(self, daemon):
        queries = [self.gen.make_query(self.world) for _ in range(self.options.queries)]
        if midnight_is_near():
            queries = [{"as_of": self.today, **query} for query in queries]
        expected = [matcher.answer(self.world, query, self.today) for query in queries]
        for answer in expected:
            self.report.counts.update(answer["reasons"].values())
        walks = [Walk(query, answer) for query, answer in zip(queries, expected)]
        self.walk_pages(walks)
        self.explain(queries)
        if harness.kansenctl().exists() and not self.options.no_client:
            self.batch(daemon, walks[::4])

    # Matches

    def walk_pages(self, walks):
        """All pages of all queries, the next page of each pipelined together."""
        at = 0
        while walks:
            requests = [self.client.request(match={"query": wire.query(*w.request(at, self.rng))}) for w in walks]
            answers = self.client.pipeline(requests)
            walks = [w for w, response in zip(walks, answers) if self.page(w, at, response)]
            at += 1

    def page(self, walk, at, response):
        """Compares one page; true if a further one is to be asked."""
        if response.status.code != harness.OK:
            self.report.check(self.number, f"page {at} refused: {response.status}", walk.query, "an answer", "none")
            return False
        given = response.match
        walk.cursor = given.next_cursor
        got = {
            "matches": [wire.match(m) for m in given.matches],
            "more": bool(given.next_cursor),
            "sequence": given.as_of_sequence,
            "total": given.total if given.WhichOneof("total_given") else None,
            "facets": wire.facets(given.facets) if walk.query.get("facets") else list(given.facets),
            "discoveries": [wire.match(m) for m in given.discoveries],
        }
        if at == 0:
            walk.first_cursor = given.next_cursor
        return self.report.check(self.number, f"page {at}", walk.query, walk.page(at, self.sequence), got) and got["more"]

    def explain(self, queries):
        pairs = [(query, self.rng.choice(self.world.offers).id) for query in queries for _ in range(2)]
        requests = [self.client.request(explain={"query": wire.query(query), "offer_id": number}) for query, number in pairs]
        for (query, number), response in zip(pairs, self.client.pipeline(requests)):
            reason, match = matcher.explain(self.world, query, number, self.today)
            match["weekdays"] = wire.in_week_order(match["weekdays"])
            given = response.explain
            got = {
                "status": response.status.code, "eligible": given.eligible, "reason": wire.reason(given.reason),
                "sequence": given.as_of_sequence, "match": wire.match(given.match),
                "both values": bool(given.wanted and given.offered),
            }
            expected = {"status": 0, "eligible": reason is None, "reason": reason, "sequence": self.sequence,
                        "match": match, "both values": reason is not None}
            if reason is None:
                got["both values"] = False  # they may say something or not
            self.report.check(self.number, f"explanation of offer {number}", query, expected, got)

    # The client program

    def batch(self, daemon, walks):
        """First pages, and second pages by their cursor, as JSON."""
        queries = [{**w.query, "tie_seed": self.spell(w.query.get("tie_seed", 0))} for w in walks]
        answers = self.client_program(daemon, queries)
        for walk, query, given in zip(walks, queries, answers):
            self.report.check(self.number, "first page by kansenctl", query, walk.json(0, self.sequence), json_page(given))
        again = [(w, {**without(query, NO_CURSOR), "cursor": given["next_cursor"]})
                 for w, query, given in zip(walks, queries, answers) if given.get("next_cursor")]
        for (walk, query), given in zip(again, self.client_program(daemon, [query for _, query in again])):
            self.report.check(self.number, "second page by kansenctl", query, walk.json(1, self.sequence), json_page(given))

    def spell(self, seed):
        """As a number where it fits, or as digits."""
        return str(seed) if seed >= 2**63 or self.rng.random() < 0.5 else seed

    def client_program(self, daemon, queries):
        lines = "".join(json.dumps(query) + "\n" for query in queries)
        file = daemon.scratch / "queries.jsonl"
        file.write_text(lines, encoding="utf-8")
        done = harness.run([harness.kansenctl(), "-s", daemon.tcp, "match", "--batch", file])
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        expected = {"status": 0, "answers": len(queries)}
        self.report.check(self.number, f"kansenctl match --batch: {done.stderr[-500:]}", None, expected,
                          {"status": done.returncode, "answers": len(answers)})
        return answers


class Walk:
    """A query, what is expected, and where its walk through the pages is."""

    def __init__(self, query, answer):
        self.query, self.answer = query, answer
        self.cursor = self.first_cursor = b""

    def request(self, at, rng):
        """(query, cursor) of page `at`; as_of may be left out behind a cursor."""
        if at == 0:
            return self.query, b""
        return without(self.query, rng.choice([NO_CURSOR, NO_CURSOR[:1]])), self.cursor

    def page(self, at, sequence):
        pages = self.answer["pages"]
        return {
            "matches": in_week_order(pages[at]), "more": at + 1 < len(pages), "sequence": sequence,
            "total": self.answer["total"] if self.query.get("want_total") else None,
            "facets": self.answer["facets"] if self.query.get("facets") else [],
            "discoveries": [] if at else in_week_order(self.answer["discoveries"]),
        }

    def json(self, at, sequence):
        """The same page as kansenctl prints it."""
        page = self.page(at, sequence)
        return {
            "as_of_sequence": sequence, "matches": [json_match(m) for m in page["matches"]],
            "discoveries": [json_match(m) for m in page["discoveries"]], "more": page["more"],
            "total": page["total"], "facets": page["facets"] or None,
        }


JSON_KEYS = ("offer", "external_id", "partner", "title", "kind", "distance_m", "score", "interest", "proximity",
             "transition", "seats_free")


def json_match(match):
    return {key: match.get(key) for key in JSON_KEYS}


def json_page(given):
    if "error" in given:
        return given
    return {
        "as_of_sequence": given["as_of_sequence"], "matches": [json_match(m) for m in given["matches"]],
        "discoveries": [json_match(m) for m in given.get("discoveries") or []],
        "more": bool(given.get("next_cursor")), "total": given.get("total"), "facets": given.get("facets") or None,
    }


def in_week_order(matches):
    return [{**match, "weekdays": wire.in_week_order(match["weekdays"])} for match in matches]


def without(fields, names):
    return {name: value for name, value in fields.items() if name not in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stores", type=int, default=12)
    parser.add_argument("--queries", type=int, default=60, help="a store")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--store", type=int, help="only this one")
    parser.add_argument("--today", default=utc_today(), help="the date that generated days lie around")
    parser.add_argument("--differences", type=int, default=10, help="stop after so many")
    parser.add_argument("--no-churn", action="store_true", help="register final states only")
    parser.add_argument("--no-client", action="store_true", help="leave kansenctl out")
    parser.add_argument("--build", type=pathlib.Path, default=harness.BUILD, help="where kansend and kansenctl are")
    parser.add_argument("--daemon-args", nargs=argparse.REMAINDER, default=[], help="further arguments of the daemon")
    options = parser.parse_args()
    harness.use_build(options.build)
    report, begin = Report(options.seed, options.today, options.differences), time.monotonic()
    for number in range(options.stores) if options.store is None else [options.store]:
        Comparison(number, options, report).run()
        if report.full():
            print(f"{report.failed} differences: the rest is left out")
            break
    if options.store is None and options.stores >= 10 and not report.failed:
        unseen = [reason for reason in (*matcher.REASONS, None) if not report.counts[reason]]
        report.check("all", f"outcomes that no query had (seed {options.seed} is too short a run)", None, [], unseen)
    print(f"oracle: {report.passed} passed, {report.failed} failed (seed {options.seed}, {time.monotonic() - begin:.1f} s)")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
