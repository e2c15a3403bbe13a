// SPDX-License-Identifier: Apache-2.0
// Time and chance that are the same in each run: linked in place of the clock (-Wl,--wrap) and of libsodium's
// random bytes.
#ifndef TESTS_FUZZ_CHANCE_H
#define TESTS_FUZZ_CHANCE_H

#include <stdint.h>

#define CHANCE_START_US INT64_C(1788249600000000) // 2026-09-01 08:00 UTC

// Sets the clock to CHANCE_START_US and the dice to their start. Not while another thread asks for either.
void chance_reset(void);

// Lets time pass. Any thread.
void chance_pass(int64_t us);

#endif
