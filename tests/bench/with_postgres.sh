#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command beside a PostgreSQL 15 of its own: with_postgres.sh DIR COMMAND...
# The cluster lies in a new folder under DIR (which should be on the disk that is measured) and listens on a unix socket
# only; PGHOST, PGUSER and PGDATABASE tell the command where. It is stopped and removed at the end, and stops by itself
# should this script be killed. SERVER_CORE: the core that the server is kept on, if given. PostgreSQL refuses to run as
# root, so then it runs as the user postgres, who must be able to reach DIR.
set -eu

dir=$1
shift
bin=/usr/lib/postgresql/15/bin
mkdir -p "$dir"
data=$(mktemp -d "$(cd "$dir" && pwd)/postgres.XXXXXX")
sockets=$(mktemp -d "${TMPDIR:-/tmp}/kansen-bench.XXXXXX")
as=
if [ "$(id -u)" -eq 0 ]; then
    chown postgres: "$data" "$sockets"
    as='setpriv --reuid=postgres --regid=postgres --init-groups'
fi
server=
client=

# shellcheck disable=SC2317 # the trap calls it
stop() {
    trap '' EXIT INT TERM HUP
    [ -z "$client" ] || kill "$client" 2>/dev/null || true
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$data" "$sockets"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2086 # a list of words on purpose
$as "$bin/initdb" -D "$data/cluster" -U postgres -A trust -E UTF8 --locale=C >"$sockets/log" 2>&1 || {
    cat "$sockets/log" >&2
    exit 1
}
# Memory for all of the data, no time lost on statistics or compiling, and every commit on disk before it is told.
cat >>"$data/cluster/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$sockets'
max_connections = 64
shared_buffers = 2GB
huge_pages = try
work_mem = 64MB
maintenance_work_mem = 512MB
effective_cache_size = 8GB
random_page_cost = 1.0
jit = off
max_parallel_workers_per_gather = 0
plan_cache_mode = force_generic_plan
track_activities = off
track_counts = off
autovacuum = off
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
min_wal_size = 2GB
max_wal_size = 8GB
checkpoint_timeout = 1h
wal_buffers = 64MB
wal_compression = lz4
log_min_messages = warning
CONF
core=
[ -z "${SERVER_CORE:-}" ] || core="taskset -c $SERVER_CORE"
# shellcheck disable=SC2086
$as setpriv --pdeathsig QUIT $core "$bin/postgres" -D "$data/cluster" >>"$sockets/log" 2>&1 &
server=$!
tries=0
until PGHOST=$sockets "$bin/pg_isready" -q -U postgres; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$sockets/log" >&2
        exit 1
    fi
    sleep 0.1
done
# In the background, as a shell does not look at signals while it waits for a command in front.
PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres "$@" &
client=$!
result=0
wait "$client" || result=$?
client=
exit "$result"
