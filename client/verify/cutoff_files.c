// SPDX-License-Identifier: Apache-2.0
#include "client/verify/cutoff_files.h"
#include "client/verify/record.h"

// What is not told in public: the worst key of a few, or that there are none of a kind.
static bool
is_hidden(const struct cutoff_bound *bound, bool general, const struct cutoff *cutoff)
{
    if (bound->kind == CUTOFF_KEY)
        return bound->n_holders < CUTOFF_PUBLIC;
    return general && bound->kind == CUTOFF_CLOSED && cutoff->seats > 0;
}

// Which fields of an offer's line are told in public.
struct told {
    bool held_referred, general, referred;
};

static struct told
choose_told(const struct input_offer *offer, const struct cutoff *cutoff, uint64_t form)
{
    uint32_t others = cutoff->held - cutoff->held_referred;
    struct told told = {.held_referred = cutoff->held_referred >= CUTOFF_PUBLIC && others >= CUTOFF_PUBLIC,
                        .general = !is_hidden(&cutoff->general, true, cutoff),
                        .referred = !is_hidden(&cutoff->referred, false, cutoff)};

    // Both bounds together tell how many of the holders are referred, one alone does not where there are many
    // seats beside the reserve: then it is told however many are.
    if (form >= RECORD_FORM && !told.held_referred && offer->reserve > 0 && cutoff->seats > 0 &&
        cutoff->held == offer->seats) {
        told.referred = false;
        told.general = told.general && cutoff->seats >= offer->reserve + CUTOFF_PUBLIC;
    }
    return told;
}

static void
add_bound(struct text *text, bool told, const struct cutoff_bound *bound)
{
    text_add(text, " ");
    if (told)
        cutoff_add_text(text, bound);
    else
        text_add(text, "*");
}

static void
make_line(struct text *text, const struct input_offer *offer, const struct cutoff *cutoff, bool in_public,
          uint64_t form)
{
    struct told told = in_public ? choose_told(offer, cutoff, form) : (struct told){true, true, true};

    text_clear(text);
    text_add_slice(text, offer->ref);
    text_add(text, " %u %u %u ", offer->seats, offer->reserve, cutoff->held);
    if (told.held_referred)
        text_add(text, "%u", cutoff->held_referred);
    else
        text_add(text, "*");
    add_bound(text, told.general, &cutoff->general);
    add_bound(text, told.referred, &cutoff->referred);
}

static int
check(struct lines *lines, const struct input *input, const struct cutoff *cutoffs, bool in_public,
      uint64_t form, struct text *text)
{
    for (uint32_t i = 0; i < input->n_offers; i++) {
        char who[96];

        if (in_public && cutoffs[i].held < CUTOFF_PUBLIC)
            continue;
        if (lines_next(lines) != 0)
            return -1;
        make_line(text, &input->offers[i], &cutoffs[i], in_public, form);
        if (text->short_of_memory)
            return report_no_memory(lines->report);
        snprintf(who, sizeof who, "offer %.*s: ", SLICE_ARGS(input->offers[i].ref));
        lines_expect(lines, text_slice(text), in_public ? "suppression" : "cutoff", who);
    }
    if (in_public && lines->at < lines->end)
        return report_fault(lines->report, lines->file, lines->number + 1, "suppression",
                            "more offers are told of than may be");
    return lines_done(lines);
}

int
cutoff_files_check(struct slice file, const struct input *input, const struct cutoff *cutoffs,
                   struct report *report)
{
    struct lines lines = lines_of("cutoffs", file, report);
    struct text text = {0};
    int rc = check(&lines, input, cutoffs, false, 0, &text);

    text_free(&text);
    return rc;
}

int
cutoff_files_check_public(struct slice file, uint64_t form, const struct input *input,
                          const struct cutoff *cutoffs, struct report *report)
{
    struct lines lines = lines_of("public-cutoffs", file, report);
    struct text text = {0};
    int rc = check(&lines, input, cutoffs, true, form, &text);

    text_free(&text);
    return rc;
}
