#!/usr/bin/env bash
# Runs a command with a Postgres and a nats-server that live as long as it does, and names them in
# DOCKET_TEST_DATABASE_URL and DOCKET_TEST_NATS_URL. Addresses that are set already are used instead.
# These two are fast and forgetful; tests of durability start Docket with engines of its own.
set -euo pipefail

if [ -n "${DOCKET_TEST_DATABASE_URL:-}" ] && [ -n "${DOCKET_TEST_NATS_URL:-}" ]; then
    exec "$@"
fi

bin=${DOCKET_POSTGRES_BIN:-}
if [ -z "$bin" ]; then
    for program in $(ls -d /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
        /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres 2>/dev/null | sort -V) \
        "$(command -v postgres || true)"; do
        [ -x "$program" ] && bin=$(dirname "$program")
    done
fi
nats=${DOCKET_NATS_SERVER:-$(command -v nats-server || echo /usr/sbin/nats-server)}
if [ ! -x "$bin/initdb" ] || [ ! -x "$nats" ]; then
    echo "test-servers: Postgres or nats-server is missing: run make setup" >&2
    exit 1
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/docket-test.XXXXXX")
chmod 755 "$dir"
pids=()
stop() {
    trap - EXIT INT TERM
    for pid in ${pids[@]+"${pids[@]}"}; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Postgres refuses to run as root.
mkdir "$dir/postgres"
as=()
if [ "$(id -u)" -eq 0 ]; then
    user=$(id -u postgres >/dev/null 2>&1 && echo postgres || echo nobody)
    chown "$user" "$dir/postgres"
    as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --)
fi
# Ends in exec, so that in `( … ) &` the process id is the server's.
as_postgres() { cd / && exec ${as[@]+"${as[@]}"} "$@"; }

(as_postgres "$bin/initdb" --username docket --auth trust --encoding UTF8 --locale C.UTF-8 --lc-collate C \
    --no-sync --no-instructions --pgdata "$dir/postgres/data") >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 1; }

cat >"$dir/nats.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$dir"
max_payload: 4MB
jetstream: { store_dir: "$dir/jetstream", max_mem_store: 256MB, max_file_store: 8GB }
EOF
"$nats" --config "$dir/nats.conf" >"$dir/nats.log" 2>&1 &
pids+=($!)
ports="$dir/nats-server_$!.ports"

for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    (as_postgres "$bin/postgres" -D "$dir/postgres/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
        -c max_connections=400 -c shared_buffers=256MB -c max_wal_size=4GB -c jit=off -c timezone=UTC \
        -c max_parallel_workers_per_gather=0 -c max_parallel_maintenance_workers=0 \
        -c autovacuum_naptime=15s) >"$dir/postgres.log" 2>&1 &
    postgres=$!
    ready=no
    for _ in $(seq 600); do
        kill -0 "$postgres" 2>/dev/null || break
        if grep -q 'ready to accept connections' "$dir/postgres.log"; then
            ready=yes
            break
        fi
        sleep 0.05
    done
    [ "$ready" = yes ] && break
    wait "$postgres" || true
    [ "$try" -lt 5 ] || { cat "$dir/postgres.log" >&2; exit 1; }
done
pids+=("$postgres")

for _ in $(seq 600); do
    [ -s "$ports" ] && break
    kill -0 "${pids[0]}" 2>/dev/null || { cat "$dir/nats.log" >&2; exit 1; }
    sleep 0.05
done
url=$(sed -nE 's/.*"(nats:\/\/[^"]+)".*/\1/p' "$ports" | head -n 1)

export DOCKET_TEST_DATABASE_URL="postgres://docket@127.0.0.1:$port/postgres"
export DOCKET_TEST_NATS_URL="$url"
"$@" &
work=$!
trap 'kill -TERM "$work" 2>/dev/null; wait "$work" || true; exit 130' INT TERM
wait "$work"
