// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round.h"
#include "client/cli/json.h"
#include "client/cli/progress.h"
#include "client/cli/round_shown.h"
#include "proto/names.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define LOOK_MS     50

int
round_fetch(struct cli *cli, const char *name, Kansen__V1__Response **response)
{
    Kansen__V1__GetRoundRequest get = KANSEN__V1__GET_ROUND_REQUEST__INIT;

    get.name = (char *)name;
    return cli_ask(cli, KANSEN__V1__REQUEST__BODY_GET_ROUND, &get, response);
}

static const char *
state_word(const Kansen__V1__Round *round)
{
    const char *word = names_text(&names_round_state, (int)round->state);

    return word != NULL ? word : "?";
}

int
round_tell(struct cli *cli, const Kansen__V1__Round *round)
{
    json_t *object;

    if (!cli->json) {
        printf("round %s %s: ", round->name, state_word(round));
        round_shown_line(round);
        if (round->cancel_by[0] != '\0')
            printf("%s proposes to cancel it (%s); it is cancelled when another operator asks for the same\n",
                   round->cancel_by, round->cancel_reason);
        return cli_finish_output(cli);
    }
    object = json_object();
    json_put_text(object, "round", round->name);
    json_put_text(object, "state", state_word(round));
    json_put_number(object, "version", round->version);
    json_put_number(object, "revision", round->revision);
    round_shown_put_counts(object, round);
    if (round->cancel_by[0] != '\0')
        json_put_text(object, "cancel_by", round->cancel_by);
    return cli_printed(cli, json_print(object));
}

static bool
is_busy(const Kansen__V1__Round *round)
{
    return round->settling || round->state == STATE(FREEZING) || round->state == STATE(COMPUTING) ||
           round->state == STATE(PUBLISHING) || round->state == STATE(FORGETTING);
}

int
round_wait(struct cli *cli, const char *name)
{
    struct progress progress;
    int status = CLI_OK;

    progress_start(&progress, 0, false);
    for (uint64_t looks = 1; status == CLI_OK; looks++) {
        Kansen__V1__Response *response;
        const Kansen__V1__Round *round;
        bool busy;

        status = round_fetch(cli, name, &response);
        if (status != CLI_OK)
            break;
        round = response->get_round->round;
        busy = is_busy(round);
        progress_show(&progress, looks, round->version);
        if (!busy) {
            progress_clear(&progress);
            status = round_tell(cli, round);
        }
        kansen__v1__response__free_unpacked(response, NULL);
        if (!busy)
            break;
        (void)poll(NULL, 0, LOOK_MS);
    }
    progress_clear(&progress);
    return status;
}

int
round_read_file(struct cli *cli, const char *file, size_t max, char **text)
{
    FILE *in = fopen(file, "re");
    size_t len;
    char *all;

    if (in == NULL)
        return cli_usage(cli, "%s: %s", file, strerror(errno));
    all = calloc(1, max + 1);
    len = all == NULL ? 0 : fread(all, 1, max + 1, in);
    fclose(in);
    if (all == NULL)
        return cli_no_memory(cli);
    if (len > max || memchr(all, '\0', len) != NULL) {
        free(all);
        return cli_usage(cli, "%s is no text of at most %zu bytes", file, max);
    }
    *text = all;
    return CLI_OK;
}
