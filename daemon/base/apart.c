// SPDX-License-Identifier: Apache-2.0
#include "base/apart.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// What a sanitizer or anybody else has set up for these would hide what the process died of.
static void
die_plainly(void)
{
    static const int deadly[] = {SIGBUS, SIGSEGV, SIGABRT, SIGFPE, SIGILL};

    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL);
}

int
apart_wait(int pid, struct apart_end *end)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    *end = (struct apart_end){.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                              .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
    return 0;
}

int
apart_start(int (*work)(void *arg), void *arg)
{
    pid_t child;
    int status;

    fflush(NULL); // else both print what is waiting
    child = fork();
    if (child != 0)
        return child < 0 ? -errno : child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    die_plainly();
    status = work(arg);
    fflush(NULL);
    _exit(status);
}

int
apart_run(int (*work)(void *arg), void *arg, struct apart_end *end)
{
    int child = apart_start(work, arg);

    return child < 0 ? child : apart_wait(child, end);
}

const char *
apart_signal_text(int number)
{
    const char *text = sigdescr_np(number);

    return text == NULL ? "a signal" : text;
}
