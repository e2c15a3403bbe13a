// SPDX-License-Identifier: Apache-2.0
// A row of frames is read as pieces that point into the input; what is changed is packed anew.
#include "tests/fuzz/mutate_frames.h"
#include "base/arena.h"
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"
#include <string.h>

#define FRAMES_MAX 128u

static void *
take(struct mutation *mutation, size_t size)
{
    void *memory = arena_alloc(mutation->arena, size == 0 ? 1 : size);

    assert(memory != NULL);
    return memory;
}

struct frames {
    struct piece {
        const uint8_t *payload;
        size_t len;
    } all[FRAMES_MAX];
    size_t n;
};

// What is behind the last whole frame is left out.
static void
read_frames(const uint8_t *data, size_t size, struct frames *frames)
{
    struct frame frame;

    for (frames->n = 0;
         frames->n < FRAMES_MAX && size > 0 && frame_decode(data, size, size, &frame) == FRAME_WHOLE;
         frames->n++) {
        frames->all[frames->n] = (struct piece){data + frame.header_len, frame.payload_len};
        data += frame.header_len + frame.payload_len;
        size -= frame.header_len + frame.payload_len;
    }
}

// Writes the frames from first on that fit; returns their bytes.
static size_t
write_frames(const struct frames *frames, size_t first, size_t end, uint8_t *out, size_t max)
{
    size_t used = 0;

    for (size_t i = first; i < end && used + FRAME_HEADER_MAX + frames->all[i].len <= max; i++) {
        used += frame_encode_header(out + used, frames->all[i].len);
        if (frames->all[i].len != 0)
            memcpy(out + used, frames->all[i].payload, frames->all[i].len);
        used += frames->all[i].len;
    }
    return used;
}

// Changes a message, or makes one when its bytes are none.
static struct piece
mutate_piece(struct mutation *mutation, const ProtobufCMessageDescriptor *desc, const struct piece *old)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(desc, arena_allocator(mutation->arena), old->len, old->payload);
    uint8_t *payload;
    size_t len;

    if (message == NULL) {
        message = take(mutation, desc->sizeof_message);
        protobuf_c_message_init(desc, message);
    }
    mutate_some(mutation, message);
    len = protobuf_c_message_get_packed_size(message);
    payload = take(mutation, len);
    protobuf_c_message_pack(message, payload);
    return (struct piece){payload, len};
}

static void
mutate_row(struct mutation *mutation, const ProtobufCMessageDescriptor *desc, struct frames *frames)
{
    static const struct piece nothing = {(const uint8_t *)"", 0};
    uint32_t what = dice_below(&mutation->dice, 16);
    size_t place = frames->n == 0 ? 0 : dice_below(&mutation->dice, (uint32_t)frames->n);

    if (frames->n == 0 || (what == 0 && frames->n < FRAMES_MAX)) { // add
        frames->all[frames->n++] = mutate_piece(mutation, desc, &nothing);
    } else if (what == 1) { // drop
        frames->n--;
        memmove(frames->all + place, frames->all + place + 1, (frames->n - place) * sizeof frames->all[0]);
    } else if (what <= 4 && frames->n < FRAMES_MAX) { // repeat, changed
        memmove(frames->all + place + 1, frames->all + place, (frames->n - place) * sizeof frames->all[0]);
        frames->n++;
        frames->all[place + 1] = mutate_piece(mutation, desc, &frames->all[place]);
    } else if (what == 5) { // swap
        size_t other = dice_below(&mutation->dice, (uint32_t)frames->n);
        struct piece kept = frames->all[place];

        frames->all[place] = frames->all[other];
        frames->all[other] = kept;
    } else {
        frames->all[place] = mutate_piece(mutation, desc, &frames->all[place]);
    }
}

size_t
mutate_frames_row(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max,
                  unsigned seed)
{
    struct mutation mutation = mutate_begin(seed);
    struct frames frames = {0};
    uint8_t *out;
    size_t len;

    if (dice_below(&mutation.dice, 16) == 0) {
        arena_free(mutation.arena);
        return LLVMFuzzerMutate(data, size, max);
    }
    read_frames(data, size, &frames);
    for (uint32_t left = 1 + dice_below(&mutation.dice, 3); left > 0; left--)
        mutate_row(&mutation, desc, &frames);
    out = take(&mutation, max);
    len = write_frames(&frames, 0, frames.n, out, max);
    memcpy(data, out, len);
    arena_free(mutation.arena);
    return len;
}

size_t
mutate_frames_cross(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out,
                    size_t max, unsigned seed)
{
    struct dice dice = dice_new(seed, 1);
    struct frames first = {0}, last = {0};
    size_t used;

    read_frames(one, one_size, &first);
    read_frames(two, two_size, &last);
    used = write_frames(&first, 0, dice_below(&dice, (uint32_t)first.n + 1), out, max);
    return used +
           write_frames(&last, dice_below(&dice, (uint32_t)last.n + 1), last.n, out + used, max - used);
}
