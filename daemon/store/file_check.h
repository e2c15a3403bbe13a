// SPDX-License-Identifier: Apache-2.0
// Looking at the store's file before it is trusted. LMDB maps it and believes its length, so a page that a
// file has lost ends the process with SIGBUS as soon as it is touched. Only daemon/store/*.c may include
// this.
#ifndef STORE_FILE_CHECK_H
#define STORE_FILE_CHECK_H

#include "base/attr.h"
#include "store/store.h"

// Whether a store is there, or may be made. Makes nothing. 0 or FAULT.
int file_check_there(const struct store_options *options, struct fault *fault) MUST_CHECK;

// Whether all of the file is there that its newest meta page speaks of; what LMDB itself says of a file when
// it opens it is left to that. Starts a process, which reads the list of free pages, where the file is
// shorter. Under the lock of the directory, before the file is opened. 0 or FAULT.
int file_check_whole(const struct store_options *options, struct fault *fault) MUST_CHECK;

#endif
