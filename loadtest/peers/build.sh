#!/usr/bin/env bash
# Builds the peers' jobs into a cache folder that is named after their sources, once; prints it.
# It holds streams/ and flink/, each the jars of a class path.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/local/lib.sh"

here=$FW_ROOT/loadtest/peers
sources=$(cd "$here" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-12)
jars=$FLOORWALKER_CACHE/peers-$sources
mkdir -p "$FLOORWALKER_CACHE/logs"
exec 8>"$FLOORWALKER_CACHE/peers.lock"
flock 8
if [ ! -e "$jars/complete" ]; then
    say "building the Kafka Streams and Flink jobs (170 MB on disk, once)"
    rm -rf "$jars"
    mkdir -p "$jars"
    work=$(mktemp -d "$FLOORWALKER_CACHE/peers.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cp -r "$here/." "$work"
    quietly "$FLOORWALKER_CACHE/logs/peers.log" mvn -B -q -f "$work/pom.xml" package
    for peer in streams flink; do
        cp -r "$work/$peer/target/lib" "$jars/$peer"
        cp "$work/$peer/target/$peer-1.jar" "$jars/$peer/"
    done
    touch "$jars/complete"
fi
printf '%s\n' "$jars"
