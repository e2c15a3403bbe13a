// SPDX-License-Identifier: Apache-2.0
// Invariants: a list is ordered by since_us, as each of its entries has the same limit and is put in at its
// end with the time of that moment; since_us is up to a second too old, which is added to the limit.
#include "net/timeouts.h"
#include "rpc/limits.h"
#include <assert.h>
#include <inttypes.h>

#define SECOND_US INT64_C(1000000)
#define OUT_US    (2 * SECOND_US)

static int64_t
sooner(int64_t a_us, int64_t b_us)
{
    return a_us == 0 || (b_us != 0 && b_us < a_us) ? b_us : a_us;
}

void
timeouts_init(struct timeouts *timeouts, const struct limits *limits)
{
    for (unsigned i = 0; i < TIMEOUTS; i++)
        TAILQ_INIT(&timeouts->lists[i]);
    timeouts_change(timeouts, limits);
}

void
timeouts_change(struct timeouts *timeouts, const struct limits *limits)
{
    timeouts->after_us[TIMEOUT_HELLO] = limits->handshake_timeout_us;
    timeouts->after_us[TIMEOUT_FRAME] = limits->frame_timeout_us;
    timeouts->after_us[TIMEOUT_OUT] = OUT_US;
    timeouts->after_us[TIMEOUT_WRITE] = limits->write_timeout_us;
    timeouts->after_us[TIMEOUT_IDLE] = limits->idle_timeout_us;
    timeouts->after_us[TIMEOUT_CLOSING] = sooner(limits->frame_timeout_us, limits->write_timeout_us);
}

void
timeouts_leave(struct timeouts *timeouts, struct timed *timed)
{
    if (timed->which != TIMEOUT_NONE)
        TAILQ_REMOVE(&timeouts->lists[timed->which], timed, entry);
    timed->which = TIMEOUT_NONE;
}

void
timeouts_set(struct timeouts *timeouts, struct timed *timed, enum timeout which, bool again, int64_t now_us)
{
    if (which == timed->which && (!again || now_us - timed->since_us < SECOND_US))
        return;
    timeouts_leave(timeouts, timed);
    if (which == TIMEOUT_NONE)
        return;
    timed->which = which;
    timed->since_us = now_us;
    TAILQ_INSERT_TAIL(&timeouts->lists[which], timed, entry);
}

struct conn *
timeouts_first(const struct timeouts *timeouts, enum timeout which)
{
    const struct timed *first = TAILQ_FIRST(&timeouts->lists[which]);

    return first == NULL ? NULL : first->conn;
}

void
timeouts_expire(struct timeouts *timeouts, int64_t now_us, void (*act)(struct conn *conn))
{
    for (unsigned i = TIMEOUT_NONE + 1; i < TIMEOUTS; i++) {
        struct timed *first;

        while (timeouts->after_us[i] != 0 && (first = TAILQ_FIRST(&timeouts->lists[i])) != NULL &&
               now_us - first->since_us >= timeouts->after_us[i] + SECOND_US) {
            act(first->conn);
            assert(TAILQ_FIRST(&timeouts->lists[i]) != first || first->since_us == now_us);
        }
    }
}

void
timeouts_explain(const struct timeouts *timeouts, enum timeout which, struct fault *fault)
{
    static const char *const late[TIMEOUTS] = {
        [TIMEOUT_HELLO] = "Hello was not said and answered OK within",
        [TIMEOUT_FRAME] = "a frame that had begun was not whole within",
        [TIMEOUT_WRITE] = "nothing was taken of the answers that wait for",
        [TIMEOUT_IDLE] = "nothing was asked for",
        [TIMEOUT_OUT] = "what was left was not taken within",
        [TIMEOUT_CLOSING] = "what was left was not taken for",
    };

    fault_fill(fault, CODE_DEADLINE_EXCEEDED, "", "%s %" PRId64 " s", late[which],
               timeouts->after_us[which] / SECOND_US);
}
