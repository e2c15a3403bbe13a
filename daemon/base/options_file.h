// SPDX-License-Identifier: Apache-2.0
// The configuration file, read by the table of options. Only base/options.c needs it. Main thread.
#ifndef BASE_OPTIONS_FILE_H
#define BASE_OPTIONS_FILE_H

#include "base/attr.h"
#include "base/options.h"
#include <stdbool.h>

// Gives options the values of the file that options->file names, says in options->lines where they stand, and
// in options->has_file whether it is there, which may_be_absent allows. 0; or 1 with the reason in why.
int options_file_read(struct options *options, bool may_be_absent, char why[OPTIONS_WHY_MAX]) MUST_CHECK;

#endif
