// SPDX-License-Identifier: Apache-2.0
// Operations on partners.
#include "base/date.h"
#include "store/catalog.h"
#include "store/records.h"
#include "store/write.h"
#include "work/change.h"
#include "work/rights.h"
#include "work/round_lock.h"
#include "work/seats.h"
#include "work/valid.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define IDENTIFIERS_MAX    8u
#define ACCREDITATIONS_MAX 500u
#define CREBO_MIN          10000u
#define CREBO_MAX          99999u

// ---- Checks

static const struct scheme {
    const char *name;
    size_t least, most; // characters
    bool digits;        // digits only, else letters too
} schemes[] = {
    {"kvk", 8, 8, true},
    {"kvk_establishment", 12, 12, true},
    {"leerbedrijf", 1, 32, false},
    {"institution", 1, 32, false},
};

static bool
value_fits(const struct scheme *scheme, const char *value)
{
    size_t len = strlen(value);

    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)value[i]) && (scheme->digits || !isalpha((unsigned char)value[i])))
            return false;
    return len >= scheme->least && len <= scheme->most;
}

static int
check_identifier(struct change *change, const Kansen__V1__Identifier *given, const char *field)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *scheme = &schemes[i];

        if (strcmp(given->scheme, scheme->name) != 0)
            continue;
        if (value_fits(scheme, given->value))
            return 0;
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "%s is '%.60s'; allowed are %zu to %zu %s", scheme->name, given->value,
                         scheme->least, scheme->most, scheme->digits ? "digits" : "letters and digits");
    }
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                     "'%.60s' is no register; allowed are kvk, kvk_establishment, leerbedrijf, institution",
                     given->scheme);
}

static int
check_identifiers(struct change *change, const Kansen__V1__Partner *partner)
{
    int rc = valid_count(change->fault, "partner", "identifiers", partner->n_identifiers, IDENTIFIERS_MAX);

    for (size_t i = 0; i < partner->n_identifiers && rc == 0; i++) {
        char field[FAULT_FIELD_MAX];

        snprintf(field, sizeof field, "partner.identifiers[%zu]", i);
        rc = check_identifier(change, partner->identifiers[i], field);
        for (size_t j = 0; j < i && rc == 0; j++)
            if (strcmp(partner->identifiers[i]->scheme, partner->identifiers[j]->scheme) == 0)
                rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "%s is given twice",
                               partner->identifiers[i]->scheme);
    }
    return rc;
}

static int
check_accreditations(struct change *change, const Kansen__V1__Partner *partner)
{
    int rc = valid_count(change->fault, "partner", "accreditations", partner->n_accreditations,
                         ACCREDITATIONS_MAX);

    for (size_t i = 0; i < partner->n_accreditations && rc == 0; i++) {
        const Kansen__V1__Accreditation *given = partner->accreditations[i];
        char field[FAULT_FIELD_MAX];
        int32_t first, last;

        snprintf(field, sizeof field, "partner.accreditations[%zu]", i);
        rc = valid_number(change->fault, field, "crebo", given->crebo, CREBO_MIN, CREBO_MAX);
        if (rc == 0)
            rc = valid_date(change->fault, field, "first_day", given->first_day, &first);
        if (rc == 0)
            rc = valid_date(change->fault, field, "last_day", given->last_day, &last);
        if (rc == 0 && first != DATE_NONE && last != DATE_NONE && last < first)
            rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "last_day %s is before first_day %s",
                           given->last_day, given->first_day);
    }
    return rc;
}

// Empty, or a region that is or stands for one municipality.
static int
check_region(struct change *change, const char *code)
{
    const struct catalog *catalog = NULL;
    const struct region *region;
    int rc;

    if (code[0] == '\0')
        return 0;
    rc = txn_catalog(change->txn, &catalog);
    if (rc != 0)
        return rc;
    region = catalog_region_named(catalog, code);
    if (region == NULL)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "partner.region",
                         "'%.60s' is no known region; look codes up by name", code);
    if (region->municipality == 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "partner.region",
                         "'%.60s' (%s) is no municipality or place", code, region->name);
    return 0;
}

static int
check_partner(struct change *change, const Kansen__V1__Partner *partner)
{
    struct fault *fault = change->fault;
    int rc = valid_external_id(fault, "partner", "external_id", partner->external_id);

    if (rc == 0)
        rc = valid_enum(fault, "partner", "kind", (int)partner->kind, &names_partner_kind, false);
    if (rc == 0)
        rc =
            valid_text(fault, "partner", "name", partner->name, (struct valid_text){.least = 1, .most = 200});
    if (rc == 0)
        rc = valid_point(fault, "partner", "position", partner->position);
    if (rc == 0)
        rc = valid_url(fault, "partner", "website", partner->website);
    if (rc == 0)
        rc = valid_enum(fault, "partner", "status", (int)partner->status, &names_partner_status, true);
    if (rc == 0)
        rc = check_identifiers(change, partner);
    if (rc == 0)
        rc = check_accreditations(change, partner);
    if (rc == 0)
        rc = check_region(change, partner->region);
    return rc;
}

// A partner may only lose its place when none of its offers leans on it.
static int
check_offers_keep_place(struct change *change, const Kansen__V1__Partner *partner)
{
    uint64_t offer_id = 0;
    int rc;

    if (partner->position != NULL || partner->region[0] != '\0')
        return 0;
    while ((rc = partner_offer_next(change->txn, partner->id, offer_id, &offer_id)) == 0) {
        Kansen__V1__Offer *offer;

        rc = offer_get(change->txn, offer_id, change->arena, &offer);
        if (rc != 0)
            return rc > 0 ? STORE_FAULT_CORRUPT : rc;
        if (!offer->remote && offer->position == NULL && offer->region[0] == '\0')
            return fault_set(change->fault, CODE_FAILED_PRECONDITION, "partner.position",
                             "the partner would have no place, but its offer %llu takes its place from it",
                             (unsigned long long)offer_id);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- Operations

static int
get_partner(struct change *change, uint64_t id, Kansen__V1__Partner **out)
{
    int rc = partner_get(change->txn, id, change->arena, out);

    if (rc != STORE_E_NOT_FOUND && (rc != 0 || rights_over_partner(change, *out)))
        return rc;
    return fault_set(change->fault, CODE_NOT_FOUND, "id", "there is no partner %llu", (unsigned long long)id);
}

static int
insert(struct change *change, const Kansen__V1__Partner *given)
{
    Kansen__V1__Partner record = *given;
    int rc = store_next_id(change->txn, STORE_ID_PARTNER, &record.id);

    if (rc != 0)
        return rc;
    record.version = 1;
    record.source = (char *)change->source;
    record.created_us = record.updated_us = change->command->time_us;
    if (record.status == KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_UNSPECIFIED)
        record.status = KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE;
    rc = partner_put(change->txn, &record, NULL);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_PARTNER,
                                 KANSEN__V1__OUTCOME__OUTCOME_CREATED, record.id, record.version)
                   : rc;
}

static bool
is_active(const Kansen__V1__Partner *partner)
{
    return partner->status == KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE;
}

// A partner that is no longer active: what it has not accepted yet comes to nothing.
static int
end_placements(struct change *change, uint64_t partner)
{
    uint64_t offer = 0;
    int rc;

    while ((rc = partner_offer_next(change->txn, partner, offer, &offer)) == 0) {
        rc = seats_end(change, offer, EVENT_SUSPENDED);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
update(struct change *change, const Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    Kansen__V1__Partner record = *given;
    bool same = false;
    int rc;

    record.id = old->id;
    record.version = old->version;
    record.source = old->source;
    record.created_us = old->created_us;
    record.updated_us = old->updated_us;
    if (record.status == KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_UNSPECIFIED)
        record.status = old->status;
    rc = check_offers_keep_place(change, &record);
    if (rc == 0)
        rc = change_same(change, &record.base, &old->base, &same);
    if (rc != 0)
        return rc;
    if (same)
        return change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_PARTNER,
                           KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED, old->id, old->version);
    record.version++;
    record.updated_us = change->command->time_us;
    rc = partner_put(change->txn, &record, old);
    if (rc == 0)
        rc = change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_PARTNER,
                         KANSEN__V1__OUTCOME__OUTCOME_UPDATED, record.id, record.version);
    if (rc == 0 && is_active(old) && !is_active(&record))
        rc = end_placements(change, record.id);
    return rc;
}

int
change_create_partner(struct change *change)
{
    const Kansen__V1__Partner *given = change->command->write->create_partner->partner;
    Kansen__V1__Partner record;
    int rc;

    if (given == NULL)
        return change_missing(change, "partner");
    record = *given;
    rc = valid_number(change->fault, "partner", "id", given->id, 0, 0);
    if (rc == 0)
        rc = check_partner(change, given);
    if (rc == 0)
        rc = rights_limit_partner(change, &record, NULL);
    if (rc == 0)
        rc = change_external_id(change, "partner", partner_find, change->source, given->external_id, 0);
    return rc == 0 ? insert(change, &record) : rc;
}

int
change_replace_partner(struct change *change)
{
    const Kansen__V1__Partner *given = change->command->write->replace_partner->partner;
    Kansen__V1__Partner *old = NULL, record;
    int rc;

    if (given == NULL)
        return change_missing(change, "partner");
    record = *given;
    rc = get_partner(change, given->id, &old);
    if (rc == 0)
        rc = change_version(change, "partner.version", given->version, old->version, false);
    if (rc == 0)
        rc = check_partner(change, given);
    if (rc == 0)
        rc = rights_limit_partner(change, &record, old);
    if (rc == 0)
        rc = change_external_id(change, "partner", partner_find, old->source, record.external_id, old->id);
    return rc == 0 ? update(change, &record, old) : rc;
}

int
change_upsert_partner(struct change *change)
{
    const Kansen__V1__Partner *given = change->command->write->upsert_partner->partner;
    Kansen__V1__Partner *old = NULL, record;
    uint64_t id;
    int rc;

    if (given == NULL)
        return change_missing(change, "partner");
    record = *given;
    if (given->external_id[0] == '\0')
        return change_missing(change, "partner.external_id");
    rc = check_partner(change, given);
    if (rc != 0)
        return rc;
    rc = partner_find(change->txn, change->source, given->external_id, &id);
    if (rc == STORE_E_NOT_FOUND) {
        rc = rights_limit_partner(change, &record, NULL);
        return rc == 0 ? insert(change, &record) : rc;
    }
    if (rc == 0)
        rc = get_partner(change, id, &old);
    if (rc == 0)
        rc = change_version(change, "partner.version", given->version, old->version, true);
    if (rc == 0)
        rc = rights_limit_partner(change, &record, old);
    return rc == 0 ? update(change, &record, old) : rc;
}

int
change_set_partner_status(struct change *change)
{
    const Kansen__V1__SetPartnerStatus *given = change->command->write->set_partner_status;
    Kansen__V1__Partner *old = NULL, record;
    int rc = valid_enum(change->fault, "", "status", (int)given->status, &names_partner_status, false);

    if (rc == 0)
        rc = get_partner(change, given->id, &old);
    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc != 0)
        return rc;
    record = *old;
    record.status = given->status;
    return update(change, &record, old);
}

static int
remove_offers(struct change *change, uint64_t partner)
{
    uint64_t id = 0;
    int rc;

    while ((rc = partner_offer_next(change->txn, partner, id, &id)) == 0) {
        Kansen__V1__Offer *offer = NULL;

        rc = offer_get(change->txn, id, change->arena, &offer);
        if (rc == 0)
            rc = seats_end(change, id, EVENT_REMOVED);
        if (rc == 0)
            rc = offer_delete(change->txn, offer);
        if (rc == 0)
            rc = change_note_offer(change, KANSEN__V1__OUTCOME__OUTCOME_REMOVED, offer);
        if (rc != 0)
            return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
change_remove_partner(struct change *change)
{
    const Kansen__V1__RemovePartner *given = change->command->write->remove_partner;
    Kansen__V1__Partner *old = NULL;
    int rc = get_partner(change, given->id, &old);

    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc == 0)
        rc = rights_remove_partner(change, old);
    if (rc == 0)
        rc = round_lock_check_partner(change, old->id);
    if (rc == 0)
        rc = remove_offers(change, old->id);
    if (rc == 0)
        rc = partner_delete(change->txn, old);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_PARTNER,
                                 KANSEN__V1__OUTCOME__OUTCOME_REMOVED, old->id, 0)
                   : rc;
}
