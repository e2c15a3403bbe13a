// SPDX-License-Identifier: Apache-2.0
// https://prometheus.io/docs/instrumenting/exposition_formats/. Names and labels are constants of ours, so
// nothing is to be escaped.
#include "admin/exposition.h"
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>

#define NUMBER_MAX 40u // bytes with the end

static void add(struct exposition *exposition, const char *format, ...) PRINTF_LIKE(2, 3);

static void
add(struct exposition *exposition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (evbuffer_add_vprintf(exposition->out, format, args) < 0)
        exposition->failed = true;
    va_end(args);
}

// Exact, as a float could not tell microseconds of years.
static const char *
number(enum exposition_unit unit, uint64_t value, char out[NUMBER_MAX])
{
    if (unit == EXPOSITION_SECONDS)
        snprintf(out, NUMBER_MAX, "%" PRIu64 ".%06" PRIu64, value / 1000000, value % 1000000);
    else
        snprintf(out, NUMBER_MAX, "%" PRIu64, value);
    return out;
}

void
exposition_head(struct exposition *exposition, const char *name, enum exposition_type type, const char *help)
{
    static const char *const types[] = {
        [EXPOSITION_COUNTER] = "counter", [EXPOSITION_GAUGE] = "gauge", [EXPOSITION_HISTOGRAM] = "histogram"};

    add(exposition, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

void
exposition_sample(struct exposition *exposition, const char *name, const char *labels,
                  enum exposition_unit unit, uint64_t value)
{
    char text[NUMBER_MAX];

    number(unit, value, text);
    if (labels[0] == '\0')
        add(exposition, "%s %s\n", name, text);
    else
        add(exposition, "%s{%s} %s\n", name, labels, text);
}

void
exposition_histogram(struct exposition *exposition, const char *name, const char *labels,
                     enum exposition_unit unit, unsigned from, unsigned to, const struct histogram_sum *sum)
{
    const char *comma = labels[0] == '\0' ? "" : ",";
    const char *open = labels[0] == '\0' ? "" : "{", *close = labels[0] == '\0' ? "" : "}";
    char text[NUMBER_MAX];

    for (unsigned power = from; power < to; power++) {
        uint64_t most = (UINT64_C(1) << power) - 1;

        number(unit, unit == EXPOSITION_SECONDS ? most + 1 : most, text);
        add(exposition, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma, text,
            histogram_up_to(sum, most));
    }
    add(exposition, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, sum->count);
    add(exposition, "%s_sum%s%s%s %s\n", name, open, labels, close, number(unit, sum->sum, text));
    add(exposition, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, sum->count);
}
