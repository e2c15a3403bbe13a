// SPDX-License-Identifier: Apache-2.0
// Doubles a bound with each try, and takes any time up to it.
#include "client/lib/kansen_backoff.h"

#define DOUBLINGS_MAX 32u // beyond, any first_ms has met any most_ms

uint32_t
kansen_backoff_next(struct kansen_backoff *backoff, uint64_t random)
{
    uint64_t bound = (uint64_t)backoff->first_ms << backoff->tries;

    if (bound > backoff->most_ms)
        bound = backoff->most_ms;
    if (backoff->tries < DOUBLINGS_MAX)
        backoff->tries++;
    return (uint32_t)(random % (bound + 1));
}

void
kansen_backoff_reset(struct kansen_backoff *backoff)
{
    backoff->tries = 0;
}
