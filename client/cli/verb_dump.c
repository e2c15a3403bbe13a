// SPDX-License-Identifier: Apache-2.0
// dump and journal export: a stream of the store, or of its journal, as the daemon gives it, piece by piece.
// Where it goes to a file, that gets its name when it is whole. Then what is in it is said, on standard
// output unless that is the stream.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include "proto/frame.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <kansen/v1/stream.pb-c.h>
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

// What has come.
struct stream {
    bool journal;
    uint64_t first; // sequence in a journal
    uint64_t last;  // the same, first - 1 when there is no entry; of a store the sequence that it is of
    uint64_t bytes;
};

// The header is a whole frame at the beginning of the first piece.
static int
take_header(const struct cli *cli, const ProtobufCBinaryData *data, const Kansen__V1__DumpRequest *request,
            struct stream *stream)
{
    Kansen__V1__StreamFrame *frame = NULL;
    struct frame head;
    bool good = frame_decode(data->data, data->len, FRAME_DEFAULT_MAX, &head) == FRAME_WHOLE;

    if (good)
        frame = kansen__v1__stream_frame__unpack(NULL, head.payload_len, data->data + head.header_len);
    good = frame != NULL && frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_HEADER;
    if (good) {
        stream->journal = request->kind == KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL;
        stream->first = frame->header->first_sequence;
        stream->last = frame->header->sequence;
        if (stream->journal && request->to_sequence != 0 && request->to_sequence < stream->last)
            stream->last = request->to_sequence;
        if (stream->journal && stream->last + 1 < stream->first)
            stream->last = stream->first - 1;
    }
    kansen__v1__stream_frame__free_unpacked(frame, NULL);
    return good ? CLI_OK : cli_fail(cli, "INTERNAL", "", "what the daemon sends is no stream");
}

static int
put_piece(const struct cli *cli, FILE *out, const Kansen__V1__DumpResponse *piece)
{
    if (fwrite(piece->data.data, 1, piece->data.len, out) == piece->data.len)
        return CLI_OK;
    return cli_fail(cli, "UNAVAILABLE", "", "it can not be written: %s", strerror(errno));
}

static int
pull(struct cli *cli, Kansen__V1__DumpRequest *request, FILE *out, struct stream *stream)
{
    struct progress bar;
    bool end = false;
    int status = CLI_OK;

    progress_start(&bar, 0, out == stdout);
    while (!end && status == CLI_OK) {
        Kansen__V1__Response *response;

        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_DUMP, request, &response);
        if (status != CLI_OK)
            break;
        if (stream->bytes == 0)
            status = take_header(cli, &response->dump->data, request, stream);
        if (status == CLI_OK)
            status = put_piece(cli, out, response->dump);
        stream->bytes += response->dump->data.len;
        end = response->dump->end;
        kansen__v1__response__free_unpacked(response, NULL);
        kansen__v1__dump_request__init(request); // the next piece
        progress_show_bytes(&bar, stream->bytes);
    }
    progress_clear(&bar);
    return status;
}

// Under another name first, so that what has the name is whole.
static int
pull_to_file(struct cli *cli, Kansen__V1__DumpRequest *request, const char *path, struct stream *stream)
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
    status = pull(cli, request, out, stream);
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

static void
print_stream(const struct stream *stream, FILE *out)
{
    if (!stream->journal)
        fprintf(out, "the store as of sequence %" PRIu64 ", %" PRIu64 " bytes\n", stream->last,
                stream->bytes);
    else if (stream->last < stream->first)
        fprintf(out, "no entries; the next export begins with --from %" PRIu64 "\n", stream->first);
    else
        fprintf(out,
                "entries %" PRIu64 " to %" PRIu64 " of the journal, %" PRIu64
                " bytes; the next export begins with --from %" PRIu64 "\n",
                stream->first, stream->last, stream->bytes, stream->last + 1);
}

// path is NULL when the stream went to standard output.
static int
tell(struct cli *cli, const struct stream *stream, const char *path)
{
    json_t *object;

    if (path == NULL || !cli->json) {
        print_stream(stream, path == NULL ? stderr : stdout);
        return CLI_OK;
    }
    object = json_object();
    json_put_text(object, "path", path);
    if (stream->journal) {
        json_put_number(object, "first_sequence", stream->first);
        json_put_number(object, "last_sequence", stream->last);
        json_put_number(object, "entries", stream->last + 1 - stream->first);
    } else {
        json_put_number(object, "sequence", stream->last);
    }
    json_put_number(object, "bytes", stream->bytes);
    return cli_printed(cli, json_print(object));
}

static int
run(struct cli *cli, int argc, char **argv, Kansen__V1__StreamKind kind)
{
    Kansen__V1__DumpRequest request = KANSEN__V1__DUMP_REQUEST__INIT;
    struct stream stream = {0};
    struct options options = {0};
    bool to_file;
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
    to_file = count == 1 && strcmp(argv[0], "-") != 0;
    status = to_file ? pull_to_file(cli, &request, argv[0], &stream) : pull(cli, &request, stdout, &stream);
    if (status == CLI_OK && !to_file)
        status = cli_finish_output(cli);
    return status == CLI_OK ? tell(cli, &stream, to_file ? argv[0] : NULL) : status;
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
