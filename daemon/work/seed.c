// SPDX-License-Identifier: Apache-2.0
// The rows of both files become nodes of a graph (a row needs its parents and its successor); the nodes are
// applied by depth-first search, so each finds what it names. A circle is cut at some place, where apply()
// refuses the row and says what is missing.
#include "work/seed.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/rows.h"
#include "store/store.h"
#include "work/apply.h"
#include "work/lifecycle.h"
#include "work/writer.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef KANSEN_DATADIR
#define KANSEN_DATADIR "/usr/local/share/kansen"
#endif

#define DEPTH_MAX  1000u               // rows that name each other in a chain
#define ROWS_MAX   100000u             // of one file
#define MEMORY_MAX (UINT64_C(1) << 30) // of both files together

struct node {
    const char *code;
    size_t line;
    Kansen__V1__Write *write;
    bool done; // applied, or on the way there
};

struct seeding {
    struct arena *arena;
    struct txn *txn;
    const struct log *log;
    struct fault *fault;
    int64_t time_us;
    const char *path;   // of the file at hand
    struct node *nodes; // in the order of the file, then (sorted) by code
    struct node **by_code;
    size_t n_nodes;
    unsigned depth; // of the search
};

static int
fail_at(struct seeding *seeding, size_t line, const char *field, const char *message)
{
    return fault_set(seeding->fault, CODE_INVALID_ARGUMENT, "", "%s:%zu: %s%s%s", seeding->path, line, field,
                     field[0] == '\0' ? "" : ": ", message);
}

static const char *
code_of(const Kansen__V1__Write *write)
{
    return write->operation_case == KANSEN__V1__WRITE__OPERATION_UPSERT_REGION
               ? write->upsert_region->region->code
               : write->upsert_interest->interest->code;
}

// ---- Reading

static int
keep_write(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct seeding *seeding = arg;
    size_t size = kansen__v1__write__get_packed_size(write);
    uint8_t *bytes = arena_alloc(seeding->arena, size);
    struct node *node = &seeding->nodes[seeding->n_nodes];

    if (seeding->n_nodes == ROWS_MAX)
        return fail_at(seeding, line, "", "the file has too many rows");
    if (bytes == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__write__pack(write, bytes);
    node->write = kansen__v1__write__unpack(arena_allocator(seeding->arena), size, bytes);
    if (node->write == NULL)
        return STORE_FAULT_MEMORY;
    node->line = line;
    node->code = code_of(node->write);
    seeding->n_nodes++;
    return 0;
}

static int
stop_at_error(void *arg, const struct rows_error *error)
{
    return fail_at(arg, error->line, error->field, error->message);
}

static int
compare_nodes(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;

    return strcmp(x->code, y->code);
}

static int
sort_nodes(struct seeding *seeding)
{
    seeding->by_code = arena_array(seeding->arena, seeding->n_nodes, sizeof(struct node *));
    if (seeding->by_code == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < seeding->n_nodes; i++)
        seeding->by_code[i] = &seeding->nodes[i];
    qsort(seeding->by_code, seeding->n_nodes, sizeof(struct node *), compare_nodes);
    for (size_t i = 1; i < seeding->n_nodes; i++) {
        if (strcmp(seeding->by_code[i - 1]->code, seeding->by_code[i]->code) == 0)
            return fail_at(seeding, seeding->by_code[i]->line, "code", "this code stands in the file twice");
    }
    return 0;
}

static int
read_rows(struct seeding *seeding, const struct rows_table *table)
{
    struct rows_sink sink = {keep_write, stop_at_error, seeding};
    FILE *file = fopen(seeding->path, "re");
    int rc;

    if (file == NULL)
        return fault_set(seeding->fault, CODE_NOT_FOUND, "", "%s: %s", seeding->path, strerror(errno));
    seeding->n_nodes = 0;
    seeding->nodes = arena_array(seeding->arena, ROWS_MAX, sizeof seeding->nodes[0]);
    rc = seeding->nodes == NULL ? STORE_FAULT_MEMORY : rows_read(table, file, "", &sink);
    fclose(file);
    if (rc < 0 && seeding->fault->code == CODE_OK && rc != STORE_FAULT_MEMORY)
        return fault_set(seeding->fault, CODE_UNKNOWN, "", "%s: %s", seeding->path, strerror(-rc));
    return rc == 0 ? sort_nodes(seeding) : rc;
}

// ---- Applying

static struct node *
find_node(const struct seeding *seeding, const char *code)
{
    struct node key = {.code = code}, *at = &key, **found;

    found = bsearch(&at, seeding->by_code, seeding->n_nodes, sizeof(struct node *), compare_nodes);
    return found == NULL ? NULL : *found;
}

static int apply_node(struct seeding *seeding, struct node *node);

static int
apply_named(struct seeding *seeding, const char *code)
{
    struct node *node = code[0] == '\0' ? NULL : find_node(seeding, code);

    return node == NULL ? 0 : apply_node(seeding, node); // a missing one is told by who names it
}

static int
apply_needed(struct seeding *seeding, const Kansen__V1__Write *write)
{
    const Kansen__V1__Region *region;
    const char *code = code_of(write), *dot = strrchr(code, '.');
    int rc = 0;

    if (write->operation_case == KANSEN__V1__WRITE__OPERATION_UPSERT_INTEREST) {
        char *parent = dot == NULL ? NULL : arena_strndup(seeding->arena, code, (size_t)(dot - code));

        if (dot != NULL && parent == NULL)
            return STORE_FAULT_MEMORY;
        return dot == NULL ? 0 : apply_named(seeding, parent);
    }
    region = write->upsert_region->region;
    for (size_t i = 0; i < region->n_parents && rc == 0; i++)
        rc = apply_named(seeding, region->parents[i]);
    return rc != 0 ? rc : apply_named(seeding, region->successor);
}

static int
apply_node(struct seeding *seeding, struct node *node)
{
    struct command command = {.time_us = seeding->time_us,
                              .actor = "seeds",
                              .client = "",
                              .movers = MOVER_OPERATOR,
                              .write = node->write};
    Kansen__V1__WriteResult result = KANSEN__V1__WRITE_RESULT__INIT;
    int rc;

    if (node->done)
        return 0;
    if (seeding->depth == DEPTH_MAX)
        return fail_at(seeding, node->line, "", "the chain of parents and successors is too long");
    node->done = true;
    seeding->depth++;
    rc = apply_needed(seeding, node->write);
    seeding->depth--;
    if (rc == 0)
        rc = apply(seeding->txn, &command, seeding->arena, &result);
    if (rc == 0 && result.status != NULL && result.status->code != CODE_OK)
        rc = fail_at(seeding, node->line, result.status->field, result.status->message);
    return rc;
}

static int
load_file(struct seeding *seeding, const char *path, const struct rows_table *table)
{
    int rc;

    seeding->path = path;
    rc = read_rows(seeding, table);
    for (size_t i = 0; i < seeding->n_nodes && rc == 0; i++)
        rc = apply_node(seeding, &seeding->nodes[i]);
    if (rc == 0)
        LOG_INFO(seeding->log, "seeds", "read", LOG_TEXT("path", path), LOG_U64("rows", seeding->n_nodes));
    return rc;
}

static int
load_dir(struct seeding *seeding, const char *dir)
{
    char *regions = arena_printf(seeding->arena, "%s/regions.csv", dir);
    char *interests = arena_printf(seeding->arena, "%s/interests.csv", dir);
    int rc;

    if (regions == NULL || interests == NULL)
        return STORE_FAULT_MEMORY;
    rc = load_file(seeding, regions, &rows_regions);
    return rc != 0 ? rc : load_file(seeding, interests, &rows_interests);
}

// ---- Whether and from where

// Nothing but a transaction of its own sees the store here, so what it says stays so.
static int
store_is_filled(struct store *store, bool *filled)
{
    struct store_counts counts;
    struct txn *txn = NULL;
    int rc = txn_new_read(store, &txn);

    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = txn_counts(txn, &counts);
    txn_free(txn);
    if (rc == 0)
        *filled = counts.regions != 0 || counts.interests != 0;
    return rc;
}

static const char *
default_dir(void)
{
    static const char *const dirs[] = {KANSEN_DATADIR "/seeds", SEED_LOCAL_DIR};

    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        if (access(dirs[i], F_OK) == 0)
            return dirs[i];
    }
    return NULL;
}

int
seed_check(const char *dir, bool reads, struct fault *fault)
{
    static const char *const files[] = {"regions.csv", "interests.csv"};
    const char *from = dir[0] == '\0' ? default_dir() : dir;
    char path[PATH_MAX];

    if (dir[0] != '\0' && access(dir, F_OK) != 0)
        return fault_set(fault, CODE_NOT_FOUND, "seeds", "%s: %s", dir, strerror(errno));
    for (size_t i = 0; i < sizeof files / sizeof files[0] && reads && from != NULL; i++) {
        snprintf(path, sizeof path, "%s/%s", from, files[i]);
        if (access(path, R_OK) != 0)
            return fault_set(fault, CODE_NOT_FOUND, "seeds", "%s: %s", path, strerror(errno));
    }
    return 0;
}

static int
load_in_txn(struct seeding *seeding, struct store *store, const char *dir)
{
    int rc = writer_last_time(store, &seeding->time_us);

    if (clock_wall_us() > seeding->time_us)
        seeding->time_us = clock_wall_us();
    if (rc == 0)
        rc = txn_new_write(store, &seeding->txn);
    if (rc == 0)
        rc = txn_begin(seeding->txn);
    if (rc == 0)
        rc = load_dir(seeding, dir);
    if (rc == 0)
        rc = txn_commit(seeding->txn);
    txn_free(seeding->txn);
    return rc;
}

int
seed_load(struct store *store, const char *dir, const struct log *log, struct fault *fault)
{
    struct seeding seeding = {.log = log, .fault = fault};
    const char *from = dir[0] == '\0' ? default_dir() : dir;
    bool filled;
    int rc = store_is_filled(store, &filled);

    *fault = (struct fault){0};
    if (rc == 0)
        rc = seed_check(dir, false, fault);
    if (rc != 0 || filled)
        return rc;
    if (from == NULL) {
        LOG_WARNING(log, "seeds", "no regions and interests are known: no directory of them is there",
                    LOG_TEXT("installed", KANSEN_DATADIR "/seeds"), LOG_TEXT("here", SEED_LOCAL_DIR));
        return 0;
    }
    seeding.arena = arena_new(MEMORY_MAX);
    if (seeding.arena == NULL)
        return STORE_FAULT_MEMORY;
    rc = load_in_txn(&seeding, store, from);
    arena_free(seeding.arena);
    return rc;
}
