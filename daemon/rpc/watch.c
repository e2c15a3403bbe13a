// SPDX-License-Identifier: Apache-2.0
// Invariants: everything before `next` was told to the client or is not for it, but for the first
// `told_changes` changes of the entry `next`, which went out as a part of it; a client that resumes there
// gets the entry whole. Sequences in the journal have no gaps, so a gap is where it was trimmed.
#include "rpc/watch.h"
#include "base/clock.h"
#include "proto/names.h"
#include "rpc/limits.h"
#include "rpc/reply.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "rpc/sight.h"
#include "store/records.h"
#include "store/store.h"
#include "work/writer.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_PER_FEED 256u         // that are looked at
#define PART_BYTES       (48u * 1024) // of an answer, from which on nothing is added to it
#define CHANGE_BYTES     160u         // a packed change at most
#define EVENT_BYTES      32u          // the rest of a packed event at most
#define PROGRESS_ENTRIES 10000u       // not for the caller, after which it is told where it is
#define PROGRESS_US      INT64_C(1000000)

struct watch {
    uint64_t request; // id that the client gave
    uint64_t next;    // sequence that is told next
    size_t told_changes;
    uint64_t end;   // with until_now: it ends behind this sequence
    uint64_t slack; // entries that it may be behind
    uint32_t kinds; // bits by RecordKind; 0 = all
    bool until_now;
    uint64_t told_next; // the position that the client knows
    int64_t told_us;    // when it was told that
};

// ---- Beginning

static int
read_kinds(struct call *call, const Kansen__V1__WatchRequest *given, uint32_t *kinds)
{
    *kinds = 0;
    for (size_t i = 0; i < given->n_kinds; i++) {
        char field[FAULT_FIELD_MAX], allowed[FAULT_MESSAGE_MAX / 2];

        if (names_text(&names_record_kind, (int)given->kinds[i]) == NULL) {
            snprintf(field, sizeof field, "kinds[%zu]", i);
            return fault_set(&call->fault, CODE_INVALID_ARGUMENT, field, "%d is not known; it takes %s",
                             (int)given->kinds[i], names_list(&names_record_kind, allowed, sizeof allowed));
        }
        *kinds |= UINT32_C(1) << given->kinds[i];
    }
    return 0;
}

static int
check_start(struct call *call, uint64_t from, uint64_t first, uint64_t last)
{
    if (from != 0 && from < first)
        return fault_set(&call->fault, CODE_OUT_OF_RANGE, "from_sequence",
                         "the journal is kept from %" PRIu64 " on; entry %" PRIu64 " is gone", first, from);
    if (from > last + 1)
        return fault_set(&call->fault, CODE_OUT_OF_RANGE, "from_sequence",
                         "the journal ends at %" PRIu64 "; %" PRIu64 " is the next to come", last, last + 1);
    return 0;
}

static int
answer_position(struct call *call, uint64_t first, uint64_t next)
{
    Kansen__V1__WatchResponse *answer = arena_alloc(call->arena, sizeof *answer);

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__watch_response__init(answer);
    answer->first_sequence = first;
    answer->next_sequence = next;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
    call->response.watch = answer;
    return 0;
}

static int
add(struct call *call, uint64_t next, uint64_t last, uint32_t kinds)
{
    struct watches *watches = &call->session->watches;
    struct watch *watch = malloc(sizeof *watch);

    if (watch == NULL)
        return STORE_FAULT_MEMORY;
    *watch = (struct watch){.request = call->request->id,
                            .next = next,
                            .end = last,
                            .slack = service_limits(call->service)->watch_lag + (last + 1 - next),
                            .kinds = kinds,
                            .until_now = call->request->watch->until_now,
                            .told_next = next,
                            .told_us = clock_steady_us()};
    watches->all[watches->count++] = watch;
    return 0;
}

int
watch_begin(struct call *call)
{
    const Kansen__V1__WatchRequest *given = call->request->watch;
    uint64_t first, last = txn_sequence(call->txn), next;
    uint32_t kinds;
    int rc = journal_first(call->txn, &first);

    if (rc != 0)
        return rc;
    if (call->session->watches.count == WATCH_MAX)
        return fault_set(&call->fault, CODE_RESOURCE_EXHAUSTED, "",
                         "this connection has %u watches, and no more are allowed; open another one",
                         WATCH_MAX);
    if (read_kinds(call, given, &kinds) != 0)
        return FAULT;
    if (check_start(call, given->from_sequence, first, last) != 0) {
        rc = answer_position(call, first, given->from_sequence < first ? first : last + 1);
        return rc != 0 ? rc : FAULT;
    }
    next = given->from_sequence == 0 ? last + 1 : given->from_sequence;
    rc = answer_position(call, first, next);
    return rc == 0 ? add(call, next, last, kinds) : rc;
}

// ---- Ending

static void
drop(struct watches *watches, unsigned place)
{
    free(watches->all[place]);
    watches->count--;
    memmove(&watches->all[place], &watches->all[place + 1],
            (watches->count - place) * sizeof(struct watch *));
}

// Tells the fault and where to resume.
static int
tell_end(const struct watch *watch, const struct fault *fault, uint64_t first, struct buf *out)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__WatchResponse body = KANSEN__V1__WATCH_RESPONSE__INIT;
    Kansen__V1__Status status;
    struct fault told;

    fault_fill(&told, fault->code, fault->field, "%.300s; resume from sequence %" PRIu64, fault->message,
               watch->next);
    reply_status(&status, &told);
    body.next_sequence = watch->next;
    body.first_sequence = first;
    response.id = watch->request;
    response.status = &status;
    response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
    response.watch = &body;
    return reply_response(out, SIZE_MAX, &response);
}

int
watch_end_all(struct watches *watches, const struct fault *fault, struct buf *out)
{
    int rc = 0;

    for (unsigned i = 0; i < watches->count && rc == 0; i++)
        rc = tell_end(watches->all[i], fault, 0, out);
    watch_drop_all(watches);
    return rc;
}

void
watch_drop_all(struct watches *watches)
{
    while (watches->count > 0)
        drop(watches, watches->count - 1);
}

void
watch_drop_endless(struct watches *watches)
{
    for (unsigned i = watches->count; i > 0; i--) {
        if (!watches->all[i - 1]->until_now)
            drop(watches, i - 1);
    }
}

// ---- Feeding

// One answer while it grows.
struct part {
    const struct watch_feed *feed;
    struct watch *watch;
    uint64_t last;       // what this feed tells up to
    size_t bytes;        // at least what the answer takes
    unsigned *looks;     // entries that may still be looked at
    struct fault *fault; // why the watch ends, when it does
    Kansen__V1__WatchResponse *answer;
};

static bool
is_wanted(const struct watch *watch, const Kansen__V1__Change *change)
{
    return watch->kinds == 0 || (change->kind < 32 && (watch->kinds & UINT32_C(1) << change->kind) != 0);
}

// A copy of a change as the caller may see it, in the arena of answers; NULL when memory is short.
static Kansen__V1__Change *
copy_change(const struct watch_feed *feed, const Kansen__V1__Change *change, enum sight sight)
{
    Kansen__V1__Change *copy = arena_alloc(feed->arena, sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *change;
    if (sight == SIGHT_CUT)
        sight_cut_change(copy);
    else
        copy->client = arena_strdup(feed->arena, change->client);
    return copy->client == NULL ? NULL : copy;
}

// Makes an event of what the caller may see of an entry, as far as it fits; NULL in *out when that is
// nothing. Sets told_changes to 0 when the entry is done with. 0 or STORE_FAULT_MEMORY.
static int
make_event(struct part *part, const Kansen__V1__JournalEntry *entry, Kansen__V1__WatchEvent **out)
{
    struct watch *watch = part->watch;
    size_t left = entry->n_changes - watch->told_changes;
    size_t fit = part->bytes < PART_BYTES ? (PART_BYTES - part->bytes) / CHANGE_BYTES + 1 : 1;
    Kansen__V1__WatchEvent *event = arena_alloc(part->feed->arena, sizeof *event);

    if (event == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__watch_event__init(event);
    event->sequence = entry->sequence;
    event->time_us = entry->time_us;
    if (left > 0)
        event->changes =
            arena_array(part->feed->arena, left < fit ? left : fit, sizeof(Kansen__V1__Change *));
    if (left > 0 && event->changes == NULL)
        return STORE_FAULT_MEMORY;
    while (watch->told_changes < entry->n_changes && event->n_changes < fit) {
        const Kansen__V1__Change *change = entry->changes[watch->told_changes++];
        enum sight sight = sight_of_change(&part->feed->session->identity, change);

        if (sight == SIGHT_NONE || !is_wanted(watch, change))
            continue;
        event->changes[event->n_changes] = copy_change(part->feed, change, sight);
        if (event->changes[event->n_changes++] == NULL)
            return STORE_FAULT_MEMORY;
    }
    if (watch->told_changes == entry->n_changes)
        watch->told_changes = 0;
    *out = event->n_changes > 0 ? event : NULL;
    return 0;
}

// Adds one entry to the answer, or a part of it. 0, FAULT with the fault set, or a store fault.
static int
add_entry(struct part *part)
{
    struct watch *watch = part->watch;
    Kansen__V1__WatchEvent *event = NULL;
    Kansen__V1__JournalEntry *entry;
    int rc;

    arena_reset(part->feed->scratch);
    rc = journal_next(part->feed->txn, watch->next - 1, part->feed->scratch, &entry);
    if (rc == STORE_E_NOT_FOUND)
        return STORE_FAULT_CORRUPT; // the last one is above it
    if (rc != 0)
        return rc;
    if (entry->sequence != watch->next) {
        fault_fill(part->fault, CODE_OUT_OF_RANGE, "from_sequence",
                   "the journal is kept from %" PRIu64 " on, and the watch was not so far yet",
                   entry->sequence);
        watch->next = entry->sequence;
        return FAULT;
    }
    rc = make_event(part, entry, &event);
    if (rc != 0)
        return rc;
    if (event != NULL) {
        part->answer->events[part->answer->n_events++] = event;
        part->bytes += EVENT_BYTES + event->n_changes * CHANGE_BYTES;
    }
    if (watch->told_changes == 0)
        watch->next++;
    return 0;
}

static int
gather(struct part *part)
{
    int rc = 0;

    part->answer->events = arena_array(part->feed->arena, ENTRIES_PER_FEED, sizeof(Kansen__V1__WatchEvent *));
    if (part->answer->events == NULL)
        return STORE_FAULT_MEMORY;
    while (rc == 0 && *part->looks > 0 && part->watch->next <= part->last && part->bytes < PART_BYTES) {
        (*part->looks)--;
        rc = add_entry(part);
    }
    return rc;
}

static bool
is_worth_telling(const struct part *part)
{
    const struct watch *watch = part->watch;

    if (part->answer->n_events > 0 || part->answer->end || watch->next - watch->told_next >= PROGRESS_ENTRIES)
        return true;
    return watch->next > watch->told_next && part->feed->now_us - watch->told_us >= PROGRESS_US;
}

// Adds an answer of what was gathered, if it says anything. 0 or -ENOMEM.
static int
tell(struct part *part, uint64_t first, struct buf *out)
{
    struct watch *watch = part->watch;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    part->answer->end = watch->until_now && watch->next > watch->end;
    if (!is_worth_telling(part))
        return 0;
    part->answer->next_sequence = watch->next;
    part->answer->first_sequence = first;
    response.id = watch->request;
    response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
    response.watch = part->answer;
    watch->told_next = watch->next;
    watch->told_us = part->feed->now_us;
    return reply_response(out, part->feed->service->max_frame, &response);
}

// Refuses a client that is too far behind while it leaves its output full. One that takes what it gets is
// never cut off: a large commit alone can put it behind for a moment.
static int
check_lag(struct part *part, uint64_t last)
{
    uint64_t behind = last + 1 - part->watch->next;

    if (behind <= part->watch->slack)
        return 0;
    counters_add(&part->feed->service->counters, COUNTER_WATCH_LAG);
    return fault_set(part->fault, CODE_RESOURCE_EXHAUSTED, "",
                     "the watch is %" PRIu64 " entries behind, and its client does not take them fast enough",
                     behind);
}

// What one watch gets in one go. 0 with *ends when it is over, or -ENOMEM.
static int
feed_one(const struct watch_feed *feed, struct watch *watch, unsigned *looks, struct buf *out, bool *ends)
{
    Kansen__V1__WatchResponse answer = KANSEN__V1__WATCH_RESPONSE__INIT;
    uint64_t first = 0, last = txn_sequence(feed->txn);
    struct fault fault = {0};
    struct part part = {.feed = feed,
                        .watch = watch,
                        .last = watch->until_now ? watch->end : last,
                        .looks = looks,
                        .fault = &fault,
                        .answer = &answer};
    int rc = journal_first(feed->txn, &first), told = 0;

    if (rc == 0 && buf_len(out) < feed->room)
        rc = gather(&part);
    else if (rc == 0)
        rc = check_lag(&part, last);
    if (rc < 0)
        writer_fault(&fault, rc);
    if (rc == 0 || answer.n_events > 0)
        told = tell(&part, first, out);
    if (rc != 0 && told == 0)
        told = tell_end(watch, &fault, first, out);
    *ends = rc != 0 || answer.end;
    return told;
}

int
watch_feed(const struct watch_feed *feed, struct buf *out, struct watch_fed *fed)
{
    struct watches *watches = &feed->session->watches;
    unsigned looks = ENTRIES_PER_FEED, rounds = watches->count, place = watches->turn;
    int rc = 0;

    *fed = (struct watch_fed){0};
    for (unsigned i = 0; i < rounds && rc == 0; i++) {
        unsigned before = looks;
        struct watch *watch;
        bool ends = false;

        place = place < watches->count ? place : 0;
        watch = watches->all[place];
        rc = feed_one(feed, watch, &looks, out, &ends);
        arena_reset(feed->arena);
        if (ends) {
            fed->ended = true;
            drop(watches, place);
        } else {
            fed->more = fed->more || watch->next <= (watch->until_now ? watch->end : txn_sequence(feed->txn));
            place++;
        }
        if (looks < before)
            watches->turn = place; // the one behind the last that got something is the first next time
    }
    arena_reset(feed->scratch);
    return rc;
}
