// SPDX-License-Identifier: Apache-2.0
// The names, by number.
#include "base/counters.h"

static const struct {
    const char *name, *help;
} table[] = {
#define COUNTER_TEXTS(number, name, help) {name, help},
    COUNTERS_LIST(COUNTER_TEXTS)
#undef COUNTER_TEXTS
};

void
counters_add_code(struct counters *counters, enum code code)
{
    if (code == CODE_DEADLINE_EXCEEDED)
        counters_add(counters, COUNTER_DEADLINE);
    else if (code == CODE_PERMISSION_DENIED)
        counters_add(counters, COUNTER_PERMISSION);
    else if (code == CODE_UNAUTHENTICATED)
        counters_add(counters, COUNTER_UNAUTHENTICATED);
}

const char *
counters_name(enum counter counter)
{
    return table[counter].name;
}

const char *
counters_help(enum counter counter)
{
    return table[counter].help;
}
