# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# What Halite's second stage is told of each addon: the mode of objects that carry no label of their own,
# the SLS that write it (what fails when one of them does), and the order.
addons:
  storage-base:
    mode: Reconcile
    sls: [storage-base]
  snapshot-controller:
    mode: Reconcile
    sls: [snapshot-controller]
    dependsOn: [storage-base]
  sealed-secrets:
    mode: Reconcile
    sls: [sealed-secrets]
    dependsOn: [storage-base]
  ceph-csi-rbd:
    mode: Reconcile
    sls: [ceph-csi-rbd]
    dependsOn: [storage-base, snapshot-controller]
  ceph-csi-cephfs:
    mode: Reconcile
    sls: [ceph-csi-cephfs]
    dependsOn: [storage-base, snapshot-controller]
  csi-driver-nfs:
    mode: Reconcile
    sls: [csi-driver-nfs]
    dependsOn: [storage-base, snapshot-controller]
  storage-classes:
    mode: Reconcile
    sls: [storage-classes]
    dependsOn: [snapshot-controller]
  node-problem-detector:
    mode: Reconcile
    sls: [node-problem-detector]
    dependsOn: [storage-base]
  storage-alerts:
    mode: Reconcile
    sls: [storage-alerts]
  halite-render:
    mode: Reconcile
    sls: [halite-render]
    dependsOn: [storage-base]
  halite-sync:
    mode: Reconcile
    sls: [halite-sync]
    dependsOn: [storage-base]
  local-volume-dynamic-provisioner:
    mode: Reconcile
    sls: [local-volume-dynamic-provisioner]
    dependsOn: [storage-base, snapshot-controller]
    # It runs LVM, mkfs and mount on the node: that is what it is for.
    policies:
      privileged: ["*/local-volume-dynamic-provisioner/lvm-csi"]
  storage-node:
    mode: Reconcile
    sls: [storage-node]
    dependsOn: [storage-base]
    # It changes disks: that is what it is for.
    policies:
      hostPaths: [/etc/halite]
      privileged: ["*/storage-node-*/storage-node"]
  localvolume-provisioner:
    mode: Reconcile
    sls: [localvolume-provisioner]
    dependsOn: [storage-base, storage-node]
    policies:
      privileged: ["*/localvolume-provisioner/local-volume-provisioner"]
  volume-scheduler:
    mode: Reconcile
    sls: [volume-scheduler]
    dependsOn: [storage-base]
halite:
  # Namespaces that are there without any of these addons.
  namespaces: [monitoring]
