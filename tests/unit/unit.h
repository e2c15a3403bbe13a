// SPDX-License-Identifier: Apache-2.0
// What every unit test starts with: cmocka and its prerequisites.
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#endif
