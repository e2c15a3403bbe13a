# SPDX-License-Identifier: Apache-2.0
"""How the time of a query grows with offers, radius and interests; and the worst query, beside which others go on."""
import peers
import stage as stages

OFFERS = (10_000, 30_000, 100_000, 250_000, 1_000_000, 2_500_000)
RADII_KM = (5, 10, 20, 40, 80, 160)
INTERESTS = (1, 2, 4, 8, 16)
RUNS = 3
MAX_INTERESTS = 16
ROOTS = ("cultuur", "handel", "ict_creatief", "mentoring", "mobiliteit", "orientatie", "sport", "techniek", "vakmanschap",
         "voedsel_groen", "zakelijk_veiligheid", "zorg_welzijn", "sport.voetbal", "techniek.bouw", "cultuur.muziek",
         "voedsel_groen.groen")
UTRECHT = [52.0907, 5.1214]  # within 100 km of most of the country
BEATS = 0.3  # share of the daemon's time that other queries take beside the worst one
SLOW_SHARE = 0.25  # and that the worst one takes
LONGEST = 10  # seconds of a run
WORST_RUNS = 5  # of each query that may be the worst
PINGS = 1000  # a second, beside each of these queries


def with_interests(queries, count):
    """The queries with so many interests each: their own, and then those of the queries behind them."""
    for number, query in enumerate(queries):
        interests, behind = {}, number
        while len(interests) < count:
            for code, weight in queries[behind % len(queries)]["interests"].items():
                if len(interests) < count:
                    interests.setdefault(code, weight)
            behind += 1
        yield {**query, "interests": interests}


def cpu_us(stage, daemon, requests):
    """Microseconds of the daemon's CPU for a query, with 16 connections."""
    run = stage.load(daemon, "--requests", requests, connections=16, seconds=stage.seconds / 2, warm_up=stage.warm_up)
    return {"us": run["daemon_cpu_s"] / run["normal"]["answers"] * 1e6}


def measure_growth(stage, report):
    """Time of a query against offers, radius and interests."""
    growth = {"offers": [], "limit_offers": [], "radius_km": [], "interests": []}
    sizes = sorted({size for size in OFFERS if size < stage.large} | {stage.offers, stage.large})
    if stage.quick:
        sizes = [size for size in sizes if size <= stage.offers]
    for size in sizes:
        stage.say(f"growth: {size:,} offers")
        requests = stage.workload("flat", size) / "requests.bin"
        with stage.serving("flat", size) as daemon:
            found = stage.medians({"it": lambda d=daemon, r=requests: cpu_us(stage, d, r)}, RUNS)
        growth["offers"].append([size, found["it"]["us"]])
        growth["limit_offers"].append([size, 1e6 / peers.contest(stage, "limit", size)["qps_per_core"]])
    queries = stage.queries("flat", stage.offers)
    files = {("radius_km", km): stage.write_queries(f"radius-{km}", [{**query, "radius_m": km * 1000} for query in queries])
             for km in RADII_KM}
    files |= {("interests", count): stage.write_queries(f"interests-{count}", with_interests(queries, count)) for count in INTERESTS}
    with stage.serving("flat", stage.offers) as daemon:
        stage.say(f"growth: radius and interests, {stage.offers:,} offers")
        found = stage.medians({key: (lambda path=path: cpu_us(stage, daemon, path)) for key, path in files.items()}, RUNS)
    for (axis, value), times in found.items():
        growth[axis].append([value, times["us"]])
    report["growth"] = growth


def worst_queries():
    """Queries that ask for all work at once: far, broad, every filter but hardly one that excludes, all counts."""
    broad = {"at": UTRECHT, "radius_m": 100_000, "region": "NL", "interests": {code: 7 + n for n, code in enumerate(ROOTS)},
             "kinds": ["internship", "sport", "culture", "orientation", "mentoring"],
             "partner_kinds": ["company", "sport_club", "cultural_organisation", "school", "municipality", "civil_society"],
             "levels": ["mbo2", "mbo4", "havo", "vmbo_tl"], "transition": "vmbo_mbo", "age": 17, "from_date": "2026-09-01",
             "to_date": "2027-08-31", "weekdays": ["mo", "tu", "we", "th", "fr", "sa"], "max_cost_cents": 100_000,
             "funds": ["jeugdfonds", "stichting_leergeld"], "languages": ["nl", "en", "ar", "tr"], "referred": True, "limit": 100,
             "weights": [60, 30, 10], "as_of": "2026-11-23", "tie_seed": 1, "want_total": True, "facets": True}
    assert len(broad["interests"]) == MAX_INTERESTS
    plain = {"at": UTRECHT, "radius_m": 500_000, "limit": 100, "as_of": "2026-11-23", "want_total": True, "facets": True}
    return {
        "every filter": {**broad, "needs": ["wheelchair"], "qualification": 25_180},
        "no excluding filter": broad,
        "capped": {**broad, "max_per_partner": 1},
        "discovering": {**broad, "discover": 5},
        "equal scores": {**broad, "weights": [0, 0, 1]},
        "by interest alone": {**broad, "weights": [1, 0, 0]},
        "capped, equal scores": {**broad, "weights": [0, 0, 1], "max_per_partner": 1},
        "country": {**broad, "radius_m": 500_000},
        "no filter": plain,
        "no filter, no order": {**plain, "weights": [0, 0, 1], "max_per_partner": 1},
        "every filter, not counted": {**broad, "needs": ["wheelchair"], "qualification": 25_180, "want_total": False, "facets": False},
        "equal scores, not counted": {**broad, "weights": [0, 0, 1], "want_total": False, "facets": False},
    }


def hold_us(stage, daemon, path):
    """How long pings on another connection wait at most, and their p99, alone and beside a query that comes as fast as it is
    answered: what the query holds of the worker's loop."""
    run = stage.load(daemon, "--ping", "--rate", PINGS, "--slow", path, "--slow-every", 0.001)
    alone, beside = run["normal"], run["mixed"]["normal"]
    return {"alone_p99_us": alone["p99_us"], "beside_p99_us": beside["p99_us"], "alone_max_us": alone["max_us"],
            "beside_max_us": beside["max_us"]}


def measure_worst(stage, report):
    """Finds the worst of some queries, what each holds of a loop, then asks it again and again beside others by the clock."""
    requests = stage.workload("full", stage.large) / "requests.bin"
    with stage.serving("full", stage.large) as daemon:
        alone, pings = {}, {}
        for name, query in worst_queries().items():
            path = stage.write_queries("worst-" + name.replace(" ", "-"), [query])
            run = stage.load(daemon, "--requests", path, "--count", WORST_RUNS, seconds=LONGEST, warm_up=0)
            alone[name] = run["normal"]["p50_us"] / 1000
            pings[name] = stage.medians({"it": lambda p=path: hold_us(stage, daemon, p)}, RUNS)["it"]
            stage.say(f"worst query, {stage.large:,} offers, {name}: {alone[name]:.1f} ms; pings, alone and beside it, wait at most "
                      f"{pings[name]['alone_max_us'] / 1000:.1f} and {pings[name]['beside_max_us'] / 1000:.1f} ms, p99 "
                      f"{pings[name]['alone_p99_us'] / 1000:.2f} and {pings[name]['beside_p99_us'] / 1000:.2f} ms")
        worst = max(alone, key=alone.get)
        path = stage.folder / "queries" / f"worst-{worst.replace(' ', '-')}.jsonl"
        full = stage.load(daemon, "--requests", requests, connections=16)
        rate = max(1.0, BEATS * full["normal"]["qps"])
        every = max(0.02, alone[worst] / 1000 / SLOW_SHARE)
        stage.say(f"{rate:.0f} queries/s by the clock, alone and then beside the worst one every {every * 1000:.0f} ms: {stage.runs} runs")

        def mixed():
            run = stage.load(daemon, "--requests", requests, "--rate", f"{rate:.3f}", "--slow", path, "--slow-every", f"{every:.4f}",
                             connections=16, seconds=min(max(stage.seconds, 4 * every), LONGEST))
            return {"alone_p99_us": run["normal"]["p99_us"], "beside_p99_us": run["mixed"]["normal"]["p99_us"],
                    "alone_max_us": run["normal"]["max_us"], "beside_max_us": run["mixed"]["normal"]["max_us"],
                    "beside_p50_us": run["mixed"]["normal"]["p50_us"], "worst_p50_us": run["mixed"]["slow"]["p50_us"]}
        found = stage.medians({"it": mixed})["it"]
    report["worst"] = {"query": worst, "alone_ms": alone, "pings": pings,
                       "hold_ms": max(ping["beside_max_us"] for ping in pings.values()) / 1000,
                       "ping_ratio_p99": max(ping["beside_p99_us"] / ping["alone_p99_us"] for ping in pings.values()),
                       "others_per_s": rate, "every_ms": every * 1000, **found,
                       "ratio_p99": found["beside_p99_us"] / found["alone_p99_us"]}
