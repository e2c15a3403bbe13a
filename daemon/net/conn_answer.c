// SPDX-License-Identifier: Apache-2.0
// What comes back to a connection from the writer and from the reading threads.
#include "net/conn_end.h"
#include "net/conn_internal.h"
#include "rpc/readings.h"
#include "work/job.h"
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
