// SPDX-License-Identifier: Apache-2.0
// What of a round is told to whom. Everybody may know that there is one, how it stands and by what it will be
// decided. Of students, others than operators are told what the public record tells, once it is published: so
// nothing follows from looking twice while lists come in, or over a revision.
#ifndef RPC_ROUND_TOLD_H
#define RPC_ROUND_TOLD_H

#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>

// Empties what is not told, and sets the flags that say so. The round is the caller's, for an answer.
void round_told_cut(Kansen__V1__Round *round, bool to_operator);

#endif
