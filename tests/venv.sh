#!/usr/bin/env bash
# Makes the Python environment of the tests, once per content of requirements.txt, and prints its
# folder.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

venv=$(venv_dir)
if [ ! -e "$venv/complete" ]; then
    mkdir -p "$FLOORWALKER_CACHE/logs"
    exec 8>"$FLOORWALKER_CACHE/venv.lock"
    flock 8
    if [ ! -e "$venv/complete" ]; then
        say "making the tests' Python environment"
        rm -rf "$venv"
        quietly "$FLOORWALKER_CACHE/logs/venv.log" python3 -m venv "$venv"
        quietly "$FLOORWALKER_CACHE/logs/pip.log" "$venv/bin/pip" install --only-binary :all: \
            -r "$FW_ROOT/tests/requirements.txt"
        touch "$venv/complete"
    fi
fi
printf '%s\n' "$venv"
