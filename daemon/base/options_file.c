// SPDX-License-Identifier: Apache-2.0
// libconfuse parses what options_text.c has read. The first fault that is found is the one that is told.
#include "base/options_file.h"
#include "base/options_table.h"
#include "base/options_text.h"
#include "base/options_why.h"
#include <confuse.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ROWS OPTIONS_TABLE_ROWS

// What libconfuse says of an option that it does not know, and of a file that ends too early, in the language
// of no locale.
#define NO_SUCH_OPTION "no such option '%s'"
#define PREMATURE_END  "premature end of file"

// An option of libconfuse's that no file can use: it carries the way to what is read.
#define CARRIER "\x01"

// What has been read of the file, and what is wrong.
struct source {
    char *why;
    const char *name;
    int *lines; // in which an option was set; 0 = not yet
    int last;   // that of the last character
};

static int
refuse_call(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
    (void)argc;
    (void)argv;
    cfg_error(cfg, "%s is not an option", cfg_opt_name(opt));
    return -1;
}

static void
tell_unknown(char *why, const char *place, const char *key)
{
    const struct option_row *nearest = options_table_nearest(key);

    if (nearest == NULL)
        options_why_tell(why, "%s: \"%.60s\" is not an option; kansend.conf(5) has all of them", place, key);
    else
        options_why_tell(why, "%s: \"%.60s\" is not an option; did you mean \"%s\"?", place, key,
                         nearest->key);
}

static struct source *
source_of(const cfg_t *cfg)
{
    const cfg_opt_t *opt = cfg->opts;

    while (strcmp(opt->name, CARRIER) != 0)
        opt++;
    return (struct source *)(void *)opt->simple_value.ptr;
}

// The option whose value is still to come has been marked as changed, and its old value as one to be dropped.
static void
tell_end(const cfg_t *cfg, const struct source *source)
{
    const unsigned waits = CFGF_MODIFIED | CFGF_RESET;

    for (const cfg_opt_t *opt = cfg->opts; strcmp(opt->name, CARRIER) != 0; opt++) {
        if (((unsigned)opt->flags & waits) == waits)
            options_why_tell(source->why, "%s:%d: %s: the file ends before its value", source->name,
                             source->last, opt->name);
    }
    options_why_tell(source->why, "%s:%d: the file ends in the middle of an option", source->name,
                     source->last);
}

PRINTF_LIKE(2, 0)
static void
tell_file_error(cfg_t *cfg, const char *format, va_list args)
{
    const struct source *source = source_of(cfg);
    char place[OPTIONS_WHY_MAX / 2], text[OPTIONS_WHY_MAX / 2];

    snprintf(place, sizeof place, "%s:%d", source->name, cfg->line);
    if (strcmp(format, NO_SUCH_OPTION) == 0) {
        tell_unknown(source->why, place, va_arg(args, const char *));
    } else if (strcmp(format, PREMATURE_END) == 0) {
        tell_end(cfg, source);
    } else {
        vsnprintf(text, sizeof text, format, args);
        options_why_tell(source->why, "%s: %s", place, text);
    }
}

// Called with each value before it is taken. The first one of a list is alone in it.
static int
note_line(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *out)
{
    const struct source *source = source_of(cfg);
    int *line = &source->lines[options_table_find(cfg_opt_name(opt)) - options_table];

    if (*line != 0 && cfg_opt_size(opt) == 1) {
        cfg_error(cfg, "%s: this is set in line %d already", cfg_opt_name(opt), *line);
        return -1;
    }
    if (*line == 0)
        *line = cfg->line;
    *(const char **)out = value;
    return 0;
}

// Called behind each value, while the parser still knows its line.
static int
check_file_value(cfg_t *cfg, cfg_opt_t *opt)
{
    const struct option_row *row = options_table_find(cfg_opt_name(opt));
    unsigned values = cfg_opt_size(opt);
    char message[OPTIONS_TABLE_MESSAGE_MAX];
    struct options trial = {0};
    int rc = 0;

    for (unsigned i = 0; i < values && rc == 0; i++)
        rc = options_table_set(&trial, row, cfg_opt_getnstr(opt, i), message);
    if (rc != 0)
        cfg_error(cfg, "%s: %s", row->key, message);
    options_free(&trial);
    return rc == 0 ? 0 : -1;
}

static int
take_file_values(cfg_t *cfg, struct options *options, char *why)
{
    char message[OPTIONS_TABLE_MESSAGE_MAX];

    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &options_table[i];
        const cfg_opt_t *opt = cfg_getopt(cfg, row->key);
        unsigned values = cfg_size(cfg, row->key);

        if (values == 0 && ((unsigned)opt->flags & CFGF_MODIFIED) != 0)
            return options_why_tell(why, "%s: %s: an empty list is not allowed", options->file, row->key);
        for (unsigned j = 0; j < values; j++) {
            const char *text = cfg_getnstr(cfg, row->key, j);

            if (text == NULL)
                continue; // not in the file
            if (options_table_set(options, row, text, message) != 0)
                return options_why_tell(why, "%s: %s: %s", options->file, row->key, message);
        }
    }
    return 0;
}

static int
parse(const char *text, struct options *options, struct source *source)
{
    cfg_opt_t opts[ROWS + 2], carrier = CFG_FUNC(CARRIER, refuse_call);
    cfg_t *cfg;
    int rc = 1;

    for (size_t i = 0; i < ROWS; i++) {
        cfg_opt_t one = CFG_STR_CB(options_table[i].key, NULL, CFGF_NODEFAULT, note_line);
        cfg_opt_t list = CFG_STR_LIST_CB(options_table[i].key, NULL, CFGF_NODEFAULT, note_line);

        opts[i] = options_table[i].type == OPTION_LIST ? list : one;
    }
    carrier.simple_value.ptr = (void **)(void *)source;
    opts[ROWS] = carrier;
    opts[ROWS + 1] = (cfg_opt_t)CFG_END();
    cfg = cfg_init(opts, CFGF_NONE);
    if (cfg == NULL)
        return options_why_tell(source->why, "%s: memory is short", source->name);
    cfg_set_error_function(cfg, tell_file_error);
    for (size_t i = 0; i < ROWS; i++)
        cfg_set_validate_func(cfg, options_table[i].key, check_file_value);
    if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
        rc = take_file_values(cfg, options, source->why);
    else // libconfuse refuses some files without a word, such as one with an option that has no name
        options_why_tell(source->why, "%s:%d: the file can not be read further", source->name, cfg->line);
    cfg_free(cfg);
    return rc;
}

int
options_file_read(struct options *options, bool may_be_absent, char why[OPTIONS_WHY_MAX])
{
    struct source source = {.why = why, .name = options->file, .lines = options->lines};
    char *text;
    int rc;

    if (options_text_read(options->file, may_be_absent, &text, why) != 0)
        return 1;
    options->has_file = text != NULL;
    if (text == NULL)
        return 0;
    rc = options_text_strip(options->file, text, &source.last, why);
    if (rc == 0)
        rc = parse(text, options, &source);
    free(text);
    return rc;
}
