# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
ceph:
  clusters:
    sjc2-a:
      fsid: 0b9c2f1e-7d0f-4c35-8f4a-5f5f7b3d9c21
      monitors: [10.20.200.11:6789, 10.20.200.12:6789, 10.20.200.13:6789, 10.20.200.14:6789, 10.20.200.15:6789]
      cephFS:
        subvolumeGroup: kubernetes
storage-classes:
  nfs:
    server: nfs.sjc2.example.net
    share: /export/kubernetes/{{ grains.id }}
storage-base:
  network_policies:
    apiserver_cidrs: [10.20.0.0/16]
    ceph_cidrs: [10.20.200.0/22]
rollout:
  wave: us-west-2
