# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# What a cluster runs beyond the base. Flavors switch on the drivers that their disks need; a cluster's own file has the last word.
components:
  ceph-csi-rbd: false
  ceph-csi-cephfs: false
  csi-driver-nfs: false
  halite-render: false
  halite-sync: false
  local-volume-dynamic-provisioner: false
  storage-node: false
  localvolume-provisioner: false
  volume-scheduler: false
