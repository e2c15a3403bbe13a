// SPDX-License-Identifier: Apache-2.0
// A serial number is put into its request as a row of '#', which stands nowhere else in it.
#include "tests/bench/writes.h"
#include "proto/rows.h"
#include <err.h>
#include <stdio.h>
#include <string.h>

#define DIGITS   "##########"
#define ENOUGH   1 // returned by a callback to end the reading
#define TEXT_MAX 128

_Static_assert(sizeof DIGITS - 1 == FRAMES_DIGITS, "one character for each digit");

struct reading {
    struct frames *frames;
    const char *path, *prefix;
    size_t most;
};

static int
add_offer(void *arg, size_t line, const Kansen__V1__Write *upsert)
{
    struct reading *reading = arg;
    Kansen__V1__Offer offer = *upsert->upsert_offer->offer;
    Kansen__V1__CreateOffer create = KANSEN__V1__CREATE_OFFER__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    char external_id[TEXT_MAX];

    (void)line;
    snprintf(external_id, sizeof external_id, "%s" DIGITS, reading->prefix);
    offer.external_id = external_id;
    create.offer = &offer;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_CREATE_OFFER;
    write.create_offer = &create;
    request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
    request.write = &write;
    frames_add(reading->frames, &request, DIGITS);
    return reading->frames->count < reading->most ? 0 : ENOUGH;
}

static int
on_error(void *arg, const struct rows_error *error)
{
    const struct reading *reading = arg;

    errx(1, "%s:%zu: %s %s", reading->path, error->line, error->field, error->message);
}

void
writes_add_offers(struct frames *frames, const char *path, size_t most, const char *prefix)
{
    struct reading reading = {.frames = frames, .path = path, .prefix = prefix, .most = most};
    struct rows_sink sink = {.on_write = add_offer, .on_error = on_error, .arg = &reading};
    FILE *file = fopen(path, "re");
    int rc;

    if (file == NULL)
        err(1, "%s", path);
    rc = rows_read(&rows_offers, file, "", &sink);
    if ((rc != 0 && rc != ENOUGH) || frames->count == 0)
        errx(1, "%s: no offers: %s", path, rc < 0 ? strerror(-rc) : "bad header, or no rows");
    fclose(file);
}

void
writes_add_reservations(struct frames *frames, uint64_t first, uint64_t last, const char *prefix)
{
    for (uint64_t id = first; id <= last; id++) {
        Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;
        Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        char student[TEXT_MAX];

        snprintf(student, sizeof student, "%s" DIGITS, prefix);
        reserve.offer_id = id;
        reserve.student = student;
        reserve.request = 1;
        write.operation_case = KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT;
        write.reserve_placement = &reserve;
        request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
        request.write = &write;
        frames_add(frames, &request, DIGITS);
    }
}
