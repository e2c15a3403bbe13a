// SPDX-License-Identifier: Apache-2.0
// A student's reference as verbs take it: by --student, which other users of the machine can see in the list
// of processes, or from a file or standard input, which they can not.
#ifndef CLIENT_CLI_STUDENT_H
#define CLIENT_CLI_STUDENT_H

#include "client/cli/flags.h"

// The two flags, const char * at their offsets. `need` starts the help of the first one.
#define STUDENT_FLAGS(need, ref_offset, file_offset)                                                         \
    {"student", "REF", need, flags_set_given, NULL, ref_offset},                                             \
    {                                                                                                        \
        "student-file", "FILE", "the same, from the only line of a file; - is standard input",               \
            flags_set_given, NULL, file_offset                                                               \
    }

// Reads what one of the flags says: *out is a copy that student_free takes. Where neither is given, *out is
// NULL, which is wrong usage if `required`. CLI_OK, CLI_USAGE or CLI_NO (memory).
int student_read(struct cli *cli, const char *ref, const char *file, bool required, char **out) MUST_CHECK;
void student_free(char *reference); // wipes it; NULL is safe

#endif
