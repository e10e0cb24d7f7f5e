components:
  csi-driver-nfs: true
  ceph-csi-rbd: true
  ceph-csi-cephfs: true
ceph:
  clusters:
    x:
      fsid: abc
      monitors: ["1.2.3.4:6789"]
      cephFS: {subvolumeGroup: csi}
