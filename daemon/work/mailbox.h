// SPDX-License-Identifier: Apache-2.0
// How other threads reach a loop: a list of mails and a set of notices, with an eventfd that is readable
// while there is something. Any thread posts; one thread, the owner, takes. Posting needs no memory, so it
// can not fail.
#ifndef WORK_MAILBOX_H
#define WORK_MAILBOX_H

#include "base/attr.h"
#include <pthread.h>
#include <stdbool.h>

enum mail_kind {
    MAIL_JOB,        // a struct job comes back
    MAIL_CONNECTION, // a new connection (its struct is net's)
    MAIL_READING,    // a long read comes back (its struct is rpc's)
    MAIL_TASK,       // a struct task comes back
    MAIL_TASK_NEWS,  // a struct task_news: how far a task is
};

// What lies in a mailbox; the first member of the struct that it is a part of.
struct mail {
    struct mail *next;
    enum mail_kind kind;
};

// Notices say that something is so; telling it twice is the same as once.
#define MAILBOX_ROOM      0x01u  // the write queue has room again
#define MAILBOX_DRAIN     0x02u  // finish what is under way, then end
#define MAILBOX_STOP      0x04u  // end now
#define MAILBOX_DONE      0x08u  // a thread has ended
#define MAILBOX_FAILED    0x10u  // the writer can not go on
#define MAILBOX_COMMITTED 0x20u  // the store has changed; told to those who want it
#define MAILBOX_CLIENTS   0x40u  // a client or a token has changed: some may call no more
#define MAILBOX_SECOND    0x80u  // a second has passed, and somebody is connected
#define MAILBOX_ASKED     0x100u // whether the owner goes on: to take it is the answer
#define MAILBOX_LIMITS    0x200u // a reload has changed what may be taken

struct mailbox {
    pthread_mutex_t lock;
    struct mail *first, *last;
    unsigned notices;
    int event_fd;
    _Atomic bool wants_commits;
};

// 0 or -errno. mailbox_destroy wants an empty mailbox that nobody uses any more.
int mailbox_init(struct mailbox *mailbox) MUST_CHECK;
void mailbox_destroy(struct mailbox *mailbox);

// Posts the mails first..last, linked by next, which belong to the owner from now on.
void mailbox_post(struct mailbox *mailbox, struct mail *first, struct mail *last);

// Posts notices.
void mailbox_notify(struct mailbox *mailbox, unsigned notices);

// Whether one of the notices has not been taken yet. Any thread.
bool mailbox_holds(struct mailbox *mailbox, unsigned notices);

// Whether the owner wants MAILBOX_COMMITTED. The owner sets it, and looks at the store after that: a commit
// that is not in a snapshot begun then is told. Any thread asks, after its commit.
void mailbox_want_commits(struct mailbox *mailbox, bool wanted);
bool mailbox_wants_commits(struct mailbox *mailbox);

// Takes everything: the mails in the order of their posting (NULL = none) and the notices. Only the owner;
// never waits.
struct mail *mailbox_take(struct mailbox *mailbox, unsigned *notices);

#endif
