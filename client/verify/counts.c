// SPDX-License-Identifier: Apache-2.0
#include "client/verify/counts.h"
#include "client/verify/result.h"

// What the public cutoffs leave out.
static void
add_apart(const struct cutoff *cutoff, struct counts *counts)
{
    uint32_t others = cutoff->held - cutoff->held_referred;

    if (cutoff->held < CUTOFF_PUBLIC)
        counts->apart += cutoff->held;
    if (cutoff->held_referred < CUTOFF_PUBLIC || others < CUTOFF_PUBLIC) {
        counts->apart_by[0] += others;
        counts->apart_by[1] += cutoff->held_referred;
    }
}

void
counts_make(const struct input *input, const size_t *placed, const struct cutoff *cutoffs,
            struct counts *counts)
{
    *counts = (struct counts){0};
    for (uint32_t i = 0; i < input->n_offers; i++)
        add_apart(&cutoffs[i], counts);
    for (uint32_t i = 0; i < input->n_offers; i++)
        counts->seats += input->offers[i].seats;
    for (uint32_t i = 0; i < input->n_students; i++) {
        size_t rank = result_rank(input, i, placed[i]);

        rank = rank < RECORD_RANKS ? rank : RECORD_RANKS;
        if (rank > counts->greatest)
            counts->greatest = (unsigned)rank;
        for (unsigned group = 0; group <= (input->students[i].referred ? 1u : 0u); group++) {
            counts->students[group]++;
            counts->assigned[group] += rank > 0;
            counts->with_rank[group][rank]++;
        }
    }
}

static bool
is_enough(uint64_t all, uint64_t referred, bool by_referral)
{
    return by_referral ? referred >= RECORD_LEAST && all - referred >= RECORD_LEAST : all >= RECORD_LEAST;
}

// Gathers the cells of ranks, and of none behind them, until each bin has enough. In form 2 the last rank and
// none are one cell where it would tell of few how many are placed. Returns how many bins.
static unsigned
make_bins(const struct counts *counts, uint64_t form, struct record_bin bins[RECORD_NO_RANK + 1])
{
    bool by_referral = is_enough(counts->students[0], counts->students[1], true), open = false;
    bool joined =
        form >= RECORD_FORM &&
        (record_is_few(counts->apart) ||
         (by_referral && (record_is_few(counts->apart_by[0]) || record_is_few(counts->apart_by[1]))));
    unsigned n = 0;

    if (counts->students[0] < RECORD_LEAST)
        return 0;
    for (unsigned cell = 1; cell <= counts->greatest + 1; cell++) {
        bool last = cell == counts->greatest + 1;
        unsigned rank = last ? 0 : cell;
        struct record_bin *bin = &bins[n];

        if (!open)
            *bin = (struct record_bin){.first = last ? RECORD_NO_RANK : cell, .by_referral = by_referral};
        open = true;
        bin->last = last ? RECORD_NO_RANK : cell;
        bin->all += counts->with_rank[0][rank];
        bin->referred += by_referral ? counts->with_rank[1][rank] : 0;
        if (is_enough(bin->all, bin->referred, by_referral) && !(joined && cell == counts->greatest)) {
            n++;
            open = false;
        }
    }
    if (open && n > 0) { // too few are left for a bin
        bins[n - 1].last = bins[n].last;
        bins[n - 1].all += bins[n].all;
        bins[n - 1].referred += bins[n].referred;
    }
    return n;
}

static void
expect(struct report *report, const char *file, const char *what, uint64_t given, uint64_t derived)
{
    if (given != derived)
        report_fault(report, file, 0, "counts", "%s: the record has %llu, derived is %llu", what,
                     (unsigned long long)given, (unsigned long long)derived);
}

void
counts_check_record(const struct counts *counts, const struct input *input, const struct record *record,
                    struct report *report)
{
    struct record_bin bins[RECORD_NO_RANK + 1];
    unsigned n = make_bins(counts, record->form, bins);

    expect(report, "record", "students", record->students, counts->students[0]);
    expect(report, "record", "offers", record->offers, input->n_offers);
    expect(report, "record", "seats", record->seats, counts->seats);
    expect(report, "record", "number of bins", record->n_bins, n);
    for (unsigned i = 0; i < n && i < record->n_bins; i++) {
        const struct record_bin *given = &record->bins[i], *derived = &bins[i];

        if (given->first != derived->first || given->last != derived->last || given->all != derived->all ||
            given->by_referral != derived->by_referral || given->referred != derived->referred)
            report_fault(report, "record", 0, "counts",
                         "bin %u is not the derived one, of cells %u..%u with %llu students", i + 1,
                         derived->first, derived->last, (unsigned long long)derived->all);
    }
}

static int
check_pair(struct lines *lines, const char *what, const uint64_t derived[2])
{
    uint64_t all, referred;

    if (lines_number(lines, "all", UINT32_MAX, &all) != 0 ||
        lines_number(lines, "referred", UINT32_MAX, &referred) != 0 || lines_end(lines) != 0)
        return -1;
    if (all != derived[0] || referred != derived[1])
        report_fault(lines->report, lines->file, lines->number, "counts",
                     "%s: the record has %llu %llu, derived is %llu %llu", what, (unsigned long long)all,
                     (unsigned long long)referred, (unsigned long long)derived[0],
                     (unsigned long long)derived[1]);
    return 0;
}

static int
check_number(struct lines *lines, const char *what, uint64_t derived)
{
    uint64_t given;

    if (lines_line_number(lines, what, UINT64_MAX, &given) != 0)
        return -1;
    expect(lines->report, lines->file, what, given, derived);
    return 0;
}

static int
check_totals(struct lines *lines, const struct counts *counts, const struct input *input)
{
    if (lines_next(lines) != 0 || lines_word(lines, "students") != 0 ||
        check_pair(lines, "students", counts->students) != 0 ||
        check_number(lines, "offers", input->n_offers) != 0 ||
        check_number(lines, "seats", counts->seats) != 0 || lines_next(lines) != 0 ||
        lines_word(lines, "assigned") != 0)
        return -1;
    return check_pair(lines, "assigned", counts->assigned);
}

static int
check_ranks(struct lines *lines, const struct counts *counts)
{
    for (unsigned rank = 0; rank <= counts->greatest; rank++) {
        const uint64_t derived[2] = {counts->with_rank[0][rank], counts->with_rank[1][rank]};
        uint64_t given;
        char what[32];

        if (lines_next(lines) != 0 || lines_word(lines, "rank") != 0 ||
            lines_number(lines, "rank", RECORD_RANKS, &given) != 0)
            return -1;
        snprintf(what, sizeof what, "rank %u", rank);
        expect(lines->report, lines->file, "number of a rank", given, rank);
        if (check_pair(lines, what, derived) != 0)
            return -1;
    }
    return 0;
}

static int
check_verdict(struct lines *lines)
{
    struct slice verdict, name, version;

    if (lines_next(lines) != 0 || lines_word(lines, "verdict") != 0 ||
        lines_field(lines, "verdict", &verdict) != 0)
        return -1;
    if (!slice_is(verdict, "holds") && !slice_is(verdict, "none"))
        return lines_bad(lines, "verdict", verdict, "holds or none");
    if (lines_name(lines, "program", &name) != 0 || lines_text(lines, "version", &version) != 0)
        return -1;
    if (slice_is(verdict, "none"))
        report_note(lines->report, "nobody checked the result before it was signed");
    return lines_done(lines);
}

static int
read_head(struct lines *lines, struct terms *terms, uint8_t receipt_key[DIGEST_BYTES])
{
    if (lines_line_words(lines, "kansen-audit", "1") != 0 || terms_read_run(lines, terms) != 0)
        return -1;
    return lines_line_digest(lines, "receipt-key", receipt_key);
}

int
counts_receipt_key(struct slice file, uint8_t receipt_key[DIGEST_BYTES])
{
    struct report silent = {0};
    struct lines lines = lines_of("audit", file, &silent);
    struct terms terms = {0};

    return read_head(&lines, &terms, receipt_key);
}

int
counts_check_audit(struct slice file, const struct counts *counts, const struct input *input,
                   struct report *report)
{
    struct lines lines = lines_of("audit", file, report);
    struct terms terms = {0};
    uint8_t receipt_key[DIGEST_BYTES];

    if (read_head(&lines, &terms, receipt_key) != 0 || check_totals(&lines, counts, input) != 0 ||
        check_ranks(&lines, counts) != 0)
        return -1;
    if (!slice_equal(terms.run, input->terms.run) || terms.revision != input->terms.revision)
        report_fault(report, "audit", 0, "terms", "run and revision are not those of input");
    return check_verdict(&lines);
}
