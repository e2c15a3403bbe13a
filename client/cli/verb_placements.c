// SPDX-License-Identifier: Apache-2.0
// placement list and show, and how often a partner declined: what is read about placements.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/pages.h"
#include "client/cli/placement.h"
#include "client/cli/student.h"
#include "client/cli/table.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "proto/columns.h"
#include <inttypes.h>
#include <stdio.h>

// What the flags of these verbs set.
struct options {
    const char *source, *offer, *partner, *student, *student_file;
    int state;
};

#define AT(member) NULL, offsetof(struct options, member)

const struct flag verb_placements_list_flags[] = {
    {"offer", "OFFER", "only of this offer", flags_set_given, AT(offer)},
    {"partner", "PARTNER", "only of this partner", flags_set_given, AT(partner)},
    {"state", "WORD", "only in this state", flags_set_word, &names_placement_state,
     offsetof(struct options, state)},
    STUDENT_FLAGS("only of the student with your reference", offsetof(struct options, student),
                  offsetof(struct options, student_file)),
    {"source", "NAME", "source of external ids (that of the client)", flags_set_given, AT(source)},
    {0}};
const struct flag verb_placements_source_flags[] = {
    {"source", "NAME", "source of an external id (that of the client)", flags_set_given, AT(source)}, {0}};

static int
print_page(struct cli *cli, ProtobufCMessage *const *records, size_t count, bool first)
{
    // The messages of this list are placements.
    Kansen__V1__Placement *const *placements = (Kansen__V1__Placement *const *)(const void *)records;

    if (!cli->json)
        return cli_printed(cli, placement_print_page(placements, count, first));
    for (size_t i = 0; i < count; i++)
        if (json_print(placement_json(placements[i])) != 0)
            return cli_printed(cli, -1);
    return CLI_OK;
}

static int
print_list(struct cli *cli, Kansen__V1__ListPlacementsRequest *request)
{
    struct pages *pages;
    ProtobufCMessage *const *records;
    size_t count = 1;
    int status = pages_open(cli, NULL, &request->base, &pages);

    if (status != CLI_OK)
        return status;
    for (bool first = true; status == CLI_OK && count > 0; first = false) {
        status = pages_next(pages, &records, &count);
        if (status == CLI_OK && count > 0)
            status = print_page(cli, records, count, first);
    }
    pages_close(pages);
    return status;
}

int
verb_placements_list(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListPlacementsRequest request = KANSEN__V1__LIST_PLACEMENTS_REQUEST__INIT;
    struct options options = {.source = ""};
    char *student = NULL;
    int count, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    if (status == CLI_OK && options.offer != NULL)
        status = verb_record_find(cli, &rows_offers, options.offer, options.source, &request.offer_id);
    if (status == CLI_OK && options.partner != NULL)
        status = verb_record_find(cli, &rows_partners, options.partner, options.source, &request.partner_id);
    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, false, &student);
    request.state = (Kansen__V1__PlacementState)options.state;
    if (student != NULL)
        request.student = student;
    if (status == CLI_OK)
        status = print_list(cli, &request);
    student_free(student);
    return status;
}

int
verb_placements_show(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__GetPlacementRequest request = KANSEN__V1__GET_PLACEMENT_REQUEST__INIT;
    Kansen__V1__Response *response;
    int count, result, status = flags_read(cli, argc, argv, NULL, NULL, &count);

    if (status == CLI_OK && count != 1)
        status = cli_usage(cli, "needs the id of a placement");
    if (status == CLI_OK && !verb_record_is_id(argv[0], &request.id))
        status = cli_usage(cli, "\"%s\" is no id of a placement", argv[0]);
    if (status == CLI_OK)
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_PLACEMENT, &request, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(placement_json(response->get_placement))
                       : placement_print(response->get_placement);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

static json_t *
declines_json(uint64_t partner, const Kansen__V1__CountDeclinesResponse *answer)
{
    json_t *object = json_object(), *counts = json_object();
    uint64_t total = 0;

    json_put_number(object, "partner", partner);
    for (size_t i = 0; i < answer->n_counts; i++) {
        const char *word = names_text(&names_decline_reason, (int)answer->counts[i]->reason);

        json_put_number(counts, word, answer->counts[i]->count);
        total += answer->counts[i]->count;
    }
    json_object_set_new(object, "declines", counts);
    json_put_number(object, "total", total);
    return object;
}

static int
print_declines(const Kansen__V1__CountDeclinesResponse *answer)
{
    static const struct table_column heads[] = {{"REASON", 0, 0}, {"DECLINES", TABLE_RIGHT, 0}};
    struct table *table;
    int result;

    if (answer->n_counts == 0)
        return puts("This partner has declined nothing.") != EOF ? 0 : -1;
    table = table_new(heads, 2, true);
    if (table == NULL)
        return -1;
    for (size_t i = 0; i < answer->n_counts; i++) {
        const char *word = names_text(&names_decline_reason, (int)answer->counts[i]->reason);

        table_row(table);
        table_cell(table, 0, word != NULL ? word : "");
        table_cellf(table, 1, "%" PRIu64, answer->counts[i]->count);
    }
    result = table_print(table);
    table_free(table);
    return result;
}

int
verb_placements_declines(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__CountDeclinesRequest request = KANSEN__V1__COUNT_DECLINES_REQUEST__INIT;
    struct options options = {.source = ""};
    Kansen__V1__Response *response;
    int count, result, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count != 1)
        status = cli_usage(cli, "needs one partner: an id, or an external id");
    if (status == CLI_OK)
        status = verb_record_find(cli, &rows_partners, argv[0], options.source, &request.partner_id);
    if (status == CLI_OK)
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_COUNT_DECLINES, &request, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(declines_json(request.partner_id, response->count_declines))
                       : print_declines(response->count_declines);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}
