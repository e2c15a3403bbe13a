// SPDX-License-Identifier: Apache-2.0
// The check walks each table once. What is derived (external ids, rows, cards, blocks, accreditations) is
// compared in both directions: every record has its entries, and there are as many entries as the records ask
// for.
#include "store/check.h"
#include "store/blocks.h"
#include "store/card_write.h"
#include "store/catalog.h"
#include "store/check_state.h"
#include "store/index.h"
#include "store/partner_offers.h"
#include "store/records.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define PROBLEMS_SHOWN   100u
#define CHECK_MEMORY_MAX (64u << 20) // bytes for the records of one step
#define LOOK_EVERY       256u        // entries between two words of progress

void
check_problem(struct check *check, const char *format, ...)
{
    va_list args;

    if (check->problems++ >= PROBLEMS_SHOWN)
        return;
    va_start(args, format);
    vfprintf(check->out, format, args);
    va_end(args);
    fputc('\n', check->out);
}

// ---- Walking a table

typedef int check_step(struct check *check, const MDB_val *key, const MDB_val *value);

static int
walk(struct check *check, enum table table, check_step *step)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    struct txn *txn = check->txn;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[table], &cursor));

    if (rc != 0)
        return rc;
    while ((rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0) {
        rc = step(check, &key, &value);
        arena_reset(check->arena);
        if (rc == 0 && ++check->walked % LOOK_EVERY == 0 &&
            !progress_tell(check->sink, "check", check->walked, check->total))
            rc = PROGRESS_E_ENDED;
        if (rc != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
check_unpack(struct check *check, const char *what, const MDB_val *key, const MDB_val *value,
             const ProtobufCMessageDescriptor *type, void *out)
{
    XXH3_128bits_update(check->digest, key->mv_data, key->mv_size);
    XXH3_128bits_update(check->digest, value->mv_data, value->mv_size);
    return check_unpack_aside(check, what, key, value, type, out);
}

int
check_unpack_aside(struct check *check, const char *what, const MDB_val *key, const MDB_val *value,
                   const ProtobufCMessageDescriptor *type, void *out)
{
    int rc = record_unpack(check->txn, key, value, type, check->arena, out);

    if (rc == STORE_FAULT_CORRUPT) {
        check->txn->fault = 0;
        memset(out, 0, sizeof(void *));
        check_problem(check, "%s: a record's checksum does not hold", what);
        return 0;
    }
    return rc;
}

// ---- Partners and offers

static int
check_external(struct check *check, enum table table, const char *what, const char *source,
               const char *external_id, uint64_t id)
{
    uint64_t found = 0;
    int rc;

    if (external_id[0] == '\0')
        return 0;
    check->expected[table]++;
    rc = table == TABLE_PARTNER_EXT ? partner_find(check->txn, source, external_id, &found)
                                    : offer_find(check->txn, source, external_id, &found);
    if (rc < 0)
        return rc;
    if (rc != 0 || found != id)
        check_problem(check, "%s %" PRIu64 ": external id '%s' of source '%s' leads to %" PRIu64, what, id,
                      external_id, source, found);
    return 0;
}

static int
check_accreditations(struct check *check, const Kansen__V1__Partner *partner)
{
    for (size_t i = 0; i < partner->n_accreditations; i++) {
        struct key key = key_accreditation(partner->accreditations[i]->crebo, partner->id, (uint32_t)i);
        MDB_val value;
        int rc = table_get(check->txn, TABLE_ACCREDITATION, &key, &value);

        if (rc < 0)
            return rc;
        check->expected[TABLE_ACCREDITATION]++;
        if (rc != 0)
            check_problem(check, "partner %" PRIu64 ": accreditation %u is not in its table", partner->id,
                          partner->accreditations[i]->crebo);
    }
    return 0;
}

static int
step_partner(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Partner *partner;
    int rc = check_unpack(check, "partner", key, value, &kansen__v1__partner__descriptor, &partner);

    if (rc != 0 || partner == NULL)
        return rc;
    if (partner->id != key_read_u64(key->mv_data))
        check_problem(check, "partner %" PRIu64 ": stored under another id", partner->id);
    rc = check_external(check, TABLE_PARTNER_EXT, "partner", partner->source, partner->external_id,
                        partner->id);
    return rc == 0 ? check_accreditations(check, partner) : rc;
}

static int
check_derived(struct check *check, const struct catalog *catalog, const Kansen__V1__Offer *offer,
              const Kansen__V1__Partner *partner, const struct offer_row *stored)
{
    struct offer_row derived;
    bool good;
    int rc;

    index_derive(catalog, offer, partner, &derived);
    derived.seats_taken = stored->seats_taken;
    derived.taken_referred = stored->taken_referred;
    if (memcmp(&derived, stored, sizeof derived) != 0)
        check_problem(check, "offer %" PRIu64 ": its row in the index is not what follows from it",
                      offer->id);
    rc = card_check(check->txn, catalog, offer, partner, stored, &good);
    if (rc == 0 && !good)
        check_problem(check, "offer %" PRIu64 ": its card is not what follows from it", offer->id);
    if (rc == 0)
        rc = blocks_check(check->txn, stored, &good);
    if (rc == 0 && !good)
        check_problem(check, "offer %" PRIu64 ": its block does not say what its row says", offer->id);
    return rc;
}

static int
check_row(struct check *check, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner)
{
    const struct catalog *catalog = NULL;
    struct offer_row stored;
    int rc = txn_catalog(check->txn, &catalog);

    if (rc == 0)
        rc = offer_row_get(check->txn, offer->id, &stored);
    if (rc == STORE_E_NOT_FOUND || rc == STORE_FAULT_CORRUPT) {
        check->txn->fault = 0;
        check_problem(check, "offer %" PRIu64 ": has no row in the index", offer->id);
        return 0;
    }
    if (rc == 0)
        rc = check_derived(check, catalog, offer, partner, &stored);
    return rc == 0 ? check_seats(check, &stored) : rc;
}

static int
check_listed(struct check *check, const Kansen__V1__Offer *offer)
{
    struct key pair = key_pair(offer->partner_id, offer->id);
    MDB_val nothing;
    uint64_t listed;
    int rc = partner_offers_listed(check->txn, &listed);

    if (rc != 0 || offer->id > listed)
        return rc;
    check->expected[TABLE_PARTNER_OFFER]++;
    rc = table_get(check->txn, TABLE_PARTNER_OFFER, &pair, &nothing);
    if (rc > 0)
        check_problem(check, "offer %" PRIu64 ": not in the list of partner %" PRIu64, offer->id,
                      offer->partner_id);
    return rc < 0 ? rc : 0;
}

static int
step_offer(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Partner *partner;
    Kansen__V1__Offer *offer;
    int rc = check_unpack(check, "offer", key, value, &kansen__v1__offer__descriptor, &offer);

    if (rc != 0 || offer == NULL)
        return rc;
    check->expected[TABLE_OFFER_ROW]++;
    if (offer->id != key_read_u64(key->mv_data))
        check_problem(check, "offer %" PRIu64 ": stored under another id", offer->id);
    rc = check_listed(check, offer);
    if (rc == 0)
        rc = check_external(check, TABLE_OFFER_EXT, "offer", offer->source, offer->external_id, offer->id);
    if (rc != 0)
        return rc;
    rc = partner_get(check->txn, offer->partner_id, check->arena, &partner);
    if (rc == 0)
        return check_row(check, offer, partner);
    check->txn->fault = 0;
    check_problem(check, "offer %" PRIu64 ": its partner %" PRIu64 " can not be read", offer->id,
                  offer->partner_id);
    return 0;
}

// ---- Taxonomy and journal

static int
step_interest(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Interest *interest;

    return check_unpack(check, "interest", key, value, &kansen__v1__interest__descriptor, &interest);
}

static int
step_region(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Region *region;

    return check_unpack(check, "region", key, value, &kansen__v1__region__descriptor, &region);
}

static int
step_postcode(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Postcode *postcode;

    return check_unpack(check, "postcode", key, value, &kansen__v1__postcode__descriptor, &postcode);
}

static int
step_answer(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__KeptAnswer *answer;

    return check_unpack_aside(check, "answer", key, value, &kansen__v1__kept_answer__descriptor, &answer);
}

static int
step_journal(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__JournalEntry *entry;
    uint64_t wanted = ++check->expected[TABLE_JOURNAL];
    int rc =
        record_unpack(check->txn, key, value, &kansen__v1__journal_entry__descriptor, check->arena, &entry);

    if (rc == STORE_FAULT_CORRUPT) {
        check->txn->fault = 0;
        check_problem(check, "journal %" PRIu64 ": the entry's checksum does not hold", wanted);
        return 0;
    }
    if (rc == 0 && (entry->sequence != wanted || key_read_u64(key->mv_data) != wanted)) {
        check_problem(check, "journal: %" PRIu64 " follows %" PRIu64, entry->sequence, wanted - 1);
        check->expected[TABLE_JOURNAL] = entry->sequence;
    }
    return rc;
}

// ---- The whole

static int
check_counts(struct check *check)
{
    static const struct {
        enum table table;
        const char *name;
    } derived[] = {
        {TABLE_PARTNER_EXT, "partner_ext"},
        {TABLE_OFFER_EXT, "offer_ext"},
        {TABLE_OFFER_ROW, "offer_row"},
        {TABLE_BLOCK_HEAD, "block_head"},
        {TABLE_BLOCK_SEATS, "block_seats"},
        {TABLE_PARTNER_OFFER, "partner_offer"},
        {TABLE_ACCREDITATION, "accreditation"},
        {TABLE_SEAT, "seat"},
        {TABLE_TURN, "turn"},
        {TABLE_HOLD, "hold"},
        {TABLE_STUDENT_SEAT, "student_seat"},
        {TABLE_ENDED, "ended"},
        {TABLE_TOKEN_HASH, "token_hash"},
        {TABLE_ROUND_PLAN, "round_plan"},
        {TABLE_ROUND_NAME, "round_name"},
        {TABLE_ROUND_BUSY, "round_busy"},
        {TABLE_ROUND_OFFER, "round_offer"},
        {TABLE_OFFER_ROUND, "offer_round"},
        {TABLE_ROUND_STUDENT, "round_student"},
        {TABLE_ROUND_PIN, "round_pin"},
    };

    for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++) {
        MDB_stat stat;
        int rc =
            txn_map(check->txn, mdb_stat(check->txn->mdb, check->txn->store->dbi[derived[i].table], &stat));

        if (rc != 0)
            return rc;
        if (stat.ms_entries != check->expected[derived[i].table])
            check_problem(check, "%s: %zu entries, but the records ask for %" PRIu64, derived[i].name,
                          stat.ms_entries, check->expected[derived[i].table]);
    }
    return 0;
}

static int
count_entries(struct check *check, enum table table)
{
    MDB_stat stat;
    int rc = txn_map(check->txn, mdb_stat(check->txn->mdb, check->txn->store->dbi[table], &stat));

    if (rc == 0)
        check->total += stat.ms_entries;
    return rc;
}

static int
check_tables(struct check *check)
{
    static const struct {
        enum table table;
        check_step *step;
    } steps[] = {
        {TABLE_INTEREST, step_interest},
        {TABLE_REGION, step_region},
        {TABLE_POSTCODE, step_postcode},
        {TABLE_BLOCK_BODY, check_block},
        {TABLE_PARTNER, step_partner},
        {TABLE_OFFER, step_offer},
        {TABLE_JOURNAL, step_journal},
        {TABLE_PLACEMENT, check_placement},
        {TABLE_DUE, check_due},
        {TABLE_CLIENT, check_client},
        {TABLE_TOKEN, check_token},
        {TABLE_ANSWER, step_answer},
        {TABLE_ROUND, check_round},
        {TABLE_ROUND_PLAN, check_round_plan},
        {TABLE_ROUND_PLACE, check_round_place},
        {TABLE_ROUND_OFFER, check_round_offer},
        {TABLE_ROUND_STUDENT, check_round_student},
        {TABLE_ROUND_RESULT, check_round_result},
        {TABLE_ROUND_OBJECTION, check_round_objection},
    };
    uint64_t first = 0, loading = 0;
    int rc = journal_first(check->txn, &first);

    check->expected[TABLE_JOURNAL] = first - 1;
    if (rc == 0 && meta_get(check->txn, META_LOADING, &loading) == 0 && loading != 0)
        check_problem(check, "a stream was read into it, and not to its end: the next start empties it");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++)
        rc = count_entries(check, steps[i].table);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++)
        rc = walk(check, steps[i].table, steps[i].step);
    if (rc == 0)
        rc = check_slots(check);
    return rc == 0 ? check_counts(check) : rc;
}

static int
report(struct check *check)
{
    XXH128_hash_t digest = XXH3_128bits_digest(check->digest);
    struct check_summary *summary = &check->summary;
    int rc = txn_counts(check->txn, &summary->counts);

    if (rc != 0)
        return rc;
    summary->sequence = txn_sequence(check->txn);
    snprintf(summary->digest, sizeof summary->digest, "%016" PRIx64 "%016" PRIx64, digest.high64,
             digest.low64);
    if (check->problems > PROBLEMS_SHOWN)
        fprintf(check->out, "and %" PRIu64 " problems more\n", check->problems - PROBLEMS_SHOWN);
    fprintf(check->out,
            "%s: %" PRIu64 " partners, %" PRIu64 " offers, %" PRIu64 " interests, %" PRIu64
            " regions, %" PRIu64 " postcodes, journal at %" PRIu64 ", digest %s\n",
            check->problems == 0 ? "all is well" : "problems found", summary->counts.partners,
            summary->counts.offers, summary->counts.interests, summary->counts.regions,
            summary->counts.postcodes, summary->sequence, summary->digest);
    return check->problems == 0 ? 0 : 1;
}

static int
check_all(struct check *check, struct store *store)
{
    int rc;

    check->arena = arena_new(CHECK_MEMORY_MAX);
    check->digest = XXH3_createState();
    rc =
        check->arena == NULL || check->digest == NULL ? STORE_FAULT_MEMORY : txn_new_read(store, &check->txn);
    if (rc == 0)
        rc = txn_begin(check->txn);
    if (rc == 0) {
        XXH3_128bits_reset(check->digest);
        rc = check_tables(check);
        if (rc == 0)
            rc = report(check);
    }
    txn_free(check->txn);
    XXH3_freeState(check->digest);
    arena_free(check->arena);
    return rc;
}

int
check_store(const char *dir, const struct progress_sink *sink, FILE *out, struct check_summary *summary)
{
    struct store_options options = {.dir = dir, .read_only = true};
    struct check check = {.out = out, .sink = sink};
    struct store *store;
    struct fault fault;
    int rc = store_open(&options, &store, &fault);

    if (rc == FAULT)
        fprintf(out, "%s\n", fault.message);
    if (rc == 0) {
        rc = check_all(&check, store);
        store_close(store);
    }
    if (rc < 0)
        fprintf(out, "the check could not end: %s\n", store_fault_text(rc));
    *summary = check.summary;
    return rc;
}

int
check_run(const char *dir, FILE *out)
{
    struct check_summary summary;

    return check_store(dir, NULL, out, &summary);
}
