// SPDX-License-Identifier: Apache-2.0
// Changes every byte of every file of a small record, one at a time, and counts the changes that the verifier
// does not notice: flips DIRECTORY [BYTE_STEP]. Each byte becomes each of its one-bit neighbours, its
// complement, and each character that a record can hold. Prints a summary; exit 0 only if all were noticed.
#include "client/verify/verify.h"
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

static const char characters[] = "\n 0123456789abcdefp;=!&*-,./:_AOCNE";

// Faults that the verifier finds in these files.
static size_t
faults(const struct files *files)
{
    struct verify *verify = calloc(1, sizeof *verify);
    struct verify_known known = {0};
    struct report report = {0};

    assert(verify != NULL);
    if (verify_sealed(files, &known, &report, verify) != 0)
        assert(report.faults > 0); // never without a word
    verify_free(verify);
    free(verify);
    return report.faults;
}

static size_t
try(const struct files *files, enum files_file file, size_t at, char value, size_t *tried)
{
    char *byte = files->owned[file] + at, was = *byte;
    size_t found;

    if (value == was)
        return 0;
    *byte = value;
    found = faults(files);
    *byte = was;
    ++*tried;
    if (found == 0)
        printf("%s: byte %zu: \\x%02x instead of \\x%02x was not noticed\n", files_name(file), at,
               (unsigned char)value, (unsigned char)was);
    return found == 0;
}

int
main(int argc, char **argv)
{
    size_t unnoticed = 0, tried = 0, step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct report report = {.out = stderr};
    struct files files = {0};

    assert(argc > 1 && step > 0 && sodium_init() >= 0);
    if (files_read(argv[1], FILES_N, FILES_MAX, &report, &files) != 0 || faults(&files) != 0) {
        fprintf(stderr, "the record does not hold as it is\n");
        return 1;
    }
    for (unsigned file = 0; file < FILES_N; file++)
        for (size_t at = 0; at < files.file[file].len; at += step) {
            char was = files.owned[file][at];

            for (unsigned bit = 0; bit < 8; bit++)
                unnoticed += try(&files, file, at, (char)(was ^ 1 << bit), &tried);
            unnoticed += try(&files, file, at, (char)~was, &tried);
            for (size_t i = 0; i < sizeof characters; i++) // its NUL too
                unnoticed += try(&files, file, at, characters[i], &tried);
        }
    printf("%zu changed bytes tried, %zu were not noticed\n", tried, unnoticed);
    files_free(&files);
    return unnoticed == 0 ? 0 : 1;
}
