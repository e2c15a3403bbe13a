// SPDX-License-Identifier: Apache-2.0
// Puts the rows of a small table (regions, interests) in an order in which each comes behind those that it
// names. One thread.
#ifndef CLIENT_CLI_ORDER_H
#define CLIENT_CLI_ORDER_H

#include "base/attr.h"
#include "proto/rows.h"
#include <stdbool.h>

struct order;

// An empty collection of upserts of the table's records; NULL when memory is short. order_free(NULL) is safe.
struct order *order_new(const struct rows_table *table) MUST_CHECK;
void order_free(struct order *order);

// Whether rows of the table need an order.
bool order_is_needed(const struct rows_table *table);

// Adds a write (copied) and its line. 0 or -ENOMEM.
int order_add(struct order *order, size_t line, const Kansen__V1__Write *write) MUST_CHECK;

// Gives every write to put, parents first: countries, provinces, sets of municipalities, municipalities,
// places, and rows with a successor behind the others; interests by depth; rows that are alike in the order
// of the file. Whatever a row names comes before it, but for rows that name each other in a circle. Returns
// 0, what put returned, or -ENOMEM.
int order_walk(struct order *order, int (*put)(void *arg, size_t line, const Kansen__V1__Write *write),
               void *arg) MUST_CHECK;

#endif
