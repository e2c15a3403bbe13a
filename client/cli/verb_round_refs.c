// SPDX-License-Identifier: Apache-2.0
// round refs: the references in a round of a school's own students, by which it asks for their receipts: its
// own references stay with it.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/lines.h"
#include "client/cli/round_secret.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STUDENT_MAX 200u // bytes of a school's reference

struct options {
    const char *issuer;
};

const struct flag verb_round_refs_flags[] = {{"issuer", "NAME",
                                              "which school gave the references (the source of the client)",
                                              flags_set_given, NULL, offsetof(struct options, issuer)},
                                             {0}};

static int
tell(struct cli *cli, const char *student, const uint8_t *ref)
{
    char text[ROUND_SECRET_HEX];

    round_secret_text(ref, text);
    if (cli->json) {
        json_t *object = json_object();

        json_put_text(object, "ref", text);
        json_put_text(object, "student", student);
        return cli_printed(cli, json_print(object));
    }
    printf("%s %s\n", text, student);
    return CLI_OK;
}

static int
ask(struct cli *cli, char *round, char *issuer, char *student)
{
    Kansen__V1__GetRoundStudentRequest get = KANSEN__V1__GET_ROUND_STUDENT_REQUEST__INIT;
    const Kansen__V1__RoundStudent *got;
    Kansen__V1__Response *response;
    int status;

    get.round = round;
    get.issuer = issuer;
    get.student = student;
    get.limit = 1; // of what the list has, nothing is told
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND_STUDENT, &get, &response);
    if (status != CLI_OK)
        return status;
    got = response->get_round_student->student;
    if (got == NULL || got->ref.len != ROUND_SECRET_BYTES)
        status = cli_fail(cli, "INTERNAL", "", "the answer has no reference");
    else
        status = tell(cli, student, got->ref.data);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

static int
ask_all(struct cli *cli, char *round, char *issuer, const char *file, int fd)
{
    struct lines *lines = lines_new(fd, STUDENT_MAX);
    unsigned long long number = 0;
    int rc, status = CLI_OK;
    char *line;
    size_t len;

    if (lines == NULL)
        return cli_no_memory(cli);
    while (status == CLI_OK && (rc = lines_next(lines, &line, &len)) != LINES_E_END) {
        number++;
        if (rc < 0)
            status = cli_fail(cli, "UNAVAILABLE", "", "%s: %s", file, strerror(-rc));
        else if (rc != 0 || len == 0 || strlen(line) != len)
            status = cli_usage(cli, "%s:%llu: a line has one student's reference, 1 to %u bytes", file,
                               number, STUDENT_MAX);
        else
            status = ask(cli, round, issuer, line);
    }
    if (status == CLI_NO)
        fprintf(stderr, "%s:%llu: nothing is told from this line on\n", file, number);
    lines_free(lines);
    return status == CLI_OK ? cli_finish_output(cli) : status;
}

int
verb_round_refs(struct cli *cli, int argc, char **argv)
{
    struct options options = {.issuer = ""};
    int fd = STDIN_FILENO;
    int status = flags_read_with(cli, argc, argv, &options, 2,
                                 "the name of a round, and a file with one reference a line, or -");

    if (status != CLI_OK)
        return status;
    if (strcmp(argv[1], "-") != 0)
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_usage(cli, "%s: %s", argv[1], strerror(errno));
    status = ask_all(cli, argv[0], (char *)options.issuer, argv[1], fd);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}
