// SPDX-License-Identifier: Apache-2.0
// Which cells can hold a match: without a distance limit all; else those that a box around the circle
// touches, one range of cells per row of the grid, and the cell of the remote offers. The box errs on the
// safe side.
#include "match/scan.h"
#include "base/geo.h"
#include "store/offer_row.h"
#include "store/store.h"

struct walk {
    struct row_scan *rows;
    int (*each)(void *arg, struct candidate *candidate);
    void *arg;
};

static int
walk_range(const struct walk *walk, uint32_t first_cell, uint32_t last_cell)
{
    struct candidate candidate;

    row_scan_start(walk->rows, first_cell, last_cell);
    for (;;) {
        int r = row_scan_next(walk->rows, &candidate.row);

        if (r == STORE_E_NOT_FOUND)
            return 0;
        if (r != 0)
            return r;
        score_renew(&candidate);
        r = walk->each(walk->arg, &candidate);
        if (r != 0)
            return r;
    }
}

static int
walk_circle(const struct walk *walk, const struct query *query)
{
    struct geo_box box = geo_box_around(query->origin, query->radius_m);
    uint32_t last_row = cell_row(box.lat_max_e6);

    for (uint32_t row = cell_row(box.lat_min_e6); row <= last_row; row++) {
        struct cell_range range = cell_row_range(row, box.lon_min_e6, box.lon_max_e6);
        int r = walk_range(walk, range.first, range.last);

        if (r != 0)
            return r;
    }
    return walk_range(walk, CELL_REMOTE, CELL_REMOTE);
}

int
scan_run(struct txn *txn, const struct query *query, int (*each)(void *arg, struct candidate *candidate),
         void *arg)
{
    struct walk walk = {.each = each, .arg = arg};
    int r = row_scan_new(txn, &walk.rows);

    if (r != 0)
        return r;
    r = query->radius_m == 0 ? walk_range(&walk, 0, CELL_REMOTE) : walk_circle(&walk, query);
    row_scan_free(walk.rows);
    return r;
}
