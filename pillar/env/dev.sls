# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Development pulls from upstream: new versions are tried there before a mirror has them.
images:
  mirror: ""
  pull_secrets: []
components:
  csi-driver-nfs: false
storage-classes:
  snapshots:
    deletion_policy: Delete
storage-base:
  operators: [storage-team, developers]
