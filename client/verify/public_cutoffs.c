// SPDX-License-Identifier: Apache-2.0
#include "client/verify/public_cutoffs.h"

struct row {
    struct slice ref;
    uint64_t seats, reserve, held, referred;
    bool hidden; // the number of referred holders is
};

// class,lottery or OPEN or CLOSED or *.
static int
read_bound(struct lines *lines, const char *name, uint64_t students, struct slice *bound)
{
    const char *comma;
    uint64_t number;

    if (lines_field(lines, name, bound) != 0)
        return -1;
    if (slice_is(*bound, "OPEN") || slice_is(*bound, "CLOSED") || slice_is(*bound, "*"))
        return 0;
    comma = memchr(bound->at, ',', bound->len);
    if (comma != NULL && students > 0) {
        struct slice class = {bound->at, (size_t)(comma - bound->at)};
        struct slice lottery = {comma + 1, bound->len - class.len - 1};

        if (lines_is_number(class, UINT32_MAX - 1, &number) &&
            lines_is_number(lottery, students - 1, &number))
            return 0;
    }
    return lines_bad(lines, name, *bound, "CLASS,LOTTERY, OPEN, CLOSED or *");
}

static int
read_row(struct lines *lines, struct row *row)
{
    struct slice referred;

    if (lines_next(lines) != 0 || lines_ref(lines, "offer", &row->ref) != 0 ||
        lines_number(lines, "capacity", UINT16_MAX, &row->seats) != 0 ||
        lines_number(lines, "reserve", row->seats, &row->reserve) != 0 ||
        lines_number(lines, "held", row->seats, &row->held) != 0 ||
        lines_field(lines, "held_referred", &referred) != 0)
        return -1;
    row->hidden = slice_is(referred, "*");
    if (!row->hidden && !lines_is_number(referred, row->held, &row->referred))
        return lines_bad(lines, "held_referred", referred, "a number up to that of the holders, or *");
    return 0;
}

static void
check_row(const struct lines *lines, const struct row *row, struct slice general, struct slice referred,
          uint64_t form)
{
    bool apart = form >= RECORD_FORM && row->hidden && row->reserve > 0 && row->held == row->seats &&
                 !slice_is(referred, "CLOSED");
    bool few = row->held < RECORD_LEAST ||
               (!row->hidden && (row->referred < RECORD_LEAST || row->held - row->referred < RECORD_LEAST));

    if (few)
        report_fault(lines->report, lines->file, lines->number, "suppression",
                     "offer %.*s: fewer than %u holders are told of", SLICE_ARGS(row->ref), RECORD_LEAST);
    // How many are pinned is not told, so this asks for the least that is left out.
    if (apart &&
        (!slice_is(referred, "*") || (row->seats - row->reserve < RECORD_LEAST && !slice_is(general, "*"))))
        report_fault(lines->report, lines->file, lines->number, "suppression",
                     "offer %.*s: from both cutoffs follows how many of its holders are referred",
                     SLICE_ARGS(row->ref));
    // Who is referred gets in wherever others do, and nothing is open that is full.
    if ((slice_is(general, "OPEN") && !slice_is(referred, "OPEN")) ||
        (slice_is(general, "OPEN") && row->held == row->seats) ||
        (slice_is(referred, "OPEN") && row->held == row->seats && row->reserve == 0) ||
        (slice_is(referred, "CLOSED") && !slice_is(general, "CLOSED")))
        report_fault(lines->report, lines->file, lines->number, "cutoff",
                     "offer %.*s: the cutoffs do not go together with the seats", SLICE_ARGS(row->ref));
}

// Whether from the bins follows how many are placed, and from that something about few whom the rows leave
// out: holders of offers, or by referral.
static void
check_left(const struct record *record, uint64_t held, uint64_t referred, uint64_t others,
           struct report *report)
{
    uint64_t placed = 0, placed_referred = 0;
    bool by_referral = record->n_bins > 0;

    for (unsigned i = 0; i < record->n_bins; i++) {
        const struct record_bin *bin = &record->bins[i];

        if (bin->last == RECORD_NO_RANK && bin->first != RECORD_NO_RANK)
            return; // the last bin has some with a rank, nobody knows how many
        if (bin->first == RECORD_NO_RANK)
            continue;
        placed += bin->all;
        placed_referred += bin->referred;
        by_referral = by_referral && bin->by_referral;
    }
    if (record->n_bins == 0 || record->form < RECORD_FORM || placed < held)
        return;
    if (record_is_few(placed - held) || (by_referral && (record_is_few(placed_referred - referred) ||
                                                         record_is_few(placed - placed_referred - others))))
        report_fault(report, "record", 0, "suppression",
                     "from the bins follows how many are placed, which tells of few beside public-cutoffs");
}

int
public_cutoffs_check(struct slice file, const struct record *record, struct report *report)
{
    struct lines lines = lines_of("public-cutoffs", file, report);
    struct slice general, referred, before = {"", 0};
    uint64_t held = 0, held_referred = 0, held_others = 0;

    while (lines.at < lines.end) {
        struct row row = {0};

        if (read_row(&lines, &row) != 0 || read_bound(&lines, "general", record->students, &general) != 0 ||
            read_bound(&lines, "referred", record->students, &referred) != 0 || lines_end(&lines) != 0)
            return -1;
        if (slice_compare(row.ref, before) <= 0)
            return lines_bad(&lines, "offer", row.ref, "an offer that is sorted behind the one before");
        check_row(&lines, &row, general, referred, record->form);
        before = row.ref;
        held += row.held;
        held_referred += row.hidden ? 0 : row.referred;
        held_others += row.hidden ? 0 : row.held - row.referred;
    }
    check_left(record, held, held_referred, held_others, report);
    if (lines.number > record->offers || held > record->students)
        report_fault(report, "public-cutoffs", 0, "counts",
                     "there are more offers or holders than in the record");
    return 0;
}
