// SPDX-License-Identifier: Apache-2.0
// The service manager, where there is one; without it every function does nothing. Main thread.
#ifndef BASE_SYSTEMD_H
#define BASE_SYSTEMD_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iovec;

#define SYSTEMD_NAME_MAX 64u // bytes with the end

// A descriptor that was handed over, under the name that its socket unit gives it (FileDescriptorName=).
struct systemd_socket {
    int fd;
    char name[SYSTEMD_NAME_MAX]; // a longer one is cut
};

// Whether fd is a stream to journald, so that entries can go to it in its own way.
bool systemd_is_journal(int fd);

// Gives journald an entry, of fields that read KEY=value (sd_journal_sendv(3)). 0, also where there is no
// journald, or -errno. Any thread.
int systemd_journal(const struct iovec *fields, size_t n) MUST_CHECK;

// Tells, with a line for people, what a start is busy with that may take long.
void systemd_starting(const char *status);

// Tells that the daemon serves, with a line for people; that it reads its files again, after which
// systemd_ready is due; that it stops.
void systemd_ready(const char *status);
void systemd_reloading(void);
void systemd_stopping(void);

// Microseconds within which systemd_alive has to be called again and again; 0 = nobody waits for that.
uint64_t systemd_watchdog_us(void);
void systemd_alive(void);

// Takes over the descriptors that were handed to this process (sd_listen_fds_with_names(3)); they are closed
// on exec from then on. Writes up to max of them to out. Returns how many there are, which may be more, or
// -errno.
int systemd_sockets(struct systemd_socket *out, size_t max) MUST_CHECK;

#endif
