// SPDX-License-Identifier: Apache-2.0
// Compiler attributes under names that say what they are for.
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
