// SPDX-License-Identifier: Apache-2.0
// Invariant: OpenSSL reads and writes two pieces of memory, so it never waits; its queue of errors, one for
// each thread, is empty before each call whose errors are read.
#include "client/lib/kansen_tls.h"
#include "client/lib/kansen.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 160u // bytes of the names in a certificate that are told

struct kansen_tls {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out; // the socket's side; ssl owns them
    char *host;
    char *ca;              // NULL = the system's
    bool failed;           // for good; error says why
    char names[NAMES_MAX]; // that the daemon's certificate is for, if it was not believed
    char error[KANSEN_TLS_ERROR_MAX];
};

// ---- Names

// Writes the names that a certificate is for to out.
static void
tell_names(const X509 *certificate, char out[NAMES_MAX])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t len = 0;

    snprintf(out, NAMES_MAX, "no name at all");
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && len < NAMES_MAX; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *text = GENERAL_NAME_get0_value(name, NULL);
        char address[INET6_ADDRSTRLEN] = "";

        if (name->type == GEN_IPADD)
            inet_ntop(ASN1_STRING_length(text) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(text),
                      address, sizeof address);
        else if (name->type != GEN_DNS)
            continue;
        len += (size_t)snprintf(out + len, NAMES_MAX - len, "%s%.*s", len == 0 ? "" : ", ",
                                address[0] != '\0' ? (int)strlen(address) : ASN1_STRING_length(text),
                                address[0] != '\0' ? address : (const char *)ASN1_STRING_get0_data(text));
    }
    GENERAL_NAMES_free(names);
}

// Called by OpenSSL for each certificate that it looks at: the one of the daemon is not kept if it is bad.
static int
keep_names(int good, X509_STORE_CTX *context)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct kansen_tls *tls = SSL_get_app_data(ssl);

    if (!good)
        tell_names(X509_STORE_CTX_get0_cert(context), tls->names);
    return good;
}

// ---- Making

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

static int
bad_file(char error[KANSEN_TLS_ERROR_MAX], const char *what, const char *file)
{
    snprintf(error, KANSEN_TLS_ERROR_MAX, "the %s %s: %s", what, file, first_error());
    return KANSEN_E_FILE;
}

static int
load_files(SSL_CTX *context, const struct kansen_tls_options *options, char error[KANSEN_TLS_ERROR_MAX])
{
    const char *key = options->key != NULL ? options->key : options->certificate;

    ERR_clear_error();
    if (options->ca != NULL && SSL_CTX_load_verify_locations(context, options->ca, NULL) != 1)
        return bad_file(error, "CA file", options->ca);
    if (options->ca == NULL && SSL_CTX_set_default_verify_paths(context) != 1)
        return bad_file(error, "system's CA", "certificates");
    if (options->certificate == NULL)
        return 0;
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1)
        return bad_file(error, "certificate", options->certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return bad_file(error, "key", key);
    return 0;
}

// Says whom the certificate must be for, and asks for that name if it is one.
static bool
set_host(SSL *ssl, const char *host)
{
    struct in6_addr address;

    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

// Makes the connection's own parts. 0 or -ENOMEM.
static int
make_connection(struct kansen_tls *tls, const struct kansen_tls_options *options)
{
    tls->host = strdup(options->host);
    tls->ca = options->ca != NULL ? strdup(options->ca) : NULL;
    tls->ssl = SSL_new(tls->context);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        return -ENOMEM;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_connect_state(tls->ssl);
    SSL_set_app_data(tls->ssl, tls);
    if (tls->host == NULL || (tls->ca == NULL && options->ca != NULL) || !set_host(tls->ssl, tls->host))
        return -ENOMEM;
    return 0;
}

int
kansen_tls_new(const struct kansen_tls_options *options, struct kansen_tls **out,
               char error[KANSEN_TLS_ERROR_MAX])
{
    struct kansen_tls *tls = calloc(1, sizeof *tls);
    int result = -ENOMEM;

    snprintf(error, KANSEN_TLS_ERROR_MAX, "out of memory");
    if (tls == NULL)
        return -ENOMEM;
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context != NULL && SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) == 1) {
        // A frame tells itself whether it is whole, so an end without close_notify is an end.
        SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, keep_names);
        result = load_files(tls->context, options, error);
        if (result == 0)
            result = make_connection(tls, options);
    }
    if (result != 0) {
        kansen_tls_free(tls);
        return result;
    }
    *out = tls;
    return 0;
}

void
kansen_tls_free(struct kansen_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    ERR_clear_error();
    free(tls->host);
    free(tls->ca);
    free(tls);
}

// ---- What failed

static void
tell_unverified(struct kansen_tls *tls, long verified)
{
    const char *reason = X509_verify_cert_error_string(verified);

    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        snprintf(tls->error, sizeof tls->error, "the daemon's certificate is not for %s (%s): it is for %s",
                 tls->host, reason, tls->names);
    } else {
        snprintf(tls->error, sizeof tls->error,
                 "the daemon's certificate can not be trusted: %s (verified with %s%s)", reason,
                 tls->ca != NULL ? "the CA file " : "the CA certificates of the system",
                 tls->ca != NULL ? tls->ca : "");
    }
}

// Says in the error why a call failed.
static void
tell_failure(struct kansen_tls *tls)
{
    long verified = SSL_get_verify_result(tls->ssl);
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;

    if (verified != X509_V_OK)
        tell_unverified(tls, verified);
    else if (reason == SSL_R_WRONG_VERSION_NUMBER)
        snprintf(tls->error, sizeof tls->error, "what answers there does not speak TLS");
    else if (reason > SSL_AD_REASON_OFFSET)
        snprintf(tls->error, sizeof tls->error, "the daemon refused the TLS connection: %s", first_error());
    else
        snprintf(tls->error, sizeof tls->error, "TLS failed: %s", first_error());
    ERR_clear_error();
    tls->failed = true;
}

const char *
kansen_tls_error(const struct kansen_tls *tls)
{
    return tls->error;
}

// ---- Going on

int
kansen_tls_handshake(struct kansen_tls *tls)
{
    int rc;

    if (tls->failed)
        return KANSEN_E_TLS;
    ERR_clear_error();
    rc = SSL_do_handshake(tls->ssl);
    if (rc == 1)
        return 0;
    if (SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ)
        return KANSEN_E_MORE;
    tell_failure(tls);
    return KANSEN_E_TLS;
}

int
kansen_tls_feed(struct kansen_tls *tls, const uint8_t *data, size_t len)
{
    assert(len <= INT_MAX);
    return BIO_write(tls->in, data, (int)len) == (int)len ? 0 : -ENOMEM;
}

const uint8_t *
kansen_tls_output(struct kansen_tls *tls, size_t *len)
{
    char *data = NULL;
    long waiting = BIO_get_mem_data(tls->out, &data);

    *len = waiting > 0 ? (size_t)waiting : 0;
    return (const uint8_t *)data;
}

void
kansen_tls_sent(struct kansen_tls *tls, size_t len)
{
    char nothing[4096];

    while (len > 0) { // BIOs of memory can only be read from
        int got = BIO_read(tls->out, nothing, (int)(len < sizeof nothing ? len : sizeof nothing));

        assert(got > 0);
        len -= (size_t)got;
    }
}

ssize_t
kansen_tls_read(struct kansen_tls *tls, uint8_t *to, size_t size)
{
    int got, error;

    if (tls->failed)
        return KANSEN_TLS_FAILED;
    ERR_clear_error();
    got = SSL_read(tls->ssl, to, size < INT_MAX ? (int)size : INT_MAX);
    if (got > 0)
        return got;
    error = SSL_get_error(tls->ssl, got);
    if (error == SSL_ERROR_WANT_READ)
        return 0;
    if (error == SSL_ERROR_ZERO_RETURN)
        return KANSEN_TLS_CLOSED;
    tell_failure(tls);
    return KANSEN_TLS_FAILED;
}

int
kansen_tls_write(struct kansen_tls *tls, const uint8_t *data, size_t len)
{
    if (tls->failed)
        return KANSEN_TLS_FAILED;
    ERR_clear_error();
    if (len == 0 || SSL_write(tls->ssl, data, (int)(len < INT_MAX ? len : INT_MAX)) == (int)len)
        return 0;
    tell_failure(tls);
    return KANSEN_TLS_FAILED;
}
