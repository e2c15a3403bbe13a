// SPDX-License-Identifier: Apache-2.0
#include "client/cli/listing.h"
#include "client/cli/pages.h"

struct printing {
    struct cli *cli;
    const struct listing *listing;
    bool begun; // the names of the columns are printed
};

static int
print_json(const struct listing *listing, ProtobufCMessage *const *records, size_t count)
{
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++)
        result = listing->print_json(records[i]);
    return result;
}

static int
print_table(const struct listing *listing, bool heading, ProtobufCMessage *const *records, size_t count)
{
    struct table *table = table_new(listing->columns, listing->n_columns, heading);
    int result;

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        listing->add_row(table, records[i]);
    result = table_print(table);
    table_free(table);
    return result;
}

static int
print_page(void *arg, const Kansen__V1__Response *page)
{
    struct printing *printing = arg;
    size_t count;
    ProtobufCMessage *const *records = pages_records(page, &count);
    int result = 0;

    if (printing->cli->json) {
        result = print_json(printing->listing, records, count);
    } else if (count > 0) {
        result = print_table(printing->listing, !printing->begun, records, count);
        printing->begun = true;
    }
    return cli_printed(printing->cli, result);
}

int
listing_print(struct cli *cli, Kansen__V1__Request__BodyCase body_case, ProtobufCMessage *request,
              const struct listing *listing)
{
    struct printing printing = {.cli = cli, .listing = listing};

    return pages_each(cli, body_case, request, print_page, &printing);
}
