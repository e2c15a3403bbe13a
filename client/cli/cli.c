// SPDX-License-Identifier: Apache-2.0
// The session and its failures. Invariant: every failure is told once, where it is found.
#include "client/cli/cli.h"
#include "base/version.h"
#include "client/cli/json.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_SOCKET "/run/kansen/kansend.sock"
#define SYSTEM_SERVER "unix:" SYSTEM_SOCKET
#define LOCAL_SERVER  "unix:kansen-data/kansend.sock"
#define TOKEN_MAX     4096u

static const char *
verb_name(const struct cli *cli)
{
    return cli->verb != NULL ? cli->verb->name : "";
}

// Flushes standard output and tells if what was written did not get through. Whether it did.
static bool
flush_output(const struct cli *cli)
{
    int number = errno; // of a write that failed before

    if (fflush(stdout) != 0)
        number = errno;
    else if (!ferror(stdout))
        return true;
    fprintf(stderr, "kansenctl%s%s: standard output could not be written: %s\n", cli->verb != NULL ? " " : "",
            verb_name(cli), strerror(number));
    return false;
}

static void
tell(const struct cli *cli, const char *code, const char *field, const char *message)
{
    if (cli->json)
        (void)json_print(json_error(code, field, message)); // told by the flush
    (void)flush_output(cli);
    fprintf(stderr, "kansenctl%s%s: %s%s%s", cli->verb != NULL ? " " : "", verb_name(cli), field,
            field[0] != '\0' ? ": " : "", message);
}

void
cli_tell_usage(const struct cli *cli, const char *field, const char *format, ...)
{
    const struct verb *verb = cli->verb;
    char message[1200];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tell(cli, "INVALID_ARGUMENT", field, message);
    if (verb == NULL)
        fputs("\nusage: kansenctl [-s SERVER] [--token-file F] [--json] VERB ...; see kansenctl help\n",
              stderr);
    else
        fprintf(stderr, "\nusage: kansenctl %s%s%s; see kansenctl %s --help\n", verb->name,
                verb->args[0] != '\0' ? " " : "", verb->args, verb->name);
}

void
cli_tell_failure(const struct cli *cli, const char *code, const char *field, const char *format, ...)
{
    char message[1200];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tell(cli, code, field, message);
    fprintf(stderr, " (%s)\n", code);
}

void
cli_tell_refusal(const struct cli *cli, const Kansen__V1__Status *status)
{
    const char *code = names_text(&names_code, status->code);
    struct cli_words words = {.hint = NULL};

    snprintf(words.field, sizeof words.field, "%s", status->field);
    snprintf(words.message, sizeof words.message, "%s",
             status->message[0] != '\0' ? status->message : "the server said no");
    if (cli->verb != NULL && cli->verb->reword != NULL)
        cli->verb->reword(cli->verb, status, &words);
    cli_tell_failure(cli, code != NULL ? code : "UNKNOWN", words.field, "%s", words.message);
    if (words.hint != NULL)
        fprintf(stderr, "%s\n", words.hint);
}

int
cli_broken(const struct cli *cli, int result)
{
    const Kansen__V1__Status *refusal = kansen_refusal(cli->kansen);
    const char *error = kansen_error(cli->kansen);

    if (result == KANSEN_E_REFUSED && refusal != NULL)
        return cli_refused(cli, refusal);
    if (result == KANSEN_E_ADDRESS || result == KANSEN_E_FILE) // of the command line, both
        return cli_usage(cli, "%s", error);
    if (result == KANSEN_E_PLAIN)
        return cli_usage(cli, "%s, or --insecure-plain-token", error);
    if (result == KANSEN_E_TOO_LARGE)
        return cli_fail(cli, "INVALID_ARGUMENT", "", "%s", error);
    if (result < 0)
        return cli_no_memory(cli);
    if (result == KANSEN_E_UNREACHABLE)
        cli_tell_failure(cli, "UNAVAILABLE", "", "%s; is kansend running? name it with -s or KANSEN_SERVER",
                         error);
    else
        cli_tell_failure(cli, result == KANSEN_E_TIMEOUT ? "DEADLINE_EXCEEDED" : "UNAVAILABLE", "", "%s",
                         error);
    return CLI_UNREACHABLE;
}

// The value of a variable that is set and not empty, or NULL.
static const char *
set_in_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *
default_server(void)
{
    const char *server = set_in_environment("KANSEN_SERVER");

    if (server != NULL)
        return server;
    return access(SYSTEM_SOCKET, F_OK) == 0 ? SYSTEM_SERVER : LOCAL_SERVER;
}

int
cli_check_private(const struct cli *cli, const char *what, const char *path, int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return cli_usage(cli, "%s%s: %s", what, path, strerror(errno));
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return CLI_OK;
    return cli_usage(cli, "%s%s may be used by others (mode %04o): chmod 600 it", what, path,
                     (unsigned)(status.st_mode & 07777));
}

// Reads the token: the first line of its file.
static int
read_token(const struct cli *cli, char token[TOKEN_MAX])
{
    const char *path = cli->token_file != NULL ? cli->token_file : getenv("KANSEN_TOKEN_FILE");
    int checked;
    FILE *file;

    token[0] = '\0';
    if (path == NULL || path[0] == '\0')
        return CLI_OK;
    file = fopen(path, "re");
    if (file == NULL)
        return cli_usage(cli, "the token file %s: %s", path, strerror(errno));
    checked = cli_check_private(cli, "the token file ", path, fileno(file));
    if (checked == CLI_OK && fgets(token, TOKEN_MAX, file) == NULL)
        token[0] = '\0';
    fclose(file);
    if (checked != CLI_OK)
        return checked;
    token[strcspn(token, " \t\r\n")] = '\0';
    return token[0] != '\0' ? CLI_OK : cli_usage(cli, "the token file %s holds no token", path);
}

int
cli_connect(struct cli *cli)
{
    char token[TOKEN_MAX];
    struct kansen_options options = {.client_name = "kansenctl/" KANSEN_VERSION,
                                     .timeout_ms = cli->timeout_ms,
                                     .insecure_plain_token = cli->insecure_plain_token,
                                     .ca_file = cli->ca != NULL ? cli->ca : set_in_environment("KANSEN_CA"),
                                     .certificate_file = cli->cert,
                                     .key_file = cli->key};
    int status, result;

    if (cli->kansen != NULL)
        return CLI_OK;
    if (cli->key != NULL && cli->cert == NULL)
        return cli_usage(cli, "--key needs --cert");
    status = read_token(cli, token);
    if (status != CLI_OK)
        return status;
    options.token = token;
    cli->kansen = kansen_new(&options);
    explicit_bzero(token, sizeof token);
    if (cli->kansen == NULL)
        return cli_no_memory(cli);
    result = kansen_connect(cli->kansen, cli->server != NULL ? cli->server : default_server());
    return result == 0 ? CLI_OK : cli_broken(cli, result);
}

void
cli_set_body(Kansen__V1__Request *request, Kansen__V1__Request__BodyCase body_case, void *body)
{
    request->body_case = body_case;
    request->hello = body;
}

int
cli_receive(struct cli *cli, bool *pinged, Kansen__V1__Response **response)
{
    Kansen__V1__PingRequest body = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    int result = kansen_receive(cli->kansen, response);

    if (result != KANSEN_E_TIMEOUT || *pinged)
        return result;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_PING, &body);
    *pinged = true;
    result = kansen_send(cli->kansen, &request, NULL);
    return result == 0 ? kansen_receive(cli->kansen, response) : result;
}

static int
ask(struct cli *cli, Kansen__V1__Request__BodyCase body_case, void *body, const char *key,
    Kansen__V1__Response **response)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__Response *received = NULL;
    int status = cli_connect(cli), result;

    if (status != CLI_OK)
        return status;
    cli_set_body(&request, body_case, body);
    if (key != NULL)
        request.idempotency_key = (char *)key;
    result = kansen_call(cli->kansen, &request, &received);
    if (result != 0)
        return cli_broken(cli, result);
    if (kansen_code(received) != 0)
        status = cli_refused(cli, received->status);
    else if ((int)received->body_case != (int)body_case)
        status = cli_fail(cli, "INTERNAL", "", "the answer is of another kind than the question");
    else
        *response = received;
    if (status != CLI_OK)
        kansen__v1__response__free_unpacked(received, NULL);
    return status;
}

int
cli_ask(struct cli *cli, Kansen__V1__Request__BodyCase body_case, void *body, Kansen__V1__Response **response)
{
    return ask(cli, body_case, body, NULL, response);
}

int
cli_write(struct cli *cli, Kansen__V1__Write *write, const char *key, Kansen__V1__Response **response)
{
    Kansen__V1__Response *received = NULL;
    int status = ask(cli, KANSEN__V1__REQUEST__BODY_WRITE, write, key, &received);

    if (status != CLI_OK)
        return status;
    assert(received != NULL);
    if (received->write->status != NULL && received->write->status->code != 0) {
        status = cli_refused(cli, received->write->status);
        kansen__v1__response__free_unpacked(received, NULL);
        return status;
    }
    *response = received;
    return CLI_OK;
}

int
cli_finish_output(const struct cli *cli)
{
    return flush_output(cli) ? CLI_OK : CLI_NO;
}

int
cli_printed(const struct cli *cli, int result)
{
    if (ferror(stdout))
        return cli_finish_output(cli);
    return result == 0 ? CLI_OK : cli_no_memory(cli);
}
