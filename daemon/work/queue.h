// SPDX-License-Identifier: Apache-2.0
// The way to the writer: jobs in the order in which they were pushed, bounded in number and in bytes. A full
// queue remembers which workers were turned away, so that they can be told when there is room. Workers push,
// the writer takes.
#ifndef WORK_QUEUE_H
#define WORK_QUEUE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct queue;

struct queue_options {
    size_t max_jobs;  // from 1
    size_t max_bytes; // of memory that jobs hold; a larger one is let in when the queue is empty
    unsigned workers; // they are numbered 0..workers-1
};

#define QUEUE_E_FULL   2 // no room; the worker is remembered
#define QUEUE_E_CLOSED 3 // no more jobs are taken

// NULL when memory is short. queue_free wants an empty queue that nobody uses; NULL is safe.
struct queue *queue_new(const struct queue_options *options) MUST_CHECK;
void queue_free(struct queue *queue);

// Says QUEUE_E_FULL (and remembers the worker), QUEUE_E_CLOSED, or 0 when there is room for a job of so many
// bytes at this moment; saves the making of a job that would be turned away.
int queue_admits(struct queue *queue, unsigned worker, size_t bytes) MUST_CHECK;

// 0 when the queue owns the job now; else as above, and the caller still owns it.
int queue_push(struct queue *queue, struct job *job) MUST_CHECK;

// Waits for a job, then up to delay_us microseconds until there are max_writes writes, and takes jobs up to
// that number of writes (at least one job), linked by mail.next. NULL when the queue is closed and empty.
struct job *queue_take(struct queue *queue, size_t max_writes, int64_t delay_us);

// Says that so many writes are likely to come soon, beside those that wait: the next take waits for them too,
// until a time of the steady clock. The taker.
void queue_expect(struct queue *queue, size_t writes, int64_t until_us);

// Gives one worker that was turned away, and forgets it, if there is room now. False when there is none.
bool queue_next_waiter(struct queue *queue, unsigned *worker);

// Holds so much from now on; what is inside stays. Any thread.
void queue_resize(struct queue *queue, size_t max_jobs, size_t max_bytes);

// Takes no more jobs; those inside are still given out. Any thread.
void queue_close(struct queue *queue);

// Asks the taker whether it goes on, and tells whether it has not shown that since, by taking or by waiting
// for jobs. Any thread.
void queue_ask(struct queue *queue);
bool queue_is_asked(struct queue *queue);

// Jobs that wait. Any thread.
size_t queue_depth(struct queue *queue);

struct queue_counts {
    size_t jobs, bytes;         // that wait
    size_t max_jobs, max_bytes; // its limits
};
struct queue_counts queue_count(struct queue *queue); // any thread

#endif
