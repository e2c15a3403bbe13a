// SPDX-License-Identifier: Apache-2.0
// What is a word, a quote and an escape is as in libconfuse; a text ends in its line here, so that a quote
// that is missing is told where it is missing.
#include "base/options_text.h"
#include "base/options_why.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// ---- Reading

// Opens what can be read to its end; a pipe without a writer must not make the caller wait.
static int
open_file(const char *path, bool *pipe, char *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *what = NULL;
    struct stat about;

    if (fd < 0)
        return -1;
    if (fstat(fd, &about) != 0 || fcntl(fd, F_SETFL, 0) != 0) // from here on it may wait
        what = strerror(errno);
    else if (S_ISDIR(about.st_mode))
        what = strerror(EISDIR);
    else if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode) &&
             !(S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3))) // that is /dev/null
        what = "this is neither a file nor a pipe";
    if (what != NULL) {
        (void)options_why_tell(why, "%s: %s", path, what);
        close(fd);
        return -1;
    }
    *pipe = S_ISFIFO(about.st_mode);
    return fd;
}

// Bytes that were read, at most size; or -errno.
static ssize_t
read_all(int fd, char *to, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, to + len, size - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static int
refuse_text(const char *path, const char *text, ssize_t len, bool pipe, char *why)
{
    const char *zero = len > 0 ? memchr(text, '\0', (size_t)len) : NULL;
    int line = 1;

    if (len < 0)
        return options_why_tell(why, "%s: %s", path, strerror((int)-len));
    if (len > (ssize_t)OPTIONS_TEXT_MAX)
        return options_why_tell(why, "%s: %s", path, "the file is larger than 1 MiB");
    if (len == 0 && pipe) // as when it is read for the second time
        return options_why_tell(why, "%s: %s", path, "there is nothing in this pipe");
    for (const char *at = text; zero != NULL && at < zero; at++)
        line += *at == '\n';
    if (zero == NULL)
        return 0;
    return options_why_tell(why, "%s:%d: this is not a text, there is a byte 0 in it", path, line);
}

int
options_text_read(const char *path, bool may_be_absent, char **out, char why[OPTIONS_WHY_MAX])
{
    bool pipe = false;
    char *text = NULL;
    ssize_t len;
    int fd;

    why[0] = '\0';
    *out = NULL;
    fd = open_file(path, &pipe, why);
    if (fd < 0 && why[0] == '\0' && errno == ENOENT && may_be_absent)
        return 0;
    if (fd < 0)
        return why[0] == '\0' ? options_why_tell(why, "%s: %s", path, strerror(errno)) : 1;
    text = malloc(OPTIONS_TEXT_MAX + 2);
    len = text == NULL ? -ENOMEM : read_all(fd, text, OPTIONS_TEXT_MAX + 1);
    close(fd);
    if (refuse_text(path, text, len, pipe, why) != 0 || text == NULL) {
        free(text);
        return 1;
    }
    text[len] = '\0';
    *out = text;
    return 0;
}

// ---- Comments

struct scan {
    char *at;
    int line;
    int last;            // line of the last character that counts
    bool in_word;        // what stands before at is part of a word
    const char *missing; // what is, or NULL
    int missing_line;
};

static void
skip_line(struct scan *scan)
{
    while (*scan->at != '\0' && *scan->at != '\n')
        *scan->at++ = ' ';
}

static void
skip_comment(struct scan *scan)
{
    char *end = strstr(scan->at + 2, "*/");

    if (end == NULL) {
        scan->missing = "the comment that begins here has no end";
        scan->missing_line = scan->line;
        return;
    }
    for (; scan->at < end + 2; scan->at++) {
        if (*scan->at == '\n')
            scan->line++;
        else
            *scan->at = ' ';
    }
}

// Stands on what opens it; goes behind what closes it, which must stand in the same line.
static void
skip_to(struct scan *scan, char close, const char *missing)
{
    bool escapes = close != '}';

    for (scan->at++; *scan->at != close; scan->at++) {
        if (escapes && scan->at[0] == '\\' && scan->at[1] != '\0' && scan->at[1] != '\n')
            scan->at++;
        else if (close == '"' && strncmp(scan->at, "${", 2) == 0) {
            skip_to(scan, '}', "a ${ is not closed in this line");
            scan->at--;
        } else if (*scan->at == '\0' || *scan->at == '\n') {
            scan->missing = missing;
            scan->missing_line = scan->line;
        }
        if (scan->missing != NULL)
            return;
    }
    scan->at++;
}

static void
step(struct scan *scan)
{
    bool begins = !scan->in_word;

    scan->in_word = false;
    if (*scan->at == '#' || (begins && strncmp(scan->at, "//", 2) == 0)) {
        skip_line(scan);
        return;
    }
    if (begins && strncmp(scan->at, "/*", 2) == 0) {
        skip_comment(scan);
        return;
    }
    if (strchr(" \t\r\n", *scan->at) == NULL)
        scan->last = scan->line;
    if (*scan->at == '"' || *scan->at == '\'') {
        skip_to(scan, *scan->at, "a text that begins in this line does not end in it: a quote is missing");
    } else if (begins && strncmp(scan->at, "${", 2) == 0) {
        skip_to(scan, '}', "a ${ is not closed in this line");
    } else {
        scan->line += *scan->at == '\n';
        scan->in_word = strchr(" \t\r\n={}()+,*", *scan->at) == NULL;
        scan->at++;
    }
}

int
options_text_strip(const char *path, char *text, int *last, char why[OPTIONS_WHY_MAX])
{
    struct scan scan = {.at = text, .line = 1, .last = 1};

    while (*scan.at != '\0' && scan.missing == NULL)
        step(&scan);
    *last = scan.last;
    if (scan.missing == NULL)
        return 0;
    snprintf(why, OPTIONS_WHY_MAX, "%s:%d: %s", path, scan.missing_line, scan.missing);
    return 1;
}
