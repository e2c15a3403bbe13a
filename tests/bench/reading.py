# SPDX-License-Identifier: Apache-2.0
"""The daemon's reads: pings and matches, on stores of both sizes, with one and two workers, and its start."""
import peers
import stage as stages


def measure_match(stage, report):
    """Ping and match on one worker core, flat form."""
    requests = stage.workload("flat", stage.offers) / "requests.bin"
    counted = stage.write_queries("counted", [{**query, "want_total": True, "facets": True}
                                              for query in stage.queries("flat", stage.offers)])
    with stage.serving("flat", stage.offers) as daemon:
        def rate(*what, connections, in_flight=1):
            return lambda: stage.rate(daemon, *what, connections=connections, in_flight=in_flight)
        match = ("--requests", requests)
        stage.say(f"ping and match, {stage.offers:,} offers: {stage.runs} runs of each")
        report.update(stage.medians({
            "ping": rate("--ping", connections=16),
            "ping_one": rate("--ping", connections=1),
            "ping_pipelined": rate("--ping", connections=16, in_flight=16),
            "match": rate(*match, connections=16),
            "match_one": rate(*match, connections=1),
            "match_64": rate(*match, connections=64),
            "match_pipelined": rate(*match, connections=16, in_flight=16),
            "match_counted": rate("--requests", counted, connections=16),
            # In turns with the daemon, so that a slow minute of the machine meets both sides of their ratio.
            "limit": lambda: peers.contest(stage, "limit", stage.offers),
        }))
        report["memory"] = {**report.get("memory", {}), f"offers_{stage.offers}": memory_of(daemon)}


def measure_full(stage, report):
    """The full form: taxonomy, transitions, dates, every filter."""
    requests = stage.workload("full", stage.offers) / "requests.bin"
    with stage.serving("full", stage.offers) as daemon:
        stage.say(f"match in full form, {stage.offers:,} offers: {stage.runs} runs of each")
        report.update(stage.medians({
            "match_full": lambda: stage.rate(daemon, "--requests", requests, connections=16),
            "match_full_pipelined": lambda: stage.rate(daemon, "--requests", requests, connections=16, in_flight=16),
        }))


def measure_large(stage, report):
    """Ten times as many offers, and what is resident then."""
    requests = stage.workload("flat", stage.large) / "requests.bin"
    with stage.serving("flat", stage.large) as daemon:
        stage.say(f"match, {stage.large:,} offers: {stage.runs} runs of each")
        report.update(stage.medians({
            "match_2500k": lambda: stage.rate(daemon, "--requests", requests, connections=16),
            "match_2500k_pipelined": lambda: stage.rate(daemon, "--requests", requests, connections=16, in_flight=16),
        }))
        report["memory"] = {**report.get("memory", {}), f"offers_{stage.large}": memory_of(daemon)}


def memory_of(daemon):
    """Own memory of the process, and the pages of the store that it has mapped: those are the page cache's."""
    figures = daemon.figures("status")
    return {"own_mib": figures["RssAnon"] / 1024, "store_pages_mib": figures["RssFile"] / 1024}


def measure_workers(stage, report):
    """One and two workers, by CPU time: matches per CPU-second times cores. The load generator shares a core with the
    second worker, so the time on the clock would tell little."""
    requests = stage.workload("flat", stage.large) / "requests.bin"
    stage.say(f"one worker and two, {stage.large:,} offers: {stage.runs} runs of each")
    found = {}
    for workers, cores in ((1, {stages.SERVER_CORE}), (2, {stages.SERVER_CORE, stages.LOAD_CORE})):
        with stage.serving("flat", stage.large, workers=workers, cores=cores) as daemon:
            found[workers] = stage.medians({"it": lambda: stage.rate(daemon, "--requests", requests, connections=16)})["it"]
    each = {workers: rate["qps_per_cpu_second"] for workers, rate in found.items()}
    report["two_workers"] = {"one_per_cpu_second": each[1], "two_per_cpu_second": each[2], "ratio": 2 * each[2] / each[1],
                             "one_qps": found[1]["qps_per_core"], "two_qps": found[2]["qps_per_core"]}


def measure_start(stage, report):
    """From the start of the process until it says that it serves, with the store in the page cache."""
    store, workload = stage.store("flat", stage.large), stage.workload("flat", stage.large)

    def start():
        with stage.daemon(store, workload) as daemon:
            return {"start_ms": daemon.started_ms}
    start()
    stage.say(f"start, {stage.large:,} offers: {stage.runs} runs")
    report["start_ms"] = stage.medians({"it": start})["it"]["start_ms"]
