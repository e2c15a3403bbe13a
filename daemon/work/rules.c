// SPDX-License-Identifier: Apache-2.0
// Invariant: the rules change under the lock only.
#include "work/rules.h"

int
rules_open(struct rules_source *source, const struct rules *rules)
{
    source->rules = *rules;
    return -pthread_mutex_init(&source->lock, NULL);
}

void
rules_close(struct rules_source *source)
{
    pthread_mutex_destroy(&source->lock);
}

void
rules_change(struct rules_source *source, const struct rules *rules)
{
    pthread_mutex_lock(&source->lock);
    source->rules = *rules;
    pthread_mutex_unlock(&source->lock);
}

void
rules_take(struct rules_source *source, struct rules *out)
{
    pthread_mutex_lock(&source->lock);
    *out = source->rules;
    pthread_mutex_unlock(&source->lock);
}
