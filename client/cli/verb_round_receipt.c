// SPDX-License-Identifier: Apache-2.0
// round receipt, round receipts: students' own lines of a sealed record with the path to its Merkle root,
// without a daemon. The record is read once; of it the hashes of the tree are kept, and the lines of those
// who are asked for.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/lines.h"
#include "client/cli/round_secret.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH       32u
#define LEAF_SALT  "alloc-leaf-salt-v1" // with its NUL
#define PATH_BYTES 4096u
#define LINES      3u // of a student: in input, result and explanations
#define REF_BYTES  64u

// A student whose receipt is wanted.
struct wanted {
    char ref[REF_BYTES + 1];
    bool found;
    size_t index;
    uint8_t salt[HASH];
    char *lines[LINES];
};

struct receipts {
    struct cli *cli;
    const char *dir; // of the record
    char run[80], revision[40];
    uint8_t key[HASH], record[HASH];
    uint8_t (*tree)[HASH]; // its leaves, behind them the levels above, up to the root
    size_t n, room;        // leaves, and hashes that there is room for
    struct wanted *wanted; // sorted by reference
    size_t n_wanted;
};

static FILE *
open_file(struct receipts *receipts, const char *name)
{
    char path[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", receipts->dir, name);
    file = fopen(path, "re");
    if (file == NULL)
        cli_tell_failure(receipts->cli, "NOT_FOUND", "", "%s: %s", path, strerror(errno));
    return file;
}

static int
is_damaged(struct receipts *receipts, const char *name)
{
    return cli_fail(receipts->cli, "DATA_LOSS", "", "%s/%s is not as kansen-record(5) says", receipts->dir,
                    name);
}

// Run, revision and the key of the receipts.
static int
read_audit(struct receipts *receipts)
{
    FILE *file = open_file(receipts, "audit");
    char *line = NULL, hex[2 * HASH + 1] = "";
    size_t room = 0;

    if (file == NULL)
        return CLI_NO;
    while (getline(&line, &room, file) > 0) {
        (void)sscanf(line, "run %79s", receipts->run);
        (void)sscanf(line, "revision %39s", receipts->revision);
        (void)sscanf(line, "receipt-key %64s", hex);
    }
    free(line);
    fclose(file);
    return receipts->run[0] != '\0' && round_secret_parse(hex, receipts->key) ? CLI_OK
                                                                              : is_damaged(receipts, "audit");
}

static int
digest_record(struct receipts *receipts)
{
    FILE *file = open_file(receipts, "record");
    crypto_generichash_state state;
    uint8_t bytes[4096];
    size_t len;

    if (file == NULL)
        return CLI_NO;
    crypto_generichash_init(&state, NULL, 0, HASH);
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        crypto_generichash_update(&state, bytes, len);
    fclose(file);
    crypto_generichash_final(&state, receipts->record, HASH);
    return CLI_OK;
}

// ---- The tree

static int
make_room(struct receipts *receipts, size_t hashes)
{
    size_t room = receipts->room == 0 ? 1024 : receipts->room;
    void *larger;

    while (room < hashes)
        room *= 2;
    if (room == receipts->room)
        return CLI_OK;
    larger = realloc(receipts->tree, room * HASH);
    if (larger == NULL)
        return cli_no_memory(receipts->cli);
    receipts->tree = larger;
    receipts->room = room;
    return CLI_OK;
}

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

// Each level is made of the one before it; a node that is left over goes up as it is.
static int
grow_tree(struct receipts *receipts)
{
    size_t from = 0, to = receipts->n;

    for (size_t n = receipts->n; n > 1; n = (n + 1) / 2) {
        if (make_room(receipts, to + (n + 1) / 2) != CLI_OK)
            return CLI_NO;
        for (size_t i = 0; i < n / 2; i++)
            hash_node(receipts->tree[from + 2 * i], receipts->tree[from + 2 * i + 1], receipts->tree[to + i]);
        if (n % 2 == 1)
            memcpy(receipts->tree[to + n / 2], receipts->tree[from + n - 1], HASH);
        from = to;
        to += (n + 1) / 2;
    }
    return CLI_OK;
}

static int
compare_ref(const void *ref, const void *wanted)
{
    return strcmp(ref, ((const struct wanted *)wanted)->ref);
}

static int
keep_lines(struct receipts *receipts, char *const lines[LINES], const uint8_t salt[HASH],
           struct wanted *wanted)
{
    if (wanted->found)
        return is_damaged(receipts, "input");
    wanted->found = true;
    wanted->index = receipts->n;
    memcpy(wanted->salt, salt, HASH);
    for (size_t i = 0; i < LINES; i++) {
        wanted->lines[i] = strdup(lines[i]);
        if (wanted->lines[i] == NULL)
            return cli_no_memory(receipts->cli);
    }
    return CLI_OK;
}

static int
add_leaf(struct receipts *receipts, char *const lines[LINES], const char *ref)
{
    static const uint8_t zero = 0;
    struct wanted *wanted = bsearch(ref, receipts->wanted, receipts->n_wanted, sizeof *wanted, compare_ref);
    crypto_generichash_state state;
    uint8_t salt[HASH];

    if (make_room(receipts, receipts->n + 1) != CLI_OK)
        return CLI_NO;
    crypto_generichash_init(&state, receipts->key, HASH, HASH);
    crypto_generichash_update(&state, (const uint8_t *)LEAF_SALT, sizeof LEAF_SALT);
    crypto_generichash_update(&state, (const uint8_t *)ref, strlen(ref));
    crypto_generichash_final(&state, salt, HASH);
    crypto_generichash_init(&state, NULL, 0, HASH);
    crypto_generichash_update(&state, &zero, 1);
    crypto_generichash_update(&state, salt, HASH);
    for (size_t i = 0; i < LINES; i++)
        crypto_generichash_update(&state, (const uint8_t *)lines[i], strlen(lines[i]));
    crypto_generichash_final(&state, receipts->tree[receipts->n], HASH);
    if (wanted != NULL && keep_lines(receipts, lines, salt, wanted) != CLI_OK)
        return CLI_NO;
    receipts->n++;
    return CLI_OK;
}

// Reads the three files side by side.
static int
read_students(struct receipts *receipts)
{
    static const char *const names[LINES] = {"input", "result", "explanations"};
    FILE *files[LINES] = {NULL};
    char *lines[LINES] = {NULL}, ref[REF_BYTES + 1];
    size_t rooms[LINES] = {0};
    int status = CLI_OK;

    for (size_t i = 0; i < LINES && status == CLI_OK; i++) {
        files[i] = open_file(receipts, names[i]);
        status = files[i] == NULL ? CLI_NO : CLI_OK;
    }
    while (status == CLI_OK && getline(&lines[0], &rooms[0], files[0]) > 0) {
        if (strncmp(lines[0], "student ", 8) != 0)
            continue;
        if (sscanf(lines[0], "student %64s", ref) != 1 || getline(&lines[1], &rooms[1], files[1]) <= 0 ||
            getline(&lines[2], &rooms[2], files[2]) <= 0 || strncmp(lines[1], ref, strlen(ref)) != 0 ||
            strncmp(lines[2], ref, strlen(ref)) != 0)
            status = is_damaged(receipts, "input");
        else
            status = add_leaf(receipts, lines, ref);
    }
    for (size_t i = 0; i < LINES; i++) {
        if (files[i] != NULL)
            fclose(files[i]);
        free(lines[i]);
    }
    return status;
}

// Reads a sealed record, for those who are wanted: all of them are in it.
static int
read_record(struct receipts *receipts)
{
    int status = read_audit(receipts);

    if (status == CLI_OK)
        status = digest_record(receipts);
    if (status == CLI_OK)
        status = read_students(receipts);
    for (size_t i = 0; i < receipts->n_wanted && status == CLI_OK; i++)
        if (!receipts->wanted[i].found)
            status = cli_fail(receipts->cli, "NOT_FOUND", "ref", "the record has no student %s",
                              receipts->wanted[i].ref);
    return status == CLI_OK ? grow_tree(receipts) : status;
}

static void
free_receipts(struct receipts *receipts)
{
    for (size_t i = 0; i < receipts->n_wanted; i++)
        for (size_t k = 0; k < LINES; k++)
            free(receipts->wanted[i].lines[k]);
    free(receipts->tree);
}

// ---- Receipts

// An error stays with the stream.
static void
put_receipt(const struct receipts *receipts, const struct wanted *wanted, FILE *out)
{
    const uint8_t(*level)[HASH] = (const uint8_t(*)[HASH])receipts->tree;
    size_t n = receipts->n, at = wanted->index;
    char hex[ROUND_SECRET_HEX];

    fprintf(out, "kansen-receipt 1\nrun %s\nrevision %s\n", receipts->run, receipts->revision);
    fprintf(out, "record %s\n", round_secret_text(receipts->record, hex));
    fprintf(out, "leaf %zu %zu\n", wanted->index, receipts->n);
    fprintf(out, "salt %s\n", round_secret_text(wanted->salt, hex));
    for (size_t i = 0; i < LINES; i++)
        fputs(wanted->lines[i], out);
    for (; n > 1; level += n, n = (n + 1) / 2, at /= 2)
        if ((at ^ 1) < n)
            fprintf(out, "path %s\n", round_secret_text(level[at ^ 1], hex));
}

int
verb_round_receipt(struct cli *cli, int argc, char **argv)
{
    struct wanted wanted = {0};
    struct receipts receipts = {.cli = cli, .wanted = &wanted, .n_wanted = 1};
    int status = flags_read_with(cli, argc, argv, &receipts, 2,
                                 "the directory of a sealed record, and a student's reference in the round");

    if (status != CLI_OK)
        return status;
    if (strlen(argv[1]) >= sizeof wanted.ref)
        return cli_usage(cli, "a reference has at most %u bytes", REF_BYTES);
    receipts.dir = argv[0];
    memcpy(wanted.ref, argv[1], strlen(argv[1]) + 1);
    status = read_record(&receipts);
    if (status == CLI_OK) {
        put_receipt(&receipts, &wanted, stdout);
        status = cli_finish_output(cli);
    }
    free_receipts(&receipts);
    return status;
}

// ---- Many at once

static int
add_wanted(struct receipts *receipts, size_t *room, const char *ref)
{
    if (receipts->n_wanted == *room) {
        size_t more = *room == 0 ? 64 : 2 * *room;
        struct wanted *larger = realloc(receipts->wanted, more * sizeof *larger);

        if (larger == NULL)
            return cli_no_memory(receipts->cli);
        receipts->wanted = larger;
        *room = more;
    }
    receipts->wanted[receipts->n_wanted] = (struct wanted){0};
    memcpy(receipts->wanted[receipts->n_wanted++].ref, ref, 2 * HASH);
    return CLI_OK;
}

static int
compare_wanted(const void *a, const void *b)
{
    return strcmp(((const struct wanted *)a)->ref, ((const struct wanted *)b)->ref);
}

// References, the first word of each line: 64 digits, so each is a name that a file can have.
static int
read_refs(struct receipts *receipts, const char *file, int fd)
{
    struct lines *lines = lines_new(fd, PATH_BYTES);
    int rc, status = lines == NULL ? cli_no_memory(receipts->cli) : CLI_OK;
    uint8_t ref[ROUND_SECRET_BYTES];
    size_t len, room = 0, number = 0;
    char *line;

    while (status == CLI_OK && (rc = lines_next(lines, &line, &len)) != LINES_E_END) {
        number++;
        if (rc == 0)
            line[strcspn(line, " ")] = '\0';
        if (rc != 0 || !round_secret_parse(line, ref))
            status =
                cli_usage(receipts->cli, "%s:%zu: a line begins with a reference of 64 hexadecimal digits",
                          file, number);
        else
            status = add_wanted(receipts, &room, line);
    }
    lines_free(lines);
    if (status == CLI_OK && receipts->n_wanted == 0)
        status = cli_usage(receipts->cli, "%s: there is no reference in it", file);
    if (status != CLI_OK)
        return status;
    qsort(receipts->wanted, receipts->n_wanted, sizeof receipts->wanted[0], compare_wanted);
    for (size_t i = 1; i < receipts->n_wanted && status == CLI_OK; i++)
        if (strcmp(receipts->wanted[i].ref, receipts->wanted[i - 1].ref) == 0)
            status = cli_usage(receipts->cli, "%s: %s stands there twice", file, receipts->wanted[i].ref);
    return status;
}

static int
write_receipt(const struct receipts *receipts, int dir, const struct wanted *wanted)
{
    int fd = openat(dir, wanted->ref, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    bool bad;

    if (out == NULL)
        return -1;
    put_receipt(receipts, wanted, out);
    bad = ferror(out) != 0;
    return fclose(out) != 0 || bad ? -1 : 0;
}

// A new directory with a file for each; nothing stays of one that fails.
static int
write_receipts(const struct receipts *receipts, const char *path)
{
    int dir, rc = mkdir(path, 0700), status = CLI_OK;

    if (rc != 0)
        return cli_usage(receipts->cli, "%s: %s; receipts go into a new directory", path, strerror(errno));
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = dir < 0 ? -1 : 0;
    for (size_t i = 0; i < receipts->n_wanted && rc == 0; i++)
        rc = write_receipt(receipts, dir, &receipts->wanted[i]);
    if (rc != 0) {
        status = cli_fail(receipts->cli, "UNAVAILABLE", "", "%s: %s", path, strerror(errno));
        for (size_t i = 0; i < receipts->n_wanted; i++)
            (void)unlinkat(dir, receipts->wanted[i].ref, 0);
        (void)rmdir(path);
    }
    close(dir);
    return status;
}

static int
tell(const struct receipts *receipts, const char *path)
{
    json_t *object;

    if (!receipts->cli->json) {
        printf("%zu receipts in %s\n", receipts->n_wanted, path);
        return cli_finish_output(receipts->cli);
    }
    object = json_object();
    json_put_text(object, "directory", path);
    json_put_number(object, "receipts", receipts->n_wanted);
    return cli_printed(receipts->cli, json_print(object));
}

int
verb_round_receipts(struct cli *cli, int argc, char **argv)
{
    struct receipts receipts = {.cli = cli};
    int fd = STDIN_FILENO;
    int status = flags_read_with(cli, argc, argv, &receipts, 3,
                                 "the directory of a sealed record, a file of references, and a directory");

    if (status != CLI_OK)
        return status;
    receipts.dir = argv[0];
    if (strcmp(argv[1], "-") != 0)
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_usage(cli, "%s: %s", argv[1], strerror(errno));
    status = read_refs(&receipts, argv[1], fd);
    if (fd != STDIN_FILENO)
        close(fd);
    if (status == CLI_OK)
        status = read_record(&receipts);
    if (status == CLI_OK)
        status = write_receipts(&receipts, argv[2]);
    if (status == CLI_OK)
        status = tell(&receipts, argv[2]);
    free_receipts(&receipts);
    free(receipts.wanted);
    return status;
}
