// SPDX-License-Identifier: Apache-2.0
#include "client/verify/lines.h"
#include "client/verify/utf.h"

struct lines
lines_of(const char *file, struct slice bytes, struct report *report)
{
    return (struct lines){.file = file, .report = report, .at = bytes.at, .end = bytes.at + bytes.len};
}

int
lines_next(struct lines *lines)
{
    const char *lf =
        lines->at == lines->end ? NULL : memchr(lines->at, '\n', (size_t)(lines->end - lines->at));

    lines->number++;
    if (lines->at == lines->end)
        return report_fault(lines->report, lines->file, lines->number, "form", "the file ends too early");
    if (lf == NULL)
        return report_fault(lines->report, lines->file, lines->number, "form", "the line has no LF");
    lines->line = (struct slice){lines->at, (size_t)(lf - lines->at)};
    lines->rest = lines->line;
    lines->over = false;
    lines->at = lf + 1;
    return 0;
}

int
lines_done(struct lines *lines)
{
    if (lines->at == lines->end)
        return 0;
    return report_fault(lines->report, lines->file, lines->number + 1, "form", "the file should end here");
}

int
lines_end(struct lines *lines)
{
    return lines->over ? 0 : lines_bad(lines, "end of the line", lines->rest, "nothing");
}

bool
lines_follow(const struct lines *lines, const char *word)
{
    size_t len = strlen(word), left = (size_t)(lines->end - lines->at);

    return left > len && memcmp(lines->at, word, len) == 0 &&
           (lines->at[len] == ' ' || lines->at[len] == '\n');
}

int
lines_bad(const struct lines *lines, const char *field, struct slice value, const char *allowed)
{
    char quoted[REPORT_QUOTED_MAX];

    report_fault(lines->report, lines->file, lines->number, "form", "%s: %s instead of %s", field,
                 report_quote(value, quoted), allowed);
    return -1;
}

int
lines_field(struct lines *lines, const char *name, struct slice *out)
{
    const char *space;

    if (lines->over)
        return lines_bad(lines, name, slice_of(""), "a value, as the line goes on");
    space = lines->rest.len == 0 ? NULL : memchr(lines->rest.at, ' ', lines->rest.len);
    if (space == NULL) {
        *out = lines->rest;
        lines->over = true;
    } else {
        *out = (struct slice){lines->rest.at, (size_t)(space - lines->rest.at)};
        lines->rest = (struct slice){space + 1, lines->rest.len - out->len - 1};
    }
    return out->len > 0 ? 0 : lines_bad(lines, name, *out, "a value behind one space");
}

int
lines_word(struct lines *lines, const char *word)
{
    struct slice field;

    if (lines_field(lines, word, &field) != 0)
        return -1;
    return slice_is(field, word) ? 0 : lines_bad(lines, word, field, "this word");
}

bool
lines_is_number(struct slice text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 20 || (text.len > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return value <= max;
}

int
lines_number(struct lines *lines, const char *name, uint64_t max, uint64_t *out)
{
    struct slice field;
    char allowed[64];

    if (lines_field(lines, name, &field) != 0)
        return -1;
    if (lines_is_number(field, max, out))
        return 0;
    snprintf(allowed, sizeof allowed, "a decimal number of 0..%llu", (unsigned long long)max);
    return lines_bad(lines, name, field, allowed);
}

int
lines_digest(struct lines *lines, const char *name, uint8_t out[DIGEST_BYTES])
{
    struct slice field;

    if (lines_field(lines, name, &field) != 0)
        return -1;
    if (field.len == DIGEST_BYTES * 2 && digest_parse(field, out) == 0)
        return 0;
    return lines_bad(lines, name, field, "64 lower-case hexadecimal digits");
}

bool
lines_is_ref(struct slice text)
{
    if (text.len == 0 || text.len > LINES_REF_MAX || slice_is(text, "-"))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= ':') || c == '_'))
            return false; // '-' to ':' are - . / 0-9 :
    }
    return true;
}

bool
lines_is_name(struct slice text)
{
    if (text.len == 0 || text.len > LINES_NAME_MAX || text.at[0] < 'a' || text.at[0] > 'z')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

int
lines_ref(struct lines *lines, const char *name, struct slice *out)
{
    if (lines_field(lines, name, out) != 0)
        return -1;
    return lines_is_ref(*out) ? 0 : lines_bad(lines, name, *out, "1 to 64 of A-Z a-z 0-9 . _ : / -");
}

int
lines_name(struct lines *lines, const char *name, struct slice *out)
{
    if (lines_field(lines, name, out) != 0)
        return -1;
    return lines_is_name(*out) ? 0 : lines_bad(lines, name, *out, "a name of a-z 0-9 _ -");
}

int
lines_text(struct lines *lines, const char *name, struct slice *out)
{
    *out = lines->over ? slice_of("") : lines->rest;
    lines->over = true;
    if (out->len == 0 || out->len > LINES_TEXT_MAX || out->at[0] == ' ' || out->at[out->len - 1] == ' ' ||
        !utf_printable(*out))
        return lines_bad(lines, name, *out, "1 to 500 bytes of UTF-8 without control characters");
    return 0;
}

int
lines_line_digest(struct lines *lines, const char *word, uint8_t out[DIGEST_BYTES])
{
    if (lines_next(lines) != 0 || lines_word(lines, word) != 0 || lines_digest(lines, word, out) != 0)
        return -1;
    return lines_end(lines);
}

int
lines_line_text(struct lines *lines, const char *word, struct slice *out)
{
    if (lines_next(lines) != 0 || lines_word(lines, word) != 0)
        return -1;
    return lines_text(lines, word, out);
}

int
lines_line_number(struct lines *lines, const char *word, uint64_t max, uint64_t *out)
{
    if (lines_next(lines) != 0 || lines_word(lines, word) != 0 || lines_number(lines, word, max, out) != 0)
        return -1;
    return lines_end(lines);
}

int
lines_line_words(struct lines *lines, const char *word, const char *value)
{
    if (lines_next(lines) != 0 || lines_word(lines, word) != 0 || lines_word(lines, value) != 0)
        return -1;
    return lines_end(lines);
}

// The field of a line in which it first differs from another one.
static struct slice
field_at(struct slice line, size_t differs)
{
    size_t from = differs < line.len ? differs : line.len, to = from;

    while (from > 0 && line.at[from - 1] != ' ')
        from--;
    while (to < line.len && line.at[to] != ' ')
        to++;
    return (struct slice){line.at + from, to - from};
}

int
lines_expect(struct lines *lines, struct slice expected, const char *rule, const char *who)
{
    char given[REPORT_QUOTED_MAX], derived[REPORT_QUOTED_MAX];
    size_t at = 0;

    if (slice_equal(lines->line, expected))
        return 0;
    while (at < lines->line.len && at < expected.len && lines->line.at[at] == expected.at[at])
        at++;
    return report_fault(lines->report, lines->file, lines->number, rule, "%sthe record has %s, derived is %s",
                        who, report_quote(field_at(lines->line, at), given),
                        report_quote(field_at(expected, at), derived));
}
