// SPDX-License-Identifier: Apache-2.0
// Load that must survive restarts: rolling SERVER OUT SECONDS CONNECTIONS OFFER...
//
// Each connection (a libkansen-event of its own, token from KANSEN_TOKEN, CA from KANSEN_CA) reserves a seat
// for a new student under an idempotency key, and asks for a match meanwhile; once both are answered, and a
// little later, the next ones. After SECONDS nothing new is asked, and all that is under way must be
// answered. OUT gets a line for each reservation that was acknowledged: "STUDENT PLACEMENT". Standard output
// says how it went, in JSON. Status 1 when an answer was no OK, or did not come.
#include <event2/event.h>
#include <inttypes.h>
#include <kansen_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THINK_MS        40u
#define GIVE_UP_S       90u // behind the end, for what is under way
#define CONNECTIONS_MAX 256u

struct load;

struct link {
    struct load *load;
    struct kansen_event *event;
    struct event *timer;
    unsigned number, turn;
    unsigned waits;    // for so many answers
    uint64_t asked_ms; // when
    unsigned opened;   // connections that were ready
    char student[64];
    uint64_t offer;
};

struct load {
    struct event_base *base;
    FILE *out;
    uint64_t end_ms;
    unsigned open; // connections that have not ended
    uint64_t writes, reads, bad, local, longest_ms;
    struct kansen_event *watch;
    uint64_t watched, last_sequence;
    struct link links[CONNECTIONS_MAX];
    size_t count;
};

static uint64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
later(struct link *link)
{
    struct timeval wait = {0, THINK_MS * 1000};

    event_add(link->timer, &wait);
}

// Takes what both answers have in common; whether it is OK.
static bool
take(struct link *link, const Kansen__V1__Response *response, bool local)
{
    struct load *load = link->load;
    uint64_t took_ms = now_ms() - link->asked_ms;

    if (took_ms > load->longest_ms)
        load->longest_ms = took_ms;
    load->local += local;
    if (--link->waits == 0)
        later(link);
    if (kansen_code(response) == 0)
        return true;
    load->bad++;
    fprintf(stderr, "connection %u: %d %s%s\n", link->number, kansen_code(response),
            response->status->message, local ? " (local)" : "");
    return false;
}

static void
on_match(void *arg, const Kansen__V1__Response *response, bool local)
{
    struct link *link = arg;

    if (take(link, response, local))
        link->load->reads++;
}

static void
on_reserved(void *arg, const Kansen__V1__Response *response, bool local)
{
    struct link *link = arg;

    if (!take(link, response, local))
        return;
    link->load->writes++;
    fprintf(link->load->out, "%s %" PRIu64 "\n", link->student, response->write->id);
}

static void
ask(struct link *link)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;
    Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;

    snprintf(link->student, sizeof link->student, "student-%u-%u", link->number, link->turn++);
    reserve.offer_id = link->offer;
    reserve.student = link->student;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT;
    write.reserve_placement = &reserve;
    request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
    request.write = &write;
    request.idempotency_key = link->student;
    link->asked_ms = now_ms();
    link->waits = 2;
    if (kansen_event_call(link->event, &request, 0, on_reserved, link) != 0)
        abort();
    query.region = "NL";
    match.query = &query;
    request.body_case = KANSEN__V1__REQUEST__BODY_MATCH;
    request.match = &match;
    request.idempotency_key = "";
    if (kansen_event_call(link->event, &request, 0, on_match, link) != 0)
        abort();
}

// Ends the run once all is answered and all that was written has been watched.
static void
end(struct load *load)
{
    if (load->open == 0 && load->watched >= load->writes)
        event_base_loopbreak(load->base);
}

static void
on_watched(void *arg, const Kansen__V1__Response *response, bool local)
{
    struct load *load = arg;

    if (kansen_is_last(response)) {
        load->bad++;
        fprintf(stderr, "the watch: %d %s%s\n", kansen_code(response), response->status->message,
                local ? " (local)" : "");
        return;
    }
    for (size_t i = 0; i < response->watch->n_events; i++) {
        const Kansen__V1__WatchEvent *event = response->watch->events[i];

        load->bad += event->sequence <= load->last_sequence;
        load->last_sequence = event->sequence;
        load->watched++;
    }
    end(load);
}

static void
watch(struct load *load, const char *server, const struct kansen_options *options)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__WatchRequest body = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__RecordKind kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_PLACEMENT;

    load->watch = kansen_event_new(load->base, NULL, server, options);
    body.from_sequence = 1;
    body.n_kinds = 1;
    body.kinds = &kind;
    request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
    request.watch = &body;
    if (load->watch == NULL || kansen_event_call(load->watch, &request, 0, on_watched, load) != 0)
        abort();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct link *link = arg;
    struct load *load = link->load;

    (void)fd;
    (void)what;
    if (now_ms() < load->end_ms)
        ask(link);
    else
        load->open--;
    end(load);
}

static void
on_change(void *arg, enum kansen_session_state state)
{
    struct link *link = arg;

    link->opened += state == KANSEN_SESSION_READY;
    if (state == KANSEN_SESSION_FAILED)
        fprintf(stderr, "connection %u: %s\n", link->number,
                kansen_session_error(kansen_event_session(link->event)));
}

static void
begin(struct load *load, const char *server, int offers, char **offer)
{
    const struct kansen_options options = {.client_name = "rolling",
                                           .token = getenv("KANSEN_TOKEN"),
                                           .ca_file = getenv("KANSEN_CA"),
                                           .retry_ms = UINT32_MAX,
                                           .backoff_first_ms = 50,
                                           .backoff_most_ms = 1000};

    watch(load, server, &options);
    for (size_t i = 0; i < load->count; i++) {
        struct link *link = &load->links[i];

        link->load = load;
        link->number = (unsigned)i;
        link->offer = strtoull(offer[i % (size_t)offers], NULL, 10);
        link->timer = event_new(load->base, -1, 0, on_timer, link);
        link->event = kansen_event_new(load->base, NULL, server, &options);
        if (link->timer == NULL || link->event == NULL)
            abort();
        kansen_event_on_change(link->event, on_change, link);
        load->open++;
        ask(link);
    }
}

// How it went. Whether it went well.
static bool
tell(struct load *load)
{
    unsigned opened = 0;

    kansen_event_free(load->watch);
    for (size_t i = 0; i < load->count; i++) {
        opened += load->links[i].opened;
        kansen_event_free(load->links[i].event);
        event_free(load->links[i].timer);
    }
    printf("{\"connections\": %zu, \"opened\": %u, \"writes\": %" PRIu64 ", \"reads\": %" PRIu64
           ", \"bad\": %" PRIu64 ", \"local\": %" PRIu64 ", \"unanswered\": %u, \"watched\": %" PRIu64
           ", \"longest_ms\": %" PRIu64 "}\n",
           load->count, opened, load->writes, load->reads, load->bad, load->local, load->open, load->watched,
           load->longest_ms);
    return load->bad == 0 && load->open == 0;
}

int
main(int argc, char **argv)
{
    static struct load load;
    struct timeval limit = {GIVE_UP_S, 0};
    bool good;

    load.count = argc > 5 ? strtoul(argv[4], NULL, 10) : 0;
    if (load.count == 0 || load.count > CONNECTIONS_MAX) {
        fputs("usage: rolling SERVER OUT SECONDS CONNECTIONS OFFER...\n", stderr);
        return 2;
    }
    load.base = event_base_new();
    load.out = fopen(argv[2], "w");
    if (load.base == NULL || load.out == NULL)
        return 2;
    limit.tv_sec += atoi(argv[3]);
    load.end_ms = now_ms() + strtoull(argv[3], NULL, 10) * 1000;
    begin(&load, argv[1], argc - 5, argv + 5);
    event_base_loopexit(load.base, &limit);
    event_base_dispatch(load.base);
    good = tell(&load);
    event_base_free(load.base);
    return fclose(load.out) == 0 && good ? 0 : 1;
}
