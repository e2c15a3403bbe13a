// SPDX-License-Identifier: Apache-2.0
// The keys are a contract: scripts read them.
#include "client/cli/answer_json.h"
#include "client/cli/base64url.h"
#include "client/cli/json.h"
#include <stdlib.h>

static json_t *
interest_matches(const Kansen__V1__ScoreParts *parts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < parts->n_interest_matches; i++) {
        const Kansen__V1__InterestMatch *met = parts->interest_matches[i];
        json_t *item = json_object();

        json_put_text(item, "wanted", met->wanted);
        json_put_text(item, "offered", met->offered);
        json_put_number(item, "similarity", met->similarity);
        json_array_append_new(list, item);
    }
    return list;
}

static void
put_parts(json_t *object, const Kansen__V1__ScoreParts *parts)
{
    if (parts == NULL)
        return;
    json_put_number(object, "score", parts->score);
    json_put_number(object, "interest", parts->interest);
    json_put_number(object, "proximity", parts->proximity);
    json_put_number(object, "transition", parts->transition);
    json_object_set_new(object, "interest_matches", interest_matches(parts));
}

static json_t *
match_json(const Kansen__V1__Match *match)
{
    json_t *object = json_object();

    json_put_number(object, "offer", match->offer_id);
    json_put_text(object, "external_id", match->external_id);
    json_put_number(object, "partner", match->partner_id);
    json_put_text(object, "partner_name", match->partner_name);
    json_put_text(object, "title", match->title);
    json_put_word(object, "kind", &names_offer_kind, (int)match->kind);
    if (match->distance_case == KANSEN__V1__MATCH__DISTANCE_DISTANCE_M)
        json_put_number(object, "distance_m", match->distance_m);
    put_parts(object, match->parts);
    json_put_number(object, "seats_free", match->seats_free);
    json_put_text(object, "municipality", match->municipality);
    json_put_text(object, "place", match->place);
    json_put_flag(object, "remote", match->remote);
    json_put_point(object, match->position);
    json_put_text(object, "start", match->start);
    json_put_text(object, "end", match->end);
    json_put_words(object, "weekdays", &names_weekday, match->weekdays, match->n_weekdays);
    json_put_number(object, "cost_cents", match->cost_cents);
    json_put_text(object, "url", match->url);
    return object;
}

static json_t *
matches_json(Kansen__V1__Match *const *matches, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, match_json(matches[i]));
    return list;
}

static json_t *
facets_json(const Kansen__V1__MatchResponse *answer)
{
    json_t *object = json_object();

    for (size_t i = 0; i < answer->n_facets; i++) {
        const Kansen__V1__Facet *facet = answer->facets[i];
        json_t *counts = json_object();

        for (size_t j = 0; j < facet->n_counts; j++)
            json_put_number(counts, facet->counts[j]->value, facet->counts[j]->count);
        json_object_set_new(object, facet->name, counts);
    }
    return object;
}

char *
answer_json_cursor(const Kansen__V1__MatchResponse *answer)
{
    char *text = malloc(BASE64URL_TEXT_SIZE(answer->next_cursor.len));

    return text != NULL ? base64url_encode(answer->next_cursor.data, answer->next_cursor.len, text) : NULL;
}

json_t *
answer_json_match(const Kansen__V1__Query *query, const Kansen__V1__MatchResponse *answer)
{
    json_t *object = json_object();

    json_put_number(object, "as_of_sequence", answer->as_of_sequence);
    if (answer->total_given_case == KANSEN__V1__MATCH_RESPONSE__TOTAL_GIVEN_TOTAL)
        json_put_number(object, "total", answer->total);
    json_object_set_new(object, "matches", matches_json(answer->matches, answer->n_matches));
    if (query->discover > 0)
        json_object_set_new(object, "discoveries", matches_json(answer->discoveries, answer->n_discoveries));
    if (query->facets)
        json_object_set_new(object, "facets", facets_json(answer));
    if (answer->next_cursor.len > 0) {
        char *text = answer_json_cursor(answer);

        if (text == NULL) {
            json_decref(object);
            return NULL;
        }
        json_put_text(object, "next_cursor", text);
        free(text);
    }
    return object;
}

json_t *
answer_json_explain(uint64_t offer_id, const Kansen__V1__ExplainResponse *answer)
{
    json_t *object = json_object();

    json_put_number(object, "as_of_sequence", answer->as_of_sequence);
    json_put_number(object, "offer", offer_id);
    json_put_flag(object, "eligible", answer->eligible);
    json_put_word(object, "reason", &names_reason, (int)answer->reason);
    if (!answer->eligible) {
        json_put_text(object, "wanted", answer->wanted);
        json_put_text(object, "offered", answer->offered);
    }
    if (answer->match != NULL)
        json_object_set_new(object, "match", match_json(answer->match));
    return object;
}
