// SPDX-License-Identifier: Apache-2.0
// One array of words per enum, indexed by the enum's value. A word is the value's name without its prefix.
#include "proto/names.h"
#include <stdio.h>
#include <string.h>

#define NAMES(label, words)                                                                                  \
    {                                                                                                        \
        .what = (label), .count = sizeof(words) / sizeof(words)[0], .text = (words)                          \
    }

static const char *const partner_kinds[] = {
    NULL, "company", "sport_club", "cultural_organisation", "school", "municipality", "civil_society",
};
static const char *const partner_statuses[] = {NULL, "pending", "active", "suspended"};
static const char *const offer_kinds[] = {NULL, "internship", "sport", "culture", "orientation", "mentoring"};
static const char *const offer_statuses[] = {NULL, "open", "paused", "closed"};
static const char *const levels[] = {
    NULL,   "po",  "pro",  "vso",  "isk",  "vmbo_bb", "vmbo_kb", "vmbo_gl", "vmbo_tl",
    "havo", "vwo", "mbo1", "mbo2", "mbo3", "mbo4",    "hbo",     "wo",
};
static const char *const transitions[] = {
    NULL,       "po_vo",  "isk_vo",  "isk_mbo", "vmbo_havo", "vmbo_mbo",    "havo_vwo",
    "havo_hbo", "vwo_wo", "mbo_mbo", "mbo_hbo", "hbo_wo",    "school_work",
};
static const char *const weekdays[] = {NULL, "mo", "tu", "we", "th", "fr", "sa", "su"};
static const char *const needs[] = {NULL, "wheelchair", "hearing", "vision", "low_stimulus", "guide_dog"};
static const char *const tracks[] = {NULL, "bol", "bbl"};
static const char *const region_types[] = {
    NULL,
    "country",
    "province",
    "municipality",
    "place",
    "labour_market_region",
    "school_dropout_region",
    "alliance_region",
};
static const char *const outcomes[] = {NULL, "created", "updated", "unchanged", "removed"};
static const char *const placement_states[] = {
    NULL,      "waiting",   "entered",  "held",      "requested", "accepted",    "confirmed",
    "started", "completed", "declined", "withdrawn", "expired",   "dropped_out", "cancelled_by_partner",
};
static const char *const placement_moves[] = {
    NULL, "request", "accept", "decline", "confirm", "start", "complete", "withdraw", "drop_out", "cancel",
};
static const char *const decline_reasons[] = {
    NULL, "no_capacity", "no_supervisor", "period", "provision", "offer_changed", "rule", "other",
};
static const char *const record_kinds[] = {NULL,     "partner",  "offer",      "interest",
                                           "region", "postcode", "placement",  "client",
                                           "token",  "round",    "round_list", "round_objection"};
static const char *const round_states[] = {
    NULL,         "created",   "open",   "freezing", "frozen",    "drawn",      "computing", "computed",
    "publishing", "published", "closed", "revising", "cancelled", "forgetting", "forgotten",
};
static const char *const round_steps[] = {
    NULL, "open", "freeze", "compute", "publish", "close", "revise", "cancel", "forget",
};
static const char *const round_lotteries[] = {NULL, "common", "own"};
static const char *const objection_kinds[] = {
    NULL, "list", "referral", "facts", "rule", "hardship", "other",
};
static const char *const objection_states[] = {NULL, "open", "confirmed", "proposed", "corrected"};
static const char *const roles[] = {NULL, "operator", "portal", "partner", "registrar"};
static const char *const client_statuses[] = {NULL, "active", "suspended"};
static const char *const sandbox_states[] = {NULL, "on", "off", "unsupported"};
static const char *const reasons[] = {
    NULL,           "OFFER_NOT_OPEN", "DEADLINE_PASSED", "ENDED",  "NO_SEAT",  "KIND",
    "PARTNER_KIND", "LEVEL",          "ACCREDITATION",   "AGE",    "PERIOD",   "WEEKDAYS",
    "COST",         "NEEDS",          "LANGUAGE",        "REGION", "DISTANCE", "INTEREST",
};
static const char *const codes[] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

const struct names names_partner_kind = NAMES("partner kind", partner_kinds);
const struct names names_partner_status = NAMES("partner status", partner_statuses);
const struct names names_offer_kind = NAMES("kind", offer_kinds);
const struct names names_offer_status = NAMES("status", offer_statuses);
const struct names names_placement_state = NAMES("placement state", placement_states);
const struct names names_placement_move = NAMES("move", placement_moves);
const struct names names_decline_reason = NAMES("decline reason", decline_reasons);
const struct names names_record_kind = NAMES("record kind", record_kinds);
const struct names names_round_state = NAMES("state", round_states);
const struct names names_round_step = NAMES("step", round_steps);
const struct names names_round_lottery = NAMES("lottery", round_lotteries);
const struct names names_objection_kind = NAMES("kind", objection_kinds);
const struct names names_objection_state = NAMES("state", objection_states);
const struct names names_role = NAMES("role", roles);
const struct names names_client_status = NAMES("client status", client_statuses);
const struct names names_level = NAMES("level", levels);
const struct names names_transition = NAMES("transition", transitions);
const struct names names_weekday = NAMES("weekday", weekdays);
const struct names names_need = NAMES("need", needs);
const struct names names_track = NAMES("track", tracks);
const struct names names_region_type = NAMES("region type", region_types);
const struct names names_outcome = NAMES("outcome", outcomes);
const struct names names_sandbox_state = NAMES("sandbox state", sandbox_states);
const struct names names_reason = NAMES("reason", reasons);
const struct names names_code = NAMES("code", codes);

const char *
names_text(const struct names *names, int value)
{
    return value >= 0 && (size_t)value < names->count ? names->text[value] : NULL;
}

int
names_value(const struct names *names, const char *text, size_t len)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *word = names->text[i];

        if (word != NULL && strlen(word) == len && memcmp(word, text, len) == 0)
            return (int)i;
    }
    return -1;
}

char *
names_list(const struct names *names, char *out, size_t size)
{
    size_t used = 0;

    if (size > 0)
        out[0] = '\0';
    for (size_t i = 0; i < names->count && used < size; i++) {
        int n;

        if (names->text[i] == NULL)
            continue;
        n = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", names->text[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}
