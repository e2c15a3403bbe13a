// SPDX-License-Identifier: Apache-2.0
// Lines for a person and for journald. Invariant: a line holds exactly one line feed, at its end.
#include "base/log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const words[] = {
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

int
log_level_named(const char *name)
{
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        if (strcmp(words[level], name) == 0)
            return level;
    }
    return -1;
}

// What snprintf wrote of what it wanted to write.
static size_t
written(int wanted, size_t room)
{
    if (wanted < 0)
        return 0;
    return (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void
log_line(const struct log *log, enum log_level level, const char *subsystem, const char *format, ...)
{
    int kept_errno = errno;
    char line[LOG_LINE_MAX];
    size_t room = sizeof line - 1, len; // the last byte is for the line feed
    va_list args;

    if (level > log->level)
        return;
    if (log->prefixes)
        len = written(snprintf(line, room, "<%d>%s: ", (int)level, subsystem), room);
    else
        len = written(snprintf(line, room, "%s %s: ", words[level], subsystem), room);
    va_start(args, format);
    len += written(vsnprintf(line + len, room - len, format, args), room - len);
    va_end(args);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    }
    line[len++] = '\n';
    // Where the log can not be written there is nobody to tell.
    while (write(log->fd, line, len) < 0 && errno == EINTR)
        continue;
    errno = kept_errno;
}
