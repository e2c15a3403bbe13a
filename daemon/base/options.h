// SPDX-License-Identifier: Apache-2.0
// The options of the daemon: one table says key, type, range, default, flag and help of each. They are read
// from the configuration file, then from the command line, which wins. Main thread.
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_LISTEN_MAX 16u // listeners

enum options_mode {
    OPTIONS_SERVE,
    OPTIONS_TEST_CONFIG,  // -n: say whether the configuration is good
    OPTIONS_CHECK,        // --check: verify the store
    OPTIONS_COMPACT,      // --compact: write the store anew
    OPTIONS_FORGET_KEY,   // --forget-key: let the store take another key
    OPTIONS_PRINT_CONFIG, // --print-config: all options with their values
    OPTIONS_REPLAY,       // --replay: apply an exported journal to the store
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

// Something that not every kernel has.
enum options_switch {
    OPTIONS_ON, // where it is to be had
    OPTIONS_OFF,
    OPTIONS_REQUIRED, // without it the daemon does not start
};

// Texts belong to the struct. Sizes are bytes.
struct options {
    enum options_mode mode;
    char *file;           // the configuration; it may not be there when none was named
    bool has_file;        // it is there
    int *lines;           // in which each row of the table stands there; 0 = in none, or the flag won
    char *replay_file;    // of --replay
    uint64_t to_sequence; // the same; 0 = all of it
    char *data_dir;
    char *listen[OPTIONS_LISTEN_MAX]; // "unix:PATH", "ADDR:PORT" or "tls:ADDR:PORT"
    size_t n_listen;
    char *admin; // "ADDR:PORT" or "off"
    char *seeds; // "" = the default places
    char *log_level;
    char *erasures;                          // file
    char *backup_dir;                        // backups are written below it
    char *upgrade_backup;                    // "yes" or "no"
    char *insecure_plain_tcp_on_any_address; // "yes" or "no"
    char *admin_on_any_address;              // the same
    char *tls_certificate, *tls_key, *tls_client_ca, *tls_client_crl;
    char *tls_client;      // "off", "optional" or "required"
    char *tls_min_version; // "1.2" or "1.3"
    uint64_t workers;      // 0 = one per core
    uint64_t map_size;
    uint64_t max_frame;
    uint64_t max_in_flight;
    uint64_t max_connections;
    uint64_t token_connections; // 0 = no limit
    uint64_t token_rate;        // requests a second; 0 = no limit
    uint64_t token_burst;
    uint64_t max_batch_writes;
    uint64_t request_memory;
    uint64_t output_buffer;
    uint64_t write_timeout_s;
    uint64_t write_queue;
    uint64_t write_queue_size;
    uint64_t commit_group;
    uint64_t commit_delay_ms;
    uint64_t max_holds;
    uint64_t journal_keep;           // entries; 0 = all
    uint64_t retain_placements_days; // since they ended; 0 = for ever, as with the next two
    uint64_t retain_students_days;
    uint64_t retain_journal_days;
    uint64_t retain_rounds_days; // since they were closed or cancelled; 0 = for ever
    uint64_t read_budget;
    uint64_t long_reads;
    uint64_t max_long_reads;
    uint64_t long_read_threads;
    uint64_t long_read_s;
    uint64_t watch_lag;
    uint64_t handshake_timeout_s;
    uint64_t frame_timeout_s;
    uint64_t idle_timeout_s; // 0 = none
    uint64_t drain_timeout_s;
    enum options_switch sandbox_no_new_privileges;
    enum options_switch sandbox_capabilities;
    enum options_switch sandbox_seccomp;
    enum options_switch sandbox_landlock;
};

#define OPTIONS_WHY_MAX 1024u // bytes with the end

// Reads the file and the command line. 0; or 1 with why: what is wrong, with file and line (or the flag),
// what was given and what is allowed. A flag that is not known is told on stderr, too. options is set on 0
// only and then needs options_free.
int options_read(int argc, char **argv, struct options *options, char why[OPTIONS_WHY_MAX]) MUST_CHECK;
void options_free(struct options *options);

// Writes what is wrong with an option: "FILE:LINE: KEY: MESSAGE", without the place where it was not set in
// the file, and without the key where that is "".
void options_blame(const struct options *options, const char *key, const char *message,
                   char why[OPTIONS_WHY_MAX]);

#endif
