// SPDX-License-Identifier: Apache-2.0
// A store with placements in it and a worker's way to answer, without sockets and without a writer.
#ifndef TESTS_UNIT_RPC_FIXTURE_H
#define TESTS_UNIT_RPC_FIXTURE_H

#include "auth/secret.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/frame.h"
#include "rpc/limits.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "tests/unit/store_fixture.h"
#include "work/lifecycle.h"
#include <kansen/v1/protocol.pb-c.h>
#include <string.h>

struct rpc_world {
    struct fixture store;
    struct log log;
    struct limits limits;
    struct service service;
    struct rpc_env *env;
    struct session session;
    unsigned students; // made so far
};

static inline struct rpc_world *
rpc_world_open(void)
{
    struct rpc_world *world = calloc(1, sizeof *world);
    struct fault fault;

    assert_non_null(world);
    fixture_start(&world->store);
    world->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    world->limits = (struct limits){.watch_lag = 1000000};
    world->service = (struct service){.store = world->store.store,
                                      .log = &world->log,
                                      .workers = 1,
                                      .max_frame = FRAME_DEFAULT_MAX,
                                      .request_memory = 4 << 20,
                                      .max_batch_writes = 10,
                                      .limits = &world->limits,
                                      .state = SERVICE_SERVING};
    assert_int_equal(secret_open(world->store.dir, &world->service.secret, &fault), 0);
    world->env = rpc_env_new(&world->service, 0, NULL);
    assert_non_null(world->env);
    world->session.open = true;
    return world;
}

static inline void
rpc_world_close(struct rpc_world *world)
{
    char path[128];

    watch_drop_all(&world->session.watches);
    rpc_env_free(world->env);
    secret_free(world->service.secret);
    snprintf(path, sizeof path, "%s/%s", world->store.dir, SECRET_FILE);
    unlink(path);
    fixture_end(&world->store);
    free(world);
}

// Who asks from now on.
static inline void
rpc_world_be(struct rpc_world *world, enum role role, const char *client, uint64_t partner)
{
    world->session.identity = (struct identity){.role = role, .actor = "test", .partner = partner};
    snprintf(world->session.identity.client, sizeof world->session.identity.client, "%s", client);
}

static inline Kansen__V1__Request
rpc_world_request(uint32_t body, void *message)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    request.id = 5;
    request.body_case = body;
    request.ping = message; // all members of the union are pointers
    return request;
}

// Takes the first frame of out; NULL when there is none.
static inline Kansen__V1__Response *
rpc_world_take(struct buf *out)
{
    Kansen__V1__Response *response;
    struct frame frame;

    if (buf_len(out) == 0)
        return NULL;
    assert_int_equal(frame_decode(buf_bytes(out), buf_len(out), FRAME_DEFAULT_MAX, &frame), FRAME_WHOLE);
    response = kansen__v1__response__unpack(NULL, frame.payload_len, buf_bytes(out) + frame.header_len);
    assert_non_null(response);
    buf_consume(out, frame.header_len + frame.payload_len);
    return response;
}

// Asks, and checks the code of the answer; returns it.
static inline Kansen__V1__Response *
rpc_world_ask(struct rpc_world *world, uint32_t body, void *message, enum code code)
{
    Kansen__V1__Request request = rpc_world_request(body, message);
    uint8_t bytes[1024];
    size_t len = kansen__v1__request__get_packed_size(&request);
    struct buf out = {0};
    Kansen__V1__Response *response;

    assert_true(len <= sizeof bytes);
    kansen__v1__request__pack(&request, bytes);
    assert_int_equal(rpc_handle(world->env, &world->session, clock_steady_us(), bytes, len, &out),
                     RPC_ANSWERED);
    rpc_pause(world->env);
    response = rpc_world_take(&out);
    assert_int_equal(buf_len(&out), 0);
    buf_free(&out);
    assert_int_equal(response->status == NULL ? 0 : response->status->code, code);
    return response;
}

// Applies one write as a client of the portals, which is an operator too.
static inline Kansen__V1__WriteResult
rpc_world_apply(struct rpc_world *world, const char *client, const char *student, Kansen__V1__Write write)
{
    struct command_secrets secrets = {.has_student = true};
    struct command command = {.time_us = ++world->store.time_us,
                              .actor = "test",
                              .client = client,
                              .movers = MOVER_OPERATOR | MOVER_PORTAL,
                              .secrets = &secrets,
                              .write = &write};
    Kansen__V1__WriteResult result;

    secret_hash_student(world->service.secret, client, student, secrets.student_hash);
    secret_random(secrets.random, sizeof secrets.random);
    assert_int_equal(txn_begin(world->store.write), 0);
    assert_int_equal(apply(world->store.write, &command, world->store.arena, &result), 0);
    assert_int_equal(txn_commit(world->store.write), 0);
    assert_null(result.status);
    return result;
}

// A partner with so many offers; returns the partner's id, the offers' ids follow one another from *first.
static inline uint64_t
rpc_world_registry(struct rpc_world *world, const char *name, unsigned offers, uint64_t *first)
{
    static char *interests[] = {(char *)"sport.voetbal"};
    uint64_t partner = fixture_upsert_partner(&world->store, fixture_partner(name, "GM0606")).id;

    for (unsigned i = 0; i < offers; i++) {
        char external[32];
        uint64_t id;

        snprintf(external, sizeof external, "%s-%u", name, i);
        id = fixture_upsert_offer(&world->store, fixture_offer(external, partner, interests)).id;
        if (i == 0 && first != NULL)
            *first = id;
    }
    return partner;
}

static inline uint64_t
rpc_world_reserve(struct rpc_world *world, const char *client, uint64_t offer, const char *student)
{
    Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;

    reserve.offer_id = offer;
    reserve.student = (char *)student;
    reserve.referred = true;
    reserve.from_date = (char *)"2026-01-02";
    return rpc_world_apply(world, client, student, WRITE(RESERVE_PLACEMENT, reserve_placement, &reserve)).id;
}

static inline void
rpc_world_move(struct rpc_world *world, const char *client, uint64_t placement, const char *move)
{
    Kansen__V1__MovePlacement given = KANSEN__V1__MOVE_PLACEMENT__INIT;

    given.id = placement;
    given.move = strcmp(move, "request") == 0   ? KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_REQUEST
                 : strcmp(move, "accept") == 0  ? KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_ACCEPT
                 : strcmp(move, "decline") == 0 ? KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DECLINE
                                                : KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_CANCEL;
    if (given.move == KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DECLINE)
        given.reason = KANSEN__V1__DECLINE_REASON__DECLINE_REASON_PERIOD;
    (void)rpc_world_apply(world, client, "", WRITE(MOVE_PLACEMENT, move_placement, &given));
}

#endif
