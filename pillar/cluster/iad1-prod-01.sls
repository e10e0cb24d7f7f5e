# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Nodes here have the kernel read the nearest replica (CRUSH knows the racks).
ceph:
  clusters:
    iad1-a:
      read_affinity: [topology.kubernetes.io/zone, topology.kubernetes.io/rack]
node-problem-detector:
  extra_rules:
    disk:
      - {reason: HbaReset, pattern: '.*mpt3sas_cm\d+: sending diag reset.*'}
