# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  ceph-csi-rbd: true
  ceph-csi-cephfs: true
  csi-driver-nfs: true
# Disks that are long in use fill slowly: what would be an alarm on SSD is an afternoon's warning here.
storage-alerts:
  thresholds:
    volume_full_percent: 3
