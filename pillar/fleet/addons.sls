# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# What Halite's second stage is told of each addon: the mode of objects that carry no label of their own, and the order.
addons:
  storage-base:
    mode: Reconcile
  snapshot-controller:
    mode: Reconcile
    dependsOn: [storage-base]
  sealed-secrets:
    mode: Reconcile
    dependsOn: [storage-base]
  ceph-csi-rbd:
    mode: Reconcile
    dependsOn: [storage-base, snapshot-controller]
  ceph-csi-cephfs:
    mode: Reconcile
    dependsOn: [storage-base, snapshot-controller]
  csi-driver-nfs:
    mode: Reconcile
    dependsOn: [storage-base, snapshot-controller]
  storage-classes:
    mode: Reconcile
    dependsOn: [snapshot-controller]
  node-problem-detector:
    mode: Reconcile
    dependsOn: [storage-base]
  storage-alerts:
    mode: Reconcile
halite:
  # Namespaces that are there without any of these addons.
  namespaces: [monitoring]
