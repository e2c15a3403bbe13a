// SPDX-License-Identifier: Apache-2.0
// round submit, withdraw. Lists stream: batches of writes, several in flight, whatever the number of
// students. A list that is too long for that goes in parts, each when the one before it was taken.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/lines.h"
#include "client/cli/progress.h"
#include "client/cli/round_list.h"
#include "client/cli/student.h"
#include "client/cli/uploader.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64u << 20)
#define BATCHES        4u
#define ABORTED        10           // google.rpc.Code: send it again
#define PART_BYTES     (128u << 10) // of the offers in one write; the daemon takes them in one go
#define PART_REST      64u          // of what a write that is a part has beside a whole one

struct options {
    const char *issuer, *student, *student_file;
};

struct submit {
    struct cli *cli;
    const char *round, *issuer;
    struct lines *lines;
    struct uploader *uploader;
    struct progress progress;
    bool refused; // the round takes no lists: one such answer is told, and nothing more is sent
    uint64_t rows, failed, outcomes[KANSEN__V1__OUTCOME__OUTCOME_REMOVED + 1];
    bool more; // what is under way is not the last part of a list
    json_t *errors;
};

#define AT(member) NULL, offsetof(struct options, member)
#define ISSUER                                                                                               \
    {                                                                                                        \
        "issuer", "NAME", "which school gave the references (the source of the client)", flags_set_given,    \
            AT(issuer)                                                                                       \
    }

const struct flag verb_round_submit_flags[] = {ISSUER, {0}};
const struct flag verb_round_student_flags[] = {ISSUER,
                                                STUDENT_FLAGS("required; the school's own reference",
                                                              offsetof(struct options, student),
                                                              offsetof(struct options, student_file)),
                                                {0}};

// ---- Submit

static void
tell(struct submit *submit, size_t line, const char *code, const char *field, const char *message)
{
    json_t *error = json_object();

    submit->failed++;
    progress_clear(&submit->progress);
    if (!submit->cli->json)
        fprintf(stderr, "line %zu: %s%s%s\n", line, field, field[0] == '\0' ? "" : ": ", message);
    json_put_number(error, "line", line);
    json_put_text(error, "code", code);
    json_put_text(error, "field", field);
    json_put_text(error, "message", message);
    json_array_append_new(submit->errors, error);
}

// Whether a refusal is one of the round: there is none of that name, or it takes no lists now.
static bool
is_of_round(const Kansen__V1__Status *status)
{
    return strcmp(status->field, "round") == 0 && status->code != ABORTED;
}

static void
on_result(void *arg, size_t line, const Kansen__V1__WriteResult *result)
{
    struct submit *submit = arg;
    const Kansen__V1__Status *status = result->status;
    const char *code;

    if (status == NULL || status->code == 0) {
        if (!submit->more)
            submit->outcomes[result->outcome <= KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? result->outcome : 0]++;
        return;
    }
    code = names_text(&names_code, status->code);
    if (is_of_round(status) && submit->refused) {
        submit->failed++;
        return;
    }
    submit->refused |= is_of_round(status);
    tell(submit, line, code != NULL ? code : "UNKNOWN", status->field, status->message);
}

static size_t
varint_bytes(uint64_t number)
{
    size_t bytes = 1;

    for (; number >= 0x80; number >>= 7)
        bytes++;
    return bytes;
}

// How many of the offers from this place on go into one write.
static size_t
count_part(const struct submit *submit, const Kansen__V1__SubmitRoundList *list, size_t from)
{
    Kansen__V1__SubmitRoundList empty = *list;
    size_t rest, room = uploader_room(submit->uploader), bytes = 0, n = 0;

    empty.n_offers = 0;
    rest = kansen__v1__submit_round_list__get_packed_size(&empty) + PART_REST;
    room = rest < room ? room - rest : 0;
    room = room < PART_BYTES ? room : PART_BYTES;
    for (; from + n < list->n_offers; n++) {
        bytes += varint_bytes(list->offers[from + n]);
        if (bytes > room && n > 0)
            break;
    }
    return n;
}

// Ends at the part that is refused: those behind it would be, too.
static int
submit_parts(struct submit *submit, const Kansen__V1__SubmitRoundList *list)
{
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__SubmitRoundList part = *list;
    int status = uploader_finish(submit->uploader);
    uint64_t failed = submit->failed;
    size_t at = 0;

    write.operation_case = KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST;
    write.submit_round_list = &part;
    while (status == CLI_OK && at < list->n_offers && submit->failed == failed) {
        part.behind = (uint32_t)at;
        part.offers = list->offers + at;
        part.n_offers = count_part(submit, list, at);
        at += part.n_offers;
        part.more = submit->more = at < list->n_offers;
        status = uploader_add(submit->uploader, submit->rows, &write);
        if (status == CLI_OK)
            status = uploader_finish(submit->uploader);
    }
    submit->more = false;
    return status;
}

static int
submit_list(struct submit *submit, Kansen__V1__SubmitRoundList *list)
{
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;

    if (count_part(submit, list, 0) < list->n_offers)
        return submit_parts(submit, list);
    write.operation_case = KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST;
    write.submit_round_list = list;
    return uploader_add(submit->uploader, submit->rows, &write);
}

static int
submit_line(struct submit *submit, const char *line, size_t len)
{
    struct query_json_fault fault;
    struct round_list list;
    int status = CLI_OK, rc = round_list_read(&list, submit->round, submit->issuer, line, len, &fault);

    if (rc == QUERY_E_BAD) {
        tell(submit, submit->rows, "INVALID_ARGUMENT", fault.field, fault.message.text);
    } else if (rc != 0) {
        status = cli_no_memory(submit->cli);
    } else {
        status = submit_list(submit, &list.message);
    }
    round_list_free(&list);
    return status;
}

static int
submit_lines(struct submit *submit, const char *file)
{
    int status = CLI_OK, rc = 0;
    char *line;
    size_t len;

    while (status == CLI_OK && !submit->refused &&
           (rc = lines_next(submit->lines, &line, &len)) != LINES_E_END) {
        if (rc < 0)
            return cli_fail(submit->cli, "UNAVAILABLE", "", "%s: %s", file, strerror(-rc));
        submit->rows++;
        if (rc == LINES_E_LONG)
            tell(submit, submit->rows, "INVALID_ARGUMENT", "", "the line is longer than 64 MiB");
        else
            status = submit_line(submit, line, len);
        progress_show(&submit->progress, lines_bytes(submit->lines), submit->rows);
    }
    return status == CLI_OK ? uploader_finish(submit->uploader) : status;
}

static int
print_summary(struct submit *submit)
{
    uint64_t created = submit->outcomes[KANSEN__V1__OUTCOME__OUTCOME_CREATED],
             updated = submit->outcomes[KANSEN__V1__OUTCOME__OUTCOME_UPDATED],
             unchanged = submit->outcomes[KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED];

    if (submit->cli->json) {
        json_t *object = json_object();

        json_put_number(object, "lists", submit->rows);
        json_put_number(object, "created", created);
        json_put_number(object, "updated", updated);
        json_put_number(object, "unchanged", unchanged);
        json_put_number(object, "failed", submit->failed);
        json_object_set(object, "errors", submit->errors);
        return cli_printed(submit->cli, json_print(object));
    }
    printf("round %s: %" PRIu64 " lists: %" PRIu64 " created, %" PRIu64 " updated, %" PRIu64
           " unchanged, %" PRIu64 " failed\n",
           submit->round, submit->rows, created, updated, unchanged, submit->failed);
    return cli_finish_output(submit->cli);
}

static int
submit_file(struct submit *submit, const char *file, int fd)
{
    const struct uploader_sink results = {on_result, submit};
    struct stat stat;
    int status = cli_connect(submit->cli);

    if (status != CLI_OK)
        return status;
    submit->errors = json_array();
    submit->lines = lines_new(fd, LINE_MAX_BYTES);
    submit->uploader = uploader_new(submit->cli, BATCHES, &results);
    progress_start(&submit->progress,
                   fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0, false);
    if (submit->lines == NULL || submit->uploader == NULL)
        status = cli_no_memory(submit->cli);
    else
        status = submit_lines(submit, file);
    progress_clear(&submit->progress);
    if (status == CLI_OK)
        status = print_summary(submit);
    uploader_free(submit->uploader);
    lines_free(submit->lines);
    json_decref(submit->errors);
    return status == CLI_OK && submit->failed > 0 ? CLI_NO : status;
}

int
verb_round_submit(struct cli *cli, int argc, char **argv)
{
    struct options options = {.issuer = ""};
    struct submit submit = {.cli = cli};
    int fd = STDIN_FILENO,
        status = flags_read_with(cli, argc, argv, &options, 2, "the name of a round, and a file of lists");

    if (status != CLI_OK)
        return status;
    submit.round = argv[0];
    submit.issuer = options.issuer;
    if (strcmp(argv[1], "-") != 0)
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_usage(cli, "%s: %s", argv[1], strerror(errno));
    status = submit_file(&submit, argv[1], fd);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

// ---- Withdraw

int
verb_round_withdraw(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__WithdrawRoundList withdraw = KANSEN__V1__WITHDRAW_ROUND_LIST__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options = {.issuer = ""};
    Kansen__V1__Response *response;
    char *student = NULL;
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, true, &student);
    if (status != CLI_OK)
        return status;
    withdraw.round = argv[0];
    withdraw.issuer = (char *)options.issuer;
    withdraw.student = student;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_WITHDRAW_ROUND_LIST;
    write.withdraw_round_list = &withdraw;
    status = cli_write(cli, &write, NULL, &response);
    student_free(student);
    if (status != CLI_OK)
        return status;
    kansen__v1__response__free_unpacked(response, NULL);
    if (cli->json) {
        json_t *object = json_object();

        json_put_text(object, "round", argv[0]);
        json_put_text(object, "outcome", "removed");
        return cli_printed(cli, json_print(object));
    }
    puts("list withdrawn");
    return cli_finish_output(cli);
}
