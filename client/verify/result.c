// SPDX-License-Identifier: Apache-2.0
#include "client/verify/result.h"

size_t
result_rank(const struct input *input, uint32_t student, size_t placed)
{
    return placed == RESULT_NONE ? 0 : placed - input->students[student].first + 1;
}

// The entry of a student's list that has this offer.
static size_t
find_entry(const struct input *input, const struct input_student *student, struct slice offer)
{
    for (size_t entry = student->first; entry < student->last; entry++)
        if (slice_equal(input->offers[input->entries[entry].offer].ref, offer))
            return entry;
    return RESULT_NONE;
}

static void
check_place(const struct lines *lines, const struct input *input, uint32_t index, struct slice offer,
            uint64_t rank, size_t entry)
{
    const struct input_student *student = &input->students[index];

    if (slice_is(offer, "-") ? rank != 0 : entry != RESULT_NONE && rank != result_rank(input, index, entry))
        report_fault(lines->report, lines->file, lines->number, "rank",
                     "student %.*s, offer %.*s: the record has rank %llu, on the list it is %zu",
                     SLICE_ARGS(student->ref), SLICE_ARGS(offer), (unsigned long long)rank,
                     result_rank(input, index, entry));
    if (slice_is(offer, "-")) {
        if (student->last > student->first && input->entries[student->last - 1].kind == INPUT_PINNED)
            report_fault(lines->report, lines->file, lines->number, "pinned",
                         "student %.*s lost the offer that it holds from an earlier round",
                         SLICE_ARGS(student->ref));
    } else if (entry == RESULT_NONE) {
        report_fault(lines->report, lines->file, lines->number, "listed",
                     "student %.*s is placed at offer %.*s, which is not on its list",
                     SLICE_ARGS(student->ref), SLICE_ARGS(offer));
    } else if (input->entries[entry].kind == INPUT_INELIGIBLE) {
        const struct rule_line *line = &input->rule.line[input->entries[entry].class];

        report_fault(
            lines->report, lines->file, lines->number, "eligible",
            "student %.*s is placed at offer %.*s, for which line %.*s of the rule makes it ineligible",
            SLICE_ARGS(student->ref), SLICE_ARGS(offer), SLICE_ARGS(line->name));
    }
}

static int
read_line(struct lines *lines, const struct input *input, uint32_t index, size_t *placed)
{
    const struct input_student *student = &input->students[index];
    struct slice ref, offer;
    uint64_t rank;
    size_t entry;

    if (lines_next(lines) != 0 || lines_ref(lines, "student", &ref) != 0 ||
        lines_field(lines, "offer", &offer) != 0)
        return -1;
    if (!slice_equal(ref, student->ref))
        return lines_bad(lines, "student", ref, "the student whose turn it is in the input");
    if (!slice_is(offer, "-") && !lines_is_ref(offer))
        return lines_bad(lines, "offer", offer, "an offer or -");
    if (lines_number(lines, "rank", UINT32_MAX, &rank) != 0 || lines_end(lines) != 0)
        return -1;
    entry = find_entry(input, student, offer);
    check_place(lines, input, index, offer, rank, entry);
    *placed = entry != RESULT_NONE && input->entries[entry].kind != INPUT_INELIGIBLE ? entry : RESULT_NONE;
    return 0;
}

int
result_read(struct slice file, const struct input *input, struct report *report, size_t *placed)
{
    struct lines lines = lines_of("result", file, report);

    for (uint32_t i = 0; i < input->n_students; i++)
        if (read_line(&lines, input, i, &placed[i]) != 0)
            return -1;
    return lines_done(&lines);
}
