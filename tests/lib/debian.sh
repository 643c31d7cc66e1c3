# shellcheck shell=bash
# Debian packages for tests/run and examples/quickstart; sourced by bash.
#
# need_packages PACKAGE...          installs what is missing (tools only, no service)
# unpack_package FOLDER PACKAGE     unpacks a package and its missing libraries into FOLDER/PACKAGE;
#                                   nothing is installed or started on this machine
# libraries_of FOLDER PACKAGE       a value of LD_LIBRARY_PATH to run what was unpacked

say() {
    printf '==> %s\n' "$*"
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

need_packages() {
    local package missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        fail "these packages are missing, and only root can install them:
    apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    refresh_package_lists
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null ||
        fail "apt-get could not install them; its messages are above"
}

# Once per run, and only when something is to be fetched: a fresh image has no lists at all.
refresh_package_lists() {
    [ -n "${lists_are_fresh:-}" ] && return
    if [ "$(id -u)" -eq 0 ]; then
        apt-get update -q >/dev/null || fail "apt-get update failed; its messages are above"
    fi
    lists_are_fresh=yes
}

unpack_package() {
    local folder=$1 package=$2 archives deb
    [ -e "$folder/$package/unpacked" ] && return
    say "unpacking $package into $folder"
    refresh_package_lists
    archives=$folder/$package.archives
    rm -rf "${folder:?}/$package" "$archives"
    mkdir -p "$folder/$package" "$archives/partial"
    # Downloading needs no lock and no sandbox user; --reinstall: also where it is installed.
    apt-get install -y -q --download-only --reinstall --no-install-recommends \
        -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
        -o Dir::Cache::archives="$archives" "$package" >/dev/null ||
        fail "apt-get could not download $package; its messages are above"
    for deb in "$archives"/*.deb; do
        # The C library must be the host's: its parts belong together.
        case $deb in */libc6_*) continue ;; esac
        dpkg -x "$deb" "$folder/$package"
    done
    rm -rf "$archives"
    touch "$folder/$package/unpacked"
}

libraries_of() {
    local path list=
    for path in "$1/$2"/{usr/lib,lib}/*-linux-gnu*; do
        list=$list${list:+:}$path
    done
    printf '%s' "$list"
}
