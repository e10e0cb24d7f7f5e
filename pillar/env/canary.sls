# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# The first clusters to get a change say more while they run it.
ceph-csi-rbd:
  sidecar_log_level: 4
ceph-csi-cephfs:
  sidecar_log_level: 4
csi-driver-nfs:
  log_level: 4
rollout:
  wave: canary
