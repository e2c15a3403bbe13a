// SPDX-License-Identifier: Apache-2.0
// Where the blocks of the index lie, as one snapshot sees them: a short list in memory of the boxes of their
// groups, and the addresses of their bytes in the map. Immutable once loaded; a view of the store's tables,
// loaded again when their generation changes, so it can not disagree with the snapshot.
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

#include "base/attr.h"
#include "base/geo.h"
#include "store/block.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct txn;

struct directory_block {
    const void *body;     // for block_open
    uint32_t first_group; // place of its groups in the list of all
    uint16_t groups;
    bool remote; // its offers have no distance
};

// The groups stand in columns, so that many boxes are compared at once. The cosines bound those of the box's
// latitudes, on the safe side.
struct directory {
    size_t n_blocks, n_groups;
    const struct directory_block *blocks;
    size_t n_remote;
    const uint32_t *remote;                               // numbers of the blocks that are remote
    const int32_t *lat_min, *lat_max, *lon_min, *lon_max; // millionths of a degree
    const float *cos_min, *cos_max;
    const uint32_t *block;       // of a group: its block
    const uint8_t *const *seats; // store/seats.h
};

// The directory in this transaction's view. 0 or a fault. *out holds until the transaction's next begin, the
// next call, or its end of life; what it points to until the transaction ends. For read transactions.
int txn_directory(struct txn *txn, const struct directory **out) MUST_CHECK;

#endif
