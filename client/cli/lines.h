// SPDX-License-Identifier: Apache-2.0
// Lines of a file that may be a pipe: bounded in length, and it can be asked whether reading one would wait.
// One thread.
#ifndef CLIENT_CLI_LINES_H
#define CLIENT_CLI_LINES_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

struct lines;

// Reads lines of at most max bytes from fd, which stays the caller's. NULL when memory is short.
struct lines *lines_new(int fd, size_t max) MUST_CHECK;
void lines_free(struct lines *lines);

// Whether lines_next would return at once.
bool lines_ready(const struct lines *lines);

// The next line without its end, with a NUL behind it; it lives until the next call. 0, an outcome below, or
// -errno.
#define LINES_E_END  1 // there is none
#define LINES_E_LONG 2 // it was too long; it is passed over
int lines_next(struct lines *lines, char **line, size_t *len) MUST_CHECK;

// Bytes that were read of the file.
unsigned long long lines_bytes(const struct lines *lines);

#endif
