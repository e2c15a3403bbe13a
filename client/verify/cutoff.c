// SPDX-License-Identifier: Apache-2.0
#include "client/verify/cutoff.h"
#include "client/verify/result.h"
#include <stdlib.h>

struct holder {
    uint64_t key;
    uint32_t offer;
    uint8_t kind; // 0 pinned, 1 referred, 2 not
    bool referred;
};

static int
by_offer_kind_and_key(const void *a, const void *b)
{
    const struct holder *one = a, *two = b;

    if (one->offer != two->offer)
        return one->offer < two->offer ? -1 : 1;
    if (one->kind != two->kind)
        return one->kind < two->kind ? -1 : 1;
    return (one->key > two->key) - (one->key < two->key);
}

static size_t
collect(const struct input *input, const struct lottery *lottery, const size_t *placed,
        struct holder *holders)
{
    size_t n = 0;

    for (uint32_t i = 0; i < input->n_students; i++)
        if (placed[i] != RESULT_NONE) {
            bool referred = input->students[i].referred;

            holders[n++] = (struct holder){
                .key = lottery_key(input, lottery, i, placed[i]),
                .offer = input->entries[placed[i]].offer,
                .kind = input->entries[placed[i]].kind == INPUT_PINNED ? 0
                        : referred                                     ? 1
                                                                       : 2,
                .referred = referred,
            };
        }
    qsort(holders, n, sizeof *holders, by_offer_kind_and_key);
    return n;
}

// The holders of one offer: those who are pinned, then the referred, then the others, each by key.
static void
price(const struct input_offer *offer, const struct holder *holders, uint32_t n, struct cutoff *cutoff)
{
    uint32_t pinned = 0, referred = 0, reserve = offer->reserve, others, m;
    uint64_t worst_referred, worst_other, worst;

    for (uint32_t i = 0; i < n; i++) {
        pinned += holders[i].kind == 0;
        referred += holders[i].referred;
        reserve -= holders[i].kind == 0 && holders[i].referred && reserve > 0;
    }
    cutoff->held = n;
    cutoff->held_referred = referred;
    cutoff->seats = offer->seats > pinned ? offer->seats - pinned : 0;
    reserve = reserve < cutoff->seats ? reserve : cutoff->seats;
    for (m = 0; pinned + m < n && holders[pinned + m].kind == 1;)
        m++;
    others = n - pinned - m;
    worst_referred = m > 0 ? holders[pinned + m - 1].key : 0;
    worst_other = others > 0 ? holders[n - 1].key : 0;
    worst = worst_referred > worst_other ? worst_referred : worst_other;
    cutoff->n_reserved = m < reserve ? m : reserve;
    cutoff->worst_reserved = cutoff->n_reserved > 0 ? holders[pinned + cutoff->n_reserved - 1].key : 0;
    if (cutoff->seats == 0)
        return; // both are CLOSED
    if (m + others < cutoff->seats) {
        cutoff->general.kind = cutoff->referred.kind = CUTOFF_OPEN;
        return;
    }
    if (m > reserve)
        cutoff->general = (struct cutoff_bound){CUTOFF_KEY, worst, m + others};
    else if (others > 0)
        cutoff->general = (struct cutoff_bound){CUTOFF_KEY, worst_other, others};
    if (m < reserve)
        cutoff->referred.kind = CUTOFF_OPEN;
    else
        cutoff->referred = (struct cutoff_bound){CUTOFF_KEY, worst, m + others};
}

struct cutoff *
cutoff_compute(const struct input *input, const struct lottery *lottery, const size_t *placed,
               struct report *report)
{
    struct holder *holders = calloc((size_t)input->n_students + 1, sizeof *holders);
    struct cutoff *cutoffs = calloc((size_t)input->n_offers + 1, sizeof *cutoffs);
    size_t n, from = 0;

    if (holders == NULL || cutoffs == NULL) {
        free(holders);
        free(cutoffs);
        report_no_memory(report);
        return NULL;
    }
    n = collect(input, lottery, placed, holders);
    for (uint32_t offer = 0; offer < input->n_offers; offer++) {
        size_t to = from;

        while (to < n && holders[to].offer == offer)
            to++;
        price(&input->offers[offer], holders + from, (uint32_t)(to - from), &cutoffs[offer]);
        if (to - from > input->offers[offer].seats)
            report_fault(report, "result", 0, "capacity", "offer %.*s has %u seats and %zu holders",
                         SLICE_ARGS(input->offers[offer].ref), input->offers[offer].seats, to - from);
        from = to;
    }
    free(holders);
    return cutoffs;
}

bool
cutoff_admits(const struct cutoff_bound *bound, uint64_t key)
{
    return bound->kind == CUTOFF_OPEN || (bound->kind == CUTOFF_KEY && key < bound->key);
}

void
cutoff_check_stable(const struct input *input, const struct lottery *lottery, const size_t *placed,
                    const struct cutoff *cutoffs, struct report *report)
{
    for (uint32_t i = 0; i < input->n_students; i++) {
        const struct input_student *student = &input->students[i];
        size_t end = placed[i] != RESULT_NONE ? placed[i] : student->last;

        for (size_t entry = student->first; entry < end; entry++) {
            const struct cutoff *cutoff = &cutoffs[input->entries[entry].offer];
            uint64_t key = lottery_key(input, lottery, i, entry);

            if (input->entries[entry].kind == INPUT_ELIGIBLE &&
                cutoff_admits(student->referred ? &cutoff->referred : &cutoff->general, key))
                report_fault(report, "result", (size_t)i + 1, "blocking",
                             "student %.*s prefers offer %.*s, which would take it with class %u, lottery %u",
                             SLICE_ARGS(student->ref),
                             SLICE_ARGS(input->offers[input->entries[entry].offer].ref),
                             (unsigned)(key >> 32), (unsigned)key);
        }
    }
}

void
cutoff_add_text(struct text *text, const struct cutoff_bound *bound)
{
    if (bound->kind == CUTOFF_KEY)
        text_add(text, "%u,%u", (unsigned)(bound->key >> 32), (unsigned)bound->key);
    else
        text_add(text, "%s", bound->kind == CUTOFF_OPEN ? "OPEN" : "CLOSED");
}
