#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh ROOT DEBS: boots a copy-on-write view of ROOT with systemd as PID 1 and without a network, runs inside.sh there,
# prints what it says, and ends with its status. Nothing of it stays.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail

root=$(readlink -f "$1")
debs=$(readlink -f "$2")
here=$(dirname "$(readlink -f "$0")")
name=kansen-test-$$
work=$(mktemp -d)
groups=()

clean_up() {
    for group in "${groups[@]}"; do
        find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

# The next version, to upgrade to: the same files under a higher number.
mkdir "$work/debs"
packages=(kansend kansenctl kansen-verify libkansen0 libkansen-event0)
for package in "${packages[@]}"; do
    cp "$debs/$package"_*.deb "$work/debs"
    dpkg-deb -R "$debs/$package"_*.deb "$work/$package"
    sed -i 's/^Version: .*/&+next/' "$work/$package/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/$package" "$work/debs/next-$package.deb" >/dev/null
done

# What is built with libkansen-dev elsewhere, as there is no compiler in there: the example of its manual, and the load.
for package in libkansen0 libkansen-event0 libkansen-dev; do
    dpkg-deb -x "$debs/$package"_*.deb "$work/sdk"
done
zcat "$work"/sdk/usr/share/man/man3/libkansen.3.gz | sed -n '/^#include <kansen.h>/,/^\.Ed/p' | sed '$d; s/\\en/\\n/g' \
    >"$work/example.c"
flags() {
    PKG_CONFIG_SYSROOT_DIR="$work/sdk" PKG_CONFIG_PATH=$(echo "$work"/sdk/usr/lib/*/pkgconfig) pkg-config --cflags --libs "$@"
}
# shellcheck disable=SC2046 # words on purpose
{
    gcc -Wall -Wextra -Werror "$work/example.c" -o "$work/debs/example" $(flags libkansen)
    gcc -D_GNU_SOURCE "$here/../rolling/rolling.c" -o "$work/debs/rolling" $(flags libkansen-event) $(flags libprotobuf-c) \
        -Wl,-rpath-link,"$(echo "$work"/sdk/usr/lib/*-linux-gnu)"
}

cat >"$work/test.service" <<UNIT
[Unit]
Description=The system test
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/bash -c '/opt/test/inside.sh >/opt/out/log 2>&1; status=\$?; echo \$status >/opt/out/status; systemctl exit \$status'
UNIT
mkdir "$work/out"

# Where systemd does not run this machine nobody else gives the guest control groups of its own.
if [ ! -d /run/systemd/system ]; then
    for tree in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -d "$tree" ] || groups+=("$tree/$name")
    done
    [ ${#groups[@]} -eq 0 ] || mkdir -p "${groups[@]}"
fi
(
    for group in "${groups[@]}"; do
        echo $BASHPID >"$group/cgroup.procs"
    done
    exec timeout --kill-after=10 "${LIMIT:-420}" systemd-nspawn --quiet --directory="$root" --volatile=overlay --boot \
        --register=no --keep-unit --private-network --machine="$name" --console=pipe --kill-signal=SIGRTMIN+3 \
        --resolv-conf=off --timezone=off --link-journal=no --bind-ro="$here:/opt/test" --bind-ro="$work/debs:/opt/debs" \
        --bind="$work/out:/opt/out" --bind-ro="$work/test.service:/etc/systemd/system/test.service" \
        -- systemd.wants=test.service
) </dev/null >"$work/console" 2>&1 || true
cat "$work/out/log" 2>/dev/null || tail -50 "$work/console"
exit "$(cat "$work/out/status" 2>/dev/null || echo 1)"
