// SPDX-License-Identifier: Apache-2.0
// Bytes of frames in, bytes of frames out. Invariant: waiting holds all requests whose last answer has not
// come, oldest first, so that an answer nobody asked for is seen.
#include "client/lib/kansen_core.h"
#include "base/buf.h"
#include "client/lib/kansen.h"
#include "proto/frame.h"
#include "proto/varint.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Fields of Request that are written by hand, and the most bytes that they take with their tags.
#define FIELD_ID       1u
#define FIELD_DEADLINE 2u
#define FIELDS_MAX     (2u * (1u + VARINT_MAX))

struct waiting {
    uint64_t id;
    bool watch; // may be answered many times
};

struct kansen_core {
    size_t max_frame;
    uint64_t last_id;
    struct buf in, out;
    struct waiting *waiting;
    size_t in_flight, room;
    size_t watches; // of those in flight
};

struct kansen_core *
kansen_core_new(size_t max_frame)
{
    struct kansen_core *core = calloc(1, sizeof *core);

    if (core != NULL)
        core->max_frame = max_frame;
    return core;
}

void
kansen_core_free(struct kansen_core *core)
{
    if (core == NULL)
        return;
    buf_free(&core->in);
    buf_free(&core->out);
    free(core->waiting);
    free(core);
}

void
kansen_core_set_max_frame(struct kansen_core *core, size_t max_frame)
{
    core->max_frame = max_frame;
}

static int
reserve_waiting(struct kansen_core *core)
{
    size_t room = core->room == 0 ? 64 : core->room * 2;
    struct waiting *waiting;

    if (core->in_flight < core->room)
        return 0;
    waiting = reallocarray(core->waiting, room, sizeof *waiting);
    if (waiting == NULL)
        return -ENOMEM;
    core->waiting = waiting;
    core->room = room;
    return 0;
}

// There is room for it.
static void
add_waiting(struct kansen_core *core, uint64_t id, bool watch)
{
    core->waiting[core->in_flight++] = (struct waiting){id, watch};
    core->watches += watch;
}

bool
kansen_core_is_watch(const Kansen__V1__Request *request)
{
    return request->body_case == KANSEN__V1__REQUEST__BODY_WATCH ||
           request->body_case == KANSEN__V1__REQUEST__BODY_BACKUP;
}

int
kansen_core_request(struct kansen_core *core, Kansen__V1__Request *request, uint64_t *id)
{
    uint8_t header[FRAME_HEADER_MAX], *to;
    size_t size, header_len;

    request->id = core->last_id + 1;
    size = kansen__v1__request__get_packed_size(request);
    if (size > core->max_frame || size > UINT32_MAX)
        return KANSEN_E_TOO_LARGE;
    header_len = frame_encode_header(header, size);
    to = buf_reserve(&core->out, header_len + size);
    if (to == NULL || reserve_waiting(core) != 0)
        return -ENOMEM;
    memcpy(to, header, header_len);
    kansen__v1__request__pack(request, to + header_len);
    buf_commit(&core->out, header_len + size);
    core->last_id = request->id;
    add_waiting(core, request->id, kansen_core_is_watch(request));
    if (id != NULL)
        *id = request->id;
    return 0;
}

// Writes the fields in front of a packed request; returns their length.
static size_t
put_fields(const struct kansen_core_packed *packed, uint8_t out[FIELDS_MAX])
{
    uint8_t *to = varint_put(varint_put(out, varint_tag_number(FIELD_ID)), packed->id);

    if (packed->deadline_ms > 0)
        to = varint_put(varint_put(to, varint_tag_number(FIELD_DEADLINE)), packed->deadline_ms);
    return (size_t)(to - out);
}

bool
kansen_core_fits(const struct kansen_core *core, const struct kansen_core_packed *packed)
{
    uint8_t fields[FIELDS_MAX];
    size_t size = put_fields(packed, fields) + packed->len;

    return size <= core->max_frame && size <= UINT32_MAX;
}

int
kansen_core_queue(struct kansen_core *core, const struct kansen_core_packed *packed)
{
    uint8_t header[FRAME_HEADER_MAX], fields[FIELDS_MAX], *to;
    size_t fields_len = put_fields(packed, fields), header_len, size;

    if (!kansen_core_fits(core, packed))
        return KANSEN_E_TOO_LARGE;
    header_len = frame_encode_header(header, fields_len + packed->len);
    size = header_len + fields_len + packed->len;
    to = buf_reserve(&core->out, size);
    if (to == NULL || reserve_waiting(core) != 0)
        return -ENOMEM;
    memcpy(to, header, header_len);
    memcpy(to + header_len, fields, fields_len);
    if (packed->len > 0)
        memcpy(to + header_len + fields_len, packed->data, packed->len);
    buf_commit(&core->out, size);
    add_waiting(core, packed->id, packed->watch);
    return 0;
}

void
kansen_core_reset(struct kansen_core *core, size_t max_frame)
{
    buf_truncate(&core->in, 0);
    buf_truncate(&core->out, 0);
    core->in_flight = core->watches = 0;
    core->max_frame = max_frame;
}

size_t
kansen_core_frame_size(const Kansen__V1__Request *request)
{
    Kansen__V1__Request copy = *request;

    copy.id = UINT64_MAX;
    return kansen__v1__request__get_packed_size(&copy) + FRAME_HEADER_MAX;
}

const uint8_t *
kansen_core_output(const struct kansen_core *core, size_t *len)
{
    *len = buf_len(&core->out);
    return *len > 0 ? buf_bytes(&core->out) : NULL;
}

void
kansen_core_sent(struct kansen_core *core, size_t len)
{
    buf_consume(&core->out, len);
}

int
kansen_core_feed(struct kansen_core *core, const uint8_t *data, size_t len)
{
    return buf_append(&core->in, data, len);
}

bool
kansen_is_last(const Kansen__V1__Response *response)
{
    if (kansen_code(response) != 0)
        return true;
    if (response->body_case == KANSEN__V1__RESPONSE__BODY_BACKUP)
        return response->backup->end;
    return response->body_case != KANSEN__V1__RESPONSE__BODY_WATCH || response->watch->end;
}

// Takes the request off the list if this is its last answer; id 0 is not on it and always fine.
static int
answered(struct kansen_core *core, const Kansen__V1__Response *response)
{
    if (response->id == 0)
        return 0;
    for (size_t i = 0; i < core->in_flight; i++) {
        if (core->waiting[i].id != response->id)
            continue;
        if (!kansen_is_last(response))
            return core->waiting[i].watch ? 0 : KANSEN_E_PROTOCOL;
        core->watches -= core->waiting[i].watch;
        core->in_flight--;
        memmove(core->waiting + i, core->waiting + i + 1, (core->in_flight - i) * sizeof *core->waiting);
        return 0;
    }
    return KANSEN_E_PROTOCOL;
}

int
kansen_core_response(struct kansen_core *core, Kansen__V1__Response **response)
{
    Kansen__V1__Response *unpacked;
    struct frame frame;
    enum frame_result result;

    if (buf_len(&core->in) == 0)
        return KANSEN_E_MORE;
    result = frame_decode(buf_bytes(&core->in), buf_len(&core->in), core->max_frame, &frame);
    if (result == FRAME_PARTIAL)
        return KANSEN_E_MORE;
    if (result != FRAME_WHOLE)
        return KANSEN_E_PROTOCOL;
    unpacked = kansen__v1__response__unpack(NULL, frame.payload_len, buf_bytes(&core->in) + frame.header_len);
    if (unpacked == NULL)
        return KANSEN_E_PROTOCOL;
    buf_consume(&core->in, frame.header_len + frame.payload_len);
    if (answered(core, unpacked) != 0) {
        kansen__v1__response__free_unpacked(unpacked, NULL);
        return KANSEN_E_PROTOCOL;
    }
    *response = unpacked;
    return 0;
}

size_t
kansen_core_in_flight(const struct kansen_core *core)
{
    return core->in_flight;
}

size_t
kansen_core_asked(const struct kansen_core *core)
{
    return core->in_flight - core->watches;
}
