// SPDX-License-Identifier: Apache-2.0
// A real store in a scratch directory, a small taxonomy in it, and commands applied to it.
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "base/arena.h"
#include "store/catalog.h"
#include "store/offer_row.h"
#include "store/records.h"
#include "store/store.h"
#include "tests/unit/unit.h"
#include "work/apply.h"
#include "work/lifecycle.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64];
    struct store *store;
    struct txn *write, *read;
    struct arena *arena;
    int64_t time_us;
};

static inline void
fixture_open(struct fixture *fixture)
{
    struct store_options options = {.dir = fixture->dir, .map_bytes = UINT64_C(256) << 20};
    struct fault fault;

    assert_int_equal(store_open(&options, &fixture->store, &fault), 0);
    assert_int_equal(txn_new_write(fixture->store, &fixture->write), 0);
    assert_int_equal(txn_new_read(fixture->store, &fixture->read), 0);
    fixture->arena = arena_new(64 << 20);
    assert_non_null(fixture->arena);
}

static inline void
fixture_close(struct fixture *fixture)
{
    txn_free(fixture->read);
    txn_free(fixture->write);
    store_close(fixture->store);
    arena_free(fixture->arena);
}

// Applies one write in the open transaction.
static inline Kansen__V1__WriteResult
fixture_apply(struct fixture *fixture, Kansen__V1__Write write)
{
    struct command command = {
        .time_us = ++fixture->time_us, .actor = "test", .movers = MOVER_OPERATOR, .write = &write};
    Kansen__V1__WriteResult result;

    assert_int_equal(apply(fixture->write, &command, fixture->arena, &result), 0);
    return result;
}

// Applies one write in a transaction of its own.
static inline Kansen__V1__WriteResult
fixture_do(struct fixture *fixture, Kansen__V1__Write write)
{
    Kansen__V1__WriteResult result;

    assert_int_equal(txn_begin(fixture->write), 0);
    result = fixture_apply(fixture, write);
    assert_int_equal(txn_commit(fixture->write), 0);
    return result;
}

#define WRITE(operation, field, value)                                                                       \
    ((Kansen__V1__Write){PROTOBUF_C_MESSAGE_INIT(&kansen__v1__write__descriptor),                            \
                         (char *)protobuf_c_empty_string,                                                    \
                         KANSEN__V1__WRITE__OPERATION_##operation,                                           \
                         {.field = (value)}})

static inline Kansen__V1__WriteResult
fixture_interest(struct fixture *fixture, const char *code)
{
    Kansen__V1__Interest interest = KANSEN__V1__INTEREST__INIT;
    Kansen__V1__UpsertInterest upsert = KANSEN__V1__UPSERT_INTEREST__INIT;

    interest.code = interest.label_nl = interest.label_en = (char *)code;
    upsert.interest = &interest;
    return fixture_do(fixture, WRITE(UPSERT_INTEREST, upsert_interest, &upsert));
}

static inline Kansen__V1__WriteResult
fixture_region(struct fixture *fixture, const char *code, Kansen__V1__RegionType type, const char *parent,
               struct geo_point centroid, const char *successor)
{
    Kansen__V1__Region region = KANSEN__V1__REGION__INIT;
    Kansen__V1__UpsertRegion upsert = KANSEN__V1__UPSERT_REGION__INIT;
    Kansen__V1__Point point = KANSEN__V1__POINT__INIT;
    char *parents[1] = {(char *)parent};

    point.lat_e6 = centroid.lat_e6;
    point.lon_e6 = centroid.lon_e6;
    region.code = region.name = (char *)code;
    region.type = type;
    region.n_parents = parent[0] == '\0' ? 0 : 1;
    region.parents = parents;
    region.centroid = &point;
    region.successor = (char *)successor;
    upsert.region = &region;
    return fixture_do(fixture, WRITE(UPSERT_REGION, upsert_region, &upsert));
}

#define REGION(type) KANSEN__V1__REGION_TYPE__REGION_TYPE_##type

static inline void
fixture_start(struct fixture *fixture)
{
    static const char *const interests[] = {"sport",    "sport.voetbal",     "sport.tennis",
                                            "techniek", "techniek.robotica", "techniek.robotica.drones"};

    *fixture = (struct fixture){.time_us = 1000};
    snprintf(fixture->dir, sizeof fixture->dir, "/tmp/kansen-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    fixture_open(fixture);
    for (size_t i = 0; i < sizeof interests / sizeof interests[0]; i++)
        assert_null(fixture_interest(fixture, interests[i]).status);
    fixture_region(fixture, "NL", REGION(COUNTRY), "", (struct geo_point){52000000, 5000000}, "");
    fixture_region(fixture, "PV28", REGION(PROVINCE), "NL", (struct geo_point){52000000, 4500000}, "");
    fixture_region(fixture, "GM0606", REGION(MUNICIPALITY), "PV28", (struct geo_point){51919170, 4388610},
                   "");
    fixture_region(fixture, "GM0503", REGION(MUNICIPALITY), "PV28", (struct geo_point){52006670, 4355560},
                   "");
}

static inline void
fixture_end(struct fixture *fixture)
{
    char path[128];
    static const char *const files[] = {STORE_FILE, STORE_FILE "-lock", "kansend.lock"};

    fixture_close(fixture);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->dir, files[i]);
        unlink(path);
    }
    rmdir(fixture->dir);
}

static inline Kansen__V1__Partner
fixture_partner(const char *external_id, const char *region)
{
    Kansen__V1__Partner partner = KANSEN__V1__PARTNER__INIT;

    partner.external_id = (char *)external_id;
    partner.kind = KANSEN__V1__PARTNER_KIND__PARTNER_KIND_SPORT_CLUB;
    partner.name = (char *)"Club";
    partner.region = (char *)region;
    return partner;
}

static inline Kansen__V1__WriteResult
fixture_upsert_partner(struct fixture *fixture, Kansen__V1__Partner partner)
{
    Kansen__V1__UpsertPartner upsert = KANSEN__V1__UPSERT_PARTNER__INIT;

    upsert.partner = &partner;
    return fixture_do(fixture, WRITE(UPSERT_PARTNER, upsert_partner, &upsert));
}

// An offer of a partner with one interest; interests must outlive the offer.
static inline Kansen__V1__Offer
fixture_offer(const char *external_id, uint64_t partner, char **interests)
{
    Kansen__V1__Offer offer = KANSEN__V1__OFFER__INIT;

    offer.external_id = (char *)external_id;
    offer.partner_id = partner;
    offer.kind = KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT;
    offer.title = (char *)"Voetbal";
    offer.n_interests = 1;
    offer.interests = interests;
    offer.seats = 5;
    return offer;
}

static inline Kansen__V1__WriteResult
fixture_upsert_offer(struct fixture *fixture, Kansen__V1__Offer offer)
{
    Kansen__V1__UpsertOffer upsert = KANSEN__V1__UPSERT_OFFER__INIT;

    upsert.offer = &offer;
    return fixture_do(fixture, WRITE(UPSERT_OFFER, upsert_offer, &upsert));
}

static inline struct offer_row
fixture_row(struct fixture *fixture, uint64_t offer)
{
    struct offer_row row;

    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(offer_row_get(fixture->read, offer, &row), 0);
    txn_end(fixture->read);
    return row;
}

#endif
