// SPDX-License-Identifier: Apache-2.0
// Answers that a handler encodes itself: byte for byte what protobuf-c makes of the same answer, within the
// same limit.
#include "base/buf.h"
#include "proto/frame.h"
#include "proto/varint.h"
#include "rpc/call.h"
#include "rpc/reply.h"
#include "rpc/service.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 20000u

static uint8_t content[MOST];

// An answer with a body of any size, in a field whose tag takes one byte or two.
struct answer {
    Kansen__V1__Response response;
    Kansen__V1__PingResponse ping;
    Kansen__V1__ListInterestsResponse list;
};

static void
fill(struct answer *answer, bool long_tag, uint64_t id, size_t len)
{
    kansen__v1__response__init(&answer->response);
    kansen__v1__ping_response__init(&answer->ping);
    kansen__v1__list_interests_response__init(&answer->list);
    answer->ping.payload = answer->list.next_cursor = (ProtobufCBinaryData){len, content};
    answer->response.id = id;
    if (long_tag) {
        answer->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_INTERESTS;
        answer->response.list_interests = &answer->list;
    } else {
        answer->response.body_case = KANSEN__V1__RESPONSE__BODY_PING;
        answer->response.ping = &answer->ping;
    }
}

// As a handler does it.
static int
encode(struct call *call, const struct answer *answer)
{
    const ProtobufCMessage *body = answer->response.body_case == KANSEN__V1__RESPONSE__BODY_PING
                                       ? &answer->ping.base
                                       : &answer->list.base;
    uint8_t *to;
    int rc = reply_begin(call, answer->response.body_case, protobuf_c_message_get_packed_size(body), &to);

    if (rc == 0)
        protobuf_c_message_pack(body, to);
    return rc;
}

static void
compare(const struct answer *answer)
{
    struct service service = {.max_frame = FRAME_DEFAULT_MAX};
    struct buf own = {0}, packed = {0};
    struct call call = {.service = &service, .response = {.id = answer->response.id}, .out = &own};

    assert_int_equal(buf_append(&own, "before", 6), 0);
    assert_int_equal(buf_append(&packed, "before", 6), 0);
    assert_int_equal(encode(&call, answer), 0);
    assert_true(call.encoded);
    assert_int_equal(reply_response(&packed, FRAME_DEFAULT_MAX, &answer->response), 0);
    assert_int_equal(buf_len(&own), buf_len(&packed));
    assert_memory_equal(buf_bytes(&own), buf_bytes(&packed), buf_len(&own));
    buf_free(&own);
    buf_free(&packed);
}

static void
test_same_bytes(void **state)
{
    static const uint64_t ids[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    static const size_t sizes[] = {0, 1, 100, 120, 124, 125, 126, 127, 128, 129, 16380, 16383, 16384, MOST};

    (void)state;
    memset(content, 'x', sizeof content);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            struct answer answer;

            fill(&answer, false, ids[i], sizes[j]);
            compare(&answer);
            fill(&answer, true, ids[i], sizes[j]);
            compare(&answer);
        }
    }
}

// The largest answer that a frame holds is sent, a byte more is told with both sizes and leaves no trace.
static void
test_limit(void **state)
{
    struct answer answer;
    size_t size;

    (void)state;
    fill(&answer, true, 5, 1000);
    size = kansen__v1__response__get_packed_size(&answer.response);
    for (size_t max_frame = size - 1; max_frame <= size; max_frame++) {
        struct service service = {.max_frame = max_frame};
        struct buf out = {0};
        struct call call = {.service = &service, .response = {.id = 5}, .out = &out};
        char sizes[80];

        if (max_frame >= size) {
            assert_int_equal(encode(&call, &answer), 0);
        } else {
            assert_int_equal(encode(&call, &answer), FAULT);
            assert_int_equal(call.fault.code, CODE_RESOURCE_EXHAUSTED);
            snprintf(sizes, sizeof sizes, "takes %zu bytes and a frame at most %zu;", size, max_frame);
            assert_non_null(strstr(call.fault.message, sizes));
            assert_false(call.encoded);
            assert_int_equal(buf_len(&out), 0);
        }
        buf_free(&out);
    }
}

static void
test_varints(void **state)
{
    (void)state;
    assert_int_equal(varint_size(0), 1);
    for (unsigned bits = 1; bits <= 64; bits++) {
        uint64_t least = UINT64_C(1) << (bits - 1), values[] = {least, least | (least - 1)};

        for (int i = 0; i < 2; i++) {
            uint8_t bytes[VARINT_MAX];
            size_t len = (size_t)(varint_put(bytes, values[i]) - bytes);
            uint64_t back = 0;

            assert_int_equal(len, (bits + 6) / 7);
            assert_int_equal(varint_size(values[i]), len);
            for (size_t j = 0; j < len; j++) {
                back |= (uint64_t)(bytes[j] & 0x7f) << (7 * j);
                assert_int_equal(bytes[j] >> 7, j + 1 < len);
            }
            assert_true(back == values[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_varints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
