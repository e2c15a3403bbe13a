// SPDX-License-Identifier: Apache-2.0
// One connection, one request in flight, blocking.
#include "tests/bench/verify.h"
#include "proto/frame.h"
#include "tests/bench/traffic.h"
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (16u << 20)

static Kansen__V1__Response *
ask(int fd, const uint8_t *request, size_t len, uint8_t *answer)
{
    struct frame frame;
    enum frame_result result;
    size_t got_len = 0;

    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        err(1, "send");
    do {
        ssize_t got = recv(fd, answer + got_len, ANSWER_MAX - got_len, 0);

        if (got <= 0)
            errx(1, "the daemon does not answer");
        got_len += (size_t)got;
        result = frame_decode(answer, got_len, ANSWER_MAX, &frame);
    } while (result == FRAME_PARTIAL);
    if (result != FRAME_WHOLE || got_len != frame.header_len + frame.payload_len)
        errx(1, "an answer is no frame");
    return kansen__v1__response__unpack(NULL, frame.payload_len, answer + frame.header_len);
}

static void
print_matches(FILE *file, const Kansen__V1__MatchResponse *answer)
{
    for (size_t i = 0; i < answer->n_matches; i++) {
        const Kansen__V1__Match *match = answer->matches[i];
        bool remote = match->distance_case != KANSEN__V1__MATCH__DISTANCE_DISTANCE_M;
        unsigned long long number;

        if (sscanf(match->external_id, "o%llu", &number) != 1)
            errx(1, "offer %" PRIu64 " has the external id \"%s\"", match->offer_id, match->external_id);
        fprintf(file, "%s%llu:%" PRIu32 ":", i > 0 ? " " : "", number, match->parts->score);
        if (remote)
            fputc('-', file);
        else
            fprintf(file, "%" PRIu32, match->distance_m);
    }
    fputc('\n', file);
}

void
verify_write(const struct traffic_run *run, const struct frames *frames, const char *path)
{
    struct link link = traffic_connect(run);
    uint8_t *answer = malloc(ANSWER_MAX);
    FILE *file = fopen(path, "we");

    if (answer == NULL || file == NULL)
        err(1, "%s", path);
    for (size_t i = 0; i < frames->count; i++) {
        const struct frames_one *one = &frames->all[i];
        Kansen__V1__Response *response = ask(link.fd, frames->bytes + one->at, one->len, answer);

        if (response == NULL || response->id != one->id)
            errx(1, "query %zu: the answer is not its", i + 1);
        if (response->body_case != KANSEN__V1__RESPONSE__BODY_MATCH)
            errx(1, "query %zu is refused: %s", i + 1,
                 response->status != NULL ? response->status->message : "");
        print_matches(file, response->match);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    if (fclose(file) != 0)
        err(1, "%s", path);
    free(answer);
    link_close(&link);
}
