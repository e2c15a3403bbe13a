// SPDX-License-Identifier: Apache-2.0
// Invariant: the tick is armed if and only if the count is above 0. A request looks at its token's end by
// itself; the tick is for connections that are silent, and for a clock that was set.
#include "net/expiring.h"
#include <errno.h>

int
expiring_open(struct expiring *expiring, struct event_base *base, event_callback_fn on_tick, void *arg)
{
    expiring->tick = event_new(base, -1, EV_PERSIST, on_tick, arg);
    return expiring->tick == NULL ? -ENOMEM : 0;
}

void
expiring_close(struct expiring *expiring)
{
    if (expiring->tick != NULL)
        event_free(expiring->tick);
    expiring->tick = NULL;
}

int
expiring_add(struct expiring *expiring, bool *counted)
{
    static const struct timeval second = {.tv_sec = 1};

    if (*counted)
        return 0;
    if (expiring->count == 0 && event_add(expiring->tick, &second) != 0)
        return -ENOMEM;
    expiring->count++;
    *counted = true;
    return 0;
}

void
expiring_remove(struct expiring *expiring, bool *counted)
{
    if (!*counted)
        return;
    if (--expiring->count == 0)
        event_del(expiring->tick);
    *counted = false;
}
