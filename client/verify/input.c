// SPDX-License-Identifier: Apache-2.0
// Memory is in proportion to the bytes of the file: what it says of its counts is believed only as far as so
// many lines could follow.
#include "client/verify/input.h"
#include "client/verify/entries.h"
#include <sodium.h>
#include <stdlib.h>

static uint64_t
hash(const struct input *input, struct slice ref)
{
    uint64_t out;

    crypto_shorthash((unsigned char *)&out, (const unsigned char *)ref.at, ref.len, input->key);
    return out;
}

static uint32_t *
slot(const struct input *input, struct slice ref)
{
    size_t at = hash(input, ref) & (input->table_size - 1);

    while (input->table[at] != 0 && !slice_equal(input->offers[input->table[at] - 1].ref, ref))
        at = (at + 1) & (input->table_size - 1);
    return &input->table[at];
}

uint32_t
input_find_offer(const struct input *input, struct slice ref)
{
    return *slot(input, ref) - 1; // 0 - 1 is INPUT_NONE
}

uint32_t
input_find_student(const struct input *input, struct slice ref)
{
    uint32_t low = 0, high = input->n_students;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(ref, input->students[middle].ref);

        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return INPUT_NONE;
}

size_t
input_line(const struct input *input, uint32_t student)
{
    return input->first_line + student;
}

// Reads how many lines of a kind follow, none of which is shorter than least.
static int
read_count(struct lines *lines, const char *word, size_t least, uint32_t *out)
{
    uint64_t n;

    if (lines_line_number(lines, word, UINT32_MAX - 1, &n) != 0)
        return -1;
    if (n > (size_t)(lines->end - lines->at) / least)
        return lines_bad(lines, word, lines->line, "as many as follow");
    *out = (uint32_t)n;
    return 0;
}

static int
make_room(struct report *report, struct input *input)
{
    size_t n = input->n_offers;

    input->table_size = 2;
    while (input->table_size < 2 * n)
        input->table_size *= 2;
    input->offers = calloc(n + 1, sizeof *input->offers);
    input->table = calloc(input->table_size, sizeof *input->table);
    input->listed = calloc(n + 1, sizeof *input->listed);
    input->pinned = calloc(n + 1, sizeof *input->pinned);
    randombytes_buf(input->key, sizeof input->key);
    if (input->offers == NULL || input->table == NULL || input->listed == NULL || input->pinned == NULL)
        return report_no_memory(report);
    return 0;
}

static int
keep_facts(struct report *report, struct input *input, struct input_offer *offer, const struct facts *facts)
{
    if (input->n_facts + facts->n > input->facts_room) {
        size_t room = input->facts_room * 2 + FACTS_MAX;
        struct facts_fact *more = realloc(input->facts, room * sizeof *more);

        if (more == NULL)
            return report_no_memory(report);
        input->facts = more;
        input->facts_room = room;
    }
    if (facts->n > 0)
        memcpy(input->facts + input->n_facts, facts->fact, facts->n * sizeof *facts->fact);
    offer->first_fact = input->n_facts;
    offer->n_facts = (uint8_t)facts->n;
    input->n_facts += facts->n;
    return 0;
}

static int
read_offer(struct lines *lines, struct input *input, uint32_t index)
{
    struct input_offer *offer = &input->offers[index];
    struct facts_fact room[FACTS_MAX];
    struct facts facts = {.fact = room};
    uint64_t seats, reserve;
    struct slice lottery;

    if (lines_next(lines) != 0 || lines_word(lines, "offer") != 0 ||
        lines_ref(lines, "offer", &offer->ref) != 0 ||
        lines_number(lines, "capacity", UINT16_MAX, &seats) != 0 ||
        lines_number(lines, "reserve", UINT16_MAX, &reserve) != 0 ||
        lines_field(lines, "lottery", &lottery) != 0)
        return -1;
    if (index > 0 && slice_compare(offer->ref, offer[-1].ref) <= 0)
        return lines_bad(lines, "offer", offer->ref, "an offer that is sorted behind the one before");
    offer->own_lottery = slice_is(lottery, "mtb");
    if (!offer->own_lottery && !slice_is(lottery, "stb"))
        return lines_bad(lines, "lottery", lottery, "stb or mtb");
    if (facts_read(lines, false, &facts) != 0 ||
        rule_check(&input->rule, &input->places, &facts, false, lines) != 0)
        return -1;
    offer->seats = (uint16_t)seats;
    offer->reserve = (uint16_t)(reserve < seats ? reserve : seats);
    *slot(input, offer->ref) = index + 1;
    return keep_facts(lines->report, input, offer, &facts);
}

static int
read_head(struct lines *lines, struct input *input, bool *plain)
{
    struct slice refs;

    if (lines_line_words(lines, "kansen-input", "1") != 0 ||
        lines_line_words(lines, "spec", TERMS_SPEC) != 0 || terms_read_run(lines, &input->terms) != 0 ||
        lines_next(lines) != 0 || lines_word(lines, "refs") != 0 || lines_field(lines, "refs", &refs) != 0 ||
        lines_end(lines) != 0)
        return -1;
    *plain = slice_is(refs, "plain");
    if (!*plain && !slice_is(refs, "hex"))
        return lines_bad(lines, "refs", refs, "hex or plain");
    if (terms_read_commitment(lines, &input->terms) != 0 ||
        terms_read_parties(lines, &input->terms, false) != 0 ||
        terms_read_earlier(lines, &input->terms) != 0 || terms_read_rule(lines, &input->terms) != 0 ||
        rule_read(lines, &input->rule) != 0)
        return -1;
    return facts_read_places(lines, &input->places);
}

int
input_read(struct slice file, struct report *report, struct input *input)
{
    struct lines lines = lines_of("input", file, report);
    bool plain;

    if (read_head(&lines, input, &plain) != 0 ||
        read_count(&lines, "offers", sizeof "offer a 0 0 stb", &input->n_offers) != 0 ||
        make_room(report, input) != 0)
        return -1;
    for (uint32_t i = 0; i < input->n_offers; i++)
        if (read_offer(&lines, input, i) != 0)
            return -1;
    if (read_count(&lines, "students", sizeof "student a 0 0 ;", &input->n_students) != 0)
        return -1;
    input->students = calloc((size_t)input->n_students + 1, sizeof *input->students);
    if (input->students == NULL)
        return report_no_memory(report);
    input->first_line = lines.number + 1;
    for (uint32_t i = 0; i < input->n_students; i++)
        if (entries_read_student(&lines, input, i, plain) != 0)
            return -1;
    if (plain)
        report_note(report, "the references are plain: this is an example, not the record of a real round");
    return lines_done(&lines);
}

void
input_free(struct input *input)
{
    facts_free_places(&input->places);
    free(input->offers);
    free(input->students);
    free(input->entries);
    free(input->facts);
    free(input->table);
    free(input->listed);
    free(input->pinned);
}
