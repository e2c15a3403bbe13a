// SPDX-License-Identifier: Apache-2.0
// sched_setattr(2), as the slice can be asked for in no other way; the C library has no function for it.
#include "base/background.h"
#include "base/log.h"
#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICENESS 10
#define SLICE_NS UINT64_C(100000) // the shortest that Linux gives

void
background_enter(const struct log *log, const char *what)
{
    int niceness = getpriority(PRIO_PROCESS, (id_t)gettid()); // further back the daemon may have been started
    struct sched_attr attr = {.size = sizeof attr,
                              .sched_policy = SCHED_BATCH,
                              .sched_nice = niceness > NICENESS ? niceness : NICENESS,
                              .sched_runtime = SLICE_NS};

    if (syscall(SYS_sched_setattr, 0, &attr, 0) != 0)
        LOG_WARNING(log, "main", "a thread for long work keeps its priority", LOG_TEXT("thread", what),
                    LOG_ERRNO(errno));
}
