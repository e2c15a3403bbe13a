// SPDX-License-Identifier: Apache-2.0
// Who a token or a certificate says that calls, as a snapshot of the store knows it. A worker's thread.
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "auth/role.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include <stdint.h>

struct secret;
struct txn;

// Fills *identity with the client that a token's text belongs to. FAULT is UNAUTHENTICATED with one and the
// same message for what is no token, for one that is not known, was revoked or has expired, and for one of a
// suspended client. now_us is in microseconds since 1970; arena is for what is looked at. 0, FAULT, or a
// store fault; *identity is set on 0 only.
int login_by_token(struct txn *txn, const struct secret *secret, const char *text, int64_t now_us,
                   struct arena *arena, struct identity *identity, struct fault *fault) MUST_CHECK;

// The same for the client of this name, which a certificate that is good until until_us has shown to call,
// and whose record allows that (Client.certificate_login); the message tells of that. The identity ends with
// the certificate.
int login_by_certificate(struct txn *txn, const char *name, int64_t until_us, int64_t now_us,
                         struct arena *arena, struct identity *identity, struct fault *fault) MUST_CHECK;

// Whether who has come by one of these may still call. 0; FAULT as above; or a store fault. An identity that
// the unix socket gave always may.
int login_stands(struct txn *txn, const struct identity *identity, int64_t now_us, struct arena *arena,
                 struct fault *fault) MUST_CHECK;

#endif
