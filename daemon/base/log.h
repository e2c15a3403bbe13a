// SPDX-License-Identifier: Apache-2.0
// The log: one line an event. An event has a level, a subsystem, a message that is the same each time, and
// what changes as fields:
//
//     LOG_WARNING(log, "net", "a connection was closed", LOG_TEXT("why", reason), LOG_U64("id", id));
//
// It leaves as `warning net: a connection was closed why="it was late" id=7` in one write(2), or, where
// standard error is journald's, as an entry of the journal with a field for each of these (see log_open).
// Values that are not one plain word are quoted, and escaped as in C, so a value can not pass for another
// field or line. No text that came in a request ever goes into a line, so that nothing of a query or a
// student can.
//
// A place in the code that logs has a line LOG_BURST times in LOG_WINDOW_US at most; what it has more is
// counted, and the count is told. Any thread may log. errno is kept.
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Numbered as syslog(3) and journald do.
enum log_level {
    LOG_LEVEL_ERROR = 3,   // something that was promised is not done
    LOG_LEVEL_WARNING = 4, // it will not be, if nobody looks at it
    LOG_LEVEL_NOTICE = 5,  // what an operator did or wants to know of, and is rare
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

#define LOG_LINE_MAX  2048u             // bytes of a line with its end; longer ones are cut
#define LOG_BURST     20u               // lines of one place in a window
#define LOG_WINDOW_US INT64_C(10000000) // of the steady clock
#define LOG_SITES     256u              // places that are counted; others are not bounded

// A place in the code that logs; a constant of its own at each.
struct log_site {
    enum log_level level;
    const char *subsystem, *message, *file, *function;
    int line;
};

// What lines a place has had. All zero at first.
struct log_count {
    _Atomic(const struct log_site *) site; // NULL = free
    _Atomic int64_t since_us;              // when its window began
    _Atomic uint32_t lines, left_out;      // in that window
};

struct log_counts {
    struct log_count sites[LOG_SITES];
};

struct log {
    int fd;                    // where lines go
    _Atomic int level;         // lines above it are left out; may change while others log
    bool journal;              // to the journal, and to fd only if that fails
    struct log_counts *counts; // NULL = lines are not bounded
};

enum log_kind {
    LOG_KIND_END,
    LOG_KIND_TEXT,
    LOG_KIND_U64,
    LOG_KIND_I64,
};

struct log_field {
    const char *key; // a-z, 0-9 and '_'
    enum log_kind kind;
    union {
        const char *text; // UTF-8; what is not is escaped; NULL = ""
        uint64_t u64;
        int64_t i64;
    };
};

#define LOG_TEXT(name, value) ((struct log_field){.key = (name), .kind = LOG_KIND_TEXT, .text = (value)})
#define LOG_U64(name, value)  ((struct log_field){.key = (name), .kind = LOG_KIND_U64, .u64 = (value)})
#define LOG_I64(name, value)  ((struct log_field){.key = (name), .kind = LOG_KIND_I64, .i64 = (value)})
#define LOG_YES(name, value)  LOG_TEXT(name, (value) ? "yes" : "no")
#define LOG_ERRNO(number)     LOG_TEXT("why", strerror(number))

// Writes one event; message is a literal. Its fields are not even worked out when the level leaves it out.
// (They stand behind one that is passed over, as that form with no fields is read by all compilers and
// checkers.)
#define LOG_AT(to, at, name, text, ...)                                                                      \
    do {                                                                                                     \
        static const struct log_site log_site = {at, name, "" text, __FILE__, __func__, __LINE__};           \
        const struct log *log_to = (to);                                                                     \
                                                                                                             \
        if (log_takes(log_to, at))                                                                           \
            log_event(log_to, &log_site, (const struct log_field[]){{0}, ##__VA_ARGS__, {0}} + 1);           \
    } while (0)

#define LOG_ERROR(to, subsystem, ...)   LOG_AT(to, LOG_LEVEL_ERROR, subsystem, __VA_ARGS__)
#define LOG_WARNING(to, subsystem, ...) LOG_AT(to, LOG_LEVEL_WARNING, subsystem, __VA_ARGS__)
#define LOG_NOTICE(to, subsystem, ...)  LOG_AT(to, LOG_LEVEL_NOTICE, subsystem, __VA_ARGS__)
#define LOG_INFO(to, subsystem, ...)    LOG_AT(to, LOG_LEVEL_INFO, subsystem, __VA_ARGS__)
#define LOG_DEBUG(to, subsystem, ...)   LOG_AT(to, LOG_LEVEL_DEBUG, subsystem, __VA_ARGS__)

// Lines go to fd from now on, or to the journal when the service manager says that fd is a stream of it.
// counts is all zero and outlives the log; NULL = lines are not bounded. Before other threads start.
void log_open(struct log *log, int fd, enum log_level level, struct log_counts *counts);

// The level called "error", "warning", "notice", "info" or "debug"; -1 for another word.
int log_level_named(const char *name) MUST_CHECK;

static inline bool
log_takes(const struct log *log, enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

// For LOG_AT: fields end with LOG_KIND_END.
void log_event(const struct log *log, const struct log_site *site, const struct log_field *fields);

// Tells of lines that were left out in windows that are over, or, at the end, in all. One thread at a time,
// about once a second.
void log_tell_left_out(const struct log *log, bool at_end);

#endif
