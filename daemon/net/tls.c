// SPDX-License-Identifier: Apache-2.0
// Invariants: a context does not change once it is in use, a reload puts another one in its place, and a
// connection holds a reference to the one that it began with; OpenSSL's queue of errors, one for each thread,
// is empty before each call whose errors are read.
#include "net/tls.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Forward secrecy and authenticated encryption only; those of TLS 1.3 all are so.
#define CIPHERS_OF_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"
// Those that are cheap for us, too: a client must not be able to make a handshake cost ten milliseconds, as
// the large groups of finite fields do (CVE-2002-20001).
#define GROUPS "X25519:P-256:P-384"

struct tls {
    pthread_mutex_t lock; // of context
    SSL_CTX *context;
};

// ---- Memory

// A message of a handshake says how long it will be, and OpenSSL takes the memory for it at once, up to 128
// KiB: seventeen bytes of a stranger would do that. What a connection needs in truth is the 16 KiB of a
// record.
#define MOST_AT_ONCE (size_t)(32 * 1024)

static _Thread_local bool in_connection; // OpenSSL works for the bytes of a peer

static bool
is_too_much(size_t size)
{
    return in_connection && size > MOST_AT_ONCE;
}

static void *
take_memory(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_too_much(size) ? NULL : malloc(size);
}

static void *
change_memory(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_too_much(size) ? NULL : realloc(memory, size);
}

static void
give_memory(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

// ---- Making a context

// The first error in the queue, which is the cause of those behind it; empties the queue.
static const char *
first_error(void)
{
    unsigned long error = ERR_peek_error();
    const char *text = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : NULL;

    if (text == NULL)
        text = ERR_reason_error_string(error);
    ERR_clear_error();
    return text != NULL ? text : "it can not be used";
}

// what = what the file should hold.
static int
bad_file(struct fault *fault, const char *key, const char *file, const char *what)
{
    bool unreadable = ERR_SYSTEM_ERROR(ERR_peek_error());

    return fault_set(fault, CODE_INVALID_ARGUMENT, key, "%s: %s%s%s", file, unreadable ? "" : what,
                     unreadable ? "" : " can not be read from it: ", first_error());
}

// Nobody is there to be asked for a password.
static int
give_no_password(char *out, int size, int writes, void *arg)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)arg;
    return -1;
}

static int
load_certificate(SSL_CTX *context, const struct tls_options *options, struct fault *fault)
{
    const char *key = options->key != NULL ? options->key : options->certificate;
    const char *name = options->key != NULL ? "tls_key" : "tls_certificate";

    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, give_no_password);
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1)
        return bad_file(fault, "tls_certificate", options->certificate, "a certificate in PEM");
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
        return 0;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
        return fault_set(fault, CODE_INVALID_ARGUMENT, name, "%s is not the key of %s: %s", key,
                         options->certificate, first_error());
    return bad_file(fault, name, key, "a private key in PEM, without a password,");
}

// From then on a certificate counts only while a list of its CA is there that has not expired, and is not on
// it; the same goes for the certificates between the two.
static int
load_client_crl(SSL_CTX *context, const struct tls_options *options, struct fault *fault)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP *files = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    ERR_clear_error();
    if (files == NULL || X509_load_crl_file(files, options->client_crl, X509_FILETYPE_PEM) < 1)
        return bad_file(fault, "tls_client_crl", options->client_crl,
                        "a list of revoked certificates in PEM");
    if (X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "tls_client_crl", "TLS: %s", first_error());
    return 0;
}

static int
load_client_ca(SSL_CTX *context, const struct tls_options *options, struct fault *fault)
{
    STACK_OF(X509_NAME) * names;

    if (options->client == TLS_CLIENT_OFF)
        return 0;
    if (SSL_CTX_load_verify_locations(context, options->client_ca, NULL) != 1)
        return bad_file(fault, "tls_client_ca", options->client_ca, "a certificate in PEM");
    names = SSL_load_client_CA_file(options->client_ca);
    if (names == NULL)
        return bad_file(fault, "tls_client_ca", options->client_ca, "a certificate in PEM");
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context,
                       options->client == TLS_CLIENT_REQUIRED
                           ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_PEER,
                       NULL);
    return options->client_crl == NULL ? 0 : load_client_crl(context, options, fault);
}

static bool
set_rules(SSL_CTX *context, const struct tls_options *options)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // What is written waits in a buffer that may move; idle connections hold no buffers of OpenSSL's.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1); // a record costs one read of the socket, not two
    return SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_min_proto_version(context, options->allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) ==
               1 &&
           SSL_CTX_set_cipher_list(context, CIPHERS_OF_TLS12) == 1 &&
           SSL_CTX_set1_groups_list(context, GROUPS) == 1;
}

static int
make_context(const struct tls_options *options, SSL_CTX **out, struct fault *fault)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int rc;

    if (context == NULL || !set_rules(context, options))
        rc = fault_set(fault, CODE_RESOURCE_EXHAUSTED, "listen", "TLS: %s", first_error());
    else
        rc = load_certificate(context, options, fault);
    if (rc == 0)
        rc = load_client_ca(context, options, fault);
    if (rc != 0) {
        SSL_CTX_free(context);
        return rc;
    }
    *out = context;
    return 0;
}

int
tls_new(const struct tls_options *options, struct tls **out, struct fault *fault)
{
    struct tls *tls = calloc(1, sizeof *tls);
    int rc;

    if (tls == NULL)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "listen", "memory is short");
    (void)CRYPTO_set_mem_functions(take_memory, change_memory,
                                   give_memory); // the first time, before all else
    rc = make_context(options, &tls->context, fault);
    if (rc != 0) {
        free(tls);
        return rc;
    }
    pthread_mutex_init(&tls->lock, NULL);
    *out = tls;
    return 0;
}

void
tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

// Puts next in the place of the context, unless it is NULL; returns a reference to the one that was there.
static SSL_CTX *
exchange(struct tls *tls, SSL_CTX *next)
{
    SSL_CTX *context;

    pthread_mutex_lock(&tls->lock);
    context = tls->context;
    if (next != NULL)
        tls->context = next;
    else
        SSL_CTX_up_ref(context);
    pthread_mutex_unlock(&tls->lock);
    return context;
}

int
tls_reload(struct tls *tls, const struct tls_options *options, struct fault *fault)
{
    SSL_CTX *next = NULL;
    int rc = make_context(options, &next, fault);

    if (rc == 0)
        SSL_CTX_free(exchange(tls, next));
    return rc;
}

void
tls_about(struct tls *tls, struct tls_about *out)
{
    SSL_CTX *context = exchange(tls, NULL);
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *serial = number == NULL ? NULL : BN_bn2hex(number);
    struct tm until = {0};

    (void)ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until);
    snprintf(out->serial, sizeof out->serial, "%s", serial == NULL ? "?" : serial);
    snprintf(out->not_after, sizeof out->not_after, "%04d-%02d-%02dT%02d:%02d:%02dZ", until.tm_year + 1900,
             until.tm_mon + 1, until.tm_mday, until.tm_hour, until.tm_min, until.tm_sec);
    out->until_us = (int64_t)timegm(&until) * 1000000;
    out->expired = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    OPENSSL_free(serial);
    BN_free(number);
    SSL_CTX_free(context);
}

// ---- A connection

struct ssl_st *
tls_accept(struct tls *tls, int fd)
{
    SSL_CTX *context = exchange(tls, NULL);
    SSL *ssl = SSL_new(context);

    SSL_CTX_free(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

void
tls_close(struct ssl_st *ssl)
{
    SSL_free(ssl);
}

// What a call came to that gave got. errno is that of the call.
static ssize_t
outcome(SSL *ssl, int got, enum tls_wants *wants)
{
    int number = errno;

    switch (SSL_get_error(ssl, got)) {
    case SSL_ERROR_NONE:
        return got;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
        *wants = TLS_WANTS_READ;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        *wants = TLS_WANTS_WRITE;
        return -EAGAIN;
    case SSL_ERROR_SSL:
        return -EPROTO;
    default:
        return number != 0 && number != EAGAIN ? -number : -ECONNRESET;
    }
}

ssize_t
tls_read(struct ssl_st *ssl, void *to, size_t size, enum tls_wants *wants)
{
    int got;

    ERR_clear_error();
    errno = 0;
    in_connection = true;
    got = SSL_read(ssl, to, size < INT_MAX ? (int)size : INT_MAX);
    in_connection = false;
    return outcome(ssl, got, wants);
}

ssize_t
tls_write(struct ssl_st *ssl, const void *bytes, size_t len, enum tls_wants *wants)
{
    ssize_t sent;
    int rc;

    assert(len > 0); // OpenSSL does not define what that would be
    ERR_clear_error();
    errno = 0;
    in_connection = true;
    rc = SSL_write(ssl, bytes, len < INT_MAX ? (int)len : INT_MAX);
    in_connection = false;
    sent = outcome(ssl, rc, wants);
    return sent == 0 ? -EPIPE : sent;
}

bool
tls_has_pending(const struct ssl_st *ssl)
{
    return SSL_has_pending(ssl) == 1;
}

bool
tls_is_open(const struct ssl_st *ssl)
{
    return SSL_is_init_finished(ssl) == 1;
}

int
tls_finish(struct ssl_st *ssl)
{
    enum tls_wants wants = TLS_WANTS_READ;
    int rc;

    if (!tls_is_open(ssl))
        return 0;
    ERR_clear_error();
    errno = 0;
    rc = SSL_shutdown(ssl);
    // Whatever else is wrong with the connection, there is no more to be told on it.
    return rc < 0 && outcome(ssl, rc, &wants) == -EAGAIN && wants == TLS_WANTS_WRITE ? -EAGAIN : 0;
}

char *
tls_reason(const struct ssl_st *ssl, char *out, size_t size)
{
    long verified = SSL_get_verify_result(ssl);

    if (verified != X509_V_OK)
        snprintf(out, size, "the client's certificate: %s", X509_verify_cert_error_string(verified));
    else
        snprintf(out, size, "%s", first_error());
    ERR_clear_error();
    return out;
}

// The only common name of the certificate, or NULL.
static const ASN1_STRING *
common_name(const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return NULL;
    return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

char *
tls_client_name(const struct ssl_st *ssl, char *out, size_t size)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    const ASN1_STRING *name = NULL;
    unsigned char *text = NULL;
    int len;

    out[0] = '\0';
    // OpenSSL lets only verified certificates through; who relies on the name asks once more.
    if (certificate != NULL && SSL_get_verify_result(ssl) == X509_V_OK)
        name = common_name(certificate);
    if (name == NULL)
        return out;
    len = ASN1_STRING_to_UTF8(&text, name);
    // A name that is cut, or that ends early for whoever reads it, could be another client's.
    if (len > 0 && (size_t)len < size &&
        text_check((const char *)text, (size_t)len, false, NULL) == TEXT_FINE)
        snprintf(out, size, "%.*s", len, (const char *)text);
    OPENSSL_free(text);
    ERR_clear_error();
    return out;
}

int64_t
tls_client_until(const struct ssl_st *ssl)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    struct tm until = {0};

    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) != 1)
        return 0;
    return (int64_t)timegm(&until) * 1000000;
}
