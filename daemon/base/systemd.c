// SPDX-License-Identifier: Apache-2.0
// sd_notify(3) and JOURNAL_STREAM as systemd.exec(5) defines it: "device:inode" of the stream.
#include "base/systemd.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

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

void
systemd_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void
systemd_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}
