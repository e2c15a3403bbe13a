// SPDX-License-Identifier: Apache-2.0
// The reader and the checks of kansen-verify, on a record of any bytes: the files of a record in the order of
// enum files_file and a receipt behind them, with a NUL byte between. Whatever stops it is told as a fault, a
// record that holds as a whole holds in public, and both say the same when they are asked again.
#include "client/verify/earlier.h"
#include "client/verify/receipt.h"
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

// The record held against itself as if it were an earlier one.
static void
look_back(const struct files *files, const struct input *input, struct report *report)
{
    uint8_t *pinned = calloc((size_t)input->n_students + 1, 1);

    assert(pinned != NULL);
    if (input->terms.n_earlier > 0)
        earlier_check(files, input->terms.n_earlier, input, NULL, 0, report, pinned);
    earlier_check_pinned(input, pinned, true, report);
    free(pinned);
}

static size_t
check(const struct files *files, struct slice receipt, bool in_public)
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
    if (rc == 0 && in_public)
        receipt_check(receipt, &verify->record, files->file[FILES_RECORD], &report);
    else if (rc == 0)
        look_back(files, &verify->input, &report);
    verify_free(verify);
    free(verify);
    return faults;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct files files = {0};
    struct slice receipt;
    char *owned;
    size_t sealed;

    for (unsigned i = 0; i < FILES_N; i++)
        files.file[i] = take(&data, &size, &files.owned[i]);
    receipt = take(&data, &size, &owned);
    sealed = check(&files, receipt, false);
    assert(check(&files, receipt, false) == sealed);
    assert(check(&files, receipt, true) == 0 || sealed > 0);
    files_free(&files);
    free(owned);
    return 0;
}
