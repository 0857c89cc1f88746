#!/usr/bin/env bash
# Writes `.sqlx`: what Postgres says of every checked statement, so that no build needs a database.
# Run it when a statement or a table changes. With --check it writes nothing, and fails if `.sqlx` is
# not what Postgres says now. Needs a Postgres: deploy/test-servers.sh deploy/prepare-sql.sh
set -euo pipefail
cd "$(dirname "$0")/.."

check=no
if [ "${1:-}" = --check ]; then
    check=yes
fi
server=${DOCKET_TEST_DATABASE_URL:-}
if [ -z "$server" ]; then
    echo "prepare-sql: DOCKET_TEST_DATABASE_URL is not set: run deploy/test-servers.sh $0 $*" >&2
    exit 1
fi
address=${server%%\?*}
database=docket_sql_$$
url="${address%/*}/$database${server#"$address"}"

dir=$(mktemp -d "${TMPDIR:-/tmp}/docket-sql.XXXXXX")
mkdir "$dir/sqlx"
files=()
restore=yes
finish() {
    trap - EXIT INT TERM
    # Nothing else is to be compiled anew for it. A file that was saved meanwhile keeps its time.
    if [ "$restore" = yes ]; then
        for file in ${files[@]+"${files[@]}"}; do
            [ "$file" -nt "$dir/touched" ] || touch -r "$dir/${file//\//:}" "$file"
        done
    fi
    ask "$server" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
    rm -rf "$dir"
}
ask() { # address, what psql is to do
    PGOPTIONS='-c client_min_messages=warning' psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 -d "$@"
}
trap finish EXIT
trap 'exit 130' INT TERM

# By psql and not by `docket migrate`: while a new statement isn't in `.sqlx`, Docket can't be built.
# Names without a schema are of the projections' tables, each in the schema of its newest version.
ask "$server" -c "CREATE DATABASE $database"
schemas=$(for tables in migrations/read/projections/*.tables.sql; do basename "$tables" .tables.sql; done |
    sort -V | awk '{name = $0; sub(/_v[0-9]+$/, "", name); newest[name] = $0} END {for (name in newest) print newest[name]}')
{
    for file in migrations/log/*.sql migrations/read/*.sql; do echo "\\i $file"; done
    echo 'SET ROLE docket_projection;'
    path=public
    for schema in $schemas; do
        echo "CREATE SCHEMA $schema; SET search_path = $schema, public;"
        for part in tables indexes views; do echo "\\i migrations/read/projections/$schema.$part.sql"; done
        path="$path, $schema"
    done
    echo "RESET ROLE; ALTER DATABASE $database SET search_path = $path;"
} | ask "$url" --single-transaction

# Each statement is asked about when it is compiled, so what has one is to be compiled.
while read -r file; do files+=("$file"); done < <(grep -rlE --include='*.rs' 'sqlx::query(_as|_scalar)?!' -- */src)
for file in "${files[@]}"; do
    touch -r "$file" "$dir/${file//\//:}"
    touch "$file"
done
touch "$dir/touched"
# There are no examples; but asking for them makes cargo take the features that clippy has built with.
DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$dir/sqlx \
    cargo check --quiet --locked --workspace --lib --bins --examples

if difference=$(diff -r .sqlx "$dir/sqlx" 2>&1); then
    echo "prepare-sql: .sqlx is up to date"
elif [ "$check" = yes ]; then
    printf '%s\n' "$difference" | head -n 40 >&2
    echo "prepare-sql: .sqlx is not what Postgres says of the statements: run make sql, and commit .sqlx" >&2
    exit 1
else
    # The types may have changed where the statements haven't, so what has one stays to be compiled.
    restore=no
    rm -rf .sqlx
    cp -R "$dir/sqlx" .sqlx
    echo "prepare-sql: .sqlx has changed: commit it"
fi
