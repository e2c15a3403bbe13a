// SPDX-License-Identifier: Apache-2.0
// Texts stay those of the JSON object; arrays are in the query's arena.
#include "client/cli/round_list.h"
#include "base/arena.h"
#include "client/cli/json.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX 256u

static int
bad(struct query_json_fault *fault, const char *field, const char *message)
{
    snprintf(fault->field, sizeof fault->field, "%s", field);
    snprintf(fault->message.text, sizeof fault->message.text, "%s", message);
    return QUERY_E_BAD;
}

static int
read_offers(struct round_list *list, const json_t *value, struct query_json_fault *fault)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value))
        return bad(fault, "offers", "a list of ids of offers is wanted");
    list->message.offers = arena_array(list->query.arena, n + 1, sizeof(uint64_t));
    if (list->message.offers == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(value, i);

        if (!json_is_integer(id) || json_integer_value(id) < 1)
            return bad(fault, "offers", "an offer is named by its id, a whole number from 1");
        list->message.offers[list->message.n_offers++] = (uint64_t)json_integer_value(id);
    }
    return 0;
}

static int
add_fact(struct round_list *list, const char *name, const json_t *value, struct query_json_fault *fault)
{
    char *text;

    if (!json_is_string(value) && !json_is_integer(value))
        return bad(fault, "facts", "the value of a fact is a text, a whole number, or a list of these");
    if (list->message.n_facts == FACTS_MAX)
        return bad(fault, "facts", "these are too many facts");
    text = json_is_string(value)
               ? arena_printf(list->query.arena, "%s=%s", name, json_string_value(value))
               : arena_printf(list->query.arena, "%s=%lld", name, (long long)json_integer_value(value));
    if (text == NULL)
        return -ENOMEM;
    list->message.facts[list->message.n_facts++] = text;
    return 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_facts(struct round_list *list, json_t *value, struct query_json_fault *fault)
{
    const char *name;
    json_t *fact;
    int rc = 0;

    if (!json_is_object(value))
        return bad(fault, "facts", "an object of names and values is wanted");
    list->message.facts = arena_array(list->query.arena, FACTS_MAX, sizeof(char *));
    if (list->message.facts == NULL)
        return -ENOMEM;
    json_object_foreach(value, name, fact)
    {
        if (!json_is_array(fact))
            rc = add_fact(list, name, fact, fault);
        for (size_t i = 0; i < json_array_size(fact) && rc == 0; i++)
            rc = add_fact(list, name, json_array_get(fact, i), fault);
        if (rc != 0)
            return rc;
    }
    qsort(list->message.facts, list->message.n_facts, sizeof(char *), compare);
    return 0;
}

static int
read_query(struct round_list *list, const json_t *value, struct query_json_fault *fault)
{
    char *text = json_dumps(value, JSON_COMPACT);
    int rc;

    if (text == NULL)
        return -ENOMEM;
    rc = query_json_read(&list->query, text, strlen(text), fault);
    free(text);
    list->message.query = &list->query.message;
    return rc;
}

static int
read_flag(const json_t *value, const char *name, protobuf_c_boolean *out, struct query_json_fault *fault)
{
    if (!json_is_boolean(value))
        return bad(fault, name, "true or false is wanted");
    *out = json_is_true(value);
    return 0;
}

static int
read_member(struct round_list *list, const char *name, json_t *value, struct query_json_fault *fault)
{
    Kansen__V1__SubmitRoundList *message = &list->message;

    if (strcmp(name, "offers") == 0)
        return read_offers(list, value, fault);
    if (strcmp(name, "facts") == 0)
        return read_facts(list, value, fault);
    if (strcmp(name, "query") == 0)
        return read_query(list, value, fault);
    if (strcmp(name, "referred") == 0)
        return read_flag(value, name, &message->referred, fault);
    if (strcmp(name, "replace") == 0)
        return read_flag(value, name, &message->replace, fault);
    if (strcmp(name, "student") == 0 || strcmp(name, "issuer") == 0) {
        if (!json_is_string(value))
            return bad(fault, name, "a text is wanted");
        *(name[0] == 's' ? &message->student : &message->issuer) = (char *)json_string_value(value);
        return 0;
    }
    if (strcmp(name, "top") != 0 && strcmp(name, "keep_placement") != 0)
        return bad(fault, name,
                   "there is no such member; allowed: student, issuer, referred, offers, query, top, facts, "
                   "keep_placement, replace");
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > UINT32_MAX)
        return bad(fault, name, "a whole number from 1 is wanted");
    if (name[0] == 't')
        message->top = (uint32_t)json_integer_value(value);
    else
        message->keep_placement = (uint64_t)json_integer_value(value);
    return 0;
}

int
round_list_read(struct round_list *list, const char *round, const char *issuer, const char *line, size_t len,
                struct query_json_fault *fault)
{
    json_error_t error;
    const char *name;
    json_t *value;
    int rc;

    *list = (struct round_list){.object = NULL};
    kansen__v1__submit_round_list__init(&list->message);
    rc = query_init(&list->query);
    if (rc != 0)
        return rc;
    list->object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object((json_t *)list->object))
        return bad(fault, "", "the line is no JSON object");
    list->message.round = (char *)round;
    list->message.issuer = (char *)issuer;
    json_object_foreach((json_t *)list->object, name, value)
    {
        rc = read_member(list, name, value, fault);
        if (rc != 0)
            return rc;
    }
    if (list->message.student[0] == '\0')
        return bad(fault, "student", "student is missing");
    if (list->message.query == NULL && json_object_get(list->object, "offers") == NULL)
        return bad(fault, "offers", "offers (or query) is missing; [] says that the student wants none");
    return 0;
}

void
round_list_free(struct round_list *list)
{
    query_free(&list->query);
    json_decref(list->object);
}
