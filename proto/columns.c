// SPDX-License-Identifier: Apache-2.0
// The tables of columns. A column names the place of its member in the message by offset, so that one
// function per type serves all records. Invariant: lon follows lat.
#include "proto/columns.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// NOLINTBEGIN(bugprone-macro-parentheses): members and initialisers take none
#define PLACE(message, member) .offset = offsetof(Kansen__V1__##message, member)
#define LIST(message, member)  PLACE(message, member), .extra = offsetof(Kansen__V1__##message, n_##member)
#define GIVEN(message, member, oneof, value)                                                                 \
    PLACE(message, member), .extra = offsetof(Kansen__V1__##message, oneof##_case), .given = (int)(value)

#define TEXT(column, message, member)  .name = column, .type = COLUMN_TEXT, PLACE(message, member)
#define TEXTS(column, message, member) .name = column, .type = COLUMN_TEXTS, LIST(message, member)
#define FLAG(column, message, member)  .name = column, .type = COLUMN_FLAG, PLACE(message, member)
#define WORD(column, message, member, of)                                                                    \
    .name = column, .type = COLUMN_WORD, PLACE(message, member), .names = &(of)
#define WORDS(column, message, member, of)                                                                   \
    .name = column, .type = COLUMN_WORDS, LIST(message, member), .names = &(of)
#define NUMBER(column, message, member, range)                                                               \
    .name = column, .type = COLUMN_NUMBER, PLACE(message, member), .allowed = "a whole number, " range
#define NUMBER_GIVEN(column, message, member, oneof, value, range)                                           \
    .name = column, .type = COLUMN_NUMBER, GIVEN(message, member, oneof, value),                             \
    .allowed = "a whole number, " range
#define LAT(message, member) .name = "lat", .type = COLUMN_LAT, PLACE(message, member), .path = #member
#define LON(message, member) .name = "lon", .type = COLUMN_LON, PLACE(message, member), .path = #member

// NOLINTEND(bugprone-macro-parentheses)

#define CENTS "0 to 100,000,000"

static const struct column partner_columns[] = {
    {TEXT("external_id", Partner, external_id), .required = true,
     .help = "your own id of it, 1 to 128 of A-Z a-z 0-9 . _ : / -, unique in its source, as in vv-schiedam"},
    {WORD("kind", Partner, kind, names_partner_kind), .required = true, .help = "what the partner is"},
    {TEXT("name", Partner, name), .required = true, .help = "name for people, 1 to 200 characters"},
    {TEXT("region", Partner, region),
     .help = "code of a municipality or place, as in GM0606; empty = the nearest to the position"},
    {LAT(Partner, position),
     .help = "latitude in degrees, -90 to 90, as in 51.9194; with lon; empty = the centroid of the region"},
    {LON(Partner, position), .help = "longitude in degrees, -180 to 180, as in 4.3883; with lat"},
    {TEXT("website", Partner, website),
     .help = "http or https address, at most 500 bytes, as in https://example.org"},
    {WORD("status", Partner, status, names_partner_status), .help = "whether its offers are matched"},
    {.name = "identifiers",
     .type = COLUMN_IDENTIFIERS,
     LIST(Partner, identifiers),
     .help = "codes in public registers, at most 8 of kvk, kvk_establishment, leerbedrijf and institution, "
             "as in kvk=12345678;leerbedrijf=AB12"},
    {.name = "accreditations",
     .type = COLUMN_ACCREDITATIONS,
     LIST(Partner, accreditations),
     .help = "qualifications that it may train for: a five-digit crebo with optional first and last day, at "
             "most 500, as in 25655;25180:2024-08-01:2028-07-31"},
};

static const struct column offer_columns[] = {
    {TEXT("external_id", Offer, external_id), .required = true,
     .help = "your own id of it, 1 to 128 of A-Z a-z 0-9 . _ : / -, unique in its source, as in voetbal-o15"},
    {TEXT("partner", Offer, partner_external_id), .required = true, .path = "partner_external_id",
     .help = "external id of the partner in the same source, as in vv-schiedam; as a flag without --source "
             "also its id"},
    {WORD("kind", Offer, kind, names_offer_kind), .required = true, .help = "what the offer is"},
    {TEXT("title", Offer, title), .required = true, .help = "title for people, 1 to 200 characters"},
    {TEXT("description", Offer, description),
     .help = "text for people, at most 4,000 bytes; may hold line breaks"},
    {TEXT("url", Offer, url),
     .help = "http or https address, at most 500 bytes, as in https://example.org/stage"},
    {TEXT("address", Offer, address),
     .help = "street address for people, at most 300 bytes, as in Hoogstraat 1, Schiedam"},
    {LAT(Offer, position), .help = "latitude in degrees, -90 to 90, as in 51.9194; with lon; empty = the "
                                   "centroid of the region, or the partner's"},
    {LON(Offer, position), .help = "longitude in degrees, -180 to 180, as in 4.3883; with lat"},
    {FLAG("remote", Offer, remote),
     .help = "true when it can be done from anywhere and has no distance; else false"},
    {TEXT("region", Offer, region), .help = "code of a municipality or place, as in GM0606; empty = the "
                                            "nearest to the position, or the partner's"},
    {TEXTS("interests", Offer, interests), .required = true,
     .help = "1 to 8 codes of interests, as in sport.voetbal;zorg"},
    {WORDS("levels", Offer, levels, names_level), .help = "levels that it fits, empty = all"},
    {WORDS("transitions", Offer, transitions, names_transition),
     .help = "transitions between schools that it is meant for"},
    {NUMBER("seats", Offer, seats, "0 to 65,535"), .required = true, .always = true,
     .help = "seats in all, 0 to 65,535, as in 12"},
    {NUMBER("reserved_seats", Offer, reserved_seats, "0 to seats"),
     .help = "of these, held for students whom their school refers, 0 to seats, as in 3"},
    {TEXT("reserved_until", Offer, reserved_until),
     .help = "last day of that reserve, as in 2026-10-01; empty = it stays"},
    {NUMBER("cost_cents", Offer, cost_cents, CENTS),
     .help = "price for the student in euro cents, 0 to 100,000,000, as in 1950 for 19.50 euros"},
    {TEXTS("funds", Offer, funds),
     .help = "codes of funds that may pay instead, at most 8, of a-z 0-9 _ -, as in jeugdfonds"},
    {TEXT("start", Offer, start), .help = "first day, as in 2026-09-01; empty = open"},
    {TEXT("end", Offer, end), .help = "last day, as in 2027-01-31; empty = open"},
    {WORDS("weekdays", Offer, weekdays, names_weekday), .help = "days of the week, empty = any"},
    {NUMBER("hours_per_week", Offer, hours_per_week, "0 to 60"),
     .help = "hours a week, 0 to 60, as in 24; 0 = not told"},
    {WORD("track", Offer, track, names_track), .help = "vocational track"},
    {NUMBER("allowance_cents", Offer, allowance_cents, CENTS),
     .help = "what the student is paid in euro cents a month, 0 to 100,000,000, as in 45000 for 450 euros"},
    {TEXT("deadline", Offer, deadline), .help = "last day to apply, as in 2026-08-31; empty = none"},
    {NUMBER_GIVEN("min_age", Offer, min_age, min_age_given, KANSEN__V1__OFFER__MIN_AGE_GIVEN_MIN_AGE,
                  "0 to 120"),
     .help = "youngest age in years, 0 to 120, as in 12; empty = none"},
    {NUMBER_GIVEN("max_age", Offer, max_age, max_age_given, KANSEN__V1__OFFER__MAX_AGE_GIVEN_MAX_AGE,
                  "0 to 120"),
     .help = "oldest age in years, 0 to 120 and not below min_age, as in 15; empty = none"},
    {WORDS("needs", Offer, needs, names_need), .help = "provisions that it has"},
    {TEXTS("languages", Offer, languages),
     .help = "languages spoken, ISO 639-1, at most 8, as in nl;ar; empty = nl"},
    {.name = "direct_placement",
     .type = COLUMN_FLAG,
     GIVEN(Offer, direct_placement, direct_placement_given,
           KANSEN__V1__OFFER__DIRECT_PLACEMENT_GIVEN_DIRECT_PLACEMENT),
     .help = "true when a requested seat needs no answer of the partner, else false; empty = true for "
             "internships"},
    {FLAG("waiting_list", Offer, waiting_list), .help = "true when it keeps a waiting list, else false"},
    {TEXT("collect_until", Offer, collect_until), .on_request = true,
     .help = "last day on which requests are collected, as in 2026-10-01; the next day the seats are drawn "
             "by lot; empty = first come, first served"},
    {WORD("status", Offer, status, names_offer_status), .help = "whether it is matched"},
};

static const struct column region_columns[] = {
    {TEXT("code", Region, code), .required = true,
     .help = "code, 1 to 64 of A-Z a-z 0-9 . _ -, as in GM0606"},
    {WORD("type", Region, type, names_region_type), .required = true, .help = "what the region is"},
    {TEXTS("parents", Region, parents), .help = "codes of the regions that it lies in, as in PV28;AM01"},
    {TEXT("name", Region, name), .required = true, .help = "name for people, as in Schiedam"},
    {LAT(Region, centroid), .required = true,
     .help = "latitude of its centroid in degrees, -90 to 90, as in 51.9194"},
    {LON(Region, centroid), .required = true,
     .help = "longitude of its centroid in degrees, -180 to 180, as in 4.3883"},
    {TEXT("successor", Region, successor),
     .help = "code of the region that it was merged into, as in GM0606; empty = none"},
};

static const struct column interest_columns[] = {
    {TEXT("code", Interest, code), .required = true,
     .help = "dotted code, 1 to 4 parts of a-z 0-9 _, as in sport.voetbal; its parent is sport"},
    {TEXT("label_nl", Interest, label_nl), .required = true,
     .help = "what it is called in Dutch, as in voetbal"},
    {TEXT("label_en", Interest, label_en), .required = true,
     .help = "what it is called in English, as in football"},
    {TEXTS("synonyms", Interest, synonyms), .help = "what people call it too, as in voetballen;soccer"},
};

static const struct column postcode_columns[] = {
    {NUMBER("postcode", Postcode, postcode, "1000 to 9999"), .required = true, .always = true,
     .help = "four digits, 1000 to 9999, as in 3111"},
    {LAT(Postcode, centroid), .required = true,
     .help = "latitude of its centroid in degrees, -90 to 90, as in 51.9194"},
    {LON(Postcode, centroid), .required = true,
     .help = "longitude of its centroid in degrees, -180 to 180, as in 4.3883"},
    {TEXT("municipality", Postcode, municipality), .required = true,
     .help = "code of the municipality, as in GM0606"},
};

const struct rows_table rows_partners = {
    .name = "partners",
    .record = "partner",
    .descriptor = &kansen__v1__partner__descriptor,
    .upsert = &kansen__v1__upsert_partner__descriptor,
    .create = &kansen__v1__create_partner__descriptor,
    .upsert_case = KANSEN__V1__WRITE__OPERATION_UPSERT_PARTNER,
    .create_case = KANSEN__V1__WRITE__OPERATION_CREATE_PARTNER,
    .count = COUNT(partner_columns),
    .columns = partner_columns,
};
const struct rows_table rows_offers = {
    .name = "offers",
    .record = "offer",
    .descriptor = &kansen__v1__offer__descriptor,
    .upsert = &kansen__v1__upsert_offer__descriptor,
    .create = &kansen__v1__create_offer__descriptor,
    .upsert_case = KANSEN__V1__WRITE__OPERATION_UPSERT_OFFER,
    .create_case = KANSEN__V1__WRITE__OPERATION_CREATE_OFFER,
    .count = COUNT(offer_columns),
    .columns = offer_columns,
};
const struct rows_table rows_regions = {
    .name = "regions",
    .record = "region",
    .descriptor = &kansen__v1__region__descriptor,
    .upsert = &kansen__v1__upsert_region__descriptor,
    .upsert_case = KANSEN__V1__WRITE__OPERATION_UPSERT_REGION,
    .count = COUNT(region_columns),
    .columns = region_columns,
};
const struct rows_table rows_interests = {
    .name = "interests",
    .record = "interest",
    .descriptor = &kansen__v1__interest__descriptor,
    .upsert = &kansen__v1__upsert_interest__descriptor,
    .upsert_case = KANSEN__V1__WRITE__OPERATION_UPSERT_INTEREST,
    .count = COUNT(interest_columns),
    .columns = interest_columns,
};
const struct rows_table rows_postcodes = {
    .name = "postcodes",
    .record = "postcode",
    .descriptor = &kansen__v1__postcode__descriptor,
    .upsert = &kansen__v1__upsert_postcode__descriptor,
    .upsert_case = KANSEN__V1__WRITE__OPERATION_UPSERT_POSTCODE,
    .count = COUNT(postcode_columns),
    .columns = postcode_columns,
};

const struct rows_table *
rows_table_named(const char *name)
{
    static const struct rows_table *const tables[] = {&rows_partners, &rows_offers, &rows_regions,
                                                      &rows_interests, &rows_postcodes};

    for (size_t i = 0; i < COUNT(tables); i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

const struct column *
columns_named(const struct rows_table *table, const char *name, size_t len)
{
    for (size_t i = 0; i < table->count; i++)
        if (strlen(table->columns[i].name) == len && memcmp(table->columns[i].name, name, len) == 0)
            return &table->columns[i];
    return NULL;
}

const struct column *
columns_at_path(const struct rows_table *table, const char *path)
{
    size_t record = strlen(table->record), len;

    if (strncmp(path, table->record, record) == 0 && path[record] == '.')
        path += record + 1;
    len = strcspn(path, ".[");
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        const char *name = column->path != NULL ? column->path : column->name;

        if (strlen(name) != len || memcmp(name, path, len) != 0)
            continue;
        // A point is two columns; its path may name the half.
        if (column->type == COLUMN_LAT && strncmp(path + len, ".lon", 4) == 0)
            continue;
        return column;
    }
    return columns_named(table, path, len);
}

int
columns_missing(const struct rows_table *table, size_t index, uint64_t given, struct column_message *message)
{
    const struct column *column = &table->columns[index];
    bool half = (column->type == COLUMN_LAT && (given >> (index + 1) & 1) != 0) ||
                (column->type == COLUMN_LON && (given >> (index - 1) & 1) != 0);

    if ((given >> index & 1) != 0 || (!column->required && !half))
        return 0;
    snprintf(message->text, sizeof message->text, "is missing%s",
             half ? ": a position needs lat and lon" : ": every row needs it");
    return COLUMN_E_BAD;
}

char *
columns_list(const struct rows_table *table, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < table->count && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i > 0 ? "," : "", table->columns[i].name);

        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}

ProtobufCMessage *
columns_record(const struct rows_table *table, struct arena *arena)
{
    ProtobufCMessage *record = arena_alloc(arena, table->descriptor->sizeof_message);

    if (record != NULL)
        protobuf_c_message_init(table->descriptor, record);
    return record;
}

Kansen__V1__Write *
columns_write(const struct rows_table *table, ProtobufCMessage *record, bool create, const char *source,
              struct arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = create ? table->create : table->upsert;
    Kansen__V1__Write *write = arena_alloc(arena, sizeof *write);
    void *operation, *member = record;

    assert(descriptor != NULL);
    operation = arena_alloc(arena, descriptor->sizeof_message);
    if (write == NULL || operation == NULL)
        return NULL;
    protobuf_c_message_init(descriptor, operation);
    memcpy((char *)operation + descriptor->fields[0].offset, &member, sizeof member);
    kansen__v1__write__init(write);
    write->source = (char *)source;
    write->operation_case = create ? table->create_case : table->upsert_case;
    // All members of the union are pointers to messages; which one is told by the case.
    write->upsert_partner = operation;
    return write;
}
