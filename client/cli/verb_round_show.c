// SPDX-License-Identifier: Apache-2.0
// round show, list, result, explain.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/round.h"
#include "client/cli/round_bins.h"
#include "client/cli/round_secret.h"
#include "client/cli/student.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_MAX 50u // characters

struct options {
    const char *issuer, *student, *student_file, *language;
};

#define AT(member) NULL, offsetof(struct options, member)
#define WHO(need)                                                                                            \
    {"issuer", "NAME", "which school gave the reference (the source of the client)", flags_set_given,        \
     AT(issuer)},                                                                                            \
        STUDENT_FLAGS(need "the school's own reference", offsetof(struct options, student),                  \
                      offsetof(struct options, student_file))

const struct flag verb_round_result_flags[] = {WHO(""), {0}};
const struct flag verb_round_explain_flags[] = {
    WHO("required; "), {"language", "nl|en", "of the text (nl)", flags_set_given, AT(language)}, {0}};

// ---- Show

static void
put_hex(json_t *object, const char *key, const ProtobufCBinaryData *bytes)
{
    char text[ROUND_SECRET_HEX];

    if (bytes->len == ROUND_SECRET_BYTES)
        json_put_text(object, key, round_secret_text(bytes->data, text));
}

static json_t *
ranks_json(const uint64_t *ranks, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_integer((json_int_t)ranks[i]));
    return array;
}

static int
show_json(struct cli *cli, const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    json_t *object = json_object(), *parties = json_array();

    json_put_text(object, "round", round->name);
    json_put_word(object, "state", &names_round_state, (int)round->state);
    json_put_number(object, "version", round->version);
    json_put_number(object, "revision", round->revision);
    json_put_text(object, "region", plan->region);
    json_put_text(object, "rule", plan->rule);
    for (size_t i = 0; i < plan->n_parties; i++) {
        json_t *party = json_object();

        json_put_text(party, "name", plan->parties[i]->name);
        put_hex(party, "commitment", &plan->parties[i]->commitment);
        json_array_append_new(parties, party);
    }
    json_object_set_new(object, "parties", parties);
    put_hex(object, "commitment", &plan->commitment);
    put_hex(object, "salt", &plan->salt);
    json_put_text(object, "beacon_source", plan->beacon->source);
    json_put_text(object, "beacon_date", plan->beacon->date);
    put_hex(object, "seed", &round->seed);
    put_hex(object, "input_digest", &round->input_digest);
    put_hex(object, "result_digest", &round->result_digest);
    put_hex(object, "cutoff_digest", &round->cutoff_digest);
    put_hex(object, "merkle_root", &round->merkle_root);
    json_put_number(object, "offers", round->offers);
    json_put_number(object, "own_lotteries", round->own_lotteries);
    json_put_number(object, "seats", round->seats);
    json_put_number(object, "reserved", round->reserved);
    json_put_number(object, "students", round->students);
    json_put_number(object, "referred", round->referred);
    json_put_number(object, "unfinished", round->unfinished);
    json_put_number(object, "assigned", round->assigned);
    json_put_number(object, "assigned_referred", round->assigned_referred);
    json_object_set_new(object, "ranks", ranks_json(round->ranks, round->n_ranks));
    json_object_set_new(object, "ranks_referred", ranks_json(round->ranks_referred, round->n_ranks_referred));
    return cli_printed(cli, json_print(object));
}

static void
print_time(const char *what, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    if (time_us != 0)
        printf("%-12s %s\n", what, time_text_seconds(time_us, text));
}

static void
print_digest(const char *what, const ProtobufCBinaryData *bytes)
{
    char text[ROUND_SECRET_HEX];

    if (bytes->len == ROUND_SECRET_BYTES)
        printf("%-12s %s\n", what, round_secret_text(bytes->data, text));
}

static void
print_bar(const char *label, uint64_t count, uint64_t most, uint64_t total)
{
    size_t width = most == 0 ? 0 : (size_t)(count * BAR_MAX / most);

    if (count > 0 && width == 0)
        width = 1;
    printf("%12s ", label);
    for (size_t i = 0; i < BAR_MAX; i++)
        fputs(i < width ? "\u2588" : " ", stdout);
    printf(" %8" PRIu64 " %5.1f %%\n", count, total == 0 ? 0.0 : 100.0 * (double)count / (double)total);
}

// The rank histogram and the share without a seat.
static void
print_ranks(const Kansen__V1__Round *round)
{
    uint64_t most = round_bins_count(round, 0, false);
    char label[24];

    for (size_t rank = 1; rank <= round->n_ranks; rank++)
        most = round_bins_count(round, rank, false) > most ? round_bins_count(round, rank, false) : most;
    puts("\nChoice obtained");
    for (size_t rank = 1; rank <= round->n_ranks; rank++) {
        snprintf(label, sizeof label, "%zu", rank);
        print_bar(label, round_bins_count(round, rank, false), most, round->students);
    }
    print_bar("none", round_bins_count(round, 0, false), most, round->students);
    if (round->referred > 0 && round->referred < round->students)
        printf("\nWithout a seat: %.1f %% of the referred, %.1f %% of the others\n",
               100.0 * (double)round_bins_count(round, 0, true) / (double)round->referred,
               100.0 * (double)(round_bins_count(round, 0, false) - round_bins_count(round, 0, true)) /
                   (double)(round->students - round->referred));
}

static void
show_text(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    const char *state = names_text(&names_round_state, (int)round->state);

    printf("%-12s %s\n%-12s %s\n%-12s %" PRIu32 "\n", "round", round->name, "state",
           state != NULL ? state : "?", "revision", round->revision);
    if (plan->region[0] != '\0')
        printf("%-12s %s\n", "region", plan->region);
    printf("%-12s %" PRIu64 " with %" PRIu64 " seats, %" PRIu64 " reserved\n", "offers", round->offers,
           round->seats, round->reserved);
    if (round->own_lotteries > 0)
        printf("%-12s %" PRIu64 " offers draw one of their own\n", "lotteries", round->own_lotteries);
    printf("%-12s %" PRIu64 ", %" PRIu64 " referred\n", "students", round->students, round->referred);
    if (round->unfinished > 0)
        printf("%-12s %" PRIu64 " lists whose last part has not come; they do not take part\n", "unfinished",
               round->unfinished);
    for (size_t i = 0; i < plan->n_parties; i++)
        print_digest(plan->parties[i]->name, &plan->parties[i]->commitment);
    print_digest("commitment", &plan->commitment);
    printf("%-12s %s, %s\n", "beacon", plan->beacon->source, plan->beacon->date);
    print_digest("input", &round->input_digest);
    print_digest("seed", &round->seed);
    print_digest("result", &round->result_digest);
    print_digest("merkle", &round->merkle_root);
    print_time("frozen", round->frozen_us);
    print_time("drawn", round->drawn_us);
    print_time("computed", round->computed_us);
    print_time("published", round->published_us);
    if (round->merkle_root.len > 0 && round->students > 0)
        print_ranks(round);
}

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
        status = show_json(cli, got->round, got->plan);
    } else {
        show_text(got->round, got->plan);
        status = cli_finish_output(cli);
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

int
verb_round_list(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListRoundsRequest list = KANSEN__V1__LIST_ROUNDS_REQUEST__INIT;
    Kansen__V1__Response *response, *last = NULL;
    struct options options = {0};
    bool more = true;
    int status = flags_read_with(cli, argc, argv, &options, 0, "");

    while (status == CLI_OK && more) {
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUNDS, &list, &response);
        if (status != CLI_OK)
            break;
        for (size_t i = 0; i < response->list_rounds->n_rounds && status == CLI_OK; i++)
            status = round_tell(cli, response->list_rounds->rounds[i]);
        more = response->list_rounds->next_cursor.len > 0;
        list.cursor = response->list_rounds->next_cursor;
        if (last != NULL)
            kansen__v1__response__free_unpacked(last, NULL);
        last = response; // has the cursor
    }
    if (last != NULL)
        kansen__v1__response__free_unpacked(last, NULL);
    return status;
}

// ---- A student

// Who is asked about; *student is the caller's to free, and NULL where none is named, which is wrong usage if
// `required`.
static int
read_student(struct cli *cli, int argc, char **argv, bool required, Kansen__V1__GetRoundStudentRequest *get,
             char **student)
{
    struct options options = {.issuer = "", .language = ""};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    *student = NULL;
    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, required, student);
    if (status != CLI_OK || *student == NULL)
        return status;
    kansen__v1__get_round_student_request__init(get);
    get->round = argv[0];
    get->issuer = (char *)options.issuer;
    get->student = *student;
    get->language = (char *)options.language;
    return CLI_OK;
}

static json_t *
result_json(const char *round, const Kansen__V1__GetRoundStudentResponse *got)
{
    json_t *object = json_object();

    json_put_text(object, "round", round);
    put_hex(object, "ref", &got->student->ref);
    if (got->result == NULL)
        return object;
    json_put_number(object, "offer", got->result->offer_id);
    json_put_number(object, "rank", got->result->rank);
    json_put_number(object, "lottery_rank", got->result->lottery_rank);
    json_put_number(object, "placement", got->result->placement_id);
    return object;
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

// The results of all students, for operators.
static int
print_results(struct cli *cli, char *name)
{
    Kansen__V1__ListRoundLinesRequest list = KANSEN__V1__LIST_ROUND_LINES_REQUEST__INIT;
    Kansen__V1__Response *response, *last = NULL;
    int status = CLI_OK, result = 0;

    list.round = name;
    list.sort = KANSEN__V1__ROUND_LINE_SORT__ROUND_LINE_SORT_STUDENTS;
    list.limit = 1000;
    do {
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUND_LINES, &list, &response);
        if (status != CLI_OK)
            break;
        for (size_t i = 0; i < response->list_round_lines->n_lines && result == 0; i++)
            result = print_result(cli, response->list_round_lines->lines[i]->result);
        list.cursor = response->list_round_lines->next_cursor;
        if (last != NULL)
            kansen__v1__response__free_unpacked(last, NULL);
        last = response; // has the cursor
    } while (result == 0 && list.cursor.len > 0);
    if (last != NULL)
        kansen__v1__response__free_unpacked(last, NULL);
    return status == CLI_OK ? cli_printed(cli, result) : status;
}

int
verb_round_result(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__GetRoundStudentRequest get;
    Kansen__V1__Response *response;
    const Kansen__V1__RoundResult *result;
    char *student;
    int status = read_student(cli, argc, argv, false, &get, &student);

    if (status != CLI_OK || student == NULL)
        return status == CLI_OK ? print_results(cli, argv[0]) : status;
    get.limit = 1;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND_STUDENT, &get, &response);
    student_free(student);
    if (status != CLI_OK)
        return status;
    result = response->get_round_student->result;
    if (result == NULL)
        status = not_computed(cli, argv[0]);
    else if (cli->json)
        status = cli_printed(cli, json_print(result_json(argv[0], response->get_round_student)));
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
    Kansen__V1__GetRoundStudentRequest get;
    struct explained explained = {.object = NULL};
    Kansen__V1__Response *response;
    char *student;
    int status = read_student(cli, argc, argv, true, &get, &student);

    if (status != CLI_OK)
        return status;
    do { // as many wishes at a time as fit a frame
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND_STUDENT, &get, &response);
        if (status != CLI_OK)
            break;
        status = take_wishes(cli, argv[0], response->get_round_student, &explained);
        get.first_wish = response->get_round_student->next_wish;
        kansen__v1__response__free_unpacked(response, NULL);
    } while (status == CLI_OK && get.first_wish != 0);
    student_free(student);
    if (status == CLI_OK && cli->json)
        status = cli_printed(cli, json_print(json_incref(explained.object)));
    json_decref(explained.wishes);
    json_decref(explained.text);
    json_decref(explained.object);
    return status;
}
