// SPDX-License-Identifier: Apache-2.0
// Standard input, output and error.
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

// Opens those that were closed when the process was started, on /dev/null: else what is opened next has their
// numbers, and a line for standard output goes into a socket or the store. The main thread, before anything
// else is opened.
void streams_open(void);

#endif
