// SPDX-License-Identifier: Apache-2.0
// What a row says in a block. Invariants: an id of 0 stands for a set of levels, transitions or weekdays that
// is empty; no row has more than BLOCK_ROW_COLUMNS_MAX columns; a date that is not given never fails.
#include "store/block_row.h"
#include "base/date.h"
#include "store/catalog.h"
#include <assert.h>

static size_t
add_mask(struct column_id *out, size_t n, enum block_class class, uint32_t mask, bool zero)
{
    if (mask == 0 && zero)
        out[n++] = (struct column_id){class, 0};
    for (; mask != 0; mask &= mask - 1)
        out[n++] = (struct column_id){class, (uint32_t)__builtin_ctz(mask) + 1};
    return n;
}

static size_t
add_numbers(struct column_id *out, size_t n, enum block_class class, const uint16_t *numbers, size_t most)
{
    for (size_t i = 0; i < most && numbers[i] != 0; i++)
        out[n++] = (struct column_id){class, numbers[i]};
    return n;
}

static size_t
add_interests(const struct catalog *catalog, const struct offer_row *row, struct column_id *out, size_t n)
{
    for (size_t i = 0; i < OFFER_INTERESTS_MAX && row->interests[i] != 0; i++) {
        const struct interest *interest = catalog_interest(catalog, row->interests[i]);

        out[n++] = (struct column_id){BLOCK_INTEREST, row->interests[i]};
        if (interest == NULL || interest->parent == 0)
            continue;
        out[n++] = (struct column_id){BLOCK_CHILD, interest->parent};
        while (interest != NULL && interest->parent != 0) {
            out[n++] = (struct column_id){BLOCK_BELOW, interest->parent};
            interest = catalog_interest(catalog, interest->parent);
        }
    }
    return n;
}

size_t
block_row_columns(const struct catalog *catalog, const struct offer_row *row,
                  struct column_id out[BLOCK_ROW_COLUMNS_MAX])
{
    size_t n = add_interests(catalog, row, out, 0);

    out[n++] = (struct column_id){BLOCK_KIND, row->kind};
    out[n++] = (struct column_id){BLOCK_PARTNER_KIND, row->partner_kind};
    out[n++] = (struct column_id){BLOCK_MUNICIPALITY, row->municipality};
    n = add_mask(out, n, BLOCK_LEVEL, row->levels, true);
    n = add_mask(out, n, BLOCK_TRANSITION, row->transitions, true);
    n = add_mask(out, n, BLOCK_WEEKDAY, row->weekdays, true);
    n = add_mask(out, n, BLOCK_NEED, row->needs, false);
    n = add_numbers(out, n, BLOCK_LANGUAGE, row->languages, OFFER_LANGUAGES_MAX);
    n = add_numbers(out, n, BLOCK_FUND, row->funds, OFFER_FUNDS_MAX);
    assert(n <= BLOCK_ROW_COLUMNS_MAX);
    return n;
}

void
block_row_fields(const struct offer_row *row, int32_t out[BLOCK_FIELDS])
{
    out[BLOCK_COST] = (int32_t)row->cost_cents;
    out[BLOCK_START] = row->start == DATE_NONE ? INT32_MIN : row->start;
    out[BLOCK_END] = row->end == DATE_NONE ? INT32_MAX : row->end;
    out[BLOCK_DEADLINE] = row->deadline == DATE_NONE ? INT32_MAX : row->deadline;
    out[BLOCK_RESERVED_UNTIL] = row->reserved_until == DATE_NONE ? INT32_MAX : row->reserved_until;
    out[BLOCK_MIN_AGE] = row->min_age;
    out[BLOCK_MAX_AGE] = row->max_age;
}
