// SPDX-License-Identifier: Apache-2.0
// SQLite in process, at its best: a posting for each interest of an offer, in a table without rowid, in the
// order of interest and cell. A query steps through the ranges of cells that its circle touches, for each
// wanted interest, and scores in C.
#include "base/geo.h"
#include "tests/bench/cells.h"
#include "tests/bench/contest.h"
#include "tests/bench/unit_vector.h"
#include "tests/bench/workload_options.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING_M 1e-5 // more than what a distance in double precision is wrong

// The packed column, in the machine's own order of bytes.
struct posting {
    uint32_t offer; // id
    uint16_t kind, levels, seats;
    uint32_t cost_cents;
    struct unit_vector at;
};

// What a query gathers of an offer.
struct met {
    uint32_t offer;
    uint32_t weight; // of the wanted interests that it has
    double chord2;
};

struct peer {
    const struct workload *workload;
    sqlite3 *db;
    sqlite3_stmt *range;
    // Where an offer (id) lies in met, valid if met[place] is below n and names it.
    uint32_t *place;
    struct met *met;
    uint32_t n;
};

static int
fault(struct peer *peer, const char *what)
{
    fprintf(stderr, "sqlite: %s: %s\n", what, peer->db != NULL ? sqlite3_errmsg(peer->db) : "no memory");
    return 1;
}

static int
run(struct peer *peer, const char *sql)
{
    return sqlite3_exec(peer->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fault(peer, sql);
}

static int
insert_offer(struct peer *peer, sqlite3_stmt *insert, uint32_t index)
{
    const struct workload_offer *offer = &peer->workload->offers[index];
    struct posting posting;

    memset(&posting, 0, sizeof posting);
    posting.offer = index + 1;
    posting.kind = offer->kind;
    posting.levels = offer->levels;
    posting.seats = offer->seats;
    posting.cost_cents = offer->cost_cents;
    posting.at = unit_vector_at(offer->lat_e6, offer->lon_e6);
    for (uint32_t i = 0; i < offer->n_interests; i++) {
        sqlite3_bind_int(insert, 1, offer->interests[i]);
        sqlite3_bind_int(insert, 2, cells_at(offer->lat_e6, offer->lon_e6));
        sqlite3_bind_int(insert, 3, (int)index + 1);
        sqlite3_bind_blob(insert, 4, &posting, sizeof posting, SQLITE_TRANSIENT);
        if (sqlite3_step(insert) != SQLITE_DONE)
            return fault(peer, "insert");
        sqlite3_reset(insert);
    }
    return 0;
}

// Loads the table, then copies it in the order of its key, so that its pages are full and in order.
static int
load(struct peer *peer)
{
    static const char posting[] =
        "(code INTEGER, cell INTEGER, id INTEGER, packed BLOB, PRIMARY KEY (code, cell, id)) WITHOUT ROWID";
    sqlite3_stmt *insert = NULL;
    char sql[512];
    int r;

    snprintf(sql, sizeof sql, "BEGIN; CREATE TABLE loaded%s; CREATE TABLE posting%s", posting, posting);
    r = run(peer, sql);
    if (r == 0 &&
        sqlite3_prepare_v2(peer->db, "INSERT INTO loaded VALUES (?,?,?,?)", -1, &insert, NULL) != SQLITE_OK)
        r = fault(peer, "prepare");
    for (uint32_t i = 0; r == 0 && i < peer->workload->options.offers; i++)
        r = insert_offer(peer, insert, i);
    sqlite3_finalize(insert);
    return r != 0 ? r
                  : run(peer, "INSERT INTO posting SELECT * FROM loaded ORDER BY code, cell, id;"
                              "DROP TABLE loaded; COMMIT; VACUUM; ANALYZE");
}

static int
open_peer(struct peer *peer, const char *path)
{
    static const char settings[] = "PRAGMA page_size = 32768; PRAGMA journal_mode = OFF;"
                                   "PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
                                   "PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY";
    static const char range[] = "SELECT packed FROM posting"
                                " WHERE code = ? AND cell BETWEEN ? AND ?";
    uint32_t offers = peer->workload->options.offers;
    int r;

    peer->place = calloc((size_t)offers + 1, sizeof *peer->place);
    peer->met = calloc((size_t)offers + 1, sizeof *peer->met);
    if (peer->place == NULL || peer->met == NULL || sqlite3_open(path, &peer->db) != SQLITE_OK)
        return fault(peer, "open");
    r = run(peer, settings);
    if (r == 0)
        r = load(peer);
    if (r == 0 &&
        sqlite3_prepare_v3(peer->db, range, -1, SQLITE_PREPARE_PERSISTENT, &peer->range, NULL) != SQLITE_OK)
        r = fault(peer, "prepare");
    // One read transaction for all, so that no query pays for the lock.
    return r != 0 ? r : run(peer, "BEGIN; SELECT count(*) FROM posting");
}

static void
close_peer(struct peer *peer)
{
    sqlite3_finalize(peer->range);
    sqlite3_close(peer->db);
    free(peer->place);
    free(peer->met);
}

// Gathers the posting that the statement stands on, if the query lets its offer through.
static void
gather(struct peer *peer, const struct workload_query *query, struct unit_vector origin, double reach2,
       uint32_t weight)
{
    struct posting posting;
    uint32_t place;
    double x, y, z, chord2;

    memcpy(&posting, sqlite3_column_blob(peer->range, 0), sizeof posting);
    if ((query->kinds != 0 && (query->kinds >> (posting.kind - 1) & 1) == 0) ||
        (query->levels != 0 && posting.levels != 0 && (query->levels & posting.levels) == 0) ||
        posting.seats == 0 || (query->has_max_cost && posting.cost_cents > query->max_cost_cents))
        return;
    x = posting.at.x - origin.x;
    y = posting.at.y - origin.y;
    z = posting.at.z - origin.z;
    chord2 = x * x + y * y + z * z;
    if (chord2 > reach2)
        return;
    place = peer->place[posting.offer];
    if (place >= peer->n || peer->met[place].offer != posting.offer) {
        place = peer->place[posting.offer] = peer->n++;
        peer->met[place] = (struct met){.offer = posting.offer, .chord2 = chord2};
    }
    peer->met[place].weight += weight;
}

static void
rank(const struct peer *peer, const struct workload_query *query, struct top *top)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < query->n_interests; i++)
        total += query->interest_weights[i];
    for (uint32_t i = 0; i < peer->n; i++) {
        const struct met *met = &peer->met[i];
        const struct workload_offer *offer = &peer->workload->offers[met->offer - 1];
        uint32_t metres;

        if (!unit_vector_round(unit_vector_metres(met->chord2), ROUNDING_M, &metres))
            metres = geo_distance_m((struct geo_point){query->lat_e6, query->lon_e6},
                                    (struct geo_point){offer->lat_e6, offer->lon_e6});
        if (metres <= query->radius_m)
            top_add(top, met->offer, top_score(query, top_interest(met->weight, total), metres), metres);
    }
}

static int
ask(void *arg, const struct workload_query *query, struct top *top)
{
    struct peer *peer = arg;
    struct unit_vector origin = unit_vector_at(query->lat_e6, query->lon_e6);
    double reach = (query->radius_m + 1) / GEO_EARTH_RADIUS_M;
    struct cells_range ranges[CELLS_ROWS_MAX];
    uint32_t n = cells_around(query->lat_e6, query->lon_e6, query->radius_m, ranges);

    top_start(top, query->tie_seed);
    peer->n = 0;
    for (uint32_t i = 0; i < query->n_interests; i++) {
        sqlite3_bind_int(peer->range, 1, query->interests[i]);
        for (uint32_t j = 0; j < n; j++) {
            int r;

            sqlite3_bind_int(peer->range, 2, ranges[j].first);
            sqlite3_bind_int(peer->range, 3, ranges[j].last);
            while ((r = sqlite3_step(peer->range)) == SQLITE_ROW)
                gather(peer, query, origin, reach * reach, query->interest_weights[i]);
            sqlite3_reset(peer->range);
            if (r != SQLITE_DONE)
                return fault(peer, "range");
        }
    }
    rank(peer, query, top);
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct workload_flag flags[] = {
        {"answers", "FILE", false}, {"core", "N", false}, {"database", "FILE", false}, {.name = NULL}};
    const char *values[3] = {NULL, NULL, ":memory:"};
    struct workload_options options;
    struct workload *workload = NULL;
    struct peer peer = {.db = NULL};
    int r = workload_options_read(argc, argv, &options, flags, values);

    if (r != 0 || options.form != WORKLOAD_FLAT) {
        fputs(r == 0 ? "sqlite: only --form flat\n" : "", stderr);
        return 2;
    }
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    r = contest_pin(contest_core(values[1]));
    if (r == 0)
        r = workload_make(&options, &workload);
    peer.workload = workload;
    if (r == 0)
        r = open_peer(&peer, values[2]);
    if (r == 0) {
        struct contest contest = {"sqlite", workload, values[0], options.queries, 5, ask, &peer};
        struct contest_figures figures;

        r = contest_run(&contest, &figures);
        if (r == 0)
            contest_print(&contest, &figures, "");
    }
    if (r < 0)
        fprintf(stderr, "sqlite: %s\n", strerror(-r));
    close_peer(&peer);
    workload_free(workload);
    return r == 0 ? 0 : 1;
}
