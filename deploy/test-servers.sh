#!/usr/bin/env bash
# Runs a command with a Postgres and a nats-server that live as long as it does, and names them in
# DOCKET_TEST_DATABASE_URL and DOCKET_TEST_NATS_URL. Addresses that are set already are used instead.
# These two are fast and forgetful; tests of durability start Docket with engines of its own. With
# --durable (for benches) Postgres keeps what it commits, with the settings that Docket runs it with.
set -euo pipefail

durable=no
if [ "${1:-}" = --durable ]; then
    durable=yes
    shift
fi

# Tests act as the services do: logged in as roles that own nothing, each confined to its service's role. Roles are the
# server's, so they are made once, and not by each test.
logins() { # address
    local role
    for role in docket_command docket_projection docket_query; do
        echo "DO \$\$ BEGIN
                  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') THEN CREATE ROLE $role NOLOGIN; END IF;
                  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}_test') THEN
                      CREATE ROLE ${role}_test LOGIN IN ROLE $role;
                  END IF;
              END \$\$;"
    done | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 -d "$1"
}

if [ -n "${DOCKET_TEST_DATABASE_URL:-}" ] && [ -n "${DOCKET_TEST_NATS_URL:-}" ]; then
    logins "$DOCKET_TEST_DATABASE_URL"
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
max_payload: 1MB
jetstream: { store_dir: "$dir/jetstream", max_mem_store: 256MB, max_file_store: 8GB }
EOF
"$nats" --config "$dir/nats.conf" >"$dir/nats.log" 2>&1 &
pids+=($!)
ports="$dir/nats-server_$!.ports"

conf="$dir/postgres.conf"
cp "$(dirname "$0")/postgres/docket.conf" "$conf"
cat >>"$conf" <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
EOF
[ "$durable" = yes ] || cat >>"$conf" <<EOF
fsync = off
full_page_writes = off
synchronous_commit = off
EOF
chmod 644 "$conf"

for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    (as_postgres "$bin/postgres" -D "$dir/postgres/data" -c config_file="$conf" -p "$port") \
        >"$dir/postgres.log" 2>&1 &
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

export PATH="$bin:$PATH"
export DOCKET_TEST_DATABASE_URL="postgres://docket@127.0.0.1:$port/postgres"
export DOCKET_TEST_NATS_URL="$url"
logins "$DOCKET_TEST_DATABASE_URL"
"$@" &
work=$!
trap 'kill -TERM "$work" 2>/dev/null; wait "$work" || true; exit 130' INT TERM
wait "$work"
