// SPDX-License-Identifier: Apache-2.0
// Interests and regions by what a person typed: every term of every entry is compared, and the best few are
// kept. Order: nearness, then shorter term, then code; so the same text finds the same on every machine.
// Worse hits than the best ring (near_ring) are dropped: who typed it well gets no guesses. A text that finds
// nothing as a whole is looked up once more word by word. A whole code or postcode stands alone.
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
    bool alone; // its code or postcode was typed
    enum near near;
    size_t length;    // bytes of the plain term
    const char *code; // of the entry
    const char *met;  // the term as people write it
};

struct lookup {
    struct arena *arena;
    char *typed; // folded and plain; cut into words for the second look
    size_t limit, n;
    struct hit *hits; // n of them, best first
    size_t n_words;   // of what was typed; 0 in the first look, of the text as a whole
    const char *words[NEAR_WORDS_MAX];
};

// An entry as its terms are compared, one after the other.
struct entry {
    struct hit hit;
    enum near met[NEAR_WORDS_MAX]; // in the second look: of each typed word
    size_t most;                   // typed words in the term of hit, which holds the most of them
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
    if (a->alone != b->alone)
        return a->alone;
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

static struct entry
entry_of(const char *code)
{
    struct entry entry = {.hit = {.near = NEAR_NOT, .length = SIZE_MAX, .code = code}};

    for (size_t i = 0; i < NEAR_WORDS_MAX; i++)
        entry.met[i] = NEAR_NOT;
    return entry;
}

// Compares a term word by word; it stands in the hit if it holds more of the words than what stands there.
static void
try_words(const struct lookup *lookup, const char *term, char *plain_term, struct entry *entry)
{
    size_t length = strlen(plain_term);
    size_t n_met = near_meet(lookup->words, lookup->n_words, plain_term, entry->met);

    entry->hit.near = near_words(entry->met, lookup->n_words);
    if (n_met < entry->most || (n_met == entry->most && length >= entry->hit.length))
        return;
    entry->most = n_met;
    entry->hit.length = length;
    entry->hit.met = term;
}

// Lets a term stand in the entry's hit if it is met better than what stands there. 0 or STORE_FAULT_MEMORY.
static int
try_term(const struct lookup *lookup, const char *term, struct entry *entry)
{
    struct hit other = {.code = entry->hit.code, .met = term};
    char *plain_term = plain(lookup->arena, term);

    if (plain_term == NULL)
        return STORE_FAULT_MEMORY;
    if (lookup->n_words > 0) {
        try_words(lookup, term, plain_term, entry);
        return 0;
    }
    other.near = near_compare(lookup->typed, plain_term);
    other.length = strlen(plain_term);
    if (hit_before(&other, &entry->hit))
        entry->hit = other;
    return 0;
}

// As try_term, for the code; with alone, the whole code leaves no place for others. A code has no words.
static int
try_code(const struct lookup *lookup, bool alone, struct entry *entry)
{
    struct hit *hit = &entry->hit;
    int r = lookup->n_words > 0 ? 0 : try_term(lookup, hit->code, entry);

    if (alone && hit->near == NEAR_EXACT && hit->met == hit->code)
        hit->alone = true;
    return r;
}

// Whether to look again, word by word: once, when there are several words and nothing was found.
static bool
look_again(struct lookup *lookup)
{
    if (lookup->n > 0 || lookup->n_words > 0)
        return false;
    lookup->n_words = near_cut(lookup->typed, lookup->words, NEAR_WORDS_MAX);
    return lookup->n_words > 1 && lookup->n_words <= NEAR_WORDS_MAX;
}

// Leaves the hits that are in one ring with the best.
static void
drop_guesses(struct lookup *lookup)
{
    const struct hit *best = lookup->hits;

    while (lookup->n > 1) {
        const struct hit *last = &best[lookup->n - 1];

        if (last->alone == best->alone && near_ring(last->near) == near_ring(best->near))
            return;
        lookup->n--;
    }
}

// ---- Interests

// The i-th of the labels and synonyms; NULL behind the last.
static const char *
interest_term(const struct interest *interest, size_t i)
{
    if (i == 0)
        return interest->label_nl;
    if (i == 1)
        return interest->label_en;
    return i - 2 < interest->n_synonyms ? interest->synonyms[i - 2] : NULL;
}

static int
try_interest(struct lookup *lookup, const struct interest *interest)
{
    struct entry entry = entry_of(interest->code);
    const char *term;
    int r = 0;

    for (size_t i = 0; r == 0 && (term = interest_term(interest, i)) != NULL; i++)
        r = try_term(lookup, term, &entry);
    if (r == 0) // the code of a root is a word as people type it
        r = try_code(lookup, interest->parent != 0, &entry);
    if (r == 0)
        keep(lookup, &entry.hit);
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
    do
        for (size_t place = 0; r == 0 && place < catalog_interest_count(catalog); place++)
            r = try_interest(&lookup, catalog_interest_at(catalog, place));
    while (r == 0 && look_again(&lookup));
    drop_guesses(&lookup);
    return r != 0 ? r : answer_interests(txn, &lookup, out);
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
    struct entry entry = entry_of(region->code);
    int r = try_term(lookup, region->name, &entry);

    if (r == 0)
        r = try_code(lookup, true, &entry);
    if (postcode != NULL)
        entry.hit = (struct hit){.alone = true,
                                 .near = NEAR_EXACT,
                                 .length = POSTCODE_DIGITS,
                                 .code = region->code,
                                 .met = postcode};
    if (r == 0)
        keep(lookup, &entry.hit);
    return r;
}

// of_postcode is the id of the municipality of the typed postcode, or 0.
static int
find_regions(struct lookup *lookup, const struct catalog *catalog, uint32_t of_postcode, const char *postcode)
{
    int r = 0;

    do
        for (size_t place = 0; r == 0 && place < catalog_region_count(catalog); place++) {
            const struct region *region = catalog_region_at(catalog, place);
            bool met = of_postcode != 0 && region->id == of_postcode;

            r = try_region(lookup, region, met ? postcode : NULL);
        }
    while (r == 0 && look_again(lookup));
    drop_guesses(lookup);
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
    if (r == 0)
        r = find_regions(&lookup, catalog, of_postcode, postcode);
    if (r == 0)
        r = check_postcodes(txn, &lookup, number, fault);
    return r != 0 ? r : answer_regions(txn, catalog, &lookup, out);
}
