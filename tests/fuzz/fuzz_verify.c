// SPDX-License-Identifier: Apache-2.0
// The reader and the checks of kansen-verify, on a record of any bytes: the files of a record in the order of
// enum files_file, a receipt, and corrections with their signature behind them, with a NUL byte between.
// Whatever stops it is told as a fault, a record that holds as a whole holds in public, and both say the same
// when they are asked again.
#include "client/verify/corrections.h"
#include "client/verify/earlier.h"
#include "client/verify/receipt.h"
#include "client/verify/result.h"
#include "client/verify/verify.h"
#include "tests/fuzz/fuzz.h"
#include <sodium.h>
#include <stdlib.h>

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    assert(sodium_init() >= 0);
    return 0;
}

// Each piece in memory of its own, which ends where its bytes end.
static struct slice
take(const uint8_t **data, size_t *size, char **owned)
{
    const uint8_t *nul = *size == 0 ? NULL : memchr(*data, 0, *size);
    size_t len = nul == NULL ? *size : (size_t)(nul - *data), taken = len + (nul != NULL);

    *owned = malloc(len + (len == 0)); // malloc(0) may be NULL
    assert(*owned != NULL);
    if (len > 0)
        memcpy(*owned, *data, len);
    *data += taken;
    *size -= taken;
    return (struct slice){*owned, len};
}

// The record held against itself as if it were an earlier one, and what was corrected of it.
static void
look_back(const struct files *files, struct corrections *corrections, const struct verify *verify,
          struct report *report)
{
    const struct input *input = &verify->input;
    uint8_t *pinned = calloc((size_t)input->n_students + 1, 1);
    size_t *placed = calloc((size_t)input->n_students + 1, sizeof *placed);

    assert(pinned != NULL && placed != NULL);
    if (input->terms.n_earlier > 0)
        earlier_check(files, input->terms.n_earlier, input, corrections, 1, report, pinned);
    earlier_check_pinned(input, pinned, true, report);
    if (result_read(files->file[FILES_RESULT], input, report, placed) == 0)
        free(corrections_obtained(corrections, 1, files, &verify->record, input, placed, report));
    free(placed);
    free(pinned);
}

static size_t
check(const struct files *files, struct slice receipt, struct corrections *corrections, bool in_public)
{
    struct verify *verify = calloc(1, sizeof *verify);
    struct verify_known known = {.previous = &files->file[FILES_RECORD]};
    struct report report = {0};
    size_t faults;
    int rc;

    assert(verify != NULL);
    if (in_public)
        rc = verify_public(files, &known, &report, verify);
    else
        rc = verify_sealed(files, &known, &report, verify);
    assert(rc == 0 || report.faults > 0);
    faults = report.faults;
    if (rc == 0 && in_public) {
        receipt_check(receipt, &verify->record, files->file[FILES_RECORD], &report);
        corrections_check_public(corrections, 1, files, &verify->record, &report);
    } else if (rc == 0) {
        look_back(files, corrections, verify, &report);
    }
    verify_free(verify);
    free(verify);
    return faults;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corrections corrections = {.directory = "corrections"};
    struct files files = {0};
    struct slice receipt;
    char *owned;
    size_t sealed;

    for (unsigned i = 0; i < FILES_N; i++)
        files.file[i] = take(&data, &size, &files.owned[i]);
    receipt = take(&data, &size, &owned);
    corrections.file = take(&data, &size, &corrections.owned[0]);
    corrections.signature = take(&data, &size, &corrections.owned[1]);
    sealed = check(&files, receipt, &corrections, false);
    assert(check(&files, receipt, &corrections, false) == sealed);
    assert(check(&files, receipt, &corrections, true) == 0 || sealed > 0);
    corrections_free(&corrections);
    files_free(&files);
    free(owned);
    return 0;
}
