#!/usr/bin/env bash
# Builds the image without a container engine or a base image at hand, prints its size, and runs
# `floorwalker --version` in it as its own user.
#
#   tests/image.sh [--base-only] [--dir DIR]     DIR keeps base and layers for the next time
#
# The base is a Debian 13 that mmdebstrap makes from the machine's own apt sources; buildah builds
# with chroot isolation and plain folders as layers, which needs no kernel support at all.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

SUITE=trixie
IMAGE=localhost/floorwalker

# sources: the base's apt sources, one line each: where this machine gets Debian and its security
# updates from.
sources() {
    local signed=/usr/share/keyrings/debian-archive-keyring.gpg
    debian_sources Debian | sed "s|.*|deb [signed-by=$signed] & $SUITE main|"
    debian_sources Debian-Security | sed "s|.*|deb [signed-by=$signed] & $SUITE-security main|"
}

make_base() {
    [ ! -e "$dir/base.tar" ] || return 0
    say "making the base, Debian $SUITE"
    sources >"$dir/sources.list"
    [ -s "$dir/sources.list" ] || die "apt knows no Debian source (see: apt-get indextargets)"
    quietly "$dir/base.log" mmdebstrap --variant=minbase --format=tar \
        --include=ca-certificates,debian-archive-keyring \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Languages "none"' \
        "$SUITE" "$dir/base.tar.new" "$dir/sources.list"
    mv "$dir/base.tar.new" "$dir/base.tar"
}

store() {
    buildah --storage-driver vfs --root "$dir/store" --runroot "$dir/run" "$@"
}

import_base() {
    local container
    [ -z "$(store images --quiet --filter reference=$IMAGE-base 2>/dev/null)" ] || return 0
    container=$(store from scratch)
    quietly "$dir/import.log" store add "$container" "$dir/base.tar" /
    quietly "$dir/commit.log" store commit --rm "$container" "$IMAGE-base"
}

build_image() {
    say "building the image"
    quietly "$dir/build.log" store build --isolation chroot --format docker --layers \
        --build-arg BASE="$IMAGE-base" --tag "$IMAGE" "$FW_ROOT"
}

# in_image COMMAND...: runs it in a container of the image, as the image's user.
in_image() {
    local container status=0
    container=$(store from "$IMAGE")
    store run --isolation chroot "$container" -- "$@" || status=$?
    store rm "$container" >/dev/null
    return $status
}

check_image() {
    local user version
    store images --format '{{.Name}} {{.Size}}' | tr -s ' ' | grep -F "$IMAGE "
    user=$(in_image id -u)
    [ "$user" != 0 ] || die "the image's user is root; USER in the Dockerfile must name another"
    version=$(in_image floorwalker --version)
    [[ $version == *[0-9].[0-9]* ]] || die "--version says '$version', which is none"
    printf '%s, run by user %s\n' "$version" "$user"
}

finish() {
    [ -n "$keep" ] || rm -rf "$dir"
}

main() {
    local base_only=''
    keep=''
    while [ $# -gt 0 ]; do
        case $1 in
        --base-only) base_only=yes ;;
        --dir)
            [ $# -gt 1 ] || usage_error "--dir needs a value"
            keep=$(realpath -m -- "$2")
            shift
            ;;
        *) usage_error "unknown option $1; known are --base-only and --dir DIR" ;;
        esac
        shift
    done
    "$FW_ROOT/deploy/local/deps.sh" --image
    dir=${keep:-$(mktemp -d)}
    mkdir -p "$dir"
    trap finish EXIT
    make_base
    import_base
    [ -z "$base_only" ] || return 0
    build_image
    check_image
}

main "$@"
