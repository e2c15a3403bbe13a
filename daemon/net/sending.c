// SPDX-License-Identifier: Apache-2.0
// A list with a count.
#include "net/sending.h"
#include <stddef.h>

void
sending_init(struct sending *sending)
{
    TAILQ_INIT(&sending->list);
    sending->count = 0;
}

unsigned
sending_add(struct sending *sending, struct sender *sender)
{
    if (!sender->listed) {
        TAILQ_INSERT_TAIL(&sending->list, sender, entry);
        sending->count++;
    }
    sender->listed = true;
    return sending->count;
}

void
sending_leave(struct sending *sending, struct sender *sender)
{
    if (sender->listed) {
        TAILQ_REMOVE(&sending->list, sender, entry);
        sending->count--;
    }
    sender->listed = false;
}

void
sending_each(struct sending *sending, void (*act)(struct conn *conn))
{
    struct sender *sender;

    while ((sender = TAILQ_FIRST(&sending->list)) != NULL) {
        sending_leave(sending, sender);
        act(sender->conn);
    }
}
