// SPDX-License-Identifier: Apache-2.0
// A frame is packed straight into the buffer; its size is known before.
#include "rpc/reply.h"
#include "proto/frame.h"
#include <errno.h>

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

int
reply_response(struct buf *out, size_t max_frame, const Kansen__V1__Response *response)
{
    size_t size = kansen__v1__response__get_packed_size(response);
    struct fault fault;

    if (size <= max_frame)
        return pack(out, response, size);
    fault_fill(&fault, CODE_RESOURCE_EXHAUSTED, "",
               "the answer takes %zu bytes and a frame at most %zu; ask for less at once", size, max_frame);
    return reply_fault(out, response->id, &fault);
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
