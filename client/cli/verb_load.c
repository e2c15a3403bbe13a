// SPDX-License-Identifier: Apache-2.0
// load: gives the daemon the stream of a store, piece by piece. Only the whole stream counts: what fails is
// given up, and the user is told what the store is then.
#include "client/cli/flags.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE_MAX ((size_t)256 << 10)
#define PIECE_MIN ((size_t)64 << 10) // a daemon's frames take at least twice that

struct loading {
    struct cli *cli;
    FILE *in;
    const char *path;
    uint8_t *piece;
    size_t most;
    uint64_t sent;
    struct progress bar;
};

static int
send_piece(struct loading *loading, size_t len)
{
    Kansen__V1__LoadStream load = KANSEN__V1__LOAD_STREAM__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Response *response;
    int status;

    load.data = (ProtobufCBinaryData){len, loading->piece};
    load.offset = loading->sent;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_LOAD_STREAM;
    write.load_stream = &load;
    status = cli_write(loading->cli, &write, NULL, &response);
    if (status != CLI_OK)
        return status;
    kansen__v1__response__free_unpacked(response, NULL);
    loading->sent += len;
    return CLI_OK;
}

static int
ask_status(struct loading *loading, Kansen__V1__Response **response)
{
    Kansen__V1__StatusRequest body = KANSEN__V1__STATUS_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_STATUS, &body);
    return kansen_call(loading->cli->kansen, &request, response);
}

// Whether the daemon has read the whole stream: it answers what else is asked only then.
static int
ask_end(struct loading *loading)
{
    Kansen__V1__Response *response;
    int result = ask_status(loading, &response);

    if (result != 0)
        return cli_broken(loading->cli, result);
    if (kansen_code(response) != 0)
        result =
            cli_fail(loading->cli, "DATA_LOSS", "", "%s ends before the end of its stream", loading->path);
    else
        printf("%" PRIu64 " partners, %" PRIu64 " offers, journal at %" PRIu64 "\n",
               response->server->partners, response->server->offers, response->server->sequence);
    kansen__v1__response__free_unpacked(response, NULL);
    return result;
}

static int
send_all(struct loading *loading)
{
    int status = CLI_OK;
    size_t len;

    while (status == CLI_OK && (len = fread(loading->piece, 1, loading->most, loading->in)) > 0) {
        status = send_piece(loading, len);
        progress_show_bytes(&loading->bar, loading->sent);
    }
    progress_clear(&loading->bar);
    if (status == CLI_OK && ferror(loading->in))
        status = cli_fail(loading->cli, "UNAVAILABLE", "", "%s: %s", loading->path, strerror(errno));
    if (status == CLI_OK && loading->sent == 0)
        return cli_fail(loading->cli, "INVALID_ARGUMENT", "", "%s is empty", loading->path);
    return status == CLI_OK ? ask_end(loading) : status;
}

static void
tell_state(struct loading *loading)
{
    Kansen__V1__Response *response;

    if (ask_status(loading, &response) != 0)
        return;
    if (kansen_code(response) != 0)
        fprintf(stderr, "kansenctl: the stream is not given up: load again, or restart the daemon\n");
    else if (response->server->regions == 0 && response->server->interests == 0)
        fprintf(stderr, "kansenctl: the store is empty; the daemon's next start reads its seeds\n");
    else
        fprintf(stderr, "kansenctl: the store is as it was\n");
    kansen__v1__response__free_unpacked(response, NULL);
}

// What was read so far goes. Told or not, the daemon does the same at its next start.
static void
give_up(struct loading *loading)
{
    Kansen__V1__LoadStream load = KANSEN__V1__LOAD_STREAM__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__Response *response;

    write.operation_case = KANSEN__V1__WRITE__OPERATION_LOAD_STREAM;
    write.load_stream = &load;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_WRITE, &write);
    if (loading->sent == 0 || kansen_call(loading->cli->kansen, &request, &response) != 0)
        return;
    kansen__v1__response__free_unpacked(response, NULL);
    tell_state(loading);
}

static int
load(struct cli *cli, FILE *in, const char *path)
{
    struct loading loading = {.cli = cli, .in = in, .path = path, .piece = malloc(PIECE_MAX)};
    int status = loading.piece == NULL ? cli_no_memory(cli) : cli_connect(cli);

    if (status == CLI_OK) {
        loading.most = kansen_hello(cli->kansen)->max_frame_bytes / 2;
        if (loading.most > PIECE_MAX)
            loading.most = PIECE_MAX;
        if (loading.most < PIECE_MIN)
            loading.most = PIECE_MIN;
        progress_start(&loading.bar, 0, false);
        status = send_all(&loading);
        if (status == CLI_NO)
            give_up(&loading);
    }
    free(loading.piece);
    return status;
}

int
verb_load_run(struct cli *cli, int argc, char **argv)
{
    int count, status = flags_read(cli, argc, argv, NULL, NULL, &count);
    bool standard;
    FILE *in;

    if (status == CLI_OK && count != 1)
        status = cli_usage(cli, count == 0 ? "which file?" : "unexpected argument");
    if (status != CLI_OK)
        return status;
    standard = strcmp(argv[0], "-") == 0;
    in = standard ? stdin : fopen(argv[0], "re");
    if (in == NULL)
        return cli_fail(cli, "NOT_FOUND", "", "%s: %s", argv[0], strerror(errno));
    status = load(cli, in, standard ? "standard input" : argv[0]);
    if (!standard)
        fclose(in);
    return status;
}
