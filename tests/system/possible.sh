#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says why the system test can not run here, with status 1; says nothing and is 0 where it can: as root, on a Debian whose
# apt knows a mirror of bookworm, and where namespaces and mounts are allowed.
set -eu

cannot() {
    echo "$1"
    exit 1
}
[ "$(id -u)" -eq 0 ] || cannot 'it needs root'
command -v apt-get >/dev/null || cannot 'it needs apt'
unshare --mount --pid --fork --net --uts --ipc mount -t tmpfs none /mnt 2>/dev/null ||
    cannot 'namespaces or mounts are not allowed'
unshare --user true 2>/dev/null || cannot 'user namespaces are not allowed, as in a chroot'
[ -n "$(ls /sys/fs/cgroup 2>/dev/null)" ] || cannot 'control groups are not to be seen'
"$(dirname "$0")/mirror.sh" >/dev/null 2>&1 || cannot 'apt knows no mirror of bookworm'
