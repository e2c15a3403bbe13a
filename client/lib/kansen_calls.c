// SPDX-License-Identifier: Apache-2.0
// Invariants: calls lie in the order of their ids, which is that in which they were asked; count is that of
// the calls and of the last answers in the row of those that wait.
#include "client/lib/kansen_calls.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
free_ready(struct kansen_ready *ready)
{
    if (ready != NULL && ready->response != NULL)
        kansen__v1__response__free_unpacked(ready->response, NULL);
    free(ready);
}

void
kansen_calls_drop(struct kansen_call *call)
{
    if (call == NULL)
        return;
    free_ready(call->end);
    free(call->data);
    free(call);
}

void
kansen_calls_free(struct kansen_calls *calls)
{
    while (calls->first != NULL) {
        struct kansen_call *call = calls->first;

        calls->first = call->next;
        kansen_calls_drop(call);
    }
    while (calls->ready != NULL) {
        struct kansen_ready *ready = calls->ready;

        calls->ready = ready->next;
        free_ready(ready);
    }
}

struct kansen_call *
kansen_calls_make(struct kansen_calls *calls, const Kansen__V1__Request *request)
{
    struct kansen_call *call = calloc(1, sizeof *call);
    Kansen__V1__Request copy = *request;

    copy.id = 0;
    copy.deadline_ms = 0;
    if (call == NULL)
        return NULL;
    call->packed.len = kansen__v1__request__get_packed_size(&copy);
    call->data = malloc(call->packed.len + 1);
    call->end = calloc(1, sizeof *call->end);
    if (call->data == NULL || call->end == NULL) {
        kansen_calls_drop(call);
        return NULL;
    }
    kansen__v1__request__pack(&copy, call->data);
    call->packed.data = call->data;
    call->packed.id = calls->last_id + 1;
    call->packed.watch = kansen_core_is_watch(request);
    call->follows = request->body_case == KANSEN__V1__REQUEST__BODY_WATCH;
    call->deadline_ms = call->again_ms = KANSEN_NEVER;
    return call;
}

void
kansen_calls_add(struct kansen_calls *calls, struct kansen_call *call)
{
    if (calls->last != NULL)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
    calls->last_id = call->packed.id;
    calls->count++;
}

int
kansen_calls_resume(struct kansen_call *call)
{
    Kansen__V1__Request *request = kansen__v1__request__unpack(NULL, call->packed.len, call->data);
    uint8_t *data;
    size_t len;

    if (request == NULL)
        return -ENOMEM;
    assert(request->body_case == KANSEN__V1__REQUEST__BODY_WATCH);
    request->watch->from_sequence = call->resume;
    len = kansen__v1__request__get_packed_size(request);
    data = realloc(call->data, len);
    if (data != NULL) {
        call->packed.data = call->data = data;
        call->packed.len = kansen__v1__request__pack(request, data);
    }
    kansen__v1__request__free_unpacked(request, NULL);
    return data != NULL ? 0 : -ENOMEM;
}

struct kansen_call *
kansen_calls_find(const struct kansen_calls *calls, uint64_t id)
{
    struct kansen_call *call = calls->first;

    while (call != NULL && call->packed.id != id)
        call = call->next;
    return call;
}

static void
add_ready(struct kansen_calls *calls, struct kansen_ready *ready)
{
    ready->next = NULL;
    if (calls->ready_last != NULL)
        calls->ready_last->next = ready;
    else
        calls->ready = ready;
    calls->ready_last = ready;
}

static void
unlink_call(struct kansen_calls *calls, struct kansen_call *call)
{
    struct kansen_call *before = NULL;

    if (calls->first != call) {
        for (before = calls->first; before->next != call;)
            before = before->next;
        before->next = call->next;
    } else {
        calls->first = call->next;
    }
    if (calls->last == call)
        calls->last = before;
}

void
kansen_calls_end(struct kansen_calls *calls, struct kansen_call *call, Kansen__V1__Response *response,
                 int code, const char *message)
{
    struct kansen_ready *end = call->end;

    end->response = response;
    end->id = call->packed.id;
    end->code = code;
    end->message = message;
    end->last = true;
    call->end = NULL;
    add_ready(calls, end);
    unlink_call(calls, call);
    kansen_calls_drop(call);
}

int
kansen_calls_more(struct kansen_calls *calls, Kansen__V1__Response *response, void *tag)
{
    struct kansen_ready *ready = calloc(1, sizeof *ready);

    if (ready == NULL) {
        kansen__v1__response__free_unpacked(response, NULL);
        return -ENOMEM;
    }
    ready->response = response;
    ready->tag = tag;
    add_ready(calls, ready);
    return 0;
}

// A response as the daemon would have made it: packed and unpacked, so that it is freed like any other.
static Kansen__V1__Response *
make_response(const struct kansen_ready *ready)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;
    uint8_t bytes[256];

    response.id = ready->id;
    response.status = &status;
    status.code = ready->code;
    status.message = (char *)ready->message;
    if (kansen__v1__response__get_packed_size(&response) > sizeof bytes)
        return NULL;
    return kansen__v1__response__unpack(NULL, kansen__v1__response__pack(&response, bytes), bytes);
}

int
kansen_calls_take(struct kansen_calls *calls, struct kansen_answer *answer)
{
    struct kansen_ready *ready = calls->ready;
    Kansen__V1__Response *response;

    if (ready == NULL)
        return KANSEN_E_MORE;
    response = ready->response != NULL ? ready->response : make_response(ready);
    if (response == NULL)
        return -ENOMEM;
    *answer = (struct kansen_answer){response, ready->tag, ready->response == NULL};
    calls->ready = ready->next;
    if (calls->ready == NULL)
        calls->ready_last = NULL;
    if (ready->last)
        calls->count--;
    free(ready);
    return 0;
}

uint64_t
kansen_calls_due(const struct kansen_calls *calls)
{
    uint64_t due = KANSEN_NEVER;

    for (const struct kansen_call *call = calls->first; call != NULL; call = call->next) {
        due = call->deadline_ms < due ? call->deadline_ms : due;
        due = call->again_ms < due ? call->again_ms : due;
    }
    return due;
}
