// SPDX-License-Identifier: Apache-2.0
// Cells are gone through from rank 1 to none and gathered until a bin is large enough; a rest goes into the
// last bin. Where the number of those who are placed, less those of the public cutoffs, would tell of few,
// the last rank and none are one cell.
#include "client/cli/round_bins.h"
#include "client/cli/round_record.h"
#include <errno.h>
#include <stdlib.h>

uint64_t
round_bins_count(const Kansen__V1__Round *round, size_t rank, bool referred)
{
    size_t n = referred ? round->n_ranks_referred : round->n_ranks;
    const uint64_t *ranks = referred ? round->ranks_referred : round->ranks;

    if (rank == 0)
        return referred ? round->referred - round->assigned_referred : round->students - round->assigned;
    return rank <= n ? ranks[rank - 1] : 0;
}

static bool
is_large(const struct round_bins *bins, const struct round_bin *bin)
{
    if (!bins->by_referral)
        return bin->all >= ROUND_BINS_SMALL;
    return bin->referred >= ROUND_BINS_SMALL && bin->all - bin->referred >= ROUND_BINS_SMALL;
}

static bool
must_join(const Kansen__V1__Round *round, bool by_referral)
{
    return round->record_form >= ROUND_RECORD_FORM &&
           (round_bins_is_few(round->apart) || (by_referral && (round_bins_is_few(round->apart_referred) ||
                                                                round_bins_is_few(round->apart_others))));
}

int
round_bins_make(const Kansen__V1__Round *round, struct round_bins *out)
{
    struct round_bin bin = {0};
    bool begun = false;

    *out = (struct round_bins){.by_referral = round->referred >= ROUND_BINS_SMALL &&
                                              round->students - round->referred >= ROUND_BINS_SMALL};
    out->joined = must_join(round, out->by_referral);
    out->bins = calloc(round->n_ranks + 1, sizeof out->bins[0]);
    if (out->bins == NULL)
        return -ENOMEM;
    for (size_t cell = 1; cell <= round->n_ranks + 1; cell++) {
        size_t rank = cell <= round->n_ranks ? cell : 0;

        if (!begun)
            bin = (struct round_bin){.first = rank};
        begun = true;
        bin.last = rank;
        bin.all += round_bins_count(round, rank, false);
        bin.referred += round_bins_count(round, rank, true);
        if (is_large(out, &bin) && !(out->joined && rank != 0 && rank == round->n_ranks)) {
            out->bins[out->n++] = bin;
            begun = false;
        }
    }
    if (begun && out->n > 0) {
        out->bins[out->n - 1].last = bin.last;
        out->bins[out->n - 1].all += bin.all;
        out->bins[out->n - 1].referred += bin.referred;
    }
    return 0;
}
