#!/bin/bash
# Stop what up.sh started in FOLDER, by its own process numbers: down.sh FOLDER
set -uo pipefail
S=$1
export SLURM_CONF="$S/slurm.conf"
timeout 5 scancel --user=root --quiet 2>/dev/null
for file in "$S"/slurmd.n?.pid "$S/slurmctld.pid" "$S/munge/munged.pid"; do
  [ -s "$file" ] || continue
  number=$(cat "$file")
  kill "$number" 2>/dev/null || continue
  for _ in $(seq 50); do kill -0 "$number" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$number" 2>/dev/null
done
others=$(grep -v '# slurm of the tests of sim$' /etc/hosts)
echo "$others" >/etc/hosts
