// SPDX-License-Identifier: Apache-2.0
// kansend: reads its options, opens the store, and serves until it is told to stop. The order of opening is
// the reverse of the order of closing; nothing listens before the store is good and filled.
#include "admin/admin.h"
#include "admin/offline.h"
#include "auth/secret.h"
#include "auth/store_key.h"
#include "base/log.h"
#include "base/options.h"
#include "base/options_change.h"
#include "base/options_flags.h"
#include "base/sandbox.h"
#include "base/streams.h"
#include "base/systemd.h"
#include "base/version.h"
#include "net/passed.h"
#include "net/preflight.h"
#include "net/reload.h"
#include "net/server.h"
#include "net/settings.h"
#include "net/tls.h"
#include "net/watchdog.h"
#include "rpc/limits.h"
#include "rpc/quota.h"
#include "rpc/reader.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "rpc/tally.h"
#include "store/store.h"
#include "work/backup.h"
#include "work/clockwork.h"
#include "work/engine.h"
#include "work/erasures.h"
#include "work/rules.h"
#include "work/seed.h"
#include "work/tasks.h"
#include "work/verifier.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_FAILED   1
#define EXIT_USAGE    2
#define SPARE_READERS 16u // beside those of the workers
#define TASKS_WAITING 8u  // at most
#define STATUS_MAX    (OPTIONS_LISTEN_MAX * ADDRESS_TEXT_MAX + OPTIONS_WHY_MAX + 256u) // bytes of a line
#define WATCH_US      UINT64_C(10000000) // for /healthz, where nobody wants the watchdog fed

struct daemon {
    int argc;
    char **argv;
    struct options options;
    struct log log;
    struct log_counts log_counts;
    struct address listen[OPTIONS_LISTEN_MAX];
    size_t n_listen;
    struct address admin_address;
    bool has_admin;
    struct tls *tls; // NULL = no listener needs it
    struct service service;
    struct server *server;
    struct admin *admin;
    struct engine engine;
    struct rules_source rules;
    struct erasures *erasures;
    struct reader *reader;
    struct backup_options backups;
    struct verifier *verifier;
};

static int
fail(struct daemon *daemon, const struct fault *fault)
{
    char why[OPTIONS_WHY_MAX];

    options_blame(&daemon->options, fault->field, fault->message, why);
    LOG_ERROR(&daemon->log, "main", "can not start", LOG_TEXT("why", why));
    return EXIT_FAILED;
}

static int
fail_store(struct daemon *daemon, int rc)
{
    LOG_ERROR(&daemon->log, "main", "the store failed", LOG_TEXT("fault", store_fault_text(rc)));
    return EXIT_FAILED;
}

static int
open_tls(struct daemon *daemon, struct fault *fault)
{
    struct tls_options tls;
    struct tls_about about = {0};

    if (settings_tls(&daemon->options, &tls, fault) != 0 || tls_new(&tls, &daemon->tls, fault) != 0)
        return FAULT;
    tls_about(daemon->tls, &about);
    LOG_INFO(&daemon->log, "tls", "the certificate was read", LOG_TEXT("serial", about.serial),
             LOG_TEXT("not_after", about.not_after), LOG_YES("expired", about.expired));
    return 0;
}

static int
parse_addresses(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    bool plain_anywhere = strcmp(options->insecure_plain_tcp_on_any_address, "yes") == 0;
    bool tls = false;
    struct passed passed = {.plain_anywhere = plain_anywhere,
                            .admin_anywhere = strcmp(options->admin_on_any_address, "yes") == 0,
                            .listen = daemon->listen,
                            .admin = &daemon->admin_address};
    struct fault fault;

    if (passed_take(&passed, &fault) != 0)
        return fail(daemon, &fault);
    daemon->n_listen = passed.n_listen > 0 ? passed.n_listen : options->n_listen;
    for (size_t i = 0; i < daemon->n_listen; i++) {
        if (passed.n_listen == 0 &&
            address_parse(options->listen[i], "listen", plain_anywhere, &daemon->listen[i], &fault) != 0)
            return fail(daemon, &fault);
        tls = tls || daemon->listen[i].tls;
    }
    if (tls && open_tls(daemon, &fault) != 0)
        return fail(daemon, &fault);
    daemon->has_admin = passed.n_admin > 0 || strcmp(options->admin, "off") != 0;
    if (daemon->has_admin && passed.n_admin == 0 &&
        address_parse_tcp(options->admin, "admin", passed.admin_anywhere, &daemon->admin_address, &fault) !=
            0)
        return fail(daemon, &fault);
    return 0;
}

// Says on what it serves.
static void
describe(struct daemon *daemon, char out[STATUS_MAX])
{
    char addresses[OPTIONS_LISTEN_MAX * ADDRESS_TEXT_MAX], admin[ADDRESS_TEXT_MAX] = "off";

    if (daemon->admin != NULL)
        admin_address(daemon->admin, admin);
    server_addresses(daemon->server, addresses, sizeof addresses);
    snprintf(out, STATUS_MAX, "serves on %s (admin %s)", addresses, admin);
}

static void
tell_serving(struct daemon *daemon)
{
    char status[STATUS_MAX];

    describe(daemon, status);
    printf("kansend %s %s\n", KANSEN_VERSION, status);
    fflush(stdout);
    systemd_ready(status);
}

// 0 or -errno.
static int
start_reader(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct service *service = &daemon->service;
    struct reader_options reader = {service, server_mailboxes(daemon->server),
                                    (unsigned)options->long_read_threads};

    service->readings = readings_new((unsigned)options->long_reads, reader.threads);
    return service->readings == NULL ? -ENOMEM : reader_start(&reader, &daemon->reader);
}

// 0, a store fault or -errno.
static int
start_tasks(struct daemon *daemon)
{
    struct tasks_options tasks = {.store = daemon->service.store,
                                  .mailboxes = server_mailboxes(daemon->server),
                                  .log = &daemon->log,
                                  .max = TASKS_WAITING};

    daemon->service.backups = &daemon->backups;
    return tasks_start(&tasks, &daemon->service.tasks);
}

// Opens the listeners, which do not accept yet, and then gives up what is needed no more. No thread has
// started, so that all of them inherit the sandbox. 0 or the exit status.
static int
listen_and_confine(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct fault fault;

    atomic_store(&daemon->service.backed_up_us, backup_prepare(&daemon->backups));
    server_use_tls(daemon->server, daemon->tls);
    for (size_t i = 0; i < daemon->n_listen; i++) {
        if (server_listen(daemon->server, &daemon->listen[i], &fault) != 0)
            return fail(daemon, &fault);
    }
    if (daemon->has_admin && admin_start(server_base(daemon->server), &daemon->service,
                                         &daemon->admin_address, &daemon->admin, &fault) != 0)
        return fail(daemon, &fault);
    admin_use_tls(daemon->admin, daemon->tls);
    if (verifier_confine(daemon->verifier, &fault) != 0 ||
        sandbox_enter(options, &daemon->log, &daemon->service.sandbox, &fault) != 0)
        return fail(daemon, &fault);
    return 0;
}

// 0 or -errno.
static int
watch_threads(struct daemon *daemon, struct watchdog **out)
{
    struct watchdog_options options = {.base = server_base(daemon->server),
                                       .service = &daemon->service,
                                       .mailboxes = server_mailboxes(daemon->server),
                                       .clock = &daemon->engine.clock,
                                       .interval_us = systemd_watchdog_us()};

    options.feeds = options.interval_us != 0;
    if (!options.feeds)
        options.interval_us = WATCH_US;
    *out = watchdog_new(&options);
    admin_watch(daemon->admin, *out);
    return *out == NULL ? -ENOMEM : 0;
}

static void
reload(void *arg)
{
    struct daemon *daemon = arg;
    struct reload again = {.argc = daemon->argc,
                           .argv = daemon->argv,
                           .options = &daemon->options,
                           .log = &daemon->log,
                           .service = &daemon->service,
                           .server = daemon->server,
                           .rules = &daemon->rules,
                           .tls = daemon->tls};
    char why[OPTIONS_WHY_MAX], status[STATUS_MAX];
    size_t len;

    describe(daemon, status);
    len = strlen(status);
    if (!reload_run(&again, why))
        snprintf(status + len, sizeof status - len, "; the last reload was refused: %s", why);
    systemd_ready(status);
}

// Serves and drains; the writer runs. Returns the exit status.
static int
serve_clients(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct watchdog *watchdog = NULL;
    int rc = watch_threads(daemon, &watchdog);

    if (rc == 0)
        rc = start_reader(daemon);
    if (rc == 0)
        rc = start_tasks(daemon);
    if (rc == 0)
        rc = server_start(daemon->server);
    if (rc != 0) {
        admin_watch(daemon->admin, NULL);
        watchdog_free(watchdog);
        LOG_ERROR(&daemon->log, "main", "can not start", LOG_ERRNO(-rc));
        return EXIT_FAILED;
    }
    server_on_reload(daemon->server, reload, daemon);
    tell_serving(daemon);
    rc = server_run(daemon->server, (int64_t)options->drain_timeout_s * 1000000);
    admin_watch(daemon->admin, NULL);
    watchdog_free(watchdog);
    log_tell_left_out(&daemon->log, true);
    return rc;
}

static int
run_engine(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct service *service = &daemon->service;
    struct queue_options queue = settings_queue(options, service->workers);
    struct writer_options writer = {.store = service->store,
                                    .mailboxes = server_mailboxes(daemon->server),
                                    .workers = service->workers,
                                    .owner = server_mailbox(daemon->server),
                                    .log = &daemon->log,
                                    .rules = &daemon->rules,
                                    .erasures = daemon->erasures};
    struct rules rules = settings_rules(options);
    int rc = rules_open(&daemon->rules, &rules);

    if (rc != 0)
        return fail_store(daemon, STORE_FAULT_MEMORY);
    rc = engine_start(&daemon->engine, &queue, &writer);

    service->queue = daemon->engine.queue;
    service->writer = daemon->engine.writer;
    if (rc == 0)
        service->gauges = clockwork_gauges(daemon->engine.clockwork);
    rc = rc != 0 ? fail_store(daemon, rc) : serve_clients(daemon);
    reader_finish(daemon->reader);
    tasks_finish(service->tasks);
    engine_finish(&daemon->engine);
    rules_close(&daemon->rules);
    return rc;
}

// Whom a restored store knows although they were forgotten is forgotten again before anybody is served.
static int
forget_again(struct daemon *daemon, struct fault *fault)
{
    int rc = erasures_open(daemon->options.erasures, &daemon->erasures, fault);

    if (rc == 0)
        rc = erasures_apply(daemon->erasures, daemon->service.store, &daemon->log, fault);
    daemon->backups.erasures = daemon->erasures;
    if (settings_keep_too_much(&daemon->options)) // what is not kept must not stay in the journal either
        LOG_WARNING(&daemon->log, "main",
                    "the journal tells of placements for longer than they are kept; see retain_journal_days");
    return rc;
}

// Opens the store, which may upgrade it.
static int
open_store(struct daemon *daemon)
{
    struct service *service = &daemon->service;
    struct store_options options = {
        .dir = daemon->options.data_dir,
        .map_bytes = daemon->options.map_size,
        .max_readers = service->workers + (unsigned)daemon->options.long_read_threads + SPARE_READERS,
        .plain_upgrade = strcmp(daemon->options.upgrade_backup, "no") == 0,
        .was_used = secret_exists(daemon->options.data_dir)};
    struct fault fault;
    int rc;

    systemd_starting("opens the store; one of an older format is copied and upgraded, which takes minutes");
    rc = store_open(&options, &service->store, &fault);
    if (rc != 0)
        return rc == FAULT ? fail(daemon, &fault) : fail_store(daemon, rc);
    if (store_upgraded_from(service->store) != 0)
        LOG_NOTICE(&daemon->log, "main", "the store was upgraded", LOG_YES("copied", !options.plain_upgrade),
                   LOG_U64("from", store_upgraded_from(service->store)), LOG_U64("to", STORE_FORMAT));
    if (store_was_emptied(service->store))
        LOG_WARNING(&daemon->log, "load", "a stream was not read to its end; nothing of it is in the store");
    return 0;
}

// Sees to it that the store has its key and its taxonomy, and knows nobody who was forgotten.
static int
fill_store(struct daemon *daemon)
{
    struct service *service = &daemon->service;
    struct fault fault;
    int rc;

    systemd_starting("reads the taxonomy, and forgets again whom a restored store knows");
    rc = store_key_open(service->store, daemon->options.data_dir, &service->secret, &fault);
    daemon->backups = (struct backup_options){.dir = daemon->options.backup_dir,
                                              .map_bytes = daemon->options.map_size,
                                              .verifier = daemon->verifier,
                                              .log = &daemon->log};
    if (rc == 0)
        rc = seed_load(service->store, daemon->options.seeds, &daemon->log, &fault);
    if (rc == 0)
        rc = forget_again(daemon, &fault);
    if (rc == 0)
        return 0;
    return rc == FAULT ? fail(daemon, &fault) : fail_store(daemon, rc);
}

// From the listeners to the end of the last request.
static int
run_daemon(struct daemon *daemon)
{
    struct quota_options quota = settings_quota(&daemon->options);
    struct service *service = &daemon->service;
    int rc;

    daemon->server = server_new(service);
    service->quota = quota_new(&quota);
    service->tallies = tallies_new(service->workers + (unsigned)daemon->options.long_read_threads);
    if (daemon->server == NULL || service->quota == NULL || service->tallies == NULL)
        return fail_store(daemon, STORE_FAULT_MEMORY);
    rc = listen_and_confine(daemon);
    return rc == 0 ? run_engine(daemon) : rc;
}

static void
close_daemon(struct daemon *daemon)
{
    struct service *service = &daemon->service;

    admin_free(daemon->admin);
    server_free(daemon->server);
    erasures_close(daemon->erasures);
    readings_free(service->readings);
    quota_free(service->quota);
    tallies_free(service->tallies);
    secret_free(service->secret);
    store_close(service->store);
}

static int
serve(struct daemon *daemon)
{
    int rc;

    signal(SIGPIPE, SIG_IGN);
    if (service_init(&daemon->service, &daemon->options, &daemon->log) != 0)
        return fail_store(daemon, STORE_FAULT_MEMORY);
    rc = open_store(daemon);
    if (rc != 0)
        return rc;
    rc = fill_store(daemon);
    if (rc == 0)
        rc = run_daemon(daemon);
    close_daemon(daemon);
    return rc;
}

// Without a start, what is wrong is told as for the file itself.
static int
test_config(const struct daemon *daemon)
{
    struct preflight preflight = {.options = &daemon->options, .log = &daemon->log};
    char why[OPTIONS_WHY_MAX];
    struct fault fault;

    if (preflight_run(&preflight, &fault) == 0) {
        printf("the configuration is good\n");
        return 0;
    }
    options_blame(&daemon->options, fault.field, fault.message, why);
    fprintf(stderr, "kansend: %s\n", why);
    return EXIT_USAGE;
}

static int
run(struct daemon *daemon)
{
    struct fault fault;

    switch (daemon->options.mode) {
    case OPTIONS_HELP:
        options_flags_help(stdout);
        return 0;
    case OPTIONS_PRINT_CONFIG:
        options_print(&daemon->options, stdout);
        return 0;
    case OPTIONS_VERSION:
        printf("kansend %s\n", KANSEN_VERSION);
        return 0;
    case OPTIONS_CHECK:
    case OPTIONS_COMPACT:
    case OPTIONS_FORGET_KEY:
    case OPTIONS_REPLAY:
        return offline_run(&daemon->options, stdout);
    case OPTIONS_TEST_CONFIG:
        return test_config(daemon);
    case OPTIONS_SERVE:
        break;
    }
    // A process beside this one must know neither its sockets nor its keys.
    if (verifier_start(&daemon->options, &daemon->log, &daemon->verifier, &fault) != 0)
        return fail(daemon, &fault);
    return parse_addresses(daemon) != 0 ? EXIT_USAGE : serve(daemon);
}

int
main(int argc, char **argv)
{
    struct daemon daemon = {.argc = argc, .argv = argv};
    char why[OPTIONS_WHY_MAX];
    int rc;

    streams_open();
    server_hold_reload(true);
    if (options_read(argc, argv, &daemon.options, why) != 0) {
        fprintf(stderr, "kansend: %s\n", why);
        return EXIT_USAGE;
    }
    server_hold_reload(daemon.options.mode == OPTIONS_SERVE);
    log_open(&daemon.log, STDERR_FILENO,
             daemon.options.log_level == NULL ? (int)LOG_LEVEL_INFO
                                              : log_level_named(daemon.options.log_level),
             &daemon.log_counts);
    rc = run(&daemon);
    verifier_free(daemon.verifier);
    limits_free(&daemon.service);
    tls_free(daemon.tls);
    options_free(&daemon.options);
    return rc;
}
