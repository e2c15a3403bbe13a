// SPDX-License-Identifier: Apache-2.0
// What all verbs share: the session, the table of verbs, and how failures are told. Everything runs on one
// thread.
//
// Functions return an exit status: CLI_OK to go on, anything else when the failure has been told and the
// program should end with it.
#ifndef CLIENT_CLI_CLI_H
#define CLIENT_CLI_CLI_H

#include "base/attr.h"
#include "client/lib/kansen.h"
#include "proto/column.h"
#include <stdbool.h>

enum cli_status {
    CLI_OK = 0,          // done
    CLI_NO = 1,          // the server said no, or some of the work failed
    CLI_USAGE = 2,       // wrong usage
    CLI_UNREACHABLE = 3, // the server could not be reached
};

struct verb;

struct cli {
    const char *server;          // NULL = the default
    const char *token_file;      // NULL = none
    const char *ca, *cert, *key; // files for TLS; NULL = the system's CAs, no certificate
    uint32_t timeout_ms;
    bool insecure_plain_token; // the token may go to other machines in clear
    bool json;
    const struct verb *verb; // the one that runs
    struct kansen *kansen;   // NULL until something is asked
};

// One flag of a verb. set() puts text (NULL for a flag without a value) into target and returns 0, or
// COLUMN_E_BAD with bad set.
struct flag {
    const char *name;  // without dashes; '_' and '-' are the same; NULL ends a table
    const char *value; // what the value is called in the help; NULL = takes none
    const char *help;
    int (*set)(void *target, const struct flag *flag, const char *text, struct column_message *bad);
    const void *data; // for set()
    size_t offset;    // for set()
};

struct rows_table;
struct verb;

// A refusal for the user: words start as the server's; hint is a line that helps on, or NULL.
struct cli_words {
    char field[96], message[420];
    const char *hint;
};

#define CLI_HINT_REGIONS   "kansenctl regions TEXT finds the codes of regions"
#define CLI_HINT_INTERESTS "kansenctl interests TEXT finds the codes of interests"

struct verb {
    const char *name; // "match", "partner add"
    const char *args; // positional arguments in the help
    const char *help; // one line
    const struct flag *flags;
    const struct flag *more_flags;    // a second table, or NULL
    const struct rows_table *columns; // each of its columns is a flag too, or NULL
    int (*run)(struct cli *cli, int argc, char **argv);
    const struct rows_table *record; // verbs about a partner or an offer: which
    int status;                      // verbs that set its status: which
    int move;                        // verbs that move a placement: which
    // Says what the server said no to in the user's own terms, or NULL.
    void (*reword)(const struct verb *verb, const Kansen__V1__Status *status, struct cli_words *words);
};

// The verbs, in the order of the help; ends with name NULL.
extern const struct verb verbs[];

// Tell a fault in the usage, with the usage line; a failure with its code (a name of google.rpc); or what the
// server said no to: on stderr, and as JSON on stdout if asked. field is what is to blame, "" = nothing in
// particular.
void cli_tell_usage(const struct cli *cli, const char *field, const char *format, ...) PRINTF_LIKE(3, 4);
void cli_tell_failure(const struct cli *cli, const char *code, const char *field, const char *format, ...)
    PRINTF_LIKE(4, 5);
void cli_tell_refusal(const struct cli *cli, const Kansen__V1__Status *status);

// The same with the status to return, which is never CLI_OK: macros, so that whoever checks the code sees it.
#define cli_usage(cli, ...)           (cli_tell_usage(cli, "", __VA_ARGS__), CLI_USAGE)
#define cli_usage_at(cli, field, ...) (cli_tell_usage(cli, field, __VA_ARGS__), CLI_USAGE)
#define cli_fail(cli, ...)            (cli_tell_failure(cli, __VA_ARGS__), CLI_NO)
#define cli_refused(cli, status)      (cli_tell_refusal(cli, status), CLI_NO)
#define cli_no_memory(cli)            cli_fail(cli, "RESOURCE_EXHAUSTED", "", "out of memory")

// Refuses a secret in a file that others may read, as it is everybody's; a pipe is nobody else's. what stands
// before its path in the message. CLI_OK or CLI_USAGE.
int cli_check_private(const struct cli *cli, const char *what, const char *path, int fd) MUST_CHECK;

// Tells why the connection failed (result is one of libkansen). Returns CLI_UNREACHABLE, CLI_USAGE for a bad
// address or CLI_NO for a refused hello or request.
int cli_broken(const struct cli *cli, int result);

// Connects, if that is not done. The session keeps the connection.
int cli_connect(struct cli *cli) MUST_CHECK;

// Asks one thing. body points to the message that body_case says. On CLI_OK *response has status OK and a
// body of the same case; the caller frees it.
int cli_ask(struct cli *cli, Kansen__V1__Request__BodyCase body_case, void *body,
            Kansen__V1__Response **response) MUST_CHECK;

// As cli_ask for a write, with an idempotency key (NULL = none).
int cli_write(struct cli *cli, Kansen__V1__Write *write, const char *key,
              Kansen__V1__Response **response) MUST_CHECK;

// As kansen_receive, for answers that may be long in coming: silence is no fault, but a connection that broke
// is silent too, so after the time-out a ping is sent, once until the caller has seen its answer and says so
// in *pinged.
int cli_receive(struct cli *cli, bool *pinged, Kansen__V1__Response **response) MUST_CHECK;

// Sets a request's body; all members of its union are pointers to messages.
void cli_set_body(Kansen__V1__Request *request, Kansen__V1__Request__BodyCase body_case, void *body);

// Flushes standard output. CLI_NO if what was written did not get through.
int cli_finish_output(const struct cli *cli) MUST_CHECK;

// How printing ended: CLI_OK for 0; else the failure is told, which is the output's or that of memory.
int cli_printed(const struct cli *cli, int result) MUST_CHECK;

#endif
