#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2030,SC2031
# rbmap-stat on the live kernel, each test with an instance of its own.

bats_require_minimum_version 1.5.0

: "${RBMAP_BIN:?is set by CTest}" "${RBMAP_BUILD:?is set by CTest}"

tracing=/sys/kernel/tracing
# How many times slower than hardware this machine is, such as an emulator.
slowdown=${RBMAP_TEST_SLOWDOWN:-1}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  stat=$RBMAP_BIN/rbmap-stat
  name=rbmap-test-stat-$$-$BATS_TEST_NUMBER
  ring=$tracing/instances/$name
  holder=
  writer=
}

teardown() {
  [ -z "$writer" ] || kill "$writer" 2>/dev/null || true
  [ -z "$holder" ] || exec {holder}>&-
  for _ in $(seq $((5 * slowdown))); do
    [ ! -d "$ring" ] || rmdir "$ring" 2>/dev/null || sleep 0.2
  done
  [ ! -d "$ring" ]
}

need_root() {
  [ "$(id -u)" = 0 ] || skip "needs root"
}

need_ring() {
  need_root
  [ -w $tracing/instances ] || skip "no tracefs on $tracing"
  mkdir "$ring" || skip "no instance can be made"
}

need_mapping() {
  need_ring
  can_map || skip "the kernel cannot map ring buffers"
}

can_map() {
  [ "$(feature mapping)" = yes ]
}

feature() {
  "$stat" --features | awk -v name="$1" '$1 == name { print $2 }'
}

# write_markers CPU COUNT
write_markers() {
  taskset -c "$1" bash -c '
    exec >"$1"
    for ((i = 0; i < $2; i++)); do printf "marker %06d\n" "$i"; done' - "$ring/trace_marker" "$2"
}

# kernel_says CPU COUNTER
kernel_says() {
  sed -n "s/^$2: *//p" "$ring/per_cpu/cpu$1/stats"
}

last_online_cpu() {
  sed 's/.*[-,]//' /sys/devices/system/cpu/online
}

# json FILTER [OPTION]...
json() {
  local filter=$1
  shift
  "$stat" -B "$name" --json "$@" | jq -c "$filter"
}

# fake_tracefs CPUS: a script that lays a made-up one with that many CPUs over the real,
# seen by the shell that runs it (below unshare) only.
fake_tracefs() {
  cat <<SCRIPT
set -e
dir=\$(mktemp -d "$BATS_TEST_TMPDIR/fake.XXXXXX")
for ((i = 0; i < $1; i++)); do
  mkdir -p "\$dir/per_cpu/cpu\$i"
  : >"\$dir/per_cpu/cpu\$i/trace_pipe_raw"
  printf '%s\n' "entries: \$i" 'overrun: 1000000' 'commit overrun: 0' 'bytes: 64' \
    'oldest event ts: 1.000000' 'now ts: 3.500000' 'dropped events: 2' 'read events: 0' \
    >"\$dir/per_cpu/cpu\$i/stats"
done
echo '[local] global' >"\$dir/trace_clock"
: >"\$dir/trace"
mkdir "\$dir/instances"
echo 0-$(($1 - 1)) >"\$dir/cpus"
mount --bind "\$dir/cpus" /sys/devices/system/cpu/present
mount --bind "\$dir/cpus" /sys/devices/system/cpu/online
mount --bind "\$dir" $tracing
SCRIPT
}

@test "--help and --version" {
  run -0 --separate-stderr "$stat" --help
  [[ $output == "Usage: rbmap-stat "* ]]
  [ -z "$stderr" ]
  run -0 "$stat" --version
  [[ $output =~ ^rbmap-stat\ \(rbmap\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "usage errors are one line and a hint, and exit 2" {
  need_root
  [ -w $tracing/instances ] || skip "no tracefs on $tracing"
  local arguments=(
    '-M x' '-M 1-0' '-M 0,' '-M 99999' '-M' '-B a/b' '-B .' '--watch 0' '--watch x'
    '--watch 99999999999' '--watch' '--count 3' '--watch 1 --count 0'
    '--watch 1 --count x' '--nope' '-Z' '--json -Zh' '-j' '--json=1' '--format x' 'operand'
    '--features -M 0' '--features -B x' '--features --watch 1')
  for words in "${arguments[@]}"; do
    # shellcheck disable=SC2086
    run -2 --separate-stderr "$stat" $words
    [ -z "$output" ]
    # shellcheck disable=SC2154
    [ "${#stderr_lines[@]}" = 2 ]
    [[ ${stderr_lines[0]} == "rbmap-stat: "* ]]
    [ "${stderr_lines[1]}" = "Try 'rbmap-stat --help'." ]
  done
}

@test "an instance that does not exist: its path, and those that do" {
  need_ring
  run -1 --separate-stderr "$stat" -B rbmap-test-nothing
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *"$tracing/instances/rbmap-test-nothing: no such instance"*"$name"* ]]
}

@test "control characters in an argument do not break the line" {
  run -2 --separate-stderr "$stat" $'--no\npe\e[31m'
  [ "${#stderr_lines[@]}" = 2 ]
  [[ ${stderr_lines[0]} != *$'\e'* ]]
}

@test "markers are counted where they were written" {
  need_ring
  local cpu
  cpu=$(last_online_cpu)
  write_markers "$cpu" 1234
  run -0 json '.total.unread'
  [ "$output" = 1234 ]
  if ! can_map; then
    run -0 json ".cpus[] | select(.cpu == $cpu) | [.meta, .counters.unread,
      .counters.overrun, .counters.read, .unread, .lost]"
    [ "$output" = '[null,1234,0,0,1234,0]' ]
    return
  fi
  run -0 json ".cpus[] | select(.cpu == $cpu) | [.meta.entries, .meta.overrun, .meta.read,
    .counters.unread, .counters.overrun, .counters.read, .unread, .lost]"
  [ "$output" = '[1234,0,0,1234,0,0,1234,0]' ]
}

@test "every counter is the kernel's" {
  need_ring
  write_markers 0 200
  timeout $((5 * slowdown)) head -n 50 "$ring/per_cpu/cpu0/trace_pipe" >/dev/null || true
  local counter key
  while read -r counter key; do
    run -0 json ".cpus[] | select(.cpu == 0).counters.$counter"
    [ "$output" = "$(kernel_says 0 "$key")" ]
  done <<'END'
unread entries
overrun overrun
commit_overrun commit overrun
bytes bytes
dropped dropped events
read read events
END
  run -0 json '.cpus[] | select(.cpu == 0) | .counters.read > 0 and
    .unread == .counters.unread'
  [ "$output" = true ]
  can_map || return 0
  run -0 json '.cpus[] | select(.cpu == 0) | .meta.read == .counters.read and .meta.read > 0
    and .unread == .meta.entries - .meta.overrun - .meta.read'
  [ "$output" = true ]
}

@test "overwritten events are lost ones" {
  need_ring
  echo 8 >"$ring/buffer_size_kb"
  write_markers 0 3000
  run -0 json '.cpus[] | select(.cpu == 0) | .lost > 0 and .unread + .lost == 3000 and
    (.meta == null or .meta.entries == 3000 and .meta.overrun == .lost)'
  [ "$output" = true ]
  run -0 json '.total.lost'
  [ "$output" = "$(kernel_says 0 overrun)" ]
}

@test "refused events are lost ones" {
  need_ring
  echo 8 >"$ring/buffer_size_kb"
  echo 0 >"$ring/options/overwrite"
  write_markers 0 3000 2>/dev/null || true
  run -0 json '.cpus[] | select(.cpu == 0) | .lost == .counters.dropped and .lost > 0'
  [ "$output" = true ]
  run -0 json '.total.dropped'
  [ "$output" = "$(kernel_says 0 'dropped events')" ]
}

@test "the geometry is the kernel's" {
  need_mapping
  [ "$(feature sub-buffer-sizes)" = yes ] || skip "the kernel has one size of sub-buffers"
  echo 16 >"$ring/buffer_subbuf_size_kb"
  echo 256 >"$ring/buffer_size_kb"
  run -0 json '.cpus[0].meta | .subbuf_size'
  [ "$output" = 16384 ]
  run -0 json '.cpus[0] | .meta.nr_subbufs * .meta.subbuf_size == .capacity_bytes
    and .capacity_bytes >= 256 * 1024'
  [ "$output" = true ]
  run -0 "$stat" -B "$name"
  [[ $output == *"sub-buffers of 16384 bytes"* ]]
}

@test "a look consumes nothing and leaves nothing mapped" {
  need_ring
  write_markers 0 100
  local before after
  before=$(grep -v '^now ts' "$ring/per_cpu/cpu0/stats")
  run -0 "$stat" -B "$name"
  after=$(grep -v '^now ts' "$ring/per_cpu/cpu0/stats")
  [ "$before" = "$after" ]
  [ "$(grep -c marker "$ring/trace")" = 100 ]
  echo 64 >"$ring/buffer_size_kb"
}

@test "GET_READER is never called" {
  need_mapping
  command -v strace >/dev/null || skip "strace is missing"
  # LeakSanitizer cannot work below a tracer.
  ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=ioctl -o "$BATS_TEST_TMPDIR/log" \
    "$stat" -B "$name" >/dev/null
  run ! grep -E "0x5220|_IOC\(_IOC_NONE, 0x52, 0x20" "$BATS_TEST_TMPDIR/log"
}

@test "between the looks of --watch nothing is mapped" {
  need_ring
  "$stat" -B "$name" --json --watch 1 --count 2 >"$BATS_TEST_TMPDIR/out" &
  local pid=$!
  for _ in $(seq $((100 * slowdown))); do
    [ ! -s "$BATS_TEST_TMPDIR/out" ] || break
    sleep 0.05
  done
  echo 64 >"$ring/buffer_size_kb"
  wait "$pid"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 2 ]
}

@test "a ring that someone else has mapped" {
  need_mapping
  write_markers 0 10
  coproc HOLD { "$RBMAP_BUILD/tests/map-hold" "$ring/per_cpu/cpu0/trace_pipe_raw"; }
  holder=${HOLD[1]}
  read -r line <&"${HOLD[0]}"
  [ "$line" = mapped ]
  write_markers 0 10
  # Only their next GET_READER refreshes the meta-page.
  run -0 json '.cpus[] | select(.cpu == 0) | [.meta.entries, .counters.unread]'
  [ "$output" = '[10,20]' ]
}

@test "the table: a row a CPU with its numbers, units, a total" {
  need_mapping
  [ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
  write_markers 1 77
  run -0 "$stat" -B "$name"
  [[ ${lines[0]} == "$ring, clock local" ]]
  grep -Eq '^CPU \| +entries overrun read unread' <<<"$output"
  grep -Eq 'events +events events events' <<<"$output"
  grep -Eq '^ +1 \| +77 +0 +0 +77 \|' <<<"$output"
  grep -Eq '^all \| +77 ' <<<"$output"
  grep -q '^77 events unread (' <<<"$output"
  run -0 "$stat" -B "$name" -M 1
  run ! grep -E '^(all| +0) \|' <<<"$output"
}

need_extent() {
  need_mapping
  [[ $(uname -m) =~ ^(x86_64|i.86)$ ]] || skip "nothing is read beside the writer on this CPU"
}

# Of what can be read of CPU 0, the first and the last time in microseconds.
trace_times() {
  sed -nE 's/^.* ([0-9]+)\.([0-9]{6}): .*marker.*$/\1\2/p' "$ring/per_cpu/cpu0/trace" |
    sed -n '1p;$p'
}

# The same in the extent of CPU 0, which stands still, and that all of it fits together.
check_extent() {
  local times
  times=$(trace_times)
  [ "$(wc -l <<<"$times")" = 2 ]
  json '.cpus[0]' -M 0 >"$BATS_TEST_TMPDIR/look"
  jq -c '[.extent, .counters, .age, .reach]' "$BATS_TEST_TMPDIR/look"
  run -0 jq '.extent | .oldest, .newest | (. + 500) / 1000 | floor' "$BATS_TEST_TMPDIR/look"
  [ "$output" = "$times" ]
  run -0 jq '.extent.source == "mapping" and .extent_error == null and
    .reach == .extent.newest - .extent.oldest and .age == .counters.now - .extent.oldest and
    .age > .reach and .reach > 0' "$BATS_TEST_TMPDIR/look"
  [ "$output" = true ]
}

@test "fill, oldest and newest are what can be read of a ring" {
  need_extent
  write_markers 0 1000
  echo 0 >"$ring/tracing_on"
  check_extent
  run -0 jq '.unread == 1000 and .extent.bytes == .counters.bytes and
    ((.extent.oldest + 500) / 1000 | floor) * 1000 == .counters.oldest' "$BATS_TEST_TMPDIR/look"
  [ "$output" = true ]
  run -0 "$stat" -B "$name" -M 0
  grep -Eq ' fill +oldest +reach +lost$' <<<"$output"
  grep -Eq ' %  +s +s +events$' <<<"$output"
}

@test "the same of a ring that was lapped" {
  need_extent
  echo 8 >"$ring/buffer_size_kb"
  write_markers 0 3000
  echo 0 >"$ring/tracing_on"
  check_extent
  run -0 jq '.counters.overrun > 0 and .extent.bytes == .counters.bytes and
    ((.extent.oldest + 500) / 1000 | floor) * 1000 == .counters.oldest' "$BATS_TEST_TMPDIR/look"
  [ "$output" = true ]
}

@test "the same of a ring that is partly consumed, within a sub-buffer too" {
  need_extent
  write_markers 0 1000
  echo 0 >"$ring/tracing_on"
  timeout $((5 * slowdown)) head -n 50 "$ring/per_cpu/cpu0/trace_pipe" >/dev/null || true
  check_extent
  # A marker of 14 bytes takes no more than 36, nor less than 20.
  run -0 jq '.meta.reader.read > 0 and .counters.read > 0 and
    .extent.bytes >= 20 * .unread and .extent.bytes < 40 * .unread' "$BATS_TEST_TMPDIR/look"
  [ "$output" = true ]
}

# What was consumed lies in the ring until it is overwritten.
@test "the same of a ring of which whole sub-buffers are consumed" {
  need_extent
  local raw=$ring/per_cpu/cpu0/trace_pipe_raw
  for _ in 1 2 3; do
    write_markers 0 1000
    timeout $((5 * slowdown)) head -n 300 "$ring/per_cpu/cpu0/trace_pipe" >/dev/null || true
    check_extent
    # All of it, with the one that grows.
    dd if="$raw" of=/dev/null bs=64K iflag=nonblock status=none || true
    [ "$(kernel_says 0 entries)" = 0 ]
    write_markers 0 700
    check_extent
    dd if="$raw" of=/dev/null bs=64K count=3 iflag=nonblock status=none
    check_extent
  done
}

@test "the same of a ring that was reset, and nothing of one that is empty" {
  need_extent
  write_markers 0 500
  : >"$ring/trace"
  run -0 json '.cpus[0] | [.extent.source, .extent.bytes, .extent.oldest, .extent.newest,
    .age, .reach]' -M 0
  [ "$output" = '["mapping",0,null,null,null,null]' ]
  run -0 "$stat" -B "$name" -M 0
  grep -Eq ' 0\.0 +- +- +0$' <<<"$output"
  write_markers 0 10
  echo 0 >"$ring/tracing_on"
  check_extent
}

@test "beside a writer that laps the ring all the time nothing is made up" {
  need_extent
  echo 8 >"$ring/buffer_size_kb"
  taskset -c 0 dd if=/dev/zero of="$ring/trace_marker" bs=64 status=none 3>&- &
  writer=$!
  until [ "$(kernel_says 0 overrun)" -gt 0 ]; do kill -0 "$writer"; done
  json '.cpus[0]' -M 0 --watch 0.01 --count $((200 / slowdown + 2)) >"$BATS_TEST_TMPDIR/looks"
  kill "$writer"
  writer=
  run -0 jq -cs '[.[].extent.source] | unique' "$BATS_TEST_TMPDIR/looks"
  [[ $output == *'"mapping"'* ]]
  # The kernel rounds its now.
  run -0 jq -c 'select(.extent.source == "mapping") | select((.extent.bytes > 0 and
    .extent.bytes <= .capacity_bytes and .extent.oldest <= .extent.newest and
    .extent.newest <= .counters.now + 500 and .reach <= .age + 500 and .age < 60e9) | not)' \
    "$BATS_TEST_TMPDIR/looks"
  [ "$output" = "" ] || { echo "$output"; return 1; }
  run -0 jq -s '[.[].extent | select(.newest) | .newest] | . == sort and .[0] < .[-1]' "$BATS_TEST_TMPDIR/looks"
  [ "$output" = true ]
}

@test "a clock that does not tell the order: the counters, and that is said" {
  need_mapping
  echo uptime >"$ring/trace_clock"
  write_markers 0 100
  run -0 json '.cpus[0] | [.extent.source, .extent.bytes == .counters.bytes,
    .extent.oldest == .counters.oldest, .extent.newest, .age >= 0, .reach,
    .extent_error != null, .meta_error]' -M 0
  [ "$output" = '["counters",true,true,null,true,null,true,null]' ]
  run -0 "$stat" -B "$name" -M 0
  [[ ${lines[-1]} == "CPU 0: fill and oldest are from the counters, reach is unknown: "*"clock uptime"* ]]
}

@test "-M chooses CPUs" {
  need_ring
  run -0 json '[.cpus[].cpu]' -M 0
  [ "$output" = '[0]' ]
  run -0 json '[.cpus[].cpu] == [range(.cpus | length)]' -M 0-
  [ "$output" = true ]
}

@test "an offline CPU is marked" {
  need_ring
  [ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
  echo 0 >"$BATS_TEST_TMPDIR/online"
  run -0 unshare -m sh -c "mount --bind '$BATS_TEST_TMPDIR/online' \
    /sys/devices/system/cpu/online && '$stat' -B '$name' -M 0-1 &&
    '$stat' -B '$name' -M 0-1 --json"
  [[ $output == *$'\n1 off | '* ]]
  [[ $output == *'"cpu":1,"online":false'* ]]
}

@test "a clock that is no time" {
  need_ring
  echo counter >"$ring/trace_clock"
  write_markers 0 5
  run -0 json '[.clock, .cpus[0].counters.time_unit, .cpus[0].counters.oldest]' -M 0
  [[ $output == '["counter","ticks",'* ]]
  run -0 "$stat" -B "$name" -M 0
  [[ $output == *ticks* ]]
}

@test "--watch: a document a line, and --count ends it" {
  need_ring
  run -0 json '.instance' --watch 0.05 --count 3
  [ "$output" = "$(printf '"%s"\n' "$name" "$name" "$name")" ]
}

# watch [OPTION]...: in the background, until its first look is in the file out.
watch() {
  rm -f "$BATS_TEST_TMPDIR/out"
  env --default-signal=INT "$stat" -B "$name" --json "$@" \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
  watcher=$!
  until [ -s "$BATS_TEST_TMPDIR/out" ]; do
    kill -0 "$watcher" || return
    sleep 0.02
  done
}

@test "--watch ends well with SIGINT and with SIGTERM" {
  local signal
  need_ring
  for signal in INT TERM; do
    watch --watch 60
    kill -s "$signal" "$watcher"
    wait "$watcher"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 1 ]
  done
}

@test "--watch ends when the instance goes away" {
  need_ring
  watch --watch 0.2
  until rmdir "$ring" 2>/dev/null; do sleep 0.02; done
  local status=0
  wait "$watcher" || status=$?
  [ "$status" = 1 ]
  [ "$(wc -l <"$BATS_TEST_TMPDIR/err")" = 1 ]
}

@test "a full or closed standard output is a failure" {
  need_ring
  run -1 bash -c '"$1" -B "$2" >/dev/full' - "$stat" "$name"
  [[ $output == "rbmap-stat: standard output: No space left on device; "* ]]
  run -1 bash -c '"$1" -B "$2" --json >&-' - "$stat" "$name"
  [[ $output == "rbmap-stat: standard output: Bad file descriptor"* ]]
  run -1 bash -c 'timeout "$3" "$1" -B "$2" --watch 0.1 >/dev/full' - "$stat" "$name" \
    $((10 * slowdown))
  run -1 bash -c '"$1" --help >/dev/full' - "$stat"
}

@test "a reader that goes away is none" {
  need_ring
  run -0 bash -c 'set -o pipefail; timeout "$3" "$1" -B "$2" --watch 0.1 | head -n 1' - \
    "$stat" "$name" $((10 * slowdown))
  [ "$output" = "$ring, clock local" ]
}

# with_pid COMMAND [ARG]...: its process is in the file pid.
with_pid() {
  bash -c 'echo $$ >pid && exec "$@"' - "$@"
}

@test "--features: each with its reason, and the probe's instance is gone" {
  run -0 with_pid "$stat" --features
  [[ ${lines[0]} == FEATURE*STATE*DETAIL ]]
  run -0 bash -c '"$1" --features --json |
    jq -r ".features[] | select(.state != \"yes\" and .detail == \"\").name"' - "$stat"
  [ -z "$output" ]
  [ "$(feature not-there)" = "" ]
  [ ! -e "$tracing/instances/rbmap-probe-$(cat pid)" ]
}

@test "--features: the engine that this kernel is known to have" {
  need_root
  case ${RBMAP_TEST_ENGINE:-} in
  mapped) [ "$(feature mapping)" = yes ] ;;
  read) [ "$(feature mapping)" = no ] ;;
  *) skip "RBMAP_TEST_ENGINE does not name it" ;;
  esac
}

@test "--features takes over what a killed one left behind" {
  need_root
  [ "$(feature instances)" = yes ] || skip "no instance can be made"
  run -0 with_pid bash -c 'mkdir "$2/instances/rbmap-probe-$$" &&
    exec "$1" --features --json' - "$stat" "$tracing"
  jq -e '.features[] | select(.name == "instances").state == "yes"' <<<"$output"
  [ ! -e "$tracing/instances/rbmap-probe-$(cat pid)" ]
}

@test "--features changes no tracing file" {
  need_ring
  local before after files="buffer_size_kb trace_clock current_tracer set_event_notrace_pid
    tracing_on set_event trace_options buffer_percent" lock
  # Tests with trace-cmd change these; see at_top_level.
  exec {lock}<$tracing/events
  flock "$lock"
  # shellcheck disable=SC2086
  before=$(cd $tracing && cat $files)
  "$stat" --features >/dev/null
  # shellcheck disable=SC2086
  after=$(cd $tracing && cat $files)
  [ "$before" = "$after" ]
}

@test "tracefs that is not mounted: said with the remedy, and not mounted" {
  need_root
  [ -d $tracing/instances ] || skip "no tracefs on $tracing"
  run -0 unshare -m bash -c '
    while umount -l "$2" 2>/dev/null; do :; done
    umount -l /sys/kernel/debug 2>/dev/null
    "$1"; echo "status $?"
    "$1" --features | grep ^tracefs
    grep -c " tracefs " /proc/mounts; true' - "$stat" "$tracing"
  [[ $output == *"tracefs: not mounted; mount it: mount -t tracefs nodev"* ]]
  [[ $output == *"status 1"* ]]
  [[ $output == *"tracefs           no       not mounted"* ]]
  [ "${lines[-1]}" = 0 ]
}

@test "without the right to look: who has it" {
  need_root
  run -0 setpriv --reuid=65534 --regid=65534 --clear-groups true
  [ "$(stat -c %a $tracing 2>/dev/null)" = 700 ] || skip "$tracing is open to others"
  setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$stat" ||
    skip "the build folder is closed to others"
  run -1 setpriv --reuid=65534 --regid=65534 --clear-groups "$stat"
  [[ $output == *"$tracing: Permission denied; run as root"* ]]
  run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$stat" --features
  [[ $output == *"readable          no "* ]]
}

@test "where the kernel cannot map the live counters are shown all the same" {
  need_root
  [ -d $tracing/instances ] || skip "no tracefs on $tracing"
  run -0 unshare -m bash -c "$(fake_tracefs 2)"$'\n'"'$stat'; '$stat' --json"
  grep -Eq '^CPUs 0-1: no meta-page: ' <<<"$output"
  grep -Eq '^ +1 \| +- +- +- +- \|' <<<"$output"
  jq -e '.cpus[1] | .meta == null and .meta_error != null and .lost == 1000002 and
    .extent.source == "counters" and .age == 2500000000 and .reach == null' <<<"${lines[-1]}"
}

@test "256 CPUs: a row each" {
  need_root
  [ -d $tracing/instances ] || skip "no tracefs on $tracing"
  run -0 unshare -m bash -c "$(fake_tracefs 256)"$'\n'"'$stat'"
  [ "$(grep -Ec '^ *[0-9]+ \|' <<<"$output")" = 256 ]
  grep -Eq '^all .* 32640 ' <<<"$output"
  grep -Eq '^CPUs 0-255: no meta-page: ' <<<"$output"
}
