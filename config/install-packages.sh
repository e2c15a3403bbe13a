#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages named as arguments that are not there yet. Does nothing when all are; asks for sudo when
# it is not run as root; says what is missing where apt is not there.
set -eu

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "These Debian packages, or what your system calls them, are needed:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Run this as root, or install these packages first:$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing:$missing"
# shellcheck disable=SC2086 # a list of words on purpose
install_missing() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null
}
install_missing 2>/dev/null || {
    $as_root apt-get update >/dev/null
    install_missing
}
