// SPDX-License-Identifier: Apache-2.0
// By the table, so that a new option needs nothing here.
#include "base/options_change.h"
#include "base/options_table.h"
#include <string.h>

// ---- Change

static char *
join(const struct options *options, const struct option_row *row, char out[OPTIONS_VALUE_MAX])
{
    size_t n = options_table_values(options, row), len = 0;
    char room[32];

    out[0] = '\0';
    for (size_t i = 0; i < n && len < OPTIONS_VALUE_MAX; i++)
        len += (size_t)snprintf(out + len, OPTIONS_VALUE_MAX - len, "%s%s", i == 0 ? "" : ", ",
                                options_table_get(options, row, i, room));
    return out;
}

static size_t
size_of(const struct option_row *row)
{
    if (row->type == OPTION_NUMBER || row->type == OPTION_SIZE)
        return sizeof(uint64_t);
    return row->type == OPTION_SWITCH ? sizeof(enum options_switch) : sizeof(char *);
}

static void
swap(struct options *a, struct options *b, const struct option_row *row)
{
    unsigned char kept[sizeof(uint64_t) + sizeof(char *)];
    void *in_a = (char *)a + row->offset, *in_b = (char *)b + row->offset;

    memcpy(kept, in_a, size_of(row));
    memcpy(in_a, in_b, size_of(row));
    memcpy(in_b, kept, size_of(row));
}

void
options_change(struct options *now, struct options *next,
               void (*tell)(void *arg, const struct options_difference *difference), void *arg)
{
    char old[OPTIONS_VALUE_MAX], new[OPTIONS_VALUE_MAX];

    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) {
        const struct option_row *row = &options_table[i];
        struct options_difference difference = {row->key, join(now, row, old), join(next, row, new),
                                                row->reloads};

        if (strcmp(old, new) == 0)
            continue;
        if (row->reloads)
            swap(now, next, row);
        tell(arg, &difference);
    }
}

// ---- Print

static void
print_allowed(const struct option_row *row, FILE *out)
{
    char min[32], max[32];

    options_table_print(row, row->min, min);
    options_table_print(row, row->max, max);
    if (row->type == OPTION_NUMBER || row->type == OPTION_SIZE)
        fprintf(out, "%s, %s to %s", row->argument, min, max);
    else if (row->type == OPTION_LIST)
        fprintf(out, "list of %s", row->argument);
    else
        fprintf(out, "%s", row->argument);
}

// A text in quotes, as libconfuse reads it: it would put the environment in the place of ${NAME}.
static void
print_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (strchr("\"\\$", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void
print_value(const struct options *options, const struct option_row *row, FILE *out)
{
    size_t n = options_table_values(options, row);
    char room[32];

    fprintf(out, n == 0 ? "#%s = \"\"" : "%s = ", row->key);
    if (row->type == OPTION_LIST)
        fputc('{', out);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            fputs(", ", out);
        if (row->type == OPTION_NUMBER)
            fputs(options_table_get(options, row, i, room), out);
        else
            print_quoted(options_table_get(options, row, i, room), out);
    }
    fputs(row->type == OPTION_LIST ? "}\n" : "\n", out);
}

void
options_print(const struct options *options, FILE *out)
{
    fprintf(out, "# What holds with the file %s, the command line, the environment and the defaults.\n",
            options->file);
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) {
        const struct option_row *row = &options_table[i];

        fprintf(out, "\n# %s\n# ", row->help);
        print_allowed(row, out);
        fprintf(out, row->initial == NULL ? "; " : "; default %s; ", row->initial);
        fputs(row->reloads ? "a reload changes it\n" : "needs a restart\n", out);
        print_value(options, row, out);
    }
}
