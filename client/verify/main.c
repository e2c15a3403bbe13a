// SPDX-License-Identifier: Apache-2.0
// kansen-verify: derives a record again. Exit 0 only if all holds, 1 if anything does not, 2 on wrong usage.
#include "base/version.h"
#include "client/verify/corrections.h"
#include "client/verify/earlier.h"
#include "client/verify/receipt.h"
#include "client/verify/result.h"
#include "client/verify/verify.h"
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>

#define EXIT_HOLDS        0
#define EXIT_FAULT        1
#define EXIT_USAGE        2
#define RECEIPT_MAX       (1u << 26) // bytes
#define EARLIER_MAX       TERMS_EARLIER_MAX
#define CORRECTIONS_BYTES ((size_t)1 << 30)

struct options {
    bool in_public;
    const char *record, *receipt, *previous, *earlier[EARLIER_MAX];
    unsigned n_earlier, n_corrections;
    const char *corrections[EARLIER_MAX + 1];
    uint64_t most; // bytes of a record
    bool has_key, has_commitment, has_input_digest, has_draft;
    uint8_t draft[DIGEST_BYTES], key[DIGEST_BYTES], commitment[DIGEST_BYTES], input_digest[DIGEST_BYTES];
};

static int
usage(const char *message, const char *value)
{
    fprintf(stderr,
            "kansen-verify: %s%s\n"
            "usage: kansen-verify [--public] [--receipt FILE] [--key HEX] [--commitment HEX] [--input-digest "
            "HEX]\n"
            "                     [--previous DIR] [--earlier DIR]... [--corrections DIR]... [--draft HEX]\n"
            "                     [--max-bytes N] RECORD\n",
            message, value);
    return EXIT_USAGE;
}

static int
parse_digest(const char *text, bool *has, uint8_t out[DIGEST_BYTES])
{
    *has = strlen(text) == 2 * DIGEST_BYTES && digest_parse(slice_of(text), out) == 0;
    return *has ? 0 : usage("64 lower-case hexadecimal digits are wanted instead of ", text);
}

static int
parse(int argc, char **argv, struct options *options)
{
    static const struct option table[] = {
        {"public", no_argument, NULL, 'p'},
        {"receipt", required_argument, NULL, 'r'},
        {"key", required_argument, NULL, 'k'},
        {"commitment", required_argument, NULL, 'c'},
        {"previous", required_argument, NULL, 'P'},
        {"earlier", required_argument, NULL, 'e'},
        {"corrections", required_argument, NULL, 'C'},
        {"input-digest", required_argument, NULL, 'i'},
        {"draft", required_argument, NULL, 'd'},
        {"max-bytes", required_argument, NULL, 'm'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    int option, rc = 0;

    opterr = 0;
    while (rc == 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (option == 'p')
            options->in_public = true;
        else if (option == 'r')
            options->receipt = optarg;
        else if (option == 'P')
            options->previous = optarg;
        else if (option == 'k')
            rc = parse_digest(optarg, &options->has_key, options->key);
        else if (option == 'd')
            rc = parse_digest(optarg, &options->has_draft, options->draft);
        else if (option == 'c')
            rc = parse_digest(optarg, &options->has_commitment, options->commitment);
        else if (option == 'i')
            rc = parse_digest(optarg, &options->has_input_digest, options->input_digest);
        else if (option == 'e' && options->n_earlier < EARLIER_MAX)
            options->earlier[options->n_earlier++] = optarg;
        else if (option == 'C' && options->n_corrections <= EARLIER_MAX)
            options->corrections[options->n_corrections++] = optarg;
        else if (option == 'm' && lines_is_number(slice_of(optarg), UINT64_MAX, &options->most))
            continue;
        else if (option == 'V')
            return puts("kansen-verify " KANSEN_VERSION) < 0 ? EXIT_USAGE : -1;
        else
            return usage("no such option, or its value is missing: ", argv[optind - 1]);
    if (rc == 0 && optind != argc - 1)
        return usage("one record is wanted", "");
    options->record = argv[optind];
    options->in_public = options->in_public || options->receipt != NULL;
    if (rc == 0 && options->in_public && options->n_earlier > 0)
        return usage("earlier records are held against a sealed one", "");
    return rc;
}

// The files of a directory, for faults that name it.
static int
read_directory(const char *path, unsigned n, uint64_t most, struct report *report, struct files *files)
{
    char about[512];
    int rc;

    snprintf(about, sizeof about, "%s/", path);
    report->about = about;
    rc = files_read(path, n, most, report, files);
    report->about = NULL;
    return rc;
}

static void
check_receipt(const char *path, const struct verify *verify, const struct files *files, struct report *report)
{
    char *bytes = NULL;
    size_t len = 0;

    if (files_read_one(path, RECEIPT_MAX, report, &bytes, &len) == 0)
        receipt_check((struct slice){bytes, len}, &verify->record, files->file[FILES_RECORD], report);
    free(bytes);
}

// Earlier records in the order of their numbers.
static void
check_earlier(const struct options *options, const struct input *input, struct corrections *corrections,
              struct report *report)
{
    struct files *files = calloc(EARLIER_MAX + 1, sizeof *files); // by number
    uint8_t *pinned = calloc((size_t)input->n_students + 1, sizeof *pinned);
    unsigned looked_at = 0;

    if (files == NULL || pinned == NULL)
        report_no_memory(report);
    for (unsigned i = 0; files != NULL && pinned != NULL && i < options->n_earlier; i++) {
        struct files read = {0};
        unsigned number = 0;

        if (read_directory(options->earlier[i], FILES_N, options->most, report, &read) == 0)
            number = earlier_number(read.file[FILES_RECORD], input, report);
        files_free(&files[number]);
        files[number] = read;
    }
    for (unsigned number = 1; files != NULL && pinned != NULL && number <= EARLIER_MAX; number++)
        if (files[number].owned[FILES_RECORD] != NULL) {
            earlier_check(&files[number], number, input, corrections, options->n_corrections, report, pinned);
            looked_at++;
        }
    if (pinned != NULL)
        earlier_check_pinned(input, pinned, looked_at == input->terms.n_earlier, report);
    for (unsigned number = 0; files != NULL && number <= EARLIER_MAX; number++)
        files_free(&files[number]);
    if (looked_at < input->terms.n_earlier)
        report_note(report, "%u of %u earlier rounds were held against this one", looked_at,
                    input->terms.n_earlier);
    free(files);
    free(pinned);
}

// What was corrected of this record, and of those before it.
static void
check_corrections(const struct options *options, const struct verify *verify, const struct files *files,
                  struct report *report)
{
    struct corrections *all = calloc(options->n_corrections + 1, sizeof *all);
    size_t *placed = calloc((size_t)verify->input.n_students + 1, sizeof *placed);
    struct report silent = {0};

    if (all == NULL || placed == NULL)
        report_no_memory(report);
    for (unsigned i = 0; all != NULL && i < options->n_corrections; i++)
        (void)corrections_read(options->corrections[i], CORRECTIONS_BYTES, report, &all[i]);
    if (all != NULL && options->in_public)
        corrections_check_public(all, options->n_corrections, files, &verify->record, report);
    else if (all != NULL && placed != NULL &&
             result_read(files->file[FILES_RESULT], &verify->input, &silent, placed) == 0)
        free(corrections_obtained(all, options->n_corrections, files, &verify->record, &verify->input, placed,
                                  report));
    if (all != NULL && !options->in_public)
        check_earlier(options, &verify->input, all, report);
    for (unsigned i = 0; all != NULL && i < options->n_corrections; i++) {
        if (!all[i].used)
            report_fault(report, options->corrections[i], 0, "corrections",
                         "they are those of no record that was given");
        corrections_free(&all[i]);
    }
    free(all);
    free(placed);
}

// 0, or -1 when the record could not be read; in both cases there may be faults.
static int
run(const struct options *options, const struct verify_known *known, struct report *report,
    struct verify *verify)
{
    struct files files = {0};
    int rc = read_directory(options->record, options->in_public ? FILES_N_PUBLIC : FILES_N, options->most,
                            report, &files);

    if (rc == 0)
        rc = (options->in_public ? verify_public : verify_sealed)(&files, known, report, verify);
    if (rc == 0 && options->receipt != NULL)
        check_receipt(options->receipt, verify, &files, report);
    if (rc == 0)
        check_corrections(options, verify, &files, report);
    if (rc == 0 && report->faults == 0)
        printf("run %.*s, revision %llu: %s holds, %llu students, %llu offers, %llu seats\n",
               SLICE_ARGS(verify->record.terms.run), (unsigned long long)verify->record.terms.revision,
               options->in_public ? "what is public" : "everything",
               (unsigned long long)verify->record.students, (unsigned long long)verify->record.offers,
               (unsigned long long)verify->record.seats);
    files_free(&files);
    return rc;
}

int
main(int argc, char **argv)
{
    struct options options = {.most = FILES_MAX};
    struct files previous = {0};
    struct report report = {.out = stderr, .notes = stdout};
    struct verify *verify;
    struct verify_known known = {0};
    int rc = parse(argc, argv, &options);

    if (rc != 0)
        return rc == EXIT_USAGE ? EXIT_USAGE : EXIT_HOLDS; // the version was asked for
    verify = calloc(1, sizeof *verify);
    if (verify == NULL || sodium_init() < 0) {
        report_no_memory(&report);
        rc = -1;
    }
    if (rc == 0 && options.previous != NULL)
        rc = read_directory(options.previous, FILES_N_PUBLIC, options.most, &report, &previous);
    if (rc == 0) {
        known.key = options.has_key ? options.key : NULL;
        known.draft = options.has_draft ? options.draft : NULL;
        known.commitment = options.has_commitment ? options.commitment : NULL;
        known.input_digest = options.has_input_digest ? options.input_digest : NULL;
        known.previous = options.previous != NULL ? &previous.file[FILES_RECORD] : NULL;
        rc = run(&options, &known, &report, verify);
        verify_free(verify);
    }
    if (report.faults > REPORT_SHOWN)
        fprintf(stderr, "%zu more\n", report.faults - REPORT_SHOWN);
    files_free(&previous);
    free(verify);
    return rc != 0 || report.faults > 0 || fflush(stdout) != 0 ? EXIT_FAULT : EXIT_HOLDS;
}
