// SPDX-License-Identifier: Apache-2.0
#include "client/verify/entries.h"
#include <stdlib.h>

static int
read_kind(struct lines *lines, const struct input *input, struct slice value, struct input_entry *entry)
{
    uint64_t class;

    if (slice_is(value, "p")) {
        entry->kind = INPUT_PINNED;
        return 0;
    }
    if (value.len > 0 && value.at[0] == '!') {
        struct slice name = {value.at + 1, value.len - 1};

        entry->kind = INPUT_INELIGIBLE;
        for (entry->class = 0; entry->class < input->rule.n_lines; entry->class ++)
            if (slice_equal(input->rule.line[entry->class].name, name))
                return 0;
        return lines_bad(lines, "list", value, "! and the name of a line of the rule");
    }
    if (!lines_is_number(value, RULE_CLASS_MAX, &class))
        return lines_bad(lines, "list", value, "a class, ! and a line of the rule, or p");
    entry->class = (uint32_t) class;
    return 0;
}

// The class that the rule gives to this pair.
static void
check_class(const struct lines *lines, const struct input *input, const struct input_student *student,
            const struct facts *facts, const struct input_entry *entry)
{
    const struct input_offer *offer = &input->offers[entry->offer];
    struct facts of_offer = {offer->n_facts, offer->n_facts > 0 ? input->facts + offer->first_fact : NULL};
    struct rule_pair pair = {facts, &of_offer, student->referred, offer->reserve > 0};
    const struct rule_line *line = rule_decide(&input->rule, &input->places, &pair);
    char given[48], derived[48];

    if (line->class == RULE_INELIGIBLE
            ? entry->kind == INPUT_INELIGIBLE && line == input->rule.line + entry->class
            : entry->kind == INPUT_ELIGIBLE && line->class == entry->class)
        return;
    if (entry->kind == INPUT_INELIGIBLE)
        snprintf(given, sizeof given, "!%.*s", SLICE_ARGS(input->rule.line[entry->class].name));
    else
        snprintf(given, sizeof given, "class %u", entry->class);
    if (line->class == RULE_INELIGIBLE)
        snprintf(derived, sizeof derived, "ineligible");
    else
        snprintf(derived, sizeof derived, "class %u", line->class);
    report_fault(lines->report, lines->file, lines->number, "class",
                 "student %.*s, offer %.*s: the record has %s, line %.*s of the rule gives %s",
                 SLICE_ARGS(student->ref), SLICE_ARGS(offer->ref), given, SLICE_ARGS(line->name), derived);
}

static int
pin(const struct lines *lines, struct input *input, const struct input_student *student,
    const struct input_entry *entry)
{
    const struct input_offer *offer = &input->offers[entry->offer];

    if (!lines->over)
        return lines_bad(lines, "list", offer->ref, "a pinned offer at the end");
    if (student->seed == 0)
        return lines_bad(lines, "list", offer->ref, "no pinned offer of a student with seed 0");
    if (input->pinned[entry->offer]++ >= offer->seats)
        return lines_bad(lines, "list", offer->ref,
                         "an offer with more seats, as more students are pinned to it");
    return 0;
}

static int
add(struct input *input, const struct lines *lines, const struct input_entry *entry)
{
    if (input->n_entries == input->entries_room) {
        size_t room = input->entries_room + input->entries_room / 2 + 1024;
        struct input_entry *more = realloc(input->entries, room * sizeof *more);

        if (more == NULL)
            return report_no_memory(lines->report);
        input->entries = more;
        input->entries_room = room;
    }
    input->entries[input->n_entries++] = *entry;
    return 0;
}

static int
read_entry(struct lines *lines, struct input *input, uint32_t index, const struct facts *facts)
{
    const struct input_student *student = &input->students[index];
    struct input_entry entry = {.kind = INPUT_ELIGIBLE};
    struct slice field, ref, value;
    const char *equals;

    if (lines_field(lines, "list", &field) != 0)
        return -1;
    equals = memchr(field.at, '=', field.len);
    if (equals == NULL)
        return lines_bad(lines, "list", field, "OFFER=CLASS");
    ref = (struct slice){field.at, (size_t)(equals - field.at)};
    value = (struct slice){equals + 1, field.len - ref.len - 1};
    entry.offer = input_find_offer(input, ref);
    if (entry.offer == INPUT_NONE)
        return lines_bad(lines, "list", ref, "an offer of this record");
    if (input->listed[entry.offer] == index + 1)
        return lines_bad(lines, "list", ref, "an offer that is not yet in the list");
    input->listed[entry.offer] = index + 1;
    if (read_kind(lines, input, value, &entry) != 0)
        return -1;
    if (entry.kind != INPUT_PINNED)
        check_class(lines, input, student, facts, &entry);
    else if (pin(lines, input, student, &entry) != 0)
        return -1;
    return add(input, lines, &entry);
}

// 64 digits, as only a hash gives.
static bool
is_hashed(struct slice ref)
{
    uint8_t bytes[LINES_REF_MAX / 2];

    return ref.len == LINES_REF_MAX && digest_parse(ref, bytes) == 0;
}

static int
read_front(struct lines *lines, struct input *input, uint32_t index, bool plain)
{
    struct input_student *student = &input->students[index];
    uint64_t referred, seed;

    if (lines_next(lines) != 0 || lines_word(lines, "student") != 0 ||
        lines_ref(lines, "student", &student->ref) != 0 ||
        lines_number(lines, "referred", 1, &referred) != 0 ||
        lines_number(lines, "seed", input->terms.n_earlier, &seed) != 0)
        return -1;
    if (!plain && !is_hashed(student->ref))
        return lines_bad(lines, "student", student->ref, "64 lower-case hexadecimal digits");
    if (index > 0 && slice_compare(student->ref, student[-1].ref) <= 0)
        return lines_bad(lines, "student", student->ref, "a student who is sorted behind the one before");
    student->line = (struct slice){lines->line.at, lines->line.len + 1};
    student->referred = referred == 1;
    student->seed = (uint8_t)seed;
    return 0;
}

int
entries_read_student(struct lines *lines, struct input *input, uint32_t index, bool plain)
{
    struct facts_fact room[FACTS_MAX];
    struct facts facts = {.fact = room};
    struct input_student *student = &input->students[index];

    if (read_front(lines, input, index, plain) != 0 || facts_read(lines, true, &facts) != 0 ||
        rule_check(&input->rule, &input->places, &facts, true, lines) != 0)
        return -1;
    student->first = input->n_entries;
    while (!lines->over)
        if (read_entry(lines, input, index, &facts) != 0)
            return -1;
    student->last = input->n_entries;
    return 0;
}
