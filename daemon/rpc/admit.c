// SPDX-License-Identifier: Apache-2.0
// What is asked about any request; what may be seen and changed is for rpc/sight.h and work/rights.h.
#include "rpc/admit.h"
#include "auth/role.h"
#include "rpc/requests.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "rpc/wire.h"
#include "store/store.h"
#include <inttypes.h>

int
admit_request(const struct service *service, const struct session *session, const struct wire_peek *outside,
              const struct request_row **out, struct fault *fault)
{
    const struct request_row *row = requests_find(outside->body);

    if (row == NULL && outside->unknown != 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "body",
                         "this version knows no request with field number %" PRIu32, outside->unknown);
    if (row == NULL)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "body", "the frame asks for nothing");
    if (!session->open && (row->access & REQUEST_ALWAYS) == 0)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "hello",
                         "Hello must be answered OK before %s; only Ping and Health work without", row->name);
    if ((row->access & REQUEST_ALWAYS) == 0 && (row->roles & session->identity.role) == 0)
        return fault_set(fault, CODE_PERMISSION_DENIED, "", "the role %s may not call %s",
                         role_name(session->identity.role), row->name);
    if (store_is_loading(service->store) && (row->access & (REQUEST_ALWAYS | REQUEST_WRITES)) == 0)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "", "a stream is being read into the store");
    *out = row;
    return 0;
}
