// SPDX-License-Identifier: Apache-2.0
// partner and offer: add, show, list, change the status, remove. Both are the same but for the messages,
// which a table holds.
#include "client/cli/verb_record.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/message.h"
#include "client/cli/pages.h"
#include "client/cli/record.h"
#include "client/cli/verbs.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (16u << 20) // bytes of one record, far above what a frame holds

static const struct kind {
    const struct rows_table *table;
    Kansen__V1__Request__BodyCase get_case;
    const ProtobufCMessageDescriptor *get, *list;
    Kansen__V1__Write__OperationCase status_case, remove_case;
    const ProtobufCMessageDescriptor *set_status, *remove;
} kinds[] = {
    {&rows_partners, KANSEN__V1__REQUEST__BODY_GET_PARTNER, &kansen__v1__get_partner_request__descriptor,
     &kansen__v1__list_partners_request__descriptor, KANSEN__V1__WRITE__OPERATION_SET_PARTNER_STATUS,
     KANSEN__V1__WRITE__OPERATION_REMOVE_PARTNER, &kansen__v1__set_partner_status__descriptor,
     &kansen__v1__remove_partner__descriptor},
    {&rows_offers, KANSEN__V1__REQUEST__BODY_GET_OFFER, &kansen__v1__get_offer_request__descriptor,
     &kansen__v1__list_offers_request__descriptor, KANSEN__V1__WRITE__OPERATION_SET_OFFER_STATUS,
     KANSEN__V1__WRITE__OPERATION_REMOVE_OFFER, &kansen__v1__set_offer_status__descriptor,
     &kansen__v1__remove_offer__descriptor},
};

// What the flags of these verbs set.
struct options {
    const char *source, *partner, *key;
    int status, kind;
};

#define SOURCE(help)                                                                                         \
    {                                                                                                        \
        "source", "NAME", help, flags_set_given, NULL, offsetof(struct options, source)                      \
    }
#define WORD(name, names)                                                                                    \
    {                                                                                                        \
#name, "WORD", "only of this " #name, flags_set_word, &(names), offsetof(struct options, name)       \
    }

const struct flag verb_record_source_flags[] = {SOURCE("source of external ids (that of the client)"), {0}};
const struct flag verb_record_write_flags[] = {
    SOURCE("source of external ids (that of the client)"), FLAGS_KEY(offsetof(struct options, key)), {0}};
const struct flag verb_record_partner_list_flags[] = {
    SOURCE("only of this source"), WORD(status, names_partner_status), WORD(kind, names_partner_kind), {0}};
const struct flag verb_record_offer_list_flags[] = {
    SOURCE("only of this source"),
    WORD(status, names_offer_status),
    WORD(kind, names_offer_kind),
    {"partner", "PARTNER", "only of this partner", flags_set_given, NULL, offsetof(struct options, partner)},
    {0}};

static const struct kind *
kind_of(const struct rows_table *table)
{
    return table == &rows_partners ? &kinds[0] : &kinds[1];
}

// For the id of verb_record_names_id, which must be one that a record can have.
static int
check_id(const struct cli *cli, const char *text, uint64_t id)
{
    return id > 0
               ? CLI_OK
               : cli_usage(cli, "%s is no id, ids start at 1; an external id is written ext:%s", text, text);
}

// Asks for the record that text names.
static int
get(struct cli *cli, const struct kind *kind, const char *text, const char *source,
    Kansen__V1__Response **response)
{
    struct arena *arena = arena_new(64u << 10);
    ProtobufCMessage *request = arena != NULL ? message_new(kind->get, arena) : NULL;
    const char *external_id;
    uint64_t id;
    int status = CLI_OK;

    if (request == NULL) {
        status = cli_no_memory(cli);
    } else if (verb_record_names_id(text, source, &id, &external_id)) {
        status = check_id(cli, text, id);
        message_set_u64(request, "id", id);
    } else {
        message_set_text(request, "external_id", external_id);
        message_set_text(request, "source", source);
    }
    if (status == CLI_OK)
        status = cli_ask(cli, kind->get_case, request, response);
    arena_free(arena);
    return status;
}

bool
verb_record_is_id(const char *text, uint64_t *id)
{
    size_t len = strlen(text);

    if (len == 0 || len > 19 || strspn(text, "0123456789") != len)
        return false;
    *id = strtoull(text, NULL, 10);
    return *id > 0;
}

bool
verb_record_names_id(const char *text, const char *source, uint64_t *id, const char **external_id)
{
    bool external = strncmp(text, "ext:", 4) == 0;
    size_t len;

    *external_id = external ? text + 4 : text;
    if (external || source[0] != '\0')
        return false;
    if (strncmp(text, "id:", 3) == 0)
        text += 3;
    len = strlen(text);
    if (len == 0 || strspn(text, "0123456789") != len)
        return false;
    if (!verb_record_is_id(text, id))
        *id = 0; // no record has such an id; that it is no external id either stays true
    return true;
}

int
verb_record_find(struct cli *cli, const struct rows_table *table, const char *text, const char *source,
                 uint64_t *id)
{
    Kansen__V1__Response *response;
    const char *external_id;
    int status;

    if (verb_record_names_id(text, source, id, &external_id))
        return check_id(cli, text, *id);
    status = get(cli, kind_of(table), text, source, &response);
    if (status != CLI_OK)
        return status;
    *id = message_u64(&response->get_partner->base, "id");
    kansen__v1__response__free_unpacked(response, NULL);
    return CLI_OK;
}

// Tells what a write did.
static int
tell_result(struct cli *cli, const struct rows_table *table, const Kansen__V1__WriteResult *result)
{
    const char *outcome = names_text(&names_outcome, (int)result->outcome);

    if (cli->json) {
        json_t *object = json_object();

        json_put_number(object, table->record, result->id);
        json_put_text(object, "outcome", outcome != NULL ? outcome : "");
        json_put_number(object, "version", result->version);
        json_put_number(object, "sequence", result->sequence);
        return cli_printed(cli, json_print(object));
    }
    printf("%s %" PRIu64 " %s\n", table->record, result->id, outcome != NULL ? outcome : "");
    return CLI_OK;
}

static int
write_and_tell(struct cli *cli, Kansen__V1__Write *write, const char *key)
{
    Kansen__V1__Response *response;
    int status = cli_write(cli, write, key, &response);

    if (status != CLI_OK)
        return status;
    status = tell_result(cli, cli->verb->record, response->write);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

// Reads flags and one positional argument: the record that the verb is about.
static int
read_one(struct cli *cli, int argc, char **argv, struct options *options, const char **text)
{
    int count, status;

    *options = (struct options){.source = ""};
    status = flags_read(cli, argc, argv, options, NULL, &count);
    if (status != CLI_OK)
        return status;
    if (count != 1)
        return cli_usage(cli, "needs one %s: an id, or an external id", cli->verb->record->record);
    *text = argv[0];
    return CLI_OK;
}

int
verb_record_show(struct cli *cli, int argc, char **argv)
{
    const struct rows_table *table = cli->verb->record;
    Kansen__V1__Response *response;
    struct options options;
    const char *text;
    int status = read_one(cli, argc, argv, &options, &text), result;

    if (status == CLI_OK)
        status = get(cli, kind_of(table), text, options.source, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(record_json(table, &response->get_partner->base))
                       : record_print(table, &response->get_partner->base);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

static int
print_page(struct cli *cli, ProtobufCMessage *const *records, size_t count, bool first)
{
    const struct rows_table *table = cli->verb->record;

    if (!cli->json)
        return cli_printed(cli, record_print_page(table, records, count, first));
    for (size_t i = 0; i < count; i++)
        if (json_print(record_json(table, records[i])) != 0)
            return cli_printed(cli, -1);
    return CLI_OK;
}

static int
print_list(struct cli *cli, struct pages *pages)
{
    ProtobufCMessage *const *records;
    size_t count = 0;

    for (bool first = true;; first = false) {
        int status = pages_next(pages, &records, &count);

        if (status == CLI_OK && count > 0)
            status = print_page(cli, records, count, first);
        if (status != CLI_OK || count == 0)
            return status;
    }
}

int
verb_record_list(struct cli *cli, int argc, char **argv)
{
    const struct kind *kind = kind_of(cli->verb->record);
    struct options options = {.source = ""};
    struct arena *arena = arena_new(64u << 10);
    ProtobufCMessage *request = arena != NULL ? message_new(kind->list, arena) : NULL;
    struct pages *pages = NULL;
    uint64_t partner_id = 0;
    int count, status = CLI_OK;

    status = request != NULL ? flags_read(cli, argc, argv, &options, NULL, &count) : cli_no_memory(cli);
    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    if (status == CLI_OK && options.partner != NULL)
        status = verb_record_find(cli, &rows_partners, options.partner, options.source, &partner_id);
    if (status == CLI_OK) {
        message_set_text(request, "source", options.source);
        message_set_u32(request, "status", (uint32_t)options.status);
        message_set_u32(request, "kind", (uint32_t)options.kind);
        if (partner_id != 0)
            message_set_u64(request, "partner_id", partner_id);
        status = pages_open(cli, cli->verb->record, request, &pages);
    }
    if (status == CLI_OK)
        status = print_list(cli, pages);
    pages_close(pages);
    arena_free(arena);
    return status;
}

// Writes the operation about the record that text names. It has an id and, where set is not 0, a status.
static int
write_about(struct cli *cli, const char *text, const struct options *options,
            Kansen__V1__Write__OperationCase operation_case, const ProtobufCMessageDescriptor *descriptor,
            int set)
{
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct arena *arena = arena_new(64u << 10);
    ProtobufCMessage *operation = arena != NULL ? message_new(descriptor, arena) : NULL;
    uint64_t id;
    int status = operation != NULL ? verb_record_find(cli, cli->verb->record, text, options->source, &id)
                                   : cli_no_memory(cli);

    if (status == CLI_OK) {
        message_set_u64(operation, "id", id);
        if (set != 0)
            message_set_u32(operation, "status", (uint32_t)set);
        write.operation_case = operation_case;
        write.upsert_partner = (void *)operation; // all members are pointers to messages
        status = write_and_tell(cli, &write, options->key);
    }
    arena_free(arena);
    return status;
}

int
verb_record_status(struct cli *cli, int argc, char **argv)
{
    const struct kind *kind = kind_of(cli->verb->record);
    struct options options;
    const char *text;
    int status = read_one(cli, argc, argv, &options, &text);

    if (status != CLI_OK)
        return status;
    return write_about(cli, text, &options, kind->status_case, kind->set_status, cli->verb->status);
}

int
verb_record_remove(struct cli *cli, int argc, char **argv)
{
    const struct kind *kind = kind_of(cli->verb->record);
    struct options options;
    const char *text;
    int status = read_one(cli, argc, argv, &options, &text);

    if (status != CLI_OK)
        return status;
    return write_about(cli, text, &options, kind->remove_case, kind->remove, 0);
}

// Fills a record from the flags' values. All columns that an import needs are needed here too, so that an
// export of what was added can be imported.
static int
read_record(struct cli *cli, const char **values, ProtobufCMessage *record, struct arena *arena)
{
    const struct rows_table *table = cli->verb->record;
    struct column_message bad;
    char name[FLAGS_NAME_MAX];
    uint64_t given = 0;

    for (size_t i = 0; i < table->count; i++) {
        char *text;

        if (values[i] == NULL || values[i][0] == '\0')
            continue;
        text = arena_strdup(arena, values[i]);
        if (text == NULL)
            return cli_no_memory(cli);
        given |= UINT64_C(1) << i;
        for (char *c = text; table->columns[i].type >= COLUMN_TEXTS && *c != '\0'; c++)
            *c = *c == ',' ? ';' : *c; // a ';' is awkward in a shell
        switch (column_parse(&table->columns[i], record, text, strlen(text), false, arena, &bad)) {
        case 0:
            break;
        case COLUMN_E_BAD:
            return cli_usage_at(cli, flags_spell(table->columns[i].name, name), "%s", bad.text);
        default:
            return cli_no_memory(cli);
        }
    }
    for (size_t i = 0; i < table->count; i++)
        if (columns_missing(table, i, given, &bad) != 0)
            return cli_usage_at(cli, flags_spell(table->columns[i].name, name), "this flag is missing%s",
                                i == 0 ? "; it is the id by which imports and exports know the record" : "");
    return CLI_OK;
}

// An offer's partner may be an id too.
static void
use_partner_id(Kansen__V1__Offer *offer, const char *source)
{
    const char *external_id;
    uint64_t id;

    if (verb_record_names_id(offer->partner_external_id, source, &id, &external_id)) {
        offer->partner_id = id;
        external_id = "";
    }
    offer->partner_external_id = (char *)external_id;
}

// Fields become the flags of their columns.
void
verb_record_reword(const struct verb *verb, const Kansen__V1__Status *status, struct cli_words *words)
{
    bool partner = strcmp(status->field, "offer.partner_id") == 0; // another name of the column's member
    const struct column *column =
        columns_at_path(verb->columns, partner ? "partner_external_id" : status->field);

    if (column == NULL)
        return;
    flags_spell(column->name, words->field);
    if (strcmp(column->name, "region") == 0)
        words->hint = CLI_HINT_REGIONS;
    else if (strcmp(column->name, "interests") == 0 && strchr(status->field, '[') != NULL)
        words->hint = CLI_HINT_INTERESTS;
}

int
verb_record_add(struct cli *cli, int argc, char **argv)
{
    const struct rows_table *table = cli->verb->record;
    const char *values[COLUMNS_MAX] = {NULL};
    struct options options = {.source = ""};
    struct arena *arena = arena_new(MEMORY_MAX);
    ProtobufCMessage *record = arena != NULL ? columns_record(table, arena) : NULL;
    Kansen__V1__Write *write;
    int count, status;

    status = record != NULL ? flags_read(cli, argc, argv, &options, values, &count) : cli_no_memory(cli);
    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    if (status == CLI_OK)
        status = read_record(cli, values, record, arena);
    if (status == CLI_OK) {
        if (table == &rows_offers)
            use_partner_id((Kansen__V1__Offer *)record, options.source);
        write = columns_write(table, record, true, options.source, arena);
        status = write != NULL ? write_and_tell(cli, write, options.key) : cli_no_memory(cli);
    }
    arena_free(arena);
    return status;
}
