// SPDX-License-Identifier: Apache-2.0
// Reads regions.csv and interests.csv through the project's own tables of columns.
#include "tests/bench/workload_seeds.h"
#include "proto/rows.h"
#include "tests/bench/workload.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES    4096
#define ROWS_MAX          65535u // an index has 16 bits
#define OTHER_TOWN_WEIGHT 33u

// Thousands of inhabitants of the larger municipalities (CBS).
static const struct {
    const char *code;
    uint32_t thousands;
} inhabitants[] = {
    {"GM0363", 931}, {"GM0599", 670}, {"GM0518", 566}, {"GM0344", 374}, {"GM0772", 246}, {"GM0014", 244},
    {"GM0855", 229}, {"GM0034", 226}, {"GM0758", 188}, {"GM0268", 187}, {"GM0202", 167}, {"GM0200", 168},
    {"GM0392", 167}, {"GM0307", 161}, {"GM0153", 161}, {"GM0394", 163}, {"GM0796", 160}, {"GM0479", 160},
    {"GM0193", 134}, {"GM0546", 128}, {"GM0637", 127}, {"GM0080", 128}, {"GM0228", 123}, {"GM0935", 125},
    {"GM0505", 121}, {"GM1992", 75},  {"GM0361", 112}, {"GM0114", 108}, {"GM0503", 107}, {"GM0150", 103},
    {"GM0622", 75},  {"GM0606", 81},  {"GM0484", 116}, {"GM1598", 40},  {"GM0164", 83},
};

static uint32_t
thousands_of(const char *code)
{
    for (size_t i = 0; i < sizeof inhabitants / sizeof *inhabitants; i++)
        if (strcmp(inhabitants[i].code, code) == 0)
            return inhabitants[i].thousands;
    return OTHER_TOWN_WEIGHT;
}

// Room for one more of size bytes behind count in *array, which doubles. 0 or a negative errno.
static int
make_room(void **array, uint32_t count, size_t size)
{
    void *grown;

    if (count >= ROWS_MAX)
        return -E2BIG;
    if ((count & (count - 1)) != 0)
        return 0;
    grown = realloc(*array, (count != 0 ? (size_t)count * 2 : 1) * size);
    if (grown == NULL)
        return -ENOMEM;
    *array = grown;
    return 0;
}

static int
on_region(void *arg, size_t line, const Kansen__V1__Write *write)
{
    const Kansen__V1__Region *region = write->upsert_region->region;
    struct workload *out = arg;
    struct workload_town *town;
    void *towns = out->towns;
    int r;

    (void)line;
    if (region->type != KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY || *region->successor != '\0')
        return 0;
    r = make_room(&towns, out->n_towns, sizeof *out->towns);
    if (r != 0)
        return r;
    out->towns = towns;
    town = &out->towns[out->n_towns++];
    *town = (struct workload_town){.lat_e6 = region->centroid->lat_e6,
                                   .lon_e6 = region->centroid->lon_e6,
                                   .weight = thousands_of(region->code)};
    snprintf(town->code, sizeof town->code, "%s", region->code);
    return 0;
}

static int
add_interest(struct workload *out, const char *code)
{
    void *interests = out->interests;
    int r = make_room(&interests, out->n_interests, sizeof *out->interests);

    if (r != 0)
        return r;
    out->interests = interests;
    snprintf(out->interests[out->n_interests++].code, sizeof out->interests->code, "%s", code);
    return 0;
}

static int
on_interest(void *arg, size_t line, const Kansen__V1__Write *write)
{
    (void)line;
    return add_interest(arg, write->upsert_interest->interest->code);
}

static int
on_error(void *arg, const struct rows_error *error)
{
    (void)arg;
    fprintf(stderr, "line %zu: %s: %s\n", error->line, error->field, error->message);
    return -EINVAL;
}

static int
read_seeds(const char *seeds_dir, const struct rows_table *table, const char *name,
           int (*on_write)(void *, size_t, const Kansen__V1__Write *), struct workload *out)
{
    const struct rows_sink sink = {.on_write = on_write, .on_error = on_error, .arg = out};
    char path[PATH_MAX_BYTES];
    FILE *file;
    int r;

    if (snprintf(path, sizeof path, "%s/%s", seeds_dir, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    file = fopen(path, "re");
    r = file == NULL ? -errno : rows_read(table, file, "", &sink);
    if (file != NULL)
        fclose(file);
    if (r == ROWS_E_HEADER)
        r = -EINVAL;
    if (r != 0)
        fprintf(stderr, "%s: %s\n", path, strerror(-r));
    return r;
}

int
workload_seeds_towns(const char *seeds_dir, struct workload *out)
{
    int r = read_seeds(seeds_dir, &rows_regions, "regions.csv", on_region, out);

    return r == 0 && out->n_towns == 0 ? -EINVAL : r;
}

int
workload_seeds_interests(const char *seeds_dir, struct workload *out)
{
    int r = read_seeds(seeds_dir, &rows_interests, "interests.csv", on_interest, out);

    return r == 0 && out->n_interests < WORKLOAD_OFFER_INTERESTS ? -EINVAL : r;
}

int
workload_seeds_flat(uint32_t count, struct workload *out)
{
    for (uint32_t i = 0; i < count; i++) {
        char code[sizeof out->interests->code];
        int r;

        snprintf(code, sizeof code, "i%03u", i);
        r = add_interest(out, code);
        if (r != 0)
            return r;
    }
    return 0;
}
