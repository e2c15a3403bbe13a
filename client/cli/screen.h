// SPDX-License-Identifier: Apache-2.0
// A terminal that is drawn on as a whole, by the escape sequences of ECMA-48 that every terminal of today
// knows; one that says it is dumb is none. One thread; one at a time.
#ifndef CLIENT_CLI_SCREEN_H
#define CLIENT_CLI_SCREEN_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
    bool open;
    struct termios before; // how the terminal was
};

// Whether standard input and output are a terminal that can be drawn on.
bool screen_is_possible(void);

// Takes the terminal over: keys come one by one and are not shown, the cursor is hidden, and what was there
// comes back at screen_close. 0 or -errno. Who opens it closes it on every way out; closing it twice is safe.
int screen_open(struct screen *screen) MUST_CHECK;
void screen_close(struct screen *screen);

// Columns of the terminal that standard output is; 80 where it is none, or does not say.
size_t screen_columns(void);

// Shows text from its first line on, as much as fits; bytes that are not printable ASCII as '?'.
void screen_draw(const char *text);

#endif
