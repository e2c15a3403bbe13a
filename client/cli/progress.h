// SPDX-License-Identifier: Apache-2.0
// A progress bar on standard error, only where that is a terminal. One thread.
#ifndef CLIENT_CLI_PROGRESS_H
#define CLIENT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;      // standard error is a terminal
    bool drawn;      // the bar stands on the last line
    uint64_t total;  // of what is counted; 0 = not known
    int64_t next_us; // when it may be drawn again
};

// Starts a bar for total units (0 = not known). With output, records go to standard output meanwhile: if that
// is a terminal too, no bar is shown.
void progress_start(struct progress *progress, uint64_t total, bool output);

// Shows how far it is: units done, and how many records that are. Draws at most ten times a second.
void progress_show(struct progress *progress, uint64_t done, uint64_t records);

// The same for bytes whose total is not known.
void progress_show_bytes(struct progress *progress, uint64_t bytes);

// Takes the bar away, before something else is written there and at the end.
void progress_clear(struct progress *progress);

#endif
