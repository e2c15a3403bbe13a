// SPDX-License-Identifier: Apache-2.0
// The parts of the load generator that need no daemon: its histogram and its frames.
#include "proto/frame.h"
#include "tests/bench/frames.h"
#include "tests/bench/histogram.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
test_histogram_is_exact_below_256(void **state)
{
    static struct histogram histogram;

    (void)state;
    histogram_reset(&histogram);
    assert_int_equal(histogram_at(&histogram, 0.5), 0);
    for (uint64_t ns = 1; ns <= 200; ns++)
        histogram_add(&histogram, ns);
    assert_int_equal(histogram.count, 200);
    assert_int_equal(histogram.sum, 20100);
    assert_int_equal(histogram_at(&histogram, 0.5), 100);
    assert_int_equal(histogram_at(&histogram, 0.99), 198);
    assert_int_equal(histogram_at(&histogram, 1), 200);
}

// A time that is alone in a histogram comes back within one part in 128, whatever its size.
static void
test_histogram_is_close(void **state)
{
    static struct histogram histogram;

    (void)state;
    for (uint64_t ns = 3; ns < UINT64_MAX / 7; ns = ns * 7 / 4 + 1) {
        uint64_t found;

        histogram_reset(&histogram);
        histogram_add(&histogram, ns);
        histogram_add(&histogram, UINT64_MAX);
        found = histogram_at(&histogram, 0.5);
        assert_true((found > ns ? found - ns : ns - found) <= ns / 128);
        assert_int_equal(histogram.greatest, UINT64_MAX);
    }
}

// A rare time is seen by the quantile that holds it and by no lower one.
static void
test_histogram_keeps_the_tail(void **state)
{
    static struct histogram histogram;

    (void)state;
    histogram_reset(&histogram);
    for (int i = 0; i < 990; i++)
        histogram_add(&histogram, 1000);
    for (int i = 0; i < 10; i++)
        histogram_add(&histogram, 1000000);
    assert_in_range(histogram_at(&histogram, 0.99), 990, 1010);
    assert_in_range(histogram_at(&histogram, 0.991), 990000, 1000000);
}

static void
read_text(struct frames *frames, const char *text)
{
    char path[] = "/tmp/kansen-frames-XXXXXX.jsonl";
    int fd = mkstemps(path, 6);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    frames_read(frames, path);
    unlink(path);
}

static void
test_frames_from_queries(void **state)
{
    struct frames frames = {.count = 0};

    (void)state;
    read_text(&frames,
              "{\"at\":[52.1,5.1],\"radius_m\":5000,\"interests\":{\"sport\":7}}\n{\"region\":\"NL\"}\n");
    assert_int_equal(frames.count, 2);
    for (size_t i = 0; i < frames.count; i++) {
        const uint8_t *at = frames.bytes + frames.all[i].at;
        Kansen__V1__Request *request;
        struct frame frame;

        assert_int_equal(frame_decode(at, frames.all[i].len, 1000, &frame), FRAME_WHOLE);
        assert_int_equal(frame.header_len + frame.payload_len, frames.all[i].len);
        request = kansen__v1__request__unpack(NULL, frame.payload_len, at + frame.header_len);
        assert_non_null(request);
        assert_int_equal(request->id, i + 1);
        assert_int_equal(request->body_case, KANSEN__V1__REQUEST__BODY_MATCH);
        assert_int_equal(request->match->query->n_interests, i == 0 ? 1 : 0);
        kansen__v1__request__free_unpacked(request, NULL);
    }
    frames_free(&frames);
}

static void
test_frames_know_their_digits(void **state)
{
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    struct frames frames = {.count = 0};
    char payload[] = "for ##########.";

    (void)state;
    ping.payload = (ProtobufCBinaryData){sizeof payload - 1, (uint8_t *)payload};
    request.body_case = KANSEN__V1__REQUEST__BODY_PING;
    request.ping = &ping;
    frames_add(&frames, &request, "##########");
    frames_add(&frames, &request, NULL);
    assert_memory_equal(frames.bytes + frames.all[0].at + frames.all[0].digits, "##########.", 11);
    assert_int_equal(frames.all[1].digits, 0);
    assert_int_equal(frames.all[1].at, frames.all[0].len);
    frames_free(&frames);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_is_exact_below_256), cmocka_unit_test(test_histogram_is_close),
        cmocka_unit_test(test_histogram_keeps_the_tail),     cmocka_unit_test(test_frames_from_queries),
        cmocka_unit_test(test_frames_know_their_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
