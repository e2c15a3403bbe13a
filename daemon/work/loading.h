// SPDX-License-Identifier: Apache-2.0
// What goes with a stream that is read into the store (store/load.h), and what does not. The writer.
#ifndef WORK_LOADING_H
#define WORK_LOADING_H

#include <stdbool.h>

struct job;
struct log;
struct store;

// Whether a job can not be done, and then says why in its fault: while a stream is read, nothing but its next
// piece is; and a piece comes alone and without an idempotency key, as no answer is kept in what is read.
bool loading_refuses(struct store *store, struct job *job);

// Puts right what a job's fault says of the store, when it was a piece that could not be put there for want
// of room: what came before it is there, until the stream is given up.
void loading_explain(struct store *store, struct job *job);

// Logs that a stream began, was read whole, or ended otherwise, by the jobs of a group (linked by mail.next)
// that has been written: the journal does not tell, as it is replaced too. was_loading: before that group.
void loading_tell(struct store *store, const struct log *log, bool was_loading, const struct job *group);

#endif
