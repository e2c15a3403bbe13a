// SPDX-License-Identifier: Apache-2.0
// The clock stands still unless it is told to go on. State is global, as what it replaces has no place for
// more.
#include "tests/fuzz/chance.h"
#include "base/date.h"
#include "tests/bench/dice.h"
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

int64_t __wrap_clock_wall_us(void);
int32_t __wrap_clock_today(void);

static _Atomic int64_t now_us = CHANCE_START_US;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct dice dice;

int64_t
__wrap_clock_wall_us(void)
{
    return atomic_load(&now_us);
}

int32_t
__wrap_clock_today(void)
{
    return date_of_time(atomic_load(&now_us));
}

static const char *
name(void)
{
    return "dice";
}

static uint32_t
throw_number(void)
{
    uint32_t thrown;

    pthread_mutex_lock(&lock);
    thrown = (uint32_t)(dice_next(&dice) >> 32);
    pthread_mutex_unlock(&lock);
    return thrown;
}

static void
throw_bytes(void *const out, const size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = (uint8_t)throw_number();
}

static struct randombytes_implementation implementation = {
    .implementation_name = name, .random = throw_number, .buf = throw_bytes};

void
chance_reset(void)
{
    atomic_store(&now_us, CHANCE_START_US);
    dice = dice_new(1, 0);
    randombytes_set_implementation(&implementation);
}

void
chance_pass(int64_t us)
{
    atomic_fetch_add(&now_us, us);
}
