// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 defines it. Pure; any thread.
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// Whether text[0..len) is UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool utf8_valid(const char *text, size_t len);

// Whether text[0..len) is ASCII without NUL, as most texts are. Quicker than utf8_valid.
bool utf8_plain(const char *text, size_t len);

// The greatest length of at most len at which text can be cut without cutting a character. text must be
// UTF-8.
size_t utf8_cut(const char *text, size_t len);

#endif
