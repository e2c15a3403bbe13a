// SPDX-License-Identifier: Apache-2.0
// A sorted array: it is filled once, then asked.
#include "work/known_students.h"
#include "store/store.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    uint8_t id[STUDENT_ID_BYTES]; // first, as pairs are compared by it
    uint8_t hash[STUDENT_HASH_BYTES];
};

struct known_students {
    struct pair *pairs;
    size_t count, room;
};

struct known_students *
known_students_new(void)
{
    return calloc(1, sizeof(struct known_students));
}

void
known_students_free(struct known_students *students)
{
    if (students == NULL)
        return;
    free(students->pairs);
    free(students);
}

static int
add(struct known_students *students, const uint8_t *id, const uint8_t *hash)
{
    struct pair *pair;

    if (students->count == students->room) {
        size_t room = students->room == 0 ? 1024 : 2 * students->room;
        struct pair *larger = reallocarray(students->pairs, room, sizeof *larger);

        if (larger == NULL)
            return STORE_FAULT_MEMORY;
        students->pairs = larger;
        students->room = room;
    }
    pair = &students->pairs[students->count++];
    memcpy(pair->id, id, sizeof pair->id);
    memcpy(pair->hash, hash, sizeof pair->hash);
    return 0;
}

int
known_students_add_store(struct known_students *students, struct txn *txn)
{
    uint8_t hash[STUDENT_HASH_BYTES], id[STUDENT_ID_BYTES];
    int rc = student_next(txn, NULL, hash, id);

    while (rc == 0) {
        rc = add(students, id, hash);
        if (rc == 0)
            rc = student_next(txn, hash, hash, id);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
known_students_add_entry(struct known_students *students, const Kansen__V1__StreamEntry *entry)
{
    if (entry->key.len != STUDENT_HASH_BYTES || entry->value.len < STUDENT_ID_BYTES)
        return STORE_FAULT_CORRUPT;
    return add(students, entry->value.data, entry->key.data);
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, STUDENT_ID_BYTES);
}

void
known_students_sort(struct known_students *students)
{
    if (students->count > 0)
        qsort(students->pairs, students->count, sizeof students->pairs[0], compare);
}

void
known_students_hash(const struct known_students *students, const uint8_t id[STUDENT_ID_BYTES],
                    uint8_t hash[STUDENT_HASH_BYTES])
{
    static const char purpose[] = "kansend: a student who was forgotten";
    const struct pair *pair = NULL;

    _Static_assert(sizeof purpose - 1 >= crypto_generichash_KEYBYTES_MIN &&
                       sizeof purpose - 1 <= crypto_generichash_KEYBYTES_MAX,
                   "it is used as a key");
    if (students->count > 0)
        pair = bsearch(id, students->pairs, students->count, sizeof students->pairs[0], compare);
    if (pair != NULL)
        memcpy(hash, pair->hash, STUDENT_HASH_BYTES);
    else
        crypto_generichash(hash, STUDENT_HASH_BYTES, id, STUDENT_ID_BYTES, (const uint8_t *)purpose,
                           sizeof purpose - 1);
}
