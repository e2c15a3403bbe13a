// SPDX-License-Identifier: Apache-2.0
// A hash table of chains. Invariants: the chains and the numbers of sessions change under the lock only; a
// token with sessions is never freed, so what a session holds may be used without the lock; full_ns never
// goes back but by quota_put_back.
#include "rpc/quota.h"
#include "base/clock.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CHAINS_BITS    10u
#define SECOND_NS      INT64_C(1000000000)
#define SESSIONS_AGAIN 1000u // milliseconds: hint for one with too many sessions

// On a cache line of its own, as workers share it.
struct quota_token {
    _Alignas(64) _Atomic int64_t full_ns; // steady clock: when the bucket is full again
    _Atomic int64_t interval_ns;          // between requests at the rate; 0 = no limit
    _Atomic int64_t depth_ns;             // of a full bucket
    _Atomic uint64_t rate, burst;         // as they are told
    uint64_t token;
    uint32_t sessions;
    struct quota_token *next;
};

struct quota {
    pthread_mutex_t lock;
    struct quota_options options;
    struct quota_token *chains[1u << CHAINS_BITS];
};

struct quota *
quota_new(const struct quota_options *options)
{
    struct quota *quota = calloc(1, sizeof *quota);

    if (quota == NULL)
        return NULL;
    if (pthread_mutex_init(&quota->lock, NULL) != 0) {
        free(quota);
        return NULL;
    }
    quota->options = *options;
    return quota;
}

void
quota_free(struct quota *quota)
{
    if (quota == NULL)
        return;
    for (size_t i = 0; i < 1u << CHAINS_BITS; i++) {
        while (quota->chains[i] != NULL) {
            struct quota_token *gone = quota->chains[i];

            assert(gone->sessions == 0);
            quota->chains[i] = gone->next;
            free(gone);
        }
    }
    pthread_mutex_destroy(&quota->lock);
    free(quota);
}

// ---- The table

// Ids that follow one another spread over all chains (Fibonacci hashing, Knuth 6.4).
static struct quota_token **
chain_of(struct quota *quota, uint64_t token)
{
    return &quota->chains[token * UINT64_C(0x9E3779B97F4A7C15) >> (64 - CHAINS_BITS)];
}

static bool
is_idle(const struct quota_token *it, int64_t now_ns)
{
    return it->sessions == 0 && atomic_load_explicit(&it->full_ns, memory_order_relaxed) <= now_ns;
}

// The token in its chain, out of which it frees others that nothing needs to be known of any more. NULL if it
// is not there.
static struct quota_token *
find(struct quota_token **chain, uint64_t token, int64_t now_ns)
{
    struct quota_token *found = NULL;

    while (*chain != NULL) {
        struct quota_token *it = *chain;

        if (it->token == token)
            found = it;
        if (it->token == token || !is_idle(it, now_ns)) {
            chain = &it->next;
            continue;
        }
        *chain = it->next;
        free(it);
    }
    return found;
}

// Requests that come meanwhile go by the old numbers or the new ones, or by one of each.
static void
set_rate(struct quota_token *it, const struct quota_options *options)
{
    int64_t interval_ns = options->rate == 0 ? 0 : SECOND_NS / (int64_t)options->rate;

    atomic_store_explicit(&it->interval_ns, interval_ns, memory_order_relaxed);
    atomic_store_explicit(&it->depth_ns, (int64_t)options->burst * interval_ns, memory_order_relaxed);
    atomic_store_explicit(&it->rate, options->rate, memory_order_relaxed);
    atomic_store_explicit(&it->burst, options->burst, memory_order_relaxed);
}

void
quota_change(struct quota *quota, const struct quota_options *options)
{
    pthread_mutex_lock(&quota->lock);
    quota->options = *options;
    for (size_t i = 0; i < 1u << CHAINS_BITS; i++) {
        for (struct quota_token *it = quota->chains[i]; it != NULL; it = it->next)
            set_rate(it, options);
    }
    pthread_mutex_unlock(&quota->lock);
}

static struct quota_token *
add(const struct quota_options *options, struct quota_token **chain, uint64_t token)
{
    struct quota_token *it = aligned_alloc(_Alignof(struct quota_token), sizeof *it);

    if (it == NULL)
        return NULL;
    *it = (struct quota_token){.token = token, .next = *chain};
    set_rate(it, options);
    *chain = it;
    return it;
}

static int
enter_locked(struct quota *quota, uint64_t token, struct quota_token **out, struct fault *fault)
{
    struct quota_token **chain = chain_of(quota, token);
    struct quota_token *it = find(chain, token, clock_steady_us() * 1000);

    if (it == NULL)
        it = add(&quota->options, chain, token);
    if (it == NULL)
        return -ENOMEM;
    if (quota->options.connections != 0 && it->sessions >= quota->options.connections) {
        fault_fill(fault, CODE_RESOURCE_EXHAUSTED, "",
                   "%" PRIu32 " connections of this caller are open, no more are allowed", it->sessions);
        fault->retry_after_ms = SESSIONS_AGAIN;
        return FAULT;
    }
    it->sessions++;
    *out = it;
    return 0;
}

// ---- Sessions

int
quota_enter(struct quota *quota, uint64_t token, struct quota_token **held, struct fault *fault)
{
    struct quota_token *entered = NULL;
    int rc = 0;

    if (quota == NULL || (*held != NULL && (*held)->token == token))
        return 0;
    if (token != 0) {
        pthread_mutex_lock(&quota->lock);
        rc = enter_locked(quota, token, &entered, fault);
        pthread_mutex_unlock(&quota->lock);
    }
    if (rc != 0)
        return rc;
    quota_leave(quota, held);
    *held = entered;
    return 0;
}

void
quota_leave(struct quota *quota, struct quota_token **held)
{
    if (*held == NULL)
        return;
    pthread_mutex_lock(&quota->lock);
    assert((*held)->sessions > 0);
    (*held)->sessions--;
    pthread_mutex_unlock(&quota->lock);
    *held = NULL;
}

// ---- Requests

static int
refuse(const struct quota_token *held, int64_t wait_ns, struct fault *fault)
{
    fault_fill(fault, CODE_RESOURCE_EXHAUSTED, "",
               "this caller may send %" PRIu64 " requests a second, and %" PRIu64 " at once after a pause",
               atomic_load_explicit(&held->rate, memory_order_relaxed),
               atomic_load_explicit(&held->burst, memory_order_relaxed));
    fault->retry_after_ms = (uint32_t)((wait_ns + 999999) / 1000000);
    return FAULT;
}

int
quota_take(struct quota_token *held, int64_t now_us, struct fault *fault)
{
    int64_t interval = atomic_load_explicit(&held->interval_ns, memory_order_relaxed);
    int64_t depth = atomic_load_explicit(&held->depth_ns, memory_order_relaxed);
    int64_t now = now_us * 1000, before, after;

    if (interval == 0)
        return 0;
    before = atomic_load_explicit(&held->full_ns, memory_order_relaxed);
    do {
        after = (before > now ? before : now) + interval;
        if (after - now > depth)
            return refuse(held, after - now - depth, fault);
    } while (!atomic_compare_exchange_weak_explicit(&held->full_ns, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    return 0;
}

void
quota_put_back(struct quota_token *held)
{
    if (held != NULL)
        atomic_fetch_sub_explicit(&held->full_ns,
                                  atomic_load_explicit(&held->interval_ns, memory_order_relaxed),
                                  memory_order_relaxed);
}
