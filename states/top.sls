# Which component goes to which cluster. Everything of the base goes everywhere; drivers go where pillar `components` asks for
# them or where the cluster has the hardware that needs them.
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
  'I@components:csi-driver-nfs:true and not G@env:dev':
    - csi-driver-nfs
