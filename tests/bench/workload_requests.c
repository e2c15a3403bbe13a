// SPDX-License-Identifier: Apache-2.0
// Queries as messages of the protocol. All that a message points to lies in one struct, used again for each.
#include "base/date.h"
#include "proto/frame.h"
#include "tests/bench/workload.h"
#include "tests/bench/workload_files.h"
#include <errno.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stdlib.h>

#define VALUES_MAX 16

struct packed {
    Kansen__V1__Request request;
    Kansen__V1__MatchRequest match;
    Kansen__V1__Query query;
    Kansen__V1__Point at;
    Kansen__V1__Weights weights;
    Kansen__V1__WantedInterest wanted[WORKLOAD_QUERY_INTERESTS];
    Kansen__V1__WantedInterest *wanted_list[WORKLOAD_QUERY_INTERESTS];
    Kansen__V1__OfferKind kinds[VALUES_MAX];
    Kansen__V1__PartnerKind partner_kinds[VALUES_MAX];
    Kansen__V1__Level levels[VALUES_MAX];
    Kansen__V1__Weekday weekdays[VALUES_MAX];
    Kansen__V1__Need needs[VALUES_MAX];
    char *funds[WORKLOAD_FUNDS], *languages[WORKLOAD_LANGUAGES];
    char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];
};

#define VALUES_OF(mask, out, n_out)                                                                          \
    do {                                                                                                     \
        (n_out) = 0;                                                                                         \
        for (unsigned value_ = 1; value_ <= VALUES_MAX; value_++)                                            \
            if (((mask) >> (value_ - 1) & 1) != 0)                                                           \
                (out)[(n_out)++] = value_;                                                                   \
    } while (0)

static size_t
words_of(uint32_t mask, const char *const *words, char **out)
{
    size_t n = 0;

    for (uint32_t i = 0; mask >> i != 0; i++)
        if ((mask >> i & 1) != 0)
            out[n++] = (char *)words[i];
    return n;
}

static void
fill_interests(const struct workload *workload, const struct workload_query *query, struct packed *packed)
{
    for (uint32_t i = 0; i < query->n_interests; i++) {
        kansen__v1__wanted_interest__init(&packed->wanted[i]);
        packed->wanted[i].code = workload->interests[query->interests[i]].code;
        packed->wanted[i].weight = query->interest_weights[i];
        packed->wanted_list[i] = &packed->wanted[i];
    }
    packed->query.n_interests = query->n_interests;
    packed->query.interests = packed->wanted_list;
}

static void
fill_lists(const struct workload_query *query, struct packed *packed)
{
    Kansen__V1__Query *out = &packed->query;

    VALUES_OF(query->kinds, packed->kinds, out->n_kinds);
    VALUES_OF(query->partner_kinds, packed->partner_kinds, out->n_partner_kinds);
    VALUES_OF(query->levels, packed->levels, out->n_levels);
    VALUES_OF(query->weekdays, packed->weekdays, out->n_weekdays);
    VALUES_OF(query->needs, packed->needs, out->n_needs);
    out->n_funds = words_of(query->funds, workload_funds, packed->funds);
    out->n_languages = words_of(query->languages, workload_languages, packed->languages);
    out->kinds = packed->kinds;
    out->partner_kinds = packed->partner_kinds;
    out->levels = packed->levels;
    out->weekdays = packed->weekdays;
    out->needs = packed->needs;
    out->funds = packed->funds;
    out->languages = packed->languages;
}

static void
fill_query(const struct workload_query *query, struct packed *packed)
{
    Kansen__V1__Query *out = &packed->query;

    out->origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    out->at = &packed->at;
    packed->at.lat_e6 = query->lat_e6;
    packed->at.lon_e6 = query->lon_e6;
    out->radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    out->radius_m = query->radius_m;
    out->region = (char *)query->region;
    out->transition = (Kansen__V1__Transition)query->transition;
    if (query->age != WORKLOAD_AGE_NONE) {
        out->age_given_case = KANSEN__V1__QUERY__AGE_GIVEN_AGE;
        out->age = query->age;
    }
    out->qualification = query->qualification;
    out->from_date = date_format(query->from, packed->from);
    out->to_date = date_format(query->to, packed->to);
    if (query->has_max_cost) {
        out->max_cost_case = KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS;
        out->max_cost_cents = query->max_cost_cents;
    }
    out->referred = query->referred;
    out->limit = WORKLOAD_LIMIT;
    out->tie_seed = query->tie_seed;
    packed->weights.interest = query->weight_interest;
    packed->weights.proximity = query->weight_proximity;
    packed->weights.transition = query->weight_transition;
    out->weights = &packed->weights;
    out->as_of = (char *)WORKLOAD_TODAY_TEXT;
}

static int
put_frame(const Kansen__V1__Request *request, FILE *file)
{
    size_t len = kansen__v1__request__get_packed_size(request), header_len;
    uint8_t header[FRAME_HEADER_MAX], *body = malloc(len);
    bool good;

    if (body == NULL)
        return -ENOMEM;
    kansen__v1__request__pack(request, body);
    header_len = frame_encode_header(header, len);
    good = fwrite(header, 1, header_len, file) == header_len && fwrite(body, 1, len, file) == len;
    free(body);
    return good ? 0 : -EIO;
}

int
workload_files_requests(const struct workload *workload, FILE *file)
{
    for (uint32_t i = 0; i < workload->options.queries; i++) {
        const struct workload_query *query = &workload->queries[i];
        struct packed packed;
        int r;

        kansen__v1__request__init(&packed.request);
        kansen__v1__match_request__init(&packed.match);
        kansen__v1__query__init(&packed.query);
        kansen__v1__point__init(&packed.at);
        kansen__v1__weights__init(&packed.weights);
        packed.request.id = (uint64_t)i + 1;
        packed.request.body_case = KANSEN__V1__REQUEST__BODY_MATCH;
        packed.request.match = &packed.match;
        packed.match.query = &packed.query;
        fill_interests(workload, query, &packed);
        fill_lists(query, &packed);
        fill_query(query, &packed);
        r = put_frame(&packed.request, file);
        if (r != 0)
            return r;
    }
    return 0;
}
