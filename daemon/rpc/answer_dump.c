// SPDX-License-Identifier: Apache-2.0
// Invariant: service->dumps counts the sessions that hold a stream. A piece is a few hundred microseconds of
// copying, and the next one is made when it is asked for, so nobody waits for a slow client.
#include "rpc/answer_dump.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "rpc/call.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/archive.h"
#include "store/store.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DUMPS_MAX  2u                  // at a time
#define PIECE_MAX  ((size_t)256 << 10) // bytes
#define FRAME_REST ((size_t)1 << 10)   // of an answer beside the piece
#define IDLE_US    INT64_C(60000000)   // between two pieces
#define RETRY_MS   10000u

struct dump {
    struct archive_writer *writer;
    struct buf waiting; // what was made and not sent yet: an entry can be larger than a frame
    bool ended;
    int64_t asked_us; // steady clock
};

static void
free_dump(struct service *service, struct session *session)
{
    archive_writer_free(session->dump->writer);
    buf_free(&session->dump->waiting);
    free(session->dump);
    session->dump = NULL;
    atomic_fetch_sub(&service->dumps, 1);
}

void
answer_dump_leave(struct service *service, struct session *session)
{
    if (session->dump != NULL)
        free_dump(service, session);
}

void
answer_dump_expire(struct service *service, struct session *session, int64_t now_us)
{
    if (session->dump != NULL && now_us - session->dump->asked_us > IDLE_US)
        free_dump(service, session);
}

static int
begin(struct call *call, const Kansen__V1__DumpRequest *given)
{
    struct archive_order order = {given->kind, given->from_sequence, given->to_sequence, KANSEN_VERSION};
    struct dump *dump;
    int rc;

    if (given->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE &&
        given->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "kind", "%d is none", (int)given->kind);
    answer_dump_leave(call->service, call->session); // what came before is given up
    if (atomic_fetch_add(&call->service->dumps, 1) >= DUMPS_MAX) {
        atomic_fetch_sub(&call->service->dumps, 1);
        fault_fill(&call->fault, CODE_RESOURCE_EXHAUSTED, "", "%u streams are under way already", DUMPS_MAX);
        call->fault.retry_after_ms = RETRY_MS;
        return FAULT;
    }
    dump = calloc(1, sizeof *dump);
    rc = dump == NULL ? STORE_FAULT_MEMORY
                      : archive_writer_new(call->service->store, &order, &dump->writer, &call->fault);
    if (rc != 0) {
        free(dump);
        atomic_fetch_sub(&call->service->dumps, 1);
        return rc;
    }
    call->session->dump = dump;
    LOG_NOTICE(
        call->service->log, "dump", "a stream is read out of the store",
        LOG_TEXT("kind", given->kind == KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE ? "store" : "journal"),
        LOG_TEXT("actor", call->session->identity.actor));
    return 0;
}

static int
fill(struct call *call, struct dump *dump, Kansen__V1__DumpResponse *answer)
{
    size_t most = call->service->max_frame - FRAME_REST, len;
    int rc = 0;

    if (most > PIECE_MAX)
        most = PIECE_MAX;
    while (rc == 0 && !dump->ended && buf_len(&dump->waiting) < most)
        rc = archive_write(dump->writer, most - buf_len(&dump->waiting), &dump->waiting, &dump->ended);
    if (rc != 0)
        return rc;
    len = buf_len(&dump->waiting) < most ? buf_len(&dump->waiting) : most;
    answer->data.data = arena_alloc(call->arena, len + 1);
    if (answer->data.data == NULL)
        return STORE_FAULT_MEMORY;
    memcpy(answer->data.data, buf_bytes(&dump->waiting), len);
    answer->data.len = len;
    buf_consume(&dump->waiting, len);
    answer->end = dump->ended && buf_len(&dump->waiting) == 0;
    return 0;
}

int
answer_dump_dump(struct call *call)
{
    const Kansen__V1__DumpRequest *given = call->request->dump;
    Kansen__V1__DumpResponse *answer = arena_alloc(call->arena, sizeof *answer);
    int rc = 0;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__dump_response__init(answer);
    if (given->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_UNSPECIFIED)
        rc = begin(call, given);
    else if (call->session->dump == NULL)
        rc = fault_set(&call->fault, CODE_FAILED_PRECONDITION, "kind",
                       "no stream was begun here, or it was given up as nobody asked for a minute");
    if (rc != 0)
        return rc;
    call->session->dump->asked_us = clock_steady_us();
    rc = fill(call, call->session->dump, answer);
    if (rc != 0 || answer->end)
        answer_dump_leave(call->service, call->session);
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_DUMP;
    call->response.dump = answer;
    return rc;
}
