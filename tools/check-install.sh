#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# tools/check-install.sh BUILD ROOT: installs BUILD into a temporary folder and looks at what came out.
set -euo pipefail
build=$1 root=$2
passed=0 failed=0
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT

expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED  $what"
    fi
}

DESTDIR=$target meson install -C "$build" --no-rebuild >"$target/log" || { cat "$target/log"; exit 1; }
prefix=$(dirname "$(dirname "$(find "$target" -type f -path '*/bin/csin')")")
share=$prefix/share

expect "csin --version works" "$prefix/bin/csin" --version
for page in "$root"/docs/man/*.[0-9]; do
    expect "man page $(basename "$page")" test -e "$share/man/man${page##*.}/$(basename "$page")"
done

# completes WANTED WORD...: what a tab offers behind these words.
completes() {
    local wanted=$1 COMP_WORDS COMP_CWORD COMPREPLY=()
    shift
    COMP_WORDS=("$prefix/bin/csin" "$@")
    COMP_CWORD=$#
    _csin
    [[ ${COMPREPLY[*]} == "$wanted" ]] || { echo "offers '${COMPREPLY[*]}'" && false; }
}
expect "bash completion" source "$share/bash-completion/completions/csin"
expect "completes commands" completes "sim sweep" s
expect "completes options" completes "--seed" sim --se
expect "completes formats" completes "svg" topo --format = sv
expect "completes congestion models" completes "fair lossless" sim --congestion = ""
expect "completes formats of plans" completes "text json html md svg" plan -f ""
expect "completes parts of a plan" completes "placement routing isolation knobs upgrades" plan --optimize ""
expect "completes lists of parts" completes "placement,routing" plan --optimize = "placement,r"
expect "completes comparing" completes "compare" com
expect "completes formats of comparisons" completes "text md json junit" compare -f ""
expect "completes options of --run" completes "--junit" check --ju
expect "completes formats of each command" completes "text json csv html svg md" sim -f ""
expect "completes formats of sweeps" completes "text csv svg html" sweep -f ""

for folder in configs scenarios; do
    expect "$folder/" diff -r "$root/$folder" "$share/csin/$folder"
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
