#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shows the engine at work on the fictional alliance around Schiedam: a daemon on a scratch directory, an import, three
# students, one explanation of a match and one of a non-match. Takes the build folder; stops everything it started.
set -eu

build=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
daemon=

stop() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap stop EXIT INT TERM

step() {
    printf '\n\033[1m== %s\033[0m\n' "$1"
}

# Runs the client and shows the command as one would type it.
ctl() {
    printf '$ kansenctl'
    printf ' %s' "$@"
    printf '\n'
    "$build/kansenctl" -s "unix:$scratch/kansend.sock" "$@"
}

step 'A daemon on a scratch directory; regions and interests load on its first start'
mkfifo "$scratch/ready"
"$build/kansend" --data-dir "$scratch" --listen "unix:$scratch/kansend.sock" --admin off --seeds "$here/.." \
    >"$scratch/ready" 2>"$scratch/log" &
daemon=$!
if ! head -n 1 "$scratch/ready" | grep .; then
    cat "$scratch/log" >&2
    exit 1
fi

step 'The alliance registers itself: its region, postcodes, partners and what they offer (all fictional)'
ctl import regions "$here/regions.csv"
ctl import postcodes "$here/postcodes.csv"
ctl import partners "$here/partners.csv"
ctl import offers "$here/offers.csv"
ctl status

step 'A pupil of 14 (vmbo-kb) near home wants to play football, free or paid by a fund'
ctl match --postcode 3119 --radius-km 8 --interest sport.voetbal --level vmbo_kb --age 14 --max-cost 0 \
    --fund jeugdfonds --limit 5 --seed 14

step 'A student of mbo-4 looks for an internship in care, at a company accredited for 25655'
ctl match --postcode 3122 --radius-km 15 --kind internship --interest zorg_welzijn.verpleging.verpleegkundige \
    --level mbo4 --qualification 25655 --limit 5 --seed 25

step 'A havo pupil of 16 wonders about technology, and wants to see something else too'
ctl match --from GM0503 --kind orientation,mentoring --interest techniek --level havo --transition havo_hbo \
    --age 16 --limit 5 --discover 2 --total --seed 16

step 'Why does this one match?'
ctl explain sv-havenzicht/jeugdvoetbal-onder-15 --postcode 3119 --radius-km 8 --interest sport.voetbal \
    --level vmbo_kb --age 14 --max-cost 0 --fund jeugdfonds

step 'And why does this one not? (Its seats are kept for pupils whom their school refers.)'
ctl explain vv-de-kethelpoort/selectievoetbal-onder-15 --postcode 3119 --radius-km 8 --interest sport.voetbal \
    --level vmbo_kb --age 14 --max-cost 0 --fund jeugdfonds

step 'Done; the scratch directory is removed'
