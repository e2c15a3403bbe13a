# SPDX-License-Identifier: Apache-2.0
"""The other contestants: what a core can do in plain memory, SQLite and PostgreSQL; and that all give the same answers."""
import json

import answers
import stage as stages

PATIENCE = 900  # seconds that a contestant may take, with the making of its data


def contest(stage, program, offers, *more):
    """Runs a contestant, which pins itself, answers all queries once, and then tells the medians of its own runs."""
    return json.loads(stage.run(stage.build / program, "--form", "flat", "--offers", offers, "--queries", stages.QUERIES, "--seeds",
                                stages.ROOT / "seeds", "--core", stages.SERVER_CORE, "--answers", answers_of(stage, program, offers),
                                *more, patience=PATIENCE))


def answers_of(stage, name, offers):
    """Where its answers are kept: beside the workload that they belong to."""
    return stage.workload("flat", offers) / f"answers-{name}"


def compare_answers(stage, report):
    """All contestants answer every query once, and must agree. (Those of SQLite and PostgreSQL are kept from their runs.)"""
    for offers in (stage.offers, stage.large):
        stage.say(f"answers of kansend, {offers:,} offers")
        with stage.serving("flat", offers) as daemon:
            stage.run(stage.build / "load", "--server", daemon.server, "--requests", stage.workload("flat", offers) / "requests.bin",
                      "--verify", answers_of(stage, "kansen", offers), patience=PATIENCE)


def measure_limit(stage, report):
    """What one core does in its own memory, without a network, a protocol or a store."""
    for offers, key in ((stage.offers, "limit"), (stage.large, "limit_2500k")):
        stage.say(f"limit: plain memory, {offers:,} offers")
        report[key] = contest(stage, "limit", offers)


def measure_sqlite(stage, report):
    """SQLite in process."""


def measure_postgres(stage, report):
    """PostgreSQL."""
