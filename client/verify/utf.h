// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629). Pure; any thread.
#ifndef VERIFY_UTF_H
#define VERIFY_UTF_H

#include "client/verify/slice.h"

// Whether text is UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF) without control characters
// (U+0000..U+001F, U+007F..U+009F).
bool utf_printable(struct slice text);

#endif
