// SPDX-License-Identifier: Apache-2.0
// Lines for a person and entries for journald. Invariants: a line holds exactly one line feed, at its end; a
// place that logs keeps its count for as long as the log is open.
#include "base/log.h"
#include "base/clock.h"
#include "base/log_text.h"
#include "base/systemd.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define FIELDS_MAX 16u   // of the caller; more are left out
#define ENTRY_MAX  4096u // bytes of an entry of the journal but for its message

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

void
log_open(struct log *log, int fd, enum log_level level, struct log_counts *counts)
{
    log->fd = fd;
    log->journal = systemd_is_journal(fd);
    log->counts = counts;
    atomic_store(&log->level, (int)level);
}

// ---- How much

// The count of a place, which it takes at its first line; NULL when all are taken by others.
static struct log_count *
count_of(struct log_counts *counts, const struct log_site *site)
{
    size_t at = (size_t)((uintptr_t)site / sizeof *site) % LOG_SITES;

    for (size_t i = 0; i < LOG_SITES; i++) {
        struct log_count *count = &counts->sites[(at + i) % LOG_SITES];
        const struct log_site *there = NULL;

        if (atomic_compare_exchange_strong(&count->site, &there, site) || there == site)
            return count;
    }
    return NULL;
}

// Whether a place may have one more line. Two threads at the turn of a window may give it one too many.
static bool
is_let_through(const struct log *log, const struct log_site *site)
{
    struct log_count *count = log->counts == NULL ? NULL : count_of(log->counts, site);
    int64_t now_us, since_us;

    if (count == NULL)
        return true;
    now_us = clock_steady_us();
    since_us = atomic_load(&count->since_us);
    // Where lines were left out, the window ends when that is told.
    if ((since_us == 0 || now_us - since_us >= LOG_WINDOW_US) && atomic_load(&count->left_out) == 0 &&
        atomic_compare_exchange_strong(&count->since_us, &since_us, now_us))
        atomic_store(&count->lines, 0);
    if (atomic_fetch_add(&count->lines, 1) < LOG_BURST)
        return true;
    atomic_fetch_add(&count->left_out, 1);
    return false;
}

// ---- Where to

static void
write_line(const struct log *log, const struct log_site *site, const char *rest, size_t len)
{
    char line[LOG_LINE_MAX + 32];
    int head = log->journal ? snprintf(line, 32, "<%d>", (int)site->level)
                            : snprintf(line, 32, "%s ", words[site->level]);

    memcpy(line + head, rest, len);
    len += (size_t)head;
    line[len++] = '\n';
    // Where the log can not be written there is nobody to tell.
    while (write(log->fd, line, len) < 0 && errno == EINTR)
        continue;
}

static void
add(struct log_text *text, struct iovec *parts, size_t *n, size_t from)
{
    parts[(*n)++] = (struct iovec){text->bytes + from, text->len - from};
}

// Gives the entry to journald. 0 or -errno.
static int
send_entry(const struct log_site *site, const struct log_field *fields, const struct log_text *message)
{
    struct iovec parts[FIELDS_MAX + 6];
    char bytes[ENTRY_MAX], head[LOG_LINE_MAX + 16];
    struct log_text text = {.bytes = bytes, .room = sizeof bytes};
    int len = snprintf(head, sizeof head, "MESSAGE=%.*s", (int)message->len, message->bytes);
    size_t n = 0, from;

    parts[n++] = (struct iovec){head, (size_t)len};
    for (const struct log_field *field = fields; field->kind != LOG_KIND_END && n <= FIELDS_MAX; field++) {
        from = text.len;
        log_text_key(&text, field->key);
        log_text_plain(&text, field);
        add(&text, parts, &n, from);
    }
    from = text.len;
    log_text_print(&text, "PRIORITY=%d", (int)site->level);
    add(&text, parts, &n, from);
    from = text.len;
    log_text_print(&text, "KANSEN_SUBSYSTEM=%s", site->subsystem);
    add(&text, parts, &n, from);
    from = text.len;
    log_text_print(&text, "CODE_FILE=%s", site->file);
    add(&text, parts, &n, from);
    from = text.len;
    log_text_print(&text, "CODE_LINE=%d", site->line);
    add(&text, parts, &n, from);
    from = text.len;
    log_text_print(&text, "CODE_FUNC=%s", site->function);
    add(&text, parts, &n, from);
    return systemd_journal(parts, n);
}

static void
write_event(const struct log *log, const struct log_site *site, const struct log_field *fields)
{
    char bytes[LOG_LINE_MAX];
    struct log_text text = {.bytes = bytes, .room = sizeof bytes};

    log_text_print(&text, "%s: %s", site->subsystem, site->message);
    for (const struct log_field *field = fields; field->kind != LOG_KIND_END; field++) {
        log_text_print(&text, " %s=", field->key);
        log_text_quoted(&text, field);
    }
    if (!log->journal || send_entry(site, fields, &text) != 0)
        write_line(log, site, text.bytes, text.len);
}

void
log_event(const struct log *log, const struct log_site *site, const struct log_field *fields)
{
    int kept_errno = errno;

    if (is_let_through(log, site))
        write_event(log, site, fields);
    errno = kept_errno;
}

void
log_tell_left_out(const struct log *log, bool at_end)
{
    static const struct log_site telling = {LOG_LEVEL_NOTICE, "log",    "lines like one were left out",
                                            __FILE__,         __func__, __LINE__};
    int64_t now_us = clock_steady_us();

    for (size_t i = 0; i < LOG_SITES && log->counts != NULL; i++) {
        struct log_count *count = &log->counts->sites[i];
        const struct log_site *site = atomic_load(&count->site);
        uint32_t left_out;

        if (site == NULL || (!at_end && now_us - atomic_load(&count->since_us) < LOG_WINDOW_US))
            continue;
        left_out = atomic_exchange(&count->left_out, 0);
        if (left_out != 0 && log_takes(log, site->level))
            write_event(log, &telling,
                        (const struct log_field[]){LOG_TEXT("like", site->message),
                                                   LOG_TEXT("of", site->subsystem),
                                                   LOG_U64("times", left_out),
                                                   {.kind = LOG_KIND_END}});
    }
}
