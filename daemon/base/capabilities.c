// SPDX-License-Identifier: Apache-2.0
// Two calls of the kernel, for which a library of their own (libcap, libcap-ng) would be no less code here.
// The bounding set comes first, as emptying it takes a capability.
#include "base/capabilities.h"
#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
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

int
capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    int rc = drop_bounding();

    // No permitted or inheritable one left: the kernel takes it out of the ambient set as well.
    if (rc == 0 && syscall(SYS_capset, &header, none) != 0)
        rc = -errno;
    return rc;
}
