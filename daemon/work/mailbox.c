// SPDX-License-Identifier: Apache-2.0
// Invariant, under the lock: the eventfd is readable if and only if there is a mail or a notice. So a crowd
// of posts costs one wake-up.
#include "work/mailbox.h"
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
mailbox_init(struct mailbox *mailbox)
{
    int rc;

    *mailbox = (struct mailbox){.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (mailbox->event_fd < 0)
        return -errno;
    rc = pthread_mutex_init(&mailbox->lock, NULL);
    if (rc != 0)
        close(mailbox->event_fd);
    return -rc;
}

void
mailbox_destroy(struct mailbox *mailbox)
{
    assert(mailbox->first == NULL);
    close(mailbox->event_fd);
    pthread_mutex_destroy(&mailbox->lock);
}

static bool
is_empty(const struct mailbox *mailbox)
{
    return mailbox->first == NULL && mailbox->notices == 0;
}

// The counter goes from 0 to 1 and back, so neither call can block or fail.
static void
raise_event(struct mailbox *mailbox)
{
    uint64_t one = 1;
    ssize_t written = write(mailbox->event_fd, &one, sizeof one);

    assert(written == sizeof one);
    (void)written;
}

static void
clear_event(struct mailbox *mailbox)
{
    uint64_t count;
    ssize_t got = read(mailbox->event_fd, &count, sizeof count);

    assert(got == sizeof count);
    (void)got;
}

void
mailbox_post(struct mailbox *mailbox, struct mail *first, struct mail *last)
{
    bool was_empty;

    last->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    was_empty = is_empty(mailbox);
    if (mailbox->first == NULL)
        mailbox->first = first;
    else
        mailbox->last->next = first;
    mailbox->last = last;
    if (was_empty)
        raise_event(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
}

void
mailbox_notify(struct mailbox *mailbox, unsigned notices)
{
    pthread_mutex_lock(&mailbox->lock);
    if (is_empty(mailbox))
        raise_event(mailbox);
    mailbox->notices |= notices;
    pthread_mutex_unlock(&mailbox->lock);
}

bool
mailbox_holds(struct mailbox *mailbox, unsigned notices)
{
    bool holds;

    pthread_mutex_lock(&mailbox->lock);
    holds = (mailbox->notices & notices) != 0;
    pthread_mutex_unlock(&mailbox->lock);
    return holds;
}

void
mailbox_want_commits(struct mailbox *mailbox, bool wanted)
{
    atomic_store(&mailbox->wants_commits, wanted);
}

bool
mailbox_wants_commits(struct mailbox *mailbox)
{
    return atomic_load(&mailbox->wants_commits);
}

struct mail *
mailbox_take(struct mailbox *mailbox, unsigned *notices)
{
    struct mail *first;

    pthread_mutex_lock(&mailbox->lock);
    if (!is_empty(mailbox))
        clear_event(mailbox);
    first = mailbox->first;
    *notices = mailbox->notices;
    mailbox->first = mailbox->last = NULL;
    mailbox->notices = 0;
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}
