// SPDX-License-Identifier: Apache-2.0
// The CSV reader: each case is read whole and byte by byte, and must give the same rows and errors.
#include "proto/csv.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_MAX 8192u

// Adds what was read to out: "LINE:[a|b]" for a row, "LINE.COLUMN!" and the start of the message for an
// error.
static void
note(char *out, const struct csv_row *row, const struct csv_error *error)
{
    size_t used = strlen(out);

    if (row == NULL) {
        snprintf(out + used, SEEN_MAX - used, "%zu.%zu!%.12s ", error->line, error->column, error->message);
        return;
    }
    used += (size_t)snprintf(out + used, SEEN_MAX - used, "%zu:[", row->line);
    for (size_t i = 0; i < row->count; i++) {
        assert_int_equal(strlen(row->fields[i].text), row->fields[i].len);
        used += (size_t)snprintf(out + used, SEEN_MAX - used, "%s%s", i > 0 ? "|" : "", row->fields[i].text);
    }
    snprintf(out + used, SEEN_MAX - used, "] ");
}

static void
drain(struct csv *csv, char *out, int last)
{
    struct csv_row row;
    struct csv_error error;
    int result;

    while ((result = csv_next(csv, &row, &error)) == CSV_ROW || result == CSV_ERROR)
        note(out, result == CSV_ROW ? &row : NULL, &error);
    assert_int_equal(result, last);
}

static char *
read_in_steps(const char *data, size_t len, size_t step, char *out)
{
    struct csv *csv = csv_new();

    assert_non_null(csv);
    out[0] = '\0';
    for (size_t i = 0; i < len; i += step) {
        assert_int_equal(csv_feed(csv, data + i, len - i < step ? len - i : step), 0);
        drain(csv, out, CSV_MORE);
    }
    csv_end(csv);
    drain(csv, out, CSV_END);
    csv_free(csv);
    return out;
}

struct sample {
    const char *data;
    size_t len;
    const char *seen;
};

#define SAMPLE(data, seen)                                                                                   \
    {                                                                                                        \
        data, sizeof(data) - 1, seen                                                                         \
    }

static void
check(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t step = 1; step < 1000; step = step * 2 + 1) {
            char seen[SEEN_MAX];

            assert_string_equal(read_in_steps(samples[i].data, samples[i].len, step, seen), samples[i].seen);
        }
}

static void
test_rows(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("", ""),
        SAMPLE("a", "1:[a] "),
        SAMPLE("a,b\n", "1:[a|b] "),
        SAMPLE("a,b\nc,d", "1:[a|b] 2:[c|d] "),
        SAMPLE("a,\n,b\n", "1:[a|] 2:[|b] "),
        SAMPLE("a,b\r\nc,d\r\n", "1:[a|b] 2:[c|d] "),
        SAMPLE("a,b\rc,d\r", "1:[a|b] 2:[c|d] "),
        SAMPLE("\xef\xbb\xbf"
               "a,b\n",
               "1:[a|b] "),
        SAMPLE("\xef\xbb\xbf", ""),
        SAMPLE("\n\na,b\n\r\n\nc,d\n\n", "3:[a|b] 6:[c|d] "),
        SAMPLE("a,b\n \n", "1:[a|b] 2:[ ] "),
        SAMPLE("caf\xc3\xa9,\xf0\x9f\x8e\xb8\n", "1:[caf\xc3\xa9|\xf0\x9f\x8e\xb8] "),
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

// A line that names the separator is none of the rows.
static void
test_named_separator(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("sep=;\na,b;c\n", "2:[a,b|c] "),
        SAMPLE("\xef\xbb\xbf"
               "SEP=\t\r\na;b\tc\r\nd\te\r\n",
               "2:[a;b|c] 3:[d|e] "),
        SAMPLE("sep=,\ra;b,c\r", "2:[a;b|c] "),
        SAMPLE("sep=;\n\na;b\n", "3:[a|b] "),
        SAMPLE("sep=;\n", ""),
        SAMPLE("sep=;", "1:[sep=|] "),
        SAMPLE("sep=|\na;b\n", "1:[sep=|] 2:[a;b] "),
        SAMPLE("sep=;x\n", "1:[sep=|x] "),
        SAMPLE("sep", "1:[sep] "),
        SAMPLE("separate;b\n", "1:[separate|b] "),
        SAMPLE("a;b\nsep=,\n", "1:[a|b] 2:[sep=,] "),
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

static void
test_quotes(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("\"a\",\"b\"\n", "1:[a|b] "),
        SAMPLE("\"\",\"\"", "1:[|] "),
        SAMPLE("\"\"\n", "1:[] "),
        SAMPLE("\"a,b\",\"say \"\"yes\"\"\"\n", "1:[a,b|say \"yes\"] "),
        SAMPLE("\"a\nb\",c\nd,e\n", "1:[a\nb|c] 3:[d|e] "),
        SAMPLE("\"a\r\nb\",c\r\nd,e\r\n", "1:[a\r\nb|c] 3:[d|e] "),
        SAMPLE("\"a\rb\r\",c\rd,e", "1:[a\rb\r|c] 4:[d|e] "),
        SAMPLE("\"\n\n\"\nx", "1:[\n\n] 4:[x] "),
        SAMPLE("\"a\"", "1:[a] "),
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

static void
test_separators(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("a;b\n1,5;x\n", "1:[a|b] 2:[1,5|x] "),
        SAMPLE("a\tb\n1,5;y\tx\n", "1:[a|b] 2:[1,5;y|x] "),
        SAMPLE("a,b;c\nd;e,f\n", "1:[a|b;c] 2:[d;e|f] "),
        SAMPLE("\"x;y\",b\nd;e,f\n", "1:[x;y|b] 2:[d;e|f] "),
        SAMPLE("a\nb;c,d\n", "1:[a] 2:[b;c|d] "), // a header of one column: ','
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

// An error costs one row.
static void
test_errors(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("a,b\n\"c\"x,d\ne,f\n", "1:[a|b] 2.1!text behind  3:[e|f] "),
        SAMPLE("a,b\nc\"d,e\nf,g\n", "1:[a|b] 2.1!a quote in a 3:[f|g] "),
        SAMPLE("a,b\nx,c\"\nf,g", "1:[a|b] 2.2!a quote in a 3:[f|g] "),
        SAMPLE("a\0b,c\nd,e\n", "1.1!the field ho 2:[d|e] "),
        SAMPLE("a,\"b\0c\"\nd,e\n", "1.2!the field ho 2:[d|e] "),
        SAMPLE("a,\xff\nd,e\n", "1.2!the field is 2:[d|e] "),
        SAMPLE("a,\"\xc3\"\nd,e\n", "1.2!the field is 2:[d|e] "),
        SAMPLE("\xc0\x80,\xed\xa0\x80\nd", "1.1!the field is 2:[d] "), // overlong, surrogate
        SAMPLE("\xf4\x90\x80\x80\nd", "1.1!the field is 2:[d] "),      // above U+10FFFF
        SAMPLE("\xff\xfe\nd", "1.1!the field is 2:[d] "),
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

// A field that swallowed rows gives them back.
static void
test_unclosed(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("a,\"b", "1.2!the file end "),
        SAMPLE("a,\"b\nc,d\ne,f\n", "1.2!the file end 2:[c|d] 3:[e|f] "),
        SAMPLE("a,\"b\r\nc,d\r\n", "1.2!the file end 2:[c|d] "),
        SAMPLE("a,\"b\rc,d\r", "1.2!the file end 2:[c|d] "),
        SAMPLE("a,\"b\nc,\"d, e\"\nf,g\n", "1.2!text behind  2:[c|d, e] 3:[f|g] "),
        SAMPLE("a,\"b\nc,\"d\ne,\"f\ng,h", "1.2!text behind  2.2!text behind  3.2!the file end 4:[g|h] "),
        SAMPLE("\"x\ny\",\"b\nc,d\n", "1.2!the file end 3:[c|d] "), // only the broken field is read again
    };

    (void)state;
    check(samples, sizeof samples / sizeof samples[0]);
}

static char *
repeat(char *to, char c, size_t count)
{
    memset(to, c, count);
    return to + count;
}

static void
test_limits(void **state)
{
    size_t size = CSV_FIELD_MAX + 64;
    char *data = malloc(size), *end, seen[SEEN_MAX];

    (void)state;
    assert_non_null(data);
    // Too long, in quotes and without; the next row is read.
    end = repeat(data, 'x', CSV_FIELD_MAX + 1);
    memcpy(end, ",a\nb,c", 6);
    assert_string_equal(read_in_steps(data, CSV_FIELD_MAX + 7, 65536, seen), "1.1!the field is 2:[b|c] ");
    // A quoted one gives back the lines behind its first one.
    memcpy(data, "a,\"b\n", 5);
    end = repeat(data + 5, 'x', CSV_FIELD_MAX + 1);
    memcpy(end, ",y\nc,d", 6);
    assert_string_equal(read_in_steps(data, CSV_FIELD_MAX + 12, 65536, seen),
                        "1.2!the field is 2.1!the field is 3:[c|d] ");
    free(data);
}

static void
test_too_many_fields(void **state)
{
    char data[CSV_FIELDS_MAX + 8], seen[SEEN_MAX];

    (void)state;
    repeat(data, ',', CSV_FIELDS_MAX);
    memcpy(data + CSV_FIELDS_MAX, "\nb,c", 4);
    assert_string_equal(read_in_steps(data, CSV_FIELDS_MAX + 4, 100, seen), "1.1025!the row has  2:[b|c] ");
    repeat(data, ',', CSV_FIELDS_MAX - 1);
    assert_int_equal(strlen(read_in_steps(data, CSV_FIELDS_MAX - 1, 100, seen)), CSV_FIELDS_MAX + 4);
}

// Random bytes never break an invariant, and the way they are cut makes no difference.
static void
test_random(void **state)
{
    static const char letters[] = "a,;\"\"\n\r\xc3\xa9\xff b\t";
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char data[40], whole[SEEN_MAX], parts[SEEN_MAX];
        size_t len = (size_t)rand_r(&seed) % sizeof data;

        for (size_t i = 0; i < len; i++)
            data[i] = letters[(size_t)rand_r(&seed) % sizeof letters];
        read_in_steps(data, len, sizeof data, whole);
        assert_string_equal(read_in_steps(data, len, 1 + (size_t)rand_r(&seed) % 3, parts), whole);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_named_separator),
        cmocka_unit_test(test_quotes), cmocka_unit_test(test_separators),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_unclosed),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_too_many_fields),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
