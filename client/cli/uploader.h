// SPDX-License-Identifier: Apache-2.0
// Sends writes in batches, several in flight, and gives back the result of each. One thread.
#ifndef CLIENT_CLI_UPLOADER_H
#define CLIENT_CLI_UPLOADER_H

#include "client/cli/cli.h"

struct uploader;

// Called for each write: the line it came from, and how it ended; for a write that could not be sent a status
// of ours. Batches end in any order, the writes of one in theirs.
struct uploader_sink {
    void (*on_result)(void *arg, size_t line, const Kansen__V1__WriteResult *result);
    void *arg;
};

// Starts; cli must be connected. in_flight is the number of batches that may wait for an answer: 1 where a
// write may need those before it (a batch that the server was too busy for is sent again behind others). NULL
// when memory is short. uploader_free(NULL) is safe.
struct uploader *uploader_new(struct cli *cli, size_t in_flight, const struct uploader_sink *sink) MUST_CHECK;
void uploader_free(struct uploader *uploader);

// Bytes of the largest write that can be sent.
size_t uploader_room(const struct uploader *uploader);

// Adds a write (copied). It waits while too many batches are in flight. A cli_status; anything but CLI_OK
// ends the work.
int uploader_add(struct uploader *uploader, size_t line, const Kansen__V1__Write *write) MUST_CHECK;

// Sends the rest and waits for all results. A cli_status.
int uploader_finish(struct uploader *uploader) MUST_CHECK;

#endif
