# Which component goes to which cluster. What all stand on goes everywhere; the rest where pillar
# `components` asks for it, drivers, or where somebody is woken up by it, watching.
base:
  '*':
    - storage-base
    - snapshot-controller
    - sealed-secrets
    - storage-classes
  'G@env:prod or G@env:staging':
    - match: compound
    - node-problem-detector
    - storage-alerts
  'components:ceph-csi-rbd:true':
    - match: pillar
    - ceph-csi-rbd
  'I@components:ceph-csi-cephfs:true':
    - ceph-csi-cephfs
  'I@components:csi-driver-nfs:true':
    - csi-driver-nfs
  'I@components:halite-render:true':
    - halite-render
  'I@components:halite-sync:true':
    - halite-sync
  'I@components:local-volume-dynamic-provisioner:true':
    - local-volume-dynamic-provisioner
  'I@components:storage-node:true':
    - storage-node
  'I@components:localvolume-provisioner:true':
    - localvolume-provisioner
  'I@components:volume-scheduler:true':
    - volume-scheduler
