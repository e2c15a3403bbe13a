// SPDX-License-Identifier: Apache-2.0
// The thread of a worker. All of its memory is made and freed in the thread itself but for the struct, so
// that the read transaction and the loop have one owner.
#include "net/worker.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/conn_answer.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "work/job.h"
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
    struct worker_options options;
    pthread_t thread;
    struct conn_loop loop;
    struct event *mail;
    bool draining;
    _Atomic bool done;
};

// ---- Mails

static void
drop_mail(struct service *service, struct mail *mail)
{
    struct worker_mail *connection = (struct worker_mail *)mail;

    if (mail->kind == MAIL_JOB) {
        job_free((struct job *)mail);
        return;
    }
    if (mail->kind == MAIL_READING) {
        reading_free((struct reading *)mail);
        return;
    }
    if (mail->kind == MAIL_TASK || mail->kind == MAIL_TASK_NEWS) {
        conn_answer_drop(mail);
        return;
    }
    close(connection->fd);
    service_leave(service, connection->stranger);
    free(connection);
}

void
worker_drop_mails(struct service *service, struct mail *first)
{
    while (first != NULL) {
        struct mail *next = first->next;

        drop_mail(service, first);
        first = next;
    }
}

static void
take_connection(struct worker *worker, struct worker_mail *mail)
{
    if (worker->draining) {
        drop_mail(worker->options.service, &mail->mail);
        return;
    }
    if (conn_new(&worker->loop, mail) != 0)
        LOG_WARNING(worker->options.service->log, "net", "memory is too short for a connection");
    else if (mail->stranger)
        conn_end_crowd(&worker->loop);
    free(mail);
}

static void
take_job(struct worker *worker, struct job *job)
{
    struct conn *conn = conn_find(&worker->loop, job->connection);

    if (conn != NULL) // else the client has gone; the write is done all the same
        conn_answer(conn, job);
    job_free(job);
}

static void
take_reading(struct worker *worker, struct reading *reading)
{
    struct conn *conn = conn_find(&worker->loop, reading->connection);

    if (conn != NULL)
        conn_answer_reading(conn, reading);
    reading_free(reading);
}

static void
take_task(struct worker *worker, struct mail *mail)
{
    struct conn *conn = conn_find(&worker->loop, conn_answer_to(mail));

    if (conn != NULL)
        conn_answer_task(conn, mail);
    conn_answer_drop(mail);
}

static void
take_mails(struct worker *worker, struct mail *first)
{
    while (first != NULL) {
        struct mail *next = first->next;

        if (first->kind == MAIL_JOB)
            take_job(worker, (struct job *)first);
        else if (first->kind == MAIL_READING)
            take_reading(worker, (struct reading *)first);
        else if (first->kind == MAIL_TASK || first->kind == MAIL_TASK_NEWS)
            take_task(worker, first);
        else
            take_connection(worker, (struct worker_mail *)first);
        first = next;
    }
}

// ---- The end

static void
for_each_conn(struct worker *worker, void (*act)(struct conn *conn))
{
    for (size_t i = 0; i < worker->loop.slots.size; i++) {
        struct conn *conn = slots_at(&worker->loop.slots, i);

        if (conn != NULL)
            act(conn);
    }
}

// Ends the connections whose callers may call no more.
static void
check_callers(struct worker *worker, void (*check)(struct conn *conn))
{
    for_each_conn(worker, check);
    rpc_pause(worker->loop.env);
}

static void
look_at_clock(struct worker *worker)
{
    timeouts_expire(&worker->loop.timeouts, conn_now(&worker->loop), conn_time_out);
    check_callers(worker, conn_check_end);
}

static void
take_limits(struct worker *worker)
{
    struct conn_loop *loop = &worker->loop;

    loop->limits = service_limits(loop->service);
    loop->watching.room = loop->limits->output_max / 2;
    timeouts_change(&loop->timeouts, loop->limits);
}

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    unsigned notices;
    struct mail *mails = mailbox_take(worker->options.mailbox, &notices);

    (void)fd;
    (void)what;
    if ((notices & MAILBOX_LIMITS) != 0)
        take_limits(worker);
    take_mails(worker, mails);
    if ((notices & MAILBOX_CLIENTS) != 0)
        check_callers(worker, conn_check);
    if ((notices & MAILBOX_ROOM) != 0)
        conn_room(&worker->loop);
    if ((notices & MAILBOX_COMMITTED) != 0)
        watching_each(&worker->loop.watching, conn_wake);
    if ((notices & MAILBOX_SECOND) != 0)
        look_at_clock(worker);
    if ((notices & (MAILBOX_DRAIN | MAILBOX_STOP)) != 0)
        worker->draining = true;
    if ((notices & MAILBOX_DRAIN) != 0)
        for_each_conn(worker, conn_end);
    if ((notices & MAILBOX_STOP) != 0)
        for_each_conn(worker, conn_free);
    conn_run_ready(&worker->loop);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;

    (void)fd;
    (void)what;
    conn_run_ready(&worker->loop);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;

    (void)fd;
    (void)what;
    watching_each(&worker->loop.watching, conn_wake);
    conn_run_ready(&worker->loop);
}

// ---- The thread

static struct event_base *
make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config == NULL)
        return NULL;
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0) // no other thread touches it
        base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static int
open_loop(struct worker *worker)
{
    struct conn_loop *loop = &worker->loop;

    *loop = (struct conn_loop){.service = worker->options.service,
                               .worker = worker->options.number,
                               .limits = service_limits(worker->options.service)};
    TAILQ_INIT(&loop->ready);
    sending_init(&loop->sending);
    handshakes_init(&loop->shakes);
    TAILQ_INIT(&loop->waiting);
    slots_init(&loop->slots);
    timeouts_init(&loop->timeouts, loop->limits);
    loop->base = make_base();
    if (loop->base == NULL)
        return -ENOMEM;
    loop->env = rpc_env_new(worker->options.service, worker->options.number, NULL);
    loop->turn = evtimer_new(loop->base, on_turn, worker);
    worker->mail =
        event_new(loop->base, worker->options.mailbox->event_fd, EV_READ | EV_PERSIST, on_mail, worker);
    if (loop->env == NULL || loop->turn == NULL || worker->mail == NULL || event_add(worker->mail, NULL) != 0)
        return -ENOMEM;
    loop->watching.mailbox = worker->options.mailbox;
    loop->watching.env = loop->env;
    loop->watching.room = loop->limits->output_max / 2;
    return watching_open(&loop->watching, loop->base, on_second, worker);
}

static void
close_loop(struct worker *worker)
{
    struct conn_loop *loop = &worker->loop;

    for_each_conn(worker, conn_free);
    if (worker->mail != NULL)
        event_free(worker->mail);
    if (loop->turn != NULL)
        event_free(loop->turn);
    watching_close(&loop->watching);
    rpc_env_free(loop->env);
    buf_free(&loop->spare);
    slots_free(&loop->slots);
    if (loop->base != NULL)
        event_base_free(loop->base);
}

static void *
run(void *arg)
{
    struct worker *worker = arg;
    int rc = open_loop(worker);
    char name[16];

    snprintf(name, sizeof name, "worker-%u", worker->options.number);
    pthread_setname_np(pthread_self(), name); // by itself: the sandbox lets no thread name another
    if (rc != 0)
        LOG_ERROR(worker->options.service->log, "net", "memory is too short for a worker",
                  LOG_U64("worker", worker->options.number));
    // One turn after the other, so that the end of a drain is seen whichever event brought it.
    while (rc == 0 && !(worker->draining && worker->loop.slots.count == 0)) {
        worker->loop.now_us = 0;
        rc = event_base_loop(worker->loop.base, EVLOOP_ONCE);
        conn_end_turn(&worker->loop);
    }
    close_loop(worker);
    atomic_store(&worker->done, true);
    mailbox_notify(worker->options.owner, rc == 0 ? MAILBOX_DONE : MAILBOX_DONE | MAILBOX_FAILED);
    return NULL;
}

int
worker_start(const struct worker_options *options, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    int rc;

    if (worker == NULL)
        return -ENOMEM;
    worker->options = *options;
    rc = pthread_create(&worker->thread, NULL, run, worker);
    if (rc != 0) {
        free(worker);
        return -rc;
    }
    *out = worker;
    return 0;
}

bool
worker_done(struct worker *worker)
{
    return atomic_load(&worker->done);
}

void
worker_finish(struct worker *worker)
{
    if (worker == NULL)
        return;
    pthread_join(worker->thread, NULL);
    free(worker);
}
