# SPDX-License-Identifier: Apache-2.0
"""What was measured beside what is to be reached: the table, the picture, from the report alone."""
import svg

WIDTH, MARGIN, CHART = 980, 24, 300


class Missing(Exception):
    """The report does not hold what a line is about: its section has not run."""


def get(report, path):
    """What stands at this path of names."""
    found = report
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            raise Missing(path)
        found = found[key]
    return found


def ratio(above, below):
    return lambda report: get(report, above) / get(report, below)


def value(path, factor=1.0):
    return lambda report: get(report, path) * factor


def memory(kind):
    return lambda report: get(report, f"memory.offers_{report.get('large')}.{kind}_mib")


def one_commit(report):
    """Time of a registration from one connection, in times of a commit of LMDB alone."""
    return get(report, "disk.one_record.commits_per_s") / get(report, "registrations.1x1.per_s")


def cohort_memory(report):
    return max(get(report, f"cohort.{seats}.1000000.memory_mb") for seats in ("scarce", "roomy"))


SIZES = {"offers": 250_000, "large": 2_500_000}  # that the targets are meant for
AT_LEAST, AT_MOST, TOLD = "at least", "at most", "told"
# What, sense, figure, unit, how it is found.
TARGETS = (
    ("match / best PostgreSQL form, per core", AT_LEAST, 30, "x", ratio("match.qps_per_core", "postgres.qps_per_core")),
    ("match / SQLite in process, per core", AT_LEAST, 13, "x", ratio("match.qps_per_core", "sqlite.qps_per_core")),
    ("match / limit", AT_LEAST, 0.38, "x", ratio("match.qps_per_core", "limit.qps_per_core")),
    ("match pipelined / PostgreSQL, per core", AT_LEAST, 48, "x", ratio("match_pipelined.qps_per_core", "postgres.qps_per_core")),
    ("match, 16 connections: p99", AT_MOST, 1000, "us", value("match.p99_us")),
    ("that p99 / ping's p50 at one connection", AT_MOST, 2.5, "x", ratio("match.p99_us", "ping_one.p50_us")),
    ("the same of ping, which does no work, at 16 connections", TOLD, None, "x", ratio("ping.p99_us", "ping_one.p50_us")),
    ("match, 16 connections", TOLD, 60_000, "/s", value("match.qps_per_core")),
    ("match pipelined, 16 in flight on each", TOLD, None, "/s", value("match_pipelined.qps_per_core")),
    ("match with total and facets", TOLD, None, "/s", value("match_counted.qps_per_core")),
    ("full form / flat form", AT_LEAST, 0.5, "x", ratio("match_full.qps_per_core", "match.qps_per_core")),
    ("{large} offers / {offers} offers", AT_LEAST, 0.3, "x", ratio("match_2500k.qps_per_core", "match.qps_per_core")),
    ("two workers / one, per CPU-second x cores", AT_LEAST, 1.7, "x", value("two_workers.ratio")),
    ("start until READY, {large} offers, warm", AT_MOST, 100, "ms", value("start_ms")),
    ("own memory, {large} offers", TOLD, None, "MiB", memory("own")),
    ("pages of the store in memory (page cache)", TOLD, None, "MiB", memory("store_pages")),
    ("import / bare LMDB loader, as records arrive", AT_MOST, 3, "x", value("import.ratio")),
    ("import / bare LMDB loader, records sorted", TOLD, None, "x", value("import.ratio_to_sorted")),
    ("import", TOLD, None, "s", value("import.seconds")),
    ("registrations 16x1 / PostgreSQL's", AT_LEAST, 1, "x", ratio("registrations.16x1.per_s", "postgres_writes.16x1.per_s")),
    ("registrations 16x16 / PostgreSQL's 16x1", AT_LEAST, 2.5, "x", ratio("registrations.16x16.per_s", "postgres_writes.16x1.per_s")),
    ("a registration, 1x1 / a commit of LMDB alone", AT_MOST, 1.3, "x", one_commit),
    ("registrations 1x1", TOLD, None, "/s", value("registrations.1x1.per_s")),
    ("registrations 16x1", TOLD, None, "/s", value("registrations.16x1.per_s")),
    ("registrations 16x16", TOLD, None, "/s", value("registrations.16x16.per_s")),
    ("reservations 1x1", TOLD, None, "/s", value("reservations.1x1.per_s")),
    ("reservations 16x1", TOLD, None, "/s", value("reservations.16x1.per_s")),
    ("reservations 16x16", TOLD, None, "/s", value("reservations.16x16.per_s")),
    ("PostgreSQL's registrations, 16x1", TOLD, None, "/s", value("postgres_writes.16x1.per_s")),
    ("commits of LMDB alone, one record each", TOLD, None, "/s", value("disk.one_record.commits_per_s")),
    ("commits of LMDB alone, 64 records each", TOLD, None, "/s", value("disk.records_64.commits_per_s")),
    ("bytes written per registration, 1x1", TOLD, None, "B", value("bytes_written.registration.1x1")),
    ("bytes written per registration, 16x16", TOLD, None, "B", value("bytes_written.registration.16x16")),
    ("bytes written per reservation, 1x1", TOLD, None, "B", value("bytes_written.reservation.1x1")),
    ("bytes written per reservation, 16x16", TOLD, None, "B", value("bytes_written.reservation.16x16")),
    ("worst query over {large} offers, p50 alone", TOLD, None, "ms", lambda report: max(get(report, "worst.alone_ms").values())),
    ("longest wait of a ping beside any such query", AT_MOST, 20, "ms", value("worst.hold_ms")),
    ("p99 of pings beside any / alone", TOLD, None, "x", value("worst.ping_ratio_p99")),
    ("others' longest wait beside it", AT_MOST, 20, "ms", value("worst.beside_max_us", 1e-3)),
    ("others' p99 beside it / alone", AT_MOST, 3, "x", value("worst.ratio_p99")),
    ("match, all that guards it / unguarded, by CPU time", AT_LEAST, 0.97, "x", value("security.ratio")),
    ("match by TLS / plain", TOLD, None, "x", value("security.tls_ratio")),
    ("p99 beside another token's flood / in quiet", AT_MOST, 2, "x", value("security.flood.limited")),
    ("the same without a rate limit", TOLD, None, "x", value("security.flood.unlimited")),
    ("matches' p99 beside a backup / alone", AT_MOST, 3, "x", value("backup.ratio_p99")),
    ("their longest wait beside it", TOLD, None, "ms", value("backup.beside_max_us", 1e-3)),
    ("a backup of {large} offers, alone", TOLD, None, "s", value("backup.seconds")),
    ("the same", TOLD, None, "MiB/s", value("backup.mib_per_s")),
    ("matches' p99 while a round is computed / alone", AT_MOST, 2, "x", value("rounds.ratio_p99")),
    ("their longest wait meanwhile", TOLD, None, "ms", value("rounds.beside_max_us", 1e-3)),
    ("lists submitted to a round", TOLD, None, "/s", value("rounds.lists_per_s")),
    ("that round: frozen", TOLD, None, "s", value("rounds.seconds.freeze")),
    ("computed, beside the matches", TOLD, None, "s", value("rounds.seconds.compute")),
    ("published", TOLD, None, "s", value("rounds.seconds.publish")),
    ("a cohort of 1M, seats scarce: all of it", AT_MOST, 1500, "ms", value("cohort.scarce.1000000.total_ms")),
    ("a cohort of 1M, seats for all: all of it", AT_MOST, 1500, "ms", value("cohort.roomy.1000000.total_ms")),
    ("memory of a cohort of 1M, lists of 30", AT_MOST, 400, "MB", cohort_memory),
    ("deferred acceptance alone, 1M, scarce", TOLD, 500, "ms", value("cohort.scarce.1000000.allocate_ms")),
    ("deferred acceptance alone, 1M, for all", TOLD, 200, "ms", value("cohort.roomy.1000000.allocate_ms")),
    ("deferred acceptance alone, 100k, scarce", TOLD, 26, "ms", value("cohort.scarce.100000.allocate_ms")),
    ("deferred acceptance alone, 100k, for all", TOLD, 8, "ms", value("cohort.roomy.100000.allocate_ms")),
)
CONTESTANTS = (("limit: plain memory, in process", "limit", None), ("match, pipelined", "match_pipelined", 0),
               ("match", "match", 0), ("match, full form", "match_full", 0), ("match, total and facets", "match_counted", 0),
               ("SQLite, in process", "sqlite", 1), ("PostgreSQL, postings", "postgres", 1),
               ("PostgreSQL, PostGIS and intarray", "postgres_postgis", 1), ("ping", "ping", None),
               ("ping, pipelined", "ping_pipelined", None))
MORE_RATES = (("ping, one connection", "ping_one"), ("match, one connection", "match_one"), ("match, 64 connections", "match_64"),
              ("match, full form, pipelined", "match_full_pipelined"), ("limit, {large} offers", "limit_2500k"),
              ("match, {large} offers", "match_2500k"), ("match, {large} offers, pipelined", "match_2500k_pipelined"))
AXES = (("offers", "offers"), ("radius_km", "radius, km"), ("interests", "interests"))


def sizes(report):
    return {key: svg.short(report.get(key, size)) for key, size in SIZES.items()}


def judge(report):
    """(what, what is wanted, what was found, "reached", "NOT reached" or "") of each target."""
    for name, sense, figure, unit, find in TARGETS:
        what = name.format(**sizes(report))
        wanted = "" if figure is None else f"{'dream' if sense == TOLD else sense} {figure:,g} {unit}"
        try:
            found = find(report)
        except Missing:
            yield what, wanted, "not measured", ""
            continue
        reached = found >= figure if sense == AT_LEAST else found <= figure if sense == AT_MOST else None
        yield what, wanted, f"{svg.number(found)} {unit}", {None: "", True: "reached", False: "NOT reached"}[reached]


def table(report):
    rows = [("", "to reach", "measured", "")] + list(judge(report))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip() for row in rows)


def rates(report):
    """All rates, one a line."""
    rows = [("on one core", "a second", "p50 us", "p99 us")]
    for label, key in [(label, key) for label, key, _ in CONTESTANTS] + list(MORE_RATES):
        if key in report:
            rows.append((label.format(**sizes(report)), *(svg.number(report[key][figure]) for figure in ("qps_per_core", "p50_us", "p99_us"))))
    return "\n".join(f"{row[0]:<34}{row[1]:>12}{row[2]:>12}{row[3]:>12}" for row in rows)


def picture(report):
    """The picture, of what the report holds."""
    parts, top = [], MARGIN
    items = sorted(((label, report[key]["qps_per_core"], colour) for label, key, colour in CONTESTANTS if key in report),
                   key=lambda item: -item[1])
    if items:
        parts += svg.bars(MARGIN, top, WIDTH - 2 * MARGIN, f"Queries per second on one core, {report['offers']:,} offers", items)
        top += svg.bars_height(items) + MARGIN
    if "growth" in report:
        wide = (WIDTH - 4 * MARGIN) / 3
        for place, (key, across) in enumerate(AXES):
            series = {"kansend": report["growth"][key]}
            if "limit_" + key in report["growth"]:
                series["limit"] = report["growth"]["limit_" + key]
            parts += svg.lines(MARGIN + place * (wide + MARGIN), top, wide, CHART, f"Time against {across.split(',', 1)[0]}", across,
                               "microseconds of CPU a query", series)
        top += CHART + MARGIN
    return svg.page(WIDTH, int(top), parts)
