// SPDX-License-Identifier: Apache-2.0
// dump and journal export: a stream of the store, or of its journal, as the daemon gives it, piece by piece.
// Where it goes to a file, that gets its name when it is whole.
#include "client/cli/flags.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART_END ".part"

struct options {
    uint64_t from, to;
};

const struct flag verb_dump_journal_flags[] = {
    {"from", "SEQ", "first entry (the oldest that is kept)", flags_set_large, NULL,
     offsetof(struct options, from)},
    {"to", "SEQ", "last entry (the newest)", flags_set_large, NULL, offsetof(struct options, to)},
    {0}};

static int
put_piece(const struct cli *cli, FILE *out, const Kansen__V1__DumpResponse *piece)
{
    if (fwrite(piece->data.data, 1, piece->data.len, out) == piece->data.len)
        return CLI_OK;
    return cli_fail(cli, "UNAVAILABLE", "", "it can not be written: %s", strerror(errno));
}

static int
pull(struct cli *cli, Kansen__V1__DumpRequest *request, FILE *out)
{
    struct progress bar;
    uint64_t bytes = 0;
    bool end = false;
    int status = CLI_OK;

    progress_start(&bar, 0, out == stdout);
    while (!end && status == CLI_OK) {
        Kansen__V1__Response *response;

        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_DUMP, request, &response);
        if (status != CLI_OK)
            break;
        status = put_piece(cli, out, response->dump);
        bytes += response->dump->data.len;
        end = response->dump->end;
        kansen__v1__response__free_unpacked(response, NULL);
        kansen__v1__dump_request__init(request); // the next piece
        progress_show_bytes(&bar, bytes);
    }
    progress_clear(&bar);
    return status;
}

// Under another name first, so that what has the name is whole.
static int
pull_to_file(struct cli *cli, Kansen__V1__DumpRequest *request, const char *path)
{
    char part[4096];
    int fd, status;
    FILE *out;

    if (snprintf(part, sizeof part, "%s" PART_END, path) >= (int)sizeof part)
        return cli_usage(cli, "%s: the name is too long", path);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL)
        return cli_fail(cli, "UNAVAILABLE", "", "%s: %s", part, strerror(errno));
    status = pull(cli, request, out);
    if (status == CLI_OK && (fflush(out) != 0 || fsync(fd) != 0))
        status = cli_fail(cli, "UNAVAILABLE", "", "%s: %s", part, strerror(errno));
    if (fclose(out) != 0 && status == CLI_OK)
        status = cli_fail(cli, "UNAVAILABLE", "", "%s: %s", part, strerror(errno));
    if (status == CLI_OK && rename(part, path) != 0)
        status = cli_fail(cli, "UNAVAILABLE", "", "%s: %s", path, strerror(errno));
    if (status != CLI_OK)
        unlink(part);
    return status;
}

static int
run(struct cli *cli, int argc, char **argv, Kansen__V1__StreamKind kind)
{
    Kansen__V1__DumpRequest request = KANSEN__V1__DUMP_REQUEST__INIT;
    struct options options = {0};
    int count, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count > 1)
        status = cli_usage(cli, "unexpected argument %s", argv[1]);
    if (status == CLI_OK && count == 0 && isatty(STDOUT_FILENO) == 1)
        status = cli_usage(cli, "a stream is not for a terminal; name a file");
    if (status != CLI_OK)
        return status;
    request.kind = kind;
    request.from_sequence = options.from;
    request.to_sequence = options.to;
    if (count == 0 || strcmp(argv[0], "-") == 0)
        return pull(cli, &request, stdout);
    return pull_to_file(cli, &request, argv[0]);
}

int
verb_dump_store(struct cli *cli, int argc, char **argv)
{
    return run(cli, argc, argv, KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE);
}

int
verb_dump_journal(struct cli *cli, int argc, char **argv)
{
    return run(cli, argc, argv, KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL);
}
