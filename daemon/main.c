// SPDX-License-Identifier: Apache-2.0
// kansend: reads its options, opens the store, and serves until it is told to stop. The order of opening is
// the reverse of the order of closing; nothing listens before the store is good and filled.
#include "admin/admin.h"
#include "auth/secret.h"
#include "auth/store_key.h"
#include "base/log.h"
#include "base/options.h"
#include "base/sandbox.h"
#include "base/systemd.h"
#include "base/version.h"
#include "net/passed.h"
#include "net/server.h"
#include "net/tls.h"
#include "net/watchdog.h"
#include "rpc/quota.h"
#include "rpc/reader.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "store/check.h"
#include "store/compact.h"
#include "store/store.h"
#include "work/engine.h"
#include "work/erasures.h"
#include "work/seed.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_FAILED   1
#define EXIT_USAGE    2
#define SPARE_READERS 16u // beside those of the workers
#define DAY_US        INT64_C(86400000000)

struct daemon {
    struct options options;
    struct log log;
    struct address listen[OPTIONS_LISTEN_MAX];
    size_t n_listen;
    struct address admin_address;
    bool has_admin;
    struct tls *tls; // NULL = no listener needs it
    struct service service;
    struct server *server;
    struct admin *admin;
    struct engine engine;
    struct erasures *erasures;
    struct reader *reader;
};

static int
fail(struct daemon *daemon, const struct fault *fault)
{
    log_line(&daemon->log, LOG_LEVEL_ERROR, "main", "%s%s%s", fault->field,
             fault->field[0] == '\0' ? "" : ": ", fault->message);
    return EXIT_FAILED;
}

static int
fail_store(struct daemon *daemon, int rc)
{
    log_line(&daemon->log, LOG_LEVEL_ERROR, "main", "the store failed fault=\"%s\"", store_fault_text(rc));
    return EXIT_FAILED;
}

static int
open_tls(struct daemon *daemon, struct fault *fault)
{
    const struct options *options = &daemon->options;
    struct tls_options tls = {.certificate = options->tls_certificate,
                              .key = options->tls_key,
                              .client_ca = options->tls_client_ca,
                              .client_crl = options->tls_client_crl,
                              .allow_tls12 = strcmp(options->tls_min_version, "1.2") == 0};
    char about[TLS_ABOUT_MAX];

    if (options->tls_certificate == NULL)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "listen", "tls: needs tls_certificate");
    if (strcmp(options->tls_client, "off") != 0)
        tls.client = strcmp(options->tls_client, "required") == 0 ? TLS_CLIENT_REQUIRED : TLS_CLIENT_OPTIONAL;
    if (tls_new(&tls, &daemon->tls, fault) != 0)
        return FAULT;
    log_line(&daemon->log, LOG_LEVEL_INFO, "tls", "the certificate was read %s",
             tls_about(daemon->tls, about));
    return 0;
}

static int
parse_addresses(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    bool plain_anywhere = strcmp(options->insecure_plain_tcp_on_any_address, "yes") == 0;
    bool tls = options->mode == OPTIONS_TEST_CONFIG && options->tls_certificate != NULL;
    struct passed passed = {
        .plain_anywhere = plain_anywhere, .listen = daemon->listen, .admin = &daemon->admin_address};
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
        address_parse_tcp(options->admin, "admin", &daemon->admin_address, &fault) != 0)
        return fail(daemon, &fault);
    return 0;
}

static void
tell_serving(struct daemon *daemon)
{
    char addresses[OPTIONS_LISTEN_MAX * ADDRESS_TEXT_MAX], admin[ADDRESS_TEXT_MAX] = "off";
    char status[sizeof addresses + ADDRESS_TEXT_MAX + sizeof "serves on  (admin )"];

    if (daemon->admin != NULL)
        admin_address(daemon->admin, admin);
    server_addresses(daemon->server, addresses, sizeof addresses);
    snprintf(status, sizeof status, "serves on %s (admin %s)", addresses, admin);
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

// Opens the listeners, which do not accept yet, and then gives up what is needed no more. No thread has
// started, so that all of them inherit the sandbox. 0 or the exit status.
static int
listen_and_confine(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct fault fault;

    server_use_tls(daemon->server, daemon->tls);
    for (size_t i = 0; i < daemon->n_listen; i++) {
        if (server_listen(daemon->server, &daemon->listen[i], &fault) != 0)
            return fail(daemon, &fault);
    }
    if (daemon->has_admin && admin_start(server_base(daemon->server), &daemon->service,
                                         &daemon->admin_address, &daemon->admin, &fault) != 0)
        return fail(daemon, &fault);
    if (sandbox_enter(options, &daemon->log, &daemon->service.sandbox, &fault) != 0)
        return fail(daemon, &fault);
    return 0;
}

// 0 or -errno; *out stays NULL where nobody wants to be told.
static int
watch_threads(struct daemon *daemon, struct watchdog **out)
{
    struct watchdog_options options = {.base = server_base(daemon->server),
                                       .service = &daemon->service,
                                       .mailboxes = server_mailboxes(daemon->server),
                                       .clock = &daemon->engine.clock,
                                       .interval_us = systemd_watchdog_us()};

    if (options.interval_us == 0)
        return 0;
    *out = watchdog_new(&options);
    return *out == NULL ? -ENOMEM : 0;
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
        rc = server_start(daemon->server, options->output_buffer);
    if (rc != 0) {
        watchdog_free(watchdog);
        log_line(&daemon->log, LOG_LEVEL_ERROR, "main", "can not start why=\"%s\"", strerror(-rc));
        return EXIT_FAILED;
    }
    tell_serving(daemon);
    rc = server_run(daemon->server, (int64_t)options->drain_timeout_s * 1000000);
    watchdog_free(watchdog);
    return rc;
}

static int
run_engine(struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    struct service *service = &daemon->service;
    struct queue_options queue = {options->write_queue, options->write_queue_size, service->workers};
    struct writer_options writer = {.store = service->store,
                                    .mailboxes = server_mailboxes(daemon->server),
                                    .workers = service->workers,
                                    .owner = server_mailbox(daemon->server),
                                    .log = &daemon->log,
                                    .group = options->commit_group,
                                    .delay_us = (int64_t)options->commit_delay_ms * 1000,
                                    .max_holds = (uint32_t)options->max_holds,
                                    .journal_keep = options->journal_keep,
                                    .retain = {(int64_t)options->retain_placements_days * DAY_US,
                                               (int64_t)options->retain_students_days * DAY_US,
                                               (int64_t)options->retain_journal_days * DAY_US},
                                    .erasures = daemon->erasures};
    int rc = engine_start(&daemon->engine, &queue, &writer);

    service->queue = daemon->engine.queue;
    service->writer = daemon->engine.writer;
    rc = rc != 0 ? fail_store(daemon, rc) : serve_clients(daemon);
    reader_finish(daemon->reader);
    engine_finish(&daemon->engine);
    return rc;
}

// What is not kept must not stay in the journal either.
static void
warn_of_retention(const struct daemon *daemon)
{
    const struct options *options = &daemon->options;
    uint64_t placements = options->retain_placements_days, journal = options->retain_journal_days;

    if (placements != 0 && options->journal_keep == 0 && (journal == 0 || journal > placements))
        log_line(&daemon->log, LOG_LEVEL_WARNING, "main",
                 "the journal tells of placements for longer than they are kept; see retain_journal_days");
}

// Whom a restored store knows although they were forgotten is forgotten again before anybody is served.
static int
forget_again(struct daemon *daemon, struct fault *fault)
{
    int rc = erasures_open(daemon->options.erasures, &daemon->erasures, fault);

    if (rc == 0)
        rc = erasures_apply(daemon->erasures, daemon->service.store, &daemon->log, fault);
    warn_of_retention(daemon);
    return rc;
}

static struct quota *
make_quota(const struct options *options)
{
    struct quota_options quota = {.connections = (uint32_t)options->token_connections,
                                  .rate = options->token_rate,
                                  .burst = options->token_burst};

    return quota_new(&quota);
}

static int
serve(struct daemon *daemon)
{
    struct store_options store_options = {.dir = daemon->options.data_dir,
                                          .map_bytes = daemon->options.map_size};
    struct service *service = &daemon->service;
    struct fault fault;
    int rc;

    signal(SIGPIPE, SIG_IGN);
    service_init(service, &daemon->options, &daemon->log);
    store_options.max_readers =
        service->workers + (unsigned)daemon->options.long_read_threads + SPARE_READERS;
    rc = store_open(&store_options, &service->store, &fault);
    if (rc != 0)
        return rc == FAULT ? fail(daemon, &fault) : fail_store(daemon, rc);
    rc = store_key_open(service->store, daemon->options.data_dir, &service->secret, &fault);
    if (rc == 0)
        rc = seed_load(service->store, daemon->options.seeds, &daemon->log, &fault);
    if (rc == 0)
        rc = forget_again(daemon, &fault);
    if (rc != 0) {
        rc = rc == FAULT ? fail(daemon, &fault) : fail_store(daemon, rc);
    } else {
        daemon->server = server_new(service);
        service->quota = make_quota(&daemon->options);
        rc = daemon->server == NULL || service->quota == NULL ? fail_store(daemon, STORE_FAULT_MEMORY)
                                                              : listen_and_confine(daemon);
        if (rc == 0)
            rc = run_engine(daemon);
    }
    admin_free(daemon->admin);
    server_free(daemon->server);
    erasures_close(daemon->erasures);
    readings_free(service->readings);
    quota_free(service->quota);
    secret_free(service->secret);
    store_close(service->store);
    return rc;
}

static int
run(struct daemon *daemon)
{
    switch (daemon->options.mode) {
    case OPTIONS_HELP:
        options_help(stdout);
        return 0;
    case OPTIONS_VERSION:
        printf("kansend %s\n", KANSEN_VERSION);
        return 0;
    case OPTIONS_CHECK:
        return check_run(daemon->options.data_dir, stdout) == 0 ? 0 : EXIT_FAILED;
    case OPTIONS_COMPACT:
        return compact_run(daemon->options.data_dir, daemon->options.map_size, stdout) == 0 ? 0 : EXIT_FAILED;
    case OPTIONS_FORGET_KEY:
        return store_key_forget(daemon->options.data_dir, stdout) == 0 ? 0 : EXIT_FAILED;
    case OPTIONS_TEST_CONFIG:
        if (parse_addresses(daemon) != 0)
            return EXIT_USAGE;
        printf("the configuration is good\n");
        return 0;
    case OPTIONS_SERVE:
        break;
    }
    return parse_addresses(daemon) != 0 ? EXIT_USAGE : serve(daemon);
}

int
main(int argc, char **argv)
{
    struct daemon daemon = {.log = {.fd = STDERR_FILENO, .prefixes = systemd_is_journal(STDERR_FILENO)}};
    int rc;

    if (options_read(argc, argv, &daemon.options) != 0)
        return EXIT_USAGE;
    daemon.log.level = LOG_LEVEL_INFO;
    if (daemon.options.log_level != NULL)
        daemon.log.level = (enum log_level)log_level_named(daemon.options.log_level);
    rc = run(&daemon);
    tls_free(daemon.tls);
    options_free(&daemon.options);
    return rc;
}
