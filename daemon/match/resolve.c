// SPDX-License-Identifier: Apache-2.0
// What the steps that resolve a query have in common.
#include "match/resolve.h"
#include "proto/names.h"
#include <stdio.h>

#define WORDS_MAX 256u // bytes of a list of words in a message

char *
resolve_path(char out[FAULT_FIELD_MAX], const char *name, size_t index, const char *tail)
{
    snprintf(out, FAULT_FIELD_MAX, "query.%s[%zu]%s", name, index, tail);
    return out;
}

int
resolve_set(struct resolve *resolve, const char *name, const struct names *names, const void *values,
            size_t count, uint32_t *mask)
{
    const int *numbers = values; // protobuf-c's enums have the size of an int
    char path[FAULT_FIELD_MAX], words[WORDS_MAX];

    for (size_t i = 0; i < count; i++) {
        if (numbers[i] <= 0 || names_text(names, numbers[i]) == NULL)
            return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, resolve_path(path, name, i, ""),
                             "%d is no %s; allowed are %s", numbers[i], names->what,
                             names_list(names, words, sizeof words));
        *mask |= 1u << (numbers[i] - 1);
    }
    return 0;
}
