// SPDX-License-Identifier: Apache-2.0
// TLS of a connection to a daemon, by OpenSSL 3. It does no I/O: bytes of the socket go in by kansen_tls_feed
// and come out by kansen_tls_output, so that any event loop can carry it, as the core. TLS 1.2 or later; the
// daemon's certificate is always verified. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_TLS_H
#define CLIENT_LIB_KANSEN_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KANSEN_TLS_ERROR_MAX 400u // bytes with the end

struct kansen_tls;

// Files are PEM; they are read by kansen_tls_new.
struct kansen_tls_options {
    const char *host;        // name or IP address that the daemon's certificate must be for
    const char *ca;          // CA certificates that may have signed it; NULL = those of the system
    const char *certificate; // of this client, with its chain behind it; NULL = none
    const char *key;         // its private key; NULL = in the same file
};

// 0; KANSEN_E_FILE when a file can not be used, or -ENOMEM; then error says why. *out is set on 0 only.
// kansen_tls_free(NULL) is safe.
int kansen_tls_new(const struct kansen_tls_options *options, struct kansen_tls **out,
                   char error[KANSEN_TLS_ERROR_MAX]);
void kansen_tls_free(struct kansen_tls *tls);

// Goes on with the handshake. 0 when it is done; KANSEN_E_MORE when it waits for what the daemon sends;
// KANSEN_E_TLS when it failed, and kansen_tls_error says why.
int kansen_tls_handshake(struct kansen_tls *tls);

// Takes bytes that were received (copied). 0 or -ENOMEM.
int kansen_tls_feed(struct kansen_tls *tls, const uint8_t *data, size_t len);

// The bytes that wait to be sent and their count (may be 0), good until the next call; kansen_tls_sent drops
// the first len of them.
const uint8_t *kansen_tls_output(struct kansen_tls *tls, size_t *len);
void kansen_tls_sent(struct kansen_tls *tls, size_t len);

// Reads what the daemon said: the number of bytes; 0 when nothing more is there; KANSEN_TLS_CLOSED when the
// daemon has ended the connection, or KANSEN_TLS_FAILED when TLS failed.
#define KANSEN_TLS_CLOSED (-1)
#define KANSEN_TLS_FAILED (-2)
ssize_t kansen_tls_read(struct kansen_tls *tls, uint8_t *to, size_t size);

// Encrypts all of what is to be said into the output. 0 or KANSEN_TLS_FAILED.
int kansen_tls_write(struct kansen_tls *tls, const uint8_t *data, size_t len);

// What failed last, for a person.
const char *kansen_tls_error(const struct kansen_tls *tls);

#endif
