// SPDX-License-Identifier: Apache-2.0
// A model of one file on a disk whose power may fail: bytes that are on the disk for sure, and writes that
// may have reached it whole, in part, or not at all. An image is one way in which they may have; it is laid
// out in a real file, and the next one is made from it by taking back what differs.
#ifndef POWERCUT_DISK_H
#define POWERCUT_DISK_H

#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct disk;

// Images are laid out in the file `path`, which is made. NULL after a message on stderr.
struct disk *disk_new(const char *path) MUST_CHECK;
void disk_free(struct disk *disk);

// A write that is not on the disk yet. The bytes must live as long as it waits. 0 or 1 (memory).
int disk_write(struct disk *disk, uint64_t event, uint64_t place, const uint8_t *bytes,
               size_t len) MUST_CHECK;

// Writes with events below `before` reach the disk; the one write with this event does.
int disk_sync(struct disk *disk, uint64_t before) MUST_CHECK;
int disk_through(struct disk *disk, uint64_t event) MUST_CHECK;

// Writes that wait. disk_settle lets the oldest reach the disk until at most n wait.
size_t disk_waiting(const struct disk *disk);
int disk_settle(struct disk *disk, size_t n) MUST_CHECK;

enum disk_fate {
    DISK_ALL,  // every write that waits is there
    DISK_NONE, // none is
    DISK_BUT,  // all but the write `which`
    DISK_ONLY, // only the write `which`
    DISK_SOME, // a random half of them
    DISK_TORN, // of each write a random half of its pieces of `piece` bytes
};

struct disk_image {
    enum disk_fate fate;
    size_t which;  // of the writes that wait, the oldest is 0
    uint64_t seed; // of what is random
    size_t piece;  // bytes
};

// Lays the image out. 0 or 1 after a message on stderr.
int disk_lay(struct disk *disk, const struct disk_image *image) MUST_CHECK;

// Somebody else wrote to the file: the next image is laid out from scratch.
void disk_spoilt(struct disk *disk);

#endif
