// SPDX-License-Identifier: Apache-2.0
// Deferred acceptance in rounds, taken literally: in each round every student without a place asks the next
// offer of its list, and each offer that was asked sorts all its applicants and chooses. One thread.
#ifndef VERIFY_MATCHING_H
#define VERIFY_MATCHING_H

#include "client/verify/lottery.h"

#define MATCHING_NONE SIZE_MAX // no entry

// Gives by student the entry of its list that it obtains, or MATCHING_NONE; the caller frees it. NULL without
// memory (reported).
size_t *matching_derive(const struct input *input, const struct lottery *lottery, struct report *report);

#endif
