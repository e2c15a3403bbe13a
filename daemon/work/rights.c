// SPDX-License-Identifier: Apache-2.0
// Rights over records, and per field where they must be.
#include "work/rights.h"
#include "store/write.h"
#include "work/lifecycle.h"
#include <string.h>

#define STATUS(name) KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_##name

bool
rights_are_full(const struct change *change)
{
    return (change->command->movers & (MOVER_OPERATOR | MOVER_CLOCK)) != 0;
}

// A caller without a source of its own has none of the records.
static bool
is_of_source(const struct change *change, const char *source)
{
    const char *own = change->command->source;

    return (change->command->movers & MOVER_REGISTRAR) != 0 && own != NULL && own[0] != '\0' &&
           strcmp(own, source) == 0;
}

static bool
is_partner(const struct change *change, uint64_t id)
{
    return (change->command->movers & MOVER_PARTNER) != 0 && id != 0 && change->command->partner == id;
}

bool
rights_over_partner(const struct change *change, const Kansen__V1__Partner *partner)
{
    return rights_are_full(change) || is_partner(change, partner->id) ||
           is_of_source(change, partner->source);
}

bool
rights_over_offer(const struct change *change, const Kansen__V1__Offer *offer)
{
    return rights_are_full(change) || is_partner(change, offer->partner_id) ||
           is_of_source(change, offer->source);
}

static int
limit_status(const struct change *change, Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    Kansen__V1__PartnerStatus status = old != NULL ? old->status : STATUS(PENDING);

    if (given->status != STATUS(UNSPECIFIED) && given->status != status)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "partner.status",
                         "only an operator may set the status of a partner");
    given->status = status;
    return 0;
}

static int
limit_accreditations(const struct change *change, Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    if (given->n_accreditations > 0 && (old == NULL || !partner_same_accreditations(given, old)))
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "partner.accreditations",
                         "only an operator may set the accreditations of a partner");
    if (old != NULL) {
        given->n_accreditations = old->n_accreditations;
        given->accreditations = old->accreditations;
    }
    return 0;
}

// The external id of a partner's own record was given by somebody else's source.
static int
limit_external_id(const struct change *change, Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    if ((change->command->movers & MOVER_PARTNER) == 0 || old == NULL)
        return 0;
    if (given->external_id[0] != '\0' && strcmp(given->external_id, old->external_id) != 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "partner.external_id",
                         "the external id of a partner is not the partner's to change");
    given->external_id = old->external_id;
    return 0;
}

static bool
same_identifiers(const Kansen__V1__Partner *a, const Kansen__V1__Partner *b)
{
    bool same = a->n_identifiers == b->n_identifiers;

    for (size_t i = 0; i < a->n_identifiers && same; i++)
        same = strcmp(a->identifiers[i]->scheme, b->identifiers[i]->scheme) == 0 &&
               strcmp(a->identifiers[i]->value, b->identifiers[i]->value) == 0;
    return same;
}

// An operator made the partner active as who it was: nobody else makes it somebody else.
static int
limit_identity(const struct change *change, Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    const char *field = NULL;

    if (old == NULL || ((change->command->movers & MOVER_PARTNER) == 0 && old->status == STATUS(PENDING)))
        return 0;
    if (strcmp(given->name, old->name) != 0)
        field = "partner.name";
    else if (given->kind != old->kind)
        field = "partner.kind";
    else if (given->n_identifiers > 0 && !same_identifiers(given, old))
        field = "partner.identifiers";
    if (field != NULL)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, field,
                         "only an operator may change the %s of this partner", strchr(field, '.') + 1);
    given->n_identifiers = old->n_identifiers;
    given->identifiers = old->identifiers;
    return 0;
}

int
rights_remove_partner(const struct change *change, const Kansen__V1__Partner *old)
{
    if (rights_are_full(change) || old->status == STATUS(PENDING))
        return 0;
    return fault_set(
        change->fault, CODE_PERMISSION_DENIED, "id",
        "only an operator may remove a partner that is not pending; remove its offers, or ask one");
}

int
rights_limit_partner(const struct change *change, Kansen__V1__Partner *given, const Kansen__V1__Partner *old)
{
    int rc;

    if (rights_are_full(change))
        return 0;
    rc = limit_status(change, given, old);
    if (rc == 0)
        rc = limit_accreditations(change, given, old);
    if (rc == 0)
        rc = limit_identity(change, given, old);
    return rc == 0 ? limit_external_id(change, given, old) : rc;
}

int
rights_limit_offer(const struct change *change, Kansen__V1__Offer *given, const Kansen__V1__Offer *old)
{
    const char *own = change->command->source;

    if (rights_are_full(change) || (own != NULL && strcmp(own, old->source) == 0))
        return 0;
    // Trying ids would tell which ones another source has taken.
    if (given->external_id[0] != '\0' && strcmp(given->external_id, old->external_id) != 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "offer.external_id",
                         "the external id of this offer is that of another source");
    given->external_id = old->external_id;
    return 0;
}
