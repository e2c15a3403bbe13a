// SPDX-License-Identifier: Apache-2.0
// The text of the configuration file: read whole and within bounds, and made ready for the parser, which ends
// the process when a read fails, and which miscounts lines behind comments. Main thread.
#ifndef BASE_OPTIONS_TEXT_H
#define BASE_OPTIONS_TEXT_H

#include "base/attr.h"
#include "base/options.h"
#include <stdbool.h>

#define OPTIONS_TEXT_MAX (1u << 20) // bytes of a file

// Reads a regular file, a pipe that holds something, or /dev/null. *out is the caller's to free, with a 0
// behind its text, and NULL when there is no such file and it may be absent. 0; or 1 with the reason in why,
// which names the file.
int options_text_read(const char *path, bool may_be_absent, char **out, char why[OPTIONS_WHY_MAX]) MUST_CHECK;

// Puts spaces in the place of comments (# and // to the end of a line, and those between slash and star),
// and sets *last to the line of the last character that is left, from 1. 0; or 1 with the reason in why: a
// quote or a ${ that does not end in its line, a comment that never ends. path is for messages.
int options_text_strip(const char *path, char *text, int *last, char why[OPTIONS_WHY_MAX]) MUST_CHECK;

#endif
