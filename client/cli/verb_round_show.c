// SPDX-License-Identifier: Apache-2.0
// round show, list, result, explain.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/pages.h"
#include "client/cli/round.h"
#include "client/cli/round_secret.h"
#include "client/cli/round_shown.h"
#include "client/cli/student.h"
#include "client/cli/verbs.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *issuer, *student, *student_file, *ref, *language;
};

#define AT(member) NULL, offsetof(struct options, member)
#define WHO(need)                                                                                            \
    {"issuer", "NAME", "which school gave the reference (the source of the client)", flags_set_given,        \
     AT(issuer)},                                                                                            \
        STUDENT_FLAGS(need "the school's own reference", offsetof(struct options, student),                  \
                      offsetof(struct options, student_file)),                                               \
    {                                                                                                        \
        "ref", "HEX", "in its place, for operators: the reference in the round", flags_set_given, AT(ref)    \
    }

const struct flag verb_round_result_flags[] = {WHO(""), {0}};
const struct flag verb_round_explain_flags[] = {
    WHO(""), {"language", "nl|en", "of the text (nl)", flags_set_given, AT(language)}, {0}};

// ---- Show

int
verb_round_show(struct cli *cli, int argc, char **argv)
{
    struct options options = {0};
    Kansen__V1__Response *response;
    const Kansen__V1__GetRoundResponse *got;
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK)
        status = round_fetch(cli, argv[0], &response);
    if (status != CLI_OK)
        return status;
    got = response->get_round;
    if (cli->json) {
        status = cli_printed(cli, round_shown_json(got->round, got->plan));
    } else {
        round_shown_text(got->round, got->plan);
        status = cli_finish_output(cli);
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

static int
tell_rounds(void *arg, const Kansen__V1__Response *page)
{
    int status = CLI_OK;

    for (size_t i = 0; i < page->list_rounds->n_rounds && status == CLI_OK; i++)
        status = round_tell(arg, page->list_rounds->rounds[i]);
    return status;
}

int
verb_round_list(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListRoundsRequest list = KANSEN__V1__LIST_ROUNDS_REQUEST__INIT;
    struct options options = {0};
    int status = flags_read_with(cli, argc, argv, &options, 0, "");

    return status == CLI_OK
               ? pages_each(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUNDS, &list.base, tell_rounds, cli)
               : status;
}

// ---- A student

// Who is asked about.
struct who {
    Kansen__V1__GetRoundStudentRequest get;
    char *student;                   // free it; NULL where it is named by ref, or not at all
    uint8_t ref[ROUND_SECRET_BYTES]; // that get points to
};

// By the school's reference, or by that in the round; nothing is set where nobody is named, which is wrong
// usage if `required`.
static int
read_reference(struct cli *cli, const struct options *options, bool required, struct who *who)
{
    if (options->ref == NULL)
        return student_read(cli, options->student, options->student_file, required, &who->student);
    if (options->student != NULL || options->student_file != NULL || options->issuer[0] != '\0')
        return cli_usage_at(cli, "--ref", "it stands in the place of --student and --issuer");
    if (!round_secret_parse(options->ref, who->ref))
        return cli_usage_at(cli, "--ref", "a reference in a round has 64 hexadecimal digits");
    who->get.ref = (ProtobufCBinaryData){ROUND_SECRET_BYTES, who->ref};
    return CLI_OK;
}

// *named tells whether somebody is.
static int
read_who(struct cli *cli, int argc, char **argv, bool required, struct who *who, bool *named)
{
    struct options options = {.issuer = "", .language = ""};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    who->student = NULL;
    kansen__v1__get_round_student_request__init(&who->get);
    if (status == CLI_OK)
        status = read_reference(cli, &options, required, who);
    if (status != CLI_OK)
        return status;
    *named = who->student != NULL || options.ref != NULL;
    who->get.round = argv[0];
    who->get.issuer = (char *)options.issuer;
    if (who->student != NULL)
        who->get.student = who->student;
    who->get.language = (char *)options.language;
    return CLI_OK;
}

static json_t *
result_json(const char *round, const Kansen__V1__GetRoundStudentResponse *got)
{
    json_t *object = json_object();

    json_put_text(object, "round", round);
    round_shown_put_hex(object, "ref", &got->student->ref);
    if (got->result == NULL)
        return object;
    json_put_number(object, "offer", got->result->offer_id);
    json_put_number(object, "rank", got->result->rank);
    json_put_number(object, "lottery_rank", got->result->lottery_rank);
    json_put_number(object, "placement", got->result->placement_id);
    if (got->result->corrected)
        json_put_number(object, "corrected_offer", got->result->corrected_offer_id);
    return object;
}

// What it was computed as stands in the record; what the student has now is the correction.
static void
tell_corrected(const Kansen__V1__RoundResult *result)
{
    if (result->corrected_offer_id == 0)
        printf("no seat; corrected");
    else
        printf("offer %" PRIu64 "; placement %" PRIu64 "; corrected", result->corrected_offer_id,
               result->placement_id);
    if (result->offer_id == 0)
        printf(", the lottery had given no seat\n");
    else
        printf(", the lottery had given offer %" PRIu64 ", choice %" PRIu32 "\n", result->offer_id,
               result->rank);
}

static int
not_computed(struct cli *cli, const char *round)
{
    return cli_fail(cli, "FAILED_PRECONDITION", "round", "round %s is not computed", round);
}

// A line "REF OFFER RANK" of the file result.
static int
print_result(struct cli *cli, const char *line)
{
    char ref[ROUND_SECRET_HEX], offer[32];
    json_t *object;
    unsigned rank;

    if (!cli->json)
        return fputs(line, stdout) == EOF ? -1 : 0;
    if (sscanf(line, "%64s %31s %u", ref, offer, &rank) != 3)
        return 0;
    object = json_object();
    json_put_text(object, "ref", ref);
    json_put_number(object, "offer", strtoull(offer, NULL, 10)); // "-" is 0
    json_put_number(object, "rank", rank);
    return json_print(object);
}

static int
print_page(void *arg, const Kansen__V1__Response *page)
{
    struct cli *cli = arg;
    int result = 0;

    for (size_t i = 0; i < page->list_round_lines->n_lines && result == 0; i++)
        result = print_result(cli, page->list_round_lines->lines[i]->result);
    return cli_printed(cli, result);
}

// The results of all students, for operators.
static int
print_results(struct cli *cli, char *name)
{
    Kansen__V1__ListRoundLinesRequest list = KANSEN__V1__LIST_ROUND_LINES_REQUEST__INIT;

    list.round = name;
    list.sort = KANSEN__V1__ROUND_LINE_SORT__ROUND_LINE_SORT_STUDENTS;
    return pages_each(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUND_LINES, &list.base, print_page, cli);
}

int
verb_round_result(struct cli *cli, int argc, char **argv)
{
    struct who who;
    Kansen__V1__Response *response;
    const Kansen__V1__RoundResult *result;
    bool named;
    int status = read_who(cli, argc, argv, false, &who, &named);

    if (status != CLI_OK || !named)
        return status == CLI_OK ? print_results(cli, argv[0]) : status;
    who.get.limit = 1;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND_STUDENT, &who.get, &response);
    student_free(who.student);
    if (status != CLI_OK)
        return status;
    result = response->get_round_student->result;
    if (result == NULL)
        status = not_computed(cli, argv[0]);
    else if (cli->json)
        status = cli_printed(cli, json_print(result_json(argv[0], response->get_round_student)));
    else if (result->corrected)
        tell_corrected(result);
    else if (result->rank == 0)
        printf("no seat; lottery rank %" PRIu32 "\n", result->lottery_rank);
    else
        printf("offer %" PRIu64 ", choice %" PRIu32 "; lottery rank %" PRIu32 "; placement %" PRIu64 "\n",
               result->offer_id, result->rank, result->lottery_rank, result->placement_id);
    kansen__v1__response__free_unpacked(response, NULL);
    return status == CLI_OK ? cli_finish_output(cli) : status;
}

static json_t *
wish_json(const Kansen__V1__RoundWish *wish)
{
    json_t *object = json_object();

    json_put_number(object, "offer", wish->offer_id);
    json_put_text(object, "reason", wish->reason);
    if (wish->rule_line[0] != '\0')
        json_put_text(object, "rule_line", wish->rule_line);
    else
        json_put_number(object, "class", wish->class_);
    if (wish->class_label[0] != '\0')
        json_put_text(object, "class_label", wish->class_label);
    if (wish->cutoff[0] != '\0')
        json_put_text(object, "cutoff", wish->cutoff);
    json_object_set_new(object, "own_lottery", json_boolean(wish->own_lottery));
    json_put_number(object, "lottery_rank", wish->lottery_rank);
    json_put_number(object, "lottery_size", wish->lottery_size);
    return object;
}

// What is printed as one object when all of it is there.
struct explained {
    json_t *object, *wishes, *text;
};

static void
add_json(struct explained *explained, const Kansen__V1__GetRoundStudentResponse *got)
{
    json_t *page = json_object();

    for (size_t i = 0; i < got->n_wishes; i++)
        json_array_append_new(explained->wishes, wish_json(got->wishes[i]));
    json_put_texts(page, "text", got->text, got->n_text);
    json_array_extend(explained->text, json_object_get(page, "text"));
    json_decref(page);
}

// Takes what came of some wishes: prints it, or adds it to the object.
static int
take_wishes(struct cli *cli, const char *round, const Kansen__V1__GetRoundStudentResponse *got,
            struct explained *explained)
{
    if (got->result == NULL)
        return not_computed(cli, round);
    if (!cli->json) {
        for (size_t i = 0; i < got->n_text; i++)
            puts(got->text[i]);
        return cli_finish_output(cli);
    }
    if (explained->object == NULL) {
        *explained = (struct explained){result_json(round, got), json_array(), json_array()};
        json_object_set(explained->object, "wishes", explained->wishes);
        json_object_set(explained->object, "text", explained->text);
    }
    add_json(explained, got);
    return CLI_OK;
}

int
verb_round_explain(struct cli *cli, int argc, char **argv)
{
    struct explained explained = {.object = NULL};
    Kansen__V1__Response *response;
    struct who who;
    bool named;
    int status = read_who(cli, argc, argv, true, &who, &named);

    if (status != CLI_OK)
        return status;
    do { // as many wishes at a time as fit a frame
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND_STUDENT, &who.get, &response);
        if (status != CLI_OK)
            break;
        status = take_wishes(cli, argv[0], response->get_round_student, &explained);
        who.get.first_wish = response->get_round_student->next_wish;
        kansen__v1__response__free_unpacked(response, NULL);
    } while (status == CLI_OK && who.get.first_wish != 0);
    student_free(who.student);
    if (status == CLI_OK && cli->json)
        status = cli_printed(cli, json_print(json_incref(explained.object)));
    json_decref(explained.wishes);
    json_decref(explained.text);
    json_decref(explained.object);
    return status;
}
