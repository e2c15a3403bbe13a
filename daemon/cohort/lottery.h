// SPDX-License-Identifier: Apache-2.0
// The lottery of a round: what is published before it, what is drawn, and the numbers that follow from both.
// All hashes are BLAKE2b-256 (libsodium's crypto_generichash); text is hashed without its end unless a NUL is
// named. A run_id, an issuer or a student's reference never holds a NUL byte. sodium_init must have been
// called. Any thread.
//
//   before the lists open   C = H("alloc-commit-v1" NUL run_id NUL secret)      published
//   when they are frozen    the digest of the input                              published
//   after that              beacon: a public draw that was named beforehand
//                           seed = H(key = secret, "alloc-seed-v1" NUL run_id NUL beacon)
//   a student's number      h = H(key = seed, "alloc-lot-v1" NUL reference)
//                           l = its place among all, by h, then by the reference
#ifndef COHORT_LOTTERY_H
#define COHORT_LOTTERY_H

#include "base/attr.h"
#include "cohort/cohort.h"

#define LOTTERY_BYTES    32u // of a secret, a salt, a seed, a commitment, an h
#define LOTTERY_REF_SIZE 65u // of a round reference with its end

// One secret out of those of several parties, in the order that was published: H(first second ...). n >= 1;
// a party that stands alone has its own secret taken as it is.
void lottery_combine(const uint8_t (*secrets)[LOTTERY_BYTES], size_t n, uint8_t secret[LOTTERY_BYTES]);

// C: binds the run and the secret, and tells nothing of it.
void lottery_commit(const char *run_id, const uint8_t secret[LOTTERY_BYTES],
                    uint8_t commitment[LOTTERY_BYTES]);

// Whether this secret is the one that was committed to, in constant time.
bool lottery_matches(const char *run_id, const uint8_t secret[LOTTERY_BYTES],
                     const uint8_t commitment[LOTTERY_BYTES]);

void lottery_seed(const char *run_id, const uint8_t secret[LOTTERY_BYTES], const void *beacon,
                  size_t beacon_len, uint8_t seed[LOTTERY_BYTES]);

// The reference under which a student takes part: H(key = salt, issuer NUL reference) in lower-case hex. The
// salt is the round's and is fixed with the commitment; one issuer gives a student one reference.
void lottery_reference(const uint8_t salt[LOTTERY_BYTES], const char *issuer, const char *reference,
                       char out[LOTTERY_REF_SIZE]);

// h of one reference, to be shown in an explanation; and the h of one reference at one offer (MTB), where
// `ref NUL offer_ref` stands for the reference.
void lottery_hash(const uint8_t seed[LOTTERY_BYTES], const char *ref, size_t ref_len,
                  uint8_t h[LOTTERY_BYTES]);
void lottery_hash_at(const uint8_t seed[LOTTERY_BYTES], const char *ref, size_t ref_len, const char *offer,
                     size_t offer_len, uint8_t h[LOTTERY_BYTES]);

// The seeds that students draw with. A student of an earlier round keeps the h that it had; a reference that
// came later draws with the seed of the round that it came in.
struct lottery_seeds {
    const uint8_t (*seeds)[LOTTERY_BYTES]; // at least one
    const uint8_t *which;                  // by student, index in seeds; NULL = the first for all
};

// Bytes of scratch memory that lottery_draw needs, and lottery_draw_at.
size_t lottery_draw_size(uint32_t n_students);
size_t lottery_draw_at_size(const struct cohort *cohort, const uint8_t *drawn_at);

// Fills rank and student (n_students each, see cohort_lottery). memory: lottery_draw_size bytes aligned for
// uint64_t, free again afterwards; qsort may take some more for a moment.
void lottery_draw(const struct cohort *cohort, const struct lottery_seeds *seeds, void *memory,
                  uint32_t *rank, uint32_t *student);

// MTB: fills own (one for each wish, see cohort_lottery). Where drawn_at[offer] is not 0 the number is the
// student's place among those who list that offer (eligible or not), by h at the offer, then by the
// reference; elsewhere it is rank[student]. memory: lottery_draw_at_size bytes aligned for uint64_t.
void lottery_draw_at(const struct cohort *cohort, const struct lottery_seeds *seeds, const uint8_t *drawn_at,
                     const uint32_t *rank, void *memory, uint32_t *own);

#endif
