// SPDX-License-Identifier: Apache-2.0
// One page with what a school board would ask of a round: choices obtained, by referral, seats left by region
// and kind. It stands alone, without scripts, and tells of no group under ten. One thread.
#ifndef CLIENT_CLI_ROUND_HTML_H
#define CLIENT_CLI_ROUND_HTML_H

#include "client/cli/cli.h"

struct round_html;

struct round_html *round_html_new(void) MUST_CHECK; // NULL when memory is short
void round_html_free(struct round_html *html);      // NULL is safe

// Takes the line of an offer in the file input, and that in cutoffs: its region, its kind, seats and holders.
// 0 or -ENOMEM.
int round_html_offer(struct round_html *html, const char *input, const char *cutoffs) MUST_CHECK;

// Writes the page to a file, if its path is not NULL; language is an enum round_html_language or 0 for Dutch.
// The daemon is asked for the names of municipalities. A cli_status.
int round_html_save(struct cli *cli, struct round_html *html, const Kansen__V1__Round *round, int language,
                    const char *path) MUST_CHECK;

// Removes a page that was written, where it is a file: nothing stays of an export that fails. NULL is safe.
void round_html_drop(const char *path);

#endif
