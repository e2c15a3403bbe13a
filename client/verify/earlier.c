// SPDX-License-Identifier: Apache-2.0
#include "client/verify/earlier.h"
#include "client/verify/record.h"
#include "client/verify/result.h"
#include <stdlib.h>

unsigned
earlier_number(struct slice file, const struct input *input, struct report *report)
{
    uint8_t digest[DIGEST_BYTES];
    char text[DIGEST_TEXT];

    digest_of(file, digest);
    for (unsigned i = 0; i < input->terms.n_earlier; i++)
        if (memcmp(digest, input->terms.earlier[i].record, sizeof digest) == 0)
            return i + 1;
    report_fault(report, "record", 0, "earlier", "the record %s is none that this round names as earlier",
                 digest_text(digest, text));
    return 0;
}

// The run whose seed a student of a round draws with.
static struct slice
run_of(const struct input *input, const struct input_student *student)
{
    return student->seed == 0 ? input->terms.run : input->terms.earlier[student->seed - 1].run;
}

// obtained: by student of the round before.
static void
check_student(const struct input *input, uint32_t index, const struct input *before,
              const struct slice *obtained, struct report *report, uint8_t *pinned)
{
    const struct input_student *student = &input->students[index];
    uint32_t then = input_find_student(before, student->ref);
    struct slice run = run_of(input, student);

    if (then == INPUT_NONE) {
        if (slice_equal(run, before->terms.run))
            report_fault(report, "input", input_line(input, index), "earlier",
                         "student %.*s draws with the seed of run %.*s, in which it had no reference",
                         SLICE_ARGS(student->ref), SLICE_ARGS(run));
        return;
    }
    if (!slice_equal(run, run_of(before, &before->students[then])))
        report_fault(report, "input", input_line(input, index), "earlier",
                     "student %.*s draws with the seed of run %.*s, in run %.*s it was that of %.*s",
                     SLICE_ARGS(student->ref), SLICE_ARGS(run), SLICE_ARGS(before->terms.run),
                     SLICE_ARGS(run_of(before, &before->students[then])));
    if (student->last > student->first && input->entries[student->last - 1].kind == INPUT_PINNED) {
        struct slice offer = input->offers[input->entries[student->last - 1].offer].ref;

        *pinned = slice_equal(offer, obtained[then]) ? EARLIER_OBTAINED : EARLIER_OTHER;
    }
}

static void
check_terms(const struct input *input, const struct terms_earlier *earlier, const struct record *record,
            struct report *report)
{
    if (!slice_equal(earlier->run, record->terms.run) ||
        memcmp(earlier->seed, record->seed, DIGEST_BYTES) != 0)
        report_fault(report, "input", 0, "earlier", "run and seed of %.*s are not those of its record",
                     SLICE_ARGS(earlier->run));
    if (memcmp(input->terms.salt, record->terms.salt, DIGEST_BYTES) != 0)
        report_fault(report, "input", 0, "earlier", "the salt is not that of run %.*s, so references differ",
                     SLICE_ARGS(earlier->run));
}

int
earlier_check(const struct files *files, unsigned number, const struct input *input,
              struct corrections *corrections, unsigned n, struct report *report, uint8_t *pinned)
{
    struct record *record = calloc(1, sizeof *record);
    struct input *before = calloc(1, sizeof *before);
    struct report silent = {0};
    struct slice *obtained = NULL;
    size_t *placed = NULL;
    int rc = -1;

    if (record != NULL && before != NULL && record_read(files->file[FILES_RECORD], &silent, record) == 0 &&
        input_read(files->file[FILES_INPUT], &silent, before) == 0)
        placed = calloc((size_t)before->n_students + 1, sizeof *placed);
    if (placed != NULL && result_read(files->file[FILES_RESULT], before, &silent, placed) == 0) {
        uint8_t digests[2][DIGEST_BYTES];

        digest_of(files->file[FILES_INPUT], digests[0]);
        digest_of(files->file[FILES_RESULT], digests[1]);
        if (memcmp(digests[0], record->digests[FILES_INPUT], DIGEST_BYTES) == 0 &&
            memcmp(digests[1], record->digests[FILES_RESULT], DIGEST_BYTES) == 0)
            rc = 0;
    }
    if (rc == 0)
        obtained = corrections_obtained(corrections, n, files, record, before, placed, report);
    if (rc != 0) {
        rc = report_fault(report, "record", 0, "earlier", "the record of earlier round %u is not sound: %s",
                          number, silent.faults > 0 ? silent.first : "its digests differ");
    } else if (obtained != NULL) {
        check_terms(input, &input->terms.earlier[number - 1], record, report);
        for (uint32_t i = 0; i < input->n_students; i++)
            check_student(input, i, before, obtained, report, &pinned[i]);
    }
    if (before != NULL)
        input_free(before);
    free(before);
    free(record);
    free(placed);
    free(obtained);
    return rc;
}

void
earlier_check_pinned(const struct input *input, const uint8_t *pinned, bool all, struct report *report)
{
    for (uint32_t i = 0; i < input->n_students; i++) {
        const struct input_student *student = &input->students[i];

        if (student->last == student->first || input->entries[student->last - 1].kind != INPUT_PINNED ||
            pinned[i] == EARLIER_OBTAINED || (pinned[i] == EARLIER_UNKNOWN && !all))
            continue;
        report_fault(report, "input", input_line(input, i), "earlier",
                     "student %.*s is pinned to offer %.*s, which it did not obtain before",
                     SLICE_ARGS(student->ref),
                     SLICE_ARGS(input->offers[input->entries[student->last - 1].offer].ref));
    }
}
