# Places and small helpers shared by the scripts of this folder and of tests/. Sourced, never run.
# shellcheck shell=bash

# The private prefix takes the libraries that the system has too old (Debian 12). CMakeLists.txt
# knows the same default.
FLOORWALKER_PREFIX=${FLOORWALKER_PREFIX:-$HOME/.local/floorwalker}
FLOORWALKER_CACHE=${FLOORWALKER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/floorwalker}
export FLOORWALKER_PREFIX
FW_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PKG_CONFIG_PATH=$FLOORWALKER_PREFIX/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE...: ends the script with status 1 (failed while running).
die() {
    say "$*"
    exit 1
}

# usage_error MESSAGE...: ends the script with status 2 (bad usage).
usage_error() {
    say "$*"
    exit 2
}

# quietly LOG COMMAND...: the output goes to LOG; its end is shown if the command fails.
quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "this failed: $* (all of its output: $log)"
    fi
}

# name_of FILE: a short name for its content.
name_of() { sha256sum <"$FW_ROOT/$1" | cut -c 1-12; }

# jars_dir: the folder of jars that belongs to the present pom.xml; another pom is another folder.
jars_dir() { printf '%s/jars-%s\n' "$FLOORWALKER_CACHE" "$(name_of deploy/local/kafka/pom.xml)"; }

# venv_dir: the folder of the tests' Python packages, likewise.
venv_dir() { printf '%s/venv-%s\n' "$FLOORWALKER_CACHE" "$(name_of tests/requirements.txt)"; }

# debian_sources LABEL: where this machine gets packages of that label (Debian, Debian-Security), as
# apt itself sees it, one URI per line.
debian_sources() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(LABEL)|$(CREATED_BY)|$(REPO_URI)' |
        sed -n "s/^$1|Packages|//p" | sort -u
}
