# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What the tests of the Python module share.

# The system's, for which Debian has numpy, and not another that comes first in the path.
system_python() {
  local python=/usr/bin/python3
  [ -x $python ] || python=$(command -v python3) || return
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' && echo "$python"
}

# The file of which the README shows the events.
make_readme_file() {
  "$(support trace-maker)" trace.dat <<'END'
task 100 worker
event sched sched_switch 314
field 8 16 0 char prev_comm[16]
field 24 4 1 pid_t prev_pid
field 28 4 1 int prev_prio
field 32 8 1 long prev_state
field 40 16 0 char next_comm[16]
field 56 4 1 pid_t next_pid
field 60 4 1 int next_prio
print "prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%ld ==> next_comm=%s next_pid=%d next_prio=%d", REC->prev_comm, REC->prev_pid, REC->prev_prio, REC->prev_state, REC->next_comm, REC->next_pid, REC->next_prio
event sched sched_process_exec 311
field 8 4 0 __data_loc char[] filename
field 12 4 1 pid_t pid
field 16 4 1 pid_t old_pid
print "filename=%s pid=%d old_pid=%d", __get_str(filename), REC->pid, REC->old_pid
record 1000001000 314 0 0 100 16"worker" 4:100 4:120 8:1 16"swapper/0" 4:0 4:120
record 1000500000 314 0 0 0 16"swapper/0" 4:0 4:120 8:0 16"worker" 4:100 4:120
record 1000700000 311 0 0 100 4:0x000c0014 4:100 4:100 "/usr/bin/ls\x00"
END
}

record_events() {
  record -q -b "$(scaled 8192)" -e sched -e irq -e timer -e signal -e task -e raw_syscalls \
    -o "$1" bash -c 'for i in 1 2 3 4; do /bin/true; done'
}

# NAME.dat.json and NAME.dat.text: what rbmap-report prints.
print_files() {
  local file
  for file in *; do
    [[ $file != *.bats ]] || continue
    "$RBMAP_BIN/rbmap-report" --format json "$file" >"$file.json" 2>/dev/null || true
    "$RBMAP_BIN/rbmap-report" "$file" >"$file.text" 2>/dev/null || true
  done
}
