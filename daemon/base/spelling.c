// SPDX-License-Identifier: Apache-2.0
// Wagner and Fischer's table of distances (1974), of which the last three rows are kept.
#include "base/spelling.h"
#include <string.h>

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
spelling_distance(const char *a, const char *b)
{
    size_t rows[3][SPELLING_MAX + 1], na = strlen(a), nb = strlen(b);

    if (na >= SPELLING_MAX || nb >= SPELLING_MAX)
        return SPELLING_MAX;
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

const char *
spelling_nearest(const char *given, const char *const *words, size_t n)
{
    size_t best = (strlen(given) + 2) / 3 + 1;
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t distance = spelling_distance(given, words[i]);

        if (distance < best) {
            best = distance;
            found = words[i];
        }
    }
    return found;
}
