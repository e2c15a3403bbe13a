// SPDX-License-Identifier: Apache-2.0
// Each correction starts from what the student has by those before it, so the last one says where it ends.
#include "client/verify/corrections.h"
#include "client/verify/result.h"
#include "client/verify/terms.h"
#include <stdlib.h>

#define OPERATOR_MAX 200u // bytes

struct correction {
    uint64_t number;
    struct slice ref, from, to, first, second; // references; an offer may be -
};

static const char *const names[] = {"corrections", "signature"};

int
corrections_read(const char *directory, uint64_t most, struct report *report, struct corrections *corrections)
{
    struct slice *slices[] = {&corrections->file, &corrections->signature};
    char path[4096];

    corrections->directory = directory;
    for (unsigned i = 0; i < 2; i++) {
        size_t len = 0;

        if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, names[i]) >= sizeof path)
            return report_fault(report, directory, 0, "file", "its name is too long");
        if (files_read_one(path, most, report, &corrections->owned[i], &len) != 0)
            return -1;
        *slices[i] = (struct slice){corrections->owned[i], len};
    }
    return 0;
}

void
corrections_free(struct corrections *corrections)
{
    for (unsigned i = 0; i < 2; i++)
        free(corrections->owned[i]);
}

// ---- One document

static int
read_offer(struct lines *lines, const char *name, struct slice *out)
{
    if (lines_field(lines, name, out) != 0)
        return -1;
    if (slice_is(*out, "-")) {
        *out = (struct slice){0};
        return 0;
    }
    return lines_is_ref(*out) ? 0 : lines_bad(lines, name, *out, "an offer or -");
}

// As the journal names one: by client and token, or by what the socket tells of the process.
static int
read_operator(struct lines *lines, const char *name, struct slice *out)
{
    bool good;

    if (lines_field(lines, name, out) != 0)
        return -1;
    good = out->len <= OPERATOR_MAX;
    for (size_t i = 0; i < out->len && good; i++)
        good = out->at[i] > ' ' && out->at[i] <= '~';
    return good ? 0 : lines_bad(lines, name, *out, "1 to 200 printable ASCII characters");
}

static int
read_correction(struct lines *lines, struct correction *out)
{
    struct slice time, reason;

    if (lines_next(lines) != 0 || lines_word(lines, "correction") != 0 ||
        lines_number(lines, "number", UINT64_MAX, &out->number) != 0 ||
        lines_ref(lines, "student", &out->ref) != 0 || read_offer(lines, "from", &out->from) != 0 ||
        read_offer(lines, "to", &out->to) != 0 || lines_field(lines, "time", &time) != 0)
        return -1;
    if (!terms_is_time(time))
        return lines_bad(lines, "time", time, "a time as 2026-11-25T22:43:52Z");
    return read_operator(lines, "first", &out->first) == 0 &&
                   read_operator(lines, "second", &out->second) == 0
               ? lines_text(lines, "reason", &reason)
               : -1;
}

// Whether two actors are one operator: the part before the slash, which says by what token.
static bool
is_same_operator(struct slice a, struct slice b)
{
    const char *end_a = memchr(a.at, '/', a.len), *end_b = memchr(b.at, '/', b.len);

    a.len = end_a != NULL ? (size_t)(end_a - a.at) : a.len;
    b.len = end_b != NULL ? (size_t)(end_b - b.at) : b.len;
    return slice_equal(a, b);
}

static void
apply(const struct lines *lines, const struct correction *correction, const struct input *input,
      struct slice *obtained)
{
    uint32_t student = input_find_student(input, correction->ref);

    if (student == INPUT_NONE) {
        report_fault(lines->report, "corrections", lines->number, "corrections",
                     "student %.*s takes no part in the round", SLICE_ARGS(correction->ref));
        return;
    }
    if (is_same_operator(correction->first, correction->second))
        report_fault(lines->report, "corrections", lines->number, "corrections",
                     "%.*s proposed it and agreed to it", SLICE_ARGS(correction->second));
    if (!slice_equal(correction->from, obtained[student]))
        report_fault(lines->report, "corrections", lines->number, "corrections",
                     "student %.*s does not have what is corrected", SLICE_ARGS(correction->ref));
    if (correction->to.len > 0 && input_find_offer(input, correction->to) == INPUT_NONE)
        report_fault(lines->report, "corrections", lines->number, "corrections",
                     "offer %.*s takes no part in the round", SLICE_ARGS(correction->to));
    obtained[student] = correction->to;
}

// What everybody gets says how many there are; the sealed one has them.
static int
read_head(struct lines *lines, bool in_public, struct terms *terms, uint8_t record[DIGEST_BYTES],
          uint64_t *count)
{
    const char *word = in_public ? "kansen-public-corrections" : "kansen-corrections";
    struct slice time;

    if (lines_line_words(lines, word, "1") != 0 || terms_read_run(lines, terms) != 0 ||
        lines_line_digest(lines, "record", record) != 0 || lines_line_text(lines, "exported", &time) != 0)
        return -1;
    if (!terms_is_time(time))
        return lines_bad(lines, "exported", time, "a time as 2026-11-25T22:43:52Z");
    return lines_line_number(lines, "corrections", UINT32_MAX, count);
}

// The record that a document corrects. 0, or -1 when its form is wrong, which is reported where it is read.
static int
corrected_record(const struct corrections *corrections, bool in_public, uint8_t record[DIGEST_BYTES])
{
    struct report silent = {0};
    struct lines lines = lines_of("corrections", corrections->file, &silent);
    struct terms *terms = calloc(1, sizeof *terms);
    uint64_t count;
    int rc = terms == NULL ? -1 : read_head(&lines, in_public, terms, record, &count);

    free(terms);
    return rc;
}

// obtained: NULL for what everybody gets.
static int
apply_document(struct corrections *corrections, const struct record *record, const struct input *input,
               struct slice *obtained, struct report *report)
{
    struct lines lines = lines_of("corrections", corrections->file, report);
    struct terms *terms = calloc(1, sizeof *terms);
    struct correction correction = {0};
    uint8_t digest[DIGEST_BYTES];
    uint64_t count = 0, last = 0;
    int rc;

    if (terms == NULL)
        return report_no_memory(report);
    rc = read_head(&lines, obtained == NULL, terms, digest, &count);
    if (rc == 0 && (!slice_equal(terms->run, record->terms.run) || terms->revision != record->terms.revision))
        report_fault(report, "corrections", 0, "corrections", "run and revision are not those of its record");
    free(terms);
    for (uint64_t i = 0; i < count && rc == 0 && obtained != NULL; i++) {
        rc = read_correction(&lines, &correction);
        if (rc == 0 && correction.number <= last)
            rc = report_fault(report, "corrections", lines.number, "form", "numbers do not rise");
        last = correction.number;
        if (rc == 0)
            apply(&lines, &correction, input, obtained);
    }
    if (rc == 0 && lines_line_digest(&lines, "key", digest) == 0 && lines_done(&lines) == 0 &&
        memcmp(digest, record->key, sizeof digest) != 0)
        report_fault(report, "corrections", 0, "key", "it is not that of the record");
    record_check_signature(corrections->file, corrections->signature, record, report);
    if (rc == 0)
        report_note(report, "run %.*s: %llu corrections of the published result",
                    SLICE_ARGS(record->terms.run), (unsigned long long)count);
    return rc;
}

// ---- The whole

// Those of n that correct this record.
static void
apply_all(struct corrections *corrections, unsigned n, const struct files *files, const struct record *record,
          const struct input *input, struct slice *obtained, struct report *report)
{
    uint8_t of[DIGEST_BYTES], digest[DIGEST_BYTES];

    digest_of(files->file[FILES_RECORD], digest);
    for (unsigned i = 0; i < n; i++) {
        char about[512];

        if (corrected_record(&corrections[i], obtained == NULL, of) != 0 ||
            memcmp(of, digest, sizeof of) != 0)
            continue;
        corrections[i].used = true;
        snprintf(about, sizeof about, "%s/", corrections[i].directory);
        report->about = about;
        (void)apply_document(&corrections[i], record, input, obtained, report);
        report->about = NULL;
    }
}

void
corrections_check_public(struct corrections *corrections, unsigned n, const struct files *files,
                         const struct record *record, struct report *report)
{
    apply_all(corrections, n, files, record, NULL, NULL, report);
}

struct slice *
corrections_obtained(struct corrections *corrections, unsigned n, const struct files *files,
                     const struct record *record, const struct input *input, const size_t *placed,
                     struct report *report)
{
    struct slice *obtained = calloc((size_t)input->n_students + 1, sizeof *obtained);

    if (obtained == NULL) {
        report_no_memory(report);
        return NULL;
    }
    for (uint32_t i = 0; i < input->n_students; i++)
        if (placed[i] != RESULT_NONE)
            obtained[i] = input->offers[input->entries[placed[i]].offer].ref;
    apply_all(corrections, n, files, record, input, obtained, report);
    return obtained;
}
