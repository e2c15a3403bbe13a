#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts promtool, which checks metrics and alert rules, into the folder that is named. It is taken out of Debian's
# package prometheus without installing that: the package starts a server, and nobody who runs tests asked for one.
set -eu

dir=$1
[ ! -x "$dir/promtool" ] || exit 0
mkdir -p "$dir"
if command -v promtool >/dev/null 2>&1; then
    ln -sf "$(command -v promtool)" "$dir/promtool"
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "promtool is needed: it comes with Prometheus" >&2
    exit 1
fi
echo "Fetching promtool out of the package prometheus"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
download() {
    (cd "$work" && apt-get download prometheus >/dev/null 2>&1)
}
download || {
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update >/dev/null
    download
}
dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C "$work" ./usr/bin/promtool
mv "$work/usr/bin/promtool" "$dir/promtool"
