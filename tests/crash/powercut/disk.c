// SPDX-License-Identifier: Apache-2.0
// Invariant: outside the extents that are noted as touched, the file of the image holds what is on the disk
// for sure.
#include "tests/crash/powercut/disk.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct extent {
    uint64_t place;
    size_t len;
};

struct waiting {
    struct extent extent;
    uint64_t event;
    const uint8_t *bytes;
};

struct disk {
    int fd; // of the image
    uint8_t *sure;
    size_t sure_len, sure_room;
    struct waiting *waiting;
    size_t n_waiting, room_waiting;
    struct extent *touched;
    size_t n_touched, room_touched;
    uint64_t image_len;
};

static int
fail(const char *what)
{
    perror(what);
    return 1;
}

struct disk *
disk_new(const char *path)
{
    struct disk *disk = calloc(1, sizeof *disk);

    if (disk == NULL)
        return NULL;
    disk->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (disk->fd < 0) {
        perror(path);
        free(disk);
        return NULL;
    }
    return disk;
}

void
disk_free(struct disk *disk)
{
    if (disk == NULL)
        return;
    close(disk->fd);
    free(disk->sure);
    free(disk->waiting);
    free(disk->touched);
    free(disk);
}

// ---- What is on the disk

static int
touch(struct disk *disk, uint64_t place, size_t len)
{
    if (disk->n_touched == disk->room_touched) {
        size_t room = disk->room_touched == 0 ? 64 : 2 * disk->room_touched;
        struct extent *larger = realloc(disk->touched, room * sizeof *larger);

        if (larger == NULL)
            return fail("extents");
        disk->touched = larger;
        disk->room_touched = room;
    }
    disk->touched[disk->n_touched++] = (struct extent){place, len};
    return 0;
}

static int
make_sure(struct disk *disk, const struct waiting *write)
{
    size_t end = write->extent.place + write->extent.len;

    if (end > disk->sure_room) {
        size_t room = 2 * end;
        uint8_t *larger = realloc(disk->sure, room);

        if (larger == NULL)
            return fail("the disk's bytes");
        memset(larger + disk->sure_room, 0, room - disk->sure_room);
        disk->sure = larger;
        disk->sure_room = room;
    }
    memcpy(disk->sure + write->extent.place, write->bytes, write->extent.len);
    if (end > disk->sure_len)
        disk->sure_len = end;
    return touch(disk, write->extent.place, write->extent.len);
}

int
disk_write(struct disk *disk, uint64_t event, uint64_t place, const uint8_t *bytes, size_t len)
{
    if (disk->n_waiting == disk->room_waiting) {
        size_t room = disk->room_waiting == 0 ? 64 : 2 * disk->room_waiting;
        struct waiting *larger = realloc(disk->waiting, room * sizeof *larger);

        if (larger == NULL)
            return fail("writes");
        disk->waiting = larger;
        disk->room_waiting = room;
    }
    disk->waiting[disk->n_waiting++] = (struct waiting){{place, len}, event, bytes};
    return 0;
}

// Lets the writes first..first+n reach the disk.
static int
reach(struct disk *disk, size_t first, size_t n)
{
    int rc = 0;

    for (size_t i = first; i < first + n && rc == 0; i++)
        rc = make_sure(disk, &disk->waiting[i]);
    disk->n_waiting -= n;
    memmove(disk->waiting + first, disk->waiting + first + n,
            (disk->n_waiting - first) * sizeof disk->waiting[0]);
    return rc;
}

int
disk_sync(struct disk *disk, uint64_t before)
{
    size_t n = 0;

    while (n < disk->n_waiting && disk->waiting[n].event < before)
        n++;
    return n == 0 ? 0 : reach(disk, 0, n);
}

int
disk_through(struct disk *disk, uint64_t event)
{
    for (size_t i = 0; i < disk->n_waiting; i++) {
        if (disk->waiting[i].event == event)
            return reach(disk, i, 1);
    }
    return 0; // a sync was faster
}

size_t
disk_waiting(const struct disk *disk)
{
    return disk->n_waiting;
}

int
disk_settle(struct disk *disk, size_t n)
{
    return disk->n_waiting <= n ? 0 : reach(disk, 0, disk->n_waiting - n);
}

// ---- Images

static uint64_t
draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static int
put(struct disk *disk, const struct waiting *write, size_t from, size_t len)
{
    uint64_t place = write->extent.place + from;

    if (pwrite(disk->fd, write->bytes + from, len, (off_t)place) != (ssize_t)len)
        return fail("the image");
    if (place + len > disk->image_len)
        disk->image_len = place + len;
    return touch(disk, place, len);
}

// Pieces are cut where the disk cuts them: at multiples of their size in the file.
static int
put_pieces(struct disk *disk, const struct waiting *write, size_t piece, uint64_t *random)
{
    size_t from = 0;
    int rc = 0;

    while (from < write->extent.len && rc == 0) {
        size_t len = piece - (write->extent.place + from) % piece;

        if (len > write->extent.len - from)
            len = write->extent.len - from;
        if (draw(random) % 2 == 0)
            rc = put(disk, write, from, len);
        from += len;
    }
    return rc;
}

// Brings the file back to what is on the disk for sure.
static int
take_back(struct disk *disk)
{
    for (size_t i = 0; i < disk->n_touched; i++) {
        const struct extent *extent = &disk->touched[i];
        size_t len = extent->len;

        if (extent->place >= disk->sure_len)
            continue;
        if (len > disk->sure_len - extent->place)
            len = disk->sure_len - extent->place;
        if (pwrite(disk->fd, disk->sure + extent->place, len, (off_t)extent->place) != (ssize_t)len)
            return fail("the image");
    }
    disk->n_touched = 0;
    disk->image_len = disk->sure_len;
    return ftruncate(disk->fd, (off_t)disk->sure_len) == 0 ? 0 : fail("the image");
}

static bool
is_kept(const struct disk_image *image, size_t i, uint64_t *random)
{
    switch (image->fate) {
    case DISK_ALL:
    case DISK_TORN:
        return true;
    case DISK_NONE:
        return false;
    case DISK_BUT:
        return i != image->which;
    case DISK_ONLY:
        return i == image->which;
    case DISK_SOME:
        return draw(random) % 2 == 0;
    }
    return false;
}

int
disk_lay(struct disk *disk, const struct disk_image *image)
{
    uint64_t random = image->seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    int rc = take_back(disk);

    for (size_t i = 0; i < disk->n_waiting && rc == 0; i++) {
        const struct waiting *write = &disk->waiting[i];

        if (!is_kept(image, i, &random))
            continue;
        if (image->fate == DISK_TORN)
            rc = put_pieces(disk, write, image->piece, &random);
        else
            rc = put(disk, write, 0, write->extent.len);
    }
    if (rc == 0 && ftruncate(disk->fd, (off_t)disk->image_len) != 0)
        rc = fail("the image");
    return rc;
}

void
disk_spoilt(struct disk *disk)
{
    if (ftruncate(disk->fd, 0) != 0 || touch(disk, 0, disk->sure_len) != 0)
        abort(); // the next image would not be true
}
