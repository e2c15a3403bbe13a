// SPDX-License-Identifier: Apache-2.0
// Frames out of a connection's input. Pure; any thread.
#ifndef NET_INTAKE_H
#define NET_INTAKE_H

#include "base/buf.h"
#include "base/fault.h"
#include "proto/frame.h"

// Looks at the frame that the input starts with; its payload takes at most max_frame bytes. With a result
// other than FRAME_WHOLE and FRAME_PARTIAL, fault says what is wrong.
enum frame_result intake_next(const struct buf *in, size_t max_frame, struct frame *frame,
                              struct fault *fault);

#endif
