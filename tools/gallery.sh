#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes docs/gallery anew from scenarios/sweeps: tools/gallery.sh CSIN [NAME...]. Points that build/gallery has are not
# run again; from nothing it takes about three minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
csin=$1
shift
mkdir -p build/gallery docs/gallery
names=("$@")
((${#names[@]})) || names=($(cd scenarios/sweeps && echo */sweep.yaml | sed 's,/sweep.yaml,,g'))

# show NAME FILE [OPTION...]
show() {
    "$csin" sweep --show "build/gallery/$1.db" "${@:3}" -o "docs/gallery/$2"
}

for name in "${names[@]}"; do
    "$csin" sweep "scenarios/sweeps/$name/sweep.yaml" -o "build/gallery/$name.db" >"build/gallery/$name.txt"
    show "$name" "$name.html"
    show "$name" "$name.csv"
    show "$name" "$name.svg"
done
if [[ " ${names[*]} " == *" oversubscription "* ]]; then
    show oversubscription oversubscription-price.svg --metric cost.network_price --over ratio
fi
