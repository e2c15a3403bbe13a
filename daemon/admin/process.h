// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of this process. Any thread.
#ifndef ADMIN_PROCESS_H
#define ADMIN_PROCESS_H

#include <stdint.h>

// 0 where it is not to be had.
struct process {
    uint64_t cpu_us; // of all threads, user and system
    uint64_t resident_bytes, virtual_bytes;
    uint64_t threads;
    uint64_t open_files, max_files;
};

void process_read(struct process *out);

#endif
