// SPDX-License-Identifier: Apache-2.0
// Invariant: the store's journal and the file's have the same entries where both have one.
#include "work/replay.h"
#include "base/arena.h"
#include "store/archive.h"
#include "store/check.h"
#include "store/key_check.h"
#include "store/records.h"
#include "store/store.h"
#include "work/apply.h"
#include "work/known_students.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GROUP      1000u // entries in one transaction
#define MEMORY_MAX ((size_t)256 << 20)

struct replay {
    const struct replay_options *options;
    struct store *store;
    struct txn *txn; // of writes
    struct arena *arena;
    struct known_students *students;
    struct fault *fault;
    uint64_t sequence;  // of the store
    uint64_t last, top; // of the file; to be reached
    uint64_t applied;
    unsigned in_txn;
};

// ---- Looking through the file

static bool
is_of(const Kansen__V1__StreamEntry *entry, const char *table)
{
    return strcmp(entry->table, table) == 0;
}

static int
check_header(struct replay *replay, const Kansen__V1__StreamHeader *header, struct fault *fault)
{
    uint8_t check[KEY_CHECK_BYTES];
    int rc = key_check_get(replay->txn, check);

    if (header->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "", "%s holds a store, not a journal",
                         replay->options->file);
    if (rc < 0)
        return rc;
    if (rc == 0 &&
        (header->key_check.len != sizeof check || memcmp(header->key_check.data, check, sizeof check) != 0))
        return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                         "%s is of a store with another kansen.key than this one", replay->options->file);
    if (header->first_sequence > replay->sequence + 1)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                         "the store ends at %" PRIu64 " and %s begins at %" PRIu64
                         "; export the journal from %" PRIu64 " on",
                         replay->sequence, replay->options->file, header->first_sequence,
                         replay->sequence + 1);
    return 0;
}

// Of an entry that the store has too.
static int
check_same(struct replay *replay, const Kansen__V1__JournalEntry *entry, struct fault *fault)
{
    Kansen__V1__JournalEntry *own = NULL;
    size_t len = kansen__v1__journal_entry__get_packed_size(entry);
    uint8_t *a, *b;
    int rc = journal_get(replay->txn, entry->sequence, replay->arena, &own);

    if (rc == STORE_E_NOT_FOUND) // let go since
        return 0;
    if (rc != 0)
        return rc;
    a = arena_alloc(replay->arena, len + 1);
    b = arena_alloc(replay->arena, kansen__v1__journal_entry__get_packed_size(own) + 1);
    if (a == NULL || b == NULL)
        return STORE_FAULT_MEMORY;
    if (kansen__v1__journal_entry__pack(own, b) == kansen__v1__journal_entry__pack(entry, a) &&
        memcmp(a, b, len) == 0)
        return 0;
    return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                     "entry %" PRIu64 " of the store is another one than that of %s: the two have gone "
                     "different ways",
                     entry->sequence, replay->options->file);
}

static int
look_at_journal(struct replay *replay, const Kansen__V1__StreamEntry *stored, struct fault *fault)
{
    Kansen__V1__JournalEntry *entry = NULL;
    int rc = archive_journal_entry(stored, replay->arena, &entry, fault);

    if (rc != 0)
        return rc;
    if (replay->last != 0 && entry->sequence != replay->last + 1)
        return fault_set(fault, CODE_DATA_LOSS, "", "%s: %" PRIu64 " follows %" PRIu64, replay->options->file,
                         entry->sequence, replay->last);
    replay->last = entry->sequence;
    return entry->sequence <= replay->sequence ? check_same(replay, entry, fault) : 0;
}

static int
look(void *arg, const Kansen__V1__StreamFrame *frame, struct fault *fault)
{
    struct replay *replay = arg;
    int rc = 0;

    if (frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_HEADER)
        rc = check_header(replay, frame->header, fault);
    else if (frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_ENTRY && is_of(frame->entry, "journal"))
        rc = look_at_journal(replay, frame->entry, fault);
    else if (frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_ENTRY && is_of(frame->entry, "student"))
        rc = known_students_add_entry(replay->students, frame->entry);
    arena_reset(replay->arena);
    return rc;
}

// ---- Applying

static int
diverged(struct fault *fault, uint64_t sequence, const char *why)
{
    return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                     "entry %" PRIu64 " can not be replayed: %s; the store stays as of an entry before it",
                     sequence, why);
}

static void
fill_secrets(const struct replay *replay, const Kansen__V1__JournalEntry *entry, struct command_secrets *out)
{
    *out = (struct command_secrets){0};
    if (entry->student_id.len == STUDENT_ID_BYTES) {
        out->has_student = true;
        known_students_hash(replay->students, entry->student_id.data, out->student_hash);
        memcpy(out->random, entry->student_id.data, STUDENT_ID_BYTES); // of whom is new
    }
    if (entry->seed.len == sizeof out->random)
        memcpy(out->random, entry->seed.data, sizeof out->random);
    if (entry->round_bytes.len == sizeof out->ref) {
        out->has_ref = entry->write->operation_case != KANSEN__V1__WRITE__OPERATION_CREATE_ROUND;
        memcpy(out->has_ref ? out->ref : out->salt, entry->round_bytes.data, sizeof out->ref);
    }
    if (entry->token_hash.len == sizeof out->token_hash)
        memcpy(out->token_hash, entry->token_hash.data, sizeof out->token_hash);
}

// The entry that the command left must be the one that it left the first time, but for what it says of
// entries that were let go: those may have gone here already, or not yet.
static int
compare(struct replay *replay, Kansen__V1__JournalEntry *wanted, struct fault *fault)
{
    Kansen__V1__JournalEntry *left = NULL;
    uint8_t *a, *b;
    size_t len;
    int rc = journal_get(replay->txn, wanted->sequence, replay->arena, &left);

    if (rc != 0)
        return rc < 0 ? rc : diverged(fault, wanted->sequence, "it left no entry");
    wanted->first_kept = left->first_kept = 0;
    len = kansen__v1__journal_entry__get_packed_size(wanted);
    a = arena_alloc(replay->arena, len + 1);
    b = arena_alloc(replay->arena, kansen__v1__journal_entry__get_packed_size(left) + 1);
    if (a == NULL || b == NULL)
        return STORE_FAULT_MEMORY;
    if (kansen__v1__journal_entry__pack(left, b) == kansen__v1__journal_entry__pack(wanted, a) &&
        memcmp(a, b, len) == 0)
        return 0;
    return diverged(fault, wanted->sequence, "it did something else than the first time");
}

static int
apply_entry(struct replay *replay, Kansen__V1__JournalEntry *entry, struct fault *fault)
{
    const Kansen__V1__CommandContext *context = entry->context;
    struct command_secrets secrets;
    Kansen__V1__WriteResult result;
    struct command command;
    int rc;

    if (context == NULL || entry->write == NULL)
        return diverged(fault, entry->sequence,
                        "the version that wrote it did not keep all that it depended on");
    if (entry->semantics != STORE_SEMANTICS)
        return diverged(fault, entry->sequence,
                        "it was applied under other semantics than those of this version");
    fill_secrets(replay, entry, &secrets);
    command = (struct command){
        .time_us = entry->time_us,
        .actor = entry->actor,
        .client = context->client,
        .movers = context->movers,
        .partner = context->partner_id,
        .source = context->source,
        .retain = {context->retain_placements_us, context->retain_students_us, context->retain_journal_us},
        .secrets = &secrets,
        .write = entry->write};
    rc = apply(replay->txn, &command, replay->arena, &result);
    if (rc == 0 && result.status != NULL)
        return diverged(fault, entry->sequence, result.status->message);
    return rc == 0 ? compare(replay, entry, fault) : rc;
}

static int
next_group(struct replay *replay)
{
    int rc = txn_commit(replay->txn);

    replay->in_txn = 0;
    return rc == 0 ? txn_begin(replay->txn) : rc;
}

static int
do_again(void *arg, const Kansen__V1__StreamFrame *frame, struct fault *fault)
{
    struct replay *replay = arg;
    Kansen__V1__JournalEntry *entry = NULL;
    int rc;

    if (frame->body_case != KANSEN__V1__STREAM_FRAME__BODY_ENTRY || !is_of(frame->entry, "journal"))
        return 0;
    rc = archive_journal_entry(frame->entry, replay->arena, &entry, fault);
    if (rc == 0 && entry->sequence > replay->sequence && entry->sequence <= replay->top) {
        rc = apply_entry(replay, entry, fault);
        replay->applied += rc == 0;
        if (rc == 0 && ++replay->in_txn == GROUP)
            rc = next_group(replay);
    }
    arena_reset(replay->arena);
    return rc;
}

// ---- The whole

static int
choose_top(struct replay *replay)
{
    uint64_t wanted = replay->options->to_sequence;

    replay->top = wanted == 0 ? replay->last : wanted;
    if (wanted != 0 && wanted < replay->sequence)
        return fault_set(replay->fault, CODE_OUT_OF_RANGE, "",
                         "the store is at %" PRIu64 " already; restore a backup from before %" PRIu64,
                         replay->sequence, wanted);
    if (wanted > replay->last && wanted != replay->sequence)
        return fault_set(replay->fault, CODE_OUT_OF_RANGE, "", "%s ends at %" PRIu64, replay->options->file,
                         replay->last);
    return 0;
}

static int
replay_all(struct replay *replay)
{
    const char *file = replay->options->file;
    int rc = txn_begin(replay->txn);

    if (rc == 0) {
        replay->sequence = txn_sequence(replay->txn);
        rc = known_students_add_store(replay->students, replay->txn);
    }
    if (rc == 0)
        rc = archive_read_file(file, look, replay, replay->fault);
    if (rc == 0)
        rc = choose_top(replay);
    if (rc == 0) {
        known_students_sort(replay->students);
        rc = archive_read_file(file, do_again, replay, replay->fault);
    }
    return rc == 0 ? txn_commit(replay->txn) : rc;
}

static int
open_and_replay(struct replay *replay)
{
    struct store_options store = {
        .dir = replay->options->dir, .map_bytes = replay->options->map_bytes, .must_exist = true};
    int rc = store_open(&store, &replay->store, replay->fault);

    if (rc != 0)
        return rc;
    replay->arena = arena_new(MEMORY_MAX);
    replay->students = known_students_new();
    rc = replay->arena == NULL || replay->students == NULL ? STORE_FAULT_MEMORY
                                                           : txn_new_write(replay->store, &replay->txn);
    if (rc == 0)
        rc = replay_all(replay);
    txn_free(replay->txn);
    store_close(replay->store);
    known_students_free(replay->students);
    arena_free(replay->arena);
    return rc;
}

int
replay_run(const struct replay_options *options, FILE *out)
{
    struct fault fault = {0};
    struct replay replay = {.options = options, .fault = &fault};
    int rc = open_and_replay(&replay);

    if (rc != 0) {
        fprintf(out, "%s\n", rc == FAULT ? fault.message : store_fault_text(rc));
        return rc;
    }
    fprintf(out, "replayed: %" PRIu64 " entries, journal at %" PRIu64 "\n", replay.applied,
            replay.sequence + replay.applied);
    return check_run(options->dir, out);
}
