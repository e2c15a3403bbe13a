// SPDX-License-Identifier: Apache-2.0
// Lets each allocation of a verification fail in turn: shortage DIRECTORY. The verifier must then say so, as
// a fault, and never that the record holds. Prints how many failed; exit 0 only if each was told.
#include "client/verify/earlier.h"
#include "client/verify/verify.h"
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

static size_t left; // allocations until the one that fails; 0 = none does

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool
fails(void)
{
    return left > 0 && --left == 0;
}

void *
__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

// Reads and verifies a record, and looks at it as an earlier one of itself; the rule of the first fault.
static const char *
verify(const char *directory)
{
    struct verify *verify = __real_calloc(1, sizeof *verify);
    struct verify_known known = {0};
    struct report report = {0};
    struct files files = {0};
    uint8_t pinned[64] = {0};

    assert(verify != NULL);
    if (files_read(directory, FILES_N, FILES_MAX, &report, &files) == 0 &&
        verify_sealed(&files, &known, &report, verify) == 0 && report.faults == 0) {
        assert(verify->input.n_students <= sizeof pinned && verify->input.terms.n_earlier > 0);
        // It is not the earlier record, so this is a fault with all the memory in the world.
        earlier_check(&files, 1, &verify->input, NULL, 0, &report, pinned);
    }
    verify_free(verify);
    free(verify);
    files_free(&files);
    return report.rule;
}

int
main(int argc, char **argv)
{
    size_t n = 0, silent = 0;
    const char *rule;

    assert(argc == 2 && sodium_init() >= 0);
    do {
        left = ++n;
        rule = verify(argv[1]);
        // Without memory for it, an earlier record is one that can not be read.
        if (left == 0 && (rule == NULL || (strcmp(rule, "memory") != 0 && strcmp(rule, "earlier") != 0)))
            silent += printf("allocation %zu: %s\n", n, rule == NULL ? "everything holds" : rule) > 0;
    } while (left == 0);
    printf("%zu allocations failed, %zu of them in silence\n", n - 1, silent);
    return silent == 0 && n > 1 ? 0 : 1;
}
