# SPDX-License-Identifier: Apache-2.0
"""The other contestants: what a core can do in plain memory, SQLite and PostgreSQL; and that all give the same answers."""
import json

import answers
import stage as stages

CONTESTANTS = ("limit", "peer_sqlite", "postgres", "postgres-postgis")
POSTGIS_TIMED = 400  # queries that the slow form is timed on; it answers all of them once
PATIENCE = 900  # seconds that a contestant may take, with the making of its data


def contest(stage, program, offers, *more):
    """Runs a contestant, which pins itself, answers all queries once, and then tells the medians of its own runs."""
    return figures(stage.run(*command(stage, program, offers, stages.SERVER_CORE), "--answers", answers_of(stage, program, offers), *more,
                             patience=PATIENCE))


def command(stage, program, offers, core):
    return (stage.build / program, "--form", "flat", "--offers", offers, "--queries", stages.QUERIES, "--seeds", stages.ROOT / "seeds",
            "--core", core)


def figures(text):
    """The numbers of a contestant's line."""
    return {key: value for key, value in json.loads(text).items() if key not in ("name", "offers", "queries")}


def answers_of(stage, name, offers):
    """Where its answers are kept: beside the workload that they belong to."""
    return stage.workload("flat", offers) / f"answers-{name}"


def measure_limit(stage, report):
    """What one core does in its own memory, without a network, a protocol or a store."""
    for offers, key in ((stage.offers, "limit"), (stage.large, "limit_2500k")):
        stage.say(f"limit: plain memory, {offers:,} offers")
        report[key] = contest(stage, "limit", offers)


def measure_sqlite(stage, report):
    """SQLite in process."""
    stage.say(f"SQLite in process, {stage.offers:,} offers")
    report["sqlite"] = contest(stage, "peer_sqlite", stage.offers)


def measure_postgres(stage, report):
    """PostgreSQL in its two forms, and its durable registrations; the server on one core, who asks on the other."""
    folder = stages.ROOT / "tests" / "bench"

    def run(way, *more):
        stage.say(f"PostgreSQL, {way}, {stage.offers:,} offers")
        return figures(stage.run(folder / "with_postgres.sh", stage.folder, *command(stage, "peer_postgres", stage.offers, stages.LOAD_CORE),
                                 "--sql", folder / "sql", "--way", way, *more, patience=PATIENCE,
                                 env={"SERVER_CORE": str(stages.SERVER_CORE)}))
    report["postgres"] = run("posting", "--answers", answers_of(stage, "postgres", stage.offers))
    report["postgres_postgis"] = run("postgis", "--answers", answers_of(stage, "postgres-postgis", stage.offers), "--timed", POSTGIS_TIMED)
    report["postgres_writes"] = run("register")


def compare_answers(stage, report):
    """Kansen answers every query once, and must agree with all contestants that have run."""
    for offers in (stage.offers, stage.large):
        files = {"kansend": answers_of(stage, "kansend", offers)}
        with stage.serving("flat", offers) as daemon:
            stage.run(stage.build / "load", "--server", daemon.server, "--token-file", daemon.token_file, "--requests",
                      stage.workload("flat", offers) / "requests.bin", "--verify", files["kansend"], patience=PATIENCE)
        files |= {name: answers_of(stage, name, offers) for name in CONTESTANTS if answers_of(stage, name, offers).exists()}
        difference = answers.first_difference(files)
        if difference is not None:
            raise SystemExit(f"the contestants do not give the same answers, {offers:,} offers: {difference}")
        stage.say(f"{stages.QUERIES} queries over {offers:,} offers: the same answers from {', '.join(files)}")
        report["answers"] = {**report.get("answers", {}), str(offers): list(files)}
