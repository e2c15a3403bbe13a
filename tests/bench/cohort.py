# SPDX-License-Identifier: Apache-2.0
"""A whole cohort from arrays in memory, on one core: the lottery, deferred acceptance, and the check of the result."""
import json

STUDENTS = (10_000, 100_000, 1_000_000)
STUDENTS_PER_OFFER, LIST, SEED = 2, 30, 7
SEATS = {"roomy": 125, "scarce": 40}  # for 100 students
FIGURES = ("lottery_ms", "allocate_ms", "check_ms", "total_ms", "memory_mb")


def measure_cohort(stage, report):
    """A cohort of up to a million students: lottery, allocation, check; enough seats and too few."""
    def run(students, seats):
        found = json.loads(stage.run(stage.build / "allocate", students, students // STUDENTS_PER_OFFER, LIST, SEATS[seats], SEED,
                                     cores=stage.cores[:1]))
        return {key: found[key] for key in (*FIGURES, "proposals", "assigned", "first")}
    cohort = {seats: {} for seats in SEATS}
    for students in STUDENTS if not stage.quick else STUDENTS[:2]:
        found = stage.medians({seats: (lambda s=seats, n=students: run(n, s)) for seats in SEATS})
        for seats, times in found.items():
            cohort[seats][str(students)] = times
            stage.say(f"cohort, {students:,} students, {seats}: lottery {times['lottery_ms']:.0f} ms, deferred acceptance "
                      f"{times['allocate_ms']:.0f} ms, check {times['check_ms']:.0f} ms, {times['memory_mb']:.0f} MB")
    report["cohort"] = cohort
