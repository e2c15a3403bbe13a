// SPDX-License-Identifier: Apache-2.0
// Watches: who follows the journal, from where, and the next answers to that. The journal on disk is the only
// buffer: a watch is a position in it, and what is not yet told is read again from there when the client has
// taken what came before. Everything here belongs to one worker thread.
#ifndef RPC_WATCH_H
#define RPC_WATCH_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "rpc/call.h"
#include <stdbool.h>
#include <stdint.h>

struct watch;

#define WATCH_MAX 16u // watches of a connection

// The watches of a connection; all zero = none.
struct watches {
    struct watch *all[WATCH_MAX];
    unsigned count;
    unsigned turn; // which one is told first next time
};

// Handler: begins a watch and answers where it begins. See call_handler in rpc/call.h.
call_handler watch_begin;

// What a feed works with.
struct watch_feed {
    struct service *service;
    struct session *session;
    struct txn *txn;       // a snapshot that was begun after the last notice of a commit
    struct arena *arena;   // of answers
    struct arena *scratch; // of journal entries
    int64_t now_us;        // steady clock
    size_t room;           // nothing is added while out holds so many bytes or more
};

// What a feed did.
struct watch_fed {
    bool more;  // there is more to tell: feed again when out has room
    bool ended; // a watch has
};

// Adds answers to out: looks at a bounded number of entries, gives each watch its turn, and cuts off those
// that are too far behind while out has no room, those whose entries are gone, or whose entries can not be
// read. 0 or -ENOMEM.
int watch_feed(const struct watch_feed *feed, struct buf *out, struct watch_fed *fed) MUST_CHECK;

// Ends all watches with an answer that tells the fault and where to resume; the message gets the sequence
// added. 0 or -ENOMEM, with which no watch is left either.
int watch_end_all(struct watches *watches, const struct fault *fault, struct buf *out) MUST_CHECK;

// Ends, without a word, all watches; or only those that wait for more when the journal's end is met.
void watch_drop_all(struct watches *watches);
void watch_drop_endless(struct watches *watches);

#endif
