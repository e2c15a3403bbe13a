// SPDX-License-Identifier: Apache-2.0
// bare_loader: what LMDB alone needs, as a yardstick for the daemon's writes. Usage: bare_loader --help.
//
// load: reads every record of a finished store into memory and times putting them into an empty environment,
// with the same tables and LMDB's default, durable mode. An import brings its records one offer after the
// other, which is the order of the keys in some tables and none in others, and LMDB's cost depends on that.
// So it is measured both ways: "arrival", where a table whose keys or values are ids of eight bytes is filled
// in the order of the ids and any other one in a random order, each a little further with every commit; and
// "sorted", every table in the order of its keys.
//
// sync: commits of so many new records each, into an environment that already holds many, at random places:
// the disk's own rate.
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TABLES_MAX 128u
#define MAP_BYTES  ((size_t)64 << 30)
#define ID_BYTES   8u
#define NAME_MAX_  64
#define HELD       250000u // records that the environment of `sync` holds at first
#define RECORD     120u    // bytes of each
#define SEED       UINT64_C(0x9E3779B97F4A7C15)

struct record {
    uint64_t rank;                     // records are put in the order of their ranks
    size_t key_at, key_len, value_len; // in the block; the value is behind the key
};

struct table {
    char name[NAME_MAX_];
    unsigned flags;
    MDB_dbi dbi; // in the environment that is loaded
    struct record *records;
    size_t count, capacity;
    uint8_t *block;
    size_t block_len, block_capacity;
};

struct tables {
    struct table all[TABLES_MAX];
    size_t count;
};

static void
check(int rc, const char *what)
{
    if (rc != 0)
        errx(1, "%s: %s", what, mdb_strerror(rc));
}

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// The next of a row of random numbers (splitmix64).
static uint64_t
random_next(uint64_t *state)
{
    uint64_t z = *state += SEED;

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static MDB_env *
open_env(const char *path, unsigned flags)
{
    MDB_env *env;

    check(mdb_env_create(&env), path);
    check(mdb_env_set_maxdbs(env, TABLES_MAX), path);
    check(mdb_env_set_mapsize(env, MAP_BYTES), path);
    check(mdb_env_open(env, path, MDB_NOSUBDIR | flags, 0600), path);
    return env;
}

static void
remove_env(const char *path)
{
    char lock[4096];

    snprintf(lock, sizeof lock, "%s-lock", path);
    unlink(path);
    unlink(lock);
}

// ---- Reading a store

// Room for one more, of size bytes each, behind count.
static void *
grown(void *block, size_t size, size_t count, size_t more, size_t *capacity)
{
    while (*capacity < count + more) {
        *capacity = *capacity == 0 ? 1024 : *capacity * 2;
        block = realloc(block, *capacity * size);
        if (block == NULL)
            err(1, "memory");
    }
    return block;
}

static void
keep(struct table *table, const MDB_val *key, const MDB_val *value)
{
    size_t len = key->mv_size + value->mv_size;

    table->block = grown(table->block, 1, table->block_len, len, &table->block_capacity);
    table->records = grown(table->records, sizeof *table->records, table->count, 1, &table->capacity);
    memcpy(table->block + table->block_len, key->mv_data, key->mv_size);
    memcpy(table->block + table->block_len + key->mv_size, value->mv_data, value->mv_size);
    table->records[table->count++] =
        (struct record){.key_at = table->block_len, .key_len = key->mv_size, .value_len = value->mv_size};
    table->block_len += len;
}

static void
read_table(MDB_txn *txn, const char *name, struct table *table)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_dbi dbi;
    int rc;

    snprintf(table->name, sizeof table->name, "%s", name);
    check(mdb_dbi_open(txn, name, 0, &dbi), name);
    check(mdb_dbi_flags(txn, dbi, &table->flags), name);
    check(mdb_cursor_open(txn, dbi, &cursor), name);
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        keep(table, &key, &value);
    if (rc != MDB_NOTFOUND)
        check(rc, name);
    mdb_cursor_close(cursor);
}

static void
read_store(const char *path, struct tables *tables)
{
    MDB_env *env = open_env(path, MDB_RDONLY | MDB_NOLOCK);
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_txn *txn;
    MDB_dbi names;

    check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), path);
    check(mdb_dbi_open(txn, NULL, 0, &names), path);
    check(mdb_cursor_open(txn, names, &cursor), path);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        char name[NAME_MAX_];

        if (tables->count == TABLES_MAX || key.mv_size >= sizeof name)
            errx(1, "%s: too many tables, or too long a name", path);
        snprintf(name, sizeof name, "%.*s", (int)key.mv_size, (const char *)key.mv_data);
        read_table(txn, name, &tables->all[tables->count++]);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

// ---- Loading

static uint64_t
big_endian(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < ID_BYTES; i++)
        value = value << 8 | bytes[i];
    return value;
}

static int
by_rank(const void *a, const void *b)
{
    uint64_t first = ((const struct record *)a)->rank, second = ((const struct record *)b)->rank;

    return (first > second) - (first < second);
}

static void
order_by_arrival(struct table *table)
{
    uint64_t state = SEED;

    for (size_t i = 0; i < table->count; i++) {
        struct record *record = &table->records[i];
        uint8_t *key = table->block + record->key_at;

        if (record->key_len == ID_BYTES)
            record->rank = big_endian(key);
        else if (record->value_len == ID_BYTES)
            memcpy(&record->rank, key + record->key_len, ID_BYTES);
        else
            record->rank = random_next(&state);
    }
    qsort(table->records, table->count, sizeof *table->records, by_rank);
}

static void
put_slice(MDB_txn *txn, const struct table *table, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct record *record = &table->records[i];
        uint8_t *at = table->block + record->key_at;
        MDB_val key = {record->key_len, at}, value = {record->value_len, at + record->key_len};

        check(mdb_put(txn, table->dbi, &key, &value, 0), table->name);
    }
}

// Seconds to put everything into an empty environment at path, with so many commits; the environment is
// removed.
static double
load(const char *path, struct tables *tables, size_t commits)
{
    MDB_txn *txn;
    MDB_env *env;
    double began = now(), took;

    remove_env(path);
    env = open_env(path, 0);
    check(mdb_txn_begin(env, NULL, 0, &txn), path);
    for (size_t i = 0; i < tables->count; i++)
        check(mdb_dbi_open(txn, tables->all[i].name, tables->all[i].flags | MDB_CREATE, &tables->all[i].dbi),
              path);
    check(mdb_txn_commit(txn), path);
    for (size_t n = 0; n < commits; n++) {
        check(mdb_txn_begin(env, NULL, 0, &txn), path);
        for (size_t i = 0; i < tables->count; i++) {
            struct table *table = &tables->all[i];

            put_slice(txn, table, table->count * n / commits, table->count * (n + 1) / commits);
        }
        check(mdb_txn_commit(txn), path);
    }
    took = now() - began;
    mdb_env_close(env);
    remove_env(path);
    return took;
}

static void
run_load(const char *store, const char *path, size_t commits)
{
    struct tables *tables = calloc(1, sizeof *tables);
    size_t records = 0, bytes = 0;
    double sorted;

    if (tables == NULL)
        err(1, "memory");
    read_store(store, tables);
    for (size_t i = 0; i < tables->count; i++) {
        records += tables->all[i].count;
        bytes += tables->all[i].block_len;
    }
    sorted = load(path, tables, commits);
    for (size_t i = 0; i < tables->count; i++)
        order_by_arrival(&tables->all[i]);
    printf("{\"records\": %zu, \"bytes\": %zu, \"commits\": %zu, \"arrival_s\": %.3f, \"sorted_s\": %.3f}\n",
           records, bytes, commits, load(path, tables, commits), sorted);
    for (size_t i = 0; i < tables->count; i++) {
        free(tables->all[i].records);
        free(tables->all[i].block);
    }
    free(tables);
}

// ---- Syncing

static void
put_random(MDB_txn *txn, MDB_dbi dbi, uint64_t *state)
{
    uint8_t bytes[RECORD] = {0};
    uint64_t number = random_next(state);
    MDB_val key = {sizeof number, &number}, value = {sizeof bytes, bytes};

    check(mdb_put(txn, dbi, &key, &value, 0), "put");
}

static void
run_sync(const char *path, size_t records, double seconds)
{
    uint64_t state = SEED;
    size_t commits = 0;
    double began, took;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    remove_env(path);
    env = open_env(path, 0);
    check(mdb_txn_begin(env, NULL, 0, &txn), path);
    check(mdb_dbi_open(txn, "records", MDB_CREATE, &dbi), path);
    for (unsigned i = 0; i < HELD; i++)
        put_random(txn, dbi, &state);
    check(mdb_txn_commit(txn), path);
    began = now();
    do {
        check(mdb_txn_begin(env, NULL, 0, &txn), path);
        for (size_t i = 0; i < records; i++)
            put_random(txn, dbi, &state);
        check(mdb_txn_commit(txn), path);
        commits++;
        took = now() - began;
    } while (took < seconds);
    mdb_env_close(env);
    remove_env(path);
    printf("{\"records_per_commit\": %zu, \"commits_per_s\": %.1f, \"records_per_s\": %.1f}\n", records,
           (double)commits / took, (double)(commits * records) / took);
}

static int
usage(FILE *file)
{
    fputs("usage: bare_loader load STORE NEW COMMITS\n"
          "       bare_loader sync NEW RECORDS SECONDS\n"
          "STORE is the file of a store that no daemon has open, NEW a file that is made and removed again.\n"
          "load tells the seconds that LMDB alone needs for the store's records in COMMITS commits, sync the "
          "rate\n"
          "of commits of RECORDS records each. Both print one JSON object.\n",
          file);
    return file == stdout ? 0 : 2;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout);
    if (argc != 5)
        return usage(stderr);
    if (strcmp(argv[1], "load") == 0 && atoll(argv[4]) > 0)
        run_load(argv[2], argv[3], (size_t)atoll(argv[4]));
    else if (strcmp(argv[1], "sync") == 0 && atoll(argv[3]) > 0 && atof(argv[4]) > 0)
        run_sync(argv[2], (size_t)atoll(argv[3]), atof(argv[4]));
    else
        return usage(stderr);
    return 0;
}
