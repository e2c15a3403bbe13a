#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The two commands of the README on a Debian 12 that has nothing but git and make: in a chroot that is made for this and
# removed, on a clone of the commit that is checked out. COMMANDS names others than `make demo` and `make check`. The
# system test is left out in there: in a chroot the kernel gives nobody user namespaces.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
tree=$(git -C "$here" rev-parse --show-toplevel)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/kansen-fresh-XXXXXX")
root=$work/root

# Whoever still runs in there would keep what is mounted.
end_all() {
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/root")" != "$root" ] || kill -KILL "${process#/proc/}"
    done 2>/dev/null
}

clean_up() {
    end_all
    for mounted in dev proc; do
        ! mountpoint --quiet "$root/$mounted" || umount --recursive "$root/$mounted"
    done
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

echo "Making a Debian 12 in $root"
debootstrap --variant=minbase --include=git,make,ca-certificates --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    bookworm "$root" "$("$here/mirror.sh")" >"$work/log" 2>&1 || {
    tail "$work/log" >&2
    exit 1
}
# What an installation has, and debootstrap leaves out.
echo '127.0.0.1 localhost' >"$root/etc/hosts"
# How this machine reaches the mirror holds there too.
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/apt/apt.conf.d/*proxy*; do
    [ ! -e "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
git clone --quiet --no-hardlinks "$tree" "$root/kansen"
IFS=';'
for command in ${COMMANDS:-make demo;make check}; do
    echo "In a fresh Debian: $command"
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        ${http_proxy:+http_proxy="$http_proxy"} sh -c "cd /kansen && $command"
done
echo 'make fresh-test: passed'
