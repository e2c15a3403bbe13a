// SPDX-License-Identifier: Apache-2.0
// The client before a hostile server: any bytes as answers to requests in flight, cut anywhere, and
// everything that kansenctl makes of an answer, as JSON and as tables. The input is a byte that says how it
// is cut, then frames with responses.
#include "client/cli/answer_json.h"
#include "client/cli/answer_print.h"
#include "client/cli/event.h"
#include "client/cli/json.h"
#include "client/cli/placement.h"
#include "client/cli/record.h"
#include "client/lib/kansen.h"
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS 40u
#define PIECES   8u

static void
drop_json(json_t *value)
{
    char *line = json_line(value);

    free(line);
}

static void
show_records(const struct rows_table *table, ProtobufCMessage *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        drop_json(record_json(table, records[i]));
        (void)record_print(table, records[i]);
    }
    if (table == &rows_partners || table == &rows_offers) // the others have no ids to list
        (void)record_print_page(table, records, count, true);
}

static void
show_match(const Kansen__V1__MatchResponse *match)
{
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;

    query.want_total = query.facets = true;
    query.discover = 3;
    drop_json(answer_json_match(&query, match));
    free(answer_json_cursor(match));
    (void)answer_print_match(&query, match);
}

static void
show_placements(Kansen__V1__Placement *const *placements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        drop_json(placement_json(placements[i]));
        (void)placement_print(placements[i]);
    }
    (void)placement_print_page(placements, count, true);
}

static void
show_watch(const Kansen__V1__WatchResponse *watch)
{
    for (size_t i = 0; i < watch->n_events; i++) {
        drop_json(event_json(watch->events[i]));
        event_print(watch->events[i]);
    }
}

static void
show_explain(const Kansen__V1__ExplainResponse *explain)
{
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;

    drop_json(answer_json_explain(1, explain));
    (void)answer_print_explain(1, &query, explain);
}

#define BODY(name)     KANSEN__V1__RESPONSE__BODY_##name
#define RECORDS(items) ((ProtobufCMessage *const *)(items))

static void
show(const Kansen__V1__Response *response)
{
    (void)kansen_code(response);
    switch (response->body_case) {
    case BODY(MATCH):
        show_match(response->match);
        break;
    case BODY(EXPLAIN):
        show_explain(response->explain);
        break;
    case BODY(WATCH):
        show_watch(response->watch);
        break;
    case BODY(GET_PARTNER):
        show_records(&rows_partners, RECORDS(&response->get_partner), 1);
        break;
    case BODY(LIST_PARTNERS):
        show_records(&rows_partners, RECORDS(response->list_partners->partners),
                     response->list_partners->n_partners);
        break;
    case BODY(GET_OFFER):
        show_records(&rows_offers, RECORDS(&response->get_offer), 1);
        break;
    case BODY(LIST_OFFERS):
        show_records(&rows_offers, RECORDS(response->list_offers->offers), response->list_offers->n_offers);
        break;
    case BODY(LIST_INTERESTS):
        show_records(&rows_interests, RECORDS(response->list_interests->interests),
                     response->list_interests->n_interests);
        break;
    case BODY(LIST_REGIONS):
        show_records(&rows_regions, RECORDS(response->list_regions->regions),
                     response->list_regions->n_regions);
        break;
    case BODY(LIST_POSTCODES):
        show_records(&rows_postcodes, RECORDS(response->list_postcodes->postcodes),
                     response->list_postcodes->n_postcodes);
        break;
    case BODY(GET_PLACEMENT):
        show_placements(&response->get_placement, 1);
        break;
    case BODY(LIST_PLACEMENTS):
        show_placements(response->list_placements->placements, response->list_placements->n_placements);
        break;
    default:
        break;
    }
}

// Requests in flight, every fifth of them a watch.
static struct kansen_core *
ask(void)
{
    struct kansen_core *core = kansen_core_new(FRAME_DEFAULT_MAX);
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    size_t len;

    assert(core != NULL);
    for (unsigned i = 1; i <= REQUESTS; i++) {
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        uint64_t id;

        request.body_case = i % 5 == 0 ? KANSEN__V1__REQUEST__BODY_WATCH : KANSEN__V1__REQUEST__BODY_PING;
        if (i % 5 == 0)
            request.watch = &watch;
        else
            request.ping = &ping;
        assert(kansen_core_request(core, &request, &id) == 0 && id == i);
    }
    (void)kansen_core_output(core, &len);
    kansen_core_sent(core, len);
    return core;
}

// Takes what is there. False when the peer broke the protocol.
static bool
take(struct kansen_core *core)
{
    Kansen__V1__Response *response;
    size_t before = kansen_core_in_flight(core);
    int rc;

    while ((rc = kansen_core_response(core, &response)) == 0) {
        size_t after = kansen_core_in_flight(core);

        assert(before - after == (response->id == 0 || !kansen_is_last(response) ? 0 : 1));
        before = after;
        show(response);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    assert(rc == KANSEN_E_MORE || rc == KANSEN_E_PROTOCOL);
    return rc == KANSEN_E_MORE;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    stdout = fopen("/dev/null", "w");
    assert(stdout != NULL);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece = size / (1 + fuzz_byte(&data, &size) % PIECES) + 1;
    struct kansen_core *core = ask();
    bool good = true;

    for (size_t at = 0; at < size && good; at += piece) {
        assert(kansen_core_feed(core, data + at, size - at < piece ? size - at : piece) == 0);
        good = take(core);
    }
    kansen_core_free(core);
    return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if (size == 0 || max < 2)
        return LLVMFuzzerMutate(data, size, max);
    return 1 + mutate_frames(&kansen__v1__response__descriptor, data + 1, size - 1, max - 1, seed);
}

size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                          uint8_t *out, size_t max, unsigned seed)
{
    if (one_size == 0 || two_size == 0 || max < 2)
        return 0;
    out[0] = one[0];
    return 1 + mutate_cross_frames(one + 1, one_size - 1, two + 1, two_size - 1, out + 1, max - 1, seed);
}
