# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  local-volume-dynamic-provisioner: true
  ceph-csi-rbd: true
  ceph-csi-cephfs: true
  volume-scheduler: true
  storage-node: true
# All SSDs of a node in one volume group; all of it but the reserve is a thin pool.
storage-node:
  flavors:
    ssd-general:
      disks:
        data:
          match: {rotational: false, min_size: 400G}
          volume_group: {name: data, thin_pool: pool, reserve: 10Gi}
# Volumes on the node's own disks, for what replicates itself.
local-volume-dynamic-provisioner:
  classes:
    lvm-ssd:
      type: thin
      volume_group: data
      fstype: xfs
      mount_options: [noatime]
      description: On the node's own SSDs, with snapshots and clones at once. Gone with the node.
    lvm-ssd-ext4:
      type: thin
      volume_group: data
      fstype: ext4
      description: As lvm-ssd, with ext4.
  attributes_classes:
    lvm-ssd-shared:
      read_iops: 5000
      write_iops: 2000
      read_bandwidth: 200Mi
      write_bandwidth: 100Mi
