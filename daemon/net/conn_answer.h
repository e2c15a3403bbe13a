// SPDX-License-Identifier: Apache-2.0
// What comes back to a connection from the writer, a reading thread or the job thread, on its way to the
// client; it is sent by conn_run_ready. The worker's thread.
#ifndef NET_CONN_ANSWER_H
#define NET_CONN_ANSWER_H

#include <stdint.h>

struct conn;
struct job;
struct mail;
struct reading;

// Adds the answer to a job, or a reading, that came back, which stays the caller's.
void conn_answer(struct conn *conn, const struct job *job);
void conn_answer_reading(struct conn *conn, const struct reading *reading);

// The same for a mail of the job thread, MAIL_TASK or MAIL_TASK_NEWS.
void conn_answer_task(struct conn *conn, const struct mail *mail);

// Such a mail: the number of its connection, and its end.
uint64_t conn_answer_to(const struct mail *mail);
void conn_answer_drop(struct mail *mail);

#endif
