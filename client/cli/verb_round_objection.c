// SPDX-License-Identifier: Apache-2.0
// round object, objections, review, agree: what a person decides beside the lottery.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/listing.h"
#include "client/cli/round.h"
#include "client/cli/round_secret.h"
#include "client/cli/student.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct options {
    const char *issuer, *student, *student_file, *reason;
    int kind;
    uint64_t offer;
    bool confirm, correct, no_offer, refuse;
};

#define AT(member) NULL, offsetof(struct options, member)

const struct flag verb_round_object_flags[] = {
    {"issuer", "NAME", "which school gave the reference (the source of the client)", flags_set_given,
     AT(issuer)},
    STUDENT_FLAGS("required; the school's own reference", offsetof(struct options, student),
                  offsetof(struct options, student_file)),
    {"kind", "WORD", "required; what is wrong", flags_set_word, &names_objection_kind,
     offsetof(struct options, kind)},
    {0}};
const struct flag verb_round_review_flags[] = {
    {"confirm", NULL, "the result stands", flags_set_true, AT(confirm)},
    {"correct", NULL, "it is to be corrected", flags_set_true, AT(correct)},
    {"offer", "ID", "of a published result: the offer that the student gets", flags_set_large, AT(offer)},
    {"no-offer", NULL, "of a published result: the student gets none", flags_set_true, AT(no_offer)},
    {"reason", "TEXT", "required; why, without names", flags_set_given, AT(reason)},
    {0}};
const struct flag verb_round_agree_flags[] = {
    {"refuse", NULL, "do not agree: the objection is open again", flags_set_true, AT(refuse)}, {0}};

static const char *
state_word(const Kansen__V1__RoundObjection *objection)
{
    const char *word = names_text(&names_objection_state, (int)objection->state);

    return word != NULL ? word : "?";
}

static int
write_and_tell(struct cli *cli, Kansen__V1__Write *write, const char *what)
{
    Kansen__V1__Response *response;
    int status = cli_write(cli, write, NULL, &response), result = 0;

    if (status != CLI_OK)
        return status;
    if (cli->json) {
        json_t *object = json_object();

        json_put_number(object, "objection", response->write->id);
        json_put_number(object, "version", response->write->version);
        json_put_number(object, "sequence", response->write->sequence);
        result = json_print(object);
    } else {
        result = printf("objection %" PRIu64 " %s\n", response->write->id, what) < 0 ? -1 : 0;
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

int
verb_round_object(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ObjectToRound object = KANSEN__V1__OBJECT_TO_ROUND__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options = {.issuer = ""};
    char *student = NULL;
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK && options.kind == 0)
        status = cli_usage_at(cli, "--kind", "this flag is missing");
    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, true, &student);
    if (status != CLI_OK)
        return status;
    object.round = argv[0];
    object.issuer = (char *)options.issuer;
    object.student = student;
    object.kind = (Kansen__V1__RoundObjectionKind)options.kind;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_OBJECT_TO_ROUND;
    write.object_to_round = &object;
    status = write_and_tell(cli, &write, "is open");
    student_free(student);
    return status;
}

static int
read_id(struct cli *cli, int argc, char **argv, struct options *options, uint64_t *id)
{
    int status =
        flags_read_with(cli, argc, argv, options, 2, "the name of a round, and the id of an objection");

    if (status == CLI_OK && !verb_record_is_id(argv[1], id))
        status = cli_usage(cli, "\"%s\" is no id of an objection", argv[1]);
    return status;
}

// A published result is corrected to something, which is said; one that is not is made anew from its input.
static int
check_correction(struct cli *cli, const char *name, const struct options *options)
{
    Kansen__V1__Response *response;
    int status;
    bool published;

    if (options->offer != 0 && options->no_offer)
        return cli_usage_at(cli, "--offer", "give either --offer or --no-offer");
    if (!options->correct)
        return options->offer == 0 && !options->no_offer
                   ? CLI_OK
                   : cli_usage_at(cli, "--offer", "it goes with --correct only");
    if (options->offer != 0 || options->no_offer)
        return CLI_OK;
    status = round_fetch(cli, name, &response);
    if (status != CLI_OK)
        return status;
    published = response->get_round->round->published_us != 0;
    kansen__v1__response__free_unpacked(response, NULL);
    return published ? cli_usage_at(cli, "--offer",
                                    "round %s is published: say by --offer what the student gets, or by "
                                    "--no-offer that it loses its seat",
                                    name)
                     : CLI_OK;
}

int
verb_round_review(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ReviewObjection review = KANSEN__V1__REVIEW_OBJECTION__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options = {.reason = NULL};
    int status = read_id(cli, argc, argv, &options, &review.id);

    if (status == CLI_OK && options.confirm == options.correct)
        status = cli_usage_at(cli, "--confirm", "give either --confirm or --correct");
    if (status == CLI_OK && options.reason == NULL)
        status = cli_usage_at(cli, "--reason", "this flag is missing");
    if (status == CLI_OK)
        status = check_correction(cli, argv[0], &options);
    if (status != CLI_OK)
        return status;
    review.round = argv[0];
    review.correct = options.correct;
    review.reason = (char *)options.reason;
    review.to_offer = options.offer;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_REVIEW_OBJECTION;
    write.review_objection = &review;
    return write_and_tell(cli, &write, "is reviewed");
}

int
verb_round_agree(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__AgreeToCorrection agree = KANSEN__V1__AGREE_TO_CORRECTION__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options = {.refuse = false};
    int status = read_id(cli, argc, argv, &options, &agree.id);

    if (status != CLI_OK)
        return status;
    agree.round = argv[0];
    agree.refuse = options.refuse;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_AGREE_TO_CORRECTION;
    write.agree_to_correction = &agree;
    return write_and_tell(cli, &write, options.refuse ? "is open again" : "is corrected");
}

// ---- List

static const char *
ref_text(const Kansen__V1__RoundObjection *objection, char out[ROUND_SECRET_HEX])
{
    return objection->ref.len == ROUND_SECRET_BYTES ? round_secret_text(objection->ref.data, out) : "";
}

static int
print_json(const ProtobufCMessage *record)
{
    const Kansen__V1__RoundObjection *objection = (const void *)record;
    json_t *object = json_object();
    char ref[ROUND_SECRET_HEX];

    json_put_number(object, "objection", objection->id);
    json_put_text(object, "ref", ref_text(objection, ref));
    json_put_text(object, "client", objection->client);
    json_put_word(object, "kind", &names_objection_kind, (int)objection->kind);
    json_put_text(object, "state", state_word(objection));
    json_put_text(object, "reviewer", objection->reviewer);
    json_put_text(object, "reason", objection->reason);
    json_put_text(object, "second_reviewer", objection->second_reviewer);
    json_put_number(object, "from_offer", objection->from_offer);
    json_put_number(object, "to_offer", objection->to_offer);
    json_put_number(object, "placement", objection->placement_id);
    return json_print(object);
}

// Whether it says where the student goes: what is corrected before publication is the list, and to that no
// second operator agrees.
static bool
has_target(const Kansen__V1__RoundObjection *objection)
{
    switch (objection->state) {
    case KANSEN__V1__ROUND_OBJECTION_STATE__ROUND_OBJECTION_STATE_PROPOSED:
        return true;
    case KANSEN__V1__ROUND_OBJECTION_STATE__ROUND_OBJECTION_STATE_CORRECTED:
        return objection->second_reviewer[0] != '\0';
    default:
        return false;
    }
}

static void
add_row(struct table *table, const ProtobufCMessage *record)
{
    const Kansen__V1__RoundObjection *objection = (const void *)record;
    const char *kind = names_text(&names_objection_kind, (int)objection->kind);
    char ref[ROUND_SECRET_HEX];

    table_row(table);
    table_cellf(table, 0, "%" PRIu64, objection->id);
    table_cell(table, 1, kind != NULL ? kind : "?");
    table_cell(table, 2, state_word(objection));
    table_cellf(table, 3, "%" PRIu64, objection->from_offer);
    if (has_target(objection))
        table_cellf(table, 4, "%" PRIu64, objection->to_offer);
    else
        table_cell(table, 4, "-");
    table_cell(table, 5, ref_text(objection, ref));
    table_cell(table, 6, objection->reason);
}

static const struct table_column columns[] = {
    {"ID", TABLE_RIGHT, 0}, {"KIND", 0, 0},    {"STATE", 0, 0},           {"FROM", TABLE_RIGHT, 0},
    {"TO", TABLE_RIGHT, 0}, {"STUDENT", 0, 0}, {"REASON", TABLE_TRUNC, 1}};
static const struct listing listing = {columns, sizeof columns / sizeof columns[0], add_row, print_json};

int
verb_round_objections(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListRoundObjectionsRequest list = KANSEN__V1__LIST_ROUND_OBJECTIONS_REQUEST__INIT;
    struct options options = {.issuer = ""};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status != CLI_OK)
        return status;
    list.round = argv[0];
    return listing_print(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUND_OBJECTIONS, &list.base, &listing);
}
