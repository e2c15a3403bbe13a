// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_before.h"
#include "client/cli/flags.h"
#include "client/cli/round_secret.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 4096u
#define ARGUMENTS_MAX  (4u * ROUND_BEFORE_EARLIER + 5u) // two each, and the record behind them

_Static_assert(ARGUMENTS_MAX <= ROUND_VERDICT_ARGUMENTS, "the record is the last one");

int
round_before_add(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    struct round_before_list *list = (struct round_before_list *)(void *)((char *)target + flag->offset);

    if (text[0] == '\0' || list->n == ROUND_BEFORE_EARLIER)
        return column_bad(bad, text, strlen(text), "a directory, at most 255 times");
    list->dirs[list->n++] = text;
    return 0;
}

static size_t
put_list(const char **arguments, size_t n, const char *flag, const struct round_before_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        arguments[n++] = flag;
        arguments[n++] = list->dirs[i];
    }
    return n;
}

int
round_before_ask(struct cli *cli, const struct round_verdict *verdict, const struct round_before *before,
                 const uint8_t key[ROUND_RECORD_DIGEST], const char *dir)
{
    const char *arguments[ARGUMENTS_MAX + 1];
    char hex[ROUND_SECRET_HEX];
    size_t n = 0;

    if (before->previous != NULL) {
        arguments[n++] = "--draft"; // else the record before it would have another key
        arguments[n++] = round_secret_text(key, hex);
        arguments[n++] = "--previous";
        arguments[n++] = before->previous;
    }
    n = put_list(arguments, n, "--earlier", &before->earlier);
    n = put_list(arguments, n, "--corrections", &before->corrections);
    arguments[n++] = dir;
    arguments[n] = NULL;
    return round_verdict_ask(cli, verdict, arguments);
}

// ---- What was not looked at

// Whether the record in a directory has this digest.
static bool
is_there(const char *dir, const ProtobufCBinaryData *digest)
{
    crypto_generichash_state state;
    uint8_t bytes[4096], found[ROUND_RECORD_DIGEST];
    char path[PATH_MAX_BYTES];
    size_t len;
    FILE *in;

    snprintf(path, sizeof path, "%s/record", dir);
    in = fopen(path, "re");
    if (in == NULL)
        return false;
    crypto_generichash_init(&state, NULL, 0, sizeof found);
    while ((len = fread(bytes, 1, sizeof bytes, in)) > 0)
        crypto_generichash_update(&state, bytes, len);
    crypto_generichash_final(&state, found, sizeof found);
    fclose(in);
    return digest->len == sizeof found && memcmp(digest->data, found, sizeof found) == 0;
}

static bool
is_given(const struct round_before *before, const ProtobufCBinaryData *digest)
{
    for (size_t i = 0; i < before->earlier.n; i++)
        if (is_there(before->earlier.dirs[i], digest))
            return true;
    return false;
}

void
round_before_tell(const struct round_before *before, const struct round_record *record)
{
    char hex[ROUND_SECRET_HEX];

    if (before->previous == NULL && record->previous.len == ROUND_RECORD_DIGEST)
        fprintf(stderr,
                "not checked: that this record follows %s, which the key signed before; name its directory "
                "by --previous\n",
                round_secret_text(record->previous.data, hex));
    for (size_t i = 0; i < record->plan->n_earlier; i++)
        if (!is_given(before, &record->plan->earlier[i]->record_digest))
            fprintf(stderr,
                    "not checked: the lotteries and seats that students have since round %s; name the "
                    "directory of its record by --earlier\n",
                    record->plan->earlier[i]->name);
}
