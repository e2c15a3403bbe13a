// SPDX-License-Identifier: Apache-2.0
// Interests and regions by what a person typed: every term of every entry is compared, and the best few are
// kept. Order: nearness, then shorter term, then code; so the same text finds the same on every machine.
#include "base/text.h"
#include "match/given.h"
#include "match/match.h"
#include "match/near.h"
#include "store/catalog.h"
#include "store/records.h"
#include "store/store.h"
#include <string.h>

#define DEFAULT_LIMIT   10u
#define LIMIT_MAX       100u
#define CHARACTERS_MAX  100u
#define POSTCODE_DIGITS 4

// An entry and the term of it that was met best.
struct hit {
    enum near near;
    size_t length;    // bytes of the plain term
    const char *code; // of the entry
    const char *met;  // the term as people write it
};

struct lookup {
    struct arena *arena;
    char *typed; // folded and plain
    size_t limit, n;
    struct hit *hits; // n of them, best first
};

// ---- What was typed

static int
check_request(const char *text, uint32_t limit, struct fault *fault)
{
    size_t characters = 0;
    struct given given;

    if (text_check(text, strlen(text), false, &characters) != TEXT_FINE)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "text",
                         "%s is not plain text; allowed is UTF-8 without control characters",
                         given_text(&given, text));
    if (characters < 1 || characters > CHARACTERS_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "text",
                         "the text has %zu characters; allowed are 1..%u", characters, CHARACTERS_MAX);
    if (limit > LIMIT_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "limit",
                         "%u hits are too many; allowed are 1..%u, and 0 for %u", (unsigned)limit, LIMIT_MAX,
                         DEFAULT_LIMIT);
    return 0;
}

// The text as it is compared, or NULL when memory is short.
static char *
plain(struct arena *arena, const char *text)
{
    char *folded = text_fold(arena, text);

    if (folded != NULL)
        near_plain(folded);
    return folded;
}

static int
start(struct lookup *lookup, struct arena *arena, const char *text, uint32_t limit, struct fault *fault)
{
    int r = check_request(text, limit, fault);

    if (r != 0)
        return r;
    *lookup = (struct lookup){.arena = arena, .limit = limit == 0 ? DEFAULT_LIMIT : limit};
    lookup->typed = plain(arena, text);
    lookup->hits = arena_array(arena, lookup->limit, sizeof *lookup->hits);
    return lookup->typed == NULL || lookup->hits == NULL ? STORE_FAULT_MEMORY : 0;
}

// ---- Hits

static bool
hit_before(const struct hit *a, const struct hit *b)
{
    if (a->near != b->near)
        return a->near < b->near;
    if (a->length != b->length)
        return a->length < b->length;
    return strcmp(a->code, b->code) < 0;
}

static void
keep(struct lookup *lookup, const struct hit *hit)
{
    size_t place;

    if (hit->near == NEAR_NOT)
        return;
    if (lookup->n < lookup->limit)
        lookup->n++;
    else if (!hit_before(hit, &lookup->hits[lookup->n - 1]))
        return;
    for (place = lookup->n - 1; place > 0 && hit_before(hit, &lookup->hits[place - 1]); place--)
        lookup->hits[place] = lookup->hits[place - 1];
    lookup->hits[place] = *hit;
}

// Lets a term of the entry stand in hit if it is met better than what stands there. 0 or STORE_FAULT_MEMORY.
static int
try_term(const struct lookup *lookup, const char *term, struct hit *hit)
{
    struct hit other = {.code = hit->code, .met = term};
    char *plain_term = plain(lookup->arena, term);

    if (plain_term == NULL)
        return STORE_FAULT_MEMORY;
    other.near = near_compare(lookup->typed, plain_term);
    other.length = strlen(plain_term);
    if (hit_before(&other, hit))
        *hit = other;
    return 0;
}

// ---- Interests

static int
try_interest(struct lookup *lookup, const struct interest *interest)
{
    struct hit hit = {.near = NEAR_NOT, .length = SIZE_MAX, .code = interest->code};
    int r = try_term(lookup, interest->label_nl, &hit);

    if (r == 0)
        r = try_term(lookup, interest->label_en, &hit);
    for (size_t i = 0; r == 0 && i < interest->n_synonyms; i++)
        r = try_term(lookup, interest->synonyms[i], &hit);
    if (r == 0)
        r = try_term(lookup, interest->code, &hit);
    if (r == 0)
        keep(lookup, &hit);
    return r;
}

static int
answer_interest(struct txn *txn, const struct hit *hit, struct arena *arena, Kansen__V1__FoundInterest **out)
{
    Kansen__V1__FoundInterest *found = arena_alloc(arena, sizeof *found);
    int r;

    if (found == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__found_interest__init(found);
    r = interest_get(txn, hit->code, arena, &found->interest);
    if (r != 0)
        return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r;
    found->met = arena_strdup(arena, hit->met);
    *out = found;
    return found->met == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
answer_interests(struct txn *txn, const struct lookup *lookup, Kansen__V1__FindInterestsResponse **out)
{
    Kansen__V1__FindInterestsResponse *response = arena_alloc(lookup->arena, sizeof *response);

    if (response == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__find_interests_response__init(response);
    response->found = arena_array(lookup->arena, lookup->n, sizeof(Kansen__V1__FoundInterest *));
    if (response->found == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < lookup->n; i++) {
        int r = answer_interest(txn, &lookup->hits[i], lookup->arena, &response->found[i]);

        if (r != 0)
            return r;
    }
    response->n_found = lookup->n;
    *out = response;
    return 0;
}

int
lookup_interests(struct txn *txn, const Kansen__V1__FindInterestsRequest *request, struct arena *arena,
                 Kansen__V1__FindInterestsResponse **out, struct fault *fault)
{
    const struct catalog *catalog;
    struct lookup lookup;
    int r = start(&lookup, arena, request->text, request->limit, fault);

    if (r == 0)
        r = txn_catalog(txn, &catalog);
    if (r != 0)
        return r;
    for (size_t place = 0; place < catalog_interest_count(catalog); place++) {
        r = try_interest(&lookup, catalog_interest_at(catalog, place));
        if (r != 0)
            return r;
    }
    return answer_interests(txn, &lookup, out);
}

// ---- Regions

// The number of a typed postcode, "3111" or with its letters "3111 AB" (plain text); 0 if it is none.
static uint32_t
postcode_of(const char *typed)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const char *behind = typed + strspn(typed, "0123456789");
    uint32_t number = 0;

    if (behind - typed != POSTCODE_DIGITS)
        return 0;
    for (const char *digit = typed; digit < behind; digit++)
        number = number * 10 + (uint32_t)(*digit - '0');
    behind += *behind == ' ';
    return *behind == '\0' || (strspn(behind, letters) == 2 && strlen(behind) == 2) ? number : 0;
}

// Sets *municipality to the id of the postcode's municipality; 0 if there is no such postcode.
static int
find_postcode(struct txn *txn, const struct catalog *catalog, struct arena *arena, uint32_t number,
              uint32_t *municipality)
{
    Kansen__V1__Postcode *postcode;
    const struct region *region;
    int r;

    *municipality = 0;
    if (number == 0)
        return 0;
    r = postcode_get(txn, number, arena, &postcode);
    if (r != 0)
        return r == STORE_E_NOT_FOUND ? 0 : r;
    region = catalog_region_named(catalog, postcode->municipality);
    *municipality = region == NULL ? 0 : region->municipality;
    return 0;
}

// Without a table of postcodes, a postcode that finds nothing is the operator's business, and is said.
static int
check_postcodes(struct txn *txn, const struct lookup *lookup, uint32_t number, struct fault *fault)
{
    struct store_counts counts;
    int r;

    if (lookup->n > 0 || number == 0)
        return 0;
    r = txn_counts(txn, &counts);
    if (r != 0 || counts.postcodes > 0)
        return r;
    return fault_set(
        fault, CODE_INVALID_ARGUMENT, "text",
        "%04u looks like a postcode, and no postcodes are known; the operator imports them (kansenctl "
        "import postcodes FILE)",
        (unsigned)number);
}

static int
try_region(struct lookup *lookup, const struct region *region, const char *postcode)
{
    struct hit hit = {.near = NEAR_NOT, .length = SIZE_MAX, .code = region->code};
    int r = try_term(lookup, region->name, &hit);

    if (r == 0)
        r = try_term(lookup, region->code, &hit);
    if (postcode != NULL)
        hit = (struct hit){
            .near = NEAR_EXACT, .length = POSTCODE_DIGITS, .code = region->code, .met = postcode};
    if (r == 0)
        keep(lookup, &hit);
    return r;
}

static int
answer_region(struct txn *txn, const struct catalog *catalog, const struct hit *hit, struct arena *arena,
              Kansen__V1__FoundRegion **out)
{
    const struct region *region = catalog_region_named(catalog, hit->code);
    const struct region *municipality = catalog_region(catalog, region->municipality);
    Kansen__V1__FoundRegion *found = arena_alloc(arena, sizeof *found);
    int r;

    if (found == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__found_region__init(found);
    r = region_get(txn, hit->code, arena, &found->region);
    if (r != 0)
        return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r;
    found->met = arena_strdup(arena, hit->met);
    found->municipality = arena_strdup(arena, municipality == NULL ? "" : municipality->code);
    *out = found;
    return found->met == NULL || found->municipality == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
answer_regions(struct txn *txn, const struct catalog *catalog, const struct lookup *lookup,
               Kansen__V1__FindRegionsResponse **out)
{
    Kansen__V1__FindRegionsResponse *response = arena_alloc(lookup->arena, sizeof *response);

    if (response == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__find_regions_response__init(response);
    response->found = arena_array(lookup->arena, lookup->n, sizeof(Kansen__V1__FoundRegion *));
    if (response->found == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < lookup->n; i++) {
        int r = answer_region(txn, catalog, &lookup->hits[i], lookup->arena, &response->found[i]);

        if (r != 0)
            return r;
    }
    response->n_found = lookup->n;
    *out = response;
    return 0;
}

int
lookup_regions(struct txn *txn, const Kansen__V1__FindRegionsRequest *request, struct arena *arena,
               Kansen__V1__FindRegionsResponse **out, struct fault *fault)
{
    const struct catalog *catalog;
    uint32_t number, of_postcode;
    char *postcode;
    struct lookup lookup;
    int r = start(&lookup, arena, request->text, request->limit, fault);

    if (r == 0)
        r = txn_catalog(txn, &catalog);
    if (r != 0)
        return r;
    number = postcode_of(lookup.typed);
    postcode = arena_printf(arena, "%04u", (unsigned)number);
    r = postcode == NULL ? STORE_FAULT_MEMORY : find_postcode(txn, catalog, arena, number, &of_postcode);
    for (size_t place = 0; r == 0 && place < catalog_region_count(catalog); place++) {
        const struct region *region = catalog_region_at(catalog, place);

        r = try_region(&lookup, region, of_postcode != 0 && region->id == of_postcode ? postcode : NULL);
    }
    if (r == 0)
        r = check_postcodes(txn, &lookup, number, fault);
    return r != 0 ? r : answer_regions(txn, catalog, &lookup, out);
}
