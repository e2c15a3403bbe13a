// SPDX-License-Identifier: Apache-2.0
// The members of a query and how each is set from one value; what flags and JSON have in common. One thread.
#ifndef CLIENT_CLI_QUERY_MEMBER_H
#define CLIENT_CLI_QUERY_MEMBER_H

#include "client/cli/query.h"
#include <stdint.h>

enum query_type {
    QUERY_POINT,     // the origin as [lat, lon]
    QUERY_ORIGIN,    // the origin by a code
    QUERY_TEXT,      // a string
    QUERY_NUMBER,    // a uint32
    QUERY_FLAG,      // a bool
    QUERY_WORD,      // an enum
    QUERY_WORDS,     // a list of enums
    QUERY_TEXTS,     // a list of strings
    QUERY_INTERESTS, // codes with weights
    QUERY_WEIGHTS,   // three numbers
    QUERY_SEED,      // a uint64
    QUERY_CURSOR,    // bytes, as base64url
};

struct query_member {
    const char *key; // in JSON
    enum query_type type;
    int given; // case of the oneof; 0 = none
    size_t offset;
    size_t extra; // count of a list, or case of a oneof
    const struct names *names;
    int64_t least;       // numbers: least value that can be meant, as 0 stands for "not given" in some
    const char *allowed; // numbers: for messages
    const char *path;    // name of the field in the protocol, where it is another
};

#define QUERY_WEIGHT 10 // of an interest without one

// The member called key, or NULL; that of a field path of the protocol ("query.levels[2]"), with *rest behind
// its name ("[2]"), or NULL; and the names of all, joined by ", ".
const struct query_member *query_member_named(const char *key);
const struct query_member *query_member_at_path(const char *path, const char **rest);
char *query_member_list(char *out, size_t size);

// Set a member of the fitting type, or add one item to a list. 0, QUERY_E_BAD with bad set, or -ENOMEM. Texts
// are copied.
int query_member_set_point(struct query *query, const struct query_member *member, int64_t lat_e6,
                           int64_t lon_e6, struct column_message *bad) MUST_CHECK;
int query_member_set_number(struct query *query, const struct query_member *member, int64_t value,
                            struct column_message *bad) MUST_CHECK;
int query_member_set_seed(struct query *query, const struct query_member *member, const char *digits,
                          struct column_message *bad) MUST_CHECK;
int query_member_set_weights(struct query *query, const struct query_member *member, const int64_t weights[3],
                             struct column_message *bad) MUST_CHECK;
void query_member_set_flag(struct query *query, const struct query_member *member, bool value);
// Types TEXT, ORIGIN, WORD, CURSOR, and one item of WORDS and TEXTS.
int query_member_add_text(struct query *query, const struct query_member *member, const char *text,
                          struct column_message *bad) MUST_CHECK;
int query_member_add_interest(struct query *query, const struct query_member *member, const char *code,
                              int64_t weight, struct column_message *bad) MUST_CHECK;

#endif
