// SPDX-License-Identifier: Apache-2.0
// How much of everything the store holds, for whoever watches over it. The counts of records and pages cost a
// look at each table; the offers by kind are counted from the bits of the index, as facets are, which takes
// about 2 ns for an offer: some milliseconds for millions of them.
#ifndef STORE_CENSUS_H
#define STORE_CENSUS_H

#include "base/attr.h"
#include "store/store.h"

#define CENSUS_KINDS 16u // kinds of offers that are told apart; of others none are there yet

// What records are counted: number here, name, table.
// clang-format off
#define CENSUS_RECORDS(RECORD)                                \
    RECORD(PARTNERS, "partner", PARTNER)                      \
    RECORD(OFFERS, "offer", OFFER)                            \
    RECORD(INTERESTS, "interest", INTEREST)                   \
    RECORD(REGIONS, "region", REGION)                         \
    RECORD(POSTCODES, "postcode", POSTCODE)                   \
    RECORD(PLACEMENTS, "placement", PLACEMENT)                \
    RECORD(SEATED, "seated_placement", SEAT)                  \
    RECORD(WAITING, "waiting_placement", TURN)                \
    RECORD(HOLDS, "hold", HOLD)                               \
    RECORD(STUDENTS, "student", STUDENT)                      \
    RECORD(CLIENTS, "client", CLIENT)                         \
    RECORD(TOKENS, "token", TOKEN)                            \
    RECORD(ROUNDS, "round", ROUND)                            \
    RECORD(ROUND_LISTS, "round_list", ROUND_STUDENT)          \
    RECORD(JOURNAL, "journal_entry", JOURNAL)                 \
    RECORD(ANSWERS, "kept_answer", ANSWER)
// clang-format on

enum census_record {
#define CENSUS_NUMBER(number, name, table) CENSUS_##number,
    CENSUS_RECORDS(CENSUS_NUMBER)
#undef CENSUS_NUMBER
        CENSUS_RECORD_COUNT
};

// Constant text: lower case with underscores.
const char *census_name(enum census_record record);

struct census_counts {
    uint64_t sequence; // of the last journal entry
    uint64_t records[CENSUS_RECORD_COUNT];
    uint64_t pages;      // of the file
    uint64_t free_pages; // of them, those that hold nothing any more
    uint64_t page_bytes;
};

// In txn's view. 0 or a fault.
int census_count(struct txn *txn, struct census_counts *out) MUST_CHECK;

struct census_kind {
    uint64_t offers;
    uint64_t open;  // of them, those with a seat that is free for somebody, of an active partner
    uint64_t seats; // that are free in those
};

// The offers by kind (a number of OfferKind), in txn's view; txn is a read transaction. 0 or a fault.
int census_kinds(struct txn *txn, struct census_kind out[CENSUS_KINDS]) MUST_CHECK;

struct census_readers {
    unsigned open;    // snapshots that are held at this moment
    uint64_t oldest;  // number of the oldest one's commit; 0 = none is open
    uint64_t current; // number of the last commit
};

// Any thread, with no transaction of its own open.
void census_readers(struct store *store, struct census_readers *out);

#endif
