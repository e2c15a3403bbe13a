// SPDX-License-Identifier: Apache-2.0
// Lines of students in `input`. One thread.
#ifndef VERIFY_ENTRIES_H
#define VERIFY_ENTRIES_H

#include "client/verify/input.h"

// The next line, which is that of the student of this index; offers have been read. plain: references may
// have any form. 0, or -1 when a fault of form was reported; a class that the rule does not give is a fault,
// but 0.
int entries_read_student(struct lines *lines, struct input *input, uint32_t index, bool plain);

#endif
