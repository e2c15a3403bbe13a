// SPDX-License-Identifier: Apache-2.0
// The raw rate of a disk: writes 4 KiB and waits for fdatasync, again and again, as a store with one commit a
// time would. Usage: fsync_rate FILE SECONDS. Prints the syncs per second; the file is made, and removed at
// the end.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 256 // the file stays so small, so that its length is not changed by each sync
#define NANO  1e-9

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * NANO;
}

static int
measure(int fd, double seconds)
{
    static char page[PAGE];
    double started, ended;
    long syncs = 0;

    memset(page, 'k', sizeof page);
    for (int i = 0; i < PAGES; i++)
        if (pwrite(fd, page, PAGE, (off_t)i * PAGE) != PAGE)
            return -errno;
    if (fsync(fd) != 0)
        return -errno;
    started = now();
    do {
        page[0] = (char)syncs;
        if (pwrite(fd, page, PAGE, (off_t)(syncs % PAGES) * PAGE) != PAGE || fdatasync(fd) != 0)
            return -errno;
        syncs++;
        ended = now();
    } while (ended - started < seconds);
    printf("%.1f\n", (double)syncs / (ended - started));
    return 0;
}

int
main(int argc, char **argv)
{
    int fd, rc;

    if (argc != 3 || atof(argv[2]) <= 0) {
        fprintf(stderr, "usage: fsync_rate FILE SECONDS\n");
        return 2;
    }
    fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(argv[1]);
        return 1;
    }
    rc = measure(fd, atof(argv[2]));
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", argv[1], strerror(-rc));
    close(fd);
    unlink(argv[1]);
    return rc == 0 ? 0 : 1;
}
