// SPDX-License-Identifier: Apache-2.0
// Commands on a real store: what they change, what they refuse, and that the index follows.
#include "base/fault.h"
#include "store/check.h"
#include "store/write.h"
#include "tests/unit/store_fixture.h"
#include <string.h>

static char *football[] = {(char *)"sport.voetbal"};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_start(fixture);
    *state = fixture;
    return 0;
}

// Every test ends with the offline check of what it left behind.
static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    FILE *out = tmpfile();

    fixture_close(fixture);
    assert_int_equal(check_run(fixture->dir, out), 0);
    fclose(out);
    fixture_open(fixture);
    fixture_end(fixture);
    free(fixture);
    return 0;
}

static void
test_upsert_counts_versions_and_knows_unchanged(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Partner partner = fixture_partner("p1", "GM0606");
    Kansen__V1__WriteResult result = fixture_upsert_partner(fixture, partner);
    uint64_t sequence = result.sequence;

    assert_int_equal(result.outcome, KANSEN__V1__OUTCOME__OUTCOME_CREATED);
    assert_int_equal(result.id, 1);
    result = fixture_upsert_partner(fixture, partner);
    assert_int_equal(result.outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(result.sequence, 0);
    partner.name = (char *)"Club Rood";
    result = fixture_upsert_partner(fixture, partner);
    assert_int_equal(result.outcome, KANSEN__V1__OUTCOME__OUTCOME_UPDATED);
    assert_int_equal(result.version, 2);
    assert_int_equal(result.sequence, sequence + 1);
    partner.version = 1;
    partner.name = (char *)"Club Blauw";
    result = fixture_upsert_partner(fixture, partner);
    assert_int_equal(result.status->code, CODE_ABORTED);
}

static void
test_suspension_and_removal_reach_the_index(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    uint64_t offer = fixture_upsert_offer(fixture, fixture_offer("o1", partner, football)).id;
    Kansen__V1__SetPartnerStatus suspend = KANSEN__V1__SET_PARTNER_STATUS__INIT;
    Kansen__V1__RemovePartner remove = KANSEN__V1__REMOVE_PARTNER__INIT;
    struct offer_row row;

    assert_true((fixture_row(fixture, offer).flags & OFFER_ROW_LIVE) != 0);
    suspend.id = remove.id = partner;
    suspend.status = KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_SUSPENDED;
    assert_null(fixture_do(fixture, WRITE(SET_PARTNER_STATUS, set_partner_status, &suspend)).status);
    assert_true((fixture_row(fixture, offer).flags & OFFER_ROW_LIVE) == 0);
    assert_null(fixture_do(fixture, WRITE(REMOVE_PARTNER, remove_partner, &remove)).status);
    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(offer_row_get(fixture->read, offer, &row), STORE_E_NOT_FOUND);
    txn_end(fixture->read);
    assert_int_equal(fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id, partner + 1);
}

static void
test_a_place_follows_partner_and_region(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    uint64_t offer = fixture_upsert_offer(fixture, fixture_offer("o1", partner, football)).id;

    assert_int_equal(fixture_row(fixture, offer).position.lat_e6, 51919170);
    fixture_upsert_partner(fixture, fixture_partner("p1", "GM0503"));
    assert_int_equal(fixture_row(fixture, offer).position.lat_e6, 52006670);
    fixture_region(fixture, "GM0503", REGION(MUNICIPALITY), "PV28", (struct geo_point){53000000, 6000000},
                   "");
    assert_int_equal(fixture_row(fixture, offer).position.lat_e6, 53000000);
    fixture_region(fixture, "GM0503", REGION(MUNICIPALITY), "PV28", (struct geo_point){53000000, 6000000},
                   "GM0606");
    assert_int_equal(fixture_row(fixture, offer).position.lat_e6, 51919170);
}

static void
test_a_batch_survives_a_bad_write(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    Kansen__V1__Offer good = fixture_offer("o1", partner, football), bad = good, other = good;
    Kansen__V1__UpsertOffer upserts[3];
    Kansen__V1__Offer *offers[3] = {&good, &bad, &other};
    Kansen__V1__WriteResult results[3];

    bad.external_id = (char *)"o2";
    bad.seats = 70000;
    other.external_id = (char *)"o3";
    assert_int_equal(txn_begin(fixture->write), 0);
    for (int i = 0; i < 3; i++) {
        kansen__v1__upsert_offer__init(&upserts[i]);
        upserts[i].offer = offers[i];
        results[i] = fixture_apply(fixture, WRITE(UPSERT_OFFER, upsert_offer, &upserts[i]));
    }
    assert_int_equal(txn_commit(fixture->write), 0);
    assert_null(results[0].status);
    assert_int_equal(results[1].status->code, CODE_INVALID_ARGUMENT);
    assert_string_equal(results[1].status->field, "offer.seats");
    assert_int_equal(results[2].id, results[0].id + 1);
    assert_int_equal(results[2].sequence, results[0].sequence + 1);
}

static void
test_an_aborted_taxonomy_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    Kansen__V1__Interest interest = KANSEN__V1__INTEREST__INIT;
    Kansen__V1__UpsertInterest upsert = KANSEN__V1__UPSERT_INTEREST__INIT;
    Kansen__V1__Offer offer = fixture_offer("o1", partner, (char *[]){(char *)"sport.darts"});
    Kansen__V1__UpsertOffer upsert_offer = KANSEN__V1__UPSERT_OFFER__INIT;

    interest.code = interest.label_nl = interest.label_en = (char *)"sport.darts";
    upsert.interest = &interest;
    upsert_offer.offer = &offer;
    assert_int_equal(txn_begin(fixture->write), 0);
    assert_null(fixture_apply(fixture, WRITE(UPSERT_INTEREST, upsert_interest, &upsert)).status);
    assert_null(fixture_apply(fixture, WRITE(UPSERT_OFFER, upsert_offer, &upsert_offer)).status);
    txn_end(fixture->write);
    fixture_interest(fixture,
                     "sport.golf"); // the generation that was aborted comes again, with another content
    assert_string_equal(fixture_upsert_offer(fixture, offer).status->field, "offer.interests[0]");
}

static void
test_codes_in_use_stay(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    Kansen__V1__RemoveInterest interest = KANSEN__V1__REMOVE_INTEREST__INIT;
    Kansen__V1__RemoveRegion region = KANSEN__V1__REMOVE_REGION__INIT;

    fixture_upsert_offer(fixture, fixture_offer("o1", partner, football));
    interest.code = (char *)"sport.voetbal";
    assert_int_equal(fixture_do(fixture, WRITE(REMOVE_INTEREST, remove_interest, &interest)).status->code,
                     CODE_FAILED_PRECONDITION);
    interest.code = (char *)"techniek";
    assert_int_equal(fixture_do(fixture, WRITE(REMOVE_INTEREST, remove_interest, &interest)).status->code,
                     CODE_FAILED_PRECONDITION);
    interest.code = (char *)"sport.tennis";
    assert_null(fixture_do(fixture, WRITE(REMOVE_INTEREST, remove_interest, &interest)).status);
    region.code = (char *)"GM0606";
    assert_int_equal(fixture_do(fixture, WRITE(REMOVE_REGION, remove_region, &region)).status->code,
                     CODE_FAILED_PRECONDITION);
    region.code = (char *)"GM0503";
    assert_null(fixture_do(fixture, WRITE(REMOVE_REGION, remove_region, &region)).status);
}

static void
test_regions_form_no_ring(void **state)
{
    struct fixture *fixture = *state;
    struct geo_point point = {52000000, 4000000};

    assert_int_equal(fixture_region(fixture, "PV28", REGION(PROVINCE), "GM0606", point, "").status->code,
                     CODE_INVALID_ARGUMENT);
    assert_null(fixture_region(fixture, "GM0001", REGION(MUNICIPALITY), "PV28", point, "GM0606").status);
    assert_string_equal(
        fixture_region(fixture, "GM0606", REGION(MUNICIPALITY), "PV28", point, "GM0001").status->field,
        "region.successor");
    assert_int_equal(fixture_region(fixture, "GM0606", REGION(PLACE), "GM0503", point, "").status->code,
                     CODE_FAILED_PRECONDITION);
}

static void
test_similarity(void **state)
{
    static const struct {
        const char *wanted, *offered;
        unsigned percent;
    } pairs[] = {
        {"sport", "sport.voetbal", 100},
        {"sport.voetbal", "sport.voetbal", 100},
        {"techniek", "techniek.robotica.drones", 100},
        {"sport.voetbal", "sport", 60},
        {"techniek.robotica.drones", "techniek", 60},
        {"sport.voetbal", "sport.tennis", 30},
        {"sport", "techniek", 0},
        {"techniek.robotica", "sport.tennis", 0},
        {"techniek.robotica.drones", "sport.tennis", 0},
    };
    struct fixture *fixture = *state;
    const struct catalog *catalog;

    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(txn_catalog(fixture->read, &catalog), 0);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(catalog_similarity(catalog, catalog_interest_named(catalog, pairs[i].wanted)->id,
                                            catalog_interest_named(catalog, pairs[i].offered)->id),
                         pairs[i].percent);
    txn_end(fixture->read);
}

static void
test_data_outlive_a_restart(void **state)
{
    struct fixture *fixture = *state;
    uint64_t partner = fixture_upsert_partner(fixture, fixture_partner("p1", "GM0606")).id;
    Kansen__V1__Partner *stored;
    uint64_t id;
    int64_t time_us;

    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(partner_find(fixture->read, "local", "p1", &id), 0);
    assert_int_equal(id, partner);
    assert_int_equal(partner_get(fixture->read, id, fixture->arena, &stored), 0);
    assert_string_equal(stored->name, "Club");
    assert_int_equal(journal_last_time(fixture->read, &time_us), 0);
    assert_int_equal(time_us, fixture->time_us);
    txn_end(fixture->read);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_upsert_counts_versions_and_knows_unchanged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_suspension_and_removal_reach_the_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_place_follows_partner_and_region, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_batch_survives_a_bad_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_aborted_taxonomy_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_codes_in_use_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_regions_form_no_ring, setup, teardown),
        cmocka_unit_test_setup_teardown(test_similarity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_outlive_a_restart, setup, teardown),
    };

    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
