// SPDX-License-Identifier: Apache-2.0
// The lines of a file of a record and their fields, in the one form that kansen-record(5) allows. What is in
// another form is reported with file, line and field. Nothing is copied. One thread.
#ifndef VERIFY_LINES_H
#define VERIFY_LINES_H

#include "client/verify/digest.h"
#include "client/verify/report.h"
#include <stdint.h>

#define LINES_REF_MAX  64u
#define LINES_NAME_MAX 32u
#define LINES_TEXT_MAX 500u

struct lines {
    const char *file; // name, for reports
    struct report *report;
    const char *at, *end; // what has not been read
    size_t number;        // of the current line, from 1
    struct slice line;    // the current line without its LF
    struct slice rest;    // its fields that have not been read, behind their space
    bool over;            // no field follows
};

struct lines lines_of(const char *file, struct slice bytes, struct report *report);

// All of these return 0, or -1 when the form is wrong, which has been reported then.
int lines_next(struct lines *lines); // to the next line, which must be there
int lines_done(struct lines *lines); // there is no further line
int lines_end(struct lines *lines);  // the current line has no further field

// Whether there is a next line and its first field is this word.
bool lines_follow(const struct lines *lines, const char *word);

// The next field, of any form; name: what it means, for the report.
int lines_field(struct lines *lines, const char *name, struct slice *out);
int lines_word(struct lines *lines, const char *word); // the field is this word
int lines_number(struct lines *lines, const char *name, uint64_t max, uint64_t *out);
int lines_digest(struct lines *lines, const char *name, uint8_t out[DIGEST_BYTES]);
int lines_ref(struct lines *lines, const char *name, struct slice *out);
int lines_name(struct lines *lines, const char *name, struct slice *out);
int lines_text(struct lines *lines, const char *name, struct slice *out); // the rest of the line

// A line of these two fields: a word, and a value.
int lines_line_digest(struct lines *lines, const char *word, uint8_t out[DIGEST_BYTES]);
int lines_line_text(struct lines *lines, const char *word, struct slice *out);
int lines_line_number(struct lines *lines, const char *word, uint64_t max, uint64_t *out);
int lines_line_words(struct lines *lines, const char *word, const char *value); // the value is this word

// The current line must be this one; rule: what it breaks otherwise, who: whom it is about, as "student X: ",
// or "".
int lines_expect(struct lines *lines, struct slice expected, const char *rule, const char *who);

// A fault in the current line: in its form, or against a rule.
int lines_bad(const struct lines *lines, const char *field, struct slice value, const char *allowed);

// Whether a text has this form.
bool lines_is_ref(struct slice text);
bool lines_is_name(struct slice text);
bool lines_is_number(struct slice text, uint64_t max, uint64_t *out);

#endif
