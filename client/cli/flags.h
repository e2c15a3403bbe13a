// SPDX-License-Identifier: Apache-2.0
// Command lines: flags by table, in any order with the positional arguments. Names are exact: getopt_long
// would take abbreviations too, and a script that uses one breaks with the next flag. One thread.
#ifndef CLIENT_CLI_FLAGS_H
#define CLIENT_CLI_FLAGS_H

#include "client/cli/cli.h"

// Reads the flags of cli->verb (and the global ones) from argv[0..argc). Those of the verb's tables go to
// target, those of its columns to values[index of the column] (values may be NULL without columns).
// Positional arguments are moved to the front of argv and counted in *count. CLI_OK or CLI_USAGE.
int flags_read(struct cli *cli, int argc, char **argv, void *target, const char **values,
               int *count) MUST_CHECK;

// The same for a verb without columns that takes `wanted` positional arguments, which `needs` names.
int flags_read_with(struct cli *cli, int argc, char **argv, void *target, int wanted,
                    const char *needs) MUST_CHECK;

// Reads the global flags before the verb; *used is how many arguments they are. *help and *version tell of
// those flags.
int flags_read_global(struct cli *cli, int argc, char **argv, int *used, bool *help,
                      bool *version) MUST_CHECK;

// Whether the arguments hold --help; --json, which counts from the first fault on, wherever it stands.
bool flags_want_help(int argc, char **argv);
bool flags_want_json(int argc, char **argv);

// Writes the flag of that name (of a flag or a column) as it is typed, "--external-id", to out; returns out.
#define FLAGS_NAME_MAX 64u
char *flags_spell(const char *name, char out[FLAGS_NAME_MAX]);

// The flag, or the column, of that name that the verb takes (NULL = no verb yet), or NULL; the table of the
// flags of all verbs.
const struct flag *flags_find(const struct verb *verb, const char *name, size_t len);
const struct column *flags_find_column(const struct verb *verb, const char *name, size_t len);
const struct flag *flags_global(void);

// Writes the verb's flags with their help to standard output.
void flags_print(const struct verb *verb);
void flags_print_global(void);

// Setters for tables: a string (const char *), a bool, and a whole number of 32 bits (uint32_t) at
// flag->offset; a number of 64 bits (uint64_t); a string that is not empty.
int flags_set_text(void *target, const struct flag *flag, const char *text, struct column_message *bad);
int flags_set_true(void *target, const struct flag *flag, const char *text, struct column_message *bad);
int flags_set_number(void *target, const struct flag *flag, const char *text, struct column_message *bad);
int flags_set_large(void *target, const struct flag *flag, const char *text, struct column_message *bad);
int flags_set_given(void *target, const struct flag *flag, const char *text, struct column_message *bad);
// A word of the names (struct names) in flag->data, to an int.
int flags_set_word(void *target, const struct flag *flag, const char *text, struct column_message *bad);
// Such words, joined by commas, to a uint32_t with the bit 1 << value for each.
int flags_set_words(void *target, const struct flag *flag, const char *text, struct column_message *bad);

// The flag of an idempotency key, a const char * at offset.
#define FLAGS_KEY(offset)                                                                                    \
    {                                                                                                        \
        "idempotency-key", "KEY", "apply it once: a repeat gets the first answer", flags_set_given, NULL,    \
            offset                                                                                           \
    }

#endif
