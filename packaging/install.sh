#!/bin/sh
# shellcheck disable=SC2016
# Installs conda-torch and conda-torch-live: downloads the archive for this machine, checks its SHA-256 checksum, and
# puts two programs into a folder. Changes no profile, needs no root, runs nothing else.
#
#   sh install.sh                       into ~/.local/bin
#   sh install.sh --to /opt/tools/bin   into another folder
#   sh install.sh --version 0.1.0       another version than the newest
#
# CONDA_TORCH_DOWNLOADS is the address of the archives, as https://… or file://…; a release writes its own below.
set -eu

downloads=${CONDA_TORCH_DOWNLOADS:-@DOWNLOADS@}
to=${HOME:+$HOME/.local/bin}
version=latest

fail() { printf 'error: %s\n' "$1" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --to) [ $# -gt 1 ] || fail '`--to` needs a folder'; to=$2; shift 2 ;;
        --version) [ $# -gt 1 ] || fail '`--version` needs a version'; version=$2; shift 2 ;;
        -h | --help)
            printf '%s\n' 'Installs conda-torch and conda-torch-live into ~/.local/bin' '' \
                '  --to FOLDER        into another folder' '  --version VERSION  another version than the newest'
            exit ;;
        *) fail "unknown argument \`$1\`; \`--help\` lists them" ;;
    esac
done
case $downloads in
    https://* | file://*) ;;
    @*) fail 'this copy has no address; use the one of a release, or set `CONDA_TORCH_DOWNLOADS`' ;;
    *) fail "\`CONDA_TORCH_DOWNLOADS\` must begin with https:// or file://, not \`$downloads\`" ;;
esac
case $to in
    /?*) ;;
    '') fail 'HOME is not set; pass a folder with `--to`' ;;
    *) fail "\`--to\` needs an absolute folder, not \`$to\`" ;;
esac

loader=
case $(uname -s)-$(uname -m) in
    Linux-x86_64) target=x86_64-unknown-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-gnu loader=/lib/ld-linux-aarch64.so.1 ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    # Under Rosetta, `uname` tells the translated architecture.
    Darwin-x86_64)
        target=x86_64-apple-darwin
        if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then target=aarch64-apple-darwin; fi ;;
    *) fail "no archive for $(uname -s) on $(uname -m); build it with \`cargo install conda-torch\`" ;;
esac
# The programs for glibc run from 2.17 on, with its loader in the usual place. Alpine, NixOS and older systems need the
# static ones.
if [ "$loader" ]; then
    case $(getconf GNU_LIBC_VERSION 2>/dev/null || :) in
        'glibc 2.'[0-9] | 'glibc 2.1'[0-6] | 'glibc 2.'[0-9].* | 'glibc 2.1'[0-6].*) static=1 ;;
        glibc*) static=; if [ ! -e "$loader" ] || [ -e /etc/NIXOS ]; then static=1; fi ;;
        *) static=1 ;;
    esac
    if [ "$static" ]; then target=${target%-gnu}-musl; fi
fi

if [ "${downloads#file://}" != "$downloads" ]; then
    get() { cp "${1#file://}" "$2"; }
elif command -v curl >/dev/null; then
    get() { curl --proto '=https' --fail --silent --show-error --location --output "$2" "$1"; }
elif command -v wget >/dev/null; then
    get() { wget -q -O "$2" "$1"; }
else
    fail 'neither `curl` nor `wget` is installed'
fi
if command -v sha256sum >/dev/null; then
    sum() { sha256sum "$1"; }
elif command -v shasum >/dev/null; then
    sum() { shasum -a 256 "$1"; }
else
    fail 'neither `sha256sum` nor `shasum` is installed'
fi

case $version in
    latest) from=$downloads/latest/download ;;
    *) from=$downloads/download/v$version ;;
esac
archive=conda-torch-$target.tar.gz
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
get "$from/SHA256SUMS" "$scratch/SHA256SUMS" || fail "cannot download \`$from/SHA256SUMS\`"
get "$from/$archive" "$scratch/$archive" || fail "cannot download \`$from/$archive\`"

expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$scratch/SHA256SUMS")
found=$(sum "$scratch/$archive" | awk '{ print $1 }')
[ -n "$expected" ] || fail "\`SHA256SUMS\` does not list \`$archive\`"
[ "$expected" = "$found" ] || fail "the checksum of \`$archive\` is $found, not $expected; nothing was installed"

tar -xzf "$scratch/$archive" -C "$scratch" || fail "cannot unpack \`$archive\`; nothing was installed"
mkdir -p "$to" || fail "cannot make \`$to\`; pass another folder with \`--to\`"
for program in conda-torch conda-torch-live; do
    # A rename: a running program is not written to.
    if ! { cp "$scratch/conda-torch-$target/$program" "$to/.$program.$$" && chmod 755 "$to/.$program.$$" &&
        mv -f "$to/.$program.$$" "$to/$program"; }; then
        rm -f "$to/.$program.$$"
        fail "cannot write to \`$to\`; pass another folder with \`--to\`"
    fi
done
printf 'Installed `%s/conda-torch` and `%s/conda-torch-live`\n' "$to" "$to"
case :$PATH: in
    *:"$to":*) ;;
    *) printf 'hint: `%s` is not on PATH; add it: `export PATH="%s:$PATH"`\n' "$to" "$to" ;;
esac
