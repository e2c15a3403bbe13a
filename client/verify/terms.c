// SPDX-License-Identifier: Apache-2.0
#include "client/verify/terms.h"

int
terms_read_run(struct lines *lines, struct terms *terms)
{
    if (lines_next(lines) != 0 || lines_word(lines, "run") != 0 ||
        lines_ref(lines, "run", &terms->run) != 0 || lines_end(lines) != 0)
        return -1;
    return lines_line_number(lines, "revision", UINT32_MAX, &terms->revision);
}

int
terms_read_commitment(struct lines *lines, struct terms *terms)
{
    if (lines_line_digest(lines, "salt", terms->salt) != 0)
        return -1;
    return lines_line_digest(lines, "commitment", terms->commitment);
}

static int
read_party(struct lines *lines, struct terms *terms, bool secrets)
{
    struct terms_party *party = &terms->parties[terms->n_parties];

    if (lines_next(lines) != 0 || lines_word(lines, "party") != 0 ||
        lines_name(lines, "party", &party->name) != 0 ||
        lines_digest(lines, "commitment of the party", party->commitment) != 0)
        return -1;
    if (terms->n_parties > 0 && slice_compare(party->name, party[-1].name) <= 0)
        return lines_bad(lines, "party", party->name, "a name that is sorted behind the one before");
    if (secrets && lines_digest(lines, "secret of the party", party->secret) != 0)
        return -1;
    terms->n_parties++;
    return lines_end(lines);
}

// A day that there is, as 2026-11-30.
static bool
is_date(struct slice text)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned month, day;

    if (text.len != 10)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (i == 4 || i == 7 ? text.at[i] != '-' : text.at[i] < '0' || text.at[i] > '9')
            return false;
    month = (unsigned)(text.at[5] - '0') * 10 + (unsigned)(text.at[6] - '0');
    day = (unsigned)(text.at[8] - '0') * 10 + (unsigned)(text.at[9] - '0');
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

bool
terms_is_time(struct slice text)
{
    static const char form[] = "9999-19-39T29:59:59Z"; // the greatest digit at each place

    if (text.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = form[i] >= '0' && form[i] <= '9';

        if (digit ? text.at[i] < '0' || text.at[i] > form[i] : text.at[i] != form[i])
            return false;
    }
    return memcmp(text.at + 5, "01", 2) >= 0 && memcmp(text.at + 5, "12", 2) <= 0 &&
           memcmp(text.at + 8, "01", 2) >= 0 && memcmp(text.at + 8, "31", 2) <= 0 &&
           memcmp(text.at + 11, "23", 2) <= 0;
}

// A day, or a time on a day that there is.
static bool
is_moment(struct slice text)
{
    return is_date(text) || (terms_is_time(text) && is_date((struct slice){text.at, 10}));
}

int
terms_read_parties(struct lines *lines, struct terms *terms, bool secrets)
{
    static const char *const words[] = {"beacon-source", "beacon-date", "beacon-encoding", "beacon-fallback"};

    do {
        if (terms->n_parties == TERMS_PARTIES_MAX)
            return lines_bad(lines, "party", slice_of("another line"), "at most 16 parties");
        if (read_party(lines, terms, secrets) != 0)
            return -1;
    } while (lines_follow(lines, "party"));
    for (unsigned i = 0; i < 4; i++)
        if (lines_line_text(lines, words[i], &terms->beacon[i]) != 0)
            return -1;
        else if (i == TERMS_BEACON_DATE && !is_moment(terms->beacon[i]))
            return lines_bad(lines, words[i], terms->beacon[i],
                             "a date as 2026-11-30, or a time as 2026-11-30T12:00:00Z");
    return 0;
}

int
terms_read_earlier(struct lines *lines, struct terms *terms)
{
    while (lines_follow(lines, "earlier")) {
        struct terms_earlier *earlier = &terms->earlier[terms->n_earlier];
        uint64_t number;

        if (terms->n_earlier == TERMS_EARLIER_MAX)
            return lines_bad(lines, "earlier", slice_of("another line"), "at most 255 earlier rounds");
        if (lines_next(lines) != 0 || lines_word(lines, "earlier") != 0 ||
            lines_number(lines, "number", TERMS_EARLIER_MAX, &number) != 0 ||
            lines_ref(lines, "run", &earlier->run) != 0 || lines_digest(lines, "seed", earlier->seed) != 0 ||
            lines_digest(lines, "record", earlier->record) != 0 || lines_end(lines) != 0)
            return -1;
        if (number != ++terms->n_earlier)
            return lines_bad(lines, "number", lines->line, "the number of the line, counted from 1");
    }
    return 0;
}

int
terms_read_rule(struct lines *lines, struct terms *terms)
{
    if (lines_next(lines) != 0 || lines_word(lines, "rule") != 0 ||
        lines_name(lines, "rule", &terms->rule) != 0 ||
        lines_number(lines, "version", UINT32_MAX, &terms->rule_version) != 0)
        return -1;
    return lines_end(lines);
}

static bool
same_digest(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES])
{
    return memcmp(a, b, DIGEST_BYTES) == 0;
}

static bool
same_parties(const struct terms *a, const struct terms *b)
{
    bool same = a->n_parties == b->n_parties;

    for (unsigned i = 0; same && i < a->n_parties; i++)
        same = slice_equal(a->parties[i].name, b->parties[i].name) &&
               same_digest(a->parties[i].commitment, b->parties[i].commitment);
    return same;
}

static bool
same_earlier(const struct terms *a, const struct terms *b)
{
    bool same = a->n_earlier == b->n_earlier;

    for (unsigned i = 0; same && i < a->n_earlier; i++)
        same = slice_equal(a->earlier[i].run, b->earlier[i].run) &&
               same_digest(a->earlier[i].seed, b->earlier[i].seed) &&
               same_digest(a->earlier[i].record, b->earlier[i].record);
    return same;
}

void
terms_compare(const struct terms *record, const struct terms *input, struct report *report)
{
    const struct {
        const char *what;
        bool same;
    } parts[] = {
        {"run", slice_equal(record->run, input->run)},
        {"revision", record->revision == input->revision},
        {"rule", slice_equal(record->rule, input->rule) && record->rule_version == input->rule_version},
        {"salt", same_digest(record->salt, input->salt)},
        {"commitment", same_digest(record->commitment, input->commitment)},
        {"party", same_parties(record, input)},
        {"beacon-source", slice_equal(record->beacon[0], input->beacon[0])},
        {"beacon-date", slice_equal(record->beacon[1], input->beacon[1])},
        {"beacon-encoding", slice_equal(record->beacon[2], input->beacon[2])},
        {"beacon-fallback", slice_equal(record->beacon[3], input->beacon[3])},
        {"earlier", same_earlier(record, input)},
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!parts[i].same)
            report_fault(report, "record", 0, "terms", "%s is not that of input", parts[i].what);
}
