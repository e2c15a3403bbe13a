// SPDX-License-Identifier: Apache-2.0
// Counts that LMDB keeps itself, and bits of the index that are counted 64 at a time.
#include "store/census.h"
#include "store/directory.h"
#include "store/internal.h"
#include "store/seats.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum table table;
} records[] = {
#define CENSUS_ROW(number, name, table) [CENSUS_##number] = {name, TABLE_##table},
    CENSUS_RECORDS(CENSUS_ROW)
#undef CENSUS_ROW
};

const char *
census_name(enum census_record record)
{
    return records[record].name;
}

// ---- Records and pages

int
census_count(struct txn *txn, struct census_counts *out)
{
    struct census_counts counts = {.sequence = txn_sequence(txn)};
    uint64_t used = 0;
    MDB_envinfo info;
    MDB_stat stat = {0};
    int rc = txn_fault(txn);

    for (size_t i = 0; i < CENSUS_RECORD_COUNT && rc == 0; i++) {
        rc = txn_map(txn, mdb_stat(txn->mdb, txn->store->dbi[records[i].table], &stat));
        if (rc == 0)
            counts.records[i] = stat.ms_entries;
    }
    if (rc == 0)
        rc = txn_pages(txn, &used);
    if (rc == 0)
        rc = txn_map(txn, mdb_env_info(txn->store->env, &info));
    if (rc != 0)
        return rc;
    counts.pages = info.me_last_pgno + 1; // perhaps of a later commit, so never too few
    counts.free_pages = counts.pages > used ? counts.pages - used : 0;
    counts.page_bytes = stat.ms_psize;
    *out = counts;
    return 0;
}

// ---- Offers by kind

// What both columns have in common.
static uint64_t
common(const uint8_t *a, const uint8_t *b, size_t word)
{
    uint64_t x, y;

    memcpy(&x, a + word * sizeof x, sizeof x);
    memcpy(&y, b + word * sizeof y, sizeof y);
    return x & y;
}

// Adds the offers of a group that have a bit in column, its own part of one.
static void
add_group(struct census_kind *kind, const uint8_t *column, const uint8_t *seats, size_t width)
{
    for (size_t word = 0; word < width / sizeof(uint64_t); word++) {
        uint64_t open = common(column, seats_column(seats, SEATS_REFERRED, width), word);

        kind->offers +=
            (uint64_t)__builtin_popcountll(common(column, seats_column(seats, SEATS_PRESENT, width), word));
        kind->open += (uint64_t)__builtin_popcountll(open);
        for (; open != 0; open &= open - 1)
            kind->seats += seats_free(seats, width, true, word * 64 + (unsigned)__builtin_ctzll(open));
    }
}

int
census_kinds(struct txn *txn, struct census_kind out[CENSUS_KINDS])
{
    const struct directory *directory;
    int rc = txn_directory(txn, &directory);

    if (rc != 0)
        return rc;
    memset(out, 0, CENSUS_KINDS * sizeof out[0]);
    for (size_t i = 0; i < directory->n_blocks; i++) {
        const struct directory_block *place = &directory->blocks[i];
        struct block block = block_open(place->body);
        size_t width = seats_width(block.header->words == 1);

        for (size_t id = block.header->first[BLOCK_KIND]; id < block.header->first[BLOCK_KIND + 1]; id++) {
            const uint8_t *column = block_column_at(&block, id);

            for (size_t group = 0; group < place->groups && block.ids[id] < CENSUS_KINDS; group++)
                add_group(&out[block.ids[id]], column + group * width,
                          directory->seats[place->first_group + group], width);
        }
    }
    return 0;
}

// ---- Snapshots

// A line of mdb_reader_list: "pid thread commit", with "-" for one that holds no snapshot.
static int
on_reader(const char *line, void *arg)
{
    struct census_readers *readers = arg;
    uint64_t commit;

    if (sscanf(line, "%*d %*x %" SCNu64, &commit) != 1)
        return 0;
    readers->open++;
    if (readers->oldest == 0 || commit < readers->oldest)
        readers->oldest = commit;
    return 0;
}

void
census_readers(struct store *store, struct census_readers *out)
{
    MDB_envinfo info = {0};

    *out = (struct census_readers){0};
    (void)mdb_reader_list(store->env, on_reader, out);
    mdb_env_info(store->env, &info);
    out->current = info.me_last_txnid;
}
