// SPDX-License-Identifier: Apache-2.0
// Invariant, under the lock: waiting is the length of the list; running is the task that the thread has,
// whose progress only the thread changes. After the close the thread still takes what waits, to send it back.
#include "work/tasks.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"
#include "work/writer.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TELL_US 100000 // from one word of progress to the next

TAILQ_HEAD(task_list, task);

struct tasks {
    struct tasks_options options;
    struct txn *txn;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct task_list list;
    unsigned waiting;
    struct task *running;
    uint64_t done, failed, refused;
    _Atomic bool closed;
};

void
task_free(struct task *task)
{
    if (task == NULL)
        return;
    buf_free(&task->out);
    task->kind->free(task);
}

void
task_news_free(struct task_news *news)
{
    if (news == NULL)
        return;
    buf_free(&news->out);
    free(news);
}

// ---- A run

bool
task_goes_on(struct task *task)
{
    return !atomic_load(&task->tasks->closed) && !atomic_load(&task->forgotten) &&
           (task->deadline_us == 0 || clock_steady_us() < task->deadline_us);
}

// Without memory for it the asker hears more the next time.
static void
send_news(struct task *task)
{
    struct task_news *news = calloc(1, sizeof *news);

    if (news == NULL)
        return;
    news->mail.kind = MAIL_TASK_NEWS;
    news->connection = task->connection;
    if (task->kind->report(task, &task->progress, &news->out) != 0) {
        task_news_free(news);
        return;
    }
    mailbox_post(&task->tasks->options.mailboxes[task->worker], &news->mail, &news->mail);
}

void
task_tell(struct task *task, const char *stage, uint64_t done, uint64_t total)
{
    int64_t now = clock_steady_us();

    pthread_mutex_lock(&task->tasks->lock);
    snprintf(task->progress.stage, sizeof task->progress.stage, "%s", stage);
    task->progress.done = done;
    task->progress.total = total;
    pthread_mutex_unlock(&task->tasks->lock);
    if (task->kind->report == NULL || task->worker == TASKS_NOBODY || now - task->told_us < TELL_US)
        return;
    task->told_us = now;
    send_news(task);
}

static void
explain_end(struct task *task)
{
    if (atomic_load(&task->tasks->closed))
        fault_fill(&task->fault, CODE_UNAVAILABLE, "", "the daemon stops");
    else if (atomic_load(&task->forgotten))
        fault_fill(&task->fault, CODE_CANCELLED, "", "whoever asked has gone");
    else
        fault_fill(&task->fault, CODE_DEADLINE_EXCEEDED, "deadline_ms", "the deadline passed before the end");
}

// Whether it asked for what is there already, which is nobody's trouble.
static bool
was_refused(const struct task *task)
{
    return task->fault.code == CODE_ALREADY_EXISTS;
}

static void
tell_end(const struct log *log, const struct task *task)
{
    int64_t took_ms = (clock_steady_us() - task->progress.began_us) / 1000;

    if (task->fault.code == CODE_OK)
        LOG_NOTICE(log, "tasks", "a task is done", LOG_TEXT("task", task->kind->name),
                   LOG_I64("took_ms", took_ms));
    else if (was_refused(task))
        LOG_INFO(log, "tasks", "a task was refused", LOG_TEXT("task", task->kind->name),
                 LOG_TEXT("why", task->fault.message));
    else
        LOG_WARNING(log, "tasks", "a task has failed", LOG_TEXT("task", task->kind->name),
                    LOG_I64("took_ms", took_ms), LOG_I64("code", (int64_t)task->fault.code),
                    LOG_TEXT("why", task->fault.message));
}

static void
run_task(struct tasks *tasks, struct task *task)
{
    const struct log *log = tasks->options.log;
    int rc = TASKS_E_ENDED;

    if (task_goes_on(task)) {
        LOG_INFO(log, "tasks", "a task begins", LOG_TEXT("task", task->kind->name));
        rc = task->kind->run(task, tasks->txn);
        txn_end(tasks->txn);
    }
    if (rc == TASKS_E_ENDED)
        explain_end(task);
    else if (rc < 0)
        writer_fault(&task->fault, rc);
    tell_end(log, task);
}

// ---- The thread

// NULL when the queue is closed and empty.
static struct task *
take(struct tasks *tasks)
{
    struct task *task;

    pthread_mutex_lock(&tasks->lock);
    while (!atomic_load(&tasks->closed) && TAILQ_EMPTY(&tasks->list))
        pthread_cond_wait(&tasks->filled, &tasks->lock);
    task = TAILQ_FIRST(&tasks->list);
    if (task != NULL) {
        TAILQ_REMOVE(&tasks->list, task, link);
        tasks->waiting--;
        task->progress = (struct tasks_progress){.name = task->kind->name, .began_us = clock_steady_us()};
        tasks->running = task;
    }
    pthread_mutex_unlock(&tasks->lock);
    return task;
}

static void
give_back(struct tasks *tasks, struct task *task)
{
    pthread_mutex_lock(&tasks->lock);
    tasks->running = NULL;
    if (task->fault.code == CODE_OK)
        tasks->done++;
    else if (!was_refused(task))
        tasks->failed++;
    pthread_mutex_unlock(&tasks->lock);
    if (task->worker == TASKS_NOBODY)
        task_free(task);
    else
        mailbox_post(&tasks->options.mailboxes[task->worker], &task->mail, &task->mail);
}

static void *
run(void *arg)
{
    struct tasks *tasks = arg;
    struct task *task;

    pthread_setname_np(pthread_self(), "tasks"); // by itself: the sandbox lets no thread name another
    background_enter(tasks->options.log, "tasks");
    while ((task = take(tasks)) != NULL) {
        run_task(tasks, task);
        give_back(tasks, task);
    }
    return NULL;
}

static void
destroy(struct tasks *tasks)
{
    txn_free(tasks->txn);
    pthread_cond_destroy(&tasks->filled);
    pthread_mutex_destroy(&tasks->lock);
    free(tasks);
}

int
tasks_start(const struct tasks_options *options, struct tasks **out)
{
    struct tasks *tasks = calloc(1, sizeof *tasks);
    int rc;

    if (tasks == NULL)
        return STORE_FAULT_MEMORY;
    tasks->options = *options;
    TAILQ_INIT(&tasks->list);
    if (pthread_mutex_init(&tasks->lock, NULL) != 0) {
        free(tasks);
        return STORE_FAULT_MEMORY;
    }
    if (pthread_cond_init(&tasks->filled, NULL) != 0) {
        pthread_mutex_destroy(&tasks->lock);
        free(tasks);
        return STORE_FAULT_MEMORY;
    }
    rc = txn_new_read(options->store, &tasks->txn);
    if (rc == 0)
        rc = -pthread_create(&tasks->thread, NULL, run, tasks);
    if (rc != 0) {
        destroy(tasks);
        return rc;
    }
    *out = tasks;
    return 0;
}

void
tasks_close(struct tasks *tasks)
{
    if (tasks == NULL)
        return;
    pthread_mutex_lock(&tasks->lock);
    atomic_store(&tasks->closed, true);
    pthread_cond_broadcast(&tasks->filled);
    pthread_mutex_unlock(&tasks->lock);
}

void
tasks_finish(struct tasks *tasks)
{
    if (tasks == NULL)
        return;
    tasks_close(tasks);
    pthread_join(tasks->thread, NULL);
    destroy(tasks);
}

// ---- From outside

int
tasks_push(struct tasks *tasks, struct task *task)
{
    int rc = 0;

    task->mail.kind = MAIL_TASK;
    task->tasks = tasks;
    pthread_mutex_lock(&tasks->lock);
    if (atomic_load(&tasks->closed)) {
        rc = TASKS_E_CLOSED;
    } else if (tasks->waiting >= tasks->options.max) {
        rc = TASKS_E_FULL;
        tasks->refused++;
    } else {
        TAILQ_INSERT_TAIL(&tasks->list, task, link);
        tasks->waiting++;
        pthread_cond_signal(&tasks->filled);
    }
    pthread_mutex_unlock(&tasks->lock);
    return rc;
}

static bool
is_of(const struct task *task, uint32_t worker, uint64_t connection)
{
    return task != NULL && !task->kind->stays && task->worker == worker && task->connection == connection;
}

void
tasks_forget(struct tasks *tasks, uint32_t worker, uint64_t connection)
{
    struct task *task, *next;

    pthread_mutex_lock(&tasks->lock);
    if (is_of(tasks->running, worker, connection))
        atomic_store(&tasks->running->forgotten, true);
    for (task = TAILQ_FIRST(&tasks->list); task != NULL; task = next) {
        next = TAILQ_NEXT(task, link);
        if (!is_of(task, worker, connection))
            continue;
        TAILQ_REMOVE(&tasks->list, task, link);
        tasks->waiting--;
        task_free(task);
    }
    pthread_mutex_unlock(&tasks->lock);
}

struct tasks_counts
tasks_count(struct tasks *tasks)
{
    struct tasks_counts counts;

    pthread_mutex_lock(&tasks->lock);
    counts = (struct tasks_counts){.waiting = tasks->waiting,
                                   .runs = tasks->running != NULL,
                                   .done = tasks->done,
                                   .failed = tasks->failed,
                                   .refused = tasks->refused};
    if (tasks->running != NULL)
        counts.running = tasks->running->progress;
    pthread_mutex_unlock(&tasks->lock);
    return counts;
}
