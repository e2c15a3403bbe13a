// SPDX-License-Identifier: Apache-2.0
// The job thread: work that takes seconds or minutes (a backup), one task after another, with snapshots of
// its own and a low priority. Workers push tasks; the thread runs them and posts them back with their answer.
// The queue is bounded. A task whose asker has gone ends early, unless its kind stays; all end when the
// daemon stops.
#ifndef WORK_TASKS_H
#define WORK_TASKS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "work/mailbox.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct log;
struct store;
struct task;
struct tasks;
struct txn;

#define TASKS_NOBODY UINT32_MAX // worker of a task that nobody waits for: it is freed behind its run
#define TASKS_STAGE  24u        // bytes of a stage's name with the end

struct tasks_progress {
    const char *name;        // of the task's kind
    char stage[TASKS_STAGE]; // what it does now; "" before the first word
    uint64_t done, total;    // of the stage, in units of the task's own; total 0 = not known
    int64_t began_us;        // steady clock
};

struct task_kind {
    const char *name; // for logs and the status: "backup"
    bool stays;       // goes on when its asker has gone

    // Does the work, in the job thread. txn is a read transaction that has not begun; it is ended behind the
    // run. 0 with the answer in task->out; FAULT with task->fault set; a store fault; or TASKS_E_ENDED once
    // task_goes_on is false.
    int (*run)(struct task *task, struct txn *txn);

    // Adds to out an answer that tells the progress to the asker, which is sent before the last one. NULL =
    // the asker hears the end only. 0 or -ENOMEM. The job thread.
    int (*report)(const struct task *task, const struct tasks_progress *progress, struct buf *out);

    void (*free)(struct task *task); // the whole struct that it is the first member of
};

// One thread owns it at a time: the worker makes it, the queue hands it to the job thread, a mailbox hands it
// back. It names its connection by number, as that can be gone when it comes back.
struct task {
    struct mail mail; // first; MAIL_TASK
    const struct task_kind *kind;
    uint32_t worker;     // who gets it back, or TASKS_NOBODY
    uint64_t connection; // as that worker numbers it
    uint64_t request;    // id that the client gave
    uint32_t asked;      // number of the request that it came by
    int64_t began_us;    // steady clock
    int64_t deadline_us; // steady clock; 0 = none
    struct fault fault;  // code other than CODE_OK: what came of it, in place of an answer; it is logged too
    struct buf out;      // the last answer as it is sent

    // Of tasks.c alone
    struct tasks *tasks;
    struct tasks_progress progress; // under the lock
    int64_t told_us;
    _Atomic bool forgotten;
    TAILQ_ENTRY(task) link;
};

// Progress on its way to the asker. Owned like a task.
struct task_news {
    struct mail mail; // first; MAIL_TASK_NEWS
    uint64_t connection;
    struct buf out; // an answer as it is sent
};

void task_free(struct task *task);           // frees out, then by its kind; NULL is safe
void task_news_free(struct task_news *news); // NULL is safe

struct tasks_options {
    struct store *store;
    struct mailbox *mailboxes; // of the workers, by number
    const struct log *log;
    unsigned max; // tasks that wait at most, from 1
};

#define TASKS_E_FULL   2  // as many wait as may
#define TASKS_E_CLOSED 3  // the daemon stops
#define TASKS_E_ENDED  10 // of a run: it was told to end

// Starts the thread. 0, a store fault, or -errno. What the options point to must outlive it. Main thread.
int tasks_start(const struct tasks_options *options, struct tasks **out) MUST_CHECK;

// Takes no more, ends what runs at its next look, and sends back what waits, with UNAVAILABLE. Any thread;
// NULL is safe.
void tasks_close(struct tasks *tasks);

// Closes, waits for the thread and frees. NULL is safe. Main thread.
void tasks_finish(struct tasks *tasks);

// 0 when the queue owns the task now; else as above, and the caller still owns it. Any thread.
int tasks_push(struct tasks *tasks, struct task *task) MUST_CHECK;

// This connection of this worker has gone: its tasks end, those that wait and are not to stay at once.
void tasks_forget(struct tasks *tasks, uint32_t worker, uint64_t connection);

struct tasks_counts {
    unsigned waiting;
    bool runs; // running is set
    struct tasks_progress running;
    uint64_t done, failed, refused; // since the start
};
struct tasks_counts tasks_count(struct tasks *tasks); // any thread

// ---- For a run: the job thread

// False when the task must end: its asker has gone, its deadline has passed, or the daemon stops. Ask at
// least ten times a second.
bool task_goes_on(struct task *task);

// Says how far it is; whoever asked is told ten times a second, so call it as often as you like.
void task_tell(struct task *task, const char *stage, uint64_t done, uint64_t total);

#endif
