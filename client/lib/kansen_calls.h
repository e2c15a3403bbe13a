// SPDX-License-Identifier: Apache-2.0
// The calls of a session, and the answers that wait to be given out. A call owns the place of its last answer
// from the start, so that to end one never needs memory. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_CALLS_H
#define CLIENT_LIB_KANSEN_CALLS_H

#include "client/lib/kansen_core.h"
#include "client/lib/kansen_session.h"

// An answer that waits: a response, or what one is made of when it is given out.
struct kansen_ready {
    struct kansen_ready *next;
    Kansen__V1__Response *response; // NULL = made of the rest
    void *tag;
    uint64_t id;
    int code;
    const char *message; // constant
    bool last;           // of its call
};

struct kansen_call {
    struct kansen_call *next; // with a greater id
    struct kansen_ready *end; // its last answer to be
    struct kansen_core_packed packed;
    uint8_t *data;        // of packed
    uint64_t deadline_ms; // KANSEN_NEVER = none
    uint64_t again_ms;    // when it is sent again on this connection; KANSEN_NEVER = not
    bool follows;         // it is a watch of the journal, which can go on from a sequence
    uint64_t resume;      // of such a one: the sequence that it goes on from; 0 = not known yet
    unsigned tries;       // times that it was sent since its last answer
    bool once;            // it is never sent again
    bool repeatable;
    bool sent; // on this connection, and not answered
};

struct kansen_calls {
    struct kansen_call *first, *last; // by id
    struct kansen_ready *ready, *ready_last;
    size_t count; // calls, and last answers that wait
    uint64_t last_id;
};

void kansen_calls_free(struct kansen_calls *calls);

// Packs a request (whose id and deadline are left out) behind the others. NULL when memory is short. It
// counts once kansen_calls_add has taken it; until then kansen_calls_drop frees it.
struct kansen_call *kansen_calls_make(struct kansen_calls *calls, const Kansen__V1__Request *request);
void kansen_calls_add(struct kansen_calls *calls, struct kansen_call *call);
void kansen_calls_drop(struct kansen_call *call);

// Writes the sequence that a watch goes on from into its request. 0 or -ENOMEM.
int kansen_calls_resume(struct kansen_call *call);

// The call with that id, or NULL.
struct kansen_call *kansen_calls_find(const struct kansen_calls *calls, uint64_t id);

// Ends a call: with a response, which is taken over, or (NULL) one that is made of code and message.
void kansen_calls_end(struct kansen_calls *calls, struct kansen_call *call, Kansen__V1__Response *response,
                      int code, const char *message);

// Adds a response that ends no call: one of many, or one to nothing (tag NULL). It is taken over. 0 or
// -ENOMEM.
int kansen_calls_more(struct kansen_calls *calls, Kansen__V1__Response *response, void *tag);

// The next answer: 0, KANSEN_E_MORE or -ENOMEM.
int kansen_calls_take(struct kansen_calls *calls, struct kansen_answer *answer);

// The least of all deadlines and times to send again; KANSEN_NEVER if there is none.
uint64_t kansen_calls_due(const struct kansen_calls *calls);

#endif
