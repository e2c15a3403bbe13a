// SPDX-License-Identifier: Apache-2.0
// What is kept of a store before it is upgraded. Only daemon/store/*.c may include this.
#ifndef STORE_UPGRADE_COPY_H
#define STORE_UPGRADE_COPY_H

#include "base/attr.h"
#include "base/fault.h"

struct store;

// Copies the file of a store of an older format that will be upgraded, as it is, to kansen.mdb.format-N
// beside it, whole and synced before anything is changed; does nothing where nothing is to be upgraded. 0 or
// FAULT. While the store is opened.
int upgrade_copy(struct store *store, const char *dir, struct fault *fault) MUST_CHECK;

#endif
