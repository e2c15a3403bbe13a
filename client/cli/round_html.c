// SPDX-License-Identifier: Apache-2.0
// Seats are added up in cells of one region and kind. A cell is told of only if ten students or more are
// placed there; all others are added up as one, into which the next smallest goes until that is large enough
// too, so that nothing follows from what is left out.
#include "client/cli/round_html.h"
#include "client/cli/round_bins.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 65u

struct cell {
    char region[WORD_MAX], kind[WORD_MAX];
    uint64_t seats, held;
};

struct round_html {
    struct cell *cells;
    size_t n, room;
};

struct round_html *
round_html_new(void)
{
    return calloc(1, sizeof(struct round_html));
}

void
round_html_free(struct round_html *html)
{
    if (html != NULL)
        free(html->cells);
    free(html);
}

// The value of a fact in a line; "" if there is none.
static void
find_fact(const char *line, const char *name, char out[WORD_MAX])
{
    const char *at = strstr(line, name);
    size_t len;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    len = strcspn(at, " \n");
    if (len < WORD_MAX) {
        memcpy(out, at, len);
        out[len] = '\0';
    }
}

static struct cell *
find_cell(struct round_html *html, const char *region, const char *kind)
{
    struct cell *larger;

    for (size_t i = 0; i < html->n; i++) {
        if (strcmp(html->cells[i].region, region) == 0 && strcmp(html->cells[i].kind, kind) == 0)
            return &html->cells[i];
    }
    if (html->n == html->room) {
        html->room = html->room == 0 ? 64 : 2 * html->room;
        larger = realloc(html->cells, html->room * sizeof *larger);
        if (larger == NULL)
            return NULL;
        html->cells = larger;
    }
    html->cells[html->n] = (struct cell){.seats = 0};
    snprintf(html->cells[html->n].region, WORD_MAX, "%s", region);
    snprintf(html->cells[html->n].kind, WORD_MAX, "%s", kind);
    return &html->cells[html->n++];
}

int
round_html_offer(struct round_html *html, const char *input, const char *cutoffs)
{
    char region[WORD_MAX], kind[WORD_MAX];
    uint64_t seats = 0, held = 0;
    struct cell *cell;

    find_fact(input, " place=", region);
    find_fact(input, " kind=", kind);
    if (sscanf(cutoffs, "%*s %" SCNu64 " %*u %" SCNu64, &seats, &held) != 2)
        return 0;
    cell = find_cell(html, region[0] == '\0' ? "-" : region, kind);
    if (cell == NULL)
        return -ENOMEM;
    cell->seats += seats;
    cell->held += held;
    return 0;
}

// ---- The page

static int
compare_held(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;

    return x->held < y->held ? -1 : x->held > y->held;
}

static int
compare_names(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    int order = strcmp(x->region, y->region);

    return order != 0 ? order : strcmp(x->kind, y->kind);
}

// Adds up the small cells as one, in front; returns how many cells are behind it. *some tells whether there
// is one.
static size_t
gather(struct round_html *html, struct cell *rest, bool *some)
{
    size_t i = 0;

    qsort(html->cells, html->n, sizeof *html->cells, compare_held);
    *rest = (struct cell){.region = "other", .kind = "other"};
    while (i < html->n &&
           (html->cells[i].held < ROUND_BINS_SMALL || (i > 0 && rest->held < ROUND_BINS_SMALL))) {
        rest->seats += html->cells[i].seats;
        rest->held += html->cells[i++].held;
    }
    *some = i > 0;
    qsort(html->cells + i, html->n - i, sizeof *html->cells, compare_names);
    return i;
}

static void
put_bar(FILE *out, const char *label, uint64_t count, uint64_t most, const char *note)
{
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td><div class=\"bar\" style=\"width:%.1f%%\"></div></td><td "
            "class=\"n\">%" PRIu64 "%s</td></tr>\n",
            label, most == 0 ? 0.0 : 100.0 * (double)count / (double)most, count, note);
}

static void
bin_label(const struct round_bin *bin, char *out, size_t size)
{
    char last[24] = "none";

    if (bin->last != 0)
        snprintf(last, sizeof last, "%zu", bin->last);
    if (bin->first == bin->last)
        snprintf(out, size, "%s", last);
    else
        snprintf(out, size, "%zu to %s", bin->first, last);
}

static void
put_bins(FILE *out, const struct round_bins *bins, int kind)
{
    uint64_t most = 0;
    char label[64];

    for (size_t i = 0; i < bins->n; i++)
        most = bins->bins[i].all > most ? bins->bins[i].all : most;
    fputs("<table>\n", out);
    for (size_t i = 0; i < bins->n; i++) {
        const struct round_bin *bin = &bins->bins[i];

        bin_label(bin, label, sizeof label);
        put_bar(out, label,
                kind == 0   ? bin->all
                : kind == 1 ? bin->referred
                            : bin->all - bin->referred,
                most, "");
    }
    fputs("</table>\n", out);
}

static void
put_cell(FILE *out, const struct cell *cell)
{
    uint64_t left = cell->seats - cell->held;

    fprintf(out,
            "<tr><td>%s</td><td>%s</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64
            "</td></tr>\n",
            cell->region, cell->kind, cell->seats, left);
}

static void
put_seats(struct round_html *html, FILE *out)
{
    struct cell rest;
    bool some;
    size_t from = gather(html, &rest, &some);

    fputs("<h2>Seats left</h2>\n<table><tr><th>Region</th><th>Kind</th><th>Seats</th><th>Left</th></tr>\n",
          out);
    for (size_t i = from; i < html->n; i++)
        put_cell(out, &html->cells[i]);
    if (some && rest.held >= ROUND_BINS_SMALL)
        put_cell(out, &rest);
    fputs("</table>\n", out);
    if (some && rest.held < ROUND_BINS_SMALL)
        fputs("<p>Groups in which fewer than 10 students are placed are left out.</p>\n", out);
}

static void
put_head(FILE *out, const Kansen__V1__Round *round)
{
    fprintf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Round %s</title>\n<style>\n"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 "
        "1rem;color:#1a1a1a}\n"
        "table{border-collapse:collapse;width:100%%;margin:.5rem 0 "
        "1.5rem}th,td{text-align:left;padding:.2rem .5rem}\n"
        "th[scope=row]{width:8rem;font-weight:normal}.n{text-align:right;width:7rem;font-variant-numeric:"
        "tabular-nums}\n"
        ".bar{background:#1f6feb;height:1.1rem;border-radius:2px}\n</style></head><body>\n<h1>Round "
        "%s</h1>\n",
        round->name, round->name);
    if (round->students >= ROUND_BINS_SMALL)
        fprintf(out, "<p>%" PRIu64 " students, %" PRIu64 " seats at %" PRIu64 " offers.</p>\n",
                round->students, round->seats, round->offers);
    else
        fputs("<p>Fewer than 10 students took part, so nothing is told of them.</p>\n", out);
    if (round->own_lotteries > 0)
        fprintf(out, "<p>Of %" PRIu64 " offers, %" PRIu64 " drew a lottery of their own.</p>\n",
                round->offers, round->own_lotteries);
}

static int
put_page(struct round_html *html, const Kansen__V1__Round *round, FILE *out)
{
    struct round_bins bins;

    if (round_bins_make(round, &bins) != 0)
        return -ENOMEM;
    put_head(out, round);
    if (bins.n > 0) {
        fputs("<h2>Choice obtained</h2>\n", out);
        put_bins(out, &bins, 0);
        if (bins.by_referral) {
            fputs("<h3>Students whom the school refers</h3>\n", out);
            put_bins(out, &bins, 1);
            fputs("<h3>Other students</h3>\n", out);
            put_bins(out, &bins, 2);
        }
        put_seats(html, out);
    }
    fputs("</body></html>\n", out);
    free(bins.bins);
    return 0;
}

int
round_html_save(struct cli *cli, struct round_html *html, const Kansen__V1__Round *round, const char *path)
{
    FILE *out;
    bool bad;
    int rc;

    if (path == NULL)
        return CLI_OK;
    out = fopen(path, "we");
    if (out == NULL)
        return cli_fail(cli, "UNAVAILABLE", "", "%s can not be written: %s", path, strerror(errno));
    rc = put_page(html, round, out);
    bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad)
        return cli_fail(cli, "UNAVAILABLE", "", "%s can not be written: %s", path, strerror(errno));
    return rc == 0 ? CLI_OK : cli_no_memory(cli);
}
