// SPDX-License-Identifier: Apache-2.0
// The words, held against the enums that protoc-c generated: each value's name without its prefix, in lower
// case (upper case for reasons).
#include "proto/names.h"
#include "tests/unit/unit.h"
#include <ctype.h>
#include <kansen/v1/protocol.pb-c.h>
#include <string.h>

static const struct {
    const struct names *names;
    const ProtobufCEnumDescriptor *descriptor;
    const char *prefix;
} enums[] = {
    {&names_partner_kind, &kansen__v1__partner_kind__descriptor, "PARTNER_KIND_"},
    {&names_partner_status, &kansen__v1__partner_status__descriptor, "PARTNER_STATUS_"},
    {&names_offer_kind, &kansen__v1__offer_kind__descriptor, "OFFER_KIND_"},
    {&names_offer_status, &kansen__v1__offer_status__descriptor, "OFFER_STATUS_"},
    {&names_level, &kansen__v1__level__descriptor, "LEVEL_"},
    {&names_transition, &kansen__v1__transition__descriptor, "TRANSITION_"},
    {&names_weekday, &kansen__v1__weekday__descriptor, "WEEKDAY_"},
    {&names_need, &kansen__v1__need__descriptor, "NEED_"},
    {&names_track, &kansen__v1__track__descriptor, "TRACK_"},
    {&names_region_type, &kansen__v1__region_type__descriptor, "REGION_TYPE_"},
    {&names_outcome, &kansen__v1__outcome__descriptor, "OUTCOME_"},
    {&names_placement_state, &kansen__v1__placement_state__descriptor, "PLACEMENT_STATE_"},
    {&names_placement_move, &kansen__v1__placement_move__descriptor, "PLACEMENT_MOVE_"},
    {&names_decline_reason, &kansen__v1__decline_reason__descriptor, "DECLINE_REASON_"},
    {&names_record_kind, &kansen__v1__record_kind__descriptor, "RECORD_KIND_"},
    {&names_sandbox_state, &kansen__v1__sandbox_state__descriptor, "SANDBOX_STATE_"},
    {&names_round_state, &kansen__v1__round_state__descriptor, "ROUND_STATE_"},
    {&names_objection_kind, &kansen__v1__round_objection_kind__descriptor, "ROUND_OBJECTION_KIND_"},
    {&names_objection_state, &kansen__v1__round_objection_state__descriptor, "ROUND_OBJECTION_STATE_"},
    {&names_round_step, &kansen__v1__round_step__descriptor, "ROUND_STEP_"},
    {&names_round_lottery, &kansen__v1__round_lottery__descriptor, "ROUND_LOTTERY_"},
    {&names_role, &kansen__v1__role__descriptor, "ROLE_"},
    {&names_client_status, &kansen__v1__client_status__descriptor, "CLIENT_STATUS_"},
    {&names_reason, &kansen__v1__reason__descriptor, "REASON_"},
};

static void
test_descriptors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof enums / sizeof enums[0]; i++) {
        const ProtobufCEnumDescriptor *descriptor = enums[i].descriptor;

        assert_int_equal(enums[i].names->count, descriptor->n_values);
        assert_null(names_text(enums[i].names, 0));
        for (unsigned k = 1; k < descriptor->n_values; k++) {
            const char *name = descriptor->values[k].name + strlen(enums[i].prefix);
            char word[64] = "";

            assert_memory_equal(descriptor->values[k].name, enums[i].prefix, strlen(enums[i].prefix));
            for (size_t c = 0; name[c] != '\0'; c++)
                word[c] = enums[i].names == &names_reason ? name[c] : (char)tolower((unsigned char)name[c]);
            assert_string_equal(names_text(enums[i].names, descriptor->values[k].value), word);
            assert_int_equal(names_value(enums[i].names, word, strlen(word)), descriptor->values[k].value);
        }
    }
}

static void
test_no_word(void **state)
{
    (void)state;
    assert_null(names_text(&names_level, -1));
    assert_null(names_text(&names_level, 17));
    assert_int_equal(names_value(&names_level, "", 0), -1);
    assert_int_equal(names_value(&names_level, "mbo", 3), -1);
    assert_int_equal(names_value(&names_level, "mbo12", 5), -1);
    assert_int_equal(names_value(&names_level, "MBO1", 4), -1);
    assert_int_equal(names_value(&names_level, "mbo1;", 4), KANSEN__V1__LEVEL__LEVEL_MBO1);
}

static void
test_codes(void **state)
{
    (void)state;
    assert_string_equal(names_text(&names_code, 0), "OK");
    assert_string_equal(names_text(&names_code, 3), "INVALID_ARGUMENT");
    assert_string_equal(names_text(&names_code, 10), "ABORTED");
    assert_string_equal(names_text(&names_code, 16), "UNAUTHENTICATED");
    assert_null(names_text(&names_code, 17));
}

static void
test_list(void **state)
{
    char out[64];

    (void)state;
    assert_string_equal(names_list(&names_track, out, sizeof out), "bol, bbl");
    assert_string_equal(names_list(&names_track, out, 6), "bol, ");
    assert_string_equal(names_list(&names_track, out, 1), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_no_word),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
