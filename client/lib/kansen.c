// SPDX-License-Identifier: Apache-2.0
// The core over one socket that does not block; all waiting is in pump(), which waits for both directions at
// once.
#include "client/lib/kansen.h"
#include "base/version.h"
#include "client/lib/kansen_address.h"
#include "client/lib/kansen_tls.h"
#include "proto/frame.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 30000u
#define DEFAULT_IN_FLIGHT  64u
#define OUTPUT_HIGH        (1u << 20)   // bytes that may wait to be sent before kansen_send waits
#define ENCRYPTED_HIGH     (256u << 10) // bytes that TLS makes ready before the socket takes some
#define READ_SIZE          (64u * 1024)
#define FRAME_LIMIT        (64u << 20) // greatest frame that a daemon may ask us to hold

struct kansen {
    struct kansen_core *core;
    struct kansen_tls *tls; // NULL = plain
    int ended;              // the outcome that comes behind what has been received; 0 = none
    int fd;
    int interrupt_fd; // -1 = none
    uint32_t timeout_ms, max_in_flight;
    char *client_name, *token;
    bool insecure_plain_token;
    char *ca_file, *certificate_file, *key_file; // NULL = none
    Kansen__V1__Response *hello;
    char error[512];
    uint8_t data[READ_SIZE];
};

// Copies a text unless it is NULL. Whether there was memory for it.
static bool
copy(const char *text, char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

struct kansen *
kansen_new(const struct kansen_options *options)
{
    struct kansen *kansen = calloc(1, sizeof *kansen);

    if (kansen == NULL)
        return NULL;
    kansen->fd = kansen->interrupt_fd = -1;
    kansen->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    kansen->max_in_flight = options->max_in_flight > 0 ? options->max_in_flight : DEFAULT_IN_FLIGHT;
    kansen->insecure_plain_token = options->insecure_plain_token;
    kansen->core = kansen_core_new(FRAME_DEFAULT_MAX);
    if (kansen->core == NULL ||
        !copy(options->client_name != NULL ? options->client_name : "libkansen", &kansen->client_name) ||
        !copy(options->token != NULL ? options->token : "", &kansen->token) ||
        !copy(options->ca_file, &kansen->ca_file) ||
        !copy(options->certificate_file, &kansen->certificate_file) ||
        !copy(options->key_file, &kansen->key_file)) {
        kansen_free(kansen);
        return NULL;
    }
    return kansen;
}

void
kansen_free(struct kansen *kansen)
{
    if (kansen == NULL)
        return;
    if (kansen->fd >= 0)
        close(kansen->fd);
    if (kansen->hello != NULL)
        kansen__v1__response__free_unpacked(kansen->hello, NULL);
    kansen_core_free(kansen->core);
    kansen_tls_free(kansen->tls);
    free(kansen->client_name);
    free(kansen->token);
    free(kansen->ca_file);
    free(kansen->certificate_file);
    free(kansen->key_file);
    free(kansen);
}

static int __attribute__((format(printf, 3, 4)))
fail(struct kansen *kansen, int outcome, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(kansen->error, sizeof kansen->error, format, args);
    va_end(args);
    return outcome;
}

const char *
kansen_error(const struct kansen *kansen)
{
    return kansen->error;
}

static bool
would_block(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

// The bytes that wait for the socket; those of TLS may be followed by more that the core has.
static const uint8_t *
output(struct kansen *kansen, size_t *len)
{
    const uint8_t *data = kansen_core_output(kansen->core, len);
    size_t encrypted;

    if (kansen->tls == NULL)
        return data;
    kansen_tls_output(kansen->tls, &encrypted);
    if (*len > 0 && encrypted < ENCRYPTED_HIGH) {
        size_t now = *len < ENCRYPTED_HIGH ? *len : ENCRYPTED_HIGH;

        if (kansen_tls_write(kansen->tls, data, now) == 0)
            kansen_core_sent(kansen->core, now);
        else
            kansen->ended = fail(kansen, KANSEN_E_TLS, "%s", kansen_tls_error(kansen->tls));
    }
    return kansen_tls_output(kansen->tls, len);
}

static int
write_some(struct kansen *kansen)
{
    size_t len;
    const uint8_t *data = output(kansen, &len);
    ssize_t n = send(kansen->fd, data, len, MSG_NOSIGNAL);

    if (n >= 0) {
        if (kansen->tls != NULL)
            kansen_tls_sent(kansen->tls, (size_t)n);
        else
            kansen_core_sent(kansen->core, (size_t)n);
        return 0;
    }
    // A peer that closed may have said why: what it sent is read first.
    if (would_block(errno) || errno == EPIPE || errno == ECONNRESET)
        return 0;
    return fail(kansen, KANSEN_E_CLOSED, "the connection broke: %s", strerror(errno));
}

// Gives the core what TLS makes of bytes that were received. 0, KANSEN_E_CLOSED, KANSEN_E_TLS or -ENOMEM.
static int
decrypt(struct kansen *kansen, size_t received)
{
    ssize_t n;

    if (kansen_tls_feed(kansen->tls, kansen->data, received) != 0)
        return fail(kansen, -ENOMEM, "out of memory");
    if (kansen_tls_handshake(kansen->tls) != 0)
        return 0; // shake_hands() tells what came of it
    while ((n = kansen_tls_read(kansen->tls, kansen->data, sizeof kansen->data)) > 0) {
        if (kansen_core_feed(kansen->core, kansen->data, (size_t)n) != 0)
            return fail(kansen, -ENOMEM, "out of memory");
    }
    if (n == KANSEN_TLS_CLOSED)
        kansen->ended = fail(kansen, KANSEN_E_CLOSED, "the daemon closed the connection");
    if (n == KANSEN_TLS_FAILED)
        kansen->ended = fail(kansen, KANSEN_E_TLS, "%s", kansen_tls_error(kansen->tls));
    return 0;
}

static int
read_some(struct kansen *kansen)
{
    ssize_t n = recv(kansen->fd, kansen->data, sizeof kansen->data, 0);

    if (n > 0 && kansen->tls != NULL)
        return decrypt(kansen, (size_t)n);
    if (n > 0 && kansen_core_feed(kansen->core, kansen->data, (size_t)n) != 0)
        return fail(kansen, -ENOMEM, "out of memory");
    if (n > 0)
        return 0;
    if (n < 0 && would_block(errno))
        return 0;
    if (n == 0)
        return fail(kansen, KANSEN_E_CLOSED, "the daemon closed the connection");
    return fail(kansen, KANSEN_E_CLOSED, "the connection broke: %s", strerror(errno));
}

// Moves bytes both ways once, and waits up to wait_ms until something can move or interrupt_fd (-1 = none)
// can be read. 0, KANSEN_E_TIMEOUT when nothing could, KANSEN_E_INTERRUPTED, KANSEN_E_CLOSED or -ENOMEM.
static int
pump(struct kansen *kansen, int wait_ms, int interrupt_fd)
{
    struct pollfd ready[] = {{.fd = kansen->fd, .events = POLLIN}, {.fd = interrupt_fd, .events = POLLIN}};
    size_t waiting;
    int n, result;

    output(kansen, &waiting);
    if (kansen->ended != 0)
        return kansen->ended;
    if (waiting > 0)
        ready[0].events |= POLLOUT;
    do
        n = poll(ready, 2, wait_ms);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(kansen, KANSEN_E_CLOSED, "poll: %s", strerror(errno));
    if (n == 0)
        return KANSEN_E_TIMEOUT;
    if (ready[1].revents != 0)
        return fail(kansen, KANSEN_E_INTERRUPTED, "interrupted");
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        result = read_some(kansen);
        if (result != 0)
            return result;
    }
    return (ready[0].revents & POLLOUT) != 0 ? write_some(kansen) : 0;
}

static int
timed_out(struct kansen *kansen)
{
    return fail(kansen, KANSEN_E_TIMEOUT, "the daemon did not answer for %u.%03u s",
                kansen->timeout_ms / 1000, kansen->timeout_ms % 1000);
}

int
kansen_send(struct kansen *kansen, Kansen__V1__Request *request, uint64_t *id)
{
    size_t waiting;
    int result;

    if (kansen->fd < 0)
        return fail(kansen, KANSEN_E_CLOSED, "not connected");
    if (kansen_core_in_flight(kansen->core) >= kansen->max_in_flight)
        return fail(kansen, KANSEN_E_FULL, "%u requests are in flight", kansen->max_in_flight);
    result = kansen_core_request(kansen->core, request, id);
    if (result == KANSEN_E_TOO_LARGE)
        return fail(kansen, result, "the request has %zu bytes, more than a frame may hold",
                    kansen__v1__request__get_packed_size(request));
    if (result != 0)
        return fail(kansen, result, "out of memory");
    result = pump(kansen, 0, -1);
    for (;;) {
        kansen_core_output(kansen->core, &waiting);
        if (waiting <= OUTPUT_HIGH || (result != 0 && result != KANSEN_E_TIMEOUT))
            break;
        result = pump(kansen, (int)kansen->timeout_ms, -1);
        if (result == KANSEN_E_TIMEOUT)
            return timed_out(kansen);
    }
    // A connection that closed may still hold answers: kansen_receive tells of it behind them.
    return result == KANSEN_E_TIMEOUT || result == KANSEN_E_CLOSED ? 0 : result;
}

int
kansen_receive(struct kansen *kansen, Kansen__V1__Response **response)
{
    if (kansen->fd < 0)
        return fail(kansen, KANSEN_E_CLOSED, "not connected");
    for (;;) {
        int result = kansen_core_response(kansen->core, response);

        if (result == 0)
            return 0;
        if (result == KANSEN_E_PROTOCOL)
            return fail(kansen, result, "what came back is no answer of kansend");
        if (result != KANSEN_E_MORE)
            return fail(kansen, result, "out of memory");
        if (kansen_core_in_flight(kansen->core) == 0)
            return fail(kansen, KANSEN_E_PROTOCOL, "no request is in flight");
        result = pump(kansen, (int)kansen->timeout_ms, kansen->interrupt_fd);
        if (result == KANSEN_E_TIMEOUT)
            return timed_out(kansen);
        if (result != 0)
            return result;
    }
}

void
kansen_interrupt_by(struct kansen *kansen, int fd)
{
    kansen->interrupt_fd = fd;
}

int
kansen_call(struct kansen *kansen, Kansen__V1__Request *request, Kansen__V1__Response **response)
{
    Kansen__V1__Response *received = NULL;
    int result;

    assert(kansen_core_in_flight(kansen->core) == 0);
    result = kansen_send(kansen, request, NULL);
    if (result == 0)
        result = kansen_receive(kansen, &received);
    if (result != 0)
        return result;
    assert(received != NULL);
    if (received->id == 0 && kansen_code(received) == 0) {
        kansen__v1__response__free_unpacked(received, NULL);
        return fail(kansen, KANSEN_E_PROTOCOL, "what came back is no answer of kansend");
    }
    *response = received;
    return 0;
}

int
kansen_code(const Kansen__V1__Response *response)
{
    return response->status != NULL ? response->status->code : 0;
}

static int
say_hello(struct kansen *kansen)
{
    Kansen__V1__HelloRequest hello = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    uint32_t max;
    int result;

    hello.protocol_version = KANSEN_PROTOCOL_VERSION;
    hello.client_name = kansen->client_name;
    hello.token = kansen->token;
    request.body_case = KANSEN__V1__REQUEST__BODY_HELLO;
    request.hello = &hello;
    result = kansen_call(kansen, &request, &kansen->hello);
    if (result != 0)
        return result;
    if (kansen_code(kansen->hello) != 0)
        return fail(kansen, KANSEN_E_REFUSED, "%s", kansen->hello->status->message);
    if (kansen->hello->body_case != KANSEN__V1__RESPONSE__BODY_HELLO)
        return fail(kansen, KANSEN_E_PROTOCOL, "what came back is no answer to hello");
    max = kansen->hello->hello->max_frame_bytes;
    if (max > 0)
        kansen_core_set_max_frame(kansen->core, max < FRAME_LIMIT ? max : FRAME_LIMIT);
    return 0;
}

// Reads the files before anything is connected. 0, also where server is not by TLS, KANSEN_E_FILE or -ENOMEM.
static int
make_tls(struct kansen *kansen, const char *server)
{
    char host[KANSEN_ADDRESS_HOST_MAX], error[KANSEN_TLS_ERROR_MAX];
    struct kansen_tls_options options = {host, kansen->ca_file, kansen->certificate_file, kansen->key_file};
    int result;

    if (kansen_address_tls_host(server, host) != 0)
        return 0; // a bad address is told when it is connected to
    result = kansen_tls_new(&options, &kansen->tls, error);
    return result == 0 ? 0 : fail(kansen, result, "%s", error);
}

static int
shake_hands(struct kansen *kansen, const char *server)
{
    int result;

    while ((result = kansen_tls_handshake(kansen->tls)) == KANSEN_E_MORE) {
        result = pump(kansen, (int)kansen->timeout_ms, -1);
        if (result == KANSEN_E_TIMEOUT)
            return fail(kansen, result, "%s did not answer the TLS handshake for %u.%03u s", server,
                        kansen->timeout_ms / 1000, kansen->timeout_ms % 1000);
        if (result == KANSEN_E_CLOSED)
            return fail(kansen, result, "%s closed the connection during the TLS handshake", server);
        if (result != 0)
            return result;
    }
    if (result == 0)
        return 0;
    (void)write_some(kansen); // the alert, for the daemon's log
    return fail(kansen, result, "%s: %s", server, kansen_tls_error(kansen->tls));
}

// The peer of the socket is asked, not the name of the server, as that is what would get the token.
static int
check_plain(struct kansen *kansen, const char *server)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;

    if (kansen->tls != NULL || kansen->token[0] == '\0' || kansen->insecure_plain_token)
        return 0;
    if (getpeername(kansen->fd, (struct sockaddr *)&peer, &len) == 0 &&
        kansen_address_is_local((const struct sockaddr *)&peer))
        return 0;
    close(kansen->fd);
    kansen->fd = -1;
    return fail(kansen, KANSEN_E_PLAIN,
                "the token was not sent to %s, as everybody on the way could read it; use tls:%s", server,
                server);
}

int
kansen_connect(struct kansen *kansen, const char *server)
{
    int result;

    assert(kansen->fd < 0);
    result = make_tls(kansen, server);
    if (result == 0)
        result = kansen_address_connect(server, kansen->timeout_ms, &kansen->fd, kansen->error,
                                        sizeof kansen->error);
    if (result == 0 && kansen->tls != NULL)
        result = shake_hands(kansen, server);
    if (result == 0)
        result = check_plain(kansen, server);
    return result != 0 ? result : say_hello(kansen);
}

const Kansen__V1__HelloResponse *
kansen_hello(const struct kansen *kansen)
{
    if (kansen->hello == NULL || kansen->hello->body_case != KANSEN__V1__RESPONSE__BODY_HELLO)
        return NULL;
    return kansen->hello->hello;
}

const Kansen__V1__Status *
kansen_refusal(const struct kansen *kansen)
{
    return kansen->hello != NULL && kansen_code(kansen->hello) != 0 ? kansen->hello->status : NULL;
}
