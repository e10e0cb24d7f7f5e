/**
 * The Debian packages that the node is made of, and QEMU: with all that they depend on they are unpacked below test/.cache, nothing is
 * installed. The newest versions of the machine's own suite are taken. In order: the system, what storage nodes have (two lines), what Node
 * needs, what boots and runs it.
 */
export const PACKAGES: readonly string[] = `
base-files bash dash coreutils sed grep mawk findutils util-linux mount procps psmisc kmod udev iproute2 linux-image-amd64
lvm2 thin-provisioning-tools cryptsetup-bin xfsprogs e2fsprogs parted gdisk fdisk
open-iscsi multipath-tools smartmontools nvme-cli lsscsi sg3-utils
libstdc++6 libatomic1
qemu-system-x86 seabios busybox-static xz-utils
`
  .trim()
  .split(/\s+/);

/** Kernel modules that the initramfs needs to reach the root. */
export const BOOT_MODULES: readonly string[] = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];
