# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Analytics reads large files in sequence: the kernel's client, on nodes with Linux 6.6.
ceph-csi-cephfs:
  mounter: kernel
  node:
    kernel_mount_options: ms_mode=prefer-crc,recover_session=clean
