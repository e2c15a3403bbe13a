// SPDX-License-Identifier: Apache-2.0
// The jobs by which a round moves on by itself: each does one part, of bounded size. Any thread.
#ifndef WORK_ROUND_PART_H
#define WORK_ROUND_PART_H

#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>

struct job;

// A job of one write, which is returned in *out and has no operation yet; its answer goes to that worker.
// NULL when memory is short; job_free() frees it and *out.
struct job *round_part_new_job(unsigned worker, Kansen__V1__Write **out) MUST_CHECK;

// The same for a part of a round, as yet without one.
struct job *round_part_new(unsigned worker, const Kansen__V1__Round *round,
                           Kansen__V1__AdvanceRound **out) MUST_CHECK;

#endif
