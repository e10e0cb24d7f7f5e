# Which component goes to which cluster.
base:
  '*':
    - storage-base
  'I@components:csi-driver-nfs:true':
    - csi-driver-nfs
