#!/bin/sh
# Makes a fresh machine ready: infra/setup.sh demo|dev|redis
#
#   demo   .venv with what `make demo` needs: runtime packages, embedded ears and voice
#   dev    .venv with everything, for `make test`
#   redis  redis-server and curl, for `make test`
#
# Packages are installed by hash from requirements/. System packages only when they are missing, and only as root where
# there is apt; otherwise a line says what to install.
set -eu

VENV=.venv
PIP="$VENV/bin/python -m pip --disable-pip-version-check --no-input"

say() { printf '» %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Run a command with a line about what it does and how long it took.
step() {
    what=$1; shift
    say "$what"
    began=$(date +%s)
    "$@" || fail "could not finish: $what"
    printf '  done in %s s\n' "$(($(date +%s) - began))"
}

# Install system packages, or say how: missing REASON PACKAGE...
missing() {
    reason=$1; shift
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        step "install $* ($reason)" apt_install "$@"
    else
        fail "$reason. Install it first: sudo apt-get install $* (macOS: brew install python redis curl), then try again"
    fi
}

apt_install() {
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null ||
        { cat "$log" >&2; rm -f "$log"; return 1; }
    rm -f "$log"
}

# The first interpreter that is new enough; nothing when there is none.
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

make_venv() {
    if [ -x "$VENV/bin/python" ]; then
        "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
            fail "the Python in $VENV is older than 3.11 or broken: remove it (rm -r $VENV) and try again"
        return
    fi
    python=$(find_python)
    if [ -z "$python" ]; then
        missing "Python 3.11 or newer is needed" python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "this system's Python is older than 3.11: install a newer one, then try again"
    fi
    # Debian ships Python without the part that makes environments.
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        missing "Python's venv module is needed" \
            "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    step "make $VENV with $("$python" --version)" "$python" -m venv "$VENV"
}

install_packages() {
    step "install locked packages ($1; the first time takes a minute)" \
        $PIP install -qq --require-hashes -r requirements/build.txt -r "requirements/$1.txt"
    # Their versions and hashes are settled by now: what follows may not fetch anything.
    step "install phoneagent" $PIP install -qq --no-index --no-deps --no-build-isolation --editable .
}

cd "$(dirname "$0")/.."
case "${1:-}" in
    demo | dev)
        make_venv
        install_packages "$1"
        ;;
    redis)
        command -v redis-server >/dev/null || missing "The tests of the store need redis-server" redis-server
        command -v curl >/dev/null || missing "The README's examples are tested with curl" curl
        ;;
    *) fail "usage: infra/setup.sh demo|dev|redis" ;;
esac
