# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
components:
  ceph-csi-rbd: true
  volume-scheduler: true
  storage-node: true
  localvolume-provisioner: true
# Databases that replicate themselves get a disk of their own.
storage-node:
  flavors:
    nvme-db:
      disks:
        data:
          match: {transport: nvme, min_size: 1T}
          static:
            filesystem: xfs
            mount_options: [noatime]
            storage_class: local-nvme
localvolume-provisioner:
  classes:
    local-nvme:
      clean: discard
      description: A whole NVMe disk of the node. Erased when the claim goes.
