#!/bin/sh
# Runs a container's command as a kubelet would: pod.sh ROOT UID PROGRAM [BIND SOURCE TARGET ro|rw]… -- COMMAND [ARGUMENT…]
# In a mount namespace of its own: a root of which nothing can be written but what is mounted into it; the environment is the caller's.
# PROGRAM is a folder that becomes /opt/program, or `none`.
set -eu
root=$1 user=$2 program=$3
shift 3
mount --make-rprivate /
mount -t tmpfs -o mode=755 pod "$root"
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"
  elif [ -d "/$name" ]; then mkdir "$root/$name" && mount --rbind -o ro "/$name" "$root/$name"
  fi
done
mkdir -p "$root/proc" "$root/dev" "$root/etc" "$root/opt"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
node=$1
shift
mkdir "$root/opt/node" && touch "$root/opt/node/node" && mount --bind "$node" "$root/opt/node/node"
if [ "$program" != none ]; then
  mkdir "$root/opt/program" "$root/opt/bin"
  mount --rbind "$program" "$root/opt/program"
  ln -s ../program/dist/halite.mjs "$root/opt/bin/halite"
fi
while [ "$1" = BIND ]; do
  mkdir -p "$root$3"
  mount --bind "$2" "$root$3"
  [ "$4" = rw ] || mount -o remount,bind,ro "$root$3"
  shift 4
done
shift
mount -o remount,ro "$root"
exec chroot --userspec="$user:$user" "$root" "$@"
