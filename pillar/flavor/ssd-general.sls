# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  local-volume-dynamic-provisioner: true
  ceph-csi-rbd: true
  ceph-csi-cephfs: true
  volume-scheduler: true
# Volumes on the node's own disks, for what replicates itself.
local-volume-dynamic-provisioner:
  classes:
    lvm-ssd:
      type: linear
      volume_group: data
      fstype: xfs
      mount_options: [noatime]
      description: On the node's own SSDs. Gone with the node.
    lvm-ssd-thin:
      type: thin
      volume_group: data
      fstype: ext4
      description: On the node's own SSDs, with snapshots and clones at once.
  attributes_classes:
    lvm-ssd-shared:
      read_iops: 5000
      write_iops: 2000
      read_bandwidth: 200Mi
      write_bandwidth: 100Mi
