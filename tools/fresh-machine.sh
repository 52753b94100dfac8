#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail

usage() {
    cat <<'END'
Usage: tools/fresh-machine.sh [OPTION]...

Checks that a clone of this project builds, runs and passes its tests on a bare Debian 12: makes one with
debootstrap (variant minbase: no sudo, no Python, no compiler, no package lists) in a folder, clones the
committed state of this project into it, and there, by chroot, calls

    ./dev run     as a user who may install nothing: it must say which packages are missing, and fail
    ./dev run     as a user who may
    ./dev run     again, to see how long a second call takes
    ./dev test

and looks whether anything was left outside build/. Needs root, debootstrap, git and a Debian mirror; about
4 GB of disk and 15 minutes.

  --dir DIR      work in DIR: DIR/base, the bare system, is made once and kept; DIR/machine, the copy that is
                 used, is replaced by each run (default: a temporary folder, removed at the end)
  --mirror URL   the Debian mirror (default: debootstrap's own)
  --sudo         do everything as an ordinary user with sudo instead of as root
  --worktree     use the files as they are now instead of the last commit
  --only-run     leave out ./dev test
END
}

die() {
    echo "fresh-machine: $*" >&2
    exit 1
}

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
dir='' mirror='' temporary=false with_sudo=false worktree=false only_run=false
while (($#)); do
    case $1 in
    --dir) dir=${2:?--dir needs a folder} && shift ;;
    --mirror) mirror=${2:?--mirror needs a URL} && shift ;;
    --sudo) with_sudo=true ;;
    --worktree) worktree=true ;;
    --only-run) only_run=true ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
((EUID == 0)) || die "needs root, for debootstrap, mount and chroot"
command -v debootstrap >/dev/null || die "needs the Debian package debootstrap"
if [[ -z $dir ]]; then
    dir=$(mktemp -d /tmp/csin-fresh-XXXXXX)
    temporary=true
fi
mkdir -p "$dir"
dir=$(realpath "$dir")
base=$dir/base machine=$dir/machine
home=/home/tester clone=/home/tester/csin
failures=0

# What is mounted inside the machine, innermost first.
mounts() {
    awk -v under="$machine/" 'index($2, under) == 1 {print $2}' /proc/mounts | LC_ALL=C sort -r
}

unmount() {
    local point
    for point in $(mounts); do
        umount "$point" || umount --lazy "$point"
    done
}

leave() {
    unmount
    if $temporary && [[ -z $(mounts) ]]; then
        rm -rf --one-file-system "$dir"
    fi
}

# One run in a folder at a time: leave would take the file systems away under the feet of another.
exec {lock}>"$dir/lock"
flock --nonblock "$lock" || die "another run is using $dir"
trap leave EXIT
trap 'exit 130' INT TERM

make_base() {
    if [[ -e $base.complete ]]; then
        return 0
    fi
    rm -rf --one-file-system "$base"
    debootstrap --variant=minbase bookworm "$base" ${mirror:+"$mirror"} >"$dir/debootstrap.log" 2>&1 ||
        die "debootstrap failed, see $dir/debootstrap.log"
    # Like the image debian:12: it knows where packages are, but not which.
    rm -rf "$base"/var/lib/apt/lists/* "$base"/var/cache/apt/archives/*.deb
    touch "$base.complete"
}

make_machine() {
    unmount # in case an earlier run was killed
    rm -rf --one-file-system "$machine"
    cp -a "$base" "$machine"
    cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
    mount -t proc proc "$machine/proc"
    mount -t tmpfs tmpfs "$machine/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
    chroot "$machine" useradd --create-home --home-dir "$home" tester
    if $worktree; then
        mkdir "$machine$clone"
        tar -C "$root" --exclude=./build -cf - . | tar -C "$machine$clone" --no-same-owner -xf -
    else
        git clone --quiet --no-hardlinks "$root" "$machine$clone"
    fi
    if $with_sudo; then
        chroot "$machine" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install sudo' \
            >"$dir/sudo.log" 2>&1 || die "cannot install sudo, see $dir/sudo.log"
        rm -rf "$machine"/var/lib/apt/lists/*
        echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$machine/etc/sudoers.d/tester"
    fi
    chroot "$machine" chown -R tester: "$home"
}

# inside USER COMMAND: in the clone, with the environment of somebody who just logged in.
inside() {
    chroot "$machine" su --login --shell /bin/bash "$1" -c "cd $clone && $2"
}

# step TITLE COMMAND...: shows the output as it comes, then the result and the time.
step() {
    local title=$1 status=0 begin=$SECONDS
    shift
    echo "=== $title"
    "$@" || status=1
    ((status == 0)) || failures=$((failures + 1))
    echo "=== $title: $([[ $status == 0 ]] && echo yes || echo NO), $((SECONDS - begin)) s, the system is now" \
        "$(du -smx "$machine" | cut -f1) MB"
}

says_what_is_missing() {
    local said
    if said=$(inside nobody "./dev run" 2>&1); then
        return 1
    fi
    echo "$said"
    [[ $said == *"apt-get install"*libsimgrid-dev* ]]
}

# The clone's own git is asked from outside, because the machine has none.
left_nothing_behind() {
    local left
    if $worktree; then
        echo "(not looked at: --worktree)"
        return 0
    fi
    left=$(git -c safe.directory='*' -C "$machine$clone" status --porcelain --ignored | grep -v '^!! build/$' || true)
    echo "$left"
    [[ -z $left ]]
}

make_base
make_machine
echo "a bare Debian $(cat "$machine/etc/debian_version"), $(du -smx "$machine" | cut -f1) MB, $(nproc) cores"
user=root
if $with_sudo; then
    user=tester
fi
step "./dev run without root or sudo says what is missing" says_what_is_missing
step "./dev run as $user" inside "$user" "./dev run"
step "./dev run as $user, again" inside "$user" "./dev run"
if ! $only_run; then
    step "./dev test as $user" inside "$user" "./dev test"
fi
step "nothing is left outside build/" left_nothing_behind
((failures == 0)) || die "$failures steps failed"
echo "all well"
