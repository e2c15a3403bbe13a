// SPDX-License-Identifier: Apache-2.0
// A page as the bytes of a kansen.v1.MatchResponse. Pure.
#ifndef MATCH_ENCODE_H
#define MATCH_ENCODE_H

#include "match/page.h"
#include <stdint.h>

// Fills in the sizes of a page and its hits.
void encode_measure(struct match_page *page);

// Writes the page->size bytes of a page.
void encode_page(const struct match_page *page, uint8_t *to);

// The same for one hit alone, as a kansen.v1.Match of hit->size bytes.
void encode_measure_hit(struct hit *hit);
uint8_t *encode_hit(uint8_t *to, const struct hit *hit); // returns where it ends

#endif
