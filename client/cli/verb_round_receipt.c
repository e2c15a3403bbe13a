// SPDX-License-Identifier: Apache-2.0
// round receipt: a student's own lines of a sealed record with the path to its Merkle root, without a daemon.
// The record is read once; of it only the hashes of the leaves are kept.
#include "client/cli/flags.h"
#include "client/cli/round_secret.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH       32u
#define LEAF_SALT  "alloc-leaf-salt-v1" // with its NUL
#define PATH_BYTES 4096u
#define LINES      3u // of a student: in input, result and explanations
#define REF_BYTES  64u

struct receipt {
    struct cli *cli;
    const char *dir, *ref;
    char run[80], revision[40];
    uint8_t key[HASH], record[HASH];
    uint8_t (*leaves)[HASH];
    size_t n, room;
    bool found;
    size_t index;
    uint8_t salt[HASH];
    char *lines[LINES];
};

static FILE *
open_file(struct receipt *receipt, const char *name)
{
    char path[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", receipt->dir, name);
    file = fopen(path, "re");
    if (file == NULL)
        cli_tell_failure(receipt->cli, "NOT_FOUND", "", "%s: %s", path, strerror(errno));
    return file;
}

static int
is_damaged(struct receipt *receipt, const char *name)
{
    return cli_fail(receipt->cli, "DATA_LOSS", "", "%s/%s is not as kansen-record(5) says", receipt->dir,
                    name);
}

// Run, revision and the key of the receipts.
static int
read_audit(struct receipt *receipt)
{
    FILE *file = open_file(receipt, "audit");
    char *line = NULL, hex[2 * HASH + 1] = "";
    size_t room = 0;

    if (file == NULL)
        return CLI_NO;
    while (getline(&line, &room, file) > 0) {
        (void)sscanf(line, "run %79s", receipt->run);
        (void)sscanf(line, "revision %39s", receipt->revision);
        (void)sscanf(line, "receipt-key %64s", hex);
    }
    free(line);
    fclose(file);
    return receipt->run[0] != '\0' && round_secret_parse(hex, receipt->key) ? CLI_OK
                                                                            : is_damaged(receipt, "audit");
}

static int
digest_record(struct receipt *receipt)
{
    FILE *file = open_file(receipt, "record");
    crypto_generichash_state state;
    uint8_t bytes[4096];
    size_t len;

    if (file == NULL)
        return CLI_NO;
    crypto_generichash_init(&state, NULL, 0, HASH);
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        crypto_generichash_update(&state, bytes, len);
    fclose(file);
    crypto_generichash_final(&state, receipt->record, HASH);
    return CLI_OK;
}

// ---- The tree

static void
hash_node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
    static const uint8_t one = 1;
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, HASH);
    crypto_generichash_update(&state, &one, 1);
    crypto_generichash_update(&state, left, HASH);
    crypto_generichash_update(&state, right, HASH);
    crypto_generichash_final(&state, out, HASH);
}

static int
add_leaf(struct receipt *receipt, char *const lines[LINES], const char *ref)
{
    static const uint8_t zero = 0;
    crypto_generichash_state state;
    uint8_t salt[HASH];

    if (receipt->n == receipt->room) {
        size_t room = receipt->room == 0 ? 1024 : 2 * receipt->room;
        void *larger = realloc(receipt->leaves, room * HASH);

        if (larger == NULL)
            return cli_no_memory(receipt->cli);
        receipt->leaves = larger;
        receipt->room = room;
    }
    crypto_generichash_init(&state, receipt->key, HASH, HASH);
    crypto_generichash_update(&state, (const uint8_t *)LEAF_SALT, sizeof LEAF_SALT);
    crypto_generichash_update(&state, (const uint8_t *)ref, strlen(ref));
    crypto_generichash_final(&state, salt, HASH);
    crypto_generichash_init(&state, NULL, 0, HASH);
    crypto_generichash_update(&state, &zero, 1);
    crypto_generichash_update(&state, salt, HASH);
    for (size_t i = 0; i < LINES; i++)
        crypto_generichash_update(&state, (const uint8_t *)lines[i], strlen(lines[i]));
    crypto_generichash_final(&state, receipt->leaves[receipt->n], HASH);
    if (strcmp(ref, receipt->ref) == 0) {
        receipt->found = true;
        receipt->index = receipt->n;
        memcpy(receipt->salt, salt, HASH);
        for (size_t i = 0; i < LINES; i++)
            receipt->lines[i] = strdup(lines[i]);
    }
    receipt->n++;
    return CLI_OK;
}

// Reads the three files side by side.
static int
read_students(struct receipt *receipt)
{
    static const char *const names[LINES] = {"input", "result", "explanations"};
    FILE *files[LINES] = {NULL};
    char *lines[LINES] = {NULL}, ref[REF_BYTES + 1];
    size_t rooms[LINES] = {0};
    int status = CLI_OK;

    for (size_t i = 0; i < LINES && status == CLI_OK; i++) {
        files[i] = open_file(receipt, names[i]);
        status = files[i] == NULL ? CLI_NO : CLI_OK;
    }
    while (status == CLI_OK && getline(&lines[0], &rooms[0], files[0]) > 0) {
        if (strncmp(lines[0], "student ", 8) != 0)
            continue;
        if (sscanf(lines[0], "student %64s", ref) != 1 || getline(&lines[1], &rooms[1], files[1]) <= 0 ||
            getline(&lines[2], &rooms[2], files[2]) <= 0 || strncmp(lines[1], ref, strlen(ref)) != 0 ||
            strncmp(lines[2], ref, strlen(ref)) != 0)
            status = is_damaged(receipt, "input");
        else
            status = add_leaf(receipt, lines, ref);
    }
    for (size_t i = 0; i < LINES; i++) {
        if (files[i] != NULL)
            fclose(files[i]);
        free(lines[i]);
    }
    return status;
}

// Prints the path of the student, level by level; the leaves become the levels above them.
static void
print_path(struct receipt *receipt)
{
    size_t n = receipt->n, at = receipt->index;
    char hex[ROUND_SECRET_HEX];

    for (; n > 1; n = (n + 1) / 2, at /= 2) {
        if ((at ^ 1) < n)
            printf("path %s\n", round_secret_text(receipt->leaves[at ^ 1], hex));
        for (size_t i = 0; i < n / 2; i++)
            hash_node(receipt->leaves[2 * i], receipt->leaves[2 * i + 1], receipt->leaves[i]);
        if (n % 2 == 1)
            memcpy(receipt->leaves[n / 2], receipt->leaves[n - 1], HASH);
    }
}

static int
print(struct receipt *receipt)
{
    char hex[ROUND_SECRET_HEX];

    if (!receipt->found || receipt->lines[LINES - 1] == NULL)
        return cli_fail(receipt->cli, "NOT_FOUND", "ref", "the record has no student %.64s", receipt->ref);
    printf("kansen-receipt 1\nrun %s\nrevision %s\n", receipt->run, receipt->revision);
    printf("record %s\n", round_secret_text(receipt->record, hex));
    printf("leaf %zu %zu\n", receipt->index, receipt->n);
    printf("salt %s\n", round_secret_text(receipt->salt, hex));
    for (size_t i = 0; i < LINES; i++)
        fputs(receipt->lines[i], stdout);
    print_path(receipt);
    return cli_finish_output(receipt->cli);
}

int
verb_round_receipt(struct cli *cli, int argc, char **argv)
{
    struct receipt receipt = {.cli = cli};
    int status = flags_read_with(cli, argc, argv, &receipt, 2,
                                 "the directory of a sealed record, and a student's reference in the round");

    if (status != CLI_OK)
        return status;
    receipt.dir = argv[0];
    receipt.ref = argv[1];
    status = read_audit(&receipt);
    if (status == CLI_OK)
        status = digest_record(&receipt);
    if (status == CLI_OK)
        status = read_students(&receipt);
    if (status == CLI_OK)
        status = print(&receipt);
    for (size_t i = 0; i < LINES; i++)
        free(receipt.lines[i]);
    free(receipt.leaves);
    return status;
}
