// SPDX-License-Identifier: Apache-2.0
// The daemon's own modules read the images: what they accept here they accept after a restart.
#include "tests/crash/powercut/verdict.h"
#include "base/arena.h"
#include "store/check.h"
#include "store/records.h"
#include "store/store.h"
#include "store/write.h"
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define LOOK_BACK     4u  // entries of the journal that a quick look compares
#define CHECK_BACK    64u // and that a check does; it verifies the checksums of all
#define PATIENCE_S    20  // for one image
#define MAP_BYTES     ((uint64_t)256 << 20)
#define NEW_COMMITS   3
#define NEW_ENTRIES   16 // of one commit
#define DIGEST_CHARS  32u
#define REASON_MAX    300u
#define MESSAGE_BYTES ((size_t)64 << 20)

struct judge {
    const char *dir;
    struct arena *arena;
    uint64_t last;
    uint64_t *entries;                 // hash of each entry of the final journal, by sequence
    char (*digests)[DIGEST_CHARS + 1]; // of the records at a last sequence; "" = not met yet
    char reason[REASON_MAX];
};

// A signal handler knows no caller, so where it goes back to stands here.
static sigjmp_buf way_out;

static void
on_signal(int number)
{
    siglongjmp(way_out, number);
}

static void
take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
}

const char *
verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {"good", "unreadable", "damaged",
                                                     "lost", "forged",     "reused"};

    return names[verdict];
}

const char *
judge_reason(const struct judge *judge)
{
    return judge->reason;
}

uint64_t
judge_last(const struct judge *judge)
{
    return judge->last;
}

__attribute__((format(printf, 3, 4))) static enum verdict
find(struct judge *judge, enum verdict verdict, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(judge->reason, sizeof judge->reason, format, args);
    va_end(args);
    return verdict;
}

// ---- The journal

static uint64_t
hash_entry(struct judge *judge, const Kansen__V1__JournalEntry *entry)
{
    size_t len = protobuf_c_message_get_packed_size(&entry->base);
    uint8_t *bytes = arena_alloc(judge->arena, len);

    if (bytes == NULL)
        return 0;
    protobuf_c_message_pack(&entry->base, bytes);
    return XXH3_64bits(bytes, len);
}

// Compares the entries from..last with those of the final journal.
static enum verdict
compare(struct judge *judge, struct txn *txn, uint64_t from, uint64_t last)
{
    for (uint64_t sequence = from; sequence <= last; sequence++) {
        Kansen__V1__JournalEntry *entry;
        int rc = journal_get(txn, sequence, judge->arena, &entry);

        if (rc != 0)
            return find(judge, VERDICT_DAMAGED, "journal entry %" PRIu64 " can not be read", sequence);
        if (hash_entry(judge, entry) != judge->entries[sequence])
            return find(judge, VERDICT_FORGED, "journal entry %" PRIu64 " is another one", sequence);
        arena_reset(judge->arena);
    }
    return VERDICT_GOOD;
}

static enum verdict
read_journal(struct judge *judge, struct txn *txn, uint64_t acknowledged, uint64_t look_back)
{
    uint64_t last = txn_sequence(txn);

    if (txn_fault(txn) != 0)
        return find(judge, VERDICT_DAMAGED, "the journal's end can not be read");
    if (last < acknowledged)
        return find(judge, VERDICT_LOST, "the journal ends at %" PRIu64 ", but %" PRIu64 " was acknowledged",
                    last, acknowledged);
    if (last > judge->last)
        return find(judge, VERDICT_FORGED, "the journal has %" PRIu64 " entries, the final one %" PRIu64,
                    last, judge->last);
    return compare(judge, txn, last > look_back ? last - look_back + 1 : 1, last);
}

static enum verdict
open_and_read(struct judge *judge, uint64_t acknowledged, uint64_t look_back)
{
    struct store_options options = {.dir = judge->dir, .map_bytes = MAP_BYTES, .read_only = true};
    struct fault fault = {.message = "memory is short"};
    struct store *store;
    struct txn *txn = NULL;
    enum verdict verdict;

    if (store_open(&options, &store, &fault) != 0)
        return find(judge, VERDICT_UNREADABLE, "%s", fault.message);
    if (txn_new_read(store, &txn) != 0 || txn_begin(txn) != 0)
        verdict = find(judge, VERDICT_UNREADABLE, "no transaction can be begun");
    else
        verdict = read_journal(judge, txn, acknowledged, look_back);
    txn_free(txn);
    store_close(store);
    arena_reset(judge->arena);
    return verdict;
}

// ---- The daemon's check

// The digest in the report of a check; "" if it has none.
static void
read_digest(const char *report, char out[DIGEST_CHARS + 1])
{
    const char *at = strstr(report, ", digest ");

    snprintf(out, DIGEST_CHARS + 1, "%s", at == NULL ? "" : at + strlen(", digest "));
}

static enum verdict
run_check(struct judge *judge, char digest[DIGEST_CHARS + 1], uint64_t *last)
{
    char *report = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&report, &len);
    const char *at;
    enum verdict verdict = VERDICT_GOOD;
    int rc;

    if (out == NULL)
        return find(judge, VERDICT_UNREADABLE, "memory is short");
    rc = check_run(judge->dir, out);
    fclose(out);
    read_digest(report, digest);
    at = strstr(report, "journal at ");
    *last = at == NULL ? 0 : strtoull(at + strlen("journal at "), NULL, 10);
    if (rc != 0)
        verdict = find(judge, VERDICT_DAMAGED, "--check: %s", report);
    free(report);
    return verdict;
}

// Which records there are follows from the journal alone, so there is one digest for each last sequence.
static enum verdict
check_records(struct judge *judge)
{
    char digest[DIGEST_CHARS + 1] = "";
    uint64_t last = 0;
    enum verdict verdict = run_check(judge, digest, &last);

    if (verdict != VERDICT_GOOD)
        return verdict;
    if (last > judge->last || digest[0] == '\0')
        return find(judge, VERDICT_DAMAGED, "the check gave no digest");
    if (judge->digests[last][0] == '\0')
        memcpy(judge->digests[last], digest, sizeof digest);
    if (strcmp(judge->digests[last], digest) != 0)
        return find(judge, VERDICT_DAMAGED, "at journal entry %" PRIu64 " the records are others than before",
                    last);
    return VERDICT_GOOD;
}

static enum verdict
check_all(struct judge *judge, uint64_t acknowledged)
{
    enum verdict verdict = open_and_read(judge, acknowledged, CHECK_BACK);

    return verdict == VERDICT_GOOD ? check_records(judge) : verdict;
}

// ---- Writing on

static int
append(struct txn *txn, uint64_t round)
{
    char padding[1024];
    int rc = txn_begin(txn);

    memset(padding, 'a' + (int)round, sizeof padding - 1);
    padding[sizeof padding - 1] = '\0';
    for (int i = 0; i < NEW_ENTRIES && rc == 0; i++) {
        Kansen__V1__JournalEntry entry = KANSEN__V1__JOURNAL_ENTRY__INIT;

        entry.actor = padding;
        rc = journal_append(txn, &entry);
    }
    if (rc == 0)
        return txn_commit(txn);
    txn_end(txn);
    return rc;
}

static enum verdict
write_on(struct judge *judge)
{
    struct store_options options = {.dir = judge->dir, .map_bytes = MAP_BYTES};
    struct fault fault = {.message = "memory is short"};
    struct store *store;
    struct txn *txn = NULL;
    int rc;

    if (store_open(&options, &store, &fault) != 0)
        return find(judge, VERDICT_UNREADABLE, "%s", fault.message);
    rc = txn_new_write(store, &txn);
    for (uint64_t i = 0; i < NEW_COMMITS && rc == 0; i++)
        rc = append(txn, i);
    txn_free(txn);
    store_close(store);
    return rc == 0 ? VERDICT_GOOD : find(judge, VERDICT_REUSED, "new writes fail: %s", store_fault_text(rc));
}

static enum verdict
write_and_check(struct judge *judge, uint64_t acknowledged)
{
    char before[DIGEST_CHARS + 1] = "", after[DIGEST_CHARS + 1] = "";
    uint64_t last = 0, then = 0;
    enum verdict verdict = open_and_read(judge, acknowledged, UINT64_MAX);

    if (verdict == VERDICT_GOOD)
        verdict = check_records(judge);
    if (verdict == VERDICT_GOOD)
        verdict = run_check(judge, before, &last);
    if (verdict == VERDICT_GOOD)
        verdict = write_on(judge);
    if (verdict != VERDICT_GOOD)
        return verdict;
    if (run_check(judge, after, &then) != VERDICT_GOOD)
        return VERDICT_REUSED;
    if (strcmp(before, after) != 0 || then != last + (uint64_t)NEW_COMMITS * NEW_ENTRIES)
        return find(judge, VERDICT_REUSED, "new writes changed records");
    return VERDICT_GOOD;
}

// ---- Under guard

typedef enum verdict judging(struct judge *judge, uint64_t acknowledged);

static enum verdict
guard(struct judge *judge, judging *step, uint64_t acknowledged)
{
    int number = sigsetjmp(way_out, 1);
    enum verdict verdict;

    if (number != 0) {
        arena_reset(judge->arena);
        return find(judge, VERDICT_UNREADABLE, "%s", strsignal(number));
    }
    alarm(PATIENCE_S);
    verdict = step(judge, acknowledged);
    alarm(0);
    return verdict;
}

static enum verdict
look(struct judge *judge, uint64_t acknowledged)
{
    return open_and_read(judge, acknowledged, LOOK_BACK);
}

enum verdict
judge_look(struct judge *judge, uint64_t acknowledged)
{
    return guard(judge, look, acknowledged);
}

enum verdict
judge_check(struct judge *judge, uint64_t acknowledged)
{
    return guard(judge, check_all, acknowledged);
}

enum verdict
judge_write(struct judge *judge, uint64_t acknowledged)
{
    return guard(judge, write_and_check, acknowledged);
}

// ---- The final store

static int
learn_entries(struct judge *judge, struct txn *txn)
{
    judge->last = txn_sequence(txn);
    judge->entries = calloc(judge->last + 1, sizeof judge->entries[0]);
    judge->digests = calloc(judge->last + 1, sizeof judge->digests[0]);
    if (judge->entries == NULL || judge->digests == NULL)
        return STORE_FAULT_MEMORY;
    for (uint64_t sequence = 1; sequence <= judge->last; sequence++) {
        Kansen__V1__JournalEntry *entry;
        int rc = journal_get(txn, sequence, judge->arena, &entry);

        if (rc != 0)
            return rc;
        judge->entries[sequence] = hash_entry(judge, entry);
        arena_reset(judge->arena);
    }
    return 0;
}

static int
learn(struct judge *judge)
{
    struct store_options options = {.dir = judge->dir, .map_bytes = MAP_BYTES, .read_only = true};
    struct fault fault = {.message = "memory is short"};
    struct store *store;
    struct txn *txn = NULL;
    int rc = store_open(&options, &store, &fault);

    if (rc != 0) {
        fprintf(stderr, "the final store: %s\n", fault.message);
        return rc;
    }
    rc = txn_new_read(store, &txn);
    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = learn_entries(judge, txn);
    txn_free(txn);
    store_close(store);
    if (rc == 0 && judge_check(judge, judge->last) != VERDICT_GOOD)
        rc = 1;
    if (rc != 0)
        fprintf(stderr, "the final store can not be read or is not good: %s\n", judge->reason);
    return rc;
}

struct judge *
judge_new(const char *dir)
{
    struct judge *judge = calloc(1, sizeof *judge);

    if (judge == NULL)
        return NULL;
    judge->dir = dir;
    judge->arena = arena_new(MESSAGE_BYTES);
    take_signals();
    if (judge->arena == NULL || learn(judge) != 0) {
        judge_free(judge);
        return NULL;
    }
    return judge;
}

void
judge_free(struct judge *judge)
{
    if (judge == NULL)
        return;
    arena_free(judge->arena);
    free(judge->entries);
    free(judge->digests);
    free(judge);
}
