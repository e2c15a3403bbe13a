// SPDX-License-Identifier: Apache-2.0
// interests and regions: look-up by what a person types.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/record.h"
#include "client/cli/table.h"
#include "client/cli/verbs.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024u

struct options {
    uint32_t limit;
};

const struct flag verb_find_flags[] = {
    {"limit", "N", "most hits, 1 to 100 (10)", flags_set_number, NULL, offsetof(struct options, limit)}, {0}};

// Reads flags and the text: all arguments, joined by a space.
static int
read_text(struct cli *cli, int argc, char **argv, struct options *options, char text[TEXT_MAX])
{
    size_t used = 0;
    int count, status = flags_read(cli, argc, argv, options, NULL, &count);

    if (status != CLI_OK)
        return status;
    if (count == 0)
        return cli_usage(cli, "needs a text to look for");
    for (int i = 0; i < count && used < TEXT_MAX; i++)
        used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s", i > 0 ? " " : "", argv[i]);
    return used < TEXT_MAX ? CLI_OK : cli_usage(cli, "the text is too long, allowed: 100 characters");
}

static int
print_interests(struct cli *cli, const Kansen__V1__FindInterestsResponse *answer)
{
    static const struct table_column heads[] = {
        {"CODE", 0, 0}, {"DUTCH", 0, 0}, {"ENGLISH", 0, 0}, {"MET", TABLE_TRUNC, 0}};
    struct table *table = cli->json ? NULL : table_new(heads, sizeof heads / sizeof heads[0], true);
    int result = cli->json || table != NULL ? 0 : -1;

    for (size_t i = 0; i < answer->n_found && result == 0; i++) {
        const Kansen__V1__FoundInterest *found = answer->found[i];

        if (found->interest == NULL)
            continue; // no daemon that keeps to the protocol
        if (cli->json) {
            json_t *object = record_json(&rows_interests, &found->interest->base);

            json_put_text(object, "met", found->met);
            result = json_print(object);
            continue;
        }
        table_row(table);
        table_cell(table, 0, found->interest->code);
        table_cell(table, 1, found->interest->label_nl);
        table_cell(table, 2, found->interest->label_en);
        table_cell(table, 3, found->met);
    }
    if (result == 0 && table != NULL)
        result = answer->n_found > 0 ? table_print(table) : puts("No interest is called so.") == EOF ? -1 : 0;
    table_free(table);
    return cli_printed(cli, result);
}

int
verb_find_interests(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__FindInterestsRequest request = KANSEN__V1__FIND_INTERESTS_REQUEST__INIT;
    Kansen__V1__Response *response;
    struct options options = {0};
    char text[TEXT_MAX];
    int status = read_text(cli, argc, argv, &options, text);

    if (status != CLI_OK)
        return status;
    request.text = text;
    request.limit = options.limit;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_FIND_INTERESTS, &request, &response);
    if (status != CLI_OK)
        return status;
    status = print_interests(cli, response->find_interests);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

static void
add_region(struct table *table, const Kansen__V1__FoundRegion *found)
{
    const Kansen__V1__Region *region = found->region;
    const char *type = names_text(&names_region_type, (int)region->type);

    table_row(table);
    table_cell(table, 0, region->code);
    table_cell(table, 1, type != NULL ? type : "");
    table_cell(table, 2, region->name);
    table_cell(table, 3, found->municipality);
    if (region->centroid != NULL)
        table_cellf(table, 4, "%.6f,%.6f", region->centroid->lat_e6 / 1e6, region->centroid->lon_e6 / 1e6);
    table_cell(table, 5, found->met);
}

static int
print_regions(struct cli *cli, const Kansen__V1__FindRegionsResponse *answer)
{
    static const struct table_column heads[] = {{"CODE", 0, 0},           {"TYPE", 0, 0},
                                                {"NAME", TABLE_TRUNC, 0}, {"MUNICIPALITY", 0, 0},
                                                {"CENTROID", 0, 0},       {"MET", TABLE_TRUNC, 0}};
    struct table *table = cli->json ? NULL : table_new(heads, sizeof heads / sizeof heads[0], true);
    int result = cli->json || table != NULL ? 0 : -1;

    for (size_t i = 0; i < answer->n_found && result == 0; i++) {
        const Kansen__V1__FoundRegion *found = answer->found[i];

        if (found->region == NULL)
            continue;
        if (cli->json) {
            json_t *object = record_json(&rows_regions, &found->region->base);

            json_put_text(object, "municipality", found->municipality);
            json_put_text(object, "met", found->met);
            result = json_print(object);
            continue;
        }
        add_region(table, found);
    }
    if (result == 0 && table != NULL)
        result = answer->n_found > 0 ? table_print(table) : puts("No region is called so.") == EOF ? -1 : 0;
    table_free(table);
    return cli_printed(cli, result);
}

int
verb_find_regions(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__FindRegionsRequest request = KANSEN__V1__FIND_REGIONS_REQUEST__INIT;
    Kansen__V1__Response *response;
    struct options options = {0};
    char text[TEXT_MAX];
    int status = read_text(cli, argc, argv, &options, text);

    if (status != CLI_OK)
        return status;
    request.text = text;
    request.limit = options.limit;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_FIND_REGIONS, &request, &response);
    if (status != CLI_OK)
        return status;
    status = print_regions(cli, response->find_regions);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}
