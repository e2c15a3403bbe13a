// SPDX-License-Identifier: Apache-2.0
// Seats are added up in cells of one municipality and kind. A cell is told of only if ten students or more
// are placed there, and none or ten or more of them at small offers, as those of others are public. All other
// cells are added up as one, into which the next smallest goes until that is large enough too. Who has no
// seat is told as a number only if it is no small one, and neither is what is then left of the last bin; else
// that row of the rest is left out, so that the number does not follow from all who are placed.
#include "client/cli/round_html.h"
#include "client/cli/pages.h"
#include "client/cli/round_bins.h"
#include "client/cli/round_html_words.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_MAX   65u
#define NAME_BYTES 801u // 200 characters

struct cell {
    char region[WORD_MAX], kind[WORD_MAX], name[NAME_BYTES];
    uint64_t seats, held;
    uint64_t small; // of those held, at offers with few holders
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
    snprintf(html->cells[html->n].name, NAME_BYTES, "%s", region);
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
    cell->small += held < ROUND_BINS_SMALL ? held : 0;
    return 0;
}

// ---- Names

static void
name_region(struct round_html *html, const Kansen__V1__Region *region)
{
    for (size_t i = 0; i < html->n; i++) {
        if (strcmp(html->cells[i].region, region->code) == 0)
            snprintf(html->cells[i].name, NAME_BYTES, "%s", region->name);
    }
}

static int
name_regions(void *arg, const Kansen__V1__Response *page)
{
    for (size_t i = 0; i < page->list_regions->n_regions; i++)
        name_region(arg, page->list_regions->regions[i]);
    return CLI_OK;
}

// The daemon knows the names of the municipalities; a code without one stays.
static int
find_names(struct cli *cli, struct round_html *html)
{
    Kansen__V1__ListRegionsRequest list = KANSEN__V1__LIST_REGIONS_REQUEST__INIT;

    list.type = KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY;
    return pages_each(cli, KANSEN__V1__REQUEST__BODY_LIST_REGIONS, &list.base, name_regions, html);
}

// ---- What is told

struct page {
    const struct round_html_words *words;
    const Kansen__V1__Round *round;
    struct round_bins bins;
    bool exact; // who has no seat is told as a number
    FILE *out;
};

// Whether the number of those without a seat may be told beside the last bin, which they are in.
static bool
may_tell_none(const Kansen__V1__Round *round, const struct round_bins *bins)
{
    uint64_t none = round_bins_count(round, 0, false);

    return bins->n > 0 && !bins->joined && !round_bins_is_few(none) &&
           !round_bins_is_few(bins->bins[bins->n - 1].all - none);
}

static bool
may_tell_cell(const struct cell *cell)
{
    return cell->held >= ROUND_BINS_SMALL && !round_bins_is_few(cell->small);
}

static int
compare_told(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    bool told = may_tell_cell(x), other = may_tell_cell(y);

    if (told != other)
        return told ? 1 : -1;
    return x->held < y->held ? -1 : x->held > y->held;
}

static int
compare_names(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->kind, y->kind);
}

// Adds up the cells that are not told of by themselves, in front; returns how many these are.
static size_t
gather(struct round_html *html, bool exact, struct cell *rest)
{
    size_t i = 0;

    qsort(html->cells, html->n, sizeof *html->cells, compare_told);
    *rest = (struct cell){.seats = 0};
    while (i < html->n && (!may_tell_cell(&html->cells[i]) || ((i > 0 || !exact) && !may_tell_cell(rest)))) {
        rest->seats += html->cells[i].seats;
        rest->small += html->cells[i].small;
        rest->held += html->cells[i++].held;
    }
    qsort(html->cells + i, html->n - i, sizeof *html->cells, compare_names);
    return i;
}

// ---- The page

static void
put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else
            fputc(*text, out);
    }
}

static void
put_bar(FILE *out, const char *label, uint64_t count, uint64_t most)
{
    fprintf(out,
            "<tr><th scope=\"row\">%s</th><td><div class=\"bar\" style=\"width:%.1f%%\"></div></td><td "
            "class=\"n\">%" PRIu64 "</td></tr>\n",
            label, most == 0 ? 0.0 : 100.0 * (double)count / (double)most, count);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" // the formats are those of the table of words
static void
bin_label(const struct page *page, const struct round_bin *bin, char *out, size_t size)
{
    if (bin->first == bin->last && bin->last == 0)
        snprintf(out, size, "%s", page->words->none);
    else if (bin->last == 0)
        snprintf(out, size, page->words->or_none, bin->first);
    else if (bin->last >= ROUND_BINS_RANKS)
        snprintf(out, size, page->words->or_further, bin->first);
    else if (bin->first == bin->last)
        snprintf(out, size, page->words->one, bin->first);
    else
        snprintf(out, size, page->words->to, bin->first, bin->last);
}

// Those without a seat: a number of its own, or that of the last bin, which is at least as large.
static void
put_none(const struct page *page)
{
    uint64_t none = page->exact ? round_bins_count(page->round, 0, false)
                                : page->bins.bins[page->bins.n - 1].all,
             share = page->round->students == 0
                         ? 0
                         : (1000 * none + page->round->students / 2) / page->round->students;

    fputs("<p>", page->out);
    fprintf(page->out, page->exact ? page->words->none_exact : page->words->none_most, none, share / 10,
            page->words->point, share % 10);
    fputs("</p>\n", page->out);
}

static void
put_intro(const struct page *page)
{
    const Kansen__V1__Round *round = page->round;

    fputs("<p>", page->out);
    if (round->students >= ROUND_BINS_SMALL)
        fprintf(page->out, page->words->intro, round->students, round->seats, round->offers);
    else
        fputs(page->words->few, page->out);
    if (round->students >= ROUND_BINS_SMALL && round->own_lotteries > 0) {
        fputc(' ', page->out);
        fprintf(page->out, page->words->own_lotteries, round->own_lotteries, round->offers);
    }
    fputs("</p>\n", page->out);
}
#pragma GCC diagnostic pop

static void
put_bins(const struct page *page, const char *heading, int kind)
{
    uint64_t most = 0;
    char label[64];

    for (size_t i = 0; i < page->bins.n; i++)
        most = page->bins.bins[i].all > most ? page->bins.bins[i].all : most;
    fprintf(page->out, kind == 0 ? "<h2>%s</h2>\n<table>\n" : "<h3>%s</h3>\n<table>\n", heading);
    for (size_t i = 0; i < page->bins.n; i++) {
        const struct round_bin *bin = &page->bins.bins[i];

        bin_label(page, bin, label, sizeof label);
        put_bar(page->out, label,
                kind == 0   ? bin->all
                : kind == 1 ? bin->referred
                            : bin->all - bin->referred,
                most);
    }
    fputs("</table>\n", page->out);
}

static void
put_cell(const struct page *page, const struct cell *cell)
{
    int kind = names_value(&names_offer_kind, cell->kind, strlen(cell->kind));

    fputs("<tr><td>", page->out);
    put_escaped(page->out, cell->name);
    if (strcmp(cell->name, cell->region) != 0)
        fprintf(page->out, " (%s)", cell->region);
    fprintf(page->out,
            "</td><td>%s</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
            kind > 0 ? page->words->kinds[kind] : cell->kind, cell->seats, cell->seats - cell->held);
}

static void
put_seats(const struct page *page, struct round_html *html)
{
    const char *const *columns = page->words->columns;
    struct cell rest;
    size_t from = gather(html, page->exact, &rest);
    bool told = page->exact && may_tell_cell(&rest);

    fprintf(page->out,
            "<h2>%s</h2>\n<table><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
            "scope=\"col\">%s</th><th scope=\"col\">%s</th></tr>\n",
            page->words->seats_left, columns[0], columns[1], columns[2], columns[3]);
    for (size_t i = from; i < html->n; i++)
        put_cell(page, &html->cells[i]);
    if (told) {
        snprintf(rest.name, sizeof rest.name, "%s", page->words->rest);
        snprintf(rest.region, sizeof rest.region, "%s", page->words->rest);
        snprintf(rest.kind, sizeof rest.kind, "%s", page->words->rest);
        put_cell(page, &rest);
    }
    fputs("</table>\n", page->out);
    if (from > 0)
        fprintf(page->out, "<p>%s</p>\n", page->words->left_out);
}

static void
put_head(const struct page *page)
{
    const char *word = page->words->round, *name = page->round->name;

    fprintf(
        page->out,
        "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>%s %s</title>\n<style>\n"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 "
        "1rem;color:#1a1a1a}\n"
        "table{border-collapse:collapse;width:100%%;margin:.5rem 0 "
        "1.5rem}th,td{text-align:left;padding:.2rem .5rem}\n"
        "th[scope=row]{width:12rem;font-weight:normal}.n{text-align:right;width:7rem;font-variant-numeric:"
        "tabular-nums}\n"
        ".bar{background:#1f6feb;height:1.1rem;border-radius:2px;-webkit-print-color-adjust:exact;print-"
        "color-adjust:exact}\n"
        "tr{break-inside:avoid}h2,h3{break-after:avoid}\n</style></head><body>\n<h1>%s "
        "%s</h1>\n",
        page->words->code, word, name, word, name);
    put_intro(page);
}

static int
put_page(struct page *page, struct round_html *html)
{
    if (round_bins_make(page->round, &page->bins) != 0)
        return -ENOMEM;
    page->exact = may_tell_none(page->round, &page->bins);
    put_head(page);
    if (page->bins.n > 0) {
        put_bins(page, page->words->choices, 0);
        put_none(page);
        if (page->bins.by_referral) {
            put_bins(page, page->words->referred, 1);
            put_bins(page, page->words->others, 2);
        }
        put_seats(page, html);
    }
    fputs("</body></html>\n", page->out);
    free(page->bins.bins);
    return 0;
}

int
round_html_save(struct cli *cli, struct round_html *html, const Kansen__V1__Round *round, int language,
                const char *path)
{
    struct page page = {.words = round_html_words(language), .round = round};
    int rc, status = path == NULL ? CLI_OK : find_names(cli, html);
    bool bad;

    if (path == NULL || status != CLI_OK)
        return status;
    page.out = fopen(path, "we");
    if (page.out == NULL)
        return cli_fail(cli, "UNAVAILABLE", "", "%s can not be written: %s", path, strerror(errno));
    rc = put_page(&page, html);
    bad = ferror(page.out) != 0;
    if (fclose(page.out) != 0 || bad)
        status = cli_fail(cli, "UNAVAILABLE", "", "%s can not be written: %s", path, strerror(errno));
    else if (rc != 0)
        status = cli_no_memory(cli);
    if (status != CLI_OK)
        round_html_drop(path);
    return status;
}

void
round_html_drop(const char *path)
{
    struct stat about;

    if (path != NULL && lstat(path, &about) == 0 && S_ISREG(about.st_mode))
        (void)unlink(path);
}
