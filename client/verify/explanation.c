// SPDX-License-Identifier: Apache-2.0
#include "client/verify/explanation.h"
#include "client/verify/result.h"

struct view {
    const struct input *input;
    const struct lottery *lottery;
    const size_t *placed;
    const struct cutoff *cutoffs;
};

static void
add_key(struct text *text, uint64_t key)
{
    text_add(text, ";%u,%u", (unsigned)(key >> 32), (unsigned)key);
}

static void
add_reason(struct text *text, const struct input_student *student, const struct cutoff *cutoff, uint64_t key)
{
    const struct cutoff_bound *bound = student->referred ? &cutoff->referred : &cutoff->general;
    bool behind_reserve = !student->referred && cutoff->n_reserved > 0 && key < cutoff->worst_reserved;

    if (bound->kind != CUTOFF_KEY) // OPEN only where a blocking pair has been reported
        text_add(text, "closed");
    else
        text_add(text, key >> 32 > bound->key >> 32 ? "class" : "lottery");
    text_add(text, "%s", behind_reserve ? "+reserve" : "");
    add_key(text, key);
    if (bound->kind == CUTOFF_KEY) {
        text_add(text, ";");
        cutoff_add_text(text, bound);
    }
}

static void
add_entry(struct text *text, const struct view *view, uint32_t index, size_t entry)
{
    const struct input_student *student = &view->input->students[index];
    const struct input_entry *wish = &view->input->entries[entry];
    const struct cutoff *cutoff = &view->cutoffs[wish->offer];
    uint64_t key = lottery_key(view->input, view->lottery, index, entry);

    text_add(text, " ");
    text_add_slice(text, view->input->offers[wish->offer].ref);
    text_add(text, "=");
    if (wish->kind == INPUT_INELIGIBLE) {
        text_add(text, "ineligible;%.*s", SLICE_ARGS(view->input->rule.line[wish->class].name));
    } else if (entry != view->placed[index]) {
        add_reason(text, student, cutoff, key);
    } else if (wish->kind == INPUT_PINNED) {
        text_add(text, "pinned");
    } else {
        bool reserved = student->referred && cutoff->n_reserved > 0 && key <= cutoff->worst_reserved;

        text_add(text, "%s", reserved ? "reserve" : "open");
        add_key(text, key);
        text_add(text, ";");
        cutoff_add_text(text, student->referred ? &cutoff->referred : &cutoff->general);
    }
}

static void
make_line(struct text *text, const struct view *view, uint32_t index)
{
    const struct input_student *student = &view->input->students[index];
    size_t placed = view->placed[index], end = placed != RESULT_NONE ? placed + 1 : student->last;

    text_clear(text);
    text_add_slice(text, student->ref);
    text_add(text, " %u %u %zu %zu", view->lottery->rank[index], view->input->n_students,
             result_rank(view->input, index, placed), student->last - end);
    for (size_t entry = student->first; entry < end; entry++)
        add_entry(text, view, index, entry);
}

int
explanation_check(struct slice file, const struct input *input, const struct lottery *lottery,
                  const size_t *placed, const struct cutoff *cutoffs, struct report *report)
{
    struct view view = {input, lottery, placed, cutoffs};
    struct lines lines = lines_of("explanations", file, report);
    struct text text = {0};
    int rc = 0;

    for (uint32_t i = 0; i < input->n_students && rc == 0; i++) {
        char who[96];

        rc = lines_next(&lines);
        if (rc != 0)
            break;
        make_line(&text, &view, i);
        if (text.short_of_memory) {
            rc = report_no_memory(report);
            break;
        }
        snprintf(who, sizeof who, "student %.*s: ", SLICE_ARGS(input->students[i].ref));
        lines_expect(&lines, text_slice(&text), "explanation", who);
    }
    text_free(&text);
    return rc != 0 ? rc : lines_done(&lines);
}
