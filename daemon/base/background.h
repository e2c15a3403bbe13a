// SPDX-License-Identifier: Apache-2.0
// The priority of threads that do long work beside the workers. Any thread, for itself.
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

struct log;

// Lets all others on the same core go first: a tenth of what a worker gets when both want it. Less, and a
// busy core would keep a snapshot for seconds. Where that is not allowed the thread goes on as it was, and
// the log says so. what names the thread there.
void background_enter(const struct log *log, const char *what);

#endif
