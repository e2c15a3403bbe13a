// SPDX-License-Identifier: Apache-2.0
// The bar is one line that is drawn over itself.
#include "client/cli/progress.h"
#include "base/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define WIDTH     40
#define PERIOD_US 100000

void
progress_start(struct progress *progress, uint64_t total, bool output)
{
    bool shown = isatty(STDERR_FILENO) == 1 && !(output && isatty(STDOUT_FILENO) == 1);

    *progress = (struct progress){.shown = shown, .total = total};
}

// Whether it is time to draw again.
static bool
is_due(struct progress *progress)
{
    int64_t now;

    if (!progress->shown)
        return false;
    now = clock_steady_us();
    if (now < progress->next_us)
        return false;
    progress->next_us = now + PERIOD_US;
    progress->drawn = true;
    return true;
}

void
progress_show_bytes(struct progress *progress, uint64_t bytes)
{
    if (is_due(progress))
        fprintf(stderr, "\r%.1f MiB ", (double)bytes / (1 << 20));
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t records)
{
    static const char full[] = "########################################";
    int filled;

    if (!is_due(progress))
        return;
    if (progress->total == 0) {
        fprintf(stderr, "\r%" PRIu64 " records ", records);
        return;
    }
    done = done < progress->total ? done : progress->total;
    filled = (int)(done * WIDTH / progress->total);
    fprintf(stderr, "\r[%-*.*s] %3d%%  %" PRIu64 " records ", WIDTH, filled, full,
            (int)(done * 100 / progress->total), records);
}

void
progress_clear(struct progress *progress)
{
    if (!progress->drawn)
        return;
    fputs("\r\033[K", stderr);
    progress->drawn = false;
    progress->next_us = 0;
}
