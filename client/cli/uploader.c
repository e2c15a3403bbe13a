// SPDX-License-Identifier: Apache-2.0
// A fixed number of batches, each with the copies of its writes until they are answered, so that a batch can
// be sent again. Invariant: filling is the batch that takes writes, or NULL; a batch with an id is in flight.
#include "client/cli/uploader.h"
#include "proto/names.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES_MAX 16u
#define WRITES_MAX  500u         // of a batch, if the server allows as many
#define BATCH_BYTES (256u << 10) // of the writes of a batch
#define FRAME_SPARE 64u          // bytes that a frame needs beside the writes
#define MEMORY_MAX  (64u << 20)  // of the copies of a batch
#define TRIES       8u           // of a batch that the server was too busy for
#define WAIT_MS_MAX 10000u

struct batch {
    struct arena *arena;
    Kansen__V1__Write *writes[WRITES_MAX];
    size_t lines[WRITES_MAX];
    size_t count, bytes;
    uint64_t id; // 0 = not in flight
    unsigned tries;
};

struct uploader {
    struct cli *cli;
    struct uploader_sink sink;
    size_t count, in_flight; // of batches
    size_t max_writes, max_frame;
    struct batch *filling;
    struct buf packed; // one write
    struct batch batches[BATCHES_MAX];
};

struct uploader *
uploader_new(struct cli *cli, size_t in_flight, const struct uploader_sink *sink)
{
    const Kansen__V1__HelloResponse *hello = kansen_hello(cli->kansen);
    struct uploader *uploader = calloc(1, sizeof *uploader);

    if (uploader == NULL)
        return NULL;
    uploader->cli = cli;
    uploader->sink = *sink;
    uploader->count = in_flight < BATCHES_MAX ? in_flight : BATCHES_MAX;
    uploader->max_frame = hello->max_frame_bytes > 0 ? hello->max_frame_bytes : 1u << 20;
    uploader->max_writes = hello->max_batch_writes > 0 ? hello->max_batch_writes : 1;
    if (uploader->max_writes > WRITES_MAX)
        uploader->max_writes = WRITES_MAX;
    for (size_t i = 0; i < uploader->count; i++) {
        uploader->batches[i].arena = arena_new(MEMORY_MAX);
        if (uploader->batches[i].arena == NULL) {
            uploader_free(uploader);
            return NULL;
        }
    }
    return uploader;
}

void
uploader_free(struct uploader *uploader)
{
    if (uploader == NULL)
        return;
    for (size_t i = 0; i < BATCHES_MAX; i++)
        arena_free(uploader->batches[i].arena);
    buf_free(&uploader->packed);
    free(uploader);
}

size_t
uploader_room(const struct uploader *uploader)
{
    return uploader->max_frame - FRAME_SPARE;
}

static int
send_batch(struct uploader *uploader, struct batch *batch)
{
    Kansen__V1__BatchRequest body = KANSEN__V1__BATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    int result;

    body.n_writes = batch->count;
    body.writes = batch->writes;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_BATCH, &body);
    result = kansen_send(uploader->cli->kansen, &request, &batch->id);
    if (result != 0)
        return cli_broken(uploader->cli, result);
    batch->tries++;
    uploader->in_flight++;
    return CLI_OK;
}

static void
reset(struct batch *batch)
{
    arena_reset(batch->arena);
    batch->count = batch->bytes = batch->tries = 0;
    batch->id = 0;
}

// Gives out the results of a batch.
static int
take_results(struct uploader *uploader, struct batch *batch, const Kansen__V1__Response *response)
{
    const Kansen__V1__BatchResponse *answer = response->batch;

    if (response->body_case != KANSEN__V1__RESPONSE__BODY_BATCH || answer->n_results != batch->count)
        return cli_fail(uploader->cli, "INTERNAL", "", "the answer does not fit the batch of %zu writes",
                        batch->count);
    for (size_t i = 0; i < batch->count; i++)
        uploader->sink.on_result(uploader->sink.arg, batch->lines[i], answer->results[i]);
    reset(batch);
    return CLI_OK;
}

// Takes a refusal of a whole batch: tries it again if the server was only too busy.
static int
take_refusal(struct uploader *uploader, struct batch *batch, const Kansen__V1__Status *status)
{
    uint32_t wait_ms = status->retry_after_ms < WAIT_MS_MAX ? status->retry_after_ms : WAIT_MS_MAX;

    if (wait_ms == 0 || batch == NULL || batch->tries >= TRIES)
        return cli_refused(uploader->cli, status);
    poll(NULL, 0, (int)wait_ms);
    return send_batch(uploader, batch);
}

static int
receive(struct uploader *uploader)
{
    struct batch *batch = NULL;
    Kansen__V1__Response *response;
    int result = kansen_receive(uploader->cli->kansen, &response), status;

    if (result != 0)
        return cli_broken(uploader->cli, result);
    for (size_t i = 0; i < uploader->count; i++)
        if (response->id != 0 && uploader->batches[i].id == response->id)
            batch = &uploader->batches[i];
    uploader->in_flight--;
    if (kansen_code(response) != 0)
        status = take_refusal(uploader, batch, response->status);
    else if (batch == NULL)
        status = cli_fail(uploader->cli, "INTERNAL", "", "an answer without a question came");
    else
        status = take_results(uploader, batch, response);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

// Sends the batch that is filled, and sets filling to a free one, for which it may have to wait.
static int
next_batch(struct uploader *uploader)
{
    int status = CLI_OK;

    if (uploader->filling != NULL && uploader->filling->count > 0)
        status = send_batch(uploader, uploader->filling);
    uploader->filling = NULL;
    while (status == CLI_OK) {
        for (size_t i = 0; i < uploader->count; i++)
            if (uploader->batches[i].id == 0) {
                uploader->filling = &uploader->batches[i];
                return CLI_OK;
            }
        status = receive(uploader);
    }
    return status;
}

static void
too_large(struct uploader *uploader, size_t line, size_t size)
{
    Kansen__V1__WriteResult result = KANSEN__V1__WRITE_RESULT__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;
    char message[120];

    snprintf(message, sizeof message, "the row has %zu bytes, allowed: at most %zu", size,
             uploader_room(uploader));
    status.code = 3; // INVALID_ARGUMENT
    status.message = message;
    result.status = &status;
    uploader->sink.on_result(uploader->sink.arg, line, &result);
}

// A deep copy in the batch's memory, or NULL: the message is packed and unpacked.
static Kansen__V1__Write *
copy(struct uploader *uploader, struct batch *batch, const Kansen__V1__Write *write, size_t size)
{
    uint8_t *packed;

    buf_truncate(&uploader->packed, 0);
    packed = buf_reserve(&uploader->packed, size);
    if (packed == NULL)
        return NULL;
    kansen__v1__write__pack(write, packed);
    return kansen__v1__write__unpack(arena_allocator(batch->arena), size, packed);
}

int
uploader_add(struct uploader *uploader, size_t line, const Kansen__V1__Write *write)
{
    size_t size = kansen__v1__write__get_packed_size(write);
    struct batch *batch = uploader->filling;
    int status = CLI_OK;

    if (size > uploader_room(uploader)) {
        too_large(uploader, line, size);
        return CLI_OK;
    }
    if (batch == NULL || batch->count == uploader->max_writes ||
        (batch->count > 0 && batch->bytes + size > BATCH_BYTES))
        status = next_batch(uploader);
    if (status != CLI_OK)
        return status;
    batch = uploader->filling;
    batch->writes[batch->count] = copy(uploader, batch, write, size);
    if (batch->writes[batch->count] == NULL)
        return cli_no_memory(uploader->cli);
    batch->lines[batch->count++] = line;
    batch->bytes += size;
    return CLI_OK;
}

int
uploader_finish(struct uploader *uploader)
{
    int status = CLI_OK;

    if (uploader->filling != NULL && uploader->filling->count > 0)
        status = send_batch(uploader, uploader->filling);
    uploader->filling = NULL;
    while (status == CLI_OK && uploader->in_flight > 0)
        status = receive(uploader);
    return status;
}
