// SPDX-License-Identifier: Apache-2.0
// Millions of rows: no printf on the way of an offer.
#include "tests/bench/workload_files.h"
#include "base/date.h"
#include "proto/names.h"
#include "tests/bench/workload.h"
#include <errno.h>

static void
put(FILE *file, const char *text)
{
    fputs_unlocked(text, file);
}

static void
put_char(FILE *file, char c)
{
    putc_unlocked(c, file);
}

static void
put_number(FILE *file, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(file, digits + at);
}

static void
put_degrees(FILE *file, int32_t e6)
{
    uint32_t size = e6 < 0 ? 0U - (uint32_t)e6 : (uint32_t)e6;
    char digits[8] = ".000000";

    if (e6 < 0)
        put_char(file, '-');
    put_number(file, size / 1000000);
    for (uint32_t place = 6, rest = size % 1000000; place > 0; place--, rest /= 10)
        digits[place] = (char)('0' + rest % 10);
    put(file, digits);
}

static void
put_date(FILE *file, int32_t days)
{
    char text[DATE_TEXT_MAX];

    put(file, date_format(days, text));
}

// The words of a mask, joined by `between`, each in quotes if quoted.
static void
put_words(FILE *file, uint32_t mask, const char *const *words, const char *between, const char *quote)
{
    bool first = true;

    for (uint32_t i = 0; mask >> i != 0; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        put(file, first ? "" : between);
        put(file, quote);
        put(file, words[i]);
        put(file, quote);
        first = false;
    }
}

// Names of the protocol's enums start at 1, as the bits of a mask do at 0.
#define WORDS(names) ((names).text + 1)

static int
written(FILE *file)
{
    return ferror(file) != 0 ? -EIO : 0;
}

int
workload_files_partners(const struct workload *workload, FILE *file)
{
    put(file, "external_id,kind,name,region,lat,lon,status,accreditations\n");
    for (uint32_t i = 0; i < workload->n_partners; i++) {
        const struct workload_partner *partner = &workload->partners[i];

        put_char(file, 'p');
        put_number(file, (uint64_t)i + 1);
        put_char(file, ',');
        put(file, names_text(&names_partner_kind, partner->kind));
        put(file, ",Organisatie ");
        put_number(file, (uint64_t)i + 1);
        put_char(file, ',');
        put(file, workload->towns[partner->town].code);
        put_char(file, ',');
        put_degrees(file, partner->lat_e6);
        put_char(file, ',');
        put_degrees(file, partner->lon_e6);
        put(file, ",active,");
        for (uint32_t j = 0; j < partner->n_accreditations; j++) {
            put(file, j == 0 ? "" : ";");
            put_number(file, partner->accreditations[j]);
        }
        put_char(file, '\n');
    }
    return written(file);
}

static void
put_age(FILE *file, uint8_t age)
{
    put_char(file, ',');
    if (age != WORKLOAD_AGE_NONE)
        put_number(file, age);
}

// Partner, title and text, place.
static void
put_offer_head(const struct workload *workload, uint32_t index, FILE *file)
{
    const struct workload_offer *offer = &workload->offers[index];
    const char *kind = names_text(&names_offer_kind, offer->kind);

    put_char(file, 'o');
    put_number(file, (uint64_t)index + 1);
    put(file, ",p");
    put_number(file, (uint64_t)offer->partner + 1);
    put_char(file, ',');
    put(file, kind);
    put(file, ",Aanbod ");
    put_number(file, (uint64_t)index + 1);
    put(file, " (");
    put(file, kind);
    put(file, "),\"");
    for (uint32_t i = 0; i < offer->sentences; i++)
        put(file, i == 0 ? "Kennismaken, meedoen en leren." : " Kennismaken, meedoen en leren.");
    put(file, "\",");
    if (!offer->remote) {
        put_degrees(file, offer->lat_e6);
        put_char(file, ',');
        put_degrees(file, offer->lon_e6);
        put_char(file, ',');
    } else {
        put(file, ",,true");
    }
    put_char(file, ',');
    put(file, workload->towns[offer->town].code);
}

static void
put_offer(const struct workload *workload, uint32_t index, FILE *file)
{
    const struct workload_offer *offer = &workload->offers[index];

    put_offer_head(workload, index, file);
    for (uint32_t i = 0; i < offer->n_interests; i++) {
        put_char(file, i == 0 ? ',' : ';');
        put(file, workload->interests[offer->interests[i]].code);
    }
    put_char(file, ',');
    put_words(file, offer->levels, WORDS(names_level), ";", "");
    put_char(file, ',');
    put_words(file, offer->transitions, WORDS(names_transition), ";", "");
    put_char(file, ',');
    put_number(file, offer->seats);
    put_char(file, ',');
    put_number(file, offer->reserved_seats);
    put_char(file, ',');
    put_date(file, offer->reserved_until);
    put_char(file, ',');
    put_number(file, offer->cost_cents);
    put_char(file, ',');
    put_words(file, offer->funds, workload_funds, ";", "");
    put_char(file, ',');
    put_date(file, offer->start);
    put_char(file, ',');
    put_date(file, offer->end);
    put_char(file, ',');
    put_words(file, offer->weekdays, WORDS(names_weekday), ";", "");
    put_char(file, ',');
    put_date(file, offer->deadline);
    put_age(file, offer->min_age);
    put_age(file, offer->max_age);
    put_char(file, ',');
    put_words(file, offer->needs, WORDS(names_need), ";", "");
    put_char(file, ',');
    put_words(file, offer->languages, workload_languages, ";", "");
    put_char(file, ',');
    put(file, names_text(&names_offer_status, offer->status));
    put_char(file, '\n');
}

int
workload_files_offers(const struct workload *workload, FILE *file)
{
    // The description holds commas, so it stands in quotes.
    put(file, "external_id,partner,kind,title,description,lat,lon,remote,region,interests,levels,transitions,"
              "seats,reserved_seats,reserved_until,cost_cents,funds,start,end,weekdays,deadline,min_age,"
              "max_age,needs,languages,status\n");
    for (uint32_t i = 0; i < workload->options.offers; i++)
        put_offer(workload, i, file);
    return written(file);
}

int
workload_files_interests(const struct workload *workload, FILE *file)
{
    put(file, "code,label_nl,label_en,synonyms\n");
    for (uint32_t i = 0; i < workload->n_interests; i++)
        fprintf(file, "%s,Interesse %u,Interest %u,\n", workload->interests[i].code, i, i);
    return written(file);
}

static void
put_list(FILE *file, const char *name, uint32_t mask, const char *const *words)
{
    if (mask == 0)
        return;
    fprintf(file, ",\"%s\":[", name);
    put_words(file, mask, words, ",", "\"");
    put_char(file, ']');
}

static void
put_member_date(FILE *file, const char *name, int32_t days)
{
    char text[DATE_TEXT_MAX];

    if (days != DATE_NONE)
        fprintf(file, ",\"%s\":\"%s\"", name, date_format(days, text));
}

static void
put_query(const struct workload *workload, const struct workload_query *query, FILE *file)
{
    put(file, "{\"at\":[");
    put_degrees(file, query->lat_e6);
    put_char(file, ',');
    put_degrees(file, query->lon_e6);
    fprintf(file, "],\"radius_m\":%u,\"interests\":{", query->radius_m);
    for (uint32_t i = 0; i < query->n_interests; i++)
        fprintf(file, "%s\"%s\":%u", i == 0 ? "" : ",", workload->interests[query->interests[i]].code,
                query->interest_weights[i]);
    put_char(file, '}');
    put_list(file, "kinds", query->kinds, WORDS(names_offer_kind));
    put_list(file, "partner_kinds", query->partner_kinds, WORDS(names_partner_kind));
    put_list(file, "levels", query->levels, WORDS(names_level));
    put_list(file, "weekdays", query->weekdays, WORDS(names_weekday));
    put_list(file, "funds", query->funds, workload_funds);
    put_list(file, "needs", query->needs, WORDS(names_need));
    put_list(file, "languages", query->languages, workload_languages);
    if (*query->region != '\0')
        fprintf(file, ",\"region\":\"%s\"", query->region);
    if (query->has_max_cost)
        fprintf(file, ",\"max_cost_cents\":%u", query->max_cost_cents);
    if (query->transition != 0)
        fprintf(file, ",\"transition\":\"%s\"", names_text(&names_transition, query->transition));
    if (query->qualification != 0)
        fprintf(file, ",\"qualification\":%u", query->qualification);
    if (query->age != WORKLOAD_AGE_NONE)
        fprintf(file, ",\"age\":%u", query->age);
    put_member_date(file, "from_date", query->from);
    put_member_date(file, "to_date", query->to);
    put(file, query->referred ? ",\"referred\":true" : "");
    fprintf(file, ",\"weights\":[%u,%u,%u],\"limit\":%u,\"tie_seed\":%llu,\"as_of\":\"%s\"}\n",
            query->weight_interest, query->weight_proximity, query->weight_transition, WORKLOAD_LIMIT,
            (unsigned long long)query->tie_seed, WORKLOAD_TODAY_TEXT);
}

int
workload_files_queries(const struct workload *workload, FILE *file)
{
    for (uint32_t i = 0; i < workload->options.queries; i++)
        put_query(workload, &workload->queries[i], file);
    return written(file);
}
