// SPDX-License-Identifier: Apache-2.0
// A frame is packed straight into the buffer; its size is known before.
#include "rpc/reply.h"
#include "proto/frame.h"
#include "proto/varint.h"
#include "rpc/call.h"
#include "rpc/service.h"
#include "store/store.h"
#include <assert.h>
#include <errno.h>

#define ID_FIELD 1u // of Response

void
reply_status(Kansen__V1__Status *status, const struct fault *fault)
{
    kansen__v1__status__init(status);
    status->code = (int32_t)fault->code;
    status->message = (char *)fault->message;
    status->field = (char *)fault->field;
    status->retry_after_ms = fault->retry_after_ms;
}

static int
pack(struct buf *out, const Kansen__V1__Response *response, size_t size)
{
    uint8_t *to = buf_reserve(out, FRAME_HEADER_MAX + size);
    size_t header;

    if (to == NULL)
        return -ENOMEM;
    header = frame_encode_header(to, size);
    kansen__v1__response__pack(response, to + header);
    buf_commit(out, header + size);
    return 0;
}

static int
too_large(size_t size, size_t max_frame, struct fault *fault)
{
    return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "",
                     "the answer takes %zu bytes and a frame at most %zu; ask for less at once", size,
                     max_frame);
}

int
reply_told(struct buf *out, size_t max_frame, const Kansen__V1__Response *response, enum code *told)
{
    size_t size = kansen__v1__response__get_packed_size(response);
    struct fault fault;

    if (size <= max_frame)
        return pack(out, response, size);
    (void)too_large(size, max_frame, &fault);
    *told = fault.code;
    return reply_fault(out, response->id, &fault);
}

int
reply_response(struct buf *out, size_t max_frame, const Kansen__V1__Response *response)
{
    enum code told;

    return reply_told(out, max_frame, response, &told);
}

int
reply_fault(struct buf *out, uint64_t id, const struct fault *fault)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__Status status;

    reply_status(&status, fault);
    response.id = id;
    response.status = &status;
    return pack(out, &response, kansen__v1__response__get_packed_size(&response));
}

int
reply_begin(struct call *call, uint32_t body, size_t size, uint8_t **to)
{
    const uint32_t id_tag = varint_tag_number(ID_FIELD), body_tag = varint_tag_bytes(body);
    uint64_t id = call->response.id;
    size_t id_size = id == 0 ? 0 : varint_size(id_tag) + varint_size(id);
    size_t payload = id_size + varint_size(body_tag) + varint_size(size) + size;
    uint8_t *start, *at;

    assert(!call->encoded);
    if (payload > call->service->max_frame)
        return too_large(payload, call->service->max_frame, &call->fault);
    start = buf_reserve(call->out, FRAME_HEADER_MAX + payload);
    if (start == NULL)
        return STORE_FAULT_MEMORY;
    at = start + frame_encode_header(start, payload);
    if (id != 0) // as protobuf leaves a 0 out
        at = varint_put(varint_put(at, id_tag), id);
    at = varint_put(varint_put(at, body_tag), size);
    buf_commit(call->out, (size_t)(at - start) + size);
    call->encoded = true;
    *to = at;
    return 0;
}
