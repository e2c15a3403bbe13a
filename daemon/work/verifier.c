// SPDX-License-Identifier: Apache-2.0
// Orders and news are datagrams on a pair of sockets; each order is answered by news of its end. The process
// starts another one for each check, which sends its news on the same socket, and ends it when it is told to
// or when the daemon has gone.
#include "work/verifier.h"
#include "base/apart.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIR_MAX 4096u
#define TELL_US 50000 // from one word of progress to the next
#define LOOK_MS 100   // from one look whether to go on to the next

enum order_kind {
    ORDER_CONFINE,
    ORDER_CHECK,
    ORDER_END, // of the check that runs; nothing else is ordered before its end is told
};

struct order {
    enum order_kind kind;
    char dir[DIR_MAX];
};

enum news_kind {
    NEWS_CONFINED,
    NEWS_PROGRESS,
    NEWS_RESULT, // of a check, which then ends
    NEWS_END,    // the process of a check has ended
};

struct news {
    enum news_kind kind;
    int rc;               // of the confinement, or of the check
    uint64_t done, total; // of progress
    struct apart_end end;
    struct check_summary found;
    union {
        struct fault fault; // of the confinement
        char text[VERIFIER_TEXT_MAX];
    };
};

struct verifier {
    int fd;
};

// ---- The process of one check

struct checking {
    int fd;
    const char *dir;
    int64_t told_us;
};

static bool
tell(void *arg, const char *stage, uint64_t done, uint64_t total)
{
    struct checking *checking = arg;
    struct news news = {.kind = NEWS_PROGRESS, .done = done, .total = total};
    int64_t now = clock_steady_us();

    (void)stage;
    if (now - checking->told_us < TELL_US)
        return true;
    checking->told_us = now;
    (void)send(checking->fd, &news, sizeof news, MSG_DONTWAIT | MSG_NOSIGNAL); // the next one says more
    return true;
}

static int
check(void *arg)
{
    struct checking *checking = arg;
    struct progress_sink sink = {tell, checking};
    struct news news = {.kind = NEWS_RESULT};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        news.rc = STORE_FAULT_MEMORY;
    } else {
        news.rc = check_store(checking->dir, &sink, out, &news.found);
        fclose(out);
        snprintf(news.text, sizeof news.text, "%s", text);
        free(text);
    }
    return send(checking->fd, &news, sizeof news, MSG_NOSIGNAL) == (ssize_t)sizeof news ? 0 : 1;
}

// ---- The process that waits for orders

// Whether the check that runs is to end: it was ordered, or the daemon has gone.
static bool
is_ended(int fd)
{
    struct order order;
    ssize_t got = recv(fd, &order, sizeof order, MSG_DONTWAIT);

    return got == 0 || (got > 0 && order.kind == ORDER_END);
}

// Waits until the process is at its end, which closes `life`, and kills it if it is told to.
static int
see_to(int fd, int life, int child, struct apart_end *end)
{
    struct pollfd polled[] = {{.fd = life, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    while (polled[0].revents == 0) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return -errno;
        if (polled[1].revents != 0 && is_ended(fd)) {
            kill(child, SIGKILL);
            polled[1].fd = -1; // and wait for it
        }
    }
    return apart_wait(child, end);
}

static int
run_check(int fd, const char *dir, struct apart_end *end)
{
    struct checking checking = {.fd = fd, .dir = dir};
    int life[2], child, rc;

    if (pipe2(life, O_CLOEXEC) != 0)
        return -errno;
    child = apart_start(check, &checking);
    close(life[1]);
    rc = child < 0 ? child : see_to(fd, life[0], child, end);
    close(life[0]);
    return rc;
}

static void
obey(int fd, struct order *order, const struct options *options, const struct log *log)
{
    struct news news = {0};

    if (order->kind == ORDER_CONFINE) {
        news.kind = NEWS_CONFINED;
        news.rc = sandbox_enter_verifier(options, log, &news.fault);
    } else if (order->kind == ORDER_CHECK) {
        order->dir[DIR_MAX - 1] = '\0';
        news.kind = NEWS_END;
        news.rc = run_check(fd, order->dir, &news.end);
    } else {
        return; // that one had ended by itself
    }
    (void)send(fd, &news, sizeof news, MSG_NOSIGNAL);
}

// Closes what the daemon was started with, such as sockets of the service manager; not standard error.
static void
keep_only(int fd)
{
    int null;

    if (fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)fd + 1, ~0U, 0);
    null = open("/dev/null", O_RDWR);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
}

struct serving {
    int fd;
    const struct options *options;
    const struct log *log;
};

// Whoever ends a daemon by a signal to all of its processes, as a terminal or a service manager does, still
// gets what runs answered: this one ends with the daemon.
static int
serve(void *arg)
{
    const struct serving *serving = arg;
    struct log own = {.fd = serving->log->fd, .level = LOG_LEVEL_ERROR}; // the daemon tells the rest
    struct order order;

    keep_only(serving->fd);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    pthread_setname_np(pthread_self(), "verifier");
    background_enter(&own, "verifier");
    while (recv(serving->fd, &order, sizeof order, 0) == (ssize_t)sizeof order)
        obey(serving->fd, &order, serving->options, &own);
    return 0;
}

// ---- The daemon's side

int
verifier_start(const struct options *options, const struct log *log, struct verifier **out,
               struct fault *fault)
{
    struct verifier *verifier = calloc(1, sizeof *verifier);
    int pair[2] = {-1, -1}, rc;

    if (verifier == NULL)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "", "memory is short");
    rc = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? 0 : -errno;
    if (rc == 0) {
        rc = apart_start(serve, &(struct serving){pair[1], options, log});
        close(pair[1]);
    }
    verifier->fd = pair[0];
    if (rc > 0) {
        *out = verifier;
        return 0;
    }
    verifier_free(verifier);
    return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "", "no process can be started: %s", strerror(-rc));
}

static int
give_order(const struct verifier *verifier, enum order_kind kind, const char *dir)
{
    struct order order = {.kind = kind};

    snprintf(order.dir, sizeof order.dir, "%s", dir);
    return send(verifier->fd, &order, sizeof order, MSG_NOSIGNAL) == (ssize_t)sizeof order ? 0 : -errno;
}

// Waits for news. 0 when there are none yet, 1 with them, or -errno.
static int
get_news(const struct verifier *verifier, struct news *out)
{
    struct pollfd polled = {.fd = verifier->fd, .events = POLLIN};
    int rc = poll(&polled, 1, LOOK_MS);

    if (rc <= 0)
        return rc == 0 || errno == EINTR ? 0 : -errno;
    return recv(verifier->fd, out, sizeof *out, 0) == (ssize_t)sizeof *out ? 1 : -ECHILD;
}

int
verifier_confine(struct verifier *verifier, struct fault *fault)
{
    struct news news = {0};
    int rc = give_order(verifier, ORDER_CONFINE, "");

    while (rc == 0)
        rc = get_news(verifier, &news);
    if (rc < 0)
        return fault_set(fault, CODE_UNAVAILABLE, "", "the process that verifies backups has ended");
    if (news.rc != 0)
        *fault = news.fault;
    return news.rc;
}

// How a check ended that has not told its result.
static int
end_of(const struct news *news, struct verifier_result *out)
{
    const char *why = news->rc != 0           ? strerror(-news->rc)
                      : news->end.signal != 0 ? apart_signal_text(news->end.signal)
                                              : "it has ended early";

    snprintf(out->text, sizeof out->text, "%s", why);
    return VERIFIER_E_DIED;
}

int
verifier_check(struct verifier *verifier, const char *dir, const struct progress_sink *sink, uint64_t total,
               struct verifier_result *out)
{
    bool result = false, stopped = false;
    uint64_t done = 0;
    struct news news = {0};
    int found = 0, rc = give_order(verifier, ORDER_CHECK, dir);

    *out = (struct verifier_result){0};
    while (rc >= 0) {
        if (!stopped && !progress_tell(sink, "check", done, total)) {
            stopped = true;
            (void)give_order(verifier, ORDER_END, "");
        }
        rc = get_news(verifier, &news);
        if (rc <= 0)
            continue;
        if (news.kind == NEWS_END)
            return stopped ? PROGRESS_E_ENDED : result ? found : end_of(&news, out);
        if (news.kind == NEWS_PROGRESS) {
            done = news.done;
            total = news.total;
        } else {
            result = true;
            found = news.rc;
            out->found = news.found;
            memcpy(out->text, news.text, sizeof out->text);
        }
    }
    return VERIFIER_E_GONE;
}

void
verifier_free(struct verifier *verifier)
{
    if (verifier == NULL)
        return;
    if (verifier->fd >= 0)
        close(verifier->fd);
    free(verifier);
}
