#!/bin/bash
# Stop what up.sh started in FOLDER, by its own process numbers: down.sh FOLDER
set -uo pipefail
S=$1
export SLURM_CONF="$S/slurm.conf"
timeout 5 scancel --user=root --quiet 2>/dev/null
numbers=$(cat "$S"/slurmd.n?.pid "$S/slurmctld.pid" "$S/munge/munged.pid" 2>/dev/null)
for number in $numbers; do kill "$number" 2>/dev/null; done
for _ in $(seq 50); do
  left=
  for number in $numbers; do kill -0 "$number" 2>/dev/null && left=1; done
  [ -z "$left" ] && break
  sleep 0.1
done
for number in $numbers; do kill -9 "$number" 2>/dev/null; done
others=$(grep -v '# slurm of the tests of sim$' /etc/hosts)
echo "$others" >/etc/hosts
