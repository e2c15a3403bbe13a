// SPDX-License-Identifier: Apache-2.0
#include "client/verify/record.h"
#include "client/verify/lottery.h"
#include <sodium.h>

static const enum files_file digested[] = {FILES_AUDIT, FILES_CUTOFFS,        FILES_EXPLANATIONS,
                                           FILES_INPUT, FILES_PUBLIC_CUTOFFS, FILES_RESULT};

static int
read_head(struct lines *lines, struct record *record)
{
    struct slice previous;

    if (lines_next(lines) != 0 || lines_word(lines, "kansen-record") != 0 ||
        lines_number(lines, "form", RECORD_FORM, &record->form) != 0 || lines_end(lines) != 0)
        return -1;
    if (record->form == 0)
        return lines_bad(lines, "form", lines->line, "1 or 2");
    if (lines_line_words(lines, "spec", TERMS_SPEC) != 0 || lines_next(lines) != 0 ||
        lines_word(lines, "program") != 0 || lines_name(lines, "program", &record->program) != 0 ||
        lines_text(lines, "version", &record->version) != 0 || terms_read_run(lines, &record->terms) != 0 ||
        lines_next(lines) != 0 || lines_word(lines, "previous") != 0 ||
        lines_field(lines, "previous", &previous) != 0 || lines_end(lines) != 0)
        return -1;
    record->is_first = slice_is(previous, "-");
    if (!record->is_first && (previous.len != 64 || digest_parse(previous, record->previous) != 0))
        return lines_bad(lines, "previous", previous, "64 lower-case hexadecimal digits or -");
    return 0;
}

static int
read_times(struct lines *lines, struct record *record)
{
    static const char *const words[] = {[RECORD_COMMITTED] = "committed",
                                        [RECORD_FROZEN] = "frozen",
                                        [RECORD_DRAWN] = "drawn",
                                        [RECORD_COMPUTED] = "computed",
                                        [RECORD_EXPORTED] = "exported"};

    for (unsigned i = 0; i < RECORD_TIMES; i++)
        if ((i == RECORD_COMPUTED && record->form >= RECORD_FORM &&
             revisions_read(lines, &record->revisions) != 0) ||
            lines_line_text(lines, words[i], &record->times[i]) != 0)
            return -1;
        else if (!terms_is_time(record->times[i]))
            return lines_bad(lines, words[i], record->times[i], "a time as 2026-11-25T22:43:52Z");
    return 0;
}

static int
read_beacon(struct lines *lines, struct record *record)
{
    struct slice source, bytes;

    if (lines_next(lines) != 0 || lines_word(lines, "beacon") != 0 ||
        lines_field(lines, "beacon", &source) != 0 || lines_field(lines, "bytes", &bytes) != 0 ||
        lines_end(lines) != 0)
        return -1;
    record->fallback = slice_is(source, "fallback");
    if (!record->fallback && !slice_is(source, "source"))
        return lines_bad(lines, "beacon", source, "source or fallback");
    record->beacon_len = bytes.len / 2;
    if (record->beacon_len > RECORD_BEACON_MAX || digest_parse(bytes, record->beacon) != 0)
        return lines_bad(lines, "bytes", bytes, "2 to 2048 lower-case hexadecimal digits");
    return lines_line_digest(lines, "seed", record->seed);
}

static int
read_digests(struct lines *lines, struct record *record)
{
    for (size_t i = 0; i < sizeof digested / sizeof digested[0]; i++)
        if (lines_next(lines) != 0 || lines_word(lines, "digest") != 0 ||
            lines_word(lines, files_name(digested[i])) != 0 ||
            lines_digest(lines, "digest", record->digests[digested[i]]) != 0 || lines_end(lines) != 0)
            return -1;
    return lines_line_digest(lines, "merkle", record->merkle);
}

static int
read_cell(struct lines *lines, const char *name, unsigned *out)
{
    struct slice field;
    uint64_t rank;

    if (lines_field(lines, name, &field) != 0)
        return -1;
    *out = RECORD_NO_RANK;
    if (slice_is(field, "none"))
        return 0;
    if (!lines_is_number(field, RECORD_RANKS, &rank) || rank == 0)
        return lines_bad(lines, name, field, "a rank of 1..32 or none");
    *out = (unsigned)rank;
    return 0;
}

static int
read_bins(struct lines *lines, struct record *record)
{
    while (lines_follow(lines, "bin")) {
        struct record_bin *bin = &record->bins[record->n_bins];
        struct slice referred;

        if (record->n_bins++ == RECORD_NO_RANK)
            return lines_bad(lines, "bin", slice_of("another line"), "at most 33 bins");
        if (lines_next(lines) != 0 || lines_word(lines, "bin") != 0 ||
            read_cell(lines, "first", &bin->first) != 0 || read_cell(lines, "last", &bin->last) != 0 ||
            lines_number(lines, "students", UINT32_MAX, &bin->all) != 0 ||
            lines_field(lines, "referred", &referred) != 0 || lines_end(lines) != 0)
            return -1;
        bin->by_referral = !slice_is(referred, "-");
        if (bin->by_referral && !lines_is_number(referred, bin->all, &bin->referred))
            return lines_bad(lines, "referred", referred, "a number up to that of the students, or -");
    }
    return 0;
}

int
record_read(struct slice file, struct report *report, struct record *record)
{
    struct lines lines = lines_of("record", file, report);

    if (read_head(&lines, record) != 0 || read_times(&lines, record) != 0 ||
        terms_read_rule(&lines, &record->terms) != 0 || terms_read_commitment(&lines, &record->terms) != 0 ||
        terms_read_parties(&lines, &record->terms, true) != 0 || read_beacon(&lines, record) != 0 ||
        terms_read_earlier(&lines, &record->terms) != 0 || read_digests(&lines, record) != 0 ||
        lines_line_number(&lines, "students", UINT32_MAX, &record->students) != 0 ||
        lines_line_number(&lines, "offers", UINT32_MAX, &record->offers) != 0 ||
        lines_line_number(&lines, "seats", UINT64_MAX, &record->seats) != 0 ||
        read_bins(&lines, record) != 0 || lines_line_digest(&lines, "key", record->key) != 0)
        return -1;
    return lines_done(&lines);
}

void
record_check_signature(struct slice file, struct slice signature, const struct record *record,
                       struct report *report)
{
    struct lines lines = lines_of("signature", signature, report);
    uint8_t bytes[RECORD_SIGNATURE];
    struct slice field;

    if (lines_next(&lines) != 0 || lines_field(&lines, "signature", &field) != 0 || lines_end(&lines) != 0 ||
        lines_done(&lines) != 0)
        return;
    if (field.len != 2 * sizeof bytes || digest_parse(field, bytes) != 0)
        lines_bad(&lines, "signature", field, "128 lower-case hexadecimal digits");
    else if (crypto_sign_verify_detached(bytes, (const unsigned char *)file.at, file.len, record->key) != 0)
        report_fault(report, "signature", 1, "signature",
                     "it is not that of the file record by the key in it");
}

static void
check_bins(const struct record *record, struct report *report)
{
    uint64_t all = 0;
    unsigned next = 1;

    for (unsigned i = 0; i < record->n_bins; i++) {
        const struct record_bin *bin = &record->bins[i];
        bool small = bin->all < RECORD_LEAST;

        if (bin->by_referral)
            small = bin->referred < RECORD_LEAST || bin->all - bin->referred < RECORD_LEAST;
        // Behind the greatest rank comes none; where nobody has a place it is the only cell.
        if (bin->last < bin->first ||
            (bin->first != next && (bin->first != RECORD_NO_RANK || (i == 0 && record->n_bins > 1))))
            report_fault(report, "record", 0, "counts", "bin %u does not follow the one before", i + 1);
        if (small)
            report_fault(report, "record", 0, "suppression", "bin %u has fewer than %u students", i + 1,
                         RECORD_LEAST);
        all += bin->all;
        next = bin->last + 1;
    }
    if (record->n_bins > 0 ? all != record->students || next != RECORD_NO_RANK + 1
                           : record->students >= RECORD_LEAST)
        report_fault(report, "record", 0, "counts",
                     "the bins are not all ranks, or have %llu students of %llu", (unsigned long long)all,
                     (unsigned long long)record->students);
}

// The input was frozen before the public draw, and the seed drawn behind it: of a draw whose day alone was
// announced, on that day at the latest and at the earliest.
static void
check_beacon(const struct record *record, struct report *report)
{
    struct slice at = record->terms.beacon[TERMS_BEACON_DATE], frozen = record->times[RECORD_FROZEN],
                 drawn = record->times[RECORD_DRAWN];
    bool is_day = at.len < frozen.len;
    int order;

    if (is_day)
        frozen.len = drawn.len = at.len;
    order = slice_compare(frozen, at);
    if (order > 0 || (order == 0 && !is_day))
        report_fault(report, "record", 0, "times",
                     "the public draw of %.*s was not behind %.*s, when the input was frozen", SLICE_ARGS(at),
                     SLICE_ARGS(record->times[RECORD_FROZEN]));
    if (slice_compare(drawn, at) < 0)
        report_fault(report, "record", 0, "times",
                     "the seed was drawn at %.*s, before the public draw of %.*s",
                     SLICE_ARGS(record->times[RECORD_DRAWN]), SLICE_ARGS(at));
}

static void
check_revisions(const struct record *record, struct report *report)
{
    const struct slice *at = record->times;
    const struct revisions_times times = {at[RECORD_COMMITTED], at[RECORD_FROZEN], at[RECORD_DRAWN],
                                          at[RECORD_COMPUTED]};

    if (record->form >= RECORD_FORM)
        revisions_check(&record->revisions, record->terms.revision, &times, report);
    else if (record->terms.revision > 0)
        report_note(report, "the input may have been changed after the draw: a record of form 1 does not "
                            "tell when it was corrected");
}

void
record_check(const struct record *record, struct report *report)
{
    struct slice beacon = {(const char *)record->beacon, record->beacon_len};
    uint8_t seed[DIGEST_BYTES];
    char text[DIGEST_TEXT];

    lottery_seed(&record->terms, beacon, report, seed);
    if (memcmp(seed, record->seed, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "seed", "secret and beacon give %s, the record has another one",
                     digest_text(seed, text));
    for (unsigned i = 1; i < RECORD_TIMES; i++)
        if (slice_compare(record->times[i], record->times[i - 1]) < 0)
            report_fault(report, "record", 0, "times", "%.*s comes before %.*s", SLICE_ARGS(record->times[i]),
                         SLICE_ARGS(record->times[i - 1]));
    check_beacon(record, report);
    check_revisions(record, report);
    check_bins(record, report);
    if (record->terms.n_parties == 1)
        report_note(report, "one party alone gave the secret: %.*s",
                    SLICE_ARGS(record->terms.parties[0].name));
    if (record->form < RECORD_FORM)
        report_note(report, "it is of form 1: who has it can find out what public-cutoffs leaves out");
    if (record->fallback)
        report_note(report, "the beacon is the fallback that was announced");
}
