// SPDX-License-Identifier: Apache-2.0
// load: asks a daemon as fast as it answers, or at a given rate, for a given time, and prints one JSON object
// with what was measured. One thread. Usage: load --help.
#include "tests/bench/traffic.h"
#include "tests/bench/verify.h"
#include "tests/bench/writes.h"
#include <err.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFERS_MAX      4096 // of a file, that are registered again and again
#define SECONDS_MAX     600.0
#define US_PER_NS       1e-3
#define CONNECTIONS_MAX 4096

static const char help[] =
    "usage: load --server ADDRESS:PORT|unix:/PATH [OPTION...] WHAT\n"
    "WHAT is asked, one of:\n"
    "  --requests FILE       match requests: frames, or one JSON object a line (*.jsonl), round robin\n"
    "  --ping                nothing but a sign of life\n"
    "  --offers FILE.csv     registrations of offers like those in the file, --prefix and a number as "
    "external id\n"
    "  --reserve FIRST-LAST  a seat of the offers with these ids, for a new student each time\n"
    "OPTIONs:\n"
    "  --tls FILE            by TLS, with a certificate that these CA certificates (PEM) have signed\n"
    "  --connections N       1\n"
    "  --in-flight N         requests in flight on each connection (1)\n"
    "  --rate R              so many requests a second by the clock, not as fast as answers come\n"
    "  --seconds S           length of the window that is measured (3)\n"
    "  --warm-up S           before it (0.5)\n"
    "  --count N             the window ends after so many answers, too\n"
    "  --slow FILE           afterwards a second window, in which another connection asks these requests as "
    "well\n"
    "  --slow-every S        so often (0.25)\n"
    "  --verify FILE         measures nothing: asks each request once and writes the answers for comparison\n"
    "  --token-file FILE     the first line is the token that Hello tells\n"
    "  --pid PID             the daemon, to tell its CPU time\n"
    "  --cpu N               runs on this core only\n"
    "  --prefix TEXT         of external ids and students (load-)\n"
    "  --serial N            first number behind it (0)\n"
    "Exit status: 0, 1 when something failed or an answer was not OK, 2 when it was called wrongly.\n";

struct given {
    const char *requests, *offers, *slow, *verify, *prefix;
    bool ping;
    unsigned long long first, last;
    double rate, slow_every;
    struct traffic_kind normal;
    struct traffic_run run;
    char host[64], token[128];
};

static int
wrong(const char *what)
{
    fprintf(stderr, "load: %s; load --help says more\n", what);
    exit(2);
}

static double
number(const char *text, double least, double greatest)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= least && value <= greatest))
        errx(2, "\"%s\" is not allowed: a number from %g to %g", text, least, greatest);
    return value;
}

static void
run_on(int core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        err(1, "core %d", core);
}

static void
set_server(struct given *given, const char *text)
{
    const char *colon = strrchr(text, ':');

    if (strncmp(text, "unix:/", 6) == 0) {
        given->run.host = text + 5;
        return;
    }
    if (colon == NULL || (size_t)(colon - text) >= sizeof given->host)
        wrong("--server takes ADDRESS:PORT or unix:/PATH");
    snprintf(given->host, sizeof given->host, "%.*s", (int)(colon - text), text);
    given->run.host = given->host;
    given->run.port = (unsigned)number(colon + 1, 1, 65535);
}

static void
read_token(struct given *given, const char *path)
{
    FILE *file = fopen(path, "re");

    if (file == NULL || fgets(given->token, sizeof given->token, file) == NULL)
        err(1, "%s", path);
    given->token[strcspn(given->token, "\r\n")] = '\0';
    fclose(file);
}

enum flag {
    FLAG_HELP,
    FLAG_SERVER,
    FLAG_TLS,
    FLAG_REQUESTS,
    FLAG_PING,
    FLAG_OFFERS,
    FLAG_RESERVE,
    FLAG_CONNECTIONS,
    FLAG_IN_FLIGHT,
    FLAG_RATE,
    FLAG_SECONDS,
    FLAG_WARM_UP,
    FLAG_COUNT,
    FLAG_SLOW,
    FLAG_SLOW_EVERY,
    FLAG_VERIFY,
    FLAG_PID,
    FLAG_CPU,
    FLAG_PREFIX,
    FLAG_SERIAL,
    FLAG_TOKEN_FILE,
};

static const struct option flags[] = {{"help", no_argument, NULL, FLAG_HELP},
                                      {"server", required_argument, NULL, FLAG_SERVER},
                                      {"tls", required_argument, NULL, FLAG_TLS},
                                      {"requests", required_argument, NULL, FLAG_REQUESTS},
                                      {"ping", no_argument, NULL, FLAG_PING},
                                      {"offers", required_argument, NULL, FLAG_OFFERS},
                                      {"reserve", required_argument, NULL, FLAG_RESERVE},
                                      {"connections", required_argument, NULL, FLAG_CONNECTIONS},
                                      {"in-flight", required_argument, NULL, FLAG_IN_FLIGHT},
                                      {"rate", required_argument, NULL, FLAG_RATE},
                                      {"seconds", required_argument, NULL, FLAG_SECONDS},
                                      {"warm-up", required_argument, NULL, FLAG_WARM_UP},
                                      {"count", required_argument, NULL, FLAG_COUNT},
                                      {"slow", required_argument, NULL, FLAG_SLOW},
                                      {"slow-every", required_argument, NULL, FLAG_SLOW_EVERY},
                                      {"verify", required_argument, NULL, FLAG_VERIFY},
                                      {"pid", required_argument, NULL, FLAG_PID},
                                      {"cpu", required_argument, NULL, FLAG_CPU},
                                      {"prefix", required_argument, NULL, FLAG_PREFIX},
                                      {"serial", required_argument, NULL, FLAG_SERIAL},
                                      {"token-file", required_argument, NULL, FLAG_TOKEN_FILE},
                                      {0}};

static void
set_what(struct given *given, enum flag flag, const char *text)
{
    switch (flag) {
    case FLAG_REQUESTS:
        given->requests = text;
        break;
    case FLAG_PING:
        given->ping = true;
        break;
    case FLAG_OFFERS:
        given->offers = text;
        break;
    case FLAG_RESERVE:
        if (sscanf(text, "%llu-%llu", &given->first, &given->last) != 2 || given->first == 0 ||
            given->last < given->first)
            wrong("--reserve takes FIRST-LAST");
        break;
    case FLAG_SLOW:
        given->slow = text;
        break;
    case FLAG_VERIFY:
        given->verify = text;
        break;
    case FLAG_TOKEN_FILE:
        read_token(given, text);
        break;
    case FLAG_TLS:
        given->run.ca = text;
        break;
    case FLAG_PREFIX:
        given->prefix = text;
        break;
    default:
        wrong("that is no option");
    }
}

static void
set_flag(struct given *given, enum flag flag, const char *text)
{
    switch (flag) {
    case FLAG_HELP:
        fputs(help, stdout);
        exit(0);
    case FLAG_SERVER:
        set_server(given, text);
        break;
    case FLAG_CONNECTIONS:
        given->normal.connections = (unsigned)number(text, 1, CONNECTIONS_MAX);
        break;
    case FLAG_IN_FLIGHT:
        given->normal.depth = (unsigned)number(text, 1, 65536);
        break;
    case FLAG_RATE:
        given->normal.interval = 1 / number(text, 1e-3, 1e6);
        break;
    case FLAG_SECONDS:
        given->run.seconds = number(text, 0, SECONDS_MAX);
        break;
    case FLAG_WARM_UP:
        given->run.warm_up = number(text, 0, SECONDS_MAX);
        break;
    case FLAG_COUNT:
        given->run.most = (uint64_t)number(text, 1, 1e12);
        break;
    case FLAG_SLOW_EVERY:
        given->slow_every = number(text, 1e-3, SECONDS_MAX);
        break;
    case FLAG_PID:
        given->run.daemon = (pid_t)number(text, 1, 1 << 30);
        break;
    case FLAG_CPU:
        run_on((int)number(text, 0, CPU_SETSIZE - 1));
        break;
    case FLAG_SERIAL:
        given->run.serial = (uint64_t)number(text, 0, 9e9);
        break;
    default:
        set_what(given, flag, text);
    }
}

static void
add_pings(struct frames *frames)
{
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;

    for (int i = 0; i < OFFERS_MAX; i++) {
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

        request.body_case = KANSEN__V1__REQUEST__BODY_PING;
        request.ping = &ping;
        frames_add(frames, &request, NULL);
    }
}

static void
prepare(const struct given *given, struct frames *frames)
{
    if (given->run.host == NULL)
        wrong("--server is missing");
    if ((given->requests != NULL) + given->ping + (given->offers != NULL) + (given->first != 0) != 1)
        wrong("one of --requests, --ping, --offers and --reserve is needed");
    if (given->verify != NULL && (given->requests == NULL || given->run.ca != NULL))
        wrong("--verify needs --requests and does not go by TLS");
    if (given->requests != NULL)
        frames_read(frames, given->requests);
    else if (given->ping)
        add_pings(frames);
    else if (given->offers != NULL)
        writes_add_offers(frames, given->offers, OFFERS_MAX, given->prefix);
    else
        writes_add_reservations(frames, given->first, given->last, given->prefix);
}

static void
print_kind(const char *name, const struct traffic_kind *kind, double took)
{
    const struct histogram *times = &kind->times;
    double count = times->count > 0 ? (double)times->count : 1;

    printf("\"%s\": {\"connections\": %u, \"in_flight\": %u, \"answers\": %llu, \"refused\": %llu, "
           "\"drained\": %llu, \"qps\": "
           "%.1f, "
           "\"mean_us\": %.2f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, "
           "\"bytes_per_answer\": %.1f}",
           name, kind->connections, kind->depth, (unsigned long long)times->count,
           (unsigned long long)kind->refused, (unsigned long long)kind->drained, (double)times->count / took,
           (double)times->sum / count * US_PER_NS, (double)histogram_at(times, 0.5) * US_PER_NS,
           (double)histogram_at(times, 0.99) * US_PER_NS, (double)histogram_at(times, 0.999) * US_PER_NS,
           (double)times->greatest * US_PER_NS, (double)kind->bytes / count);
}

static void
print_run(const struct traffic_run *run)
{
    printf("\"seconds\": %.4f, \"daemon_cpu_s\": %.6f, \"load_cpu_s\": %.6f, \"serial\": %llu", run->took,
           run->daemon_cpu, run->own_cpu, (unsigned long long)run->serial);
}

// The first window, and with --slow the second one. Whether all answers were OK.
static bool
measure(struct given *given, struct frames *frames)
{
    struct traffic_kind kinds[2] = {given->normal, {.connections = 1, .depth = 1}};
    struct frames slow = {.count = 0};
    bool good;

    kinds[0].frames = frames;
    kinds[0].punctual = true;
    kinds[1].frames = &slow;
    kinds[1].interval = given->slow_every;
    given->run.kinds = kinds;
    given->run.n_kinds = 1;
    traffic_run(&given->run);
    good = kinds[0].refused == 0 && kinds[0].times.count > 0;
    printf("{");
    print_run(&given->run);
    printf(", ");
    print_kind("normal", &kinds[0], given->run.took);
    if (given->slow != NULL) {
        frames_read(&slow, given->slow);
        given->run.n_kinds = 2;
        traffic_run(&given->run);
        good = good && kinds[0].refused == 0 && kinds[1].refused == 0 && kinds[1].times.count > 0;
        printf(", \"mixed\": {");
        print_run(&given->run);
        printf(", ");
        print_kind("normal", &kinds[0], given->run.took);
        printf(", ");
        print_kind("slow", &kinds[1], given->run.took);
        printf("}");
    }
    printf("}\n");
    frames_free(&slow);
    return good;
}

int
main(int argc, char **argv)
{
    struct given given = {.prefix = "load-",
                          .slow_every = 0.25,
                          .normal = {.connections = 1, .depth = 1},
                          .run = {.seconds = 3, .warm_up = 0.5}};
    struct frames frames = {.count = 0};
    bool good = true;
    int flag;

    signal(SIGPIPE, SIG_IGN);
    while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
        set_flag(&given, (enum flag)flag, optarg);
    if (optind != argc)
        wrong("it takes options only");
    given.run.token = given.token;
    prepare(&given, &frames);
    if (given.verify != NULL)
        verify_write(&given.run, &frames, given.verify);
    else
        good = measure(&given, &frames);
    frames_free(&frames);
    return good ? 0 : 1;
}
