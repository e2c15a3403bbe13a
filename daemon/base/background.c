// SPDX-License-Identifier: Apache-2.0
// Linux keeps the niceness of each thread by itself, and who only has an ordinary priority may lower it.
#include "base/background.h"
#include "base/log.h"
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICENESS 10

void
background_enter(enum background level, const struct log *log, const char *what)
{
    struct sched_param none = {.sched_priority = 0};

    // EACCES: the daemon was started further back.
    if (sched_setscheduler(0, level == BACKGROUND_IDLE ? SCHED_IDLE : SCHED_BATCH, &none) != 0 ||
        (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0 && errno != EACCES))
        LOG_WARNING(log, "main", "a thread for long work keeps its priority", LOG_TEXT("thread", what),
                    LOG_ERRNO(errno));
}
