#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the engine of a round with two compilers and several optimisations; all must give the same bytes.
# Usage: compilers.sh FOLDER, where the programs go.
set -eu

folder=$1
mkdir -p "$folder"
first=
for compiler in gcc clang; do
    for flags in -O0 -O1 -O2 -O3 '-O3 -march=native' '-Os -funsigned-char' '-O2 -fsanitize=undefined -fno-sanitize-recover=all'; do
        name=$folder/$(echo "$compiler$flags" | tr -c 'a-zA-Z0-9\n' _)
        # shellcheck disable=SC2086 # the flags are words
        $compiler -std=gnu17 -D_GNU_SOURCE -Wall -Wextra $flags -I. -Idaemon tests/cohort/bytes.c daemon/cohort/*.c -lsodium -o "$name"
        "$name" > "$name.out"
        first=${first:-$name.out}
        if ! cmp -s "$first" "$name.out"; then
            echo "$compiler $flags gives other bytes than $first: $name.out" >&2
            exit 1
        fi
    done
done
echo "cohort: $(wc -l < "$first") rounds, the same bytes from each of 14 builds"
