#!/usr/bin/env bash
# The README's first command on a Debian with nothing installed: a clean clone, then the demo.
#
#   tests/fresh.sh [--dir DIR] [bookworm|trixie]...     both releases, unless some are named
#
# Needs root. Each release is a folder that mmdebstrap fills with the minimal system, git and
# nothing else; what runs in it has mounts and process ids of its own, so that nothing outlives it,
# and the machine's network. What is committed is what is cloned. DIR (a new temporary folder if
# none is given) takes systems and logs; the systems are removed at the end.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

DEMO_SECONDS=90

# sources SUITE: where this machine gets Debian and its security updates from.
sources() {
    local signed=/usr/share/keyrings/debian-archive-keyring.gpg
    debian_sources Debian | sed "s|.*|deb [signed-by=$signed] & $1 main|"
    debian_sources Debian-Security | sed "s|.*|deb [signed-by=$signed] & $1-security main|"
}

make_system() {
    local suite=$1 root=$dir/$1 certificate
    say "making a Debian $suite with nothing installed"
    sources "$suite" >"$dir/$suite.list"
    [ -s "$dir/$suite.list" ] || die "apt knows no Debian source (see: apt-get indextargets)"
    quietly "$dir/$suite-make.log" mmdebstrap --variant=minbase \
        --include=git,ca-certificates,debian-archive-keyring "$suite" "$root" "$dir/$suite.list"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    for certificate in /usr/local/share/ca-certificates/*.crt; do # what this network is signed by
        [ -e "$certificate" ] || break
        cp "$certificate" "$root/usr/local/share/ca-certificates/"
    done
    quietly "$dir/$suite-ca.log" chroot "$root" update-ca-certificates
}

# in_system SUITE COMMAND...: the kernel ends all of its processes and mounts with it.
in_system() {
    local root=$dir/$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -c '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM=dumb \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' in_system "$root" "$@"
}

try_release() {
    local suite=$1 status=0 begun=$SECONDS
    make_system "$suite"
    git -C "$FW_ROOT" bundle create -q "$dir/$suite/root/floorwalker.bundle" HEAD
    in_system "$suite" git -c advice.detachedHead=false -c init.defaultBranch=main clone -q \
        /root/floorwalker.bundle /root/floorwalker
    say "the demo on $suite; its output: $dir/$suite.log"
    in_system "$suite" /root/floorwalker/deploy/local/demo.sh --seconds "$DEMO_SECONDS" \
        --headless >"$dir/$suite.log" 2>&1 || status=$?
    sed -n '/^== summary/,$p' "$dir/$suite.log"
    if [ "$status" = 0 ] && grep -q '^== summary' "$dir/$suite.log"; then
        printf '%s: good, %s s from nothing\n' "$suite" $((SECONDS - begun))
    else
        tail -n 30 "$dir/$suite.log"
        printf '%s: the demo ended with status %s\n' "$suite" "$status"
        failed=yes
    fi
    rm -rf --one-file-system "${dir:?}/$suite"
}

# Nothing is mounted in them here: mounts were made where only their processes see them.
finish() {
    rm -rf --one-file-system "${dir:?}"/{bookworm,trixie}
    [ -n "$keep" ] || [ -n "$failed" ] || rm -rf "$dir"
}

main() {
    local releases=()
    keep='' failed=''
    while [ $# -gt 0 ]; do
        case $1 in
        bookworm | trixie) releases+=("$1") ;;
        --dir)
            [ $# -gt 1 ] || usage_error "--dir needs a value"
            keep=$(realpath -m -- "$2")
            shift
            ;;
        *) usage_error "unknown argument $1; known are --dir DIR, bookworm and trixie" ;;
        esac
        shift
    done
    [ ${#releases[@]} -gt 0 ] || releases=(bookworm trixie)
    [ "$(id -u)" = 0 ] || die "this needs root: it makes systems of its own"
    "$FW_ROOT/deploy/local/deps.sh" --image
    dir=${keep:-$(mktemp -d)}
    mkdir -p "$dir"
    trap finish EXIT
    for release in "${releases[@]}"; do
        try_release "$release"
    done
    [ -z "$failed" ]
}

main "$@"
