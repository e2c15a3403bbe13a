// SPDX-License-Identifier: Apache-2.0
// One table, one function that sets a value: the ranges and the messages are the same wherever a value comes
// from.
#include "base/options_table.h"
#include "base/spelling.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define RETAIN_MAX 36500u // days

// Where a value is kept, and whether it may change while the daemon serves.
#define AT(member)   offsetof(struct options, member), false
#define LIVE(member) offsetof(struct options, member), true

const struct option_row options_table[] = {
    {"data_dir", "data-dir", "DIR", OPTION_TEXT, AT(data_dir), 0, 0, NULL,
     "directory of the store; default $STATE_DIRECTORY, else ./kansen-data"},
    {"listen", "listen", "ADDRESS", OPTION_LIST, AT(listen), 0, 0, NULL,
     "unix:PATH, ADDR:PORT (loopback only) or tls:ADDR:PORT, repeatable; default "
     "unix:DATA_DIR/kansend.sock and 127.0.0.1:7411"},
    {"insecure_plain_tcp_on_any_address", "insecure-plain-tcp-on-any-address", "yes|no", OPTION_WORD,
     AT(insecure_plain_tcp_on_any_address), 0, 0, "no",
     "listen without TLS on addresses that others can reach; who can see the network reads all"},
    {"admin", "admin", "ADDR:PORT|off", OPTION_TEXT, AT(admin), 0, 0, "127.0.0.1:7412",
     "HTTP address of /healthz, /readyz and /metrics, on loopback"},
    {"admin_on_any_address", NULL, "yes|no", OPTION_WORD, AT(admin_on_any_address), 0, 0, "no",
     "let the admin address be one that others can reach; whoever does reads the figures"},
    {"seeds", "seeds", "DIR", OPTION_TEXT, AT(seeds), 0, 0, NULL,
     "regions.csv and interests.csv for an empty store; default the installed share directory, else ./seeds"},
    {"log_level", "log-level", "error|warning|notice|info|debug", OPTION_WORD, LIVE(log_level), 0, 0, "info",
     "lines of the log above it are left out"},
    {"tls_certificate", "tls-certificate", "FILE", OPTION_TEXT, LIVE(tls_certificate), 0, 0, NULL,
     "certificate of tls: listeners, PEM, with its chain behind it"},
    {"tls_key", "tls-key", "FILE", OPTION_TEXT, LIVE(tls_key), 0, 0, NULL,
     "its private key, PEM; default the file of the certificate"},
    {"tls_client_ca", "tls-client-ca", "FILE", OPTION_TEXT, LIVE(tls_client_ca), 0, 0, NULL,
     "CA certificates that vouch for clients, PEM"},
    {"tls_client_crl", NULL, "FILE", OPTION_TEXT, LIVE(tls_client_crl), 0, 0, NULL,
     "lists of the certificates that these CAs have revoked, PEM"},
    {"tls_client", "tls-client", "off|optional|required", OPTION_WORD, LIVE(tls_client), 0, 0, "off",
     "whether clients show a certificate"},
    {"tls_min_version", NULL, "1.2|1.3", OPTION_WORD, LIVE(tls_min_version), 0, 0, "1.3",
     "oldest version of TLS"},
    {"workers", "workers", "N", OPTION_NUMBER, AT(workers), 0, 256, "0",
     "threads that answer; 0 = one per core"},
    {"map_size", NULL, "SIZE", OPTION_SIZE, AT(map_size), MIB, 16 * 1024 * GIB, "64GiB",
     "greatest size of the store; address space, not memory"},
    {"max_frame", NULL, "SIZE", OPTION_SIZE, AT(max_frame), 128 * KIB, 64 * MIB, "1MiB",
     "greatest frame, both ways"},
    {"max_in_flight", NULL, "N", OPTION_NUMBER, LIVE(max_in_flight), 1, 65536, "256",
     "writes of one connection that wait for their commit before it is not read any more"},
    {"max_connections", NULL, "N", OPTION_NUMBER, LIVE(max_connections), 1, 1000000, "4096",
     "connections in all"},
    {"token_connections", NULL, "N", OPTION_NUMBER, LIVE(token_connections), 0, 1000000, "256",
     "connections of one token; 0 = no limit"},
    {"token_rate", NULL, "N", OPTION_NUMBER, LIVE(token_rate), 0, 10000000, "5000",
     "requests of one token in a second; 0 = no limit"},
    {"token_burst", NULL, "N", OPTION_NUMBER, LIVE(token_burst), 1, 10000000, "10000",
     "requests that one token may send at once after a pause"},
    {"max_batch_writes", NULL, "N", OPTION_NUMBER, AT(max_batch_writes), 1, 100000, "1000",
     "writes in one batch"},
    {"request_memory", NULL, "SIZE", OPTION_SIZE, AT(request_memory), MIB, GIB, "64MiB",
     "greatest memory that one request may take while it is answered"},
    {"output_buffer", NULL, "SIZE", OPTION_SIZE, LIVE(output_buffer), 64 * KIB, GIB, "4MiB",
     "answers that wait for a slow client before its connection is not read any more"},
    {"write_timeout_s", NULL, "S", OPTION_NUMBER, LIVE(write_timeout_s), 1, 86400, "60",
     "close a connection whose client takes nothing of its answers for so long"},
    {"write_queue", NULL, "N", OPTION_NUMBER, LIVE(write_queue), 1, 1000000, "1024",
     "requests that wait for the writer before connections are not read any more"},
    {"write_queue_size", NULL, "SIZE", OPTION_SIZE, LIVE(write_queue_size), MIB, 64 * GIB, "64MiB",
     "the same, counted in the memory that they take"},
    {"commit_group", NULL, "N", OPTION_NUMBER, LIVE(commit_group), 1, 100000, "4000",
     "writes that make one commit full"},
    {"commit_delay_ms", NULL, "MS", OPTION_NUMBER, LIVE(commit_delay_ms), 0, 1000, "0",
     "wait so long for more writes before a commit"},
    {"max_holds", NULL, "N", OPTION_NUMBER, LIVE(max_holds), 0, 1000000, "1000",
     "open holds of one client at a time; 0 = no cap"},
    {"journal_keep", NULL, "N", OPTION_NUMBER, LIVE(journal_keep), 0, UINT64_C(1000000000000), "0",
     "entries of the journal that are kept at least, from 1000; 0 = all"},
    {"retain_placements_days", NULL, "DAYS", OPTION_NUMBER, LIVE(retain_placements_days), 0, RETAIN_MAX, "0",
     "how long placements are kept after they ended; 0 = for ever"},
    {"retain_students_days", NULL, "DAYS", OPTION_NUMBER, LIVE(retain_students_days), 0, RETAIN_MAX, "0",
     "how long it is known whose placements they were, after the last one ended; 0 = for ever"},
    {"retain_journal_days", NULL, "DAYS", OPTION_NUMBER, LIVE(retain_journal_days), 0, RETAIN_MAX, "0",
     "how long entries of the journal are kept, from 7; 0 = for ever"},
    {"retain_rounds_days", NULL, "DAYS", OPTION_NUMBER, LIVE(retain_rounds_days), 0, RETAIN_MAX, "0",
     "how long lists and results of rounds are kept after they were closed or cancelled; 0 = for ever"},
    {"erasures", NULL, "FILE", OPTION_TEXT, AT(erasures), 0, 0, NULL,
     "list of students that were forgotten; default kansen.erased in the data directory"},
    {"backup_dir", NULL, "DIR", OPTION_TEXT, AT(backup_dir), 0, 0, NULL,
     "where backups are written, and nowhere else; default backup in the data directory"},
    {"upgrade_backup", NULL, "yes|no", OPTION_WORD, AT(upgrade_backup), 0, 0, "yes",
     "keep a copy of a store of an older format before it is upgraded"},
    {"read_budget", NULL, "N", OPTION_NUMBER, LIVE(read_budget), 0, UINT64_C(1000000000000), "200000",
     "work of a read on its worker, in units of about 10 ns, before a reading thread does it; 0 = no bound"},
    {"long_reads", NULL, "N", OPTION_NUMBER, LIVE(long_reads), 1, 10000, "64",
     "reads that wait for a reading thread before more are refused; half of them may be one client's"},
    {"max_long_reads", NULL, "N", OPTION_NUMBER, LIVE(max_long_reads), 1, 10000, "4",
     "such reads of one connection in flight before it is not read any more"},
    {"long_read_threads", NULL, "N", OPTION_NUMBER, AT(long_read_threads), 1, 16, "1",
     "threads for such reads"},
    {"long_read_s", NULL, "S", OPTION_NUMBER, LIVE(long_read_s), 1, 3600, "10",
     "time that such a read may take, and hold its snapshot, before it is given up"},
    {"watch_lag", NULL, "N", OPTION_NUMBER, LIVE(watch_lag), 100, UINT64_C(1000000000000), "1000000",
     "entries of the journal that a watch may fall behind before it is cut off"},
    {"handshake_timeout_s", NULL, "S", OPTION_NUMBER, LIVE(handshake_timeout_s), 1, 3600, "10",
     "on TCP, time until Hello is answered OK"},
    {"frame_timeout_s", NULL, "S", OPTION_NUMBER, LIVE(frame_timeout_s), 1, 3600, "30",
     "time in which a frame that has begun must be whole"},
    {"idle_timeout_s", NULL, "S", OPTION_NUMBER, LIVE(idle_timeout_s), 0, 31536000, "3600",
     "close a connection on which nothing is asked for so long; 0 = never"},
    {"drain_timeout_s", NULL, "S", OPTION_NUMBER, LIVE(drain_timeout_s), 0, 3600, "10",
     "at a stop, wait so long for answers to be taken"},
    {"sandbox_no_new_privileges", NULL, "on|off|required", OPTION_SWITCH, AT(sandbox_no_new_privileges), 0, 0,
     "on", "no program that it starts gains privileges"},
    {"sandbox_capabilities", NULL, "on|off|required", OPTION_SWITCH, AT(sandbox_capabilities), 0, 0, "on",
     "give up what root may do"},
    {"sandbox_seccomp", NULL, "on|off|required", OPTION_SWITCH, AT(sandbox_seccomp), 0, 0, "on",
     "make only the system calls that serving needs"},
    {"sandbox_landlock", NULL, "on|off|required", OPTION_SWITCH, AT(sandbox_landlock), 0, 0, "on",
     "open only the directories that are named in the configuration"},
};

static const char *const switches[] = {
    [OPTIONS_ON] = "on", [OPTIONS_OFF] = "off", [OPTIONS_REQUIRED] = "required"};

_Static_assert(sizeof options_table / sizeof options_table[0] == OPTIONS_TABLE_ROWS,
               "the header counts the rows");

static int
parse_number(const struct option_row *row, const char *text, uint64_t *out)
{
    static const struct {
        const char *text;
        uint64_t factor;
    } units[] = {{"", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}};
    size_t last = row->type == OPTION_SIZE ? sizeof units / sizeof units[0] : 1;
    uint64_t value;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return 1;
    errno = 0;
    value = strtoull(text, &end, 10);
    for (size_t i = 0; i < last && errno == 0; i++) {
        if (strcmp(end, units[i].text) == 0 && !__builtin_mul_overflow(value, units[i].factor, &value)) {
            *out = value;
            return value < row->min || value > row->max;
        }
    }
    return 1;
}

// A number in the greatest unit that keeps it whole.
void
options_table_print(const struct option_row *row, uint64_t value, char out[32])
{
    if (row->type == OPTION_SIZE && value >= GIB && value % GIB == 0)
        snprintf(out, 32, "%" PRIu64 "GiB", value / GIB);
    else if (row->type == OPTION_SIZE && value >= MIB && value % MIB == 0)
        snprintf(out, 32, "%" PRIu64 "MiB", value / MIB);
    else if (row->type == OPTION_SIZE && value >= KIB && value % KIB == 0)
        snprintf(out, 32, "%" PRIu64 "KiB", value / KIB);
    else
        snprintf(out, 32, "%" PRIu64, value);
}

static int
set_number(struct options *options, const struct option_row *row, const char *text,
           char message[OPTIONS_TABLE_MESSAGE_MAX])
{
    char min[32], max[32];
    uint64_t value;

    if (parse_number(row, text, &value) == 0) {
        *(uint64_t *)((char *)options + row->offset) = value;
        return 0;
    }
    options_table_print(row, row->min, min);
    options_table_print(row, row->max, max);
    snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "\"%.60s\" is not allowed; it takes a number from %s to %s",
             text, min, max);
    return 1;
}

static int
set_switch(enum options_switch *member, const char *text, char message[OPTIONS_TABLE_MESSAGE_MAX])
{
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(text, switches[i]) == 0) {
            *member = (enum options_switch)i;
            return 0;
        }
    }
    snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "\"%.60s\" is not allowed; it takes on, off or required",
             text);
    return 1;
}

static int
set_text(char **member, const char *text, char message[OPTIONS_TABLE_MESSAGE_MAX])
{
    char *copy = strdup(text);

    if (copy == NULL) {
        snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "memory is short");
        return 1;
    }
    free(*member);
    *member = copy;
    return 0;
}

static int
add_text(struct options *options, const char *text, char message[OPTIONS_TABLE_MESSAGE_MAX])
{
    if (options->n_listen == OPTIONS_LISTEN_MAX) {
        snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "at most %u are allowed", OPTIONS_LISTEN_MAX);
        return 1;
    }
    if (set_text(&options->listen[options->n_listen], text, message) != 0)
        return 1;
    options->n_listen++;
    return 0;
}

static bool
is_among(const char *words, const char *text)
{
    size_t len = strlen(text);

    for (; *words != '\0'; words += strcspn(words, "|"), words += *words == '|') {
        if (strcspn(words, "|") == len && strncmp(words, text, len) == 0)
            return true;
    }
    return false;
}

int
options_table_set(struct options *options, const struct option_row *row, const char *text,
                  char message[OPTIONS_TABLE_MESSAGE_MAX])
{
    char **member = (char **)(void *)((char *)options + row->offset);

    if (row->type == OPTION_NUMBER || row->type == OPTION_SIZE)
        return set_number(options, row, text, message);
    if (row->type == OPTION_SWITCH)
        return set_switch((enum options_switch *)(void *)((char *)options + row->offset), text, message);
    if (text[0] == '\0') {
        snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "an empty text is not allowed");
        return 1;
    }
    if (row->type == OPTION_WORD && !is_among(row->argument, text)) {
        snprintf(message, OPTIONS_TABLE_MESSAGE_MAX, "\"%.60s\" is not allowed; it takes %s", text,
                 row->argument);
        return 1;
    }
    return row->type == OPTION_LIST ? add_text(options, text, message) : set_text(member, text, message);
}

const struct option_row *
options_table_find(const char *key)
{
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) {
        if (strcmp(options_table[i].key, key) == 0)
            return &options_table[i];
    }
    return NULL;
}

const struct option_row *
options_table_nearest(const char *key)
{
    const char *keys[OPTIONS_TABLE_ROWS];
    const char *nearest;

    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++)
        keys[i] = options_table[i].key;
    nearest = spelling_nearest(key, keys, OPTIONS_TABLE_ROWS);
    return nearest == NULL ? NULL : options_table_find(nearest);
}

size_t
options_table_values(const struct options *options, const struct option_row *row)
{
    const char *text;

    if (row->type == OPTION_LIST)
        return options->n_listen;
    if (row->type != OPTION_TEXT)
        return 1;
    text = *(char *const *)(const void *)((const char *)options + row->offset);
    return text == NULL || text[0] == '\0' ? 0 : 1;
}

const char *
options_table_get(const struct options *options, const struct option_row *row, size_t i, char room[32])
{
    const void *member = (const char *)options + row->offset;

    if (row->type == OPTION_SWITCH)
        return switches[*(const enum options_switch *)member];
    if (row->type == OPTION_NUMBER || row->type == OPTION_SIZE) {
        options_table_print(row, *(const uint64_t *)member, room);
        return room;
    }
    return row->type == OPTION_LIST ? options->listen[i] : *(char *const *)member;
}
