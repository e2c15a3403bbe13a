// SPDX-License-Identifier: Apache-2.0
// What a change does not have (the client of an offer, the version of a region) is left out.
#include "client/cli/event.h"
#include "client/cli/json.h"
#include "client/cli/time_text.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>

static void
put_id(json_t *object, const char *key, uint64_t id)
{
    if (id != 0)
        json_put_number(object, key, id);
}

static json_t *
change_json(const Kansen__V1__Change *change)
{
    json_t *object = json_object();

    json_put_word(object, "kind", &names_record_kind, (int)change->kind);
    json_put_number(object, "id", change->id);
    json_put_word(object, "outcome", &names_outcome, (int)change->outcome);
    put_id(object, "version", change->version);
    json_put_word(object, "state", &names_placement_state, (int)change->placement_state);
    json_put_word(object, "round_state", &names_round_state, (int)change->round_state);
    put_id(object, "partner", change->partner_id);
    put_id(object, "offer", change->offer_id);
    if (change->client[0] != '\0')
        json_put_text(object, "client", change->client);
    return object;
}

json_t *
event_json(const Kansen__V1__WatchEvent *event)
{
    json_t *object = json_object(), *changes = json_array();
    char time[TIME_TEXT_MAX];

    for (size_t i = 0; i < event->n_changes; i++)
        json_array_append_new(changes, change_json(event->changes[i]));
    json_put_number(object, "sequence", event->sequence);
    json_put_text(object, "time", time_text_exact(event->time_us, time));
    json_object_set_new(object, "changes", changes);
    return object;
}

static const char *
word(const struct names *names, int value)
{
    const char *text = names_text(names, value);

    return text != NULL ? text : "?";
}

static void
print_change(const Kansen__V1__Change *change)
{
    printf("%s %" PRIu64 " %s", word(&names_record_kind, (int)change->kind), change->id,
           word(&names_outcome, (int)change->outcome));
    if (change->placement_state != KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_UNSPECIFIED)
        printf(" %s", word(&names_placement_state, (int)change->placement_state));
    if (change->round_state != KANSEN__V1__ROUND_STATE__ROUND_STATE_UNSPECIFIED)
        printf(" %s", word(&names_round_state, (int)change->round_state));
    if (change->offer_id != 0)
        printf(" offer %" PRIu64, change->offer_id);
    if (change->partner_id != 0)
        printf(" partner %" PRIu64, change->partner_id);
    if (change->client[0] != '\0')
        printf(" client %s", change->client);
}

void
event_print(const Kansen__V1__WatchEvent *event)
{
    char time[TIME_TEXT_MAX];

    printf("%" PRIu64 " %s ", event->sequence, time_text_seconds(event->time_us, time));
    for (size_t i = 0; i < event->n_changes; i++) {
        if (i > 0)
            fputs("; ", stdout);
        print_change(event->changes[i]);
    }
    putchar('\n');
}
