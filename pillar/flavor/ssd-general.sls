# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  ceph-csi-rbd: true
  ceph-csi-cephfs: true
