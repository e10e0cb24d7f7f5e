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
# References: what they stand for is sealed in secrets/sjc1/ceph.sops.yaml and opened in the AZ.
ceph-csi-rbd:
  secrets:
    csi-rbd-provisioner: {userID: csi-rbd-provisioner, userKey: '?{sops:sjc1/ceph.sops.yaml#rbd/provisionerKey}'}
    csi-rbd-node: {userID: csi-rbd-node, userKey: '?{sops:sjc1/ceph.sops.yaml#rbd/nodeKey}'}
ceph-csi-cephfs:
  secrets:
    csi-cephfs-provisioner: {userID: csi-cephfs-provisioner, userKey: '?{sops:sjc1/ceph.sops.yaml#cephfs/provisionerKey}'}
    csi-cephfs-node: {userID: csi-cephfs-node, userKey: '?{sops:sjc1/ceph.sops.yaml#cephfs/nodeKey}'}
rollout:
  wave: us-west-1
