// SPDX-License-Identifier: Apache-2.0
// backup: has the daemon write a copy of its store, and waits for it. Who is interrupted leaves none behind:
// the daemon gives up when the connection ends.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

struct options {
    uint32_t keep;
};

// The backup that is made is kept whatever else goes; the protocol's 0 keeps all.
static int
set_keep(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    const struct options *options = target;

    if (flags_set_number(target, flag, text, bad) != 0 || options->keep == 0)
        return column_bad(bad, text, strlen(text), "a whole number from 1 to 4,294,967,295");
    return 0;
}

const struct flag verb_backup_flags[] = {
    {"keep", "N", "then remove the oldest backups that have a time as name, but for N", set_keep, NULL,
     offsetof(struct options, keep)},
    {0}};

static int
print_backup(const struct cli *cli, const Kansen__V1__BackupResponse *backup)
{
    json_t *object;

    if (!cli->json) {
        printf("%s: %" PRIu64 " entries, %.1f MiB, journal at %" PRIu64 ", digest %s\n"
               "it was read again and is whole; kansen.key is not in it: keep that apart\n",
               backup->path, backup->total, (double)backup->bytes / MIB, backup->sequence, backup->digest);
        if (backup->removed > 0)
            printf("%" PRIu32 " older backups were removed\n", backup->removed);
        return CLI_OK;
    }
    object = json_object();
    json_put_text(object, "path", backup->path);
    json_put_number(object, "sequence", backup->sequence);
    json_put_text(object, "digest", backup->digest);
    json_put_number(object, "entries", backup->total);
    json_put_number(object, "bytes", backup->bytes);
    json_put_number(object, "removed", backup->removed);
    return cli_printed(cli, json_print(object));
}

struct waiting {
    struct cli *cli;
    struct progress bar;
    uint64_t id;
    bool pinged; // a ping waits for its answer
    bool more;   // other answers follow
};

// Takes one response.
static int
take(struct waiting *waiting, const Kansen__V1__Response *response)
{
    const Kansen__V1__BackupResponse *backup = response->backup;
    const struct cli *cli = waiting->cli;
    struct progress *bar = &waiting->bar;

    if (response->id != waiting->id && response->id != 0) {
        waiting->pinged = false;
        return CLI_OK;
    }
    waiting->more = !kansen_is_last(response);
    if (kansen_code(response) != 0) {
        progress_clear(bar);
        return cli_refused(cli, response->status);
    }
    if (response->body_case != KANSEN__V1__RESPONSE__BODY_BACKUP)
        return cli_fail(cli, "INTERNAL", "", "the answer is of another kind than the question");
    if (backup->end) {
        progress_clear(bar);
        return print_backup(cli, backup);
    }
    // Copying is the first half of the work, reading it again the second.
    bar->total = 2 * backup->total;
    progress_show(bar, backup->done + (strcmp(backup->stage, "check") == 0 ? backup->total : 0),
                  backup->done);
    return CLI_OK;
}

static int
follow(struct waiting *waiting)
{
    int status = CLI_OK;

    progress_start(&waiting->bar, 0, false);
    for (waiting->more = true; waiting->more && status == CLI_OK;) {
        Kansen__V1__Response *response;
        int result = cli_receive(waiting->cli, &waiting->pinged, &response);

        if (result != 0) {
            progress_clear(&waiting->bar);
            return cli_broken(waiting->cli, result);
        }
        status = take(waiting, response);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    return status;
}

int
verb_backup_run(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__BackupRequest body = KANSEN__V1__BACKUP_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    struct waiting waiting = {.cli = cli};
    struct options options = {0};
    int count, result, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count > 1)
        status = cli_usage(cli, "unexpected argument %s", argv[1]);
    if (status == CLI_OK)
        status = cli_connect(cli);
    if (status != CLI_OK)
        return status;
    if (count == 1)
        body.name = argv[0];
    body.keep = options.keep;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_BACKUP, &body);
    result = kansen_send(cli->kansen, &request, &waiting.id);
    return result == 0 ? follow(&waiting) : cli_broken(cli, result);
}
