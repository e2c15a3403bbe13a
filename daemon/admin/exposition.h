// SPDX-License-Identifier: Apache-2.0
// Lines of the text format of Prometheus, version 0.0.4, and of OpenMetrics where they agree. Memory that is
// short shows in exposition_failed. The main thread.
#ifndef ADMIN_EXPOSITION_H
#define ADMIN_EXPOSITION_H

#include "base/attr.h"
#include "base/histogram.h"
#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

struct exposition {
    struct evbuffer *out;
    bool failed;
};

enum exposition_type {
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
};

enum exposition_unit {
    EXPOSITION_ONE,     // values as they are
    EXPOSITION_SECONDS, // values are microseconds and written as seconds
};

// The lines that tell of a metric; its samples follow. help is one line without backslashes.
void exposition_head(struct exposition *exposition, const char *name, enum exposition_type type,
                     const char *help);

// One sample. labels are as they are written between the braces ("" = none), a="b",c="d".
void exposition_sample(struct exposition *exposition, const char *name, const char *labels,
                       enum exposition_unit unit, uint64_t value);

// A histogram with a bucket for each power of two from 1 << from to 1 << to, exclusive: le is that power for
// times, which are cut to whole microseconds, and the whole number below it otherwise.
void exposition_histogram(struct exposition *exposition, const char *name, const char *labels,
                          enum exposition_unit unit, unsigned from, unsigned to,
                          const struct histogram_sum *sum);

#endif
