// SPDX-License-Identifier: Apache-2.0
// One table of members by offset. Invariant: a list has room for the next power of two of its count, so that
// adding an item costs the same on average however many there are.
#include "client/cli/query_member.h"
#include "client/cli/base64url.h"
#include "proto/names.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE(member) .offset = offsetof(Kansen__V1__Query, member)
#define LIST(member)  PLACE(member), .extra = offsetof(Kansen__V1__Query, n_##member)
#define GIVEN(member, oneof, value)                                                                          \
    PLACE(member), .extra = offsetof(Kansen__V1__Query, oneof##_case), .given = (int)(value)

static const struct query_member members[] = {
    {.key = "at", .type = QUERY_POINT, GIVEN(at, origin, KANSEN__V1__QUERY__ORIGIN_AT)},
    {.key = "from",
     .type = QUERY_ORIGIN,
     GIVEN(from_region, origin, KANSEN__V1__QUERY__ORIGIN_FROM_REGION),
     .path = "from_region"},
    {.key = "postcode", .type = QUERY_ORIGIN, GIVEN(postcode, origin, KANSEN__V1__QUERY__ORIGIN_POSTCODE)},
    {.key = "region", .type = QUERY_TEXT, PLACE(region)},
    {.key = "radius_m",
     .type = QUERY_NUMBER,
     GIVEN(radius_m, radius, KANSEN__V1__QUERY__RADIUS_RADIUS_M),
     .allowed = "0 to 500,000 metres"},
    {.key = "kinds", .type = QUERY_WORDS, LIST(kinds), .names = &names_offer_kind},
    {.key = "partner_kinds", .type = QUERY_WORDS, LIST(partner_kinds), .names = &names_partner_kind},
    {.key = "interests", .type = QUERY_INTERESTS, LIST(interests)},
    {.key = "levels", .type = QUERY_WORDS, LIST(levels), .names = &names_level},
    {.key = "qualification",
     .type = QUERY_NUMBER,
     PLACE(qualification),
     .least = 1,
     .allowed = "10000 to 99999"},
    {.key = "transition", .type = QUERY_WORD, PLACE(transition), .names = &names_transition},
    {.key = "age",
     .type = QUERY_NUMBER,
     GIVEN(age, age_given, KANSEN__V1__QUERY__AGE_GIVEN_AGE),
     .allowed = "0 to 120"},
    {.key = "from_date", .type = QUERY_TEXT, PLACE(from_date)},
    {.key = "to_date", .type = QUERY_TEXT, PLACE(to_date)},
    {.key = "weekdays", .type = QUERY_WORDS, LIST(weekdays), .names = &names_weekday},
    {.key = "max_cost_cents",
     .type = QUERY_NUMBER,
     GIVEN(max_cost_cents, max_cost, KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS),
     .allowed = "0 to 100,000,000 cents"},
    {.key = "funds", .type = QUERY_TEXTS, LIST(funds)},
    {.key = "needs", .type = QUERY_WORDS, LIST(needs), .names = &names_need},
    {.key = "languages", .type = QUERY_TEXTS, LIST(languages)},
    {.key = "referred", .type = QUERY_FLAG, PLACE(referred)},
    {.key = "limit", .type = QUERY_NUMBER, PLACE(limit), .least = 1, .allowed = "1 to 100"},
    {.key = "max_per_partner", .type = QUERY_NUMBER, PLACE(max_per_partner)},
    {.key = "tie_seed", .type = QUERY_SEED, PLACE(tie_seed)},
    {.key = "weights", .type = QUERY_WEIGHTS, PLACE(weights)},
    {.key = "as_of", .type = QUERY_TEXT, PLACE(as_of)},
    {.key = "cursor", .type = QUERY_CURSOR, PLACE(cursor)},
    {.key = "want_total", .type = QUERY_FLAG, PLACE(want_total)},
    {.key = "facets", .type = QUERY_FLAG, PLACE(facets)},
    {.key = "discover", .type = QUERY_NUMBER, PLACE(discover), .allowed = "0 to 5"},
};

#define MEMBERS (sizeof members / sizeof members[0])

const struct query_member *
query_member_named(const char *key)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (strcmp(members[i].key, key) == 0)
            return &members[i];
    return NULL;
}

const struct query_member *
query_member_at_path(const char *path, const char **rest)
{
    size_t len;

    if (strncmp(path, "query.", 6) != 0)
        return NULL;
    path += 6;
    len = strcspn(path, ".[");
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *name = members[i].path != NULL ? members[i].path : members[i].key;

        if (strlen(name) == len && memcmp(name, path, len) == 0) {
            *rest = path + len;
            return &members[i];
        }
    }
    return NULL;
}

char *
query_member_list(char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < MEMBERS && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", members[i].key);

        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}

static void *
place(struct query *query, const struct query_member *member)
{
    return (char *)&query->message + member->offset;
}

static void
set_pointer(struct query *query, const struct query_member *member, void *pointer)
{
    memcpy(place(query, member), &pointer, sizeof pointer);
}

// Marks a member of a oneof as given; the origin takes only one. 0 or QUERY_E_BAD.
static int
give(struct query *query, const struct query_member *member, struct column_message *bad)
{
    int given;

    if (member->given == 0)
        return 0;
    memcpy(&given, (char *)&query->message + member->extra, sizeof given);
    if (given != 0 && (member->type == QUERY_POINT || member->type == QUERY_ORIGIN)) {
        snprintf(bad->text, sizeof bad->text, "a second origin; allowed: one of at, from, postcode");
        return QUERY_E_BAD;
    }
    memcpy((char *)&query->message + member->extra, &member->given, sizeof member->given);
    return 0;
}

int
query_member_set_point(struct query *query, const struct query_member *member, int64_t lat_e6, int64_t lon_e6,
                       struct column_message *bad)
{
    Kansen__V1__Point *point = arena_alloc(query->arena, sizeof *point);

    if (point == NULL)
        return -ENOMEM;
    if (lat_e6 < INT32_MIN || lat_e6 > INT32_MAX || lon_e6 < INT32_MIN || lon_e6 > INT32_MAX) {
        snprintf(bad->text, sizeof bad->text,
                 "no position; allowed: a latitude of -90 to 90, a longitude of -180 to 180");
        return QUERY_E_BAD;
    }
    kansen__v1__point__init(point);
    point->lat_e6 = (int32_t)lat_e6;
    point->lon_e6 = (int32_t)lon_e6;
    if (give(query, member, bad) != 0)
        return QUERY_E_BAD;
    set_pointer(query, member, point);
    return 0;
}

static int
bad_number(int64_t value, const char *allowed, struct column_message *bad)
{
    snprintf(bad->text, sizeof bad->text, "given %lld, allowed: a whole number, %s", (long long)value,
             allowed != NULL ? allowed : "0 to 4,294,967,295");
    return QUERY_E_BAD;
}

int
query_member_set_number(struct query *query, const struct query_member *member, int64_t value,
                        struct column_message *bad)
{
    uint32_t number = (uint32_t)value;

    if (value < member->least || value > UINT32_MAX)
        return bad_number(value, member->allowed, bad);
    if (give(query, member, bad) != 0)
        return QUERY_E_BAD;
    memcpy(place(query, member), &number, sizeof number);
    return 0;
}

int
query_member_set_seed(struct query *query, const struct query_member *member, const char *digits,
                      struct column_message *bad)
{
    size_t len = strlen(digits);
    unsigned long long value;
    uint64_t seed;

    errno = 0;
    value = strtoull(digits, NULL, 10);
    if (len == 0 || strspn(digits, "0123456789") != len || errno == ERANGE) {
        column_bad(bad, digits, len, "a whole number from 0 to 18,446,744,073,709,551,615");
        return QUERY_E_BAD;
    }
    seed = value;
    memcpy(place(query, member), &seed, sizeof seed);
    return 0;
}

int
query_member_set_weights(struct query *query, const struct query_member *member, const int64_t weights[3],
                         struct column_message *bad)
{
    Kansen__V1__Weights *message = arena_alloc(query->arena, sizeof *message);

    if (message == NULL)
        return -ENOMEM;
    for (int i = 0; i < 3; i++)
        if (weights[i] < 0 || weights[i] > UINT32_MAX)
            return bad_number(weights[i], "0 to 100", bad);
    kansen__v1__weights__init(message);
    message->interest = (uint32_t)weights[0];
    message->proximity = (uint32_t)weights[1];
    message->transition = (uint32_t)weights[2];
    set_pointer(query, member, message);
    return 0;
}

void
query_member_set_flag(struct query *query, const struct query_member *member, bool value)
{
    protobuf_c_boolean flag = value;

    memcpy(place(query, member), &flag, sizeof flag);
}

// Makes room for one more item of size bytes in a list and returns its place, counted.
static void *
add_item(struct query *query, const struct query_member *member, size_t size)
{
    char *items;
    size_t count;

    memcpy(&items, place(query, member), sizeof items);
    memcpy(&count, (char *)&query->message + member->extra, sizeof count);
    if ((count & (count - 1)) == 0) { // full, or empty
        char *more = arena_array(query->arena, count == 0 ? 1 : count * 2, size);

        if (more == NULL)
            return NULL;
        if (count > 0)
            memcpy(more, items, count * size);
        items = more;
        memcpy(place(query, member), &items, sizeof items);
    }
    count++;
    memcpy((char *)&query->message + member->extra, &count, sizeof count);
    return items + (count - 1) * size;
}

static int
read_word(const struct query_member *member, const char *text, int *value, struct column_message *bad)
{
    char allowed[500];

    *value = names_value(member->names, text, strlen(text));
    if (*value >= 0)
        return 0;
    column_bad(bad, text, strlen(text), names_list(member->names, allowed, sizeof allowed));
    return QUERY_E_BAD;
}

static int
set_cursor(struct query *query, const struct query_member *member, const char *text,
           struct column_message *bad)
{
    ProtobufCBinaryData cursor = {0, arena_alloc(query->arena, strlen(text) + 1)};
    long len;

    if (cursor.data == NULL)
        return -ENOMEM;
    len = base64url_decode(text, cursor.data);
    if (len < 0) {
        column_bad(bad, text, strlen(text), "the next_cursor of an earlier answer");
        return QUERY_E_BAD;
    }
    cursor.len = (size_t)len;
    memcpy(place(query, member), &cursor, sizeof cursor);
    return 0;
}

int
query_member_add_text(struct query *query, const struct query_member *member, const char *text,
                      struct column_message *bad)
{
    char *copy = arena_strdup(query->arena, text);
    void *to = place(query, member);
    int value;

    if (copy == NULL)
        return -ENOMEM;
    switch (member->type) {
    case QUERY_CURSOR:
        return set_cursor(query, member, text, bad);
    case QUERY_WORD:
    case QUERY_WORDS:
        if (read_word(member, text, &value, bad) != 0)
            return QUERY_E_BAD;
        if (member->type == QUERY_WORDS)
            to = add_item(query, member, sizeof value);
        if (to == NULL)
            return -ENOMEM;
        memcpy(to, &value, sizeof value);
        return 0;
    case QUERY_TEXTS:
        to = add_item(query, member, sizeof copy);
        break;
    default:
        if (give(query, member, bad) != 0)
            return QUERY_E_BAD;
        break;
    }
    if (to == NULL)
        return -ENOMEM;
    memcpy(to, &copy, sizeof copy);
    return 0;
}

int
query_member_add_interest(struct query *query, const struct query_member *member, const char *code,
                          int64_t weight, struct column_message *bad)
{
    Kansen__V1__WantedInterest *wanted = arena_alloc(query->arena, sizeof *wanted), **to;

    if (weight < 1 || weight > UINT32_MAX)
        return bad_number(weight, "1 to 100", bad);
    to = add_item(query, member, sizeof(Kansen__V1__WantedInterest *));
    if (wanted == NULL || to == NULL)
        return -ENOMEM;
    kansen__v1__wanted_interest__init(wanted);
    wanted->code = arena_strdup(query->arena, code);
    wanted->weight = (uint32_t)weight;
    if (wanted->code == NULL)
        return -ENOMEM;
    *to = wanted;
    return 0;
}
