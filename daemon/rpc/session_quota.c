// SPDX-License-Identifier: Apache-2.0
// Clients have names and tokens have numbers; the table of limits knows numbers only. Invariant: a session is
// in the table at most once, so leaving twice is harmless.
#include "rpc/session_quota.h"
#include "auth/role.h"
#include "base/clock.h"
#include "rpc/quota.h"
#include "rpc/requests.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/store.h"
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#define CLIENT_BIT (UINT64_C(1) << 63) // ids of tokens are far below

// Two clients that share a number by accident would share their limits, no more.
static uint64_t
number_of(const struct identity *identity)
{
    if (identity->token != 0 || !identity->listed)
        return identity->token;
    return XXH3_64bits(identity->client, strlen(identity->client)) | CLIENT_BIT;
}

int
session_quota_enter(struct service *service, struct session *session, const struct identity *identity,
                    struct fault *fault)
{
    int rc = quota_enter(service->quota, number_of(identity), &session->quota, fault);

    if (rc == FAULT)
        counters_add(&service->counters, COUNTER_CONNECTIONS_TOKEN);
    return rc == -ENOMEM ? STORE_FAULT_MEMORY : rc;
}

void
session_quota_leave(struct service *service, struct session *session)
{
    quota_leave(service->quota, &session->quota);
}

bool
session_quota_take(struct service *service, struct session *session, uint32_t body, struct fault *fault)
{
    const struct request_row *row;

    if (session->quota == NULL)
        return true;
    row = requests_find(body);
    if ((row != NULL && (row->access & REQUEST_FREE) != 0) ||
        quota_take(session->quota, clock_steady_us(), fault) == 0)
        return true;
    counters_add(&service->counters, COUNTER_RATE_TOKEN);
    return false;
}

void
session_quota_put_back(struct session *session)
{
    quota_put_back(session->quota);
}
