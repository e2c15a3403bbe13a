// SPDX-License-Identifier: Apache-2.0
// export: all records of a table as CSV. A file is written beside its name and renamed when it is whole, so
// that a failure leaves what was there.
#include "client/cli/flags.h"
#include "client/cli/message.h"
#include "client/cli/pages.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include "proto/columns.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *source;
    bool collect;
};

const struct flag verb_export_flags[] = {{"source", "NAME", "what this source gave (that of the client)",
                                          flags_set_given, NULL, offsetof(struct options, source)},
                                         {"collect", NULL,
                                          "offers: also the column collect_until, as the last",
                                          flags_set_true, NULL, offsetof(struct options, collect)},
                                         {0}};

struct export
{
    struct cli *cli;
    const struct rows_table *table;
    const char *path; // NULL = standard output
    FILE *file;
    char temporary[PATH_MAX]; // the file that is written, "" = none
    bool collect;             // write collect_until
    uint64_t count, nameless, collecting;
    struct progress progress;
};

static int
failed(struct export *export, int number)
{
    progress_clear(&export->progress);
    return cli_fail(export->cli, "UNAVAILABLE", "", "%s: %s",
                    export->path != NULL ? export->path : "standard output", strerror(number));
}

// Opens what is written: a temporary file beside a regular or new one, anything else itself.
static int
open_file(struct export *export)
{
    struct stat stat_now;
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    export->file = stdout;
    if (export->path == NULL)
        return CLI_OK;
    if (stat(export->path, &stat_now) == 0 && !S_ISREG(stat_now.st_mode)) {
        export->file = fopen(export->path, "we");
        return export->file != NULL ? CLI_OK
                                    : cli_usage(export->cli, "%s: %s", export->path, strerror(errno));
    }
    if (snprintf(export->temporary, sizeof export->temporary, "%s.XXXXXX", export->path) >= PATH_MAX) {
        export->temporary[0] = '\0';
        return cli_usage(export->cli, "%s: %s", export->path, strerror(ENAMETOOLONG));
    }
    fd = mkstemp(export->temporary);
    if (fd < 0) {
        export->temporary[0] = '\0';
        return cli_usage(export->cli, "%s: %s", export->path, strerror(errno));
    }
    export->file = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (export->file != NULL)
        return CLI_OK;
    close(fd);
    unlink(export->temporary);
    return cli_usage(export->cli, "%s: %s", export->path, strerror(errno));
}

// Closes the file and, with keep, gives it its name.
static int
close_file(struct export *export, bool keep)
{
    bool good = export->file != NULL && fflush(export->file) == 0;

    if (export->path == NULL)
        return good || !keep ? CLI_OK : failed(export, errno);
    if (keep && good && export->temporary[0] != '\0')
        good = fsync(fileno(export->file)) == 0;
    if (export->file != NULL && fclose(export->file) != 0)
        good = false;
    if (keep && good && export->temporary[0] != '\0')
        good = rename(export->temporary, export->path) == 0;
    if (keep && good)
        return CLI_OK;
    if (keep)
        failed(export, errno);
    if (export->temporary[0] != '\0')
        unlink(export->temporary);
    return CLI_NO;
}

// Remembers what would keep the file from being imported again.
static void
note(struct export *export, const ProtobufCMessage *record)
{
    if (!message_has(record, "external_id"))
        return;
    export->nameless +=
        message_text(record, "external_id")[0] == '\0' ||
        (export->table == &rows_offers && message_text(record, "partner_external_id")[0] == '\0');
    if (!export->collect && export->table == &rows_offers)
        export->collecting += message_text(record, "collect_until")[0] != '\0';
}

static int
write_page(struct export *export, ProtobufCMessage *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int result;

        note(export, records[i]);
        result = rows_write(export->table, export->file, records[i], export->collect);
        if (result != 0)
            return failed(export, -result);
        export->count++;
    }
    progress_show(&export->progress, export->count, export->count);
    return CLI_OK;
}

static int
write_all(struct export *export, struct pages *pages)
{
    ProtobufCMessage *const *records;
    int result = rows_write_header(export->table, export->file, export->collect);
    size_t count;

    if (result != 0)
        return failed(export, -result);
    for (;;) {
        int status = pages_next(pages, &records, &count);

        if (status == CLI_OK && count > 0)
            status = write_page(export, records, count);
        if (status != CLI_OK || count == 0)
            return status;
    }
}

// What an import of the file would not bring back. A cli_status.
static int
warn(const struct export *export)
{
    if (export->collecting > 0)
        fprintf(stderr,
                "kansenctl export: %" PRIu64
                " of the offers collect requests until a date, which is not in the "
                "file: importing it takes that away; --collect writes the column\n",
                export->collecting);
    if (export->nameless > 0)
        return cli_fail(export->cli, "FAILED_PRECONDITION", "external_id",
                        "%" PRIu64 " of the %" PRIu64
                        " rows can not be imported again: they have no external_id%s",
                        export->nameless, export->count,
                        export->table == &rows_offers ? ", or their partner has none" : "");
    return CLI_OK;
}

static int
export_with(struct export *export, ProtobufCMessage *filters)
{
    struct pages *pages = NULL;
    int status = cli_connect(export->cli), closed;

    if (status == CLI_OK)
        status = pages_open(export->cli, export->table, filters, &pages);
    if (status == CLI_OK)
        status = open_file(export);
    if (status == CLI_OK) {
        progress_start(&export->progress, 0, export->path == NULL);
        status = write_all(export, pages);
        progress_clear(&export->progress);
        closed = close_file(export, status == CLI_OK);
        status = status == CLI_OK ? closed : status;
    }
    pages_close(pages);
    return status == CLI_OK ? warn(export) : status;
}

// The source that is meant where none is given: that of the client, as for all else.
static int
set_source(struct cli *cli, const char **source)
{
    int status = (*source)[0] == '\0' ? cli_connect(cli) : CLI_OK;

    if (status == CLI_OK && (*source)[0] == '\0')
        *source = kansen_hello(cli->kansen)->source;
    if (status == CLI_OK && (*source)[0] == '\0')
        *source = "local"; // an operator's
    return status;
}

int
verb_export_run(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListPartnersRequest partners = KANSEN__V1__LIST_PARTNERS_REQUEST__INIT;
    Kansen__V1__ListOffersRequest offers = KANSEN__V1__LIST_OFFERS_REQUEST__INIT;
    struct options options = {.source = ""};
    struct export export = {.cli = cli};
    ProtobufCMessage *filters = NULL;
    int count, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status != CLI_OK)
        return status;
    if (count < 1 || count > 2)
        return cli_usage(cli, "needs what to export");
    export.table = rows_table_named(argv[0]);
    if (export.table == NULL)
        return cli_usage(
            cli, "can not export \"%s\", allowed: partners, offers, regions, interests, postcodes", argv[0]);
    if (options.collect && export.table != &rows_offers)
        return cli_usage(cli, "--collect is for offers: %s have no collect_until", argv[0]);
    export.collect = options.collect;
    if (count == 2 && strcmp(argv[1], "-") != 0)
        export.path = argv[1];
    if (export.table == &rows_partners)
        filters = &partners.base;
    else if (export.table == &rows_offers)
        filters = &offers.base;
    else if (options.source[0] != '\0')
        return cli_usage(cli, "--source is for partners and offers: %s have none", argv[0]);
    if (filters != NULL)
        status = set_source(cli, &options.source);
    partners.source = offers.source = (char *)options.source;
    return status == CLI_OK ? export_with(&export, filters) : status;
}
