// SPDX-License-Identifier: Apache-2.0
// What one token may take: sessions that are open at the same time, and requests a second. The rate is a
// token bucket, kept as the generic cell rate algorithm (ITU-T I.371, annex A): one number says when the
// bucket would be full again, so a request costs one atomic exchange and no lock, on whichever worker it
// comes. Any thread.
#ifndef RPC_QUOTA_H
#define RPC_QUOTA_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

struct quota;
struct quota_token;

// 0 = no limit.
struct quota_options {
    uint32_t connections; // sessions of a token
    uint64_t rate;        // requests a second, up to 10,000,000
    uint64_t burst;       // requests at once after a pause, from 1
};

// The table of tokens; it remembers those with sessions, and others until their buckets are full again. NULL
// when memory is short. quota_free wants all sessions to have left; NULL is safe.
struct quota *quota_new(const struct quota_options *options) MUST_CHECK;
void quota_free(struct quota *quota);

// Other limits hold from now on, for tokens with sessions too; no session ends for that.
void quota_change(struct quota *quota, const struct quota_options *options);

// A session's Hello named a token: *held, NULL at first, becomes what the session holds of the table until
// quota_leave. A session that held another token gives that up; one that held the same keeps it. Token 0, of
// sessions without a token, and a quota of NULL know no limit: *held becomes NULL. 0; FAULT
// (RESOURCE_EXHAUSTED) when the token has too many sessions, or -ENOMEM, and then *held is as it was.
int quota_enter(struct quota *quota, uint64_t token, struct quota_token **held,
                struct fault *fault) MUST_CHECK;

// The session ends. NULL in *held is fine.
void quota_leave(struct quota *quota, struct quota_token **held);

// Takes one request at now_us (steady clock) out of the bucket of held, which is not NULL. 0; or FAULT
// (RESOURCE_EXHAUSTED) with the time until there is one again.
int quota_take(struct quota_token *held, int64_t now_us, struct fault *fault) MUST_CHECK;

// Puts one back that was not handled. NULL is fine.
void quota_put_back(struct quota_token *held);

#endif
