// SPDX-License-Identifier: Apache-2.0
// A placement without a student is one as a partner sees it before it has accepted; its flags and numbers are
// then unknown, not false and 0.
#include "client/cli/placement.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>

#define STUDENT_MAX  16u // bytes of the id of a student
#define STUDENT_TEXT (2 * STUDENT_MAX + 1)

static char *
student_text(const Kansen__V1__Placement *placement, char out[STUDENT_TEXT])
{
    out[0] = '\0';
    for (size_t i = 0; i < placement->student_id.len && i < STUDENT_MAX; i++)
        snprintf(out + 2 * i, 3, "%02x", placement->student_id.data[i]);
    return out;
}

static bool
is_whole(const Kansen__V1__Placement *placement)
{
    return placement->student_id.len > 0;
}

static const char *
word(const struct names *names, int value)
{
    const char *text = names_text(names, value);

    return text != NULL ? text : "";
}

void
placement_put_time(json_t *object, const char *key, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    if (time_us != 0)
        json_put_text(object, key, time_text_exact(time_us, text));
}

json_t *
placement_json(const Kansen__V1__Placement *placement)
{
    json_t *object = json_object();
    char student[STUDENT_TEXT];

    json_put_number(object, "placement", placement->id);
    json_put_number(object, "version", placement->version);
    json_put_number(object, "offer", placement->offer_id);
    json_put_number(object, "partner", placement->partner_id);
    if (is_whole(placement)) {
        json_put_text(object, "student", student_text(placement, student));
        json_put_text(object, "client", placement->client);
    }
    json_put_word(object, "state", &names_placement_state, (int)placement->state);
    if (is_whole(placement))
        json_put_flag(object, "referred", placement->referred);
    placement_put_time(object, "expires", placement->expires_us);
    if (is_whole(placement))
        json_put_number(object, "lease_s", placement->lease_s);
    json_put_text(object, "from_date", placement->from_date);
    json_put_text(object, "to_date", placement->to_date);
    json_put_word(object, "decline_reason", &names_decline_reason, (int)placement->decline_reason);
    if (placement->turn != 0)
        json_put_number(object, "turn", placement->turn);
    placement_put_time(object, "created", placement->created_us);
    placement_put_time(object, "updated", placement->updated_us);
    return object;
}

// Adds a row of a key and a value that is not empty.
static void
add(struct table *table, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    table_row(table);
    table_cell(table, 0, key);
    table_cell(table, 1, text);
}

static void
add_number(struct table *table, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    add(table, key, number != 0 ? text : "");
}

static void
add_time(struct table *table, const char *key, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    add(table, key, time_us != 0 ? time_text_seconds(time_us, text) : "");
}

int
placement_print(const Kansen__V1__Placement *placement)
{
    static const struct table_column heads[] = {{"", 0, 0}, {"", 0, 0}};
    struct table *table = table_new(heads, 2, false);
    char student[STUDENT_TEXT];
    int result;

    if (table == NULL)
        return -1;
    table_row(table);
    table_cell(table, 0, "placement");
    table_cellf(table, 1, "%" PRIu64 " (version %" PRIu64 ")", placement->id, placement->version);
    add(table, "state", word(&names_placement_state, (int)placement->state));
    add_time(table, "expires", placement->expires_us);
    add(table, "decline_reason", word(&names_decline_reason, (int)placement->decline_reason));
    add_number(table, "turn", placement->turn);
    add_number(table, "offer", placement->offer_id);
    add_number(table, "partner", placement->partner_id);
    add(table, "student", student_text(placement, student));
    add(table, "client", placement->client);
    add(table, "referred", placement->referred ? "true" : "");
    add_number(table, "lease_s", placement->lease_s);
    add(table, "from_date", placement->from_date);
    add(table, "to_date", placement->to_date);
    add_time(table, "created", placement->created_us);
    add_time(table, "updated", placement->updated_us);
    result = table_print(table);
    table_free(table);
    return result;
}

static void
add_placement(struct table *table, const Kansen__V1__Placement *placement)
{
    char text[TIME_TEXT_MAX], student[STUDENT_TEXT];
    int column = 0;

    table_row(table);
    table_cellf(table, column++, "%" PRIu64, placement->id);
    table_cellf(table, column++, "%" PRIu64, placement->offer_id);
    table_cellf(table, column++, "%" PRIu64, placement->partner_id);
    table_cell(table, column++, word(&names_placement_state, (int)placement->state));
    table_cell(table, column++,
               placement->expires_us != 0 ? time_text_seconds(placement->expires_us, text) : "");
    table_cell(table, column++, placement->referred ? "yes" : "");
    table_cell(table, column++, placement->from_date);
    table_cell(table, column++, placement->to_date);
    table_cell(table, column++, placement->client);
    table_cell(table, column++, student_text(placement, student));
    table_cell(table, column, time_text_seconds(placement->updated_us, text));
}

int
placement_print_page(Kansen__V1__Placement *const *placements, size_t count, bool first)
{
    static const struct table_column heads[] = {
        {"ID", TABLE_RIGHT, 0},
        {"OFFER", TABLE_RIGHT, 0},
        {"PARTNER", TABLE_RIGHT, 0},
        {"STATE", 0, 0},
        {"EXPIRES", 0, 0},
        {"REFERRED", 0, 0},
        {"FROM", 0, 0},
        {"TO", 0, 0},
        {"CLIENT", 0, 0},
        {"STUDENT", TABLE_TRUNC, 0.1},
        {"UPDATED", 0, 0},
    };
    struct table *table = table_new(heads, sizeof heads / sizeof heads[0], first);
    int result;

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        add_placement(table, placements[i]);
    result = table_print(table);
    table_free(table);
    return result;
}
