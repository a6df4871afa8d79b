#!/usr/bin/env bash
# Copies the stack's jars (see pom.xml) into the cache folder, once; quick when they are there.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

jars=$(jars_dir)
[ ! -e "$jars/complete" ] || exit 0
mkdir -p "$FLOORWALKER_CACHE/logs"
exec 8>"$FLOORWALKER_CACHE/jars.lock"
flock 8
[ ! -e "$jars/complete" ] || exit 0
say "fetching Kafka and the schema registry (200 MB on disk, once)"
rm -rf "$jars"
mkdir -p "$jars"
log=$FLOORWALKER_CACHE/logs/jars.log
work=$(mktemp -d "$FLOORWALKER_CACHE/jars.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$FW_ROOT/deploy/local/kafka/pom.xml" "$work/"
for attempt in 1 2 3; do
    if mvn -B -q -f "$work/pom.xml" -Djars="$jars" package >"$log" 2>&1; then
        touch "$jars/complete"
        exit 0
    fi
    say "attempt $attempt did not get all jars"
done
tail -n 20 "$log" >&2
die "the jars did not arrive: Maven's settings and the network decide (its output: $log)"
