# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Two Ceph clusters: a for blocks, b for files. Every class says which.
ceph:
  clusters:
    iad1-a:
      fsid: d2a7b6f0-3c8e-4b1d-9b57-1c2e8a6f4d32
      monitors: [10.30.200.11:6789, 10.30.200.12:6789, 10.30.200.13:6789]
    iad1-b:
      fsid: 8e5f9c11-2a44-4f6a-8d0c-7b1f3e9d2a43
      monitors: [10.30.204.11:6789, 10.30.204.12:6789, 10.30.204.13:6789]
      cephFS:
        subvolumeGroup: kubernetes
storage-classes:
  flavors:
    nvme-db:
      rbd-nvme-db: {ceph: iad1-a}
    ssd-general:
      rbd-ssd: {ceph: iad1-a}
      cephfs-ssd: {ceph: iad1-b}
    hdd-bulk:
      rbd-hdd-bulk: {ceph: iad1-a}
      cephfs-hdd-bulk: {ceph: iad1-b}
  nfs:
    server: nfs.iad1.example.net
    share: /export/kubernetes/{{ grains.id }}
rollout:
  wave: us-east
