#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-report, beside trace-cmd report.

load helpers
load report-helpers

setup() {
  prepare_report
  second=$instance-b
}

teardown() {
  clear_up
  [ ! -d "$ring-b" ] || wait_until 5 rmdir "$ring-b"
}

# gives STATUS TEXT [ARG]...: rbmap-report with these ends so, and says this.
gives() {
  local status=$1 text=$2
  shift 2
  run -"$status" --separate-stderr show "$@"
  [[ $stderr == *"$text"* ]] || { echo "$stderr"; return 1; }
}

@test "bad input is told" {
  need
  record_some -e sched:sched_process_exec x.dat
  gives 2 "--format 'dat': unknown; choose text, json or csv" --format dat
  gives 2 "-e: the name of the event is empty" -e '' x.dat
  gives 2 "-e 'nothing': no such event" -e nothing x.dat
  gives 2 "accepts this filter: no such field" -F 'nothing == 1' x.dat
  gives 2 "precedes the first -e" -F 'common_pid == 1' -e sched x.dat
  gives 2 "only one file can be read, and x.dat is given already" x.dat y.dat
  gives 2 "--from 'x': not a time" --from x x.dat
  gives 2 "--to '2m': not a time" --to 2m x.dat
  gives 2 "-M 'x': not a CPU list" -M x x.dat
  gives 2 "-M '60000': the last CPU of the file is" -M 60000 x.dat
  head -c 1000 x.dat >head.dat
  gives 2 "-M '0': the file has no CPUs" -M 0 head.dat
  gives 2 "choose one of them" --stat --check x.dat
  gives 2 "--nope: no such option" --nope
  gives 1 "nothing.dat: No such file or directory" nothing.dat
  gives 1 "trace.dat: No such file or directory"
  gives 1 "/etc/passwd: not a trace.dat" /etc/passwd
  gives 1 "/dev/null: not a regular file" /dev/null
  : >empty
  gives 1 "empty: not a trace.dat" empty
}

@test "text as trace-cmd report has it: scheduler, system calls, markers" {
  need trace-cmd
  record_some -e sched -e raw_syscalls x.dat
  same_as_peer x.dat 100
  start_record -q "${silent[@]}" -o markers.dat
  markers 1 1000
  stop_record 0
  same_as_peer markers.dat 1000
}

@test "text as trace-cmd report has it: lost events" {
  need trace-cmd
  record_loss x.dat -e raw_syscalls
  grep -q 'EVENTS DROPPED' <(trace-cmd report x.dat 2>/dev/null)
  same_as_peer x.dat 1000
}

@test "text as trace-cmd report has it: a CPU without events" {
  need trace-cmd
  need_two_cpus
  record -q -M 0 -e sched:sched_process_exec -o x.dat taskset -c 0 /bin/true
  same_as_peer x.dat 1
}

@test "text as trace-cmd report has it: every clock" {
  need trace-cmd
  local clock
  for clock in local global mono mono_raw boot tai x86-tsc counter; do
    grep -qw -- "$clock" $tracing/trace_clock || continue
    record_some -C "$clock" -e sched:sched_switch x.dat
    same_as_peer x.dat
  done
}

@test "files of trace-cmd: both versions, compressed or not, several buffers" {
  need trace-cmd
  export -f some_load cpus
  for how in '--file-version 6' '--compression none' '--compression zstd'; do
    peer_record $how -e sched:sched_switch -B "$instance" -e raw_syscalls \
      -B "$second" -e sched -o x.dat bash -c some_load
    same_as_peer x.dat 100
    grep -q "^ *$instance: " x.dat.ours
    show --check x.dat
    run -0 show --stat x.dat
    [[ $output == *"buffer $second"* ]]
  done
}

# Into the directory files.
make_files() {
  local made=${RBMAP_BUILD:-}/tests/made-files
  [ -x "$made" ] || skip "made-files was not built"
  mkdir files
  "$made" files
}

@test "made by hand: other orders of bytes, other longs, zlib" {
  local file same=
  make_files
  for file in files/*.dat; do
    show "$file" >"$file.ours"
    [ "$(wc -l <"$file.ours")" = 51 ]
    show --check "$file"
    # All of them hold the same.
    cmp "${same:=$file.ours}" "$file.ours"
  done
}

@test "made by hand: the lines of trace-cmd report" {
  need trace-cmd
  local file
  make_files
  for file in files/*.dat; do
    # Not every trace-cmd is built with zlib.
    if ! trace-cmd report "$file" >/dev/null 2>&1; then
      [[ $file == *zlib.dat ]]
      continue
    fi
    same_as_peer "$file" 50
  done
}

@test "while it is recorded, and after the recorder was killed" {
  need trace-cmd
  start_record -q "${silent[@]}" -o x.dat
  markers 1 300
  has_all() { show x.dat 2>/dev/null | text_marker_list | each_once 1 300 2>/dev/null; }
  wait_until 20 has_all
  kill -KILL "$recorder"
  wait "$recorder" || true
  recorder=
  show --check x.dat
  same_as_peer x.dat 300
}

# cut_off FILE: at many places. Sets $most, the most lines that are left, and $whole, of the
# uncut file.
cut_off() {
  local size nr at parts status
  most=0
  parts=$(($(scaled 20) + 1))
  size=$(stat -c %s "$1")
  # Of a name that was cut only the pid counts.
  show "$1" | sed 's/^.*-\([0-9]* *\[\)/\1/' >known
  whole=$(wc -l <known)
  for at in 0 3 11 15 17 100 1000 10000 \
    $(seq $((size / parts)) $((size / parts)) $((size - 1))) \
    $((size - 5000)) $((size - 4096)) $((size - 1)); do
    head -c "$at" "$1" >cut.dat
    status=0
    show cut.dat >left 2>err || status=$?
    [ "$status" = 1 ]
    [ -s err ]
    [ "$at" -lt 18 ] || grep -qE 'cut.dat: at byte [0-9]+: ' err
    nr=$(wc -l <left)
    [ "$nr" -le "$whole" ]
    # Nothing that the whole file has not.
    sed 's/^.*-\([0-9]* *\[\)/\1/' left | grep -vxFf known | grep -v EVENTS && false
    most=$((most > nr ? most : nr))
  done
}

@test "cut off: what is left is printed, and where it ends" {
  need
  local most whole
  record_some --file-version 6 -e sched x.dat
  cut_off x.dat
  # All but a little of it.
  [ "$most" -gt $((whole / 2)) ]
}

# Half of a compressed chunk is of no use, and so few events make a chunk for each CPU.
@test "cut off: of a compressed file, what the other chunks hold is printed" {
  need
  local most whole
  record_some -e sched x.dat
  cut_off x.dat
  [ "$most" -gt 0 ]
}

@test "--check finds what is broken, and where" {
  need
  record_some --file-version 6 -e sched x.dat
  run -0 show --check x.dat
  [[ $output == *" events in "*": intact" ]]
  local subbuf where
  subbuf=$(first_subbuf x.dat)
  # A commit word and the length of the first record that are too large, however full the
  # sub-buffer is; the number of the record's event.
  for where in '10 177' '16 0 23 177' '21 177'; do
    cp x.dat bad.dat
    # shellcheck disable=SC2086
    poke_all bad.dat "$subbuf" $where
    run -1 show --check bad.dat
    [[ $output == *"at byte $subbuf: "* ]]
    [[ $output == *": damaged" ]]
  done
  # The name in the head, the formats' size.
  cp x.dat bad.dat
  poke bad.dat 20 177
  run -1 show --check bad.dat
  [[ $output == *"header_page: missing"* ]]
}

# Without the names of tasks: those that saved_cmdlines does not have are learned from the
# events that are printed.
shown() {
  show "$@" | tail -n +2 | sed -E 's/^ *[^[]*-([0-9]+) +\[/\1 [/'
}

@test "-e, -F, -M: as the lines of all of them" {
  need
  need_two_cpus
  record_some -e sched -e raw_syscalls x.dat
  shown x.dat >all
  shown -e sched_switch x.dat >some
  grep ' sched_switch: ' all | cmp - some
  shown -e 'raw_syscalls:*exit' -e sched_process_exec x.dat >some
  grep -E ' (sys_exit|sched_process_exec): ' all | cmp - some
  shown -M 1 x.dat >some
  grep ' \[001\] ' all | cmp - some
  shown -e sys_enter -F 'id == 0' x.dat >some
  [ -s some ]
  grep ' sys_enter: *NR 0 ' all | cmp - some
  shown -F 'common_pid == 0' x.dat >some
  grep '^0 ' all | cmp - some
}

@test "--from and --to: both are in it" {
  need
  record_some -e sched x.dat
  show x.dat | tail -n +2 >all
  local from to
  from=$(sed -n 20p all | grep -oE '[0-9]+\.[0-9]{6}')
  to=$(sed -n 40p all | grep -oE '[0-9]+\.[0-9]{6}')
  show --from "$from" --to "$to" x.dat | tail -n +2 >some
  awk -v from="$from" -v to="$to" '
    match($0, /[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]:/) {
      time = substr($0, RSTART, RLENGTH - 1)
      if (time + 0 >= from + 0 && time + 0 <= to + 0) print }' all | cmp - some
  [ "$(wc -l <some)" -ge 21 ]
}

@test "lost events are told with what is shown, whatever was left out" {
  need
  record_loss x.dat -e raw_syscalls -e sched
  lost() { sed -n 's/^CPU:0 \[\([0-9]*\) EVENTS DROPPED\]$/\1/p' | awk '{ n += $1 } END { print n + 0 }'; }
  show x.dat | lost >all
  show -F 'common_pid != 0' -M 0 x.dat | lost >some
  [ "$(cat all)" -gt 0 ]
  cmp all some
}

@test "--format json: an object a line, with the buffer where there are several" {
  need jq trace-cmd
  record_some -e sched -e raw_syscalls x.dat
  [ "$(show --format json x.dat | jq -c 'select(.ts and .event and .fields)' | wc -l)" = \
    "$(show x.dat | tail -n +2 | wc -l)" ]
  run -0 bash -c '"$1" --format json x.dat | jq -e "has(\"buffer\")" | sort -u' - "$report"
  [ "$output" = false ]
  export -f some_load cpus
  peer_record -e sched:sched_switch -B "$instance" -e raw_syscalls -o y.dat \
    bash -c some_load
  run -0 bash -c '"$1" --format json y.dat | jq -r "\"<\" + .buffer + \">\"" | sort -u' - "$report"
  [ "$output" = "<>
<$instance>" ]
}

@test "--stat counts what is printed" {
  need
  record_some -e sched -e raw_syscalls x.dat
  show x.dat | tail -n +2 >all
  run -0 show --stat x.dat
  [[ $output == *"written by rbmap"* ]]
  [[ $output == *"clock local"* ]]
  [[ $output == *"0 gaps"* ]]
  [[ $output == *"read events: "* ]]
  local name
  for name in sched_switch sys_enter sys_exit; do
    [ "$(awk -v name=":$name\$" '$1 ~ name && $2 == "all" { print $3 }' <<<"$output")" = \
      "$(grep -c " $name: " all)" ]
  done
  [ "$(awk '/^ +CPU / { on = 1; next } /^EVENT/ { on = 0 } on { n += $2 } END { print n }' \
    <<<"$output")" = "$(wc -l <all)" ]
}

@test "--stat -v: what libtraceevent prints, and why" {
  make_files
  run -0 --separate-stderr show --stat -v files/6-little-64.dat
  [[ $output == *"without a compiled format"*$'\n'none$'\n'* ]]
  # A flag that does not compile; of the same length, as all else stays in its place.
  LC_ALL=C sed 's/number=%u/numbe=%#u/' files/6-little-64.dat >slow.dat
  run -0 --separate-stderr show --stat -v slow.dat
  grep -qE '^made:number +48  a '"'#'"' flag for a decimal number$' <<<"$output"
  [[ $output != *$'\n'none$'\n'* ]]
  run -0 --separate-stderr show --stat slow.dat
  [[ $output != *"compiled"* ]]
  run -0 --separate-stderr show --stat -v -M 0 slow.dat
  grep -qE '^made:number +24  ' <<<"$output"
}

# as_text FILE: --stat's lines, of its JSON; only those that have numbers of their own.
as_text() {
  jq -r '(.buffers[] |
      (.cpus[] | ["cpu", .cpu, .events, "\(.lost)" + (if .gaps_unknown > 0 then "+" else "" end)]),
      (.events[] | (if .event then .system + ":" + .event else "unknown" end) as $name |
        [$name, "all", .events], (.cpus[] | [$name, .cpu, .events]))),
    ["gaps", (.lost | length) + .lost_not_listed] | map(tostring) | join(" ")' "$1"
}

# The same of its text, on standard input.
of_text() {
  awk '/^ +CPU / { on = 1; next } /^EVENT/ { on = 2; next } / gaps?$/ { print "gaps", $1 }
    NF == 0 { on = 0 }
    on == 1 { print "cpu", $1, $2, $4 }
    on == 2 && $2 == "all" { name = $1; print name, "all", $3; next }
    on == 2 { print name, $1, $2 }'
}

@test "--stat --format json: all that the text has" {
  need jq
  record_loss x.dat --file-version 6 -e raw_syscalls -e sched
  show --stat x.dat >text
  show --stat --format json x.dat >json
  [ "$(wc -l <json)" = 1 ]
  [ "$(jq '.lost | length' json)" -gt 0 ]
  as_text json | cmp - <(of_text <text)
  run -0 jq -r '"written by " + .writer, "on " + .system, "trace id " + (.trace_id // "0x0"), "clock " + .clock' json
  local line
  for line in "${lines[@]}"; do
    grep -qxF "$line" text || [ "$line" = "trace id 0x0" ]
  done
  jq -e --arg version "$("$report" --version | awk '{ print $NF; exit }')" \
    --argjson size "$(stat -c %s x.dat)" '
    .version == $version and .file == "x.dat" and .file_version == 6 and .bytes == $size and
    .byte_order == "little" and .compression == "none" and .time_unit == "ns" and
    (.cpu_stats | length) > 0 and (.buffers | length) == 1 and .buffers[0].buffer == "" and
    all(.buffers[].events[]; .why_not_compiled == null and .events_per_second > 0) and
    all(.lost[]; .buffer == "" and .cpu == 0 and .before >= (.after // 0) and .events != 0)' json
  # What is lost is counted at its CPU as well.
  [ "$(jq .lost_not_listed json)" != 0 ] ||
    jq -e '.buffers[0].cpus[0] as $cpu | ([.lost[].events // 0] | add) == $cpu.lost and
      ([.lost[] | select(.events == null)] | length) == $cpu.gaps_unknown' json
}

@test "--stat --format json: made by hand" {
  need jq
  local file
  make_files
  for file in files/*.dat; do
    show --stat --format json "$file" >json
    show --stat "$file" | of_text | cmp - <(as_text json)
    jq -e --arg file "$file" '.file == $file and
      (.file_version | tostring) == ($file | capture("/(?<v>[67])-").v) and
      .byte_order == ($file | capture("-(?<o>little|big)-").o) and
      .long_size == ($file | if test("-32") then 4 else 8 end) and
      .compression == ($file | if test("-z") then capture("-(?<c>z[a-z]+)\\.").c else "none" end) and
      .clock == "boot" and .time_unit == "ticks" and .writer == "maker 1" and
      .trace_id == null and .offset == 0 and .tsc_mult == null and
      [.buffers[].buffer] == ["", "other"] and
      .buffers[0].cpus[1] == {cpu: 1, events: 12, events_per_second: null, lost: 3,
        gaps_unknown: 0, oldest: 1002, newest: 1112, bytes: .buffers[0].cpus[1].bytes} and
      .lost == [{buffer: "", cpu: 1, after: 1032, before: 1042, events: 3},
        {buffer: "other", cpu: 1, after: 1032, before: 1042, events: 3}] and
      .cpu_stats == ["CPU: 0\nentries: 0\n"]' json
  done
  LC_ALL=C sed 's/number=%u/numbe=%#u/' files/6-little-64.dat >slow.dat
  show --stat --format json slow.dat >json
  jq -e 'all(.buffers[].events[];
    .why_not_compiled == "a '"'#'"' flag for a decimal number")' json
}

@test "a format that cannot be parsed is no reason to read nothing" {
  need jq
  local damage
  make_files
  for damage in 's/name: number/name: \x80umber/' 's/name: number/name: "umber/' \
    's/name: number/name:\nnumber/' 's/u32 number;/u3 numb[\xff];/' 's/u32 number;/u32 numbe[;/'; do
    LC_ALL=C sed "$damage" files/6-little-64.dat >x.dat
    run ! cmp -s files/6-little-64.dat x.dat
    run -0 show x.dat
    [[ $output == *"[UNKNOWN EVENT]"* ]]
    show --format json x.dat >json
    jq -ne 'all(inputs | select(.lost == null); .event == null and .raw[0] == 77)' json
  done
}

@test "names that are not UTF-8 are no reason for bad JSON" {
  need jq
  local no=$'\xef\xbf\xbd'
  make_files
  LC_ALL=C sed 's/maker 1/mk\xf8\x88\x80\x80\x80/; s/other/o\xc3\xa4r\xe2/' \
    files/6-little-64.dat >x.dat
  show --stat --format json x.dat >json
  grep -aF "\"mk$no$no$no$no$no\"" json | grep -aqF "\"oär$no\""
  jq -e '.writer and .buffers[1].buffer' json
  show --format json x.dat >json
  grep -aqF ",\"buffer\":\"oär$no\"}" json
  jq -ne 'any(inputs; .buffer)' json
}

@test "a closed pipe ends it quietly" {
  need
  record_some -e sched -e raw_syscalls x.dat
  local what
  for what in '' '--format json' --stat '--stat --format json'; do
    run -0 --separate-stderr bash -c '"$1" $2 x.dat | true; echo "${PIPESTATUS[0]}"' - \
      "$report" "$what"
    [ "$output" = 0 ]
    [ -z "$stderr" ]
  done
}

@test "it has no capabilities once it reads the file" {
  need
  record_some -e sched -e raw_syscalls x.dat
  mkfifo lines
  "$report" x.dat >lines 3>&- &
  # It prints more than a pipe holds, and nobody reads that.
  exec 5<lines
  wait_until 20 grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$!/status"
  grep -q '^CapEff:[[:space:]]*0*$' "/proc/$!/status"
  cmp <(show x.dat) - <&5
  exec 5<&-
  wait $!
}

@test "a full disk is a failure" {
  need
  [ -w /dev/full ] || skip "/dev/full is missing"
  record_some -e sched x.dat
  run -1 --separate-stderr bash -c '"$1" x.dat >/dev/full' - "$report"
  [ "$stderr" = "rbmap-report: standard output: No space left on device" ]
  run -1 --separate-stderr bash -c '"$1" --stat x.dat >/dev/full' - "$report"
  [[ $stderr == "rbmap-report: standard output: No space left on device"* ]]
}

# peak_kb FILE: memory of rbmap-report while it prints the file; AddressSanitizer would keep
# what is freed.
peak_kb() {
  ASAN_OPTIONS=quarantine_size_mb=0:${ASAN_OPTIONS-} "$(support measure)" pid usage "$report" "$1" >/dev/null && cut -d ' ' -f 4 usage
}

@test "memory does not grow with the file" {
  need
  local small large bytes how mine=load-$$ load
  ln -s "$(support syscall-load)" $mine
  load=("./$mine" 0)
  # Of nothing else, and no more than the ring holds: the sizes are sure.
  local what=(-e raw_syscalls -f "id == $(./$mine number) && comm == \"$mine\"" -b 32768)
  for how in --compress=none --compress; do
    record -q "${what[@]}" $how -o small.dat "${load[@]}" 40000
    record -q "${what[@]}" $how -o large.dat "${load[@]}" 240000
    bytes=$(($(stat -c %s large.dat) - $(stat -c %s small.dat)))
    [ "$bytes" -gt $((8 << 20)) ] || [ $how = --compress ]
    small=$(peak_kb small.dat)
    large=$(peak_kb large.dat)
    [ "$small" -gt 1000 ]
    echo "$how: $small KB and $large KB"
    [ "$large" -lt $((small + (2 << 10))) ]
  done
}
