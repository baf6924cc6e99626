#!/usr/bin/env bash
# Proves on real optical drives (Linux' own sr driver and udev, in a virtual machine) what cannot be proved
# without them. README.md in this folder tells how it works.
#
#   run.sh [BINARY [TESTS]]             default: target/release/disk2iso; TESTS: the integration test binary, whose suite for
#                                       drives then runs on /dev/sr0 and /dev/sr1 too
#
#   DISK2ISO_VM_SECONDS=900             give up after this long
#   DISK2ISO_VM_PROOFS=gkp              only these, to try something out (b needs a)
#   DISK2ISO_VM_KEEP=1                  keep the work folder (discs, logs) and say where it is
#   DISK2ISO_VM_KERNEL=FOLDER           the unpacked kernel package
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
binary=${1:-$repository/target/release/disk2iso}
tests=${2-}
kernel_folder=${DISK2ISO_VM_KERNEL:-/var/tmp/disk2iso-vm-kernel}
modules=(virtio_pci virtio_scsi sr_mod sg 9p 9pnet_virtio overlay target_core_user tcm_loop)

fail() {
  echo "FAILED: $*"
  exit 1
}

main() {
  check_tools
  # Not in /tmp: the guest covers that with a file system of its own, and reads the discs from here.
  work=$(mktemp -d /var/tmp/disk2iso-vm.XXXXXX)
  trap clean_up EXIT
  [[ -z ${DISK2ISO_VM_KEEP-} ]] || echo "work folder: $work"
  make_disc a VM_DISC_A 16
  make_disc b VM_DISC_B 24
  make_disc damaged VM_DAMAGED 24
  make_disc slow VM_SLOW 48
  make_initramfs
  # Folders that the guest's root may write to, whoever runs this.
  mkdir "$work/shared"
  cp "$binary" "$work/shared/disk2iso"
  [[ -z $tests ]] || cp "$tests" "$work/shared/tests"
  cp "$here"/{guest,check,processes,service,emulated_drives,software_drive,software_drives,software_proofs,cd_proofs,side_by_side}.py "$work/shared/"
  python3 -B "$here/host.py" --work "$work" --kernel "$kernel_folder/boot/vmlinuz-$kernel" \
    --seconds "${DISK2ISO_VM_SECONDS:-900}" --proofs "${DISK2ISO_VM_PROOFS-}"
}

check_tools() {
  local tool missing=()
  [[ -x $binary ]] || fail "$binary is not an executable file; build it (make release) or name one: tests/vm/run.sh BINARY"
  for tool in qemu-system-x86_64 busybox cpio modprobe xorriso python3 udevadm ddrescue cdrdao cd-paranoia; do
    # Where Debian keeps programs for root may not be in an ordinary user's PATH.
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((${#missing[@]} == 0)) || fail "missing ${missing[*]}; run: deploy/bootstrap.sh test"
  [[ $(LC_ALL=C ldd "$(command -v busybox)" 2>&1) == *"not a dynamic executable"* ]] ||
    fail "busybox needs libraries, and there are none when the machine starts; install busybox-static"
  kernel=$(basename "$(find "$kernel_folder"/lib/modules/ -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1)")
  [[ -n $kernel && -r $kernel_folder/boot/vmlinuz-$kernel ]] ||
    fail "no kernel for the virtual machine in $kernel_folder; run: deploy/bootstrap.sh test"
}

clean_up() {
  [[ -n ${DISK2ISO_VM_KEEP-} ]] || rm -rf "$work"
}

# Random content, because a reader that returns another sector's data must not go unnoticed.
make_disc() {
  local name=$1 label=$2 megabytes=$3
  mkdir "$work/content"
  head -c "${megabytes}M" /dev/urandom >"$work/content/random.bin"
  echo "$label" >"$work/content/label.txt"
  xorriso -as mkisofs -quiet -V "$label" -J -R -o "$work/$name.iso" "$work/content" >"$work/xorriso.log" 2>&1 ||
    { cat "$work/xorriso.log"; fail "xorriso could not make a disc"; }
  rm -r "$work/content"
}

make_initramfs() {
  local root=$work/initramfs module path file
  mkdir -p "$root"/{bin,modules,proc,sys,dev,lower,upper,root}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/init" "$root/init"
  cp "$repository/deploy/60-disk2iso.rules" "$root/"
  for module in "${modules[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin modprobe -d "$kernel_folder" -S "$kernel" --show-depends "$module" ||
      fail "the kernel in $kernel_folder has no module $module"
  done >"$work/modules.txt"
  # In the order of their dependencies, each once; what is built into the kernel is listed as "builtin".
  awk '$1 == "insmod" && !seen[$2]++ {print $2}' "$work/modules.txt" | while read -r path; do
    file=$(basename "$path")
    # busybox cannot load compressed modules.
    case $file in
    *.xz) file=${file%.xz} && xz -dc "$path" >"$root/modules/$file" ;;
    *.zst) file=${file%.zst} && zstd -qdc "$path" >"$root/modules/$file" ;;
    *) cp "$path" "$root/modules/$file" ;;
    esac
    echo "$file" >>"$root/modules/order"
  done
  chmod 755 "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs.cpio"
}

main
