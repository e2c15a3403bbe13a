// SPDX-License-Identifier: Apache-2.0
// TLS of the listeners: certificate, key and rules for all connections, and what one connection does with
// them, by OpenSSL 3. There are no session tickets, no early data and no renegotiation.
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ssl_st; // a connection: OpenSSL's SSL
struct tls;

enum tls_client { // a certificate of the client
    TLS_CLIENT_OFF,
    TLS_CLIENT_OPTIONAL, // one that is shown must be good
    TLS_CLIENT_REQUIRED,
};

// Files are PEM.
struct tls_options {
    const char *certificate; // with the certificates between it and its CA behind it
    const char *key;         // NULL = in the file of the certificate
    const char *client_ca;   // who vouches for clients; NULL only with TLS_CLIENT_OFF
    const char *client_crl;  // lists of what they have revoked, of each of them; NULL = none is looked at
    enum tls_client client;
    bool allow_tls12; // else 1.3 only
};

// Reads the files. 0; or FAULT, whose field is the option's key and whose message names the file. *out is set
// on 0 only.
int tls_new(const struct tls_options *options, struct tls **out, struct fault *fault) MUST_CHECK;
void tls_free(struct tls *tls); // connections may outlive it; NULL is safe

// Reads these files, or the same ones again, for the handshakes to come. 0, or FAULT as above: then nothing
// has changed. One thread at a time, beside any number that call tls_accept.
int tls_reload(struct tls *tls, const struct tls_options *options, struct fault *fault) MUST_CHECK;

struct tls_about {
    char serial[96];    // hexadecimal
    char not_after[24]; // as 2026-09-01T00:00:00Z
    int64_t until_us;   // the same, since 1970
    bool expired;
};

// Says what the certificate in use is.
void tls_about(struct tls *tls, struct tls_about *out);

// The server's side of TLS on a connected socket, which stays the caller's. NULL when memory is short. Any
// thread; from then on the connection belongs to one.
struct ssl_st *tls_accept(struct tls *tls, int fd) MUST_CHECK;
void tls_close(struct ssl_st *ssl); // NULL is safe

enum tls_wants { // what the socket must be ready for before a call that gave -EAGAIN makes sense again
    TLS_WANTS_READ,
    TLS_WANTS_WRITE,
};

// As recv and send on a socket that does not block; each goes on with the handshake while that is not done.
// tls_read gives 0 at the end of the stream, by a close_notify or without: a frame tells itself whether it is
// whole. -EAGAIN with *wants set; -EPROTO when the peer broke TLS or was refused, which tls_reason tells; or
// another -errno. After -EPROTO an alert for the peer is on its way, and the connection is of no other use.
// A tls_write after -EAGAIN must bring the same bytes again, and may bring more behind them.
ssize_t tls_read(struct ssl_st *ssl, void *to, size_t size, enum tls_wants *wants) MUST_CHECK;
ssize_t tls_write(struct ssl_st *ssl, const void *bytes, size_t len, enum tls_wants *wants) MUST_CHECK;

// Whether bytes were taken from the socket that tls_read has not given out.
bool tls_has_pending(const struct ssl_st *ssl);

// Whether the handshake is done.
bool tls_is_open(const struct ssl_st *ssl);

// Tells the peer that nothing more is written to it. 0, or -EAGAIN when the socket takes no more now.
int tls_finish(struct ssl_st *ssl) MUST_CHECK;

// Writes why the last call of this thread gave -EPROTO; returns out.
char *tls_reason(const struct ssl_st *ssl, char *out, size_t size);

// Writes the subject's common name of the client's certificate to out, "" where there is no certificate or
// no single name that fits and is text; returns out. Good once bytes were read.
char *tls_client_name(const struct ssl_st *ssl, char *out, size_t size);

// When the client's certificate stops to be good, in microseconds since 1970; 0 where there is none.
int64_t tls_client_until(const struct ssl_st *ssl);

#endif
