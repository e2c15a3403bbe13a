// SPDX-License-Identifier: Apache-2.0
// round: create, draw, and the steps that only name the round.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/round.h"
#include "client/cli/round_secret.h"
#include "client/cli/verbs.h"
#include "proto/names.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_MAX   32768u
#define KINDS_MAX  32u
#define BEACON_MAX 1024u

#define LOTTERY(name) KANSEN__V1__ROUND_LOTTERY__ROUND_LOTTERY_##name

// What the flags of these verbs set.
struct options {
    const char *region, *rule, *commitment, *previous, *offers, *reason, *key;
    const char *own_lottery, *own_region;
    const char *beacon_source, *beacon_date, *beacon_encoding, *beacon_fallback;
    const char *beacon, *beacon_hex;
    struct round_parties parties;
    uint32_t kinds, own_kinds; // a bit for each kind of offer
    bool single_party, fallback, no_wait;
};

#define AT(member) NULL, offsetof(struct options, member)

const struct flag verb_round_create_flags[] = {
    {"party", "NAME=FILE", "who commits a secret, in a file that is made if it is not there; two or more",
     round_secret_take_party, AT(parties)},
    {"single-party", NULL, "one party may do", flags_set_true, AT(single_party)},
    {"commitment", "HEX", "of the joined secrets, where parties are given as NAME:COMMITMENT",
     flags_set_given, AT(commitment)},
    {"beacon-source", "TEXT", "required; the public draw that is announced", flags_set_given,
     AT(beacon_source)},
    {"beacon-date", "DATE", "required; its day, or its moment, as 2027-03-06T20:00:00Z", flags_set_given,
     AT(beacon_date)},
    {"beacon-encoding", "TEXT", "required; how its outcome becomes bytes", flags_set_given,
     AT(beacon_encoding)},
    {"beacon-fallback", "TEXT", "required; what counts if it does not happen", flags_set_given,
     AT(beacon_fallback)},
    {"region", "CODE", "only offers in this region (anywhere)", flags_set_given, AT(region)},
    {"kind", "A,B", "only offers of these kinds (all)", flags_set_words, &names_offer_kind,
     offsetof(struct options, kinds)},
    {"rule", "FILE", "the rule of classes, see kansen-record(5) (all alike)", flags_set_given, AT(rule)},
    {"previous", "NAME", "the round before it, whose unassigned and improvers it is for", flags_set_given,
     AT(previous)},
    {"offers", "A,B", "only these offers, by id (all that can take part)", flags_set_given, AT(offers)},
    {"own-lottery", "A,B", "offers that draw a lottery of their own: by id, or the word all (none)",
     flags_set_given, AT(own_lottery)},
    {"own-lottery-region", "CODE", "all in this region draw one", flags_set_given, AT(own_region)},
    {"own-lottery-kind", "A,B", "all of these kinds draw one; with a region, those in it", flags_set_words,
     &names_offer_kind, offsetof(struct options, own_kinds)},
    {0}};
const struct flag verb_round_draw_flags[] = {
    {"party", "NAME=FILE", "the file of each party's secret", round_secret_take_party, AT(parties)},
    {"beacon", "TEXT", "the bytes of the public draw, as text", flags_set_given, AT(beacon)},
    {"beacon-hex", "HEX", "the same as hexadecimal digits", flags_set_given, AT(beacon_hex)},
    {"fallback", NULL, "they come from the fallback that was announced", flags_set_true, AT(fallback)},
    {0}};
const struct flag verb_round_step_flags[] = {
    {"no-wait", NULL, "do not wait for what follows by itself", flags_set_true, AT(no_wait)}, {0}};
const struct flag verb_round_reason_flags[] = {
    {"reason", "TEXT", "required; why", flags_set_given, AT(reason)}, {0}};

static int
write_quietly(struct cli *cli, Kansen__V1__Write *write, Kansen__V1__Outcome *outcome)
{
    Kansen__V1__Response *response;
    int status = cli_write(cli, write, NULL, &response);

    if (status != CLI_OK)
        return status;
    *outcome = response->write->outcome;
    kansen__v1__response__free_unpacked(response, NULL);
    return CLI_OK;
}

// ---- Create

// Reads the parties, makes secrets that are not there, and says what they commit to.
static int
read_parties(struct cli *cli, const char *run, const struct options *options, struct round_party *parties,
             uint8_t commitment[ROUND_SECRET_BYTES])
{
    int status = CLI_OK;

    for (size_t i = 0; i < options->parties.n && status == CLI_OK; i++)
        status = round_secret_party(cli, run, options->parties.texts[i], true, &parties[i]);
    if (status != CLI_OK)
        return status;
    round_secret_sort(parties, options->parties.n);
    if (options->commitment != NULL)
        return round_secret_parse(options->commitment, commitment)
                   ? CLI_OK
                   : cli_usage_at(cli, "--commitment", "a commitment has 64 hexadecimal digits");
    if (round_secret_commit(run, parties, options->parties.n, commitment))
        return CLI_OK;
    return cli_usage_at(cli, "--commitment", "it is needed where a party's secret is not given");
}

static size_t
read_kinds(uint32_t bits, Kansen__V1__OfferKind *kinds)
{
    size_t n = 0;

    for (unsigned i = 0; i < KINDS_MAX; i++)
        if ((bits >> i & 1) != 0)
            kinds[n++] = (Kansen__V1__OfferKind)i;
    return n;
}

// The group of offers that draw a lottery of their own, if it is one.
static bool
read_group(const struct options *options, Kansen__V1__OfferKind *kinds, Kansen__V1__RoundOfferGroup *group)
{
    bool all = options->own_lottery != NULL && strcmp(options->own_lottery, "all") == 0;

    if (all)
        return true;
    group->region = (char *)(options->own_region != NULL ? options->own_region : "");
    group->n_kinds = read_kinds(options->own_kinds, kinds);
    group->kinds = kinds;
    return options->own_region != NULL || group->n_kinds > 0;
}

static int
send_round(struct cli *cli, const char *name, const struct options *options, struct round_party *parties,
           const uint8_t *commitment, char *rule)
{
    Kansen__V1__RoundParty party[ROUND_SECRET_PARTIES], *pointers[ROUND_SECRET_PARTIES];
    Kansen__V1__OfferKind kinds[KINDS_MAX], own_kinds[KINDS_MAX];
    Kansen__V1__RoundOfferGroup group = KANSEN__V1__ROUND_OFFER_GROUP__INIT;
    Kansen__V1__RoundBeacon beacon = KANSEN__V1__ROUND_BEACON__INIT;
    Kansen__V1__RoundPlan plan = KANSEN__V1__ROUND_PLAN__INIT;
    Kansen__V1__CreateRound create = KANSEN__V1__CREATE_ROUND__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Outcome outcome;

    for (size_t i = 0; i < options->parties.n; i++) {
        pointers[i] = &party[i];
        kansen__v1__round_party__init(&party[i]);
        party[i].name = parties[i].name;
        party[i].commitment = (ProtobufCBinaryData){ROUND_SECRET_BYTES, parties[i].commitment};
    }
    beacon.source = (char *)options->beacon_source;
    beacon.date = (char *)options->beacon_date;
    beacon.encoding = (char *)options->beacon_encoding;
    beacon.fallback = (char *)options->beacon_fallback;
    plan.region = (char *)(options->region != NULL ? options->region : "");
    plan.n_kinds = read_kinds(options->kinds, kinds);
    plan.kinds = kinds;
    plan.own_lottery = read_group(options, own_kinds, &group) ? &group : NULL;
    plan.rule = rule;
    plan.n_parties = options->parties.n;
    plan.parties = pointers;
    plan.commitment = (ProtobufCBinaryData){ROUND_SECRET_BYTES, (uint8_t *)commitment};
    plan.beacon = &beacon;
    create.name = (char *)name;
    create.plan = &plan;
    create.previous = (char *)(options->previous != NULL ? options->previous : "");
    create.single_party = options->single_party;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_CREATE_ROUND;
    write.create_round = &create;
    return write_quietly(cli, &write, &outcome);
}

// Whether single offers are named that draw a lottery of their own.
static bool
names_own(const struct options *options)
{
    return options->own_lottery != NULL && strcmp(options->own_lottery, "all") != 0;
}

static int
take_offers(struct cli *cli, const char *name, const struct options *options)
{
    int status = round_take_offers(cli, name, "--offers", options->offers, LOTTERY(UNSPECIFIED));

    if (status == CLI_OK && names_own(options))
        status = round_take_offers(cli, name, "--own-lottery", options->own_lottery, LOTTERY(OWN));
    if (status == CLI_NO)
        fprintf(stderr, "round %s is made; go on by: kansenctl round offers %s --offers IDS\n", name, name);
    return status;
}

// What can be said of flags before the round is made, as its name is used up then.
static int
check_offers(struct cli *cli, const struct options *options)
{
    int status = round_check_offers(cli, "--offers", options->offers);

    return status == CLI_OK && names_own(options)
               ? round_check_offers(cli, "--own-lottery", options->own_lottery)
               : status;
}

static int
need_beacon(struct cli *cli, const struct options *options)
{
    if (options->beacon_source == NULL)
        return cli_usage_at(cli, "--beacon-source", "this flag is missing");
    if (options->beacon_date == NULL)
        return cli_usage_at(cli, "--beacon-date", "this flag is missing");
    if (options->beacon_encoding == NULL)
        return cli_usage_at(cli, "--beacon-encoding", "this flag is missing");
    return options->beacon_fallback != NULL ? CLI_OK
                                            : cli_usage_at(cli, "--beacon-fallback", "this flag is missing");
}

int
verb_round_create(struct cli *cli, int argc, char **argv)
{
    struct round_party parties[ROUND_SECRET_PARTIES] = {0};
    uint8_t commitment[ROUND_SECRET_BYTES];
    struct options options = {0};
    char *rule = NULL;
    int status = flags_read_with(cli, argc, argv, &options, 1, "a name for the round");

    if (status == CLI_OK)
        status = need_beacon(cli, &options);
    if (status == CLI_OK)
        status = check_offers(cli, &options);
    if (status == CLI_OK)
        status = read_parties(cli, argv[0], &options, parties, commitment);
    if (status == CLI_OK && options.rule != NULL)
        status = round_read_file(cli, options.rule, RULE_MAX, &rule);
    if (status == CLI_OK)
        status = send_round(cli, argv[0], &options, parties, commitment,
                            rule != NULL ? rule : (char *)protobuf_c_empty_string);
    if (status == CLI_OK)
        status = take_offers(cli, argv[0], &options);
    round_secret_wipe(parties, ROUND_SECRET_PARTIES);
    free(rule);
    return status == CLI_OK ? round_wait(cli, argv[0]) : status;
}

// ---- Draw

static int
read_beacon(struct cli *cli, const struct options *options, uint8_t *bytes, ProtobufCBinaryData *out)
{
    const char *hex = options->beacon_hex;

    if ((hex == NULL) == (options->beacon == NULL))
        return cli_usage_at(cli, "--beacon", "give the public draw as --beacon or as --beacon-hex");
    if (hex == NULL) {
        *out = (ProtobufCBinaryData){strlen(options->beacon), (uint8_t *)options->beacon};
        return CLI_OK;
    }
    out->data = bytes;
    if (sodium_hex2bin(bytes, BEACON_MAX, hex, strlen(hex), NULL, &out->len, NULL) != 0 ||
        2 * out->len != strlen(hex))
        return cli_usage_at(cli, "--beacon-hex", "these are no hexadecimal digits of at most %u bytes",
                            BEACON_MAX);
    return CLI_OK;
}

static int
read_secret(struct cli *cli, const char *run, const char *text, struct round_party *party)
{
    int status = round_secret_party(cli, run, text, false, party);

    if (status != CLI_OK || party->has_secret)
        return status;
    return cli_usage_at(cli, "--party", "its secret is drawn with, not its commitment; give NAME=FILE");
}

int
verb_round_draw(struct cli *cli, int argc, char **argv)
{
    struct round_party parties[ROUND_SECRET_PARTIES] = {0};
    ProtobufCBinaryData secrets[ROUND_SECRET_PARTIES];
    Kansen__V1__DrawRound draw = KANSEN__V1__DRAW_ROUND__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Outcome outcome;
    struct options options = {0};
    uint8_t bytes[BEACON_MAX];
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK)
        status = read_beacon(cli, &options, bytes, &draw.beacon_bytes);
    for (size_t i = 0; i < options.parties.n && status == CLI_OK; i++)
        status = read_secret(cli, argv[0], options.parties.texts[i], &parties[i]);
    if (status != CLI_OK)
        return status;
    round_secret_sort(parties, options.parties.n);
    for (size_t i = 0; i < options.parties.n; i++)
        secrets[i] = (ProtobufCBinaryData){ROUND_SECRET_BYTES, parties[i].secret};
    draw.round = argv[0];
    draw.n_secrets = options.parties.n;
    draw.secrets = secrets;
    draw.fallback = options.fallback;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_DRAW_ROUND;
    write.draw_round = &draw;
    status = write_quietly(cli, &write, &outcome);
    round_secret_wipe(parties, ROUND_SECRET_PARTIES);
    return status == CLI_OK ? round_wait(cli, argv[0]) : status;
}

// ---- Steps

int
verb_round_step(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__MoveRound move = KANSEN__V1__MOVE_ROUND__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Response *response;
    Kansen__V1__Outcome outcome;
    struct options options = {.reason = ""};
    int status = flags_read_with(cli, argc, argv, &options, 1, "the name of a round");

    if (status == CLI_OK && cli->verb->more_flags == verb_round_reason_flags && options.reason[0] == '\0')
        status = cli_usage_at(cli, "--reason", "this flag is missing");
    if (status != CLI_OK)
        return status;
    move.round = argv[0];
    move.step = (Kansen__V1__RoundStep)cli->verb->move;
    move.reason = (char *)options.reason;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_MOVE_ROUND;
    write.move_round = &move;
    status = write_quietly(cli, &write, &outcome);
    if (status != CLI_OK || !options.no_wait)
        return status == CLI_OK ? round_wait(cli, argv[0]) : status;
    status = round_fetch(cli, argv[0], &response);
    if (status != CLI_OK)
        return status;
    status = round_tell(cli, response->get_round->round);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}
