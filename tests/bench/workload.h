// SPDX-License-Identifier: Apache-2.0
// The workload that everything in this folder is measured on: offers over the real municipalities, weighted
// by inhabitants and jittered, and queries of students. The same options give the same workload on every
// machine and compiler: whole numbers and a random generator of its own (xoshiro256**, Blackman and Vigna
// 2018).
//
// Two forms. Flat: 256 unrelated interests, every offer open with seats free and without dates, ages, needs
// or languages; queries ask by radius, interests, kinds, levels and price: what a database can express in its
// own terms. Full: the taxonomy of the seeds and every filter that a match knows.
#ifndef TESTS_BENCH_WORKLOAD_H
#define TESTS_BENCH_WORKLOAD_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

enum workload_form {
    WORKLOAD_FLAT,
    WORKLOAD_FULL,
};

struct workload_options {
    enum workload_form form;
    uint32_t offers, queries; // how many
    uint64_t seed;
    uint32_t skew; // how even interests are: the one of rank r (from 1) weighs 1 / (r + skew); 0 = plain Zipf
    const char *seeds_dir; // folder of regions.csv and interests.csv
};

#define WORKLOAD_OFFER_INTERESTS 6
#define WORKLOAD_QUERY_INTERESTS 5
#define WORKLOAD_ACCREDITATIONS  4
#define WORKLOAD_LIMIT           20u          // matches that every query asks for
#define WORKLOAD_TODAY           20780        // days since 1970: as_of of every query
#define WORKLOAD_TODAY_TEXT      "2026-11-23" // the same
#define WORKLOAD_AGE_NONE        UINT8_MAX

// In all masks bit n - 1 stands for the protocol's enum value n, or for entry n - 1 of a list below. Dates
// are days since 1970 or DATE_NONE (base/date.h).
struct workload_town {
    char code[8];
    int32_t lat_e6, lon_e6;
    uint32_t weight; // thousands of inhabitants
};

struct workload_interest {
    char code[65];
};

struct workload_partner { // external id "p<index + 1>"
    int32_t lat_e6, lon_e6;
    uint16_t town; // index
    uint8_t kind;
    uint8_t n_accreditations;
    uint32_t accreditations[WORKLOAD_ACCREDITATIONS];
};

struct workload_offer { // id index + 1, external id "o<index + 1>"
    int32_t lat_e6, lon_e6;
    uint32_t partner; // index
    uint32_t cost_cents;
    int32_t start, end, deadline, reserved_until;
    uint16_t interests[WORKLOAD_OFFER_INTERESTS]; // indexes, none twice
    uint16_t town;                                // index
    uint16_t levels, transitions;                 // masks; 0 = all, none
    uint16_t seats;
    uint8_t reserved_seats;
    uint8_t n_interests;
    uint8_t kind, partner_kind, status;
    uint8_t weekdays, needs, languages, funds; // masks
    uint8_t min_age, max_age;                  // WORKLOAD_AGE_NONE = none
    uint8_t sentences;                         // of its description
    bool remote;                               // its position is then 0, 0
};

struct workload_query {
    int32_t lat_e6, lon_e6;
    uint32_t radius_m;
    uint16_t interests[WORKLOAD_QUERY_INTERESTS]; // indexes, none twice
    uint8_t interest_weights[WORKLOAD_QUERY_INTERESTS];
    uint8_t n_interests;
    uint16_t levels;              // mask; 0 = any
    uint8_t kinds, partner_kinds; // masks; 0 = all
    uint8_t weight_interest, weight_proximity, weight_transition;
    uint8_t transition; // enum value; 0 = none
    bool has_max_cost, referred;
    uint8_t age; // WORKLOAD_AGE_NONE = not given
    uint32_t max_cost_cents;
    uint32_t qualification; // 0 = none
    uint64_t tie_seed;
    int32_t from, to;
    uint8_t weekdays, needs, languages, funds; // masks
    char region[8];                            // "" = anywhere
};

struct workload {
    struct workload_options options;
    uint32_t n_towns, n_interests, n_partners;
    struct workload_town *towns;
    struct workload_interest *interests;
    struct workload_partner *partners;
    struct workload_offer *offers;  // options.offers
    struct workload_query *queries; // options.queries
};

#define WORKLOAD_LANGUAGES 4
#define WORKLOAD_FUNDS     2
extern const char *const workload_languages[WORKLOAD_LANGUAGES];
extern const char *const workload_funds[WORKLOAD_FUNDS];

// Makes a workload; seeds_dir is not kept. 0, -ENOMEM, -errno of a file of the seeds, or -EINVAL when one of
// them cannot be read (told on stderr). workload_free(NULL) is safe.
int workload_make(const struct workload_options *options, struct workload **out) MUST_CHECK;
void workload_free(struct workload *workload);

#endif
