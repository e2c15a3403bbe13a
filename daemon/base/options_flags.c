// SPDX-License-Identifier: Apache-2.0
#include "base/options_flags.h"
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum takes {
    TAKES_NOTHING,
    TAKES_DIRECTORY, // behind the flags, if one is given
};

// Flags that say what to do. A flag's number is FLAG_MODE and its place here, or its letter.
static const struct mode_flag {
    const char *name;
    int letter; // 0 = none
    int has_argument;
    enum options_mode mode;
    enum takes takes;
    const char *form, *help; // of --help
} mode_flags[] = {
    {"test-config", 'n', no_argument, OPTIONS_TEST_CONFIG, TAKES_NOTHING, "-n, --test-config",
     "check the configuration and stop"},
    {"print-config", 0, no_argument, OPTIONS_PRINT_CONFIG, TAKES_NOTHING, "    --print-config",
     "print the configuration that holds, all of it, and stop"},
    {"check", 0, no_argument, OPTIONS_CHECK, TAKES_DIRECTORY, "    --check [DIR]",
     "verify the store, of the data directory or DIR, and stop"},
    {"compact", 0, no_argument, OPTIONS_COMPACT, TAKES_DIRECTORY, "    --compact [DIR]",
     "write the store anew, without what was deleted, and stop"},
    {"forget-key", 0, no_argument, OPTIONS_FORGET_KEY, TAKES_DIRECTORY, "    --forget-key [DIR]",
     "let the store take another kansen.key at its next start, and stop"},
    {"replay", 0, required_argument, OPTIONS_REPLAY, TAKES_DIRECTORY, "    --replay FILE [DIR]",
     "apply an exported journal to a store that ends before it, and stop"},
    {"version", 0, no_argument, OPTIONS_VERSION, TAKES_NOTHING, "    --version", "say the version and stop"},
    {"help", 'h', no_argument, OPTIONS_HELP, TAKES_NOTHING, "-h, --help", "say this and stop"},
};

#define MODES (sizeof mode_flags / sizeof mode_flags[0])

enum {
    FLAG_TO_SEQUENCE = 500,
    FLAG_MODE = 600,
    FLAG_ROW = 1000, // + the row's place
};

static const struct mode_flag *
mode_flag_of(int flag)
{
    for (size_t i = 0; i < MODES; i++) {
        if (flag == FLAG_MODE + (int)i || (flag == mode_flags[i].letter && flag != 0))
            return &mode_flags[i];
    }
    return NULL;
}

static int
take_row(struct options_flags *flags, size_t row, char *why)
{
    if (options_table[row].type != OPTION_LIST) {
        flags->values[row] = optarg;
        return 0;
    }
    if (flags->n_listen == OPTIONS_LISTEN_MAX) {
        snprintf(why, OPTIONS_WHY_MAX, "--listen: at most %u are allowed", OPTIONS_LISTEN_MAX);
        return 1;
    }
    flags->listen[flags->n_listen++] = optarg;
    return 0;
}

// A second flag that says what to do would silently win over the first, and one that was asked to look would
// write. Who asks for help gets it.
static int
take_mode(struct options_flags *flags, const struct mode_flag *mode, char *why)
{
    if (flags->mode == OPTIONS_HELP)
        return 0;
    if (flags->mode != OPTIONS_SERVE && mode->mode != OPTIONS_HELP &&
        (flags->mode != mode->mode || mode->mode == OPTIONS_REPLAY)) {
        snprintf(why, OPTIONS_WHY_MAX, "--%s: only one of the flags that say what to do is allowed, once",
                 mode->name);
        return 1;
    }
    flags->mode = mode->mode;
    if (mode->mode == OPTIONS_REPLAY)
        flags->replay_file = optarg;
    return 0;
}

static int
take_flag(struct options_flags *flags, int flag, char *why)
{
    const struct mode_flag *mode = mode_flag_of(flag);

    if (flag >= FLAG_ROW)
        return take_row(flags, (size_t)(flag - FLAG_ROW), why);
    if (flag == 'c') {
        flags->file = optarg;
    } else if (flag == FLAG_TO_SEQUENCE) {
        flags->to_sequence = optarg;
    } else if (mode != NULL) {
        return take_mode(flags, mode, why);
    } else {
        snprintf(why, OPTIONS_WHY_MAX, "see kansend --help"); // getopt_long has said what is wrong
        return 1;
    }
    return 0;
}

static bool
takes_directory(enum options_mode mode)
{
    for (size_t i = 0; i < MODES; i++) {
        if (mode_flags[i].mode == mode)
            return mode_flags[i].takes == TAKES_DIRECTORY;
    }
    return false;
}

int
options_flags_parse(int argc, char **argv, struct options_flags *flags, char why[OPTIONS_WHY_MAX])
{
    struct option known[OPTIONS_TABLE_ROWS + MODES + 3];
    size_t n = 0;
    int flag;

    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) {
        if (options_table[i].flag != NULL)
            known[n++] = (struct option){options_table[i].flag, required_argument, NULL, FLAG_ROW + (int)i};
    }
    for (size_t i = 0; i < MODES; i++)
        known[n++] =
            (struct option){mode_flags[i].name, mode_flags[i].has_argument, NULL, FLAG_MODE + (int)i};
    known[n++] = (struct option){"config", required_argument, NULL, 'c'};
    known[n++] = (struct option){"to-sequence", required_argument, NULL, FLAG_TO_SEQUENCE};
    known[n] = (struct option){0};
    optind = 0; // so that a second call begins anew
    while ((flag = getopt_long(argc, argv, "c:nh", known, NULL)) != -1) {
        if (take_flag(flags, flag, why) != 0)
            return 1;
    }
    if (optind < argc && takes_directory(flags->mode))
        flags->check_dir = argv[optind++];
    if (optind == argc)
        return 0;
    snprintf(why, OPTIONS_WHY_MAX, "\"%s\" is not expected here; see kansend --help", argv[optind]);
    return 1;
}

static void
help_line(FILE *out, const char *form, const char *help)
{
    if (strlen(form) > 22)
        fprintf(out, "  %s\n%25s%s\n", form, "", help);
    else
        fprintf(out, "  %-22s %s\n", form, help);
}

void
options_flags_help(FILE *out)
{
    fprintf(out,
            "Usage: kansend [-c FILE] [OPTION]...\n"
            "Matches students to internships, sport and culture; serves them until it is told to stop.\n\n");
    help_line(out, "-c, --config FILE",
              "configuration; default " OPTIONS_FLAGS_DEFAULT_FILE ", which may be absent");
    for (size_t i = 0; i < MODES; i++) {
        help_line(out, mode_flags[i].form, mode_flags[i].help);
        if (mode_flags[i].mode == OPTIONS_REPLAY)
            help_line(out, "    --to-sequence N", "with --replay: no further than that entry");
    }
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) {
        char left[64];

        if (options_table[i].flag == NULL)
            continue;
        snprintf(left, sizeof left, "--%s %s", options_table[i].flag, options_table[i].argument);
        fprintf(out, "      %-22s %s", left, options_table[i].help);
        fprintf(out, options_table[i].initial == NULL ? "\n" : "; default %s\n", options_table[i].initial);
    }
    fprintf(out, "\nThe manual kansend.conf(5) has all options of the file.\n");
}
