#!/bin/sh
# Process 1 of the node: what a storage node's system sets up, then the agent that runs scripts for the tests.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mkdir -p /dev/pts /dev/shm /exchange /mnt
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /run/lock/lvm /run/udev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t debugfs debugfs /sys/kernel/debug
mount -t configfs configfs /sys/kernel/config
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none exchange /exchange
for share in $(cat /proc/cmdline); do
  case $share in
    node.share=*)
      tag=${share#node.share=} path=/host${tag#*:}
      mkdir -p "$path" && mount -t 9p -o "ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose" "${tag%%:*}" "$path"
      ;;
  esac
done
ip link set lo up
hostname node
/lib/systemd/systemd-udevd --daemon
for subsystem in pci virtio scsi nvme block virtio-ports misc; do set -- "$@" "--subsystem-match=$subsystem"; done
udevadm trigger --action=add "$@"
udevadm settle -t 60
# Drivers look for disks in their own time: of one that is not there yet nothing could be waited for.
for word in $(cat /proc/cmdline); do
  case $word in
    node.disk=*) until ls /dev/disk/by-id/*"${word#node.disk=}" >/dev/null 2>&1; do sleep .1; udevadm settle -t 60; done ;;
  esac
done
# systemd makes the device node at whose opening the kernel loads this.
modprobe dm_mod
modprobe virtio_console
until [ -e /dev/virtio-ports/agent ]; do
  udevadm settle -t 5
  for port in /dev/vport*p1; do [ -e "$port" ] && mkdir -p /dev/virtio-ports && ln -sf "$port" /dev/virtio-ports/agent; done
done
agent() {
  exec 3<>/dev/virtio-ports/agent
  echo ready >&3
  while :; do
    # The port gives an end of file while nobody is connected.
    read -r verb id <&3 || { sleep .1; continue; }
    case $verb in
      run)
        (
          setsid -w sh -c 'echo $$ >"/exchange/$1.pid"; exec bash "/exchange/$1.sh"' sh "$id" \
            >"/exchange/$id.out" 2>"/exchange/$id.err" </dev/null 3>&-
          echo "done $id $?" >&3
        ) &
        ;;
      # It may not have come to be a process group yet.
      kill) (until [ -s "/exchange/$id.pid" ]; do sleep .1; done; kill -KILL "-$(cat "/exchange/$id.pid")") & ;;
    esac
  done
}
# Process 1 waits for the agent, and with that takes leave of every process that nobody else waits for.
agent &
wait $!
