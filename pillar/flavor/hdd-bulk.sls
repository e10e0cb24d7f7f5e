# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  ceph-csi-rbd: true
  volume-scheduler: true
  ceph-csi-cephfs: true
  csi-driver-nfs: true
  storage-node: true
  localvolume-provisioner: true
# Spinning disks in halves, for object stores that spread over disks.
storage-node:
  flavors:
    hdd-bulk:
      disks:
        bulk:
          match: {rotational: true, min_size: 4T}
          static:
            partitions: [{size: 2Ti}, {size: rest}]
            filesystem: ext4
            mkfs_options: [-m, '0']
            mount_options: [noatime]
            storage_class: local-hdd
localvolume-provisioner:
  classes:
    local-hdd:
      clean: clear
      description: Half of a spinning disk of the node.
# Disks that are long in use fill slowly: what would be an alarm on SSD is an afternoon's warning here.
storage-alerts:
  thresholds:
    volume_full_percent: 3
