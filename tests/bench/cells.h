// SPDX-License-Identifier: Apache-2.0
// The grid behind the posting tables of the databases: cells of about 3 km, numbered along rows of latitude,
// so that what a circle touches is one range of cells for each row.
#ifndef TESTS_BENCH_CELLS_H
#define TESTS_BENCH_CELLS_H

#include <stdint.h>

#define CELLS_ROWS_MAX 512u // of a circle; enough for 500 km

struct cells_range {
    int32_t first, last;
};

// The cell of a position in millionths of a degree.
int32_t cells_at(int32_t lat_e6, int32_t lon_e6);

// The ranges, one for each row, that hold every position within radius_m of the point (and some more);
// returns how many. Neither a pole nor the date line may lie within the radius.
uint32_t cells_around(int32_t lat_e6, int32_t lon_e6, uint32_t radius_m,
                      struct cells_range out[CELLS_ROWS_MAX]);

#endif
