#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the expected results that changed since a revision say: better or worse?
#
#     docs/ci/compare-expected.sh REVISION [CSIN-COMPARE-OPTION...]
#
# Writes a comparison for every expected*.json that differs from REVISION. Exits with 4 if one got worse,
# with another code if csin could not compare.
set -u
revision=$1
shift
old=$(mktemp) || exit 1
trap 'rm -f "$old"' EXIT
verdict=0
for file in $(git diff --name-only --diff-filter=M "$revision" -- '*expected.json' '*expected-*.json'); do
    echo
    git show "$revision:./$file" >"$old" 2>/dev/null || git show "$revision:$file" >"$old" || exit 1
    csin compare "$@" "$old" "$file"
    status=$?
    case $status in
    0) ;;
    4) [ "$verdict" -ne 0 ] || verdict=4 ;;
    *) verdict=$status ;;
    esac
done
exit "$verdict"
