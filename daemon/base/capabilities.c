// SPDX-License-Identifier: Apache-2.0
// Two calls of the kernel, for which a library of their own (libcap, libcap-ng) would be no less code here.
// The bounding set comes first, as emptying it takes a capability.
#include "base/capabilities.h"
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
drop_bounding(void)
{
    // Asking for one that the kernel does not know fails, which is how their number is found.
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            return errno == EPERM ? 0 : -errno;
    }
    return 0;
}

// A service manager may have taken them before, and the call that gives them up as well.
static bool
holds_none(struct __user_cap_header_struct *header)
{
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3];
    uint32_t any = 0;

    if (syscall(SYS_capget, header, held) != 0)
        return false;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        any |= held[i].effective | held[i].permitted | held[i].inheritable;
    return any == 0;
}

int
capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    int rc = drop_bounding();

    // No permitted or inheritable one left: the kernel takes it out of the ambient set as well.
    if (rc == 0 && !holds_none(&header) && syscall(SYS_capset, &header, none) != 0)
        rc = -errno;
    return rc;
}
