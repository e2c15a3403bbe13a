// SPDX-License-Identifier: Apache-2.0
// Invariant, under the lock: count, bytes and writes are the sums over the jobs first..last. A worker is
// marked as waiting exactly when it was turned away and has not been told of room since. The taker is woken
// only for what it sleeps for, as each wake-up costs as much as a write.
#include "work/queue.h"
#include "base/clock.h"
#include "work/job.h"
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define FOREVER INT64_MAX

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled; // on CLOCK_MONOTONIC
    struct queue_options options;
    struct job *first, *last;
    size_t count, bytes, writes;
    bool sleeps;            // the taker
    size_t awaited;         // writes that it sleeps for
    size_t expected;        // writes that the next take waits for
    int64_t expected_by_us; // and until when
    bool asked;             // the taker, which has not answered yet
    bool closed;
    unsigned next_waiter; // where the search goes on, so that every worker has its turn
    bool waiting[];
};

static int
init_locks(struct queue *queue)
{
    pthread_condattr_t attr;
    int rc;

    if (pthread_condattr_init(&attr) != 0)
        return 1;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    rc = pthread_cond_init(&queue->filled, &attr);
    pthread_condattr_destroy(&attr);
    if (rc == 0 && pthread_mutex_init(&queue->lock, NULL) != 0) {
        pthread_cond_destroy(&queue->filled);
        rc = 1;
    }
    return rc;
}

struct queue *
queue_new(const struct queue_options *options)
{
    struct queue *queue = calloc(1, sizeof *queue + options->workers * sizeof queue->waiting[0]);

    if (queue == NULL)
        return NULL;
    queue->options = *options;
    if (init_locks(queue) != 0) {
        free(queue);
        return NULL;
    }
    return queue;
}

void
queue_free(struct queue *queue)
{
    if (queue == NULL)
        return;
    assert(queue->first == NULL);
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static bool
has_room(const struct queue *queue, size_t bytes)
{
    if (queue->count == 0)
        return true;
    return queue->count < queue->options.max_jobs && bytes <= queue->options.max_bytes &&
           queue->bytes <= queue->options.max_bytes - bytes;
}

static int
admit(struct queue *queue, unsigned worker, size_t bytes)
{
    assert(worker < queue->options.workers);
    if (queue->closed)
        return QUEUE_E_CLOSED;
    if (has_room(queue, bytes))
        return 0;
    queue->waiting[worker] = true;
    return QUEUE_E_FULL;
}

int
queue_admits(struct queue *queue, unsigned worker, size_t bytes)
{
    int rc;

    pthread_mutex_lock(&queue->lock);
    rc = admit(queue, worker, bytes);
    pthread_mutex_unlock(&queue->lock);
    return rc;
}

// Whether a taker that waits for so many writes need not wait on.
static bool
is_ripe(const struct queue *queue, size_t writes)
{
    return queue->closed || (queue->first != NULL && (queue->writes >= writes || !has_room(queue, 0)));
}

int
queue_push(struct queue *queue, struct job *job)
{
    int rc;

    pthread_mutex_lock(&queue->lock);
    rc = admit(queue, job->worker, job->bytes);
    if (rc == 0) {
        job->mail.next = NULL;
        if (queue->first == NULL)
            queue->first = job;
        else
            queue->last->mail.next = &job->mail;
        queue->last = job;
        queue->count++;
        queue->bytes += job->bytes;
        queue->writes += job->n_writes;
        if (queue->sleeps && is_ripe(queue, queue->awaited))
            pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->lock);
    return rc;
}

static struct timespec
to_timespec(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

// Sleeps until so many writes are there, or a time of the steady clock (or FOREVER).
static void
wait_for(struct queue *queue, size_t writes, int64_t until_us)
{
    struct timespec until = to_timespec(until_us);
    int rc = 0;

    queue->sleeps = true;
    queue->awaited = writes;
    while (rc == 0 && !is_ripe(queue, writes)) {
        rc = until_us == FOREVER ? pthread_cond_wait(&queue->filled, &queue->lock)
                                 : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
        queue->asked = false;
    }
    queue->sleeps = false;
}

static void
wait_for_group(struct queue *queue, size_t max_writes, int64_t delay_us)
{
    size_t expected = queue->expected < max_writes ? queue->expected : max_writes;

    queue->expected = 0;
    if (!is_ripe(queue, expected) && clock_steady_us() < queue->expected_by_us)
        wait_for(queue, expected, queue->expected_by_us);
    wait_for(queue, 0, FOREVER);
    if (!is_ripe(queue, max_writes) && delay_us > 0)
        wait_for(queue, max_writes, clock_steady_us() + delay_us);
}

static struct job *
next_job(const struct job *job)
{
    return (struct job *)job->mail.next;
}

struct job *
queue_take(struct queue *queue, size_t max_writes, int64_t delay_us)
{
    struct job *taken, *last = NULL;
    size_t writes = 0;

    pthread_mutex_lock(&queue->lock);
    queue->asked = false;
    wait_for_group(queue, max_writes, delay_us);
    taken = queue->first;
    while (queue->first != NULL && (last == NULL || writes + queue->first->n_writes <= max_writes)) {
        last = queue->first;
        writes += last->n_writes;
        queue->count--;
        queue->bytes -= last->bytes;
        queue->writes -= last->n_writes;
        queue->first = next_job(last);
    }
    if (last != NULL)
        last->mail.next = NULL;
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void
queue_expect(struct queue *queue, size_t writes, int64_t until_us)
{
    pthread_mutex_lock(&queue->lock);
    queue->expected = queue->writes + writes;
    queue->expected_by_us = until_us;
    pthread_mutex_unlock(&queue->lock);
}

bool
queue_next_waiter(struct queue *queue, unsigned *worker)
{
    bool found = false;

    pthread_mutex_lock(&queue->lock);
    for (unsigned i = 0; i < queue->options.workers && !found && has_room(queue, 0); i++) {
        unsigned at = (queue->next_waiter + i) % queue->options.workers;

        if (queue->waiting[at]) {
            queue->waiting[at] = false;
            queue->next_waiter = at + 1;
            *worker = at;
            found = true;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

void
queue_resize(struct queue *queue, size_t max_jobs, size_t max_bytes)
{
    pthread_mutex_lock(&queue->lock);
    queue->options.max_jobs = max_jobs;
    queue->options.max_bytes = max_bytes;
    pthread_mutex_unlock(&queue->lock);
}

void
queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

void
queue_ask(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->asked = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

bool
queue_is_asked(struct queue *queue)
{
    bool asked;

    pthread_mutex_lock(&queue->lock);
    asked = queue->asked;
    pthread_mutex_unlock(&queue->lock);
    return asked;
}

size_t
queue_depth(struct queue *queue)
{
    size_t depth;

    pthread_mutex_lock(&queue->lock);
    depth = queue->count;
    pthread_mutex_unlock(&queue->lock);
    return depth;
}

struct queue_counts
queue_count(struct queue *queue)
{
    struct queue_counts counts;

    pthread_mutex_lock(&queue->lock);
    counts.max_jobs = queue->options.max_jobs;
    counts.max_bytes = queue->options.max_bytes;
    counts.jobs = queue->count;
    counts.bytes = queue->bytes;
    pthread_mutex_unlock(&queue->lock);
    return counts;
}
