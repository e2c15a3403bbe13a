// SPDX-License-Identifier: Apache-2.0
// Linux keeps policy and niceness of each thread by itself. A thread that was once SCHED_IDLE can not come
// back without a privilege, so such work has a thread that ends with it.
#include "base/background.h"
#include "base/log.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICENESS 10

struct aside {
    const struct log *log;
    const char *what;
    int (*work)(void *arg);
    void *arg;
    int rc; // of work
};

static void
step_back(int policy, const struct log *log, const char *what)
{
    struct sched_param none = {.sched_priority = 0};
    id_t thread = (id_t)gettid();

    // Further back the daemon may have been started, and who may would come forward from there.
    if (sched_setscheduler(0, policy, &none) != 0 ||
        (getpriority(PRIO_PROCESS, thread) < NICENESS && setpriority(PRIO_PROCESS, thread, NICENESS) != 0))
        LOG_WARNING(log, "main", "a thread for long work keeps its priority", LOG_TEXT("thread", what),
                    LOG_ERRNO(errno));
}

void
background_enter(const struct log *log, const char *what)
{
    step_back(SCHED_BATCH, log, what);
}

static void *
run(void *arg)
{
    struct aside *aside = arg;

    pthread_setname_np(pthread_self(), aside->what);
    step_back(SCHED_IDLE, aside->log, aside->what);
    aside->rc = aside->work(aside->arg);
    return NULL;
}

int
background_run(const struct log *log, const char *what, int (*work)(void *arg), void *arg)
{
    struct aside aside = {.log = log, .what = what, .work = work, .arg = arg};
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, run, &aside);

    if (rc != 0) {
        LOG_WARNING(log, "main", "long work has no thread of its own", LOG_TEXT("thread", what),
                    LOG_ERRNO(rc));
        return work(arg);
    }
    pthread_join(thread, NULL);
    return aside.rc;
}
