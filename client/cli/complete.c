// SPDX-License-Identifier: Apache-2.0
// The words before are read as main.c and flags.c do it: global flags, a verb of one word or two, then flags
// and positional arguments in any order.
#include "client/cli/complete.h"
#include "client/cli/cli.h"
#include "client/cli/flags.h"
#include "client/cli/query.h"
#include "proto/columns.h"
#include <stdio.h>
#include <string.h>

#define WORD_MAX 128u // bytes of a word in a table; longer ones are not proposed

// What has been typed before the word at hand.
struct typed {
    const struct verb *verb;     // NULL = not yet whole
    const char *group;           // first word of a verb of two, or NULL
    const struct flag *flag;     // whose value is due, or NULL
    const struct column *column; // the same
    int positional;              // arguments that are there
    bool help;                   // `help VERB`
};

static void
propose(const char *before, const char *word, const char *help)
{
    printf("%s%s\t%s\n", before, word, help);
}

// ---- What was typed

static bool
is_verb(const struct verb *verb, const char *first, const char *second)
{
    size_t len = strlen(first);

    if (second == NULL)
        return strcmp(verb->name, first) == 0;
    return strncmp(verb->name, first, len) == 0 && verb->name[len] == ' ' &&
           strcmp(verb->name + len + 1, second) == 0;
}

static bool
begins_verb(const struct verb *verb, const char *first)
{
    size_t len = strlen(first);

    return strncmp(verb->name, first, len) == 0 && verb->name[len] == ' ';
}

static void
take_word(struct typed *typed, const char *word)
{
    if (typed->verb != NULL) {
        typed->positional++;
        return;
    }
    if (typed->group == NULL && strcmp(word, "help") == 0) {
        typed->help = true;
        return;
    }
    for (const struct verb *verb = verbs; verb->name != NULL && typed->verb == NULL; verb++) {
        if (typed->group != NULL ? is_verb(verb, typed->group, word) : is_verb(verb, word, NULL))
            typed->verb = verb;
    }
    if (typed->verb == NULL)
        typed->group = word;
}

static void
find_flag(struct typed *typed, const char *word)
{
    const char *name = strcmp(word, "-s") == 0 ? "--server" : word;
    size_t dashes = strspn(name, "-"), len = strcspn(name + dashes, "=");

    typed->flag = flags_find(typed->verb, name + dashes, len);
    typed->column = typed->flag == NULL ? flags_find_column(typed->verb, name + dashes, len) : NULL;
}

static bool
wants_value(const struct typed *typed)
{
    if (typed->flag != NULL)
        return typed->flag->value != NULL;
    return typed->column != NULL && typed->column->type != COLUMN_FLAG;
}

static void
read_typed(struct typed *typed, int argc, char **argv)
{
    bool due = false, flags_end = false;

    for (int i = 0; i < argc; i++) {
        if (due) {
            due = false;
        } else if (!flags_end && strcmp(argv[i], "--") == 0) {
            flags_end = true;
        } else if (!flags_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            find_flag(typed, argv[i]);
            due = wants_value(typed) && strchr(argv[i], '=') == NULL;
        } else {
            take_word(typed, argv[i]);
        }
    }
    if (!due) {
        typed->flag = NULL;
        typed->column = NULL;
    }
}

// ---- What may follow

static void
propose_names(const char *before, const struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->text[i] != NULL)
            propose(before, names->text[i], "");
    }
}

// Words of a text such as "partners|offers".
static void
propose_choices(const char *before, const char *choices, size_t len)
{
    for (const char *word = choices; word < choices + len;) {
        size_t n = strcspn(word, "|");
        char one[WORD_MAX];

        n = word + n < choices + len ? n : (size_t)(choices + len - word);
        snprintf(one, sizeof one, "%.*s", (int)n, word);
        propose(before, one, "");
        word += n + 1;
    }
}

// What the help calls a value, or an argument: a word with '|' is a choice, other words stand for something.
static void
propose_called(const char *before, const char *name, size_t len)
{
    if (memchr(name, '|', len) != NULL)
        propose_choices(before, name, len);
    else if (len == strlen("FILE") && strncmp(name, "FILE", len) == 0)
        puts(":files");
    else if (len == strlen("DIR") && strncmp(name, "DIR", len) == 0)
        puts(":dirs");
}

// text is what stands of the value; before, what stands before that in its word.
static void
propose_value(const struct typed *typed, const char *before, const char *text)
{
    const struct names *names = NULL;
    const char *comma = strrchr(text, ',');
    char start[4 * WORD_MAX];
    bool list = false;

    if (typed->column != NULL) {
        names = typed->column->names;
        list = typed->column->type == COLUMN_WORDS;
    } else if (typed->flag->set == flags_set_word) {
        names = typed->flag->data;
    } else if (typed->flag->set == flags_set_words) {
        names = typed->flag->data;
        list = true;
    } else {
        names = query_flag_names(typed->flag, &list);
    }
    snprintf(start, sizeof start, "%s%.*s", before, list && comma != NULL ? (int)(comma + 1 - text) : 0,
             text);
    if (names != NULL)
        propose_names(start, names);
    else if (typed->flag != NULL)
        propose_called(start, typed->flag->value, strlen(typed->flag->value));
}

static void
propose_flag(const char *name, const char *help)
{
    char spelt[FLAGS_NAME_MAX];

    propose("", flags_spell(name, spelt), help);
}

static void
propose_flags(const struct verb *verb)
{
    const struct flag *tables[] = {verb == NULL ? NULL : verb->flags, verb == NULL ? NULL : verb->more_flags,
                                   flags_global()};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct flag *flag = tables[i]; flag != NULL && flag->name != NULL; flag++)
            propose_flag(flag->name, flag->help);
    }
    for (size_t i = 0; verb != NULL && verb->columns != NULL && i < verb->columns->count; i++)
        propose_flag(verb->columns->columns[i].name, verb->columns->columns[i].help);
}

static void
propose_verbs(const struct typed *typed)
{
    const char *told = "";

    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        size_t len = strcspn(verb->name, " ");
        char word[WORD_MAX];

        if (typed->group != NULL && begins_verb(verb, typed->group))
            propose("", verb->name + len + 1, verb->help);
        if (typed->group != NULL || (strncmp(told, verb->name, len) == 0 && told[len] == ' '))
            continue; // verbs with the same first word stand together
        snprintf(word, sizeof word, "%.*s", (int)len, verb->name);
        propose("", word, verb->name[len] == '\0' ? verb->help : "");
        told = verb->name;
    }
    if (typed->group == NULL && !typed->help)
        propose("", "help", "tell more of a verb");
}

static void
propose_argument(const struct typed *typed)
{
    const char *args = typed->verb->args;

    for (int i = 0; args[0] != '\0' && args[0] != '-'; i++) {
        size_t len = strcspn(args, " ");

        if (i == typed->positional) {
            size_t bracket = args[0] == '[' && args[len - 1] == ']';

            propose_called("", args + bracket, len - 2 * bracket);
            return;
        }
        args += len + strspn(args + len, " ");
    }
}

int
complete_run(int argc, char **argv)
{
    const char *word = argc == 0 ? "" : argv[argc - 1], *equals = strchr(word, '=');
    struct typed typed = {0};
    char before[2 * WORD_MAX];

    read_typed(&typed, argc == 0 ? 0 : argc - 1, argv);
    if (typed.flag != NULL || typed.column != NULL) {
        propose_value(&typed, "", word);
    } else if (word[0] == '-' && equals != NULL) {
        find_flag(&typed, word);
        snprintf(before, sizeof before, "%.*s", (int)(equals + 1 - word), word);
        if (wants_value(&typed) || typed.column != NULL)
            propose_value(&typed, before, equals + 1);
    } else if (word[0] == '-') {
        propose_flags(typed.verb);
    } else if (typed.verb == NULL) {
        propose_verbs(&typed);
    } else if (!typed.help) {
        propose_argument(&typed);
    }
    return CLI_OK;
}
