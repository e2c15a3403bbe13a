// SPDX-License-Identifier: Apache-2.0
// kansenctl: the command line of Kansen. Finds the verb and runs it.
#include "base/version.h"
#include "client/cli/cli.h"
#include "client/cli/complete.h"
#include "client/cli/flags.h"
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The environment's characters; UTF-8 also where it names none, as all text here is.
static void
set_characters(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int
print_help(void)
{
    puts("usage: kansenctl [-s SERVER] [--token-file F] [--json] VERB ...\n\nVerbs (kansenctl VERB --help "
         "tells more):");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        printf("  %-18s %s\n", verb->name, verb->help);
    puts("\nFlags of all verbs:");
    flags_print_global();
    puts("\nExit status: 0 done, 1 the server said no, 2 wrong usage, 3 it could not be reached. See "
         "kansenctl(1).");
    return CLI_OK;
}

static int
print_verb_help(const struct verb *verb)
{
    printf("usage: kansenctl %s%s%s\n\n%s\n", verb->name, verb->args[0] != '\0' ? " " : "", verb->args,
           verb->help);
    if (verb->flags != NULL || verb->columns != NULL)
        puts("\nFlags:");
    flags_print(verb);
    puts("\nFlags of all verbs:");
    flags_print_global();
    return CLI_OK;
}

// The verb that argv names by one word or two, and how many; NULL if there is none.
static const struct verb *
find_verb(int argc, char **argv, int *words)
{
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        size_t len = strlen(argv[0]);

        *words = 1;
        if (strcmp(verb->name, argv[0]) == 0)
            return verb;
        *words = 2;
        if (argc > 1 && strncmp(verb->name, argv[0], len) == 0 && verb->name[len] == ' ' &&
            strcmp(verb->name + len + 1, argv[1]) == 0)
            return verb;
    }
    return NULL;
}

// Prints the help of all verbs of two words of which this is the first. Returns how many there are.
static int
print_group(const char *word, FILE *out)
{
    size_t len = strlen(word);
    int count = 0;

    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strncmp(verb->name, word, len) != 0 || verb->name[len] != ' ')
            continue;
        if (count == 0)
            fputs("usage:\n", out);
        fprintf(out, "  kansenctl %-18s %-32s %s\n", verb->name, verb->args, verb->help);
        count++;
    }
    return count;
}

static int
help(struct cli *cli, int argc, char **argv)
{
    const struct verb *verb;
    int words;

    if (argc == 0)
        return print_help();
    verb = find_verb(argc, argv, &words);
    if (verb != NULL)
        return print_verb_help(verb);
    if (print_group(argv[0], stdout) > 0)
        return CLI_OK;
    return cli_usage(cli, "there is no verb \"%s\"", argv[0]);
}

static int
refuse_verb(struct cli *cli, int argc, char **argv)
{
    bool two = argc > 1 && argv[1][0] != '-';
    int status = cli_usage(cli, "there is no verb \"%s%s%s\"", argv[0], two ? " " : "", two ? argv[1] : "");

    (void)print_group(argv[0], stderr);
    return status;
}

static int
run(struct cli *cli, int argc, char **argv)
{
    int words;

    if (strcmp(argv[0], "help") == 0)
        return help(cli, argc - 1, argv + 1);
    if (strcmp(argv[0], "complete") == 0)
        return complete_run(argc - 1, argv + 1);
    cli->verb = find_verb(argc, argv, &words);
    if (cli->verb == NULL) {
        if (flags_want_help(argc - 1, argv + 1) && print_group(argv[0], stdout) > 0)
            return CLI_OK;
        return refuse_verb(cli, argc, argv);
    }
    if (flags_want_help(argc - words, argv + words))
        return print_verb_help(cli->verb);
    return cli->verb->run(cli, argc - words, argv + words);
}

int
main(int argc, char **argv)
{
    struct cli cli = {0};
    bool want_help = false, want_version = false;
    int used, status;

    set_characters();
    cli.json = flags_want_json(argc - 1, argv + 1);
    status = flags_read_global(&cli, argc - 1, argv + 1, &used, &want_help, &want_version);
    if (status != CLI_OK)
        return status;
    if (want_version)
        puts("kansenctl " KANSEN_VERSION);
    else if (want_help)
        status = print_help();
    else if (used + 1 == argc)
        status = cli_usage(&cli, "which verb?");
    else
        status = run(&cli, argc - 1 - used, argv + 1 + used);
    kansen_free(cli.kansen);
    return status == CLI_OK ? cli_finish_output(&cli) : status;
}
