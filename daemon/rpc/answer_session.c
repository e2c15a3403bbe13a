// SPDX-License-Identifier: Apache-2.0
// A session is open once Hello was answered OK. Hello may be said again, but who calls stays who it was: a
// session neither gains nor loses rights, but by its end.
#include "rpc/answer_session.h"
#include "auth/login.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "proto/varint.h"
#include "rpc/answer_details.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/reply.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "rpc/session_quota.h"
#include "store/store.h"
#include "work/queue.h"
#include "work/tasks.h"
#include "work/writer.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_NAME_MAX 100u
#define PING_MAX        1024u

#define PING_PAYLOAD_FIELD 1u // of PingResponse

static int
check_hello(struct call *call, const Kansen__V1__HelloRequest *hello)
{
    if (hello->protocol_version != KANSEN_PROTOCOL_VERSION)
        return fault_set(&call->fault, CODE_FAILED_PRECONDITION, "protocol_version",
                         "the client speaks version %" PRIu32 " of the protocol, this daemon version %u",
                         hello->protocol_version, KANSEN_PROTOCOL_VERSION);
    if (strlen(hello->client_name) > CLIENT_NAME_MAX)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "client_name",
                         "%zu bytes given; at most %u are allowed", strlen(hello->client_name),
                         CLIENT_NAME_MAX);
    if (text_check(hello->client_name, strlen(hello->client_name), false, NULL) != TEXT_FINE)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "client_name",
                         "control characters are not allowed");
    return 0;
}

static int
take_over(struct call *call, const struct identity *identity)
{
    struct session *session = call->session;
    int rc;

    if (session->open && (!session->identity.listed || identity->token != session->identity.token))
        return fault_set(&call->fault, CODE_FAILED_PRECONDITION, "token",
                         "this session is that of %s; another token needs another connection",
                         session->identity.actor);
    rc = session_quota_enter(call->service, session, identity, &call->fault);
    if (rc != 0)
        return rc;
    session->identity = *identity;
    session->generation = call->generation;
    session->expires_us = 0;
    if (identity->expires_us != 0)
        session->expires_us = clock_steady_us() + (identity->expires_us - clock_wall_us());
    return 0;
}

// Finds out who calls, unless the socket or an earlier Hello has told: a token goes before a certificate.
static int
identify(struct call *call, const char *token)
{
    const char *certificate = call->session->identity.certificate;
    struct identity identity;
    int rc;

    if (token[0] == '\0' && call->session->identity.role != 0)
        return session_quota_enter(call->service, call->session, &call->session->identity, &call->fault);
    if (token[0] == '\0' && certificate[0] != '\0') {
        rc = login_by_certificate(call->txn, certificate, call->session->identity.certificate_until_us,
                                  clock_wall_us(), call->scratch, &identity, &call->fault);
        return rc == 0 ? take_over(call, &identity) : rc;
    }
    if (token[0] == '\0')
        return fault_set(&call->fault, CODE_UNAUTHENTICATED, "token",
                         "a token is needed here; an operator issues one (kansenctl token issue)");
    rc = login_by_token(call->txn, call->service->secret, token, clock_wall_us(), call->scratch, &identity,
                        &call->fault);
    return rc == 0 ? take_over(call, &identity) : rc;
}

static void
tell_refusal(struct call *call)
{
    if (!call->session->open)
        call->session->refusals++;
    LOG_INFO(call->service->log, "auth", "hello was refused",
             LOG_TEXT("actor", call->session->identity.actor), LOG_TEXT("why", call->fault.message));
}

static int
check_and_identify(struct call *call, const Kansen__V1__HelloRequest *hello)
{
    int rc = check_hello(call, hello);

    if (rc == 0)
        rc = identify(call, hello->token);
    if (rc == FAULT)
        tell_refusal(call);
    return rc;
}

int
answer_session_hello(struct call *call)
{
    const Kansen__V1__HelloRequest *hello = call->request->hello;
    const struct identity *identity = &call->session->identity;
    Kansen__V1__HelloResponse *answer = arena_alloc(call->arena, sizeof *answer);
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    rc = check_and_identify(call, hello);
    if (rc != 0)
        return rc;
    kansen__v1__hello_response__init(answer);
    answer->protocol_version = KANSEN_PROTOCOL_VERSION;
    answer->server_version = (char *)KANSEN_VERSION;
    answer->role = (char *)role_name(identity->role);
    answer->client = (char *)identity->client;
    answer->partner_id = identity->partner;
    answer->source = (char *)identity->source;
    answer->max_frame_bytes = (uint32_t)call->service->max_frame;
    answer->max_in_flight = service_limits(call->service)->max_in_flight;
    answer->max_batch_writes = call->service->max_batch_writes;
    answer->semantics = STORE_SEMANTICS;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_HELLO;
    call->response.hello = answer;
    call->session->open = true;
    LOG_DEBUG(call->service->log, "session", "open", LOG_TEXT("actor", identity->actor),
              LOG_TEXT("role", answer->role));
    return 0;
}

int
answer_session_ping(struct call *call)
{
    const ProtobufCBinaryData payload = call->request->ping->payload;
    const uint32_t tag = varint_tag_bytes(PING_PAYLOAD_FIELD);
    size_t size = payload.len == 0 ? 0 : varint_size(tag) + varint_size(payload.len) + payload.len;
    uint8_t *to;
    int rc;

    if (payload.len > PING_MAX)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "payload",
                         "%zu bytes given; at most %u are allowed", payload.len, PING_MAX);
    rc = reply_begin(call, KANSEN__V1__RESPONSE__BODY_PING, size, &to);
    if (rc == 0 && payload.len > 0)
        memcpy(varint_put(varint_put(to, tag), payload.len), payload.data, payload.len);
    return rc;
}

int
answer_session_health(struct call *call)
{
    Kansen__V1__HealthResponse *answer = arena_alloc(call->arena, sizeof *answer);

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__health_response__init(answer);
    answer->status = atomic_load(&call->service->state) == SERVICE_SERVING
                         ? KANSEN__V1__SERVING_STATUS__SERVING_STATUS_SERVING
                         : KANSEN__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_HEALTH;
    call->response.health = answer;
    return 0;
}

// Second figure of /proc/self/statm (proc(5)): resident pages. 0 where that is not to be had.
static uint64_t
resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t pages = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static Kansen__V1__SandboxState
sandbox_state(enum sandbox_state state)
{
    switch (state) {
    case SANDBOX_ON:
        return KANSEN__V1__SANDBOX_STATE__SANDBOX_STATE_ON;
    case SANDBOX_OFF:
        return KANSEN__V1__SANDBOX_STATE__SANDBOX_STATE_OFF;
    case SANDBOX_UNSUPPORTED:
        return KANSEN__V1__SANDBOX_STATE__SANDBOX_STATE_UNSUPPORTED;
    }
    return KANSEN__V1__SANDBOX_STATE__SANDBOX_STATE_UNSPECIFIED;
}

static void
fill_long_reads(struct readings *readings, Kansen__V1__StatusResponse *answer)
{
    struct readings_counts counts = readings_count(readings);

    answer->long_reads_waiting = counts.waiting;
    answer->long_reads = counts.done;
    answer->long_reads_refused = counts.refused;
    answer->long_reads_longest_ms = (uint64_t)counts.longest_us / 1000;
}

static void
fill_tasks(struct tasks *tasks, Kansen__V1__StatusResponse *answer)
{
    struct tasks_counts counts = tasks_count(tasks);

    answer->tasks_waiting = counts.waiting;
    answer->tasks = counts.done;
    answer->tasks_failed = counts.failed;
    answer->task_done = counts.running.done;
    answer->task_total = counts.running.total;
}

static void
fill_status(struct call *call, const struct store_counts *counts, Kansen__V1__StatusResponse *answer)
{
    struct service *service = call->service;
    struct store_usage usage = store_usage(service->store);

    answer->server_version = (char *)KANSEN_VERSION;
    answer->sequence = txn_sequence(call->txn);
    answer->partners = counts->partners;
    answer->offers = counts->offers;
    answer->interests = counts->interests;
    answer->regions = counts->regions;
    answer->postcodes = counts->postcodes;
    answer->store_used_bytes = usage.used_bytes;
    answer->store_map_bytes = usage.map_bytes;
    answer->uptime_s = (uint64_t)(clock_steady_us() - service->started_us) / 1000000;
    answer->workers = service->workers;
    answer->connections = atomic_load(&service->connections);
    answer->write_queue = (uint32_t)queue_depth(service->queue);
    answer->requests = atomic_load(&service->requests);
    answer->commits = atomic_load(&writer_work(service->writer)->commits);
    answer->resident_bytes = resident_bytes();
    answer->store_format = STORE_FORMAT;
    answer->semantics = STORE_SEMANTICS;
    answer->sandbox_no_new_privileges = sandbox_state(service->sandbox.no_new_privileges);
    answer->sandbox_capabilities = sandbox_state(service->sandbox.capabilities);
    answer->sandbox_seccomp = sandbox_state(service->sandbox.seccomp);
    answer->sandbox_landlock = sandbox_state(service->sandbox.landlock);
    if (service->readings != NULL)
        fill_long_reads(service->readings, answer);
    if (service->tasks != NULL)
        fill_tasks(service->tasks, answer);
}

static int
fill_counters(struct call *call, Kansen__V1__StatusResponse *answer)
{
    Kansen__V1__Counter *all = arena_array(call->arena, COUNTERS, sizeof *all);

    answer->counters = arena_array(call->arena, COUNTERS, sizeof(Kansen__V1__Counter *));
    if (all == NULL || answer->counters == NULL)
        return STORE_FAULT_MEMORY;
    for (unsigned i = 0; i < COUNTERS; i++) {
        kansen__v1__counter__init(&all[i]);
        all[i].name = (char *)counters_name(i);
        all[i].count = counters_get(&call->service->counters, i);
        answer->counters[i] = &all[i];
    }
    answer->n_counters = COUNTERS;
    return 0;
}

int
answer_session_status(struct call *call)
{
    Kansen__V1__StatusResponse *answer = arena_alloc(call->arena, sizeof *answer);
    struct store_counts counts;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    rc = txn_counts(call->txn, &counts);
    if (rc != 0)
        return rc;
    kansen__v1__status_response__init(answer);
    fill_status(call, &counts, answer);
    rc = fill_counters(call, answer);
    if (rc == 0 && call->request->status->details)
        rc = answer_details_fill(call, answer);
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_SERVER;
    call->response.server = answer;
    return 0;
}
