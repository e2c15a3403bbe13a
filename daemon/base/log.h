// SPDX-License-Identifier: Apache-2.0
// The log: one line an event, `subsystem: message for a person key=value`. No text that came in a request
// ever goes into it, so that nothing of a query or a student can. Any thread may write; a line leaves in one
// write(2).
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"
#include <stdbool.h>

// Numbered as syslog(3) does, which journald's prefixes use.
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

#define LOG_LINE_MAX 1024u // bytes of a line with its end; longer ones are cut

struct log {
    int fd;               // where lines go
    enum log_level level; // lines above it are left out
    bool prefixes;        // "<3>" in front, for journald; else the level as a word
};

// The level called "error", "warning", "notice", "info" or "debug"; -1 for another word.
int log_level_named(const char *name) MUST_CHECK;

// Writes a line. Control characters in it are written as '?'. errno is kept.
void log_line(const struct log *log, enum log_level level, const char *subsystem, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
