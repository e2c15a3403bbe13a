// SPDX-License-Identifier: Apache-2.0
// Compiler attributes under names that say what they are for.
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

// Calls for memory that is read soon. GCC takes a function that does nothing else for one without effect and
// leaves its calls out; the empty statement stops it.
#define CALL_FOR(address)                                                                                    \
    do {                                                                                                     \
        __builtin_prefetch(address);                                                                         \
        __asm__ volatile("");                                                                                \
    } while (0)

#endif
