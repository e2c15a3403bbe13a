// SPDX-License-Identifier: Apache-2.0
// A connection is freed when an answer can not be added: its client learns that way that one is missing.
#include "net/conn_answer.h"
#include "net/conn_end.h"
#include "net/conn_internal.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/reply.h"
#include "work/job.h"
#include "work/tasks.h"
#include <assert.h>

void
conn_answer(struct conn *conn, const struct job *job)
{
    int rc = rpc_answer_job(conn->loop->env, &conn->session, job, &conn->out);

    assert(conn->in_flight > 0);
    conn->in_flight--;
    if (rc < 0)
        conn_free(conn); // the client learns that way that an answer is missing
    else if (rc == RPC_ENDED && !conn->shut_out)
        conn_end_shut_out(conn);
    else
        conn_schedule(conn);
}

void
conn_answer_reading(struct conn *conn, const struct reading *reading)
{
    int rc = rpc_may_answer(conn->loop->env, &conn->session, &conn->out);

    assert(conn->in_flight > 0 && conn->readings > 0);
    conn->in_flight--;
    conn->readings--;
    if (rc < 0 || (rc == RPC_ANSWERED &&
                   (buf_len(&reading->out) == 0 ||
                    buf_append(&conn->out, buf_bytes(&reading->out), buf_len(&reading->out)) != 0)))
        conn_free(conn); // as above
    else if (rc == RPC_ENDED && !conn->shut_out)
        conn_end_shut_out(conn);
    else
        conn_schedule(conn);
}

// ---- Tasks

// Progress is told to who takes it; of a client that takes nothing, the output must not grow.
static void
tell_news(struct conn *conn, const struct task_news *news)
{
    if (!conn->session.open || conn->shut_out || buf_len(&conn->out) > conn->loop->limits->output_max / 2)
        return;
    if (buf_append(&conn->out, buf_bytes(&news->out), buf_len(&news->out)) != 0)
        conn_free(conn);
    else
        conn_wake(conn);
}

uint64_t
conn_answer_to(const struct mail *mail)
{
    return mail->kind == MAIL_TASK ? ((const struct task *)mail)->connection
                                   : ((const struct task_news *)mail)->connection;
}

void
conn_answer_drop(struct mail *mail)
{
    if (mail->kind == MAIL_TASK)
        task_free((struct task *)mail);
    else
        task_news_free((struct task_news *)mail);
}

// 0 or -ENOMEM.
static int
tell_end(struct conn *conn, const struct task *task)
{
    counters_add_code(&conn->loop->service->counters, task->fault.code);
    rpc_count(conn->loop->env, task->asked, task->fault.code, task->began_us);
    if (task->fault.code != CODE_OK)
        return reply_fault(&conn->out, task->request, &task->fault);
    return buf_append(&conn->out, buf_bytes(&task->out), buf_len(&task->out));
}

void
conn_answer_task(struct conn *conn, const struct mail *mail)
{
    int rc;

    if (mail->kind == MAIL_TASK_NEWS) {
        tell_news(conn, (const struct task_news *)mail);
        return;
    }
    rc = rpc_may_answer(conn->loop->env, &conn->session, &conn->out);
    if (rc == RPC_ANSWERED)
        rc = tell_end(conn, (const struct task *)mail);
    assert(conn->in_flight > 0 && conn->tasks > 0);
    conn->in_flight--;
    conn->tasks--;
    if (rc < 0)
        conn_free(conn);
    else if (rc == RPC_ENDED && !conn->shut_out)
        conn_end_shut_out(conn);
    else
        conn_schedule(conn);
}
