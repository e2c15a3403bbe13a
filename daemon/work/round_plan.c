// SPDX-License-Identifier: Apache-2.0
// A plan is checked whole; what the caller can not know (salt, places, rounds before it) is filled in.
#include "work/round_plan.h"
#include "base/date.h"
#include "base/text.h"
#include "cohort/lottery.h"
#include "store/catalog.h"
#include "store/round.h"
#include "store/round_row.h"
#include "work/round_rule.h"
#include "work/valid.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name

#define PARTIES_MAX 16u
#define TEXT_BYTES  500u
#define PARTY_MAX   32u
#define KINDS_MAX   16u

static void
hash_texts(const char *const *texts, size_t n, const uint8_t *bytes, uint8_t *out)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, LOTTERY_BYTES);
    for (size_t i = 0; i < n; i++)
        crypto_generichash_update(&state, (const uint8_t *)texts[i], strlen(texts[i]) + 1); // and its NUL
    crypto_generichash_update(&state, bytes, LOTTERY_BYTES);
    crypto_generichash_final(&state, out, LOTTERY_BYTES);
}

void
round_plan_commit_party(const char *run, const char *party, const uint8_t *secret, uint8_t *commitment)
{
    const char *const texts[] = {"alloc-party-v1", run, party};

    hash_texts(texts, sizeof texts / sizeof texts[0], secret, commitment);
}

void
round_plan_commit_salt(const uint8_t *salt, uint8_t *commitment)
{
    const char *const texts[] = {"alloc-salt-v1"};

    hash_texts(texts, 1, salt, commitment);
}

// ---- Parties

static bool
is_party(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return len >= 1 && len <= PARTY_MAX && name[len] == '\0' && name[0] >= 'a' && name[0] <= 'z';
}

static int
check_party(struct change *change, const Kansen__V1__RoundPlan *plan, size_t i)
{
    const Kansen__V1__RoundParty *party = plan->parties[i];
    char field[48];

    snprintf(field, sizeof field, "plan.parties[%zu]", i);
    if (!is_party(party->name))
        return fault_set(
            change->fault, CODE_INVALID_ARGUMENT, field,
            "'%.40s' is no name of a party; allowed are a lower-case letter and at most 31 of a-z "
            "0-9 _ -",
            party->name);
    if (party->commitment.len != LOTTERY_BYTES)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "a commitment has %u bytes, not %zu",
                         LOTTERY_BYTES, party->commitment.len);
    if (party->secret.len != 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "a secret is told when it is drawn, not before");
    if (i > 0 && strcmp(plan->parties[i - 1]->name, party->name) >= 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "parties stand in the order of their names, none twice");
    return 0;
}

static int
check_parties(struct change *change, const Kansen__V1__CreateRound *given)
{
    const Kansen__V1__RoundPlan *plan = given->plan;
    size_t least = given->single_party ? 1 : 2;
    int rc = 0;

    if (given->single_party && plan->n_parties != 1)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "plan.parties",
                         "%zu parties commit a secret; with single_party it is one", plan->n_parties);
    if (plan->n_parties < least || plan->n_parties > PARTIES_MAX)
        return fault_set(
            change->fault, CODE_INVALID_ARGUMENT, "plan.parties",
            "%zu parties commit a secret; 2 to %u are allowed, or one that is asked for as single_party",
            plan->n_parties, PARTIES_MAX);
    for (size_t i = 0; i < plan->n_parties && rc == 0; i++)
        rc = check_party(change, plan, i);
    if (rc == 0 && plan->commitment.len != LOTTERY_BYTES)
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "plan.commitment",
                       "the commitment has %u bytes, not %zu", LOTTERY_BYTES, plan->commitment.len);
    return rc;
}

// Whether a party's secret is one that a round has revealed, whichever party's it was.
static bool
is_revealed(const Kansen__V1__Round *round, const char *run, const Kansen__V1__RoundParty *party)
{
    for (size_t i = 0; i < round->n_secrets; i++) {
        uint8_t commitment[LOTTERY_BYTES];

        if (round->secrets[i].len != LOTTERY_BYTES)
            continue;
        round_plan_commit_party(run, party->name, round->secrets[i].data, commitment);
        if (memcmp(commitment, party->commitment.data, sizeof commitment) == 0)
            return true;
    }
    return false;
}

int
round_plan_check_fresh(struct change *change, const char *name, const Kansen__V1__RoundPlan *plan,
                       const char *field)
{
    Kansen__V1__Round *round = NULL;
    uint64_t id = 0;
    int rc;

    while ((rc = round_next(change->txn, id, change->arena, &round)) == 0) {
        id = round->id;
        for (size_t i = 0; i < plan->n_parties; i++) {
            if (is_revealed(round, name, plan->parties[i]))
                return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                                 "the secret of %s was revealed by round %s; each round has new ones",
                                 plan->parties[i]->name, round->name);
        }
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- The public draw

static int
check_line(struct change *change, const char *name, const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > TEXT_BYTES || text[0] == ' ' || text[len - 1] == ' ' ||
        text_check(text, len, false, NULL) != TEXT_FINE)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, name,
                         "it must be one line of 1 to %u bytes with no space at an end", TEXT_BYTES);
    return 0;
}

bool
round_plan_is_ahead(const Kansen__V1__RoundBeacon *beacon, int64_t time_us)
{
    int64_t moment_us;
    int32_t day;

    if (date_parse_time(beacon->date, &moment_us) == 0)
        return time_us < moment_us;
    return date_parse(beacon->date, &day) == 0 && date_of_time(time_us) <= day;
}

bool
round_plan_is_held(const Kansen__V1__RoundBeacon *beacon, int64_t time_us)
{
    int64_t moment_us;
    int32_t day;

    if (date_parse_time(beacon->date, &moment_us) == 0)
        return time_us >= moment_us;
    return date_parse(beacon->date, &day) == 0 && date_of_time(time_us) >= day;
}

bool
round_plan_is_day(const Kansen__V1__RoundBeacon *beacon, int64_t time_us)
{
    char text[DATE_TEXT_MAX];
    int32_t day;

    snprintf(text, sizeof text, "%.10s", beacon->date);
    return date_parse(text, &day) == 0 && date_of_time(time_us) == day;
}

static int
check_date(struct change *change, const char *text)
{
    int64_t moment_us;
    int32_t day;

    if (date_parse_time(text, &moment_us) == 0 || date_parse(text, &day) == 0)
        return 0;
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, "plan.beacon.date",
                     "'%.40s' is neither a day, as 2026-11-26, nor a moment in UTC, as 2026-11-26T12:00:00Z; "
                     "years are 1900 to 2199",
                     text);
}

static int
check_beacon(struct change *change, const Kansen__V1__RoundBeacon *beacon)
{
    int rc;

    if (beacon == NULL)
        return change_missing(change, "plan.beacon");
    rc = check_line(change, "plan.beacon.source", beacon->source);
    if (rc == 0)
        rc = check_line(change, "plan.beacon.encoding", beacon->encoding);
    if (rc == 0)
        rc = check_line(change, "plan.beacon.fallback", beacon->fallback);
    if (rc == 0)
        rc = check_date(change, beacon->date);
    if (rc == 0 && !round_plan_is_ahead(beacon, change->command->time_us))
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "plan.beacon.date",
                       "the public draw must have a date that lies ahead");
    return rc;
}

// ---- Places and the rounds before

static bool
is_place(const struct region *region)
{
    return region->municipality != 0 && region->successor[0] == '\0';
}

int
round_plan_put_places(struct change *change, uint64_t round, const Kansen__V1__RoundPlan *plan)
{
    const struct catalog *catalog = NULL;
    struct round_rule *rule = NULL;
    int rc = round_rule_parse(plan->rule, change->arena, &rule, change->fault);

    if (rc == 0 && !round_rule_measures(rule))
        return 0;
    if (rc == 0)
        rc = txn_catalog(change->txn, &catalog);
    for (size_t i = 0; rc == 0 && i < catalog_region_count(catalog); i++) {
        const struct region *region = catalog_region_at(catalog, i);
        Kansen__V1__RoundPlace place = KANSEN__V1__ROUND_PLACE__INIT;
        Kansen__V1__Point at = KANSEN__V1__POINT__INIT;

        if (!is_place(region))
            continue;
        at.lat_e6 = region->centroid.lat_e6;
        at.lon_e6 = region->centroid.lon_e6;
        place.code = (char *)region->code;
        place.at = &at;
        rc = round_place_put(change->txn, round, &place);
    }
    return rc;
}

// The lottery of a student is that of the first round that it took part in, so that must be known yet.
static int
check_remembered(struct change *change, const char *name)
{
    Kansen__V1__Round *round = NULL;
    int rc = round_find(change->txn, name, change->arena, &round);

    if (rc == 0 && (round->state == STATE(FORGETTING) || round->state == STATE(FORGOTTEN)))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "previous",
                         "round %s of this row is forgotten, so nobody knows whose lottery it was", name);
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

// A row does not branch: a student would take part in two of its rounds and know nothing of the one in the
// other.
static int
check_last(struct change *change, const Kansen__V1__Round *round)
{
    Kansen__V1__Round *later = NULL;
    int rc = round_row_follower(change->txn, round, change->arena, &later);

    if (rc == 0)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "previous",
                         "round %s follows %s already; name the last one of the row", later->name,
                         round->name);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
follow(struct change *change, const char *previous, Kansen__V1__RoundPlan *plan)
{
    Kansen__V1__RoundEarlier *last = arena_alloc(change->arena, sizeof *last);
    Kansen__V1__RoundPlan *before = NULL;
    Kansen__V1__Round *round = NULL;
    int rc = round_find(change->txn, previous, change->arena, &round);

    if (last == NULL)
        return STORE_FAULT_MEMORY;
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "previous", "there is no round '%.64s'", previous);
    if (rc == 0 && ((round->state != STATE(PUBLISHED) && round->state != STATE(CLOSED)) ||
                    round->record_digest.len != LOTTERY_BYTES))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "previous",
                         "round %s must be published, and its record exported, before another one follows it",
                         previous);
    if (rc == 0)
        rc = check_last(change, round);
    if (rc == 0)
        rc = round_plan_get(change->txn, round->id, change->arena, &before);
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    for (size_t i = 0; i < before->n_earlier && rc == 0; i++)
        rc = check_remembered(change, before->earlier[i]->name);
    if (rc != 0)
        return rc;
    plan->salt = before->salt;
    plan->series = before->series;
    plan->earlier = arena_array(change->arena, before->n_earlier + 1, sizeof(Kansen__V1__RoundEarlier *));
    if (plan->earlier == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < before->n_earlier; i++)
        plan->earlier[plan->n_earlier++] = before->earlier[i];
    kansen__v1__round_earlier__init(last);
    last->name = round->name;
    last->seed = round->seed;
    last->record_digest = round->record_digest;
    plan->earlier[plan->n_earlier++] = last;
    return 0;
}

// ---- The whole

// prefix: of the fields region and kinds.
static int
check_group(struct change *change, const char *prefix, const char *region, const Kansen__V1__OfferKind *kinds,
            size_t n_kinds)
{
    const struct catalog *catalog = NULL;
    char field[48];
    int rc = valid_count(change->fault, prefix, "kinds", n_kinds, KINDS_MAX);

    if (rc == 0)
        rc = valid_enums(change->fault, prefix, "kinds", (const int *)kinds, n_kinds, &names_offer_kind);
    if (rc == 0 && region[0] != '\0')
        rc = txn_catalog(change->txn, &catalog);
    snprintf(field, sizeof field, "%s.region", prefix);
    if (rc == 0 && catalog != NULL && catalog_region_named(catalog, region) == NULL)
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "there is no region '%.64s'", region);
    return rc;
}

static int
check_scope(struct change *change, const Kansen__V1__RoundPlan *plan)
{
    const Kansen__V1__RoundOfferGroup *own = plan->own_lottery;
    int rc = check_group(change, "plan", plan->region, plan->kinds, plan->n_kinds);

    return rc == 0 && own != NULL
               ? check_group(change, "plan.own_lottery", own->region, own->kinds, own->n_kinds)
               : rc;
}

int
round_plan_make(struct change *change, const Kansen__V1__CreateRound *given, Kansen__V1__RoundPlan *plan)
{
    struct round_rule *rule = NULL;
    int rc = check_scope(change, given->plan);

    *plan = *given->plan;
    plan->series = (char *)given->name;
    plan->n_earlier = 0;
    plan->salt = (ProtobufCBinaryData){LOTTERY_BYTES, (uint8_t *)change->command->secrets->salt};
    if (plan->rule[0] == '\0')
        plan->rule = (char *)ROUND_RULE_DEFAULT;
    if (rc == 0)
        rc = round_rule_parse(plan->rule, change->arena, &rule, change->fault);
    if (rc == 0)
        rc = check_parties(change, given);
    if (rc == 0)
        rc = round_plan_check_fresh(change, given->name, given->plan, "plan.parties");
    if (rc == 0)
        rc = check_beacon(change, given->plan->beacon);
    if (rc == 0 && given->previous[0] != '\0')
        rc = follow(change, given->previous, plan);
    return rc;
}
