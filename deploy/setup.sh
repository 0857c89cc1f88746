#!/usr/bin/env bash
# Installs what Docket needs of the system, where it is missing: a C compiler for the build,
# Postgres 15 or later, nats-server; with --tests also what the tests of the sample consumers run: Python with
# venv, Node 18 or later with npm, curl. With apt it does so itself (as root, or with sudo); elsewhere it names
# the packages. Where all is there, it does nothing.
set -euo pipefail

has_compiler() { command -v cc >/dev/null; }
has_nats() { command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ]; }
has_python() { # The system's will do where another one comes first that can't.
    python3 -c 'import ensurepip, venv' 2>/dev/null || /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null
}
has_node() {
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null
}
has_curl() { command -v curl >/dev/null; }
has_postgres() {
    local program version
    for program in "${DOCKET_POSTGRES_BIN:-/nowhere}/postgres" "$(command -v postgres || true)" \
        /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
        /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres; do
        [ -x "$program" ] || continue
        version=$("$program" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        [ "$version" -ge 15 ] && return 0
    done
    return 1
}

missing=()
has_compiler || missing+=(compiler)
has_postgres || missing+=(postgres)
has_nats || missing+=(nats)
if [ "${1:-}" = --tests ]; then
    has_python || missing+=(python)
    has_node || missing+=(node)
    has_curl || missing+=(curl)
fi
if ! command -v cargo >/dev/null; then
    echo "setup: Rust is missing: install it from https://rustup.rs, and run this again" >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

packages() { # the names of what is missing: compiler, postgres, nats, python, node, curl
    local thing
    for thing in "${missing[@]}"; do
        case $thing in
        compiler) printf '%s ' "$1" ;;
        postgres) printf '%s ' "$2" ;;
        nats) printf '%s ' "$3" ;;
        python) printf '%s ' "$4" ;;
        node) printf '%s ' "$5" ;;
        curl) printf '%s ' curl ;;
        esac
    done
}

if ! command -v apt-get >/dev/null; then
    cat >&2 <<EOF
setup: missing: ${missing[*]}. Install
  Fedora:  dnf install $(packages gcc 'postgresql-server postgresql-contrib' nats-server python3 'nodejs npm')
  Arch:    pacman -S $(packages gcc postgresql nats-server python 'nodejs npm')
  macOS:   brew install $(packages '(xcode-select --install)' postgresql@17 nats-server python node)
or set DOCKET_POSTGRES_BIN and DOCKET_NATS_SERVER to where they are, and run this again.
EOF
    exit 1
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: as root: apt-get install $(packages 'gcc libc6-dev' postgresql nats-server python3-venv 'nodejs npm')" >&2
        exit 1
    fi
    sudo=(sudo)
fi
as_root() { ${sudo[@]+"${sudo[@]}"} "$@"; }

# Docket starts its own servers: the packages shall make no database and start no service.
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.conf
made=()
leave() { for file in ${made[@]+"${made[@]}"}; do as_root rm -f "$file"; done; }
trap leave EXIT
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made+=("$policy")
fi
if [ ! -e "$cluster" ]; then
    as_root mkdir -p "$(dirname "$cluster")"
    echo 'create_main_cluster = false' | as_root tee "$cluster" >/dev/null
fi

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"; }
echo "setup: installing ${missing[*]}"
apt update
# shellcheck disable=SC2046
apt install -y --no-install-recommends $(packages 'gcc libc6-dev' postgresql nats-server python3-venv 'nodejs npm') >/dev/null

has_compiler && has_postgres && has_nats || {
    echo "setup: apt has installed the packages, but Postgres 15 or later, nats-server or cc is still missing" >&2
    exit 1
}
