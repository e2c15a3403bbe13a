// SPDX-License-Identifier: Apache-2.0
// What the options mean for the parts that do the work, at the start and at a reload. Main thread.
#ifndef NET_SETTINGS_H
#define NET_SETTINGS_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/tls.h"
#include "rpc/quota.h"
#include "work/queue.h"
#include "work/rules.h"

struct options;

struct queue_options settings_queue(const struct options *options, unsigned workers);
struct rules settings_rules(const struct options *options);
struct quota_options settings_quota(const struct options *options);

// Texts stay the options'. 0, or FAULT where no certificate is named.
int settings_tls(const struct options *options, struct tls_options *out, struct fault *fault) MUST_CHECK;

// Whether the journal tells of placements for longer than they are kept.
bool settings_keep_too_much(const struct options *options);

#endif
