// SPDX-License-Identifier: Apache-2.0
// Opening the environment: the directory's lock first, then LMDB in its default, durable mode (no NOSYNC, no
// WRITEMAP), then the format number.
#include "store/file_check.h"
#include "store/load_state.h"
#include "store/upgrade_copy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "kansend.lock"

static const char *const table_names[TABLE_COUNT] = {
    [TABLE_META] = "meta",
    [TABLE_PARTNER] = "partner",
    [TABLE_PARTNER_EXT] = "partner_ext",
    [TABLE_PARTNER_OFFER] = "partner_offer",
    [TABLE_ACCREDITATION] = "accreditation",
    [TABLE_OFFER] = "offer",
    [TABLE_OFFER_EXT] = "offer_ext",
    [TABLE_OFFER_ROW] = "offer_row",
    [TABLE_CARD] = "card",
    [TABLE_BLOCK_HEAD] = "block_head",
    [TABLE_BLOCK_BODY] = "block_body",
    [TABLE_BLOCK_SEATS] = "block_seats",
    [TABLE_INTEREST] = "interest",
    [TABLE_REGION] = "region",
    [TABLE_POSTCODE] = "postcode",
    [TABLE_FUND] = "fund",
    [TABLE_JOURNAL] = "journal",
    [TABLE_PLACEMENT] = "placement",
    [TABLE_SEAT] = "seat",
    [TABLE_TURN] = "turn",
    [TABLE_STUDENT] = "student",
    [TABLE_STUDENT_SEAT] = "student_seat",
    [TABLE_STUDENT_END] = "student_end",
    [TABLE_ENDED] = "ended",
    [TABLE_HOLD] = "hold",
    [TABLE_DUE] = "due",
    [TABLE_DECLINE] = "decline",
    [TABLE_ANSWER] = "answer",
    [TABLE_ANSWER_AGE] = "answer_age",
    [TABLE_CLIENT] = "client",
    [TABLE_TOKEN] = "token",
    [TABLE_TOKEN_HASH] = "token_hash",
    [TABLE_ROUND] = "round",
    [TABLE_ROUND_PLAN] = "round_plan",
    [TABLE_ROUND_PLACE] = "round_place",
    [TABLE_ROUND_NAME] = "round_name",
    [TABLE_ROUND_BUSY] = "round_busy",
    [TABLE_ROUND_OFFER] = "round_offer",
    [TABLE_OFFER_ROUND] = "offer_round",
    [TABLE_ROUND_STUDENT] = "round_student",
    [TABLE_ROUND_RESULT] = "round_result",
    [TABLE_ROUND_PIN] = "round_pin",
    [TABLE_ROUND_OBJECTION] = "round_objection",
};

const char *
store_table_name(enum table table)
{
    return table_names[table];
}

const char *
store_fault_text(int fault)
{
    switch (fault) {
    case STORE_FAULT_MEMORY:
        return "memory is short";
    case STORE_FAULT_FULL:
        return "the store or its disk is full";
    case STORE_FAULT_IO:
        return "the disk failed";
    case STORE_FAULT_CORRUPT:
        return "the store is damaged";
    default:
        return "the system refused";
    }
}

static int
lock_directory(const struct store_options *options, int *out, struct fault *fault)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof path, "%s/%s", options->dir, LOCK_FILE);
    fd = open(path, options->read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOENT && options->read_only) // such as a backup without its empty files
        return 0;
    if (fd < 0)
        return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s: can not open %s: %s", options->dir,
                         LOCK_FILE, strerror(errno));
    if (flock(fd, (options->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
        int why = errno;

        close(fd);
        if (why == EWOULDBLOCK)
            return fault_set(fault, CODE_UNAVAILABLE, "data_dir",
                             "%s is in use by a running kansend; stop it, or name another data directory",
                             options->dir);
        return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s: can not lock %s: %s", options->dir,
                         LOCK_FILE, strerror(why));
    }
    *out = fd;
    return 0;
}

static int
open_environment(struct store *store, const struct store_options *options)
{
    char path[4096];
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (options->read_only ? MDB_RDONLY | MDB_NOLOCK : 0);
    int rc = mdb_env_create(&store->env);

    if (rc != 0)
        return rc;
    snprintf(path, sizeof path, "%s/%s", options->dir, STORE_FILE);
    rc = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    if (rc == 0)
        rc =
            mdb_env_set_mapsize(store->env, options->map_bytes != 0 ? options->map_bytes : STORE_DEFAULT_MAP);
    if (rc == 0 && options->max_readers != 0)
        rc = mdb_env_set_maxreaders(store->env, options->max_readers);
    if (rc == 0)
        rc = mdb_env_open(store->env, path, flags, 0600);
    return rc;
}

static int
open_table(struct store *store, MDB_txn *mdb, enum table table, bool read_only)
{
    bool numbers = table == TABLE_OFFER_ROW || table == TABLE_CARD;
    unsigned flags = (read_only ? 0 : MDB_CREATE) | (numbers ? MDB_INTEGERKEY : 0);

    return mdb_dbi_open(mdb, table_names[table], flags, &store->dbi[table]);
}

// Whether a store of this format can be opened: a new one (0) or an older one when it may be written to.
static bool
can_open(uint64_t format, bool read_only)
{
    return format == STORE_FORMAT ||
           (!read_only && (format == 0 || (format >= STORE_OLDEST && format < STORE_FORMAT)));
}

// Reads the format, and if it is one that can be opened, opens the tables and makes those that are missing.
static int
open_tables(struct store *store, bool read_only, uint64_t *format)
{
    struct txn txn = {.store = store};
    int rc = mdb_txn_begin(store->env, NULL, read_only ? MDB_RDONLY : 0, &txn.mdb);

    if (rc != 0)
        return rc;
    rc = open_table(store, txn.mdb, TABLE_META, read_only);
    if (rc == 0 && meta_get(&txn, META_FORMAT, format) < 0)
        rc = EIO;
    if (rc != 0 || !can_open(*format, read_only)) {
        mdb_txn_abort(txn.mdb);
        return rc;
    }
    for (int table = TABLE_META + 1; table < TABLE_COUNT && rc == 0; table++)
        rc = open_table(store, txn.mdb, table, read_only);
    if (rc == 0 && *format != STORE_FORMAT) {
        store->upgraded_from = (unsigned)*format;
        rc = *format == 0 || upgrade_run(&txn, *format) == 0 ? 0 : EIO;
        *format = STORE_FORMAT;
        if (rc == 0)
            rc = meta_put(&txn, META_FORMAT, *format) == 0 ? 0 : EIO;
    }
    if (rc == 0 && !read_only && load_clean(&txn, &store->emptied) != 0)
        rc = EIO;
    if (rc != 0) {
        mdb_txn_abort(txn.mdb);
        return rc;
    }
    return mdb_txn_commit(txn.mdb);
}

static int
refuse(struct fault *fault, const struct store_options *options, int rc)
{
    return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s/%s can not be opened: %s", options->dir,
                     STORE_FILE, mdb_strerror(rc));
}

int
store_open(const struct store_options *options, struct store **out, struct fault *fault)
{
    struct store *store = calloc(1, sizeof *store);
    uint64_t format = 0;
    int rc;

    if (store == NULL)
        return STORE_FAULT_MEMORY;
    store->lock_fd = -1;
    rc = file_check_there(options, fault);
    if (rc != 0)
        goto fail;
    if (!options->read_only && mkdir(options->dir, 0700) != 0 && errno != EEXIST) {
        rc = fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s can not be made: %s", options->dir,
                       strerror(errno));
        goto fail;
    }
    rc = lock_directory(options, &store->lock_fd, fault);
    if (rc == 0)
        rc = file_check_whole(options, fault);
    if (rc != 0)
        goto fail;
    rc = open_environment(store, options);
    if (rc == 0 && !options->read_only && !options->plain_upgrade &&
        upgrade_copy(store, options->dir, fault) != 0) {
        rc = FAULT;
        goto fail;
    }
    if (rc == 0)
        rc = open_tables(store, options->read_only, &format);
    if (rc != 0) {
        rc = refuse(fault, options, rc);
        goto fail;
    }
    if (format != STORE_FORMAT) {
        rc = fault_set(fault, CODE_FAILED_PRECONDITION, "data_dir",
                       "%s has format %llu, this kansend reads format %u; %s", options->dir,
                       (unsigned long long)format, STORE_FORMAT,
                       format >= STORE_OLDEST && format < STORE_FORMAT
                           ? "start it once, so that it is upgraded"
                           : "use the version that wrote it");
        goto fail;
    }
    *out = store;
    return 0;

fail:
    store_close(store);
    return rc;
}

void
store_close(struct store *store)
{
    if (store == NULL)
        return;
    load_free(store->load);
    if (store->env != NULL)
        mdb_env_close(store->env);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

bool
store_was_emptied(const struct store *store)
{
    return store->emptied;
}

unsigned
store_upgraded_from(const struct store *store)
{
    return store->upgraded_from;
}

bool
store_has_loaded(const struct store *store)
{
    return store->load_whole;
}

bool
store_is_loading(struct store *store)
{
    return atomic_load_explicit(&store->loading, memory_order_relaxed);
}

struct store_usage
store_usage(struct store *store)
{
    MDB_envinfo info = {0};
    MDB_stat stat = {0};

    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &stat);
    return (struct store_usage){.used_bytes = (info.me_last_pgno + 1) * stat.ms_psize,
                                .map_bytes = info.me_mapsize};
}
