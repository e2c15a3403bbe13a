// SPDX-License-Identifier: Apache-2.0
// round offers: takes offers in, or changes the lottery of those that take part. The same for round create.
#include "client/cli/flags.h"
#include "client/cli/round.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OFFERS_MAX 1000u

struct options {
    const char *offers;
    int lottery;
};

const struct flag verb_round_offers_flags[] = {{"offers", "A,B", "these, by id (all that can take part)",
                                                flags_set_given, NULL, offsetof(struct options, offers)},
                                               {"lottery", "WORD",
                                                "that counts at them (as the round was made)", flags_set_word,
                                                &names_round_lottery, offsetof(struct options, lottery)},
                                               {0}};

static int
read_ids(struct cli *cli, const char *flag, const char *text, uint64_t *ids, size_t *n)
{
    for (const char *at = text; at != NULL;) {
        size_t digits = strspn(at, "0123456789");
        char *end;

        if (*n == OFFERS_MAX)
            return cli_usage_at(cli, flag, "at most %u offers", OFFERS_MAX);
        errno = 0;
        ids[(*n)++] = strtoull(at, &end, 10);
        if (digits == 0 || errno != 0 || (*end != ',' && *end != '\0'))
            return cli_usage_at(cli, flag, "\"%.40s\" is no id of an offer", at);
        at = *end == ',' ? end + 1 : NULL;
    }
    return CLI_OK;
}

int
round_check_offers(struct cli *cli, const char *flag, const char *ids)
{
    uint64_t offers[OFFERS_MAX];
    size_t n = 0;

    return read_ids(cli, flag, ids, offers, &n);
}

int
round_take_offers(struct cli *cli, const char *name, const char *flag, const char *ids,
                  Kansen__V1__RoundLottery lottery)
{
    Kansen__V1__TakeRoundOffers take = KANSEN__V1__TAKE_ROUND_OFFERS__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    uint64_t offers[OFFERS_MAX];
    bool more = true;
    int status;

    take.round = (char *)name;
    take.all = ids == NULL;
    take.lottery = lottery;
    take.offer_ids = offers;
    status = read_ids(cli, flag, ids, offers, &take.n_offer_ids);
    write.operation_case = KANSEN__V1__WRITE__OPERATION_TAKE_ROUND_OFFERS;
    write.take_round_offers = &take;
    while (status == CLI_OK && more) {
        Kansen__V1__Response *response;

        status = cli_write(cli, &write, NULL, &response);
        if (status != CLI_OK)
            break;
        more = take.all && response->write->outcome != KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
        kansen__v1__response__free_unpacked(response, NULL);
    }
    return status;
}

int
verb_round_offers(struct cli *cli, int argc, char **argv)
{
    struct options options = {.lottery = KANSEN__V1__ROUND_LOTTERY__ROUND_LOTTERY_UNSPECIFIED};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK)
        status = round_take_offers(cli, argv[0], "--offers", options.offers,
                                   (Kansen__V1__RoundLottery)options.lottery);
    return status == CLI_OK ? round_wait(cli, argv[0]) : status;
}
