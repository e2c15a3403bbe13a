// SPDX-License-Identifier: Apache-2.0
// Each line is written over the one that was there and cleared behind its end, so that nothing flickers.
#include "client/cli/screen.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTER      "\033[?1049h\033[?25l" // the other screen, no cursor
#define LEAVE      "\033[?25h\033[?1049l"
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

#define ROWS_USUAL    24u
#define COLUMNS_USUAL 80u

bool
screen_is_possible(void)
{
    const char *term = getenv("TERM");

    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

int
screen_open(struct screen *screen)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &screen->before) != 0)
        return -errno;
    raw = screen->before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
        return -errno;
    screen->open = true;
    fputs(ENTER, stdout);
    fflush(stdout);
    return 0;
}

void
screen_close(struct screen *screen)
{
    if (!screen->open)
        return;
    screen->open = false;
    fputs(LEAVE, stdout);
    fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

static void
draw_line(const char *text, size_t len, size_t columns)
{
    for (size_t i = 0; i < len && i < columns; i++)
        putchar(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    fputs(CLEAR_LINE, stdout);
}

size_t
screen_columns(void)
{
    struct winsize size = {0};

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return size.ws_col != 0 ? size.ws_col : COLUMNS_USUAL;
}

void
screen_draw(const char *text)
{
    struct winsize size = {0};
    size_t rows, columns = screen_columns();

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    rows = size.ws_row != 0 ? size.ws_row : ROWS_USUAL;
    fputs(HOME, stdout);
    for (size_t row = 0; row < rows && *text != '\0'; row++) {
        size_t len = strcspn(text, "\n");

        if (row > 0)
            putchar('\n');
        draw_line(text, len, columns);
        text += text[len] == '\n' ? len + 1 : len;
    }
    fputs(CLEAR_REST, stdout);
    fflush(stdout);
}
