// SPDX-License-Identifier: Apache-2.0
// Adding an event that is in already costs a look-up, so it is done only to set its time anew.
#include "net/asking.h"
#include <errno.h>
#include <stddef.h>

int
asking_for(struct event *event, bool wanted, const struct timeval *within, bool *added)
{
    if (wanted == *added && (!wanted || within == NULL))
        return 0;
    if ((wanted ? event_add(event, within) : event_del(event)) != 0)
        return -ENOMEM;
    *added = wanted;
    return 0;
}
