// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/workload_options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFERS_MAX  10000000u
#define QUERIES_MAX 10000000u
#define SKEW_MAX    1000000u

static int
usage(const char *program, const struct workload_flag *flags)
{
    fprintf(stderr,
            "usage: %s [--form flat|full] [--offers N] [--queries N] [--seed N] [--skew N] [--seeds DIR]",
            program);
    for (const struct workload_flag *flag = flags; flag->name != NULL; flag++)
        fprintf(stderr, flag->required ? " --%s %s" : " [--%s %s]", flag->name, flag->value);
    fputc('\n', stderr);
    return 2;
}

static bool
read_number(const char *text, uint64_t most, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= most;
}

static bool
read_shared(const char *name, const char *value, struct workload_options *out)
{
    uint64_t number;

    if (strcmp(name, "form") == 0 && (strcmp(value, "flat") == 0 || strcmp(value, "full") == 0)) {
        out->form = strcmp(value, "flat") == 0 ? WORKLOAD_FLAT : WORKLOAD_FULL;
    } else if (strcmp(name, "offers") == 0 && read_number(value, OFFERS_MAX, &number)) {
        out->offers = (uint32_t)number;
    } else if (strcmp(name, "queries") == 0 && read_number(value, QUERIES_MAX, &number)) {
        out->queries = (uint32_t)number;
    } else if (strcmp(name, "seed") == 0 && read_number(value, UINT64_MAX, &number)) {
        out->seed = number;
    } else if (strcmp(name, "skew") == 0 && read_number(value, SKEW_MAX, &number)) {
        out->skew = (uint32_t)number;
    } else if (strcmp(name, "seeds") == 0) {
        out->seeds_dir = value;
    } else {
        return false;
    }
    return true;
}

int
workload_options_read(int argc, char **argv, struct workload_options *out, const struct workload_flag *flags,
                      const char **values)
{
    *out = (struct workload_options){.form = WORKLOAD_FLAT,
                                     .offers = 250000,
                                     .queries = 2000,
                                     .seed = 1,
                                     .skew = 10,
                                     .seeds_dir = "seeds"};
    for (int i = 1; i < argc; i += 2) {
        const struct workload_flag *flag = flags;

        if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc)
            return usage(argv[0], flags);
        while (flag->name != NULL && strcmp(flag->name, argv[i] + 2) != 0)
            flag++;
        if (flag->name != NULL)
            values[flag - flags] = argv[i + 1];
        else if (!read_shared(argv[i] + 2, argv[i + 1], out))
            return usage(argv[0], flags);
    }
    for (const struct workload_flag *flag = flags; flag->name != NULL; flag++)
        if (flag->required && values[flag - flags] == NULL)
            return usage(argv[0], flags);
    return 0;
}
