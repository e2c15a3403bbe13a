// SPDX-License-Identifier: Apache-2.0
// round secret: what a party does on a machine of its own. No daemon is asked, and nothing but commitments is
// printed, as the flags that round create takes.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/round_secret.h"
#include "client/cli/verbs.h"
#include <stdio.h>
#include <string.h>

struct options {
    struct round_parties parties;
    bool single_party;
};

const struct flag verb_round_secret_flags[] = {
    {"party", "NAME=FILE", "required; a party, and the file of its secret, made if it is not there",
     round_secret_take_party, NULL, offsetof(struct options, parties)},
    {"single-party", NULL, "it is the only one, so its secret is what the round commits to", flags_set_true,
     NULL, offsetof(struct options, single_party)},
    {0}};

static json_t *
parties_json(const struct round_party *parties, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *party = json_object();
        char text[ROUND_SECRET_HEX];

        json_put_text(party, "name", parties[i].name);
        json_put_text(party, "commitment", round_secret_text(parties[i].commitment, text));
        json_array_append_new(array, party);
    }
    return array;
}

// joined: of all secrets, or NULL.
static int
tell(struct cli *cli, const char *round, const struct round_party *parties, size_t n, const uint8_t *joined)
{
    char text[ROUND_SECRET_HEX];

    if (cli->json) {
        json_t *object = json_object();

        json_put_text(object, "round", round);
        json_object_set_new(object, "parties", parties_json(parties, n));
        if (joined != NULL)
            json_put_text(object, "commitment", round_secret_text(joined, text));
        return cli_printed(cli, json_print(object));
    }
    for (size_t i = 0; i < n; i++)
        printf("--party %s:%s\n", parties[i].name, round_secret_text(parties[i].commitment, text));
    if (joined != NULL)
        printf("--commitment %s\n", round_secret_text(joined, text));
    return cli_finish_output(cli);
}

int
verb_round_secret(struct cli *cli, int argc, char **argv)
{
    struct round_party parties[ROUND_SECRET_PARTIES] = {0};
    uint8_t joined[ROUND_SECRET_BYTES];
    struct options options = {.parties = {.n = 0}};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of the round");

    if (status == CLI_OK && options.parties.n == 0)
        status = cli_usage_at(cli, "--party", "this flag is missing");
    for (size_t i = 0; i < options.parties.n && status == CLI_OK; i++) {
        status = round_secret_party(cli, argv[0], options.parties.texts[i], true, &parties[i]);
        if (status == CLI_OK && !parties[i].has_secret)
            status = cli_usage_at(cli, "--party", "a file is wanted, as NAME=FILE");
    }
    if (status == CLI_OK) {
        bool whole = options.parties.n > 1 || options.single_party;

        round_secret_sort(parties, options.parties.n);
        whole = whole && round_secret_commit(argv[0], parties, options.parties.n, joined);
        status = tell(cli, argv[0], parties, options.parties.n, whole ? joined : NULL);
    }
    round_secret_wipe(parties, ROUND_SECRET_PARTIES);
    return status;
}
