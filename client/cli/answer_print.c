// SPDX-License-Identifier: Apache-2.0
// Scores are shown in percent with two decimals: all of their basis points.
#include "client/cli/answer_print.h"
#include "client/cli/answer_json.h"
#include "client/cli/table.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL 256u // bytes of a composed cell

enum {
    RANK,
    OFFER,
    TITLE,
    KIND,
    PARTNER,
    PLACE,
    DISTANCE,
    SCORE,
    INTEREST,
    PROXIMITY,
    TRANSITION,
    SEATS,
    COST,
    BECAUSE,
};

static const struct table_column columns[] = {
    [RANK] = {"#", TABLE_RIGHT, 0},
    [OFFER] = {"OFFER", TABLE_RIGHT, 0},
    [TITLE] = {"TITLE", TABLE_TRUNC, 0.25},
    [KIND] = {"KIND", 0, 0},
    [PARTNER] = {"PARTNER", TABLE_TRUNC, 0.12},
    [PLACE] = {"PLACE", TABLE_TRUNC, 0.1},
    [DISTANCE] = {"DISTANCE", TABLE_RIGHT, 0},
    [SCORE] = {"SCORE", TABLE_RIGHT, 0},
    [INTEREST] = {"I", TABLE_RIGHT, 0},
    [PROXIMITY] = {"P", TABLE_RIGHT, 0},
    [TRANSITION] = {"T", TABLE_RIGHT, 0},
    [SEATS] = {"SEATS", TABLE_RIGHT, 0},
    [COST] = {"COST", TABLE_RIGHT, 0},
    [BECAUSE] = {"BECAUSE", TABLE_TRUNC, 0.1},
};

static const char *
word(const struct names *names, int value)
{
    const char *text = names_text(names, value);

    return text != NULL ? text : "";
}

static char *
distance_text(const Kansen__V1__Match *match, char out[CELL])
{
    if (match->distance_case != KANSEN__V1__MATCH__DISTANCE_DISTANCE_M)
        snprintf(out, CELL, "remote");
    else if (match->distance_m < 1000)
        snprintf(out, CELL, "%u m", match->distance_m);
    else
        snprintf(out, CELL, "%u.%u km", match->distance_m / 1000, match->distance_m % 1000 / 100);
    return out;
}

// The price of an offer that matches. Above what the student can pay it matches because a fund pays: one of
// those that the query names; which one, the answer tells only if there is one.
static char *
cost_text(const Kansen__V1__Query *query, const Kansen__V1__Match *match, const char *before,
          const char *after, char out[CELL])
{
    uint32_t cents = match->cost_cents;
    int used;

    if (cents == 0)
        snprintf(out, CELL, "free");
    else
        snprintf(out, CELL, "%u.%02u", cents / 100, cents % 100);
    if (query->max_cost_case != KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS ||
        cents <= query->max_cost_cents || query->n_funds == 0)
        return out;
    used = (int)strlen(out);
    used += snprintf(out + used, CELL - (size_t)used, "%s%s", before, query->n_funds > 1 ? "one of: " : "");
    for (size_t i = 0; i < query->n_funds && used < (int)CELL; i++)
        used += snprintf(out + used, CELL - (size_t)used, "%s%s", i > 0 ? ", " : "", query->funds[i]);
    if (used < (int)CELL)
        snprintf(out + used, CELL - (size_t)used, "%s", after);
    return out;
}

static void
percent(struct table *table, size_t column, uint32_t basis_points)
{
    table_cellf(table, column, "%u.%02u", basis_points / 100, basis_points % 100);
}

// "techniek ~ techniek.robotica 100 %" for each wanted interest that was met.
static char *
because_text(const Kansen__V1__ScoreParts *parts, char out[CELL])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < parts->n_interest_matches && used < CELL; i++) {
        const Kansen__V1__InterestMatch *met = parts->interest_matches[i];
        bool same = strcmp(met->wanted, met->offered) == 0;
        int n = snprintf(out + used, CELL - used, "%s%s%s%s %u%%", i > 0 ? ", " : "", met->wanted,
                         same ? "" : " ~ ", same ? "" : met->offered, met->similarity);

        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}

static void
add_match(struct table *table, size_t rank, const Kansen__V1__Query *query, const Kansen__V1__Match *match)
{
    char cell[CELL];

    table_row(table);
    table_cellf(table, RANK, "%zu", rank);
    table_cellf(table, OFFER, "%" PRIu64, match->offer_id);
    table_cell(table, TITLE, match->title);
    table_cell(table, KIND, word(&names_offer_kind, (int)match->kind));
    table_cell(table, PARTNER, match->partner_name);
    table_cell(table, PLACE, match->place);
    table_cell(table, DISTANCE, distance_text(match, cell));
    if (match->parts != NULL) {
        percent(table, SCORE, match->parts->score);
        percent(table, INTEREST, match->parts->interest);
        percent(table, PROXIMITY, match->parts->proximity);
        percent(table, TRANSITION, match->parts->transition);
        table_cell(table, BECAUSE, because_text(match->parts, cell));
    }
    table_cellf(table, SEATS, "%u", match->seats_free);
    table_cell(table, COST, cost_text(query, match, " (", ")", cell));
}

static int
print_matches(const Kansen__V1__Query *query, Kansen__V1__Match *const *matches, size_t count)
{
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0], true);
    int result;

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        add_match(table, i + 1, query, matches[i]);
    result = table_print(table);
    table_free(table);
    return result;
}

static int
print_facets(const Kansen__V1__MatchResponse *answer)
{
    static const struct table_column heads[] = {{"FACET", 0, 0}, {"VALUE", 0, 0}, {"OFFERS", TABLE_RIGHT, 0}};
    struct table *table = table_new(heads, sizeof heads / sizeof heads[0], true);
    int result;

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < answer->n_facets; i++) {
        const Kansen__V1__Facet *facet = answer->facets[i];

        for (size_t j = 0; j < facet->n_counts; j++) {
            table_row(table);
            table_cell(table, 0, j == 0 ? facet->name : "");
            table_cell(table, 1, facet->counts[j]->value);
            table_cellf(table, 2, "%" PRIu64, facet->counts[j]->count);
        }
    }
    result = table_print(table);
    table_free(table);
    return result;
}

int
answer_print_match(const Kansen__V1__Query *query, const Kansen__V1__MatchResponse *answer)
{
    int result = 0;

    if (answer->n_matches == 0)
        puts("No offer matches. `kansenctl explain` with the same flags and an offer tells why.");
    else
        result = print_matches(query, answer->matches, answer->n_matches);
    if (result == 0 && query->discover > 0) {
        printf("\nOutside these interests:%s\n", answer->n_discoveries == 0 ? " nothing" : "");
        if (answer->n_discoveries > 0)
            result = print_matches(query, answer->discoveries, answer->n_discoveries);
    }
    if (answer->total_given_case == KANSEN__V1__MATCH_RESPONSE__TOTAL_GIVEN_TOTAL)
        printf("\nMatches in all: %" PRIu64 "\n", answer->total);
    if (result == 0 && answer->n_facets > 0) {
        putchar('\n');
        result = print_facets(answer);
    }
    if (answer->next_cursor.len > 0) {
        char *text = answer_json_cursor(answer);

        if (text == NULL)
            return -1;
        printf("\nMore: the same %swith --cursor %s\n", query->discover > 0 ? "without --discover, " : "",
               text);
        free(text);
    }
    return result;
}

static void
pair(struct table *table, const char *key, const char *value)
{
    table_row(table);
    table_cell(table, 0, key);
    table_cell(table, 1, value);
}

static void
add_explained(struct table *table, const Kansen__V1__Query *query, bool eligible,
              const Kansen__V1__Match *match)
{
    static const Kansen__V1__Query none = KANSEN__V1__QUERY__INIT; // of what does not match nobody pays
    char cell[CELL];

    pair(table, "kind", word(&names_offer_kind, (int)match->kind));
    pair(table, "partner", match->partner_name);
    pair(table, "place", match->place);
    pair(table, "distance", distance_text(match, cell));
    pair(table, "cost", cost_text(eligible ? query : &none, match, ", paid by ", "", cell));
    table_row(table);
    table_cell(table, 0, "seats free");
    table_cellf(table, 1, "%u", match->seats_free);
    if (match->parts == NULL)
        return;
    table_row(table);
    table_cell(table, 0, "score");
    percent(table, 1, match->parts->score);
    table_row(table);
    table_cell(table, 0, "  interest (I)");
    percent(table, 1, match->parts->interest);
    for (size_t i = 0; i < match->parts->n_interest_matches; i++) {
        const Kansen__V1__InterestMatch *met = match->parts->interest_matches[i];

        table_row(table);
        table_cellf(table, 0, "    %s", met->wanted);
        table_cellf(table, 1, "met by %s, %u%%", met->offered, met->similarity);
    }
    table_row(table);
    table_cell(table, 0, "  proximity (P)");
    percent(table, 1, match->parts->proximity);
    table_row(table);
    table_cell(table, 0, "  transition (T)");
    percent(table, 1, match->parts->transition);
}

int
answer_print_explain(uint64_t offer_id, const Kansen__V1__Query *query,
                     const Kansen__V1__ExplainResponse *answer)
{
    static const struct table_column heads[] = {{"", 0, 0}, {"", 0, 0}};
    const Kansen__V1__Match *match = answer->match;
    struct table *table = table_new(heads, sizeof heads / sizeof heads[0], false);
    int result;

    if (table == NULL)
        return -1;
    printf("Offer %" PRIu64 "%s%s %s", offer_id, match != NULL ? ", " : "", match != NULL ? match->title : "",
           answer->eligible ? "matches.\n" : "does not match: ");
    if (!answer->eligible)
        printf("%s\n  the student: %s\n  the offer:   %s\n", word(&names_reason, (int)answer->reason),
               answer->wanted, answer->offered);
    if (match != NULL)
        add_explained(table, query, answer->eligible, match);
    result = table_print(table);
    table_free(table);
    return result;
}
