#!/bin/bash
# Bring up a Slurm of two nodes on this machine, for a test: up.sh FOLDER PORT. Needs root and Debian's packages
# slurmctld slurmd slurm-client munge; nothing listens outside 127.0.0.1, no cgroups, no systemd. Everything lies in
# FOLDER (and, while it runs, a line for each node's name in /etc/hosts); afterwards: export SLURM_CONF=FOLDER/slurm.conf
set -euo pipefail
S=$1 PORT=$2 HOST=$(hostname -s)
mkdir -p "$S"/{munge,ctld,log,slurmd.n1,slurmd.n2}
chmod 700 "$S/munge" "$S/ctld"
for n in "$HOST" n1 n2; do getent hosts "$n" >/dev/null || echo "127.0.0.1 $n  # slurm of the tests of sim" >>/etc/hosts; done
(umask 077; head -c 1024 /dev/urandom >"$S/munge/key")
cat >"$S/slurm.conf" <<C
ClusterName=tests
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$S/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$S/ctld
SlurmdSpoolDir=$S/slurmd.%n
SlurmctldPidFile=$S/slurmctld.pid
SlurmdPidFile=$S/slurmd.%n.pid
SlurmctldLogFile=$S/log/slurmctld.log
SlurmdLogFile=$S/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
KillWait=2
MinJobAge=600
NodeName=n[1-2] NodeHostname=$HOST NodeAddr=127.0.0.1 Port=[$((PORT + 1))-$((PORT + 2))] CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN
PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=01:00:00 State=UP
C
export SLURM_CONF="$S/slurm.conf"
munged --force --num-threads=2 --key-file="$S/munge/key" --socket="$S/munge/socket" --pid-file="$S/munge/munged.pid" \
  --log-file="$S/log/munged.log" --seed-file="$S/munge/seed"
slurmctld -f "$SLURM_CONF" -i
for n in n1 n2; do slurmd -f "$SLURM_CONF" -N "$n"; done
for _ in $(seq 75); do
  [ "$(sinfo -h -N -o %T 2>/dev/null | grep -cE '^(idle|mixed|allocated)$')" = 2 ] && exit 0
  sleep 0.2
done
echo "slurm did not come up:" >&2
tail -n 5 "$S"/log/*.log >&2
exit 1
