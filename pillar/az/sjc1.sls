# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
ceph:
  clusters:
    sjc1-a:
      fsid: 6f3d4d4e-6c5b-4a57-9a3e-0d6a4c1f5b10
      monitors: [10.10.200.11:6789, 10.10.200.12:6789, 10.10.200.13:6789]
      cephFS:
        subvolumeGroup: kubernetes
storage-classes:
  nfs:
    server: nfs.sjc1.example.net
    share: /export/kubernetes/{{ grains.id }}
storage-base:
  network_policies:
    apiserver_cidrs: [10.10.0.0/16]
    ceph_cidrs: [10.10.200.0/22]
