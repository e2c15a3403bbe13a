// SPDX-License-Identifier: Apache-2.0
// How long work tells how far it is, and hears whether it may go on. The thread of the work.
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_E_ENDED 10 // an outcome: the work was told to end

struct progress_sink {
    // stage: one word; done of total, in units of the work's own. False = end. Called often.
    bool (*tell)(void *arg, const char *stage, uint64_t done, uint64_t total);
    void *arg;
};

// Whether to go on. sink may be NULL: nobody wants to know.
static inline bool
progress_tell(const struct progress_sink *sink, const char *stage, uint64_t done, uint64_t total)
{
    return sink == NULL || sink->tell(sink->arg, stage, done, total);
}

#endif
