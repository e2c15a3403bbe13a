// SPDX-License-Identifier: Apache-2.0
// Records stand in the order in which a check takes them into its digest.
#include "store/archive_tables.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Funds come before the catalog is needed, the taxonomy before partners, partners before their offers, and
// placements before the seats that they take.
const enum table archive_tables[ARCHIVE_TABLES] = {
    TABLE_META,
    TABLE_FUND,
    TABLE_INTEREST,
    TABLE_REGION,
    TABLE_POSTCODE,
    TABLE_PARTNER,
    TABLE_PARTNER_EXT,
    TABLE_OFFER,
    TABLE_OFFER_EXT,
    TABLE_PARTNER_OFFER,
    TABLE_ACCREDITATION,
    TABLE_PLACEMENT,
    TABLE_SEAT,
    TABLE_TURN,
    TABLE_STUDENT,
    TABLE_STUDENT_SEAT,
    TABLE_STUDENT_END,
    TABLE_ENDED,
    TABLE_HOLD,
    TABLE_DUE,
    TABLE_DECLINE,
    TABLE_ANSWER,
    TABLE_ANSWER_AGE,
    TABLE_CLIENT,
    TABLE_TOKEN,
    TABLE_TOKEN_HASH,
    TABLE_ROUND,
    TABLE_ROUND_PLAN,
    TABLE_ROUND_PLACE,
    TABLE_ROUND_NAME,
    TABLE_ROUND_BUSY,
    TABLE_ROUND_OFFER,
    TABLE_OFFER_ROUND,
    TABLE_ROUND_STUDENT,
    TABLE_ROUND_RESULT,
    TABLE_ROUND_PIN,
    TABLE_ROUND_OBJECTION,
    TABLE_JOURNAL,
};

bool
archive_tables_has_meta(const MDB_val *key)
{
    static const char *const left_out[] = {META_FORMAT, META_GENERATION, META_BLOCKS, META_LOADING};

    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (key->mv_size == strlen(left_out[i]) && memcmp(key->mv_data, left_out[i], key->mv_size) == 0)
            return false;
    }
    return true;
}

void
archive_tables_digest(XXH3_state_t *digest, enum table table, const MDB_val *key, const MDB_val *value)
{
    switch (table) {
    case TABLE_INTEREST:
    case TABLE_REGION:
    case TABLE_POSTCODE:
    case TABLE_PARTNER:
    case TABLE_OFFER:
    case TABLE_PLACEMENT:
    case TABLE_CLIENT:
    case TABLE_TOKEN:
    case TABLE_ROUND:
    case TABLE_ROUND_PLAN:
    case TABLE_ROUND_OFFER:
    case TABLE_ROUND_STUDENT:
    case TABLE_ROUND_RESULT:
    case TABLE_ROUND_OBJECTION:
        XXH3_128bits_update(digest, key->mv_data, key->mv_size);
        XXH3_128bits_update(digest, value->mv_data, value->mv_size);
        break;
    default:
        break;
    }
}

char *
archive_tables_digest_text(const XXH3_state_t *digest, char out[ARCHIVE_DIGEST_TEXT])
{
    XXH128_hash_t hash = XXH3_128bits_digest(digest);

    snprintf(out, ARCHIVE_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
    return out;
}
