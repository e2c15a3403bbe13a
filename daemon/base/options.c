// SPDX-License-Identifier: Apache-2.0
// Reads the file and then the command line, both by the table of options. The first fault that is found is
// the one that is told.
#include "base/options.h"
#include "base/options_file.h"
#include "base/options_flags.h"
#include "base/options_table.h"
#include "base/options_why.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS             OPTIONS_TABLE_ROWS
#define MESSAGE_MAX      OPTIONS_TABLE_MESSAGE_MAX
#define JOURNAL_KEEP_MIN 1000u
#define RESULT_BYTES     640u // of the result of one write in an answer: a whole status and four numbers
#define JOURNAL_DAYS_MIN 7u   // followers of the change feed may be away so long

// ---- The command line

static int
set_flag(struct options *options, const struct option_row *row, const char *text, char *why)
{
    char message[MESSAGE_MAX];

    if (text == NULL || options_table_set(options, row, text, message) == 0)
        return 0;
    return options_why_tell(why, "--%s: %s", row->flag, message);
}

static void
drop_listeners(struct options *options)
{
    for (size_t i = 0; i < OPTIONS_LISTEN_MAX; i++) {
        free(options->listen[i]);
        options->listen[i] = NULL;
    }
    options->n_listen = 0;
}

// Which journal is replayed, and how far.
static int
take_replay(const struct options_flags *flags, struct options *options, char *why)
{
    char *end;

    if (flags->to_sequence != NULL && flags->mode != OPTIONS_REPLAY)
        return options_why_tell(why, "--to-sequence goes with --replay");
    if (flags->replay_file == NULL)
        return 0;
    options->replay_file = strdup(flags->replay_file);
    if (options->replay_file == NULL)
        return options_why_tell(why, "memory is short");
    if (flags->to_sequence == NULL)
        return 0;
    errno = 0;
    options->to_sequence = strtoull(flags->to_sequence, &end, 10);
    if (errno == 0 && *end == '\0' && options->to_sequence > 0 && flags->to_sequence[0] != '-')
        return 0;
    return options_why_tell(why, "--to-sequence: \"%.60s\" is not allowed; it takes a number from 1",
                            flags->to_sequence);
}

static int
take_command_line(const struct options_flags *flags, struct options *options, char *why)
{
    const struct option_row *listen = options_table_find("listen");

    options->mode = flags->mode;
    if (flags->n_listen > 0) {
        drop_listeners(options);
        options->lines[listen - options_table] = 0;
    }
    for (size_t i = 0; i < flags->n_listen; i++) {
        if (set_flag(options, listen, flags->listen[i], why) != 0)
            return 1;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (set_flag(options, &options_table[i], flags->values[i], why) != 0)
            return 1;
        if (flags->values[i] != NULL)
            options->lines[i] = 0;
    }
    if (take_replay(flags, options, why) != 0)
        return 1;
    if (flags->check_dir != NULL)
        return set_flag(options, options_table_find("data_dir"), flags->check_dir, why);
    return 0;
}

// ---- Together

static int
set_initial(struct options *options, const char *file, char *why)
{
    char message[MESSAGE_MAX];

    options->file = strdup(file);
    options->lines = calloc(ROWS, sizeof options->lines[0]);
    if (options->file == NULL || options->lines == NULL)
        return options_why_tell(why, "memory is short");
    for (size_t i = 0; i < ROWS; i++) {
        if (options_table[i].initial != NULL &&
            options_table_set(options, &options_table[i], options_table[i].initial, message) != 0)
            return options_why_tell(why, "%s: %s", options_table[i].key, message);
    }
    return 0;
}

// Takes what the service manager handed over in files that the user of the daemon could not read otherwise
// (systemd.exec(5), LoadCredential=), unless a certificate is configured.
static int
set_credentials(struct options *options)
{
    const struct {
        const char *name;
        char **member;
    } given[] = {{"tls_certificate.pem", &options->tls_certificate},
                 {"tls_key.pem", &options->tls_key},
                 {"tls_client_ca.pem", &options->tls_client_ca}};
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    bool wanted = dir != NULL && options->tls_certificate == NULL;

    for (size_t i = 0; i < sizeof given / sizeof given[0] && wanted; i++) {
        char *path;

        if (*given[i].member != NULL)
            continue;
        if (asprintf(&path, "%s/%s", dir, given[i].name) < 0)
            return 1;
        if (access(path, F_OK) == 0 || errno == EACCES) // which is told when it is read
            *given[i].member = path;
        else
            free(path);
    }
    return 0;
}

static int
set_in_data_dir(const struct options *options, const char *name, char **member)
{
    char *path;

    if (*member != NULL)
        return 0;
    if (asprintf(&path, "%s/%s", options->data_dir, name) < 0)
        return 1;
    *member = path;
    return 0;
}

// Fills in the defaults that depend on the surroundings or on other options.
static int
set_derived(struct options *options, char *why)
{
    const char *state = getenv("STATE_DIRECTORY");
    char message[MESSAGE_MAX], *path = NULL;
    int rc = 0;

    if (options->data_dir == NULL && state != NULL && state[0] != '\0')
        options->data_dir = strndup(state, strcspn(state, ":"));
    else if (options->data_dir == NULL)
        options->data_dir = strdup("kansen-data");
    if (options->seeds == NULL)
        options->seeds = strdup("");
    if (options->data_dir == NULL || options->seeds == NULL)
        rc = 1;
    rc = rc || set_credentials(options) || set_in_data_dir(options, "kansen.erased", &options->erasures) ||
         set_in_data_dir(options, "backup", &options->backup_dir);
    if (rc == 0 && options->n_listen == 0) {
        rc = asprintf(&path, "unix:%s/kansend.sock", options->data_dir) < 0;
        rc = rc || options_table_set(options, options_table_find("listen"), path, message) ||
             options_table_set(options, options_table_find("listen"), "127.0.0.1:7411", message);
        free(path);
    }
    return rc == 0 ? 0 : options_why_tell(why, "memory is short");
}

void
options_blame(const struct options *options, const char *key, const char *message, char why[OPTIONS_WHY_MAX])
{
    const struct option_row *row = options_table_find(key);
    int line = row == NULL ? 0 : options->lines[row - options_table], len = 0;

    if (line != 0)
        len = snprintf(why, OPTIONS_WHY_MAX, "%.500s:%d: ", options->file, line);
    snprintf(why + len, OPTIONS_WHY_MAX - (size_t)len, "%s%s%s", key, key[0] == '\0' ? "" : ": ", message);
}

// Says what is wrong with an option, and where it was set if that was in the file.
PRINTF_LIKE(4, 5)
static int
tell_of(const struct options *options, const char *key, char *why, const char *format, ...)
{
    char text[OPTIONS_WHY_MAX / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (why[0] == '\0')
        options_blame(options, key, text, why);
    return 1;
}

// Checks what one option asks of another.
static int
check_together(const struct options *options, char *why)
{
    uint64_t keep = options->journal_keep, days = options->retain_journal_days;

    if (keep != 0 && keep < JOURNAL_KEEP_MIN)
        return tell_of(options, "journal_keep", why, "%" PRIu64 " is not allowed; it takes 0, or %u and more",
                       keep, JOURNAL_KEEP_MIN);
    if (options->sandbox_no_new_privileges == OPTIONS_OFF &&
        (options->sandbox_seccomp != OPTIONS_OFF || options->sandbox_landlock != OPTIONS_OFF))
        return tell_of(options, "sandbox_no_new_privileges", why,
                       "\"off\" is not allowed; sandbox_seccomp and sandbox_landlock need it");
    if (days != 0 && days < JOURNAL_DAYS_MIN)
        return tell_of(options, "retain_journal_days", why,
                       "%" PRIu64 " is not allowed; it takes 0, or %u and more", days, JOURNAL_DAYS_MIN);
    if (strcmp(options->tls_client, "off") != 0 && options->tls_client_ca == NULL)
        return tell_of(options, "tls_client", why, "%s needs tls_client_ca", options->tls_client);
    if (options->max_batch_writes * RESULT_BYTES <= options->max_frame)
        return 0;
    return tell_of(options, "max_batch_writes", why,
                   "%" PRIu64 " results do not fit a frame; with max_frame = %" PRIu64 " at most %" PRIu64
                   " are allowed",
                   options->max_batch_writes, options->max_frame, options->max_frame / RESULT_BYTES);
}

int
options_read(int argc, char **argv, struct options *options, char why[OPTIONS_WHY_MAX])
{
    struct options_flags flags = {0};
    struct options read = {0};
    int rc;

    why[0] = '\0';
    rc = options_flags_parse(argc, argv, &flags, why);
    if (rc == 0 && (flags.mode == OPTIONS_HELP || flags.mode == OPTIONS_VERSION)) {
        *options = (struct options){.mode = flags.mode};
        return 0; // asked for without regard to the rest
    }
    rc = rc || set_initial(&read, flags.file == NULL ? OPTIONS_FLAGS_DEFAULT_FILE : flags.file, why) ||
         options_file_read(&read, flags.file == NULL, why) || take_command_line(&flags, &read, why) ||
         set_derived(&read, why) || check_together(&read, why);
    if (rc != 0) {
        options_free(&read);
        return 1;
    }
    *options = read;
    return 0;
}

void
options_free(struct options *options)
{
    drop_listeners(options);
    free(options->file);
    free(options->lines);
    free(options->replay_file);
    free(options->data_dir);
    free(options->admin);
    free(options->seeds);
    free(options->log_level);
    free(options->erasures);
    free(options->backup_dir);
    free(options->upgrade_backup);
    free(options->insecure_plain_tcp_on_any_address);
    free(options->admin_on_any_address);
    free(options->tls_certificate);
    free(options->tls_key);
    free(options->tls_client_ca);
    free(options->tls_client_crl);
    free(options->tls_client);
    free(options->tls_min_version);
    *options = (struct options){0};
}
