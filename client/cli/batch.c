// SPDX-License-Identifier: Apache-2.0
// A ring of slots, one per line that has no printed answer yet. Invariants: slots lie in the order of the
// lines; a slot has text once its answer is known; only the oldest slot is printed.
#include "client/cli/batch.h"
#include "client/cli/answer_json.h"
#include "client/cli/json.h"
#include "client/cli/lines.h"
#include "client/cli/progress.h"
#include "client/cli/query_json.h"
#include "client/cli/query_words.h"
#include "proto/names.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS       48u
#define QUERY_MAX   (1u << 20)
#define TRIES       8u    // of a query that the server was too busy for
#define WAIT_MS_MAX 10000 // longest wait before the next try

struct slot {
    char *text; // the answer; NULL = not known yet
    uint64_t id;
    unsigned tries;
    struct query query;
};

struct batch {
    struct cli *cli;
    struct lines *lines;
    struct slot slots[SLOTS];
    size_t first, used; // of the ring
    size_t in_flight;
    bool ended, failed;
    uint64_t answers;
    struct progress progress;
};

static void
answer_error(struct batch *batch, struct slot *slot, const char *code, const char *field, const char *message)
{
    batch->failed = true;
    slot->text = json_line(json_error(code, field, message));
}

static int
send_slot(struct batch *batch, struct slot *slot)
{
    Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    int result;

    match.query = &slot->query.message;
    cli_set_body(&request, KANSEN__V1__REQUEST__BODY_MATCH, &match);
    result = kansen_send(batch->cli->kansen, &request, &slot->id);
    if (result == KANSEN_E_TOO_LARGE) {
        answer_error(batch, slot, "INVALID_ARGUMENT", "", kansen_error(batch->cli->kansen));
        return CLI_OK;
    }
    if (result != 0)
        return cli_broken(batch->cli, result);
    batch->in_flight++;
    slot->tries++;
    return CLI_OK;
}

// Reads a line into a new slot and sends its query.
static int
take_line(struct batch *batch)
{
    struct slot *slot = &batch->slots[(batch->first + batch->used) % SLOTS];
    struct query_json_fault fault;
    char *line;
    size_t len;
    int result = lines_next(batch->lines, &line, &len);

    if (result == LINES_E_END) {
        batch->ended = true;
        return CLI_OK;
    }
    if (result < 0)
        return cli_usage(batch->cli, "--batch: %s", strerror(-result));
    batch->used++;
    *slot = (struct slot){.text = NULL};
    if (query_init(&slot->query) != 0)
        return cli_no_memory(batch->cli);
    if (result == LINES_E_LONG) {
        answer_error(batch, slot, "INVALID_ARGUMENT", "", "the line is longer than 1 MiB");
        return CLI_OK;
    }
    result = query_json_read(&slot->query, line, len, &fault);
    if (result == QUERY_E_BAD)
        answer_error(batch, slot, "INVALID_ARGUMENT", fault.field, fault.message.text);
    else if (result != 0)
        return cli_no_memory(batch->cli);
    return result == 0 ? send_slot(batch, slot) : CLI_OK;
}

// Prints the answers that are known, up to the first that is not.
static int
print_known(struct batch *batch)
{
    while (batch->used > 0 && batch->slots[batch->first].text != NULL) {
        struct slot *slot = &batch->slots[batch->first];
        bool written = puts(slot->text) != EOF;

        free(slot->text);
        query_free(&slot->query);
        *slot = (struct slot){.text = NULL};
        batch->first = (batch->first + 1) % SLOTS;
        batch->used--;
        batch->answers++;
        if (!written)
            return cli_finish_output(batch->cli);
    }
    progress_show(&batch->progress, lines_bytes(batch->lines), batch->answers);
    return CLI_OK;
}

static struct slot *
slot_of(struct batch *batch, uint64_t id)
{
    for (size_t i = 0; i < batch->used; i++) {
        struct slot *slot = &batch->slots[(batch->first + i) % SLOTS];

        if (slot->text == NULL && slot->id == id)
            return slot;
    }
    return NULL;
}

// Takes a refusal: it is the answer, unless the server was only too busy.
static int
take_refusal(struct batch *batch, struct slot *slot, const Kansen__V1__Status *status)
{
    const char *code = names_text(&names_code, status->code);
    struct cli_words words = {.hint = NULL};

    if (status->retry_after_ms > 0 && slot->tries < TRIES) {
        poll(NULL, 0, status->retry_after_ms < WAIT_MS_MAX ? (int)status->retry_after_ms : WAIT_MS_MAX);
        return send_slot(batch, slot);
    }
    snprintf(words.field, sizeof words.field, "%s", status->field);
    snprintf(words.message, sizeof words.message, "%s", status->message);
    query_words_reword_json(status, &words);
    answer_error(batch, slot, code != NULL ? code : "UNKNOWN", words.field, words.message);
    return CLI_OK;
}

// Waits for one answer.
static int
receive(struct batch *batch)
{
    Kansen__V1__Response *response;
    int result = kansen_receive(batch->cli->kansen, &response), status = CLI_OK;
    struct slot *slot;

    if (result != 0)
        return cli_broken(batch->cli, result);
    slot = slot_of(batch, response->id);
    batch->in_flight--;
    if (slot == NULL)
        status = response->status != NULL
                     ? cli_refused(batch->cli, response->status)
                     : cli_fail(batch->cli, "INTERNAL", "", "an answer without a question came");
    else if (kansen_code(response) != 0)
        status = take_refusal(batch, slot, response->status);
    else if (response->body_case != KANSEN__V1__RESPONSE__BODY_MATCH)
        answer_error(batch, slot, "INTERNAL", "", "the answer is of another kind than the question");
    else
        slot->text = json_line(answer_json_match(&slot->query.message, response->match));
    if (status == CLI_OK && slot != NULL && slot->text == NULL && slot->id == response->id)
        status = cli_no_memory(batch->cli);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

static int
work(struct batch *batch)
{
    while (!batch->ended || batch->used > 0) {
        int status;

        // A line is read while there is room, unless that would wait although an answer is on its way.
        if (!batch->ended && batch->used < SLOTS && (batch->in_flight == 0 || lines_ready(batch->lines)))
            status = take_line(batch);
        else
            status = receive(batch);
        if (status == CLI_OK)
            status = print_known(batch);
        if (status == CLI_OK && batch->used == 0 && !batch->ended && !lines_ready(batch->lines))
            status = cli_finish_output(batch->cli);
        if (status != CLI_OK)
            return status;
    }
    return cli_finish_output(batch->cli);
}

static int
run_lines(struct cli *cli, int fd)
{
    struct batch batch = {.cli = cli, .lines = lines_new(fd, QUERY_MAX)};
    struct stat stat;
    int status = batch.lines != NULL ? cli_connect(cli) : cli_no_memory(cli);

    progress_start(&batch.progress,
                   fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0, true);
    if (status == CLI_OK)
        status = work(&batch);
    progress_clear(&batch.progress);
    for (size_t i = 0; i < batch.used; i++) {
        struct slot *slot = &batch.slots[(batch.first + i) % SLOTS];

        free(slot->text);
        query_free(&slot->query);
    }
    lines_free(batch.lines);
    return status == CLI_OK && batch.failed ? CLI_NO : status;
}

int
batch_run(struct cli *cli, const char *path)
{
    int fd = STDIN_FILENO, status;

    if (strcmp(path, "-") != 0)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_usage(cli, "--batch %s: %s", path, strerror(errno));
    status = run_lines(cli, fd);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}
