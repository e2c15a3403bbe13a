// SPDX-License-Identifier: Apache-2.0
// First what may fail; the last of that is the certificate, which changes nothing when it fails. Then the
// changes.
#include "net/reload.h"
#include "base/log.h"
#include "base/options.h"
#include "base/options_change.h"
#include "net/preflight.h"
#include "net/server.h"
#include "net/settings.h"
#include "net/tls.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "work/queue.h"
#include "work/rules.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REFUSED "the configuration was refused, what was in use stays in use"

// ---- What may fail

static int
reload_tls(const struct reload *reload, const struct options *options, struct fault *fault)
{
    struct tls_options tls;
    int rc;

    if (reload->tls == NULL)
        return 0;
    rc = settings_tls(options, &tls, fault);
    return rc == 0 ? tls_reload(reload->tls, &tls, fault) : rc;
}

static bool
refuse(const struct reload *reload, const char *why)
{
    LOG_ERROR(reload->log, "reload", REFUSED, LOG_TEXT("why", why));
    return false;
}

static int
check(const struct reload *reload, const struct options *next, struct fault *fault)
{
    struct preflight preflight = {
        .options = next, .in_use = reload->options, .tls_follows = reload->tls != NULL, .log = reload->log};
    int rc = preflight_run(&preflight, fault);

    return rc == 0 ? reload_tls(reload, next, fault) : rc;
}

// ---- What does not

static void
tell_change(void *arg, const struct options_difference *difference)
{
    const struct log *log = arg;

    if (difference->holds_now)
        LOG_NOTICE(log, "reload", "an option has changed", LOG_TEXT("option", difference->key),
                   LOG_TEXT("old", difference->old), LOG_TEXT("new", difference->new));
    else
        LOG_WARNING(log, "reload", "an option has changed in the file, which needs a restart",
                    LOG_TEXT("option", difference->key), LOG_TEXT("old", difference->old),
                    LOG_TEXT("new", difference->new));
}

static void
tell_tls(const struct reload *reload)
{
    struct tls_about about = {0};

    if (reload->tls == NULL)
        return;
    tls_about(reload->tls, &about);
    LOG_NOTICE(reload->log, "tls", "the certificate was read again", LOG_TEXT("serial", about.serial),
               LOG_TEXT("not_after", about.not_after), LOG_YES("expired", about.expired));
}

// options are those that are in force now.
static void
use_options(const struct reload *reload, const struct options *options)
{
    struct queue_options queue = settings_queue(options, reload->service->workers);
    struct rules rules = settings_rules(options);
    struct quota_options quota = settings_quota(options);

    atomic_store(&reload->log->level, log_level_named(options->log_level));
    queue_resize(reload->service->queue, queue.max_jobs, queue.max_bytes);
    rules_change(reload->rules, &rules);
    readings_resize(reload->service->readings, (unsigned)options->long_reads);
    quota_change(reload->service->quota, &quota);
    server_change(reload->server, (int64_t)options->drain_timeout_s * 1000000);
    if (settings_keep_too_much(options))
        LOG_WARNING(reload->log, "reload",
                    "the journal tells of placements for longer than they are kept; see retain_journal_days");
}

// ---- Together

static bool
take(const struct reload *reload, struct options *next, char *why)
{
    const struct limits *limits = limits_make(reload->service, next);
    struct log each = {.fd = reload->log->fd, .level = reload->log->level, .journal = reload->log->journal};
    struct fault fault;

    if (limits == NULL) {
        snprintf(why, OPTIONS_WHY_MAX, "memory is short");
        return refuse(reload, why);
    }
    if (check(reload, next, &fault) != 0) {
        options_blame(next, fault.field, fault.message, why);
        return refuse(reload, why);
    }
    options_change(reload->options, next, tell_change, &each); // with no bound: there are as many as options
    limits_use(reload->service, limits);
    use_options(reload, reload->options);
    tell_tls(reload);
    reload->options->has_file = next->has_file;
    if (next->has_file)
        LOG_NOTICE(reload->log, "reload", "the configuration was read again",
                   LOG_TEXT("file", reload->options->file));
    else
        LOG_NOTICE(reload->log, "reload",
                   "there is no configuration file, the command line and the defaults hold",
                   LOG_TEXT("file", reload->options->file));
    return true;
}

// That a file may be absent is for those who never had one: where it has gone, its options must not quietly
// become the defaults.
static bool
has_lost_file(const struct reload *reload, const struct options *next, char why[OPTIONS_WHY_MAX])
{
    if (!reload->options->has_file || next->has_file)
        return false;
    snprintf(why, OPTIONS_WHY_MAX, "%s: %s", next->file, strerror(ENOENT));
    return true;
}

bool
reload_run(const struct reload *reload, char why[OPTIONS_WHY_MAX])
{
    struct options next;
    bool taken;

    if (options_read(reload->argc, reload->argv, &next, why) != 0)
        return refuse(reload, why);
    taken = has_lost_file(reload, &next, why) ? refuse(reload, why) : take(reload, &next, why);
    options_free(&next);
    return taken;
}
