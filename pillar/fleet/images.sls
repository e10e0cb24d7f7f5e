# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Where images come from. `mirror` goes in front of the whole upstream name:
# registry.k8s.io/sig-storage/csi-provisioner becomes MIRROR/registry.k8s.io/sig-storage/csi-provisioner.
images:
  mirror: ""
  pull_secrets: []
