// SPDX-License-Identifier: Apache-2.0
// A small alliance in a real store on a scratch directory ($TMPDIR), the real writer thread, and connections
// to it without sockets. It can be put back to its first state, byte for byte, so that what a run does
// depends on its input alone. One thread, beside the writer.
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "base/buf.h"
#include "rpc/rpc.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_CONNECTIONS 4u // an operator, a portal, the partner 1, a registrar

struct world;

// Makes the store and fills it. The world lives until the process ends; its directory stays.
struct world *world_new(void);

// Puts the store and the connections back to where they began. When something was written, the whole store is
// verified first, as kansend --check does, every so many times that `often` says (0 = never, 1 = always).
void world_reset(struct world *world, unsigned often);

// The session of a connection, to open it or to ask whether it is.
struct session *world_session(struct world *world, unsigned connection);

// Handles a request as the connection's worker does and waits for the writer where it writes; answers are
// added to out. late: it comes an hour late, so that a deadline has passed; else none passes, however long it
// takes. Returns RPC_ANSWERED or RPC_CLOSE.
int world_ask(struct world *world, unsigned connection, bool late, const uint8_t *request, size_t len,
              struct buf *out);

// The same for a read, with so small a budget that one that costs any work goes by way of a reading thread.
int world_ask_long(struct world *world, unsigned connection, bool late, const uint8_t *request, size_t len,
                   struct buf *out);

// Adds to out what the connection's watches have to tell by now.
void world_feed(struct world *world, unsigned connection, struct buf *out);

// Takes what is due, as the clock thread asks for it, and tidies the index.
void world_tick(struct world *world);

// Closes the store, in its first state, and gives its directory, for what works on the files themselves. It
// is closed until the next call of world_reset.
const char *world_close(struct world *world);

#endif
