// SPDX-License-Identifier: Apache-2.0
// Operations on interests, regions and postcodes. Parents and successors are looked up in the tables, not in
// the catalog, so that a long import does not load it again for every row.
#include "store/catalog.h"
#include "store/records.h"
#include "store/write.h"
#include "work/change.h"
#include "work/valid.h"
#include <stdio.h>
#include <string.h>

#define SYNONYMS_MAX   32u
#define PARENTS_MAX    32u
#define SUCCESSION_MAX 32u // steps of a chain of successors
#define POSTCODE_MIN   1000u
#define POSTCODE_MAX   9999u

// ---- Interests

static int
check_labels(struct change *change, const Kansen__V1__Interest *given)
{
    const struct valid_text label = {.least = 1, .most = 100}, synonym = {.least = 1, .most = 60};
    int rc = valid_interest_code(change->fault, "interest", "code", given->code);

    if (rc == 0)
        rc = valid_number(change->fault, "interest", "id", given->id, 0, 0);
    if (rc == 0)
        rc = valid_text(change->fault, "interest", "label_nl", given->label_nl, label);
    if (rc == 0)
        rc = valid_text(change->fault, "interest", "label_en", given->label_en, label);
    if (rc == 0)
        rc = valid_count(change->fault, "interest", "synonyms", given->n_synonyms, SYNONYMS_MAX);
    for (size_t i = 0; i < given->n_synonyms && rc == 0; i++) {
        char name[FAULT_FIELD_MAX];

        snprintf(name, sizeof name, "synonyms[%zu]", i);
        rc = valid_text(change->fault, "interest", name, given->synonyms[i], synonym);
    }
    return rc;
}

static int
check_interest_parent(struct change *change, const char *code)
{
    const char *last_dot = strrchr(code, '.');
    Kansen__V1__Interest *parent;
    char *parent_code;
    int rc;

    if (last_dot == NULL)
        return 0;
    parent_code = arena_strndup(change->arena, code, (size_t)(last_dot - code));
    if (parent_code == NULL)
        return STORE_FAULT_MEMORY;
    rc = interest_get(change->txn, parent_code, change->arena, &parent);
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    return fault_set(change->fault, CODE_FAILED_PRECONDITION, "interest.code",
                     "'%s' has no parent: there is no interest '%s'", code, parent_code);
}

static int
insert_interest(struct change *change, const Kansen__V1__Interest *given)
{
    Kansen__V1__Interest record = *given;
    struct store_counts counts;
    uint64_t id;
    int rc = txn_counts(change->txn, &counts);

    if (rc == 0 && counts.interests >= CATALOG_INTERESTS_MAX)
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "interest.code",
                       "there are %u interests already, which is the most", CATALOG_INTERESTS_MAX);
    if (rc == 0)
        rc = store_next_id(change->txn, STORE_ID_INTEREST, &id);
    if (rc != 0)
        return rc;
    record.id = (uint32_t)id;
    rc = interest_put(change->txn, &record);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_INTEREST,
                                 KANSEN__V1__OUTCOME__OUTCOME_CREATED, id, 0)
                   : rc;
}

int
change_upsert_interest(struct change *change)
{
    const Kansen__V1__Interest *given = change->command->write->upsert_interest->interest;
    Kansen__V1__Interest *old = NULL, record;
    bool same = false;
    int rc;

    if (given == NULL)
        return change_missing(change, "interest");
    rc = check_labels(change, given);
    if (rc == 0)
        rc = check_interest_parent(change, given->code);
    if (rc == 0)
        rc = interest_get(change->txn, given->code, change->arena, &old);
    if (rc == STORE_E_NOT_FOUND)
        return insert_interest(change, given);
    if (rc != 0)
        return rc;
    record = *given;
    record.id = old->id;
    rc = change_same(change, &record.base, &old->base, &same);
    if (rc != 0)
        return rc;
    rc = same ? 0 : interest_put(change->txn, &record);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_INTEREST,
                                 same ? KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED
                                      : KANSEN__V1__OUTCOME__OUTCOME_UPDATED,
                                 old->id, 0)
                   : rc;
}

static int
refuse_used(struct change *change, const char *what, const char *code, const char *user)
{
    return fault_set(change->fault, CODE_FAILED_PRECONDITION, "code", "%s '%s' is in use by %s", what, code,
                     user);
}

static int
refuse_unknown(struct change *change, const char *what, const char *code)
{
    return fault_set(change->fault, CODE_NOT_FOUND, "code", "there is no %s '%.100s'", what, code);
}

int
change_remove_interest(struct change *change)
{
    const char *code = change->command->write->remove_interest->code;
    Kansen__V1__Interest *old = NULL;
    const char *user = NULL;
    int rc = valid_interest_code(change->fault, "", "code", code);

    if (rc == 0)
        rc = interest_get(change->txn, code, change->arena, &old);
    if (rc == STORE_E_NOT_FOUND)
        return refuse_unknown(change, "interest", code);
    if (rc == 0)
        rc = interest_user(change->txn, old, change->arena, &user);
    if (rc != 0)
        return rc;
    if (user != NULL)
        return refuse_used(change, "interest", code, user);
    rc = interest_delete(change->txn, old);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_INTEREST,
                                 KANSEN__V1__OUTCOME__OUTCOME_REMOVED, old->id, 0)
                   : rc;
}

// ---- Regions

// Parents lie higher, so regions can form no ring.
static const int heights[] = {
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_PLACE] = 1,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY] = 2,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_LABOUR_MARKET_REGION] = 3,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_SCHOOL_DROPOUT_REGION] = 3,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_ALLIANCE_REGION] = 3,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_PROVINCE] = 4,
    [KANSEN__V1__REGION_TYPE__REGION_TYPE_COUNTRY] = 5,
};

static int
check_region_fields(struct change *change, const Kansen__V1__Region *given)
{
    struct fault *fault = change->fault;
    int rc = valid_region_code(fault, "region", "code", given->code);

    if (rc == 0)
        rc = valid_number(fault, "region", "id", given->id, 0, 0);
    if (rc == 0)
        rc = valid_enum(fault, "region", "type", (int)given->type, &names_region_type, false);
    if (rc == 0)
        rc = valid_text(fault, "region", "name", given->name, (struct valid_text){.least = 1, .most = 200});
    if (rc == 0 && given->centroid == NULL)
        rc = change_missing(change, "region.centroid");
    if (rc == 0)
        rc = valid_point(fault, "region", "centroid", given->centroid);
    if (rc == 0)
        rc = valid_count(fault, "region", "parents", given->n_parents, PARENTS_MAX);
    return rc;
}

static int
check_region_parents(struct change *change, const Kansen__V1__Region *given)
{
    const bool place = given->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_PLACE;

    if (place && given->n_parents != 1)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "region.parents",
                         "%zu parents given; a place has one, its municipality", given->n_parents);
    for (size_t i = 0; i < given->n_parents; i++) {
        char field[FAULT_FIELD_MAX];
        Kansen__V1__Region *parent;
        int rc;

        snprintf(field, sizeof field, "region.parents[%zu]", i);
        if (valid_region_code(change->fault, "", field, given->parents[i]) != 0)
            return FAULT;
        rc = region_get(change->txn, given->parents[i], change->arena, &parent);
        if (rc == STORE_E_NOT_FOUND)
            return fault_set(change->fault, CODE_FAILED_PRECONDITION, field, "there is no region '%s'",
                             given->parents[i]);
        if (rc != 0)
            return rc;
        if (heights[parent->type] <= heights[given->type] ||
            (place && parent->type != KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY))
            return fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "a %s can not lie in '%s', a %s",
                             names_text(&names_region_type, (int)given->type), parent->code,
                             names_text(&names_region_type, (int)parent->type));
    }
    return 0;
}

// The successor exists, is of the same type, and the chain behind it does not come back.
static int
check_region_successor(struct change *change, const Kansen__V1__Region *given)
{
    const char *code = given->successor;

    for (unsigned steps = 0; code[0] != '\0'; steps++) {
        Kansen__V1__Region *next;
        int rc;

        if (strcmp(code, given->code) == 0 || steps == SUCCESSION_MAX)
            return fault_set(change->fault, CODE_INVALID_ARGUMENT, "region.successor",
                             "'%.60s' leads back to '%s', or over more than %u steps", given->successor,
                             given->code, SUCCESSION_MAX);
        if (valid_region_code(change->fault, "region", "successor", code) != 0)
            return FAULT;
        rc = region_get(change->txn, code, change->arena, &next);
        if (rc == STORE_E_NOT_FOUND)
            return fault_set(change->fault, CODE_FAILED_PRECONDITION, "region.successor",
                             "there is no region '%s'", code);
        if (rc != 0)
            return rc;
        if (next->type != given->type)
            return fault_set(change->fault, CODE_INVALID_ARGUMENT, "region.successor",
                             "'%s' is a %s, not a %s", code, names_text(&names_region_type, (int)next->type),
                             names_text(&names_region_type, (int)given->type));
        code = next->successor;
    }
    return 0;
}

static int
insert_region(struct change *change, const Kansen__V1__Region *given)
{
    Kansen__V1__Region record = *given;
    uint64_t id;
    int rc = store_next_id(change->txn, STORE_ID_REGION, &id);

    if (rc != 0)
        return rc;
    record.id = (uint32_t)id;
    rc = region_put(change->txn, &record, NULL);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_REGION,
                                 KANSEN__V1__OUTCOME__OUTCOME_CREATED, id, 0)
                   : rc;
}

static int
update_region(struct change *change, const Kansen__V1__Region *given, const Kansen__V1__Region *old)
{
    Kansen__V1__Region record = *given;
    bool same = false;
    int rc;

    if (given->type != old->type)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "region.type",
                         "'%s' is a %s, and the type of a region can not change", old->code,
                         names_text(&names_region_type, (int)old->type));
    record.id = old->id;
    rc = change_same(change, &record.base, &old->base, &same);
    if (rc != 0)
        return rc;
    rc = same ? 0 : region_put(change->txn, &record, old);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_REGION,
                                 same ? KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED
                                      : KANSEN__V1__OUTCOME__OUTCOME_UPDATED,
                                 old->id, 0)
                   : rc;
}

int
change_upsert_region(struct change *change)
{
    const Kansen__V1__Region *given = change->command->write->upsert_region->region;
    Kansen__V1__Region *old = NULL;
    int rc;

    if (given == NULL)
        return change_missing(change, "region");
    rc = check_region_fields(change, given);
    if (rc == 0)
        rc = check_region_parents(change, given);
    if (rc == 0)
        rc = check_region_successor(change, given);
    if (rc == 0)
        rc = region_get(change->txn, given->code, change->arena, &old);
    if (rc == STORE_E_NOT_FOUND)
        return insert_region(change, given);
    return rc == 0 ? update_region(change, given, old) : rc;
}

int
change_remove_region(struct change *change)
{
    const char *code = change->command->write->remove_region->code;
    Kansen__V1__Region *old = NULL;
    const char *user = NULL;
    int rc = valid_region_code(change->fault, "", "code", code);

    if (rc == 0)
        rc = region_get(change->txn, code, change->arena, &old);
    if (rc == STORE_E_NOT_FOUND)
        return refuse_unknown(change, "region", code);
    if (rc == 0)
        rc = region_user(change->txn, old, change->arena, &user);
    if (rc != 0)
        return rc;
    if (user != NULL)
        return refuse_used(change, "region", code, user);
    rc = region_delete(change->txn, old);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_REGION,
                                 KANSEN__V1__OUTCOME__OUTCOME_REMOVED, old->id, 0)
                   : rc;
}

// ---- Postcodes

static int
check_postcode(struct change *change, const Kansen__V1__Postcode *given)
{
    Kansen__V1__Region *municipality;
    int rc = valid_number(change->fault, "postcode", "postcode", given->postcode, POSTCODE_MIN, POSTCODE_MAX);

    if (rc == 0 && given->centroid == NULL)
        rc = change_missing(change, "postcode.centroid");
    if (rc == 0)
        rc = valid_point(change->fault, "postcode", "centroid", given->centroid);
    if (rc == 0)
        rc = valid_region_code(change->fault, "postcode", "municipality", given->municipality);
    if (rc == 0)
        rc = region_get(change->txn, given->municipality, change->arena, &municipality);
    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && municipality->type != KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY))
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "postcode.municipality",
                       "'%s' is no known municipality", given->municipality);
    return rc;
}

int
change_upsert_postcode(struct change *change)
{
    const Kansen__V1__Postcode *given = change->command->write->upsert_postcode->postcode;
    Kansen__V1__Outcome outcome = KANSEN__V1__OUTCOME__OUTCOME_CREATED;
    Kansen__V1__Postcode *old = NULL;
    bool same = false;
    int rc;

    if (given == NULL)
        return change_missing(change, "postcode");
    rc = check_postcode(change, given);
    if (rc != 0)
        return rc;
    rc = postcode_get(change->txn, given->postcode, change->arena, &old);
    if (rc == 0) {
        rc = change_same(change, &given->base, &old->base, &same);
        outcome = same ? KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED : KANSEN__V1__OUTCOME__OUTCOME_UPDATED;
    }
    if (rc < 0)
        return rc;
    rc = same ? 0 : postcode_put(change->txn, given);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_POSTCODE, outcome,
                                 given->postcode, 0)
                   : rc;
}

int
change_remove_postcode(struct change *change)
{
    uint32_t postcode = change->command->write->remove_postcode->postcode;
    Kansen__V1__Postcode *old = NULL;
    int rc = postcode_get(change->txn, postcode, change->arena, &old);

    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "postcode", "there is no postcode %u", postcode);
    if (rc != 0)
        return rc;
    rc = postcode_delete(change->txn, postcode);
    return rc == 0 ? change_done(change, KANSEN__V1__RECORD_KIND__RECORD_KIND_POSTCODE,
                                 KANSEN__V1__OUTCOME__OUTCOME_REMOVED, postcode, 0)
                   : rc;
}
