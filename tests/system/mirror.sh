#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the mirror of bookworm that apt uses here.
set -eu
# shellcheck disable=SC2016 # apt fills these in
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CREATED_BY)' |
    awk '$2 == "bookworm" && $3 == "Packages" { print $1; found = 1; exit } END { exit !found }'
