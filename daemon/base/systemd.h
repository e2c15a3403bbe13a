// SPDX-License-Identifier: Apache-2.0
// The service manager, where there is one; without it every function does nothing.
#ifndef BASE_SYSTEMD_H
#define BASE_SYSTEMD_H

#include <stdbool.h>

// Whether fd goes to journald, so that lines get its priority prefixes.
bool systemd_is_journal(int fd);

// Tells that the daemon serves; that it stops.
void systemd_ready(void);
void systemd_stopping(void);

#endif
