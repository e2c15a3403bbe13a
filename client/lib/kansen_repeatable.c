// SPDX-License-Identifier: Apache-2.0
// Goes by the protocol's names, so that a request that comes later is known by its own: what is not named
// like a read is none.
#include "client/lib/kansen_session.h"
#include <string.h>

static bool
is_read(const char *name)
{
    static const char *const reads[] = {"ping", "health", "status", "match", "explain"};
    static const char *const prefixes[] = {"get_", "list_", "find_", "count_"};

    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        if (strcmp(name, reads[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

bool
kansen_repeatable(const Kansen__V1__Request *request)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(request->base.descriptor, (unsigned)request->body_case);

    if (request->idempotency_key != NULL && request->idempotency_key[0] != '\0')
        return true;
    if (request->body_case == KANSEN__V1__REQUEST__BODY_WATCH && request->watch != NULL)
        return request->watch->from_sequence > 0;
    return field != NULL && is_read(field->name);
}
