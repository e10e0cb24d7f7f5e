components:
  csi-driver-nfs: true
