// SPDX-License-Identifier: Apache-2.0
// round corrections: what was corrected of a published result, signed by the key of its record, for those who
// check a record or the round that follows: kansen-record(5).
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/pages.h"
#include "client/cli/round.h"
#include "client/cli/round_dir.h"
#include "client/cli/round_record.h"
#include "client/cli/round_secret.h"
#include "client/cli/time_text.h"
#include "client/cli/verbs.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_BYTES 500u // of a reason

struct options {
    const char *key, *public_dir;
};

const struct flag verb_round_corrections_flags[] = {
    {"key", "FILE", "required; the key that signed the record", flags_set_given, NULL,
     offsetof(struct options, key)},
    {"public", "DIR", "write how many there are, for everybody, into another one", flags_set_given, NULL,
     offsetof(struct options, public_dir)},
    {0}};

// The document, while it is written.
struct document {
    struct cli *cli;
    const Kansen__V1__Round *round;
    const char *dir, *public_dir; // public_dir may be NULL
    FILE *lines;                  // of corrections
    uint64_t n;
};

// ---- Lines

static bool
is_published_correction(const Kansen__V1__RoundObjection *objection)
{
    return objection->state == KANSEN__V1__ROUND_OBJECTION_STATE__ROUND_OBJECTION_STATE_CORRECTED &&
           objection->second_reviewer[0] != '\0';
}

static void
put_offer(FILE *out, uint64_t offer)
{
    if (offer == 0)
        fputs(" -", out);
    else
        fprintf(out, " %010" PRIu64, offer);
}

// As much of a reason as a line may have, cut between characters.
static int
reason_len(const char *reason)
{
    size_t len = strlen(reason);

    if (len > TEXT_BYTES) {
        for (len = TEXT_BYTES; (reason[len] & 0xC0) == 0x80; len--)
            continue;
    }
    while (len > 0 && reason[len - 1] == ' ')
        len--;
    return (int)len;
}

static void
put_correction(struct document *document, const Kansen__V1__RoundObjection *objection)
{
    char ref[ROUND_SECRET_HEX], time[TIME_TEXT_MAX];
    const char *reason = objection->reason + strspn(objection->reason, " ");

    fprintf(document->lines, "correction %" PRIu64 " %s", objection->id,
            round_secret_text(objection->ref.data, ref));
    put_offer(document->lines, objection->from_offer);
    put_offer(document->lines, objection->to_offer);
    fprintf(document->lines, " %s %s %s %.*s\n", time_text_seconds(objection->updated_us, time),
            objection->reviewer, objection->second_reviewer, reason_len(reason), reason);
    document->n++;
}

static int
put_page(void *arg, const Kansen__V1__Response *page)
{
    const Kansen__V1__ListRoundObjectionsResponse *list = page->list_round_objections;

    for (size_t i = 0; i < list->n_objections; i++)
        if (is_published_correction(list->objections[i]) &&
            list->objections[i]->ref.len == ROUND_SECRET_BYTES)
            put_correction(arg, list->objections[i]);
    return CLI_OK;
}

static int
fetch(struct document *document)
{
    Kansen__V1__ListRoundObjectionsRequest list = KANSEN__V1__LIST_ROUND_OBJECTIONS_REQUEST__INIT;

    list.round = document->round->name;
    return pages_each(document->cli, KANSEN__V1__REQUEST__BODY_LIST_ROUND_OBJECTIONS, &list.base, put_page,
                      document);
}

// The whole text, which the caller frees; NULL when memory is short.
static char *
make_text(const struct document *document, const char *word, const char *lines)
{
    const Kansen__V1__Round *round = document->round;
    char record[ROUND_SECRET_HEX], key[ROUND_SECRET_HEX], now[TIME_TEXT_MAX], *text = NULL;

    if (asprintf(&text,
                 "%s 1\nrun %s\nrevision %" PRIu32 "\nrecord %s\nexported %s\ncorrections "
                 "%" PRIu64 "\n%skey %s\n",
                 word, round->name, round->revision, round_secret_text(round->record_digest.data, record),
                 time_text_seconds((int64_t)time(NULL) * 1000000, now), document->n, lines,
                 round_secret_text(round->record_key.data, key)) < 0)
        return NULL;
    return text;
}

// ---- Files

static int
write_signed(const struct round_dir *dir, mode_t mode, const char *text, const uint8_t *secret_key)
{
    char line[ROUND_RECORD_SIGNATURE];
    int status = round_dir_write(dir, "corrections", mode, text);

    round_record_sign(text, secret_key, line);
    if (status == CLI_OK)
        status = round_dir_write(dir, "signature", mode, line);
    return status == CLI_OK ? round_dir_sync(dir) : status;
}

// Both directories, or none.
static int
write_both(const struct document *document, const char *text, const char *told, const uint8_t *secret_key)
{
    struct round_dir sealed = {0}, in_public = {0};
    int status = round_dir_begin(document->cli, document->dir, 0700, &sealed);

    if (status == CLI_OK && document->public_dir != NULL)
        status = round_dir_begin(document->cli, document->public_dir, 0777, &in_public);
    if (status == CLI_OK)
        status = write_signed(&sealed, 0600, text, secret_key);
    if (status == CLI_OK && in_public.path != NULL)
        status = write_signed(&in_public, 0666, told, secret_key);
    if (status == CLI_OK)
        status = round_dir_keep(&sealed);
    if (status == CLI_OK && in_public.path != NULL)
        status = round_dir_keep(&in_public);
    round_dir_drop(&sealed);
    round_dir_drop(&in_public);
    return status;
}

// ---- The whole

static int
read_key(struct cli *cli, const char *file, const Kansen__V1__Round *round,
         uint8_t secret_key[crypto_sign_SECRETKEYBYTES])
{
    uint8_t seed[ROUND_SECRET_BYTES], key[crypto_sign_PUBLICKEYBYTES];
    bool made;
    int status = round_secret_read(cli, file, false, seed, &made);

    if (status != CLI_OK)
        return status;
    crypto_sign_seed_keypair(key, secret_key, seed);
    sodium_memzero(seed, sizeof seed);
    return memcmp(key, round->record_key.data, sizeof key) == 0
               ? CLI_OK
               : cli_usage_at(cli, "--key", "it is not the key that signed the record of round %s",
                              round->name);
}

static int
tell(const struct document *document)
{
    struct cli *cli = document->cli;
    json_t *object;

    if (!cli->json) {
        printf("round %s: %" PRIu64 " corrections in %s\n", document->round->name, document->n,
               document->dir);
        return cli_finish_output(cli);
    }
    object = json_object();
    json_put_text(object, "round", document->round->name);
    json_put_text(object, "directory", document->dir);
    json_put_number(object, "corrections", document->n);
    return cli_printed(cli, json_print(object));
}

static int
export_corrections(struct document *document, const uint8_t *secret_key)
{
    char *lines = NULL, *text = NULL, *told = NULL;
    size_t size;
    int status;

    document->lines = open_memstream(&lines, &size);
    if (document->lines == NULL)
        return cli_no_memory(document->cli);
    status = fetch(document);
    if (status == CLI_OK && document->n != document->round->corrections)
        status = cli_fail(document->cli, "ABORTED", "", "round %s has changed meanwhile; do it again",
                          document->round->name);
    if (fclose(document->lines) != 0 && status == CLI_OK)
        status = cli_no_memory(document->cli);
    if (status == CLI_OK && ((text = make_text(document, "kansen-corrections", lines)) == NULL ||
                             (told = make_text(document, "kansen-public-corrections", "")) == NULL))
        status = cli_no_memory(document->cli);
    if (status == CLI_OK)
        status = write_both(document, text, told, secret_key);
    free(lines);
    free(told);
    free(text);
    return status == CLI_OK ? tell(document) : status;
}

static bool
is_published(const Kansen__V1__Round *round)
{
    return round->state == KANSEN__V1__ROUND_STATE__ROUND_STATE_PUBLISHED ||
           round->state == KANSEN__V1__ROUND_STATE__ROUND_STATE_CLOSED;
}

int
verb_round_corrections(struct cli *cli, int argc, char **argv)
{
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    struct document document = {.cli = cli};
    struct options options = {.key = NULL};
    Kansen__V1__Response *response;
    int status = flags_read_with(cli, argc, argv, &options, 2, "the name of a round, and a directory");

    if (status == CLI_OK && options.key == NULL)
        status = cli_usage_at(cli, "--key", "this flag is missing");
    if (status == CLI_OK)
        status = round_fetch(cli, argv[0], &response);
    if (status != CLI_OK)
        return status;
    document.dir = argv[1];
    document.public_dir = options.public_dir;
    document.round = response->get_round->round;
    if (document.round->record_digest.len != ROUND_SECRET_BYTES ||
        document.round->record_key.len != ROUND_SECRET_BYTES ||
        document.round->record_revision != document.round->revision || !is_published(document.round))
        status = cli_fail(cli, "FAILED_PRECONDITION", "round",
                          "round %s has no published result whose record is exported, or its objections are "
                          "forgotten",
                          argv[0]);
    if (status == CLI_OK)
        status = read_key(cli, options.key, document.round, secret_key);
    if (status == CLI_OK)
        status = export_corrections(&document, secret_key);
    sodium_memzero(secret_key, sizeof secret_key);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}
