// SPDX-License-Identifier: Apache-2.0
// top: figures about the daemon, drawn again and again on a terminal, or printed where there is none.
// Invariant: whatever ends it, but a signal that nobody can catch, gives the terminal back as it was.
#include "base/clock.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/screen.h"
#include "client/cli/top_view.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define INTERVAL_MS     2000u
#define INTERVAL_MIN_MS 100.0
#define INTERVAL_MAX_S  3600.0

// What the flags set.
struct options {
    uint32_t interval_ms;
    uint32_t count; // pictures; 0 = not given
    bool once;
};

struct sample {
    Kansen__V1__Response *response; // NULL = none
    int64_t at_us;
};

struct top {
    struct cli *cli;
    struct options options;
    struct screen screen;
    int signal_fd; // -1 = signals do what they always do
    bool ended;    // somebody wants no more
    struct sample before, now;
    char *page; // that is shown; NULL = none
};

static int set_interval(void *target, const struct flag *flag, const char *text, struct column_message *bad);

const struct flag verb_top_flags[] = {
    {"interval", "SECONDS", "time between two pictures (2)", set_interval, NULL,
     offsetof(struct options, interval_ms)},
    {"count", "N", "print so many pictures and end, also -n", flags_set_number, NULL,
     offsetof(struct options, count)},
    {"once", NULL, "the same as --count 1", flags_set_true, NULL, offsetof(struct options, once)},
    {0}};

static int
set_interval(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    size_t len = strlen(text);
    double seconds = strtod(text, NULL);
    uint32_t ms = 0;

    if (len == 0 || strspn(text, "0123456789.") != len || seconds * 1000 < INTERVAL_MIN_MS ||
        seconds > INTERVAL_MAX_S)
        return column_bad(bad, text, len, "seconds from 0.1 to 3600");
    ms = (uint32_t)(seconds * 1000);
    memcpy((char *)target + flag->offset, &ms, sizeof ms);
    return 0;
}

// ---- Signals and keys

static void
pause_here(struct top *top)
{
    screen_close(&top->screen);
    (void)kill(getpid(), SIGSTOP);
    if (screen_open(&top->screen) != 0) // somebody went on
        top->ended = true;
}

static void
take_signal(struct top *top)
{
    struct signalfd_siginfo info;

    if (read(top->signal_fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGTSTP)
        pause_here(top);
    else if (info.ssi_signo != SIGWINCH)
        top->ended = true;
    if (!top->ended && top->page != NULL)
        screen_draw(top->page);
}

// Whether the next picture is wanted now.
static bool
take_keys(struct top *top)
{
    char keys[64];
    ssize_t n = read(STDIN_FILENO, keys, sizeof keys);
    bool wanted = false;

    for (ssize_t i = 0; i < n; i++) {
        top->ended |= keys[i] == 'q' || keys[i] == 'Q';
        wanted |= keys[i] == ' ' || keys[i] == '\n' || keys[i] == '\r';
    }
    return wanted;
}

// Waits for the next picture, or the end.
static void
wait_live(struct top *top)
{
    int64_t until = top->now.at_us + (int64_t)top->options.interval_ms * 1000;
    bool wanted = false;

    while (!top->ended && !wanted) {
        struct pollfd fds[] = {{top->signal_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        int64_t left_ms = (until - clock_steady_us() + 999) / 1000;

        if (left_ms <= 0 || poll(fds, 2, (int)left_ms) == 0)
            return;
        if ((fds[0].revents & POLLIN) != 0)
            take_signal(top);
        if ((fds[1].revents & POLLIN) != 0)
            wanted = take_keys(top);
        if ((fds[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
            top->ended = true; // the terminal has gone
    }
}

// ---- Asking

static int
receive(struct top *top, Kansen__V1__Response **response)
{
    int result;

    do {
        result = kansen_receive(top->cli->kansen, response);
        if (result == KANSEN_E_INTERRUPTED)
            take_signal(top);
    } while (result == KANSEN_E_INTERRUPTED && !top->ended);
    return result;
}

static void
keep(struct top *top, Kansen__V1__Response *response)
{
    if (top->before.response != NULL)
        kansen__v1__response__free_unpacked(top->before.response, NULL);
    top->before = top->now;
    top->now = (struct sample){response, clock_steady_us()};
}

// Asks for another sample. On CLI_OK it is in top->now, or top has ended.
static int
ask(struct top *top)
{
    Kansen__V1__StatusRequest status = KANSEN__V1__STATUS_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__Response *response = NULL;
    int result;

    status.details = true;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_STATUS, &status);
    result = kansen_send(top->cli->kansen, &request, NULL);
    if (result == 0)
        result = receive(top, &response);
    if (top->ended)
        return CLI_OK;
    if (result != 0) {
        screen_close(&top->screen);
        return cli_broken(top->cli, result);
    }
    keep(top, response);
    if (kansen_code(response) != 0) {
        screen_close(&top->screen);
        return cli_refused(top->cli, response->status);
    }
    if (response->body_case != KANSEN__V1__RESPONSE__BODY_SERVER || response->server->details == NULL) {
        screen_close(&top->screen);
        return cli_fail(top->cli, "UNIMPLEMENTED", "", "this daemon tells no details; it is an older one");
    }
    return CLI_OK;
}

// The samples that a picture is made of; the first one is compared with itself.
static void
samples_of(const struct top *top, struct top_sample *before, struct top_sample *now)
{
    *now = (struct top_sample){top->now.response->server, top->now.at_us};
    *before = *now;
    if (top->before.response != NULL)
        *before = (struct top_sample){top->before.response->server, top->before.at_us};
}

// ---- Pictures

static int
draw(struct top *top)
{
    struct top_sample before, now;
    char *page;

    samples_of(top, &before, &now);
    page = top_view_text(&before, &now);
    if (page == NULL) {
        screen_close(&top->screen);
        return cli_no_memory(top->cli);
    }
    free(top->page);
    top->page = page;
    screen_draw(page);
    return CLI_OK;
}

static int
print(struct top *top)
{
    struct top_sample before, now;
    char *page;

    samples_of(top, &before, &now);
    if (top->cli->json)
        return cli_printed(top->cli, json_print(top_view_json(&before, &now)));
    page = top_view_text(&before, &now);
    if (page == NULL)
        return cli_no_memory(top->cli);
    fputs(page, stdout);
    free(page);
    return cli_finish_output(top->cli);
}

static int
run_live(struct top *top)
{
    int status = ask(top), opened;

    if (status != CLI_OK || top->ended)
        return status;
    opened = screen_open(&top->screen);
    if (opened != 0)
        return cli_fail(top->cli, "UNAVAILABLE", "", "the terminal: %s", strerror(-opened));
    status = draw(top);
    while (status == CLI_OK && !top->ended) {
        wait_live(top);
        if (!top->ended)
            status = ask(top);
        if (status == CLI_OK && !top->ended)
            status = draw(top);
    }
    screen_close(&top->screen);
    return status;
}

// A picture tells of the time before it, so the first one comes after an interval.
static int
run_batch(struct top *top)
{
    uint32_t count = top->options.count == 0 ? 1 : top->options.count;
    int status = ask(top);

    for (uint32_t i = 0; i < count && status == CLI_OK; i++) {
        (void)poll(NULL, 0, (int)top->options.interval_ms);
        status = ask(top);
        if (status == CLI_OK && i > 0 && !top->cli->json)
            putchar('\n');
        if (status == CLI_OK)
            status = print(top);
    }
    return status;
}

// The signals that end, stop or change what is drawn come by a descriptor. 0 or -errno.
static int
catch_signals(struct top *top, sigset_t *before)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    top->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (top->signal_fd < 0)
        return -errno;
    sigprocmask(SIG_BLOCK, &set, before);
    kansen_interrupt_by(top->cli->kansen, top->signal_fd);
    return 0;
}

static int
run(struct top *top)
{
    sigset_t before;
    int rc, status;

    if (top->cli->json || top->options.count > 0 || !screen_is_possible())
        return run_batch(top);
    rc = catch_signals(top, &before);
    if (rc != 0)
        return cli_fail(top->cli, "RESOURCE_EXHAUSTED", "", "signalfd: %s", strerror(-rc));
    status = run_live(top);
    kansen_interrupt_by(top->cli->kansen, -1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(top->signal_fd);
    return status;
}

int
verb_top_run(struct cli *cli, int argc, char **argv)
{
    struct top top = {.cli = cli, .options = {.interval_ms = INTERVAL_MS}, .signal_fd = -1};
    int count, status = flags_read(cli, argc, argv, &top.options, NULL, &count);

    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    if (top.options.once)
        top.options.count = 1;
    if (status == CLI_OK)
        status = cli_connect(cli);
    if (status == CLI_OK)
        status = run(&top);
    keep(&top, NULL);
    keep(&top, NULL);
    free(top.page);
    return status;
}
