// SPDX-License-Identifier: Apache-2.0
// sd_notify(3), and JOURNAL_STREAM as systemd.exec(5) defines it: "device:inode" of the stream. A manager
// that can not be told is no reason to stop.
#include "base/systemd.h"
#include "base/clock.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
// The place in the code is that of the caller, which brings it.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

bool
systemd_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uint64_t device, inode;
    struct stat st;

    if (stream == NULL || sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2)
        return false;
    return fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

int
systemd_journal(const struct iovec *fields, size_t n)
{
    return sd_journal_sendv(fields, (int)n);
}

void
systemd_starting(const char *status)
{
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void
systemd_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
systemd_reloading(void)
{
    // The time is how a manager tells this reload from the one before it (Type=notify-reload).
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_steady_us());
}

void
systemd_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=finishes what is under way");
}

uint64_t
systemd_watchdog_us(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

void
systemd_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

int
systemd_sockets(struct systemd_socket *out, size_t max)
{
    char **names = NULL;
    int n = sd_listen_fds_with_names(1, &names);

    for (int i = 0; i < n; i++) {
        if ((size_t)i < max) {
            out[i].fd = SD_LISTEN_FDS_START + i;
            snprintf(out[i].name, sizeof out[i].name, "%s", names[i]);
        }
        free(names[i]);
    }
    free(names);
    return n;
}
