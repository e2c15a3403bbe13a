// SPDX-License-Identifier: Apache-2.0
// round export: the lines of the record page by page into files whose digests are compared with those that
// were published, then record and signature over them. Everything is synced before the daemon is told.
// The audit says that all holds, so kansen-verify looks first, at a draft which a key has signed that nobody
// keeps: what the real one has signed was always looked at.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/pages.h"
#include "client/cli/progress.h"
#include "client/cli/round.h"
#include "client/cli/round_before.h"
#include "client/cli/round_chain.h"
#include "client/cli/round_dir.h"
#include "client/cli/round_html.h"
#include "client/cli/round_html_words.h"
#include "client/cli/round_record.h"
#include "client/cli/round_secret.h"
#include "client/cli/round_verdict.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define SORT(name)  KANSEN__V1__ROUND_LINE_SORT__ROUND_LINE_SORT_##name

struct options {
    const char *key, *public_dir, *html, *verifier;
    struct round_before before;
    bool unverified;
    int language; // of the page
};

#define AT(member) NULL, offsetof(struct options, member)

const struct flag verb_round_export_flags[] = {
    {"key", "FILE", "required; the Ed25519 key that signs, made if it is not there", flags_set_given,
     AT(key)},
    {"public", "DIR", "write there what is public of the record of a published round, too", flags_set_given,
     AT(public_dir)},
    {"html", "FILE", "write one page with charts, too", flags_set_given, AT(html)},
    {"language", "nl|en", "of that page (nl)", flags_set_word, &round_html_languages,
     offsetof(struct options, language)},
    {"verifier", "FILE", "the program that looks at it first (default: kansen-verify)", flags_set_given,
     AT(verifier)},
    {"previous", "DIR", "the record that the key signed before, which this one is held against",
     flags_set_given, AT(before.previous)},
    {"earlier", "DIR", "the same of an earlier round's; may be given for each", round_before_add,
     AT(before.earlier)},
    {"corrections", "DIR", "what was corrected of an earlier round; may be given for each", round_before_add,
     AT(before.corrections)},
    {"unverified", NULL, "sign without its verdict", flags_set_true, AT(unverified)},
    {0}};

// One file that is being written.
struct file {
    FILE *out;
    crypto_generichash_state state;
};

struct exporting {
    struct file files[ROUND_RECORD_FILES];
    struct cli *cli;
    const char *dir, *to; // where it is written, and where it will be
    struct round_dir sealed, in_public;
    struct options options;
    const Kansen__V1__Round *round;
    struct round_record record;
    struct round_verdict verdict; // of whom
    struct round_html *html;
    struct progress progress;
    uint64_t done;
    uint8_t previous[ROUND_RECORD_DIGEST]; // that record.previous points to
};

// ---- Files

static int
failed(struct exporting *export, const char *what)
{
    return cli_fail(export->cli, "UNAVAILABLE", "", "%s can not be written: %s", what, strerror(errno));
}

static int
open_files(struct exporting *export)
{
    for (size_t i = 0; i < ROUND_RECORD_FILES; i++) {
        export->files[i].out = round_dir_open(&export->sealed, round_record_names[i], 0600);
        if (export->files[i].out == NULL)
            return failed(export, round_record_names[i]);
        round_record_digest(export->round, (enum round_record_file)i, &export->files[i].state);
    }
    return CLI_OK;
}

static void
add(struct exporting *export, enum round_record_file file, const char *text)
{
    size_t len = strlen(text);

    crypto_generichash_update(&export->files[file].state, (const uint8_t *)text, len);
    fwrite(text, 1, len, export->files[file].out); // an error stays with the stream until it is closed
}

static int
close_files(struct exporting *export)
{
    int status = CLI_OK;

    for (size_t i = 0; i < ROUND_RECORD_FILES; i++) {
        bool good = export->files[i].out != NULL && ferror(export->files[i].out) == 0;

        if (export->files[i].out != NULL && round_dir_close(export->files[i].out) != 0)
            good = false;
        if (!good && status == CLI_OK)
            status = failed(export, round_record_names[i]);
        crypto_generichash_final(&export->files[i].state, export->record.digests[i], ROUND_RECORD_DIGEST);
        export->files[i].out = NULL;
    }
    return status;
}

// ---- Lines

static int
take_page(struct exporting *export, bool offers, const Kansen__V1__ListRoundLinesResponse *page)
{
    add(export, ROUND_RECORD_INPUT, page->head);
    for (size_t i = 0; i < page->n_lines; i++) {
        const Kansen__V1__RoundLines *lines = page->lines[i];

        add(export, ROUND_RECORD_INPUT, lines->input);
        add(export, offers ? ROUND_RECORD_CUTOFFS : ROUND_RECORD_RESULT, lines->result);
        add(export, offers ? ROUND_RECORD_PUBLIC_CUTOFFS : ROUND_RECORD_EXPLANATIONS, lines->explanation);
        if (offers && round_html_offer(export->html, lines->input, lines->result) != 0)
            return cli_no_memory(export->cli);
        export->done += strchr(lines->input, '\n') != NULL ? 1 : 0; // else more of these lines follows
    }
    progress_show(&export->progress, export->done, export->done);
    return CLI_OK;
}

static int
take_offers(void *arg, const Kansen__V1__Response *page)
{
    return take_page(arg, true, page->list_round_lines);
}

static int
take_students(void *arg, const Kansen__V1__Response *page)
{
    return take_page(arg, false, page->list_round_lines);
}

static int
fetch_lines(struct exporting *export, Kansen__V1__RoundLineSort sort, pages_take *take)
{
    Kansen__V1__ListRoundLinesRequest list = KANSEN__V1__LIST_ROUND_LINES_REQUEST__INIT;

    list.round = export->round->name;
    list.sort = sort;
    return pages_each(export->cli, KANSEN__V1__REQUEST__BODY_LIST_ROUND_LINES, &list.base, take, export);
}

// The files are what was published, to the byte; else the round has changed meanwhile, or is damaged.
static int
compare_digests(struct exporting *export)
{
    const struct {
        enum round_record_file file;
        const ProtobufCBinaryData *published;
    } all[] = {{ROUND_RECORD_INPUT, &export->round->input_digest},
               {ROUND_RECORD_RESULT, &export->round->result_digest},
               {ROUND_RECORD_CUTOFFS, &export->round->cutoff_digest},
               {ROUND_RECORD_EXPLANATIONS, &export->round->explanation_digest}};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].published->len != ROUND_RECORD_DIGEST ||
            memcmp(all[i].published->data, export->record.digests[all[i].file], ROUND_RECORD_DIGEST) != 0)
            return cli_fail(export->cli, "DATA_LOSS", "", "the file %s is not what was published of round %s",
                            round_record_names[all[i].file], export->round->name);
    }
    return CLI_OK;
}

static int
write_files(struct exporting *export)
{
    char *audit = round_record_audit(export->round, export->options.unverified ? NULL : export->verdict.name);
    int status = audit == NULL ? cli_no_memory(export->cli) : open_files(export);

    progress_start(&export->progress, export->round->offers + export->round->students, false);
    if (status == CLI_OK)
        status = fetch_lines(export, SORT(OFFERS), take_offers);
    if (status == CLI_OK)
        status = fetch_lines(export, SORT(STUDENTS), take_students);
    progress_clear(&export->progress);
    if (status == CLI_OK)
        add(export, ROUND_RECORD_AUDIT, audit);
    free(audit);
    if (status != CLI_OK) {
        for (size_t i = 0; i < ROUND_RECORD_FILES; i++)
            if (export->files[i].out != NULL)
                fclose(export->files[i].out);
        return status;
    }
    status = close_files(export);
    return status == CLI_OK ? compare_digests(export) : status;
}

// ---- Record, signature, and what is public

static int
write_public(struct exporting *export, const char *record, const char *signature)
{
    const struct round_dir *dir = &export->in_public;
    int status;

    if (dir->path == NULL)
        return CLI_OK;
    status = round_dir_copy(dir, round_record_names[ROUND_RECORD_PUBLIC_CUTOFFS], 0666, &export->sealed);
    if (status == CLI_OK)
        status = round_dir_write(dir, "record", 0666, record);
    if (status == CLI_OK)
        status = round_dir_write(dir, "signature", 0666, signature);
    return status == CLI_OK ? round_dir_sync(dir) : status;
}

// Writes the files record and signature; *text is the caller's to free, also after an error.
static int
write_signed(struct exporting *export, const uint8_t *secret_key, char **text,
             char line[ROUND_RECORD_SIGNATURE])
{
    int status;

    *text = round_record_text(&export->record);
    if (*text == NULL)
        return cli_no_memory(export->cli);
    round_record_sign(*text, secret_key, line);
    status = round_dir_write(&export->sealed, "record", 0600, *text);
    if (status == CLI_OK)
        status = round_dir_write(&export->sealed, "signature", 0600, line);
    return status == CLI_OK ? round_dir_sync(&export->sealed) : status;
}

// Has a draft looked at, of which nothing stays but the files that were there before.
static int
verify(struct exporting *export)
{
    uint8_t key[ROUND_RECORD_DIGEST], secret_key[crypto_sign_SECRETKEYBYTES];
    char *text = NULL, line[ROUND_RECORD_SIGNATURE];
    int status, removed;

    if (export->options.unverified)
        return CLI_OK;
    memcpy(key, export->record.key, sizeof key);
    crypto_sign_keypair(export->record.key, secret_key);
    status = write_signed(export, secret_key, &text, line);
    free(text);
    if (status == CLI_OK)
        status = round_before_ask(export->cli, &export->verdict, &export->options.before, key, export->dir);
    memcpy(export->record.key, key, sizeof key);
    removed = round_dir_remove(&export->sealed, "signature");
    if (removed == CLI_OK)
        removed = round_dir_remove(&export->sealed, "record");
    return status == CLI_OK ? removed : status;
}

static int
sign(struct exporting *export, const uint8_t *secret_key)
{
    uint8_t digest[ROUND_RECORD_DIGEST];
    char *text, line[ROUND_RECORD_SIGNATURE];
    int status = write_signed(export, secret_key, &text, line);

    if (status == CLI_OK)
        status = write_public(export, text, line);
    if (status == CLI_OK) {
        crypto_generichash(digest, sizeof digest, (const uint8_t *)text, strlen(text), NULL, 0);
        status = round_chain_tell(export->cli, &export->record, digest);
    }
    free(text);
    return status;
}

static int
tell(struct exporting *export)
{
    char key[ROUND_SECRET_HEX];

    round_secret_text(export->record.key, key);
    if (export->cli->json) {
        json_t *object = json_object();

        json_put_text(object, "round", export->round->name);
        json_put_text(object, "directory", export->to);
        json_put_text(object, "key", key);
        return cli_printed(export->cli, json_print(object));
    }
    printf("round %s: record in %s, signed by %s\n", export->round->name, export->to, key);
    return cli_finish_output(export->cli);
}

// What is public is written once, of the result that counts: from two drafts that differ by one student
// would follow what that one got.
static int
check_public(const struct exporting *export)
{
    const Kansen__V1__Round *round = export->round;

    if (export->options.public_dir == NULL)
        return CLI_OK;
    if (round->state != STATE(PUBLISHED) && round->state != STATE(CLOSED))
        return cli_fail(export->cli, "FAILED_PRECONDITION", "--public",
                        "round %s is %s; what is public of its record is written when it is published",
                        round->name, names_text(&names_round_state, (int)round->state));
    if (round->record_form < ROUND_RECORD_FORM)
        return cli_fail(export->cli, "FAILED_PRECONDITION", "--public",
                        "round %s was computed by an older daemon, and its record tells what public-cutoffs "
                        "leaves out: it is for auditors only",
                        round->name);
    return CLI_OK;
}

// The key, which is made for a round that has no record; a record that there is has one.
static int
read_key(struct exporting *export, uint8_t secret_key[crypto_sign_SECRETKEYBYTES])
{
    const Kansen__V1__Round *round = export->round;
    bool recorded = round_chain_is_recorded(round), made;
    uint8_t seed[ROUND_SECRET_BYTES];
    int status = round_secret_read(export->cli, export->options.key, !recorded, seed, &made);

    if (status != CLI_OK)
        return status;
    crypto_sign_seed_keypair(export->record.key, secret_key, seed);
    sodium_memzero(seed, sizeof seed);
    if (recorded && !round_chain_is_again(&export->record))
        return cli_fail(export->cli, "FAILED_PRECONDITION", "--key",
                        "revision %" PRIu32 " of round %s has a record that another key has signed, and has "
                        "one only",
                        round->revision, round->name);
    return CLI_OK;
}

// Under other names than those asked for, until all is there.
static int
begin(struct exporting *export)
{
    int status = round_dir_begin(export->cli, export->to, 0700, &export->sealed);

    export->dir = export->sealed.part;
    if (status == CLI_OK && export->options.public_dir != NULL)
        status = round_dir_begin(export->cli, export->options.public_dir, 0777, &export->in_public);
    return status;
}

static int
write_all(struct exporting *export, const uint8_t *secret_key)
{
    int status = write_files(export);

    if (status == CLI_OK && !round_chain_is_again(&export->record))
        status = round_chain_find(export->cli, &export->record, export->previous);
    if (status == CLI_OK)
        status = verify(export);
    if (status == CLI_OK)
        round_before_tell(&export->options.before, &export->record);
    if (status == CLI_OK)
        status = round_html_save(export->cli, export->html, export->round, export->options.language,
                                 export->options.html);
    if (status != CLI_OK)
        return status;
    status = sign(export, secret_key);
    if (status != CLI_OK)
        round_html_drop(export->options.html);
    return status;
}

static int
keep(struct exporting *export)
{
    int status = round_dir_keep(&export->sealed);

    return status == CLI_OK && export->in_public.path != NULL ? round_dir_keep(&export->in_public) : status;
}

static int
export_round(struct exporting *export)
{
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    int status = begin(export);

    if (status == CLI_OK)
        status = read_key(export, secret_key);
    export->record.exported_us = (int64_t)time(NULL) * 1000000;
    if (status == CLI_OK)
        status = write_all(export, secret_key);
    sodium_memzero(secret_key, sizeof secret_key);
    if (status == CLI_OK)
        status = keep(export);
    round_dir_drop(&export->sealed); // of what failed nothing stays
    round_dir_drop(&export->in_public);
    return status == CLI_OK ? tell(export) : status;
}

int
verb_round_export(struct cli *cli, int argc, char **argv)
{
    struct exporting export = {.cli = cli};
    Kansen__V1__Response *response;
    int status = flags_read_with(cli, argc, argv, &export.options, 2, "the name of a round, and a directory");

    if (status == CLI_OK && export.options.key == NULL)
        status = cli_usage_at(cli, "--key", "this flag is missing");
    if (status == CLI_OK && export.options.unverified &&
        (export.options.before.previous != NULL ||
         export.options.before.earlier.n + export.options.before.corrections.n > 0))
        status = cli_usage_at(cli, "--unverified", "then nothing is held against the records before it");
    if (status == CLI_OK && !export.options.unverified)
        status = round_verdict_find(cli, export.options.verifier, &export.verdict);
    if (status == CLI_OK)
        status = round_fetch(cli, argv[0], &response);
    if (status != CLI_OK)
        return status;
    export.to = argv[1];
    export.round = export.record.round = response->get_round->round;
    export.record.plan = response->get_round->plan;
    export.html = round_html_new();
    if (export.html == NULL)
        status = cli_no_memory(cli);
    else if (export.round->merkle_root.len == 0 || export.round->receipt_key.len == 0)
        status = cli_fail(cli, "FAILED_PRECONDITION", "round",
                          "round %s is not computed, or not yours to export", argv[0]);
    else
        status = check_public(&export);
    if (status == CLI_OK)
        status = export_round(&export);
    round_html_free(export.html);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}
