// SPDX-License-Identifier: Apache-2.0
// The client before a hostile server. Two bytes choose a command line of kansenctl and how it is run; the
// others are what the server sends: frames with responses. First libkansen's core reads them, cut anywhere,
// then the verb does, over a socket.
#include "client/cli/cli.h"
#include "client/lib/kansen.h"
#include "client/lib/kansen_address.h"
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_frames.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS   40u
#define WORDS_MAX  16u
#define PATH_BYTES 256u

enum { JSON = 0x01, NO_HELLO = 0x02, PIECES_SHIFT = 2 };

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_kansen_address_connect(const char *server, uint32_t timeout_ms, int *fd, char *error,
                                  size_t error_size);

static FILE *nowhere;
static char queries[PATH_BYTES], offers[PATH_BYTES]; // files
static struct {
    const uint8_t *data;
    size_t size;
    bool hello; // it says hello as it should
    int fd;     // its end; -1 = nobody has connected
} server = {.fd = -1};

// ---- The core

// Requests in flight, every fifth of them a watch.
static struct kansen_core *
ask(void)
{
    struct kansen_core *core = kansen_core_new(FRAME_DEFAULT_MAX);
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    size_t len;

    assert(core != NULL);
    for (unsigned i = 1; i <= REQUESTS; i++) {
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        uint64_t id;

        request.body_case = i % 5 == 0 ? KANSEN__V1__REQUEST__BODY_WATCH : KANSEN__V1__REQUEST__BODY_PING;
        if (i % 5 == 0)
            request.watch = &watch;
        else
            request.ping = &ping;
        assert(kansen_core_request(core, &request, &id) == 0 && id == i);
    }
    (void)kansen_core_output(core, &len);
    kansen_core_sent(core, len);
    return core;
}

// Takes what is there. False when the peer broke the protocol.
static bool
take(struct kansen_core *core)
{
    Kansen__V1__Response *response;
    size_t before = kansen_core_in_flight(core);
    int rc;

    while ((rc = kansen_core_response(core, &response)) == 0) {
        size_t after = kansen_core_in_flight(core);

        assert(before - after == (response->id == 0 || !kansen_is_last(response) ? 0 : 1));
        before = after;
        kansen__v1__response__free_unpacked(response, NULL);
    }
    assert(rc == KANSEN_E_MORE || rc == KANSEN_E_PROTOCOL);
    return rc == KANSEN_E_MORE;
}

static void
read_core(const uint8_t *data, size_t size, size_t piece)
{
    struct kansen_core *core = ask();
    bool good = true;

    for (size_t at = 0; at < size && good; at += piece) {
        assert(kansen_core_feed(core, data + at, size - at < piece ? size - at : piece) == 0);
        good = take(core);
    }
    kansen_core_free(core);
}

// ---- The server, and time

// The client wants to wait for time to pass: a server may ask for that.
int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return count == 0 ? 0 : __real_poll(fds, count, timeout_ms);
}

static void
say_hello(int fd)
{
    Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    uint8_t bytes[64];
    size_t len;

    hello.protocol_version = 1;
    hello.max_frame_bytes = FRAME_DEFAULT_MAX;
    hello.max_in_flight = hello.max_batch_writes = 10;
    response.id = 1;
    response.body_case = KANSEN__V1__RESPONSE__BODY_HELLO;
    response.hello = &hello;
    len = kansen__v1__response__get_packed_size(&response);
    assert(len < sizeof bytes); // so its length is one byte
    bytes[0] = (uint8_t)len;
    kansen__v1__response__pack(&response, bytes + 1);
    assert(write(fd, bytes, len + 1) == (ssize_t)(len + 1));
}

// Everything that the server will ever send lies in the socket before the client asks.
int
__wrap_kansen_address_connect(const char *address, uint32_t timeout_ms, int *fd, char *error,
                              size_t error_size)
{
    int ends[2];

    (void)address;
    (void)timeout_ms;
    (void)error;
    (void)error_size;
    assert(server.fd < 0);
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    server.fd = ends[1];
    if (server.hello)
        say_hello(server.fd);
    assert(write(server.fd, server.data, server.size) == (ssize_t)server.size);
    assert(shutdown(server.fd, SHUT_WR) == 0);
    *fd = ends[0];
    return 0;
}

// ---- Verbs

static const struct line {
    const char *verb;
    const char *words[WORDS_MAX]; // ends with NULL
} lines[] = {
    {"match", {"--from", "GM0606", "--total", "--facets", "--discover", "3", "--interest", "sport:20"}},
    {"match", {"--batch", queries}},
    {"explain", {"1", "--from", "GM0606"}},
    {"interests", {"voetbal"}},
    {"regions", {"schiedam"}},
    {"partner show", {"1"}},
    {"partner list", {NULL}},
    {"partner approve", {"club"}},
    {"partner remove", {"1"}},
    {"partner declines", {"club"}},
    {"offer show", {"club/o15"}},
    {"offer list", {NULL}},
    {"offer add",
     {"--external-id", "a", "--partner", "club", "--kind", "sport", "--title", "T", "--interests", "sport",
      "--seats", "2"}},
    {"placement reserve", {"1", "--student", "s"}},
    {"placement decline", {"1", "--reason", "period"}},
    {"placement list", {NULL}},
    {"placement show", {"1"}},
    {"placement forget", {"--student", "s"}},
    {"watch", {"--from", "1", "--until-now"}},
    {"import", {"offers", offers}},
    {"export", {"offers"}},
    {"export", {"partners"}},
    {"export", {"regions"}},
    {"export", {"interests"}},
    {"export", {"postcodes"}},
    {"status", {NULL}},
    {"ping", {NULL}},
};

static const struct verb *
verb_named(const char *name)
{
    const struct verb *verb = verbs;

    while (strcmp(verb->name, name) != 0)
        verb++;
    return verb;
}

static void
run_verb(const struct line *line, bool json)
{
    struct cli cli = {.server = "unix:/", .timeout_ms = 10000, .json = json, .verb = verb_named(line->verb)};
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0, status;

    for (; line->words[argc] != NULL; argc++) {
        argv[argc] = strdup(line->words[argc]);
        assert(argv[argc] != NULL);
    }
    status = cli.verb->run(&cli, argc, argv);
    assert(status >= CLI_OK && status <= CLI_UNREACHABLE);
    assert(server.fd >= 0); // else the line is no good
    kansen_free(cli.kansen);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
}

// ---- All

static void
write_file(char path[PATH_BYTES], const char *name, const char *text)
{
    const char *place = getenv("TMPDIR");
    FILE *file;

    snprintf(path, PATH_BYTES, "%s/%s-%d", place == NULL ? "/tmp" : place, name, (int)getpid());
    file = fopen(path, "w");
    assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    nowhere = fopen("/dev/null", "w");
    assert(nowhere != NULL);
    write_file(queries, "queries", "{\"from\":\"GM0606\"}\n{\"region\":\"NL\",\"want_total\":true}\nno\n");
    write_file(
        offers, "offers.csv",
        "external_id,partner,kind,title,interests,seats\na,club,sport,T,sport,2\nb,club,sport,U,zorg,1\n");
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct line *line = &lines[fuzz_byte(&data, &size) % (sizeof lines / sizeof lines[0])];
    uint8_t how = fuzz_byte(&data, &size);
    FILE *out = stdout, *err = stderr;
    sigset_t signals;

    read_core(data, size, size / (1 + (size_t)(how >> PIECES_SHIFT) % 8) + 1);
    server.data = data;
    server.size = size;
    server.hello = (how & NO_HELLO) == 0;
    assert(sigprocmask(SIG_SETMASK, NULL, &signals) == 0);
    stdout = stderr = nowhere;
    run_verb(line, (how & JSON) != 0);
    stdout = out;
    stderr = err;
    assert(sigprocmask(SIG_SETMASK, &signals, NULL) == 0); // a watch blocks some
    close(server.fd);
    server.fd = -1;
    return 0;
}

// The two bytes in front stay, mostly.
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if (size < 2 || max < 3 || seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, max);
    return 2 + mutate_frames_row(&kansen__v1__response__descriptor, data + 2, size - 2, max - 2, seed);
}

size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                          uint8_t *out, size_t max, unsigned seed)
{
    if (one_size < 2 || two_size < 2 || max < 3)
        return 0;
    memcpy(out, one, 2);
    return 2 + mutate_frames_cross(one + 2, one_size - 2, two + 2, two_size - 2, out + 2, max - 2, seed);
}
