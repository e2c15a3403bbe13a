// SPDX-License-Identifier: Apache-2.0
// Which of some places is nearest to a point. Made once, then only read, by any thread.
#ifndef STORE_NEAREST_H
#define STORE_NEAREST_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/geo.h"
#include <stddef.h>
#include <stdint.h>

struct nearest;

#define NEAREST_NONE UINT32_MAX

// Room for `count` places, in arena; NULL when it is full.
struct nearest *nearest_new(struct arena *arena, size_t count) MUST_CHECK;

// Adds a place under an id below NEAREST_NONE; at most `count` of them.
void nearest_add(struct nearest *nearest, struct geo_point point, uint32_t id);

// The place with the smallest geo_distance_m; of equals the one that was added first. NEAREST_NONE if there
// is none.
uint32_t nearest_find(const struct nearest *nearest, struct geo_point point);

#endif
