// SPDX-License-Identifier: Apache-2.0
// A list of blocks, filled from the front, each twice as large as the one before up to BLOCK_MAX, so that
// little of what is held lies idle. Invariant: used <= size in every block; none is added that takes total
// above cap.
#include "base/arena.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK (16u * 1024)
#define BLOCK_MAX   (1024u * 1024) // but for a piece that is larger
#define ALIGNMENT   _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *blocks; // the one that is filled comes first
    size_t cap;
    size_t total; // bytes of all blocks
    size_t used;  // bytes handed out
    ProtobufCAllocator allocator;
};

static void *
allocator_alloc(void *data, size_t size)
{
    return arena_take(data, size); // protobuf-c takes it for malloc, so it writes all that it reads
}

static void
allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; // goes with the arena's reset
}

struct arena *
arena_new(size_t cap)
{
    struct arena *arena = calloc(1, sizeof *arena);

    if (arena == NULL)
        return NULL;
    arena->cap = cap;
    arena->allocator = (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
    return arena;
}

size_t
arena_set_cap(struct arena *arena, size_t cap)
{
    size_t before = arena->cap;

    arena->cap = cap;
    return before;
}

static void
free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

void
arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void
arena_reset(struct arena *arena)
{
    struct block *block = arena->blocks;

    arena->used = 0;
    if (block == NULL)
        return;
    while (block->next != NULL) { // keep the first block that was made: its size fits nearly every request
        struct block *next = block->next;

        free(block);
        block = next;
    }
    block->used = 0;
    arena->blocks = block;
    arena->total = block->size;
}

static bool
add_block(struct arena *arena, size_t least)
{
    size_t size = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    struct block *block;

    if (arena->total >= arena->cap)
        return false;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < least)
        size = least;
    if (size > arena->cap - arena->total)
        size = arena->cap - arena->total;
    if (size < least)
        return false;
    block = malloc(sizeof *block + size);
    if (block == NULL)
        return false;
    *block = (struct block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    arena->total += size;
    return true;
}

void *
arena_take(struct arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    void *pointer;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (block == NULL || block->size - block->used < size) {
        if (!add_block(arena, size))
            return NULL;
        block = arena->blocks;
    }
    pointer = block->data + block->used;
    block->used += size;
    arena->used += size;
    return pointer;
}

void *
arena_take_aligned(struct arena *arena, size_t size, size_t alignment)
{
    uint8_t *pointer = size > SIZE_MAX - alignment ? NULL : arena_take(arena, size + alignment);

    return pointer == NULL ? NULL : pointer + (-(uintptr_t)pointer & (alignment - 1));
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    void *pointer = arena_take(arena, size);

    return pointer == NULL ? NULL : memset(pointer, 0, size);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(arena, bytes);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_take(arena, len + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    int len;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = len < 0 ? NULL : arena_take(arena, (size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

size_t
arena_used(const struct arena *arena)
{
    return arena->used;
}

size_t
arena_held(const struct arena *arena)
{
    return arena->total;
}

ProtobufCAllocator *
arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
