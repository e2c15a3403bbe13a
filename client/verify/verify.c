// SPDX-License-Identifier: Apache-2.0
// Everything is derived from `input`, the secrets and the beacon, in the order in which a fault explains
// those that follow from it.
#include "client/verify/verify.h"
#include "client/verify/counts.h"
#include "client/verify/cutoff_files.h"
#include "client/verify/explanation.h"
#include "client/verify/matching.h"
#include "client/verify/merkle.h"
#include "client/verify/public_cutoffs.h"
#include "client/verify/result.h"
#include <stdlib.h>

// key: of the receipts; NULL where it is not known, or could not be read, which is told when audit is.
static void
check_digests(const struct files *files, unsigned n, const uint8_t *key, const struct record *record,
              struct report *report)
{
    uint8_t digest[DIGEST_BYTES];
    char text[DIGEST_TEXT];

    for (unsigned i = FILES_PUBLIC_CUTOFFS; i < n; i++) {
        bool keyed = i == FILES_CUTOFFS && record->form >= RECORD_FORM;

        if (keyed && key == NULL)
            continue;
        digest_make(keyed ? key : NULL, &files->file[i], 1, digest);
        if (memcmp(digest, record->digests[i], sizeof digest) != 0)
            report_fault(report, files_name(i), 0, "digest", "it is %s, the record has another one",
                         digest_text(digest, text));
    }
}

// A run is drawn once: a correction counts its revision up and keeps the seed.
static void
check_revision(const struct record *before, const uint8_t digest[DIGEST_BYTES], const struct record *record,
               struct report *report)
{
    const struct revisions *told = &record->revisions;
    uint64_t number = before->terms.revision;

    if (record->terms.revision <= before->terms.revision)
        report_fault(report, "record", 0, "revision", "%llu comes behind %llu of the same run",
                     (unsigned long long)record->terms.revision, (unsigned long long)before->terms.revision);
    if (memcmp(record->seed, before->seed, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "revision",
                     "run %.*s was drawn again: the revision before has another seed",
                     SLICE_ARGS(record->terms.run));
    if (number < told->n && told->list[number].state != REVISIONS_UNKNOWN &&
        (!told->list[number].has_record || memcmp(told->list[number].record, digest, DIGEST_BYTES) != 0 ||
         memcmp(told->list[number].input, before->digests[FILES_INPUT], DIGEST_BYTES) != 0))
        report_fault(report, "record", 0, "revision", "what it tells of revision %llu is not of that record",
                     (unsigned long long)number);
}

static void
check_previous(struct slice file, const uint8_t *key, const struct record *record, struct report *report)
{
    struct record *before = calloc(1, sizeof *before);
    struct report silent = {0};
    uint8_t digest[DIGEST_BYTES];

    digest_of(file, digest);
    if (record->is_first || memcmp(digest, record->previous, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "chain", "the record before it is not the one that was given");
    else if (before == NULL)
        report_no_memory(report);
    else if (record_read(file, &silent, before) != 0)
        report_fault(report, "record", 0, "chain", "the record before it is none: %s", silent.first);
    else if (memcmp(before->key, key, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "chain", "the record before it has another key");
    else if (slice_equal(before->terms.run, record->terms.run))
        check_revision(before, digest, record, report);
    free(before);
}

static void
check_known(const struct verify_known *known, const struct record *record, struct report *report)
{
    char text[DIGEST_TEXT];

    if (known->key != NULL && memcmp(known->key, record->key, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "key", "it is not the one that was given");
    if (known->draft != NULL)
        report_note(report, "it is a draft, to be signed by %s", digest_text(known->draft, text));
    else if (known->key == NULL)
        report_note(report,
                    "no --key was given; the record has %s: compare it with the one that was published",
                    digest_text(record->key, text));
    if (known->commitment != NULL && memcmp(known->commitment, record->terms.commitment, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "commitment", "it is not the one that was given");
    if (known->input_digest != NULL &&
        memcmp(known->input_digest, record->digests[FILES_INPUT], DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, "digest", "that of input is not the one that was given%s",
                     revisions_have_input(&record->revisions, known->input_digest)
                         ? ", which is that of a revision that was corrected"
                         : "");
    if (known->previous == NULL) {
        if (!record->is_first)
            report_note(report, "no --previous was given; the record names %s as the one before it",
                        digest_text(record->previous, text));
        return;
    }
    check_previous(*known->previous, known->draft != NULL ? known->draft : record->key, record, report);
}

static int
check_head(const struct files *files, unsigned n, const struct verify_known *known, const uint8_t *key,
           struct report *report, struct record *record)
{
    if (record_read(files->file[FILES_RECORD], report, record) != 0)
        return -1;
    record_check_signature(files->file[FILES_RECORD], files->file[FILES_SIGNATURE], record, report);
    check_digests(files, n, key, record, report);
    check_known(known, record, report);
    record_check(record, report);
    return 0;
}

int
verify_public(const struct files *files, const struct verify_known *known, struct report *report,
              struct verify *verify)
{
    if (check_head(files, FILES_N_PUBLIC, known, NULL, report, &verify->record) != 0)
        return -1;
    return public_cutoffs_check(files->file[FILES_PUBLIC_CUTOFFS], &verify->record, report);
}

// What offers and students get by the definition.
static int
check_optimal(const struct input *input, const struct lottery *lottery, const size_t *placed,
              struct report *report)
{
    size_t *derived = matching_derive(input, lottery, report);

    if (derived == NULL)
        return -1;
    for (uint32_t i = 0; i < input->n_students; i++) {
        const struct slice none = {"-", 1};
        struct slice has =
            placed[i] == RESULT_NONE ? none : input->offers[input->entries[placed[i]].offer].ref;
        struct slice gets =
            derived[i] == MATCHING_NONE ? none : input->offers[input->entries[derived[i]].offer].ref;

        if (placed[i] != derived[i])
            report_fault(report, "result", (size_t)i + 1, "optimal",
                         "student %.*s: the record has offer %.*s, deferred acceptance gives %.*s",
                         SLICE_ARGS(input->students[i].ref), SLICE_ARGS(has), SLICE_ARGS(gets));
    }
    free(derived);
    return 0;
}

static int
check_tree(const struct files *files, const struct input *input, const uint8_t receipt_key[DIGEST_BYTES],
           const struct record *record, struct report *report)
{
    struct lines result = lines_of("result", files->file[FILES_RESULT], report);
    struct lines explanations = lines_of("explanations", files->file[FILES_EXPLANATIONS], report);
    struct merkle merkle = {0};
    uint8_t salt[DIGEST_BYTES], digest[DIGEST_BYTES];
    char text[DIGEST_TEXT];

    for (uint32_t i = 0; i < input->n_students; i++) {
        if (lines_next(&result) != 0 || lines_next(&explanations) != 0)
            return -1;
        merkle_salt(receipt_key, input->students[i].ref, salt);
        merkle_leaf(salt,
                    (struct slice[]){input->students[i].line,
                                     {result.line.at, result.line.len + 1},
                                     {explanations.line.at, explanations.line.len + 1}},
                    digest);
        merkle_add(&merkle, digest);
    }
    merkle_root(&merkle, digest);
    if (memcmp(digest, record->merkle, sizeof digest) != 0)
        report_fault(report, "record", 0, "merkle", "the lines give %s, the record has another one",
                     digest_text(digest, text));
    return 0;
}

// All that follows from a result that could be read.
static int
check_outcome(const struct files *files, const struct verify *verify, const struct lottery *lottery,
              const size_t *placed, const uint8_t receipt_key[DIGEST_BYTES], struct report *report)
{
    const struct input *input = &verify->input;
    struct cutoff *cutoffs = cutoff_compute(input, lottery, placed, report);
    struct counts counts;
    int rc = -1;

    if (cutoffs == NULL)
        return -1;
    cutoff_check_stable(input, lottery, placed, cutoffs, report);
    counts_make(input, placed, cutoffs, &counts);
    counts_check_record(&counts, input, &verify->record, report);
    if (check_optimal(input, lottery, placed, report) == 0 &&
        cutoff_files_check(files->file[FILES_CUTOFFS], input, cutoffs, report) == 0 &&
        cutoff_files_check_public(files->file[FILES_PUBLIC_CUTOFFS], verify->record.form, input, cutoffs,
                                  report) == 0 &&
        explanation_check(files->file[FILES_EXPLANATIONS], input, lottery, placed, cutoffs, report) == 0 &&
        counts_check_audit(files->file[FILES_AUDIT], &counts, input, report) == 0)
        rc = check_tree(files, input, receipt_key, &verify->record, report);
    free(cutoffs);
    return rc;
}

int
verify_sealed(const struct files *files, const struct verify_known *known, struct report *report,
              struct verify *verify)
{
    uint8_t receipt_key[DIGEST_BYTES] = {0};
    bool has_key = counts_receipt_key(files->file[FILES_AUDIT], receipt_key) == 0;
    struct lottery lottery = {0};
    size_t *placed;
    int rc = -1;

    if (check_head(files, FILES_N, known, has_key ? receipt_key : NULL, report, &verify->record) != 0 ||
        input_read(files->file[FILES_INPUT], report, &verify->input) != 0)
        return -1;
    terms_compare(&verify->record.terms, &verify->input.terms, report);
    placed = calloc((size_t)verify->input.n_students + 1, sizeof *placed);
    if (placed == NULL)
        report_no_memory(report);
    else if (lottery_draw(&verify->input, verify->record.seed, report, &lottery) == 0 &&
             result_read(files->file[FILES_RESULT], &verify->input, report, placed) == 0)
        rc = check_outcome(files, verify, &lottery, placed, receipt_key, report);
    lottery_free(&lottery);
    free(placed);
    return rc;
}

void
verify_free(struct verify *verify)
{
    input_free(&verify->input);
}
