// SPDX-License-Identifier: Apache-2.0
// import: rows of a CSV file become upserts, which the uploader sends. A bad row is told and never stops the
// others.
#include "base/buf.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/order.h"
#include "client/cli/progress.h"
#include "client/cli/uploader.h"
#include "client/cli/verbs.h"
#include "proto/rows_reader.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE       (64u * 1024)
#define JSON_ERRORS_MAX 1000u // errors in the JSON summary; all are told on standard error
#define BATCHES         16u
#define STOPPED         100 // a callback ended the reading; import.status says why

struct options {
    const char *source;
};

const struct flag verb_import_flags[] = {{"source", "NAME", "source of the external ids (that of the client)",
                                          flags_set_given, NULL, offsetof(struct options, source)},
                                         {0}};

struct import {
    struct cli *cli;
    const struct rows_table *table;
    const char *file;
    struct rows_reader *reader;
    struct uploader *uploader;
    struct order *order; // of tables that need one, else NULL
    struct progress progress;
    uint64_t bytes;
    uint64_t rows, failed, outcomes[5]; // by Outcome
    size_t failed_line;                 // last one that was counted
    json_t *errors;
    bool look_up_region, look_up_interest; // a code was refused
    int status;
};

// Tells one error, and counts its row.
static void
tell(struct import *import, size_t line, size_t place, const char *field, const char *code,
     const char *message)
{
    json_t *error;

    progress_clear(&import->progress);
    fprintf(stderr, "%s:%zu: ", import->file, line);
    if (place > 0)
        fprintf(stderr, "column %zu%s", place, field[0] != '\0' ? " " : ": ");
    if (field[0] != '\0')
        fprintf(stderr, "(%s): ", field);
    fprintf(stderr, "%s\n", message);
    if (!import->cli->json || json_array_size(import->errors) >= JSON_ERRORS_MAX)
        return;
    error = json_object();
    json_put_number(error, "line", line);
    json_put_number(error, "column", place);
    json_put_text(error, "field", field);
    json_put_text(error, "code", code);
    json_put_text(error, "message", message);
    json_array_append_new(import->errors, error);
}

static int
on_error(void *arg, const struct rows_error *error)
{
    struct import *import = arg;

    if (error->line != import->failed_line) { // a row may have several
        import->rows++;
        import->failed++;
        import->failed_line = error->line;
    }
    tell(import, error->line, error->column, error->field, "INVALID_ARGUMENT", error->message);
    return 0;
}

static void
on_result(void *arg, size_t line, const Kansen__V1__WriteResult *result)
{
    struct import *import = arg;
    const Kansen__V1__Status *status = result->status;
    const struct column *column;
    const char *code;

    if (status == NULL || status->code == 0) {
        import->outcomes[result->outcome <= KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? result->outcome : 0]++;
        return;
    }
    import->failed++;
    code = names_text(&names_code, status->code);
    column = columns_at_path(import->table, status->field);
    import->look_up_region |= column != NULL && strcmp(column->name, "region") == 0;
    import->look_up_interest |= column != NULL && strcmp(column->name, "interests") == 0;
    tell(import, line, column != NULL ? rows_reader_place(import->reader, column) : 0,
         column != NULL ? column->name : status->field, code != NULL ? code : "UNKNOWN", status->message);
}

static int
upload(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct import *import = arg;

    import->status = uploader_add(import->uploader, line, write);
    progress_show(&import->progress, import->bytes, import->rows);
    return import->status == CLI_OK ? 0 : STOPPED;
}

static int
on_write(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct import *import = arg;

    import->rows++;
    return import->order != NULL ? order_add(import->order, line, write) : upload(import, line, write);
}

// Reads the file to its end. 0, STOPPED, ROWS_E_HEADER or -errno.
static int
read_rows(struct import *import, int fd)
{
    struct buf data = {0};
    int result = 0;

    for (bool ended = false; result == 0 && !ended;) {
        uint8_t *to = buf_reserve(&data, READ_SIZE);
        ssize_t n = to != NULL ? read(fd, to, READ_SIZE) : -1;

        if (n < 0 && to != NULL && errno == EINTR)
            continue;
        if (n < 0)
            result = to != NULL ? -errno : -ENOMEM;
        else if (n > 0)
            result = rows_reader_feed(import->reader, (const char *)to, (size_t)n);
        else
            result = rows_reader_end(import->reader);
        ended = n <= 0;
        import->bytes += n > 0 ? (uint64_t)n : 0;
    }
    buf_free(&data);
    return result;
}

static int
print_summary(struct import *import)
{
    uint64_t created = import->outcomes[KANSEN__V1__OUTCOME__OUTCOME_CREATED];
    uint64_t updated = import->outcomes[KANSEN__V1__OUTCOME__OUTCOME_UPDATED];
    uint64_t unchanged = import->outcomes[KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED];

    if (import->cli->json) {
        json_t *object = json_object();

        json_put_number(object, "rows", import->rows);
        json_put_number(object, "created", created);
        json_put_number(object, "updated", updated);
        json_put_number(object, "unchanged", unchanged);
        json_put_number(object, "failed", import->failed);
        json_object_set(object, "errors", import->errors);
        return cli_printed(import->cli, json_print(object));
    }
    printf("%s: %" PRIu64 " rows: %" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " unchanged, %" PRIu64
           " failed\n",
           import->table->name, import->rows, created, updated, unchanged, import->failed);
    return CLI_OK;
}

// The errors are told on standard error; JSON gets the first one.
static int
bad_header(const struct import *import)
{
    const json_t *first = json_array_get(import->errors, 0);
    const char *field = json_string_value(json_object_get(first, "field"));
    const char *message = json_string_value(json_object_get(first, "message"));

    return cli_fail(import->cli, "INVALID_ARGUMENT", field != NULL ? field : "",
                    "the header row of %s is wrong; nothing was imported%s%s", import->file,
                    message != NULL ? ": " : "", message != NULL ? message : "");
}

static int
import_file(struct import *import, int fd)
{
    int result = read_rows(import, fd);

    if (result == 0 && import->order != NULL)
        result = order_walk(import->order, upload, import);
    if (result == STOPPED)
        return import->status;
    if (result == ROWS_E_HEADER)
        return bad_header(import);
    // What was read before a fault has been sent: its results are told.
    import->status = uploader_finish(import->uploader);
    if (result == -ENOMEM)
        return cli_no_memory(import->cli);
    if (result < 0)
        return cli_fail(import->cli, "UNAVAILABLE", "", "%s: %s", import->file, strerror(-result));
    if (import->status != CLI_OK)
        return import->status;
    progress_clear(&import->progress);
    if (import->look_up_region)
        fprintf(stderr, "%s\n", CLI_HINT_REGIONS);
    if (import->look_up_interest)
        fprintf(stderr, "%s\n", CLI_HINT_INTERESTS);
    import->status = print_summary(import);
    return import->status == CLI_OK && import->failed > 0 ? CLI_NO : import->status;
}

static int
import_with(struct cli *cli, struct import *import, const char *source, int fd)
{
    const struct rows_sink rows = {on_write, on_error, import};
    const struct uploader_sink results = {on_result, import};
    bool ordered = order_is_needed(import->table);
    struct stat stat;
    int status = cli_connect(cli);

    if (status != CLI_OK)
        return status;
    import->errors = json_array();
    import->reader = rows_reader_new(import->table, source, &rows);
    import->uploader = uploader_new(cli, ordered ? 1 : BATCHES, &results);
    import->order = ordered ? order_new(import->table) : NULL;
    progress_start(&import->progress,
                   fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0, false);
    if (import->reader == NULL || import->uploader == NULL || (ordered && import->order == NULL))
        status = cli_no_memory(cli);
    else
        status = import_file(import, fd);
    progress_clear(&import->progress);
    order_free(import->order);
    uploader_free(import->uploader);
    rows_reader_free(import->reader);
    json_decref(import->errors);
    return status;
}

int
verb_import_run(struct cli *cli, int argc, char **argv)
{
    struct options options = {.source = ""};
    struct import import = {.cli = cli};
    struct stat stat;
    int count, fd = STDIN_FILENO, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status != CLI_OK)
        return status;
    if (count != 2)
        return cli_usage(cli, "needs what to import, and a file");
    import.table = rows_table_named(argv[0]);
    if (import.table == NULL)
        return cli_usage(
            cli, "can not import \"%s\", allowed: partners, offers, regions, interests, postcodes", argv[0]);
    import.file = strcmp(argv[1], "-") == 0 ? "(standard input)" : argv[1];
    if (strcmp(argv[1], "-") != 0)
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_usage(cli, "%s: %s", argv[1], strerror(errno));
    status = fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode)
                 ? cli_usage(cli, "%s: %s", import.file, strerror(EISDIR))
                 : import_with(cli, &import, options.source, fd);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}
