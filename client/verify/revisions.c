// SPDX-License-Identifier: Apache-2.0
#include "client/verify/revisions.h"
#include "client/verify/terms.h"

static const char *const words[] = {"-", "frozen", "drawn", "computed"};

static int
read_state(struct lines *lines, struct revision *revision)
{
    struct slice state;

    if (lines_field(lines, "state", &state) != 0)
        return -1;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_is(state, words[i])) {
            revision->state = (enum revisions_state)i;
            return 0;
        }
    return lines_bad(lines, "state", state, "frozen, drawn, computed or -");
}

static int
read_known(struct lines *lines, struct revision *revision)
{
    struct slice record;

    if (lines_field(lines, "time", &revision->time) != 0)
        return -1;
    if (!terms_is_time(revision->time))
        return lines_bad(lines, "time", revision->time, "a time as 2026-11-25T22:43:52Z");
    if (lines_digest(lines, "input", revision->input) != 0 || lines_field(lines, "record", &record) != 0)
        return -1;
    revision->has_record = !slice_is(record, "-");
    if (revision->has_record && (record.len != 64 || digest_parse(record, revision->record) != 0))
        return lines_bad(lines, "record", record, "64 lower-case hexadecimal digits or -");
    return lines_text(lines, "reason", &revision->reason);
}

static int
read_one(struct lines *lines, unsigned number, struct revision *revision)
{
    uint64_t given;

    if (lines_next(lines) != 0 || lines_word(lines, "revised") != 0 ||
        lines_number(lines, "number", REVISIONS_MAX, &given) != 0)
        return -1;
    if (given != number)
        return lines_bad(lines, "number", lines->line, "the number of the line, counted from 0");
    if (read_state(lines, revision) != 0)
        return -1;
    if (revision->state != REVISIONS_UNKNOWN)
        return read_known(lines, revision);
    for (unsigned i = 0; i < 4; i++)
        if (lines_word(lines, "-") != 0)
            return -1;
    return lines_end(lines);
}

int
revisions_read(struct lines *lines, struct revisions *revisions)
{
    while (lines_follow(lines, "revised")) {
        if (revisions->n == REVISIONS_MAX)
            return lines_bad(lines, "revised", slice_of("another line"), "at most 255 lines");
        if (read_one(lines, revisions->n, &revisions->list[revisions->n]) != 0)
            return -1;
        revisions->n++;
    }
    if (lines_line_text(lines, "input-frozen", &revisions->frozen) != 0)
        return -1;
    if (slice_is(revisions->frozen, "-"))
        revisions->frozen.len = 0;
    else if (!terms_is_time(revisions->frozen))
        return lines_bad(lines, "input-frozen", revisions->frozen, "a time as 2026-11-25T22:43:52Z, or -");
    return 0;
}

bool
revisions_have_input(const struct revisions *revisions, const uint8_t digest[DIGEST_BYTES])
{
    for (unsigned i = 0; i < revisions->n; i++)
        if (revisions->list[i].state != REVISIONS_UNKNOWN &&
            memcmp(revisions->list[i].input, digest, DIGEST_BYTES) == 0)
            return true;
    return false;
}

static void
expect_order(struct slice first, struct slice second, struct report *report)
{
    if (slice_compare(second, first) < 0)
        report_fault(report, "record", 0, "times", "%.*s comes before %.*s", SLICE_ARGS(second),
                     SLICE_ARGS(first));
}

// Whether a revision was corrected behind the last time that the input was frozen before the public draw.
static bool
is_late(const struct revision *revision, const struct revisions_times *times)
{
    return revision->state != REVISIONS_FROZEN || slice_compare(revision->time, times->frozen) > 0;
}

// Times are whole seconds: of two in one second nobody can tell which was first.
static bool
may_be_late(const struct revisions *revisions, const struct revisions_times *times)
{
    for (unsigned i = 0; i < revisions->n; i++)
        if (is_late(&revisions->list[i], times) || slice_equal(revisions->list[i].time, times->frozen))
            return true;
    return false;
}

static bool
are_late(const struct revisions *revisions, const struct revisions_times *times)
{
    for (unsigned i = 0; i < revisions->n; i++)
        if (is_late(&revisions->list[i], times))
            return true;
    return false;
}

// Those of which nothing is known come first, then those before the seed was drawn, then those behind it.
static void
check_order(const struct revisions *revisions, const struct revisions_times *times, struct report *report)
{
    enum revisions_state state = REVISIONS_UNKNOWN;
    struct slice last = times->committed;

    for (unsigned i = 0; i < revisions->n; i++) {
        const struct revision *revision = &revisions->list[i];
        bool drawn = revision->state >= REVISIONS_DRAWN;

        if (!drawn && revision->state < state) {
            report_fault(report, "record", 0, "revision", "number %u was given up as %s behind a later state",
                         i, words[revision->state]);
            continue;
        }
        if (revision->state == REVISIONS_UNKNOWN)
            continue;
        state = drawn ? REVISIONS_DRAWN : REVISIONS_FROZEN;
        expect_order(last, revision->time, report);
        last = revision->time;
        expect_order(drawn ? times->drawn : last, drawn ? last : times->drawn, report);
    }
}

// When this input was frozen: at the last time before the public draw, or behind the last correction.
static void
check_frozen(const struct revisions *revisions, const struct revisions_times *times, struct report *report)
{
    const struct revision *last = revisions->n > 0 ? &revisions->list[revisions->n - 1] : NULL;
    bool known = last != NULL && last->state != REVISIONS_UNKNOWN;

    if (revisions->frozen.len == 0) {
        if (last == NULL || known)
            report_fault(report, "record", 0, "revision", "it is not told when the input was frozen");
        return;
    }
    expect_order(known && is_late(last, times) ? last->time : times->frozen, revisions->frozen, report);
    expect_order(revisions->frozen, times->computed, report);
    if (!may_be_late(revisions, times) && !slice_equal(revisions->frozen, times->frozen))
        report_fault(report, "record", 0, "times",
                     "the input was frozen at %.*s, which is not the last time before the draw, and nothing "
                     "is told of a correction",
                     SLICE_ARGS(revisions->frozen));
}

static const char *
when(const struct revision *revision, const struct revisions_times *times)
{
    if (revision->state == REVISIONS_COMPUTED)
        return "after the draw, when its result was known";
    if (revision->state == REVISIONS_DRAWN)
        return "after the draw";
    return is_late(revision, times) ? "when the public draw may have been held" : "before the draw";
}

static void
tell(const struct revisions *revisions, const struct revisions_times *times, struct report *report)
{
    char text[DIGEST_TEXT];

    for (unsigned i = 0; i < revisions->n; i++) {
        const struct revision *revision = &revisions->list[i];

        if (revision->state == REVISIONS_UNKNOWN)
            report_note(report, "revision %u was corrected, and nothing else is told of it", i);
        else
            report_note(report, "revision %u was corrected at %.*s, %s: %.*s (%s%s)", i,
                        SLICE_ARGS(revision->time), when(revision, times), SLICE_ARGS(revision->reason),
                        revision->has_record ? "its record is " : "it has no record",
                        revision->has_record ? digest_text(revision->record, text) : "");
    }
    if (!are_late(revisions, times))
        return;
    if (revisions->frozen.len > 0)
        report_note(
            report,
            "the input was changed after the draw: it was frozen for the draw at %.*s, and in the end "
            "at %.*s",
            SLICE_ARGS(times->frozen), SLICE_ARGS(revisions->frozen));
    else
        report_note(report, "the input may have been changed after the draw: it is not told when it was "
                            "frozen");
}

void
revisions_check(const struct revisions *revisions, uint64_t number, const struct revisions_times *times,
                struct report *report)
{
    if (revisions->n != number)
        report_fault(report, "record", 0, "revision", "%u revisions before number %llu are told of",
                     revisions->n, (unsigned long long)number);
    check_order(revisions, times, report);
    check_frozen(revisions, times, report);
    tell(revisions, times, report);
}
