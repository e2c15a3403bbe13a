// SPDX-License-Identifier: Apache-2.0
// The log that the recorder writes and the replayer reads: a head for each event, then its bytes. Events
// stand in the order in which they took effect, and are counted from 0; both sides run on the same machine.
#ifndef POWERCUT_LOG_H
#define POWERCUT_LOG_H

#include <stdint.h>

enum log_kind {
    LOG_FILE = 1, // a file of the data directory is known as `number`; bytes: its name, "." = the directory;
                  // place: 1 = it was made just now
    LOG_WRITE,    // bytes were written to a file at `place`
    LOG_THROUGH,  // the write that is event `place` is on disk: its descriptor has O_DSYNC or O_SYNC
    LOG_RESIZE,   // a file was given the size `place`
    LOG_SYNC_BEGIN, // a sync of a file was called
    LOG_SYNC_END,   // it returned 0; place: the event of its begin. Writes before that are on disk
    LOG_MAPPED,     // a memory map was synced: so something is written that is not in this log
    LOG_SEND,       // bytes went out on connection `number`; place: events there were when send was called,
                    // so what the bytes acknowledge must have been on disk by then
};

struct log_head {
    uint32_t kind;   // enum log_kind
    uint32_t number; // of a file, or of a connection; both from 1, never given twice
    uint64_t place;  // see the kinds
    uint64_t length; // bytes that follow
};

#endif
