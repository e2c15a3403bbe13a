// SPDX-License-Identifier: Apache-2.0
// watch: the change feed, until it is interrupted. Invariant: everything before `next` was printed and
// flushed, so that who resumes there misses nothing and sees nothing twice.
#include "client/cli/event.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/verbs.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define KINDS_MAX 32u

// What the flags set.
struct options {
    uint64_t from;
    bool until_now;
    uint32_t kinds; // a bit for each RecordKind
};

struct watch {
    struct cli *cli;
    uint64_t id;
    uint64_t from; // what was asked for
    uint64_t next; // where to resume; 0 = nothing was told yet
    bool pinged;   // a ping waits for its answer
};

const struct flag verb_watch_flags[] = {
    {"from", "SEQ", "first sequence of the journal to show (the next one)", flags_set_large, NULL,
     offsetof(struct options, from)},
    {"kind", "K,..", "only changes of these kinds of records", flags_set_words, &names_record_kind,
     offsetof(struct options, kinds)},
    {"until-now", NULL, "end at the journal's end instead of waiting", flags_set_true, NULL,
     offsetof(struct options, until_now)},
    {0}};

// Tells why the watch was cut off and where it goes on; the status is the caller's to choose.
static void
tell_cut(const struct watch *watch, const char *code, const char *field, const char *message)
{
    if (watch->cli->json) {
        json_t *object = json_error(code, field, message);

        if (watch->next != 0)
            json_put_number(object, "next_sequence", watch->next);
        json_print(object);
    }
    fflush(stdout);
    fprintf(stderr, "kansenctl watch: %s%s%s (%s)", field, field[0] != '\0' ? ": " : "", message, code);
    if (watch->next != 0)
        fprintf(stderr, "; go on with --from %" PRIu64, watch->next);
    putc('\n', stderr);
}

static int
cut_by_status(struct watch *watch, const Kansen__V1__Response *response)
{
    const char *code = names_text(&names_code, response->status->code);
    bool body = response->body_case == KANSEN__V1__RESPONSE__BODY_WATCH;

    // What was asked for may be gone: the first that is kept is then where to start.
    if (body && watch->next == 0 && response->watch->first_sequence > watch->from)
        watch->next = response->watch->first_sequence;
    tell_cut(watch, code != NULL ? code : "UNKNOWN", response->status->field,
             response->status->message[0] != '\0' ? response->status->message : "the server said no");
    return CLI_NO;
}

static int
print_events(struct watch *watch, const Kansen__V1__WatchResponse *answer)
{
    for (size_t i = 0; i < answer->n_events; i++)
        if (!watch->cli->json)
            event_print(answer->events[i]);
        else if (json_print(event_json(answer->events[i])) != 0)
            return cli_printed(watch->cli, -1);
    if (answer->n_events > 0 && cli_finish_output(watch->cli) != CLI_OK)
        return CLI_NO;
    watch->next = answer->next_sequence;
    return CLI_OK;
}

// Takes one response. Sets *more to whether the watch goes on.
static int
take(struct watch *watch, const Kansen__V1__Response *response, bool *more)
{
    if (response->id != watch->id && response->id != 0) {
        watch->pinged = false;
        return CLI_OK;
    }
    *more = !kansen_is_last(response);
    if (kansen_code(response) != 0)
        return cut_by_status(watch, response);
    if (response->body_case != KANSEN__V1__RESPONSE__BODY_WATCH)
        return cli_fail(watch->cli, "INTERNAL", "", "the answer is of another kind than the question");
    return print_events(watch, response->watch);
}

// Prints what comes, until the watch ends or somebody ends it.
static int
follow(struct watch *watch)
{
    struct kansen *kansen = watch->cli->kansen;
    int status = CLI_OK;

    for (bool more = true; more && status == CLI_OK;) {
        Kansen__V1__Response *response;
        int result = cli_receive(watch->cli, &watch->pinged, &response);

        if (result == KANSEN_E_INTERRUPTED)
            return CLI_OK;
        if (result != 0) {
            tell_cut(watch, result == KANSEN_E_TIMEOUT ? "DEADLINE_EXCEEDED" : "UNAVAILABLE", "",
                     kansen_error(kansen));
            return CLI_UNREACHABLE;
        }
        status = take(watch, response, &more);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    return status;
}

static int
start(struct watch *watch, const struct options *options)
{
    Kansen__V1__WatchRequest body = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__RecordKind kinds[KINDS_MAX];
    int result;

    for (unsigned i = 0; i < KINDS_MAX; i++)
        if ((options->kinds >> i & 1) != 0)
            kinds[body.n_kinds++] = (Kansen__V1__RecordKind)i;
    body.kinds = kinds;
    body.from_sequence = options->from;
    body.until_now = options->until_now;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_WATCH, &body);
    result = kansen_send(watch->cli->kansen, &request, &watch->id);
    return result == 0 ? CLI_OK : cli_broken(watch->cli, result);
}

int
verb_watch_run(struct cli *cli, int argc, char **argv)
{
    struct options options = {0};
    struct watch watch = {.cli = cli};
    sigset_t signals, before;
    int count, fd, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    if (status == CLI_OK)
        status = cli_connect(cli);
    if (status != CLI_OK)
        return status;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (fd < 0)
        return cli_fail(cli, "RESOURCE_EXHAUSTED", "", "signalfd: %s", strerror(errno));
    sigprocmask(SIG_BLOCK, &signals, &before);
    kansen_interrupt_by(cli->kansen, fd);
    watch.from = options.from;
    status = start(&watch, &options);
    if (status == CLI_OK)
        status = follow(&watch);
    kansen_interrupt_by(cli->kansen, -1);
    close(fd);
    return status;
}
