// SPDX-License-Identifier: Apache-2.0
// One pass over the arguments. Invariant: what is positional is moved to the front of argv in its order.
#include "client/cli/flags.h"
#include "proto/columns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_timeout(void *target, const struct flag *flag, const char *text, struct column_message *bad);

static const struct flag global_flags[] = {
    {"server", "SERVER", "unix:PATH, HOST:PORT or tls:HOST:PORT, also -s; else $KANSEN_SERVER",
     flags_set_text, NULL, offsetof(struct cli, server)},
    {"token-file", "FILE", "file that holds the token; else $KANSEN_TOKEN_FILE", flags_set_text, NULL,
     offsetof(struct cli, token_file)},
    {"ca", "FILE", "CA certificates that vouch for a tls: server; else $KANSEN_CA, else the system's",
     flags_set_given, NULL, offsetof(struct cli, ca)},
    {"cert", "FILE", "certificate to show to a tls: server", flags_set_given, NULL,
     offsetof(struct cli, cert)},
    {"key", "FILE", "its private key, if it is not in the same file", flags_set_given, NULL,
     offsetof(struct cli, key)},
    {"insecure-plain-token", NULL, "send the token to another machine in clear", flags_set_true, NULL,
     offsetof(struct cli, insecure_plain_token)},
    {"timeout", "SECONDS", "give up when nothing moves for so long (30)", set_timeout, NULL, 0},
    {"json", NULL, "print JSON, for scripts", flags_set_true, NULL, offsetof(struct cli, json)},
    {"help", NULL, "print help, also -h", NULL, NULL, 0},
    {"version", NULL, "print the version, also -V", NULL, NULL, 0},
    {0},
};

int
flags_set_text(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    (void)bad;
    memcpy((char *)target + flag->offset, &text, sizeof text);
    return 0;
}

int
flags_set_true(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    bool value = true;

    (void)text;
    (void)bad;
    memcpy((char *)target + flag->offset, &value, sizeof value);
    return 0;
}

int
flags_set_number(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    size_t len = strlen(text);
    unsigned long long value = strtoull(text, NULL, 10);
    uint32_t number = (uint32_t)value;

    if (len == 0 || len > 10 || strspn(text, "0123456789") != len || value > UINT32_MAX)
        return column_bad(bad, text, len, "a whole number from 0 to 4,294,967,295");
    memcpy((char *)target + flag->offset, &number, sizeof number);
    return 0;
}

int
flags_set_large(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    size_t len = strlen(text);
    uint64_t value = strtoull(text, NULL, 10);

    if (len == 0 || len > 19 || strspn(text, "0123456789") != len)
        return column_bad(bad, text, len, "a whole number of at most 19 digits");
    memcpy((char *)target + flag->offset, &value, sizeof value);
    return 0;
}

int
flags_set_given(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    if (text[0] == '\0') // a variable of a script that is not set
        return column_bad(bad, text, 0, "a text that is not empty");
    return flags_set_text(target, flag, text, bad);
}

int
flags_set_word(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    int value = names_value(flag->data, text, strlen(text));
    char allowed[500];

    if (value < 0)
        return column_bad(bad, text, strlen(text), names_list(flag->data, allowed, sizeof allowed));
    memcpy((char *)target + flag->offset, &value, sizeof value);
    return 0;
}

int
flags_set_words(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    uint32_t *bits = (uint32_t *)(void *)((char *)target + flag->offset);
    char allowed[500];

    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        int value = names_value(flag->data, at, len);

        if (value < 0 || value >= 32)
            return column_bad(bad, at, len, names_list(flag->data, allowed, sizeof allowed));
        *bits |= UINT32_C(1) << value;
        at += len;
        if (*at == '\0')
            return 0;
    }
}

static int
set_timeout(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    struct cli *cli = target;
    struct flag here = {.offset = offsetof(struct cli, timeout_ms)};

    (void)flag;
    if (flags_set_number(cli, &here, text, bad) != 0 || cli->timeout_ms == 0 || cli->timeout_ms > 86400)
        return column_bad(bad, text, strlen(text), "a whole number of seconds from 1 to 86,400");
    cli->timeout_ms *= 1000;
    return 0;
}

char *
flags_spell(const char *name, char out[FLAGS_NAME_MAX])
{
    snprintf(out, FLAGS_NAME_MAX, "--%s", name);
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    return out;
}

// Whether name[0..len) is flag[0..len), with '_' and '-' alike.
static bool
is_spelt(const char *flag, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((flag[i] == '_' ? '-' : flag[i]) != (name[i] == '_' ? '-' : name[i]))
            return false;
    return true;
}

static bool
is_name(const char *flag, const char *name, size_t len)
{
    return strlen(flag) == len && is_spelt(flag, name, len);
}

static const struct flag *
find(const struct flag *flags, const char *name, size_t len)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        if (is_name(flags->name, name, len))
            return flags;
    return NULL;
}

const struct column *
flags_find_column(const struct verb *verb, const char *name, size_t len)
{
    for (size_t i = 0; verb != NULL && verb->columns != NULL && i < verb->columns->count; i++) {
        const struct column *column = &verb->columns->columns[i];
        // The names of all lists end in 's'; one item has a name without it.
        bool single = column->type >= COLUMN_TEXTS && strlen(column->name) == len + 1;

        if (is_name(column->name, name, len) || (single && is_spelt(column->name, name, len)))
            return column;
    }
    return NULL;
}

const struct flag *
flags_find(const struct verb *verb, const char *name, size_t len)
{
    const struct flag *flag = verb == NULL ? NULL : find(verb->flags, name, len);

    if (flag == NULL && verb != NULL)
        flag = find(verb->more_flags, name, len);
    return flag == NULL && flags_find_column(verb, name, len) == NULL ? find(global_flags, name, len) : flag;
}

const struct flag *
flags_global(void)
{
    return global_flags;
}

// An argument that is a flag, cut up.
struct argument {
    const char *name;
    size_t len;
    const char *value; // behind '=', or NULL
};

static bool
cut(const char *text, struct argument *out)
{
    static const struct {
        const char *letter, *name;
    } letters[] = {{"-s", "server"}, {"-h", "help"}, {"-V", "version"}, {"-n", "count"}};

    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (strcmp(text, letters[i].letter) == 0) {
            *out = (struct argument){letters[i].name, strlen(letters[i].name), NULL};
            return true;
        }
    if (text[0] != '-' || text[1] == '\0')
        return false;
    text += text[1] == '-' ? 2 : 0;
    out->name = text;
    out->len = strcspn(text, "=");
    out->value = text[out->len] == '=' ? text + out->len + 1 : NULL;
    return true;
}

// The value of the argument at *at: behind '=' or the next argument. NULL if there is none.
static const char *
value_of(const struct argument *argument, int argc, char **argv, int *at)
{
    if (argument->value != NULL)
        return argument->value;
    return *at + 1 < argc ? argv[++*at] : NULL;
}

static int
apply(struct cli *cli, const struct flag *flag, void *target, const struct argument *argument, int argc,
      char **argv, int *at)
{
    struct column_message bad;
    const char *value = NULL;
    char name[FLAGS_NAME_MAX];

    flags_spell(flag->name, name);
    if (flag->value != NULL) {
        value = value_of(argument, argc, argv, at);
        if (value == NULL)
            return cli_usage_at(cli, name, "needs a value: %s", flag->value);
    } else if (argument->value != NULL) {
        return cli_usage_at(cli, name, "takes no value");
    }
    if (flag->set(target, flag, value, &bad) != 0)
        return cli_usage_at(cli, name, "%s", bad.text);
    return CLI_OK;
}

// A column's flag; a boolean one may stand without a value.
static int
apply_column(struct cli *cli, const struct column *column, const char **values,
             const struct argument *argument, int argc, char **argv, int *at)
{
    size_t index = (size_t)(column - cli->verb->columns->columns);
    bool word_follows =
        *at + 1 < argc && (strcmp(argv[*at + 1], "true") == 0 || strcmp(argv[*at + 1], "false") == 0);
    char name[FLAGS_NAME_MAX];

    flags_spell(column->name, name);
    if (values[index] != NULL)
        return cli_usage_at(cli, name, "is given twice%s",
                            column->type >= COLUMN_TEXTS ? ": join the items by ','" : "");
    if (column->type == COLUMN_FLAG && argument->value == NULL && !word_follows)
        values[index] = "true";
    else
        values[index] = value_of(argument, argc, argv, at);
    return values[index] != NULL ? CLI_OK : cli_usage_at(cli, name, "needs a value");
}

int
flags_read(struct cli *cli, int argc, char **argv, void *target, const char **values, int *count)
{
    bool flags_end = false;
    int n = 0;

    for (int i = 0; i < argc; i++) {
        struct argument argument;
        const struct flag *flag;
        const struct column *column;
        int status;

        if (flags_end || !cut(argv[i], &argument)) {
            argv[n++] = argv[i];
            continue;
        }
        flags_end = strcmp(argv[i], "--") == 0;
        if (flags_end)
            continue;
        flag = find(cli->verb->flags, argument.name, argument.len);
        if (flag == NULL)
            flag = find(cli->verb->more_flags, argument.name, argument.len);
        column = flags_find_column(cli->verb, argument.name, argument.len);
        if (flag != NULL)
            status = apply(cli, flag, target, &argument, argc, argv, &i);
        else if (column != NULL && values != NULL)
            status = apply_column(cli, column, values, &argument, argc, argv, &i);
        else if ((flag = find(global_flags, argument.name, argument.len)) != NULL && flag->set != NULL)
            status = apply(cli, flag, cli, &argument, argc, argv, &i);
        else
            return cli_usage_at(cli, argv[i], "unknown flag");
        if (status != CLI_OK)
            return status;
    }
    *count = n;
    return CLI_OK;
}

int
flags_read_with(struct cli *cli, int argc, char **argv, void *target, int wanted, const char *needs)
{
    int count, status = flags_read(cli, argc, argv, target, NULL, &count);

    if (status != CLI_OK)
        return status;
    if (count > wanted)
        return cli_usage(cli, "unexpected argument %s", argv[wanted]);
    return count == wanted ? CLI_OK : cli_usage(cli, "needs %s", needs);
}

int
flags_read_global(struct cli *cli, int argc, char **argv, int *used, bool *help, bool *version)
{
    struct argument argument;
    int i;

    for (i = 0; i < argc && cut(argv[i], &argument); i++) {
        const struct flag *flag = find(global_flags, argument.name, argument.len);
        int status;

        if (flag == NULL)
            return cli_usage_at(cli, argv[i], "unknown flag");
        *help |= strcmp(flag->name, "help") == 0;
        *version |= strcmp(flag->name, "version") == 0;
        status = flag->set != NULL ? apply(cli, flag, cli, &argument, argc, argv, &i) : CLI_OK;
        if (status != CLI_OK)
            return status;
    }
    *used = i;
    return CLI_OK;
}

static bool
hold(int argc, char **argv, const char *text)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], text) == 0)
            return true;
    return false;
}

bool
flags_want_help(int argc, char **argv)
{
    return hold(argc, argv, "--help") || hold(argc, argv, "-h");
}

bool
flags_want_json(int argc, char **argv)
{
    return hold(argc, argv, "--json");
}

static void
print_table(const struct flag *flags)
{
    for (; flags != NULL && flags->name != NULL; flags++) {
        char left[80];

        snprintf(left, sizeof left, "--%s%s%s", flags->name, flags->value != NULL ? " " : "",
                 flags->value != NULL ? flags->value : "");
        printf("  %-28s %s\n", left, flags->help);
    }
}

static void
print_column(const struct column *column)
{
    char name[FLAGS_NAME_MAX], left[80], words[500] = "";

    if (column->names != NULL)
        names_list(column->names, words, sizeof words);
    snprintf(left, sizeof left, "%s%s", flags_spell(column->name, name),
             column->type == COLUMN_FLAG ? "" : " VALUE");
    printf("  %-28s %s%s%s%s\n", left, column->required ? "required; " : "", column->help,
           words[0] != '\0' ? ": " : "", words);
}

void
flags_print(const struct verb *verb)
{
    print_table(verb->flags);
    print_table(verb->more_flags);
    for (size_t i = 0; verb->columns != NULL && i < verb->columns->count; i++)
        print_column(&verb->columns->columns[i]);
}

void
flags_print_global(void)
{
    print_table(global_flags);
}
