#!/bin/bash
# Are there ceph-fuse mounts whose process is gone, or which no longer answer?
# Exit (node-problem-detector's custom plugins): 0 fine, 1 a problem, 2 unknown. One line of at most 80 characters says which.
#
#   ceph-fuse.sh [PROC] [CONNECTIONS] [PAUSE]
#
# A stuck mount must not be touched: whoever stats it hangs with it. What the kernel counts as waiting in fusectl says so from
# outside; only mounts where nothing waits are stat'ed, which a dead one answers at once with ENOTCONN.
proc=${1:-/host/proc}
connections=${2:-/host/sys/fs/fuse/connections}
pause=${3:-5}

if [[ ! -r $proc/1/mountinfo ]]; then
  echo "cannot read the node's mounts"
  exit 2
fi

declare -A targets
while read -r _ _ device _ target rest; do
  if [[ $rest == *" - fuse.ceph-fuse "* ]]; then
    targets[${device#*:}]=$target
  fi
done < "$proc/1/mountinfo"

# The requests that wait in a connection; 0 where fusectl isn't mounted.
waiting() {
  local count=0
  if [[ -r $connections/$1/waiting ]]; then
    read -r count < "$connections/$1/waiting"
  fi
  echo "${count:-0}"
}

busy=()
for connection in "${!targets[@]}"; do
  if [[ $(waiting "$connection") != 0 ]]; then
    busy+=("$connection")
  fi
done
# Busy is not stuck: only who waits at every look is.
for _ in 1 2 3; do
  if [[ ${#busy[@]} -eq 0 ]]; then
    break
  fi
  sleep "$pause"
  still=()
  for connection in "${busy[@]}"; do
    if [[ $(waiting "$connection") != 0 ]]; then
      still+=("$connection")
    fi
  done
  busy=("${still[@]}")
done

dead=0
for connection in "${!targets[@]}"; do
  if [[ " ${busy[*]} " == *" $connection "* ]]; then
    continue
  fi
  # Through the first process's root: the node's mounts as the node sees them.
  answer=$(timeout 5 stat --format=%i "$proc/1/root${targets[$connection]}" 2>&1)
  code=$?
  if [[ $code -eq 124 ]]; then
    busy+=("$connection")
  elif [[ $answer == *"Transport endpoint is not connected"* || $answer == *"Stale file handle"* ]]; then
    dead=$((dead + 1))
  fi
done

if [[ $dead -gt 0 || ${#busy[@]} -gt 0 ]]; then
  echo "ceph-fuse: $dead dead, ${#busy[@]} stuck of ${#targets[@]} mounts"
  exit 1
fi
echo "ceph-fuse: ${#targets[@]} mounts answer"
exit 0
