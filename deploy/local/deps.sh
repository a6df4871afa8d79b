#!/usr/bin/env bash
# Installs what is missing on Debian 12 or 13; quiet and quick when nothing is.
#
#   deploy/local/deps.sh              what the build, the local stack and the demo need
#   deploy/local/deps.sh --checks     also what tests/run.sh needs
#   deploy/local/deps.sh --image      also what tests/image.sh and tests/fresh.sh need
#   deploy/local/deps.sh --peers      also what the peers of loadtest/bench.sh need
#   deploy/local/deps.sh --build-only only what the build needs
#
# System packages come by apt (as root, or by sudo). librdkafka and hiredis are built from Debian
# 13's source packages into a private prefix where the system's own are too old. Broker and
# registry are jars from Maven Central. No apt setting of the machine is changed.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RDKAFKA_MIN=2.6 # what the program needs, see docs; Debian 13 has more
HIREDIS_MIN=1.1
SOURCE_SUITE=trixie

build_packages=(
    build-essential cmake ninja-build pkg-config ca-certificates git tzdata
    libuv1-dev libavro-dev libcurl4-openssl-dev libwebsockets-dev libyaml-dev libjansson-dev
    libglib2.0-dev liblz4-dev libzstd-dev libxxhash-dev libssl-dev libsasl2-dev zlib1g-dev
    libcmocka-dev
)
stack_packages=(redis-server redis-tools default-jre-headless maven kcat tmux python3 curl)
check_packages=(clang clang-format clang-tidy llvm universal-ctags shellcheck python3-venv)
image_packages=(mmdebstrap buildah crun debian-archive-keyring uidmap)

# missing_packages NAME...: those that are not installed, one per line.
missing_packages() {
    local have name
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        grep -qxF -- "installed $name" <<<"$have" || printf '%s\n' "$name"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root or sudo: $*"
    fi
}

# The packages of servers start them when they are installed; our stack starts its own, on ports of
# its own. policy-rc.d is Debian's way to forbid it; ours is there only while apt runs.
without_services() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        as_root "$@" || status=$?
        return $status
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    as_root "$@" || status=$?
    as_root rm -f "$policy"
    if [ -d /run/systemd/system ]; then
        as_root systemctl disable --quiet redis-server.service 2>/dev/null || true
    fi
    return $status
}

apt_updated=
apt_install() {
    [ $# -gt 0 ] || return 0
    if [ -z "$apt_updated" ]; then
        quietly "$logs/apt-update.log" as_root apt-get -o DPkg::Lock::Timeout=600 update -q
        apt_updated=yes
    fi
    say "installing packages: $*"
    quietly "$logs/apt-install.log" without_services env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends "$@"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    apt_install "${missing[@]}"
}

# The sanitizers' and libFuzzer's runtime is a package of the compiler's version, which differs
# between releases.
install_clang_runtime() {
    local major
    major=$(clang -dumpversion | cut -d . -f 1)
    install_packages "libclang-rt-$major-dev"
}

# have_library MODULE VERSION: as the build will find it, in the prefix or in the system.
have_library() {
    pkg-config --atleast-version="$2" "$1"
}

# candidate_is PACKAGE VERSION: the distribution itself has a version that is new enough.
candidate_is() {
    local candidate
    candidate=$(apt-cache policy "$1" | sed -n 's/^ *Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != '(none)' ] || return 1
    dpkg --compare-versions "$candidate" ge "$2"
}

# source_apt COMMAND...: apt-get with a state and sources of its own, so that the machine's stay as
# they are.
source_apt() {
    apt-get -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$work/state" -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" \
        -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_sources() {
    local uri signed=
    mkdir -p "$work/state" "$work/lists/partial" "$work/cache/archives/partial" "$work/src"
    if [ -z "$(debian_sources Debian)" ]; then
        quietly "$logs/apt-update.log" as_root apt-get -o DPkg::Lock::Timeout=600 update -q
    fi
    if [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
    fi
    for uri in $(debian_sources Debian); do
        printf 'deb-src %s%s %s main\n' "$signed" "$uri" "$SOURCE_SUITE"
    done >"$work/sources.list"
    [ -s "$work/sources.list" ] || die "apt knows no Debian source (see: apt-get indextargets)"
    quietly "$logs/source-update.log" source_apt update
    cd "$work/src"
    quietly "$logs/source-fetch.log" source_apt source "$@"
    cd "$FW_ROOT"
}

build_rdkafka() {
    local source
    source=$(echo "$work"/src/librdkafka-*/)
    say "building librdkafka into $FLOORWALKER_PREFIX"
    quietly "$logs/rdkafka-configure.log" cmake -S "$source" -B "$work/rdkafka" -G Ninja \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$FLOORWALKER_PREFIX" \
        -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_RPATH="\$ORIGIN" \
        -DRDKAFKA_BUILD_TESTS=OFF -DRDKAFKA_BUILD_EXAMPLES=OFF -DWITH_SSL=ON -DWITH_SASL=ON \
        -DWITH_ZLIB=ON -DWITH_ZSTD=ON -DENABLE_LZ4_EXT=ON -DWITH_CURL=ON
    quietly "$logs/rdkafka-build.log" cmake --build "$work/rdkafka" --target rdkafka
    # The C++ wrapper is not used: only the C library's own install step runs.
    quietly "$logs/rdkafka-install.log" cmake -P "$work/rdkafka/src/cmake_install.cmake"
}

build_hiredis() {
    local source
    source=$(echo "$work"/src/hiredis-*/)
    say "building hiredis into $FLOORWALKER_PREFIX"
    quietly "$logs/hiredis.log" make -C "$source" -j "$(nproc)" USE_SSL=1 \
        PREFIX="$FLOORWALKER_PREFIX" LIBRARY_PATH=lib DEBUG_FLAGS= install
}

install_libraries() {
    local sources=()
    have_library rdkafka "$RDKAFKA_MIN" || sources+=(librdkafka)
    have_library hiredis_ssl "$HIREDIS_MIN" || sources+=(hiredis)
    [ ${#sources[@]} -gt 0 ] || return 0
    if candidate_is librdkafka-dev "$RDKAFKA_MIN" &&
        candidate_is libhiredis-dev "$HIREDIS_MIN"; then
        install_packages librdkafka-dev libhiredis-dev
        return
    fi
    work=$(mktemp -d "$FLOORWALKER_CACHE/build.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$FLOORWALKER_PREFIX"
    fetch_sources "${sources[@]}"
    for name in "${sources[@]}"; do
        case $name in
        librdkafka) build_rdkafka ;;
        hiredis) build_hiredis ;;
        esac
    done
}

check_libraries() {
    local place="still not in $FLOORWALKER_PREFIX"
    have_library rdkafka "$RDKAFKA_MIN" || die "librdkafka >= $RDKAFKA_MIN is $place"
    have_library hiredis_ssl "$HIREDIS_MIN" || die "hiredis >= $HIREDIS_MIN is $place"
}

main() {
    local checks='' image='' peers='' stack=yes
    for option in "$@"; do
        case $option in
        --checks) checks=yes ;;
        --image) image=yes ;;
        --peers) peers=yes ;;
        --build-only) stack='' ;;
        *) usage_error "unknown option $option; the script's head has the options" ;;
        esac
    done
    logs=$FLOORWALKER_CACHE/logs
    mkdir -p "$logs"
    exec 9>"$FLOORWALKER_CACHE/deps.lock" # two at once would build and install the same
    flock 9
    install_packages "${build_packages[@]}" ${stack:+"${stack_packages[@]}"}
    install_libraries
    check_libraries
    if [ -n "$stack" ]; then
        "$FW_ROOT/deploy/local/kafka/fetch.sh"
    fi
    if [ -n "$checks" ]; then
        install_packages "${check_packages[@]}"
        install_clang_runtime
        "$FW_ROOT/tests/venv.sh" >/dev/null
    fi
    if [ -n "$peers" ] && ! command -v javac >/dev/null; then
        install_packages default-jdk-headless
    fi
    if [ -n "$image" ]; then
        install_packages "${image_packages[@]}"
    fi
}

main "$@"
