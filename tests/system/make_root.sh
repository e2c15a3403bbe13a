#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_root.sh ROOT DEBS: a small Debian 12 with systemd and all that the packages in DEBS depend on, but not these. It is
# kept for the next run, and made again when that list changes.
set -eu

root=$1
debs=$2
here=$(dirname "$0")

# The first of alternatives, without versions.
needed=$(for deb in "$debs"/kansend_*.deb "$debs"/kansenctl_*.deb "$debs"/kansen-verify_*.deb "$debs"/libkansen0_*.deb "$debs"/libkansen-event0_*.deb; do
    dpkg-deb -f "$deb" Depends
done | tr ',' '\n' | sed 's/[(|].*//; s/ //g' | grep -Ev '^(lib)?kansen' | sort -u | paste -sd,)
list="systemd,systemd-sysv,dbus,debconf,openssl,$needed"

[ "$(cat "$root.list" 2>/dev/null || true)" != "$list" ] || exit 0
rm -rf "$root" "$root.list"
mkdir -p "$root"
echo "Making a Debian 12 in $root"
debootstrap --variant=minbase --include="$list" --keyring=/usr/share/keyrings/debian-archive-keyring.gpg bookworm \
    "$root" "$("$here/mirror.sh")" >"$root.log" 2>&1 || {
    tail "$root.log" >&2
    exit 1
}
rm -f "$root"/var/cache/apt/archives/*.deb
: >"$root/etc/machine-id"
echo "$list" >"$root.list"
