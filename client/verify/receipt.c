// SPDX-License-Identifier: Apache-2.0
#include "client/verify/receipt.h"
#include "client/verify/merkle.h"

struct receipt {
    struct terms terms;
    uint8_t record[DIGEST_BYTES], salt[DIGEST_BYTES];
    uint64_t index, students, lottery, seed;
    struct slice lines[3], ref, offer;
    uint64_t rank;
    uint8_t path[MERKLE_LEVELS][DIGEST_BYTES];
    size_t path_len;
};

static struct slice
with_lf(const struct lines *lines)
{
    return (struct slice){lines->line.at, lines->line.len + 1};
}

// Both lines begin with the reference of the same student.
static int
read_ref(struct lines *lines, const struct receipt *receipt)
{
    struct slice ref;

    if (lines_next(lines) != 0 || lines_ref(lines, "student", &ref) != 0)
        return -1;
    return slice_equal(ref, receipt->ref) ? 0
                                          : lines_bad(lines, "student", ref, "the student of the first line");
}

static int
read_lines(struct lines *lines, const struct record *record, struct receipt *receipt)
{
    uint64_t students, rank, referred;

    if (lines_next(lines) != 0 || lines_word(lines, "student") != 0 ||
        lines_ref(lines, "student", &receipt->ref) != 0 ||
        lines_number(lines, "referred", 1, &referred) != 0 ||
        lines_number(lines, "seed", record->terms.n_earlier, &receipt->seed) != 0)
        return -1;
    receipt->lines[0] = with_lf(lines);
    if (read_ref(lines, receipt) != 0 || lines_field(lines, "offer", &receipt->offer) != 0)
        return -1;
    if (!slice_is(receipt->offer, "-") && !lines_is_ref(receipt->offer))
        return lines_bad(lines, "offer", receipt->offer, "an offer or -");
    if (lines_number(lines, "rank", UINT32_MAX, &receipt->rank) != 0 || lines_end(lines) != 0)
        return -1;
    receipt->lines[1] = with_lf(lines);
    if (read_ref(lines, receipt) != 0 || lines_number(lines, "lottery", UINT32_MAX, &receipt->lottery) != 0 ||
        lines_number(lines, "students", UINT32_MAX, &students) != 0 ||
        lines_number(lines, "rank", UINT32_MAX, &rank) != 0)
        return -1;
    receipt->lines[2] = with_lf(lines);
    return 0;
}

static int
read_receipt(struct lines *lines, const struct record *record, struct receipt *receipt)
{
    if (lines_line_words(lines, "kansen-receipt", "1") != 0 || terms_read_run(lines, &receipt->terms) != 0 ||
        lines_line_digest(lines, "record", receipt->record) != 0 || lines_next(lines) != 0 ||
        lines_word(lines, "leaf") != 0 || lines_number(lines, "index", UINT32_MAX, &receipt->index) != 0 ||
        lines_number(lines, "students", UINT32_MAX, &receipt->students) != 0 || lines_end(lines) != 0 ||
        lines_line_digest(lines, "salt", receipt->salt) != 0 || read_lines(lines, record, receipt) != 0)
        return -1;
    while (lines_follow(lines, "path")) {
        if (receipt->path_len == MERKLE_LEVELS)
            return lines_bad(lines, "path", slice_of("another line"), "at most 64 lines");
        if (lines_line_digest(lines, "path", receipt->path[receipt->path_len++]) != 0)
            return -1;
    }
    return lines_done(lines);
}

// Where the student is placed, and h, from which everybody's places in the common lottery come.
static void
tell(const struct receipt *receipt, const struct record *record, struct report *report)
{
    static const char tag[] = "alloc-lot-v1";
    const uint8_t *seed = receipt->seed == 0 ? record->seed : record->terms.earlier[receipt->seed - 1].seed;
    uint8_t h[DIGEST_BYTES];
    char text[DIGEST_TEXT];

    digest_make(seed, (struct slice[]){{tag, sizeof tag}, receipt->ref}, 2, h);
    if (slice_is(receipt->offer, "-"))
        report_note(report, "student %.*s is without a place", SLICE_ARGS(receipt->ref));
    else
        report_note(report, "student %.*s is placed at offer %.*s, number %llu of its list",
                    SLICE_ARGS(receipt->ref), SLICE_ARGS(receipt->offer), (unsigned long long)receipt->rank);
    report_note(report, "lottery rank %llu of %llu, from h %s", (unsigned long long)receipt->lottery,
                (unsigned long long)receipt->students, digest_text(h, text));
}

void
receipt_check(struct slice file, const struct record *record, struct slice record_file, struct report *report)
{
    struct lines lines = lines_of("receipt", file, report);
    struct receipt receipt = {0};
    uint8_t digest[DIGEST_BYTES], leaf[DIGEST_BYTES];

    if (read_receipt(&lines, record, &receipt) != 0)
        return;
    digest_of(record_file, digest);
    if (memcmp(digest, receipt.record, sizeof digest) != 0 ||
        !slice_equal(receipt.terms.run, record->terms.run) ||
        receipt.terms.revision != record->terms.revision || receipt.students != record->students)
        report_fault(report, "receipt", 0, "receipt", "it belongs to another record");
    merkle_leaf(receipt.salt, receipt.lines, leaf);
    if (!merkle_leads(leaf, receipt.index, receipt.students, receipt.path, receipt.path_len, record->merkle))
        report_fault(report, "receipt", 0, "merkle", "the lines of student %.*s are not in the record",
                     SLICE_ARGS(receipt.ref));
    else
        tell(&receipt, record, report);
}
