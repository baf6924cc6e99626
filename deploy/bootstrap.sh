#!/usr/bin/env bash
# Installs what a target needs and this machine lacks, on Debian 12 or Ubuntu 24.04 with git, make, curl and Rust.
#
#   bootstrap.sh build|demo|test      each includes the one before
#   bootstrap.sh fuzz                 cargo-fuzz, if it is missing
#
# Silent and quick when everything is there.
set -euo pipefail
# An ordinary user's PATH on Debian lacks depmod's folder.
PATH=$PATH:/usr/sbin:/sbin

# To compile and link: udev events, PostgreSQL's client library, TLS.
build=(gcc libc6-dev pkg-config libudev-dev libpq-dev libssl-dev)
# To make the demo's discs and to talk to the service.
demo=(xorriso curl python3)
# Servers, makers of odd file systems and a second opinion on reading; what reads audio discs; then the virtual machine with real
# drives. Debian 12 has no hfsprogs: HFS+ comes from xorriso, HFS from genisoimage and hfsutils.
test=(postgresql gddrescue genisoimage udftools hfsutils python3-venv
  cdrdao cd-paranoia flac libcdio-utils cuetools
  chromium fonts-dejavu-core
  qemu-system-x86 ipxe-qemu busybox-static cpio kmod udev xz-utils zstd time shellcheck)
# Where the virtual machine finds its kernel; tests/vm/run.sh looks here too.
kernel_folder=${DISK2ISO_VM_KERNEL:-/var/tmp/disk2iso-vm-kernel}
# Tools that are no packages; tests/it/filesystems and tests/api look here.
tools_folder=${DISK2ISO_TOOLS:-/var/tmp/disk2iso-tools}
# Judges sizes of images (KB, National Library of the Netherlands).
isolyzer_version=1.4.0
# Asks the service everything that its OpenAPI document allows, and more (tests/api).
schemathesis_version=4.32.5

fail() {
  echo "bootstrap: $*" >&2
  exit 1
}

main() {
  case ${1-} in
  build) wanted=("${build[@]}") ;;
  demo) wanted=("${build[@]}" "${demo[@]}") ;;
  test) wanted=("${build[@]}" "${demo[@]}" "${test[@]}") ;;
  fuzz) wanted=("${build[@]}") ;;
  *) fail "usage: deploy/bootstrap.sh build|demo|test|fuzz" ;;
  esac
  front_end
  install_missing
  check_rust
  case $1 in
  test)
    fetch_python_tool isolyzer "$isolyzer_version" isolyzer
    fetch_python_tool schemathesis "$schemathesis_version" st
    fetch_kernel
    ;;
  fuzz) install_cargo_fuzz ;;
  esac
}

# The front end is built with Node.js; one that did not come from Debian's packages is as good.
front_end() {
  command -v npm >/dev/null || wanted+=(nodejs npm)
}

install_missing() {
  local missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    fail "apt is missing, so nothing can be installed; install the equivalents of: ${wanted[*]}"
  fi
  mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) <(installed | sort))
  ((${#missing[@]} > 0)) || return 0
  echo "bootstrap: installing ${missing[*]}"
  update_package_lists
  apt_get install -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install ${missing[*]} (its messages are above); install them by hand and try again"
}

# The wanted packages that are installed. dpkg-query fails if it has never heard of one, which is no error here.
installed() {
  # shellcheck disable=SC2016 # dpkg-query's variables, not the shell's
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true; } | sed -n 's/^installed //p'
}

update_package_lists() {
  [[ -z ${lists_are_new-} ]] || return 0
  apt_get update || fail "apt-get update failed (its messages are above); check the network and /etc/apt/sources.list*"
  lists_are_new=yes
}

# Quiet unless it fails; waits for another package manager instead of failing at once.
apt_get() {
  local output as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "needs root to install packages and there is no sudo; run as root: apt-get install ${wanted[*]}"
    as_root=(sudo)
  fi
  output=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" 2>&1) && return
  echo "$output" >&2
  return 1
}

# The toolchain is the user's own, so this says what is missing and leaves it to the compiler to fail.
check_rust() {
  local tool absent=()
  if ! command -v cargo >/dev/null; then
    echo "bootstrap: cargo is not in PATH; install Rust from https://rustup.rs" >&2
    return
  fi
  for tool in rustfmt clippy-driver; do
    "$tool" --version >/dev/null 2>&1 || absent+=("${tool%-driver}")
  done
  ((${#absent[@]} == 0)) ||
    echo "bootstrap: ${absent[*]} cannot be run, so formatting and lints cannot be checked; try: rustup component add ${absent[*]}" >&2
}

# In a folder of its own, so that no other Python program is touched.
fetch_python_tool() { # package, version, its program
  local target=$tools_folder/$1-$2 messages
  [[ ! -x $target/bin/$3 ]] || return 0
  echo "bootstrap: installing $1 $2 into $target"
  # Scripts in it name its folder, so it is made in place; what a killed run left is made anew.
  messages=$(rm -rf "$target" && mkdir -p "$tools_folder" && /usr/bin/python3 -m venv "$target" &&
    "$target/bin/pip" install --quiet --disable-pip-version-check "$1==$2" 2>&1) || {
    rm -rf "$target"
    echo "$messages" >&2
    fail "could not install $1 (messages above); try again, or put $1 $2 into $target/bin"
  }
}

# Needs a nightly toolchain to run, which is the user's own.
install_cargo_fuzz() {
  [[ ! -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo-fuzz ]] && ! command -v cargo-fuzz >/dev/null || return 0
  echo "bootstrap: installing cargo-fuzz"
  cargo install --quiet --locked cargo-fuzz || fail "could not install cargo-fuzz (messages above)"
}

# The host's kernel is no use to the virtual machine: it may be unreadable, absent (containers) or without CD support.
fetch_kernel() {
  [[ ! -d $kernel_folder/lib/modules ]] || return 0
  local packages unpacked
  mapfile -t packages < <(kernel_packages)
  if ((${#packages[@]} == 0)); then
    update_package_lists
    mapfile -t packages < <(kernel_packages)
  fi
  ((${#packages[@]} > 0)) || fail "apt knows no kernel package; check /etc/apt/sources.list*"
  echo "bootstrap: unpacking ${packages[*]} into $kernel_folder"
  unpacked=$(mktemp -d "$kernel_folder.XXXXXX")
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$unpacked'" EXIT
  download "$unpacked" "${packages[@]}" 2>"$unpacked/messages" || {
    # Lists that are too old name a package that the mirror no longer has.
    update_package_lists
    mapfile -t packages < <(kernel_packages)
    download "$unpacked" "${packages[@]}" 2>"$unpacked/messages"
  } || {
    cat "$unpacked/messages" >&2
    fail "could not fetch ${packages[*]} (messages above); try again, or unpack a kernel package into $kernel_folder"
  }
  rm -f "$unpacked"/*.deb "$unpacked/messages"
  # Newer packages use /usr/lib, which on a real system /lib points to.
  [[ -d $unpacked/lib/modules ]] || ln -s usr/lib "$unpacked/lib"
  depmod -b "$unpacked" "$(basename "$unpacked"/lib/modules/*)"
  # Ubuntu's kernel image is for root's eyes only; whoever runs the machine has to read it.
  chmod -R a+rX "$unpacked"
  # Another run may have been quicker; its result is as good.
  mv -T "$unpacked" "$kernel_folder" 2>/dev/null || [[ -d $kernel_folder/lib/modules ]] ||
    fail "could not create $kernel_folder; remove what is there"
}

# The image and, where they are separate packages (Ubuntu), its modules.
kernel_packages() {
  local meta=linux-image-amd64 image version
  # shellcheck source=/dev/null
  [[ $(. /etc/os-release && echo "${ID-}") != ubuntu ]] || meta=linux-image-generic
  image=$(apt-cache depends "$meta" 2>/dev/null | awk '/Depends: linux-image-[0-9]/ {print $2; exit}')
  [[ -n $image ]] || return 0
  echo "$image"
  [[ $meta == linux-image-generic ]] || return 0
  version=${image#linux-image-}
  printf '%s\n' "linux-modules-$version" "linux-modules-extra-$version"
}

# Called where errexit is off, so each step says itself that the next depends on it.
download() {
  local folder=$1 package
  shift
  (
    cd "$folder" && rm -f ./*.deb && apt-get -q download "$@" >&2 || exit
    for package in ./*.deb; do dpkg -x "$package" . || exit; done
  )
}

main "$@"
