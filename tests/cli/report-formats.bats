#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# rbmap-report on events of other kernels, made by hand; beside trace-cmd report.

load helpers
load report-helpers
load report-formats

setup() {
  prepare_report
}

teardown() {
  clear_up
}

@test "names in a print format are symbols, however the event is printed" {
  made x.dat <<'EOT'
event preemptirq irq_disable 310
field u32 caller_offs;8;4;0
field u32 parent_offs;12;4;0
print "caller=%pS parent=%pS", (void *)((unsigned long)(_stext) + REC->caller_offs), (void *)((unsigned long)(_stext) + REC->parent_offs)
event test slow 311
field u32 offset;8;4;0
field char comm[4];12;4;0
print "%ls%pS %lx", REC->comm, (void *)((unsigned long)(_stext) + REC->offset), (unsigned long)(second_function)
event test unknown 312
field u32 offset;8;4;0
print "%d %s", REC->offset + no_function, REC->offset ? "_stext" : "first_function"
record 0 1000000000 310 100 4:0x104 4:0x208
record 0 1000001000 311 100 4:0x208 4:0
record 0 1000002000 312 100 4:5
EOT
  prints x.dat <<'EOT'
cpus=1
irq_disable:          caller=first_function+0x4 parent=second_function+0x8
slow:                 second_function+0x8 ffffffff81000200
unknown:              5 _stext
EOT
  # libtraceevent, which prints what is not compiled, knows the symbols as well.
  show --stat -v x.dat | sed '1,/WHY/d' >stat
  [[ $(cat stat) == test:slow\ *" a string of wide characters" ]]
}

@test "function graph: durations, nesting, a function that calls none on one line" {
  calls
  prints x.dat <<'EOT'
cpus=2
funcgraph_entry:                   |  first_function() {
funcgraph_entry:        1.500 us   |    second_function();
funcgraph_entry:      + 15.000 us  |    1234();
funcgraph_exit:       + 20.500 us  |  }
funcgraph_entry:                   |  second_function() {
funcgraph_entry:                   |  first_function() {
funcgraph_exit:         0.900 us   |  }
funcgraph_exit:         1.400 us   |  }
funcgraph_entry:                   |  1234() {
funcgraph_exit:         1.000 us   |  }
EOT
  show --jobs 2 x.dat | cmp - x.dat.ours
  show --stat -v x.dat | sed '1,/WHY/d' | grep -qx none
}

@test "function graph: how long, and how deep" {
  local duration
  {
    for duration in 0 999 10000 10001 100001 1000001 1000000001 1000000000 1234567890123456 -1; do
      echo "record 0 1000000000 10 100 8:0x1 8:0 8:$duration 8:0 4:0"
    done
    echo 'record 0 1000000000 10 100 8:0x1 8:0 8:5 8:0 4:3'
    echo 'record 0 1000000000 10 100 8:0x1 8:0 8:5 8:0 4:-1'
  } | graph x.dat
  prints x.dat <<'EOT'
cpus=2
funcgraph_exit:         0.000 us   |  }
funcgraph_exit:         0.999 us   |  }
funcgraph_exit:         10.000 us  |  }
funcgraph_exit:       + 10.001 us  |  }
funcgraph_exit:       ! 100.001 us |  }
funcgraph_exit:       # 1000.001 us |  }
funcgraph_exit:       $ 1000000 us |  }
funcgraph_exit:       # 1000000 us |  }
funcgraph_exit:       $ 1234567890123 us |  }
funcgraph_exit:         18446744073709551 us |  }
funcgraph_exit:         0.005 us   |        }
funcgraph_exit:         0.005 us   |  }
EOT
}

@test "function graph: JSON, counts and choices have all records" {
  need jq
  calls
  [ "$(show --format json x.dat | jq -r .event | sort | uniq -c | xargs)" = \
    "6 funcgraph_entry 6 funcgraph_exit" ]
  [[ $(show --check x.dat) == *": 12 events "* ]]
  [ "$(show --stat x.dat | awk '$2 == "all" { print $1, $3 }' | xargs)" = \
    "ftrace:funcgraph_exit 6 ftrace:funcgraph_entry 6" ]
  # An entry has its duration, whether its exit was chosen or not.
  show -e ftrace:funcgraph_entry x.dat | cmp - <(show x.dat | grep -v '}$')
  [ "$(show -e ftrace:funcgraph_exit x.dat | grep -c '}$')" = 6 ]
}

@test "function graph: of several buffers, each its own" {
  graph x.dat <<'EOT'
record 0 1000000000 11 100 8:0xffffffff81000100 4:0
record 0 1000005000 10 100 8:0xffffffff81000100 8:0 8:4000 8:0 4:0
record 0 1000008000 11 100 8:0xffffffff81000200 4:0
buffer second
record 0 1000002000 11 101 8:0xffffffff81000200 4:1
record 1 1000003000 11 101 8:0xffffffff81000200 4:1
record 1 1000006000 10 101 8:0xffffffff81000200 8:3000 8:4000 8:0 4:1
record 0 1000007500 11 101 8:0xffffffff81000200 4:1
record 0 1000008500 10 101 8:0xffffffff81000200 8:7500 8:8000 8:0 4:1
EOT
  prints x.dat <<'EOT'
cpus=2
funcgraph_entry:        4.000 us   |  first_function();
funcgraph_entry:                   |    second_function() {
funcgraph_entry:        1.000 us   |    second_function();
funcgraph_entry:        0.500 us   |    second_function();
funcgraph_entry:                   |  second_function() {
EOT
  show --jobs 2 x.dat | cmp - x.dat.ours
}

@test "characters and signs are the kernel's beside any libtraceevent; arrays are the library's" {
  characters x.dat
  show x.dat | sed -E 's/^.*\] +[0-9]+\.[0-9]+: //' >lines
  head -n 4 lines | diff - <(cat <<'EOT'
cpus=1
mark_char:            B|4711|frame|42
plus:                 delta +5 end 7
quote:                Y 9
EOT
  )
  grep '^array' lines >arrays
  diff arrays - <<<$'array:                a={0x1,0x2,0xa,0xff}\narray_dyn:            a={0x7,0x100}' ||
    diff arrays - <<<$'array:                a=1 2 10 255\narray_dyn:            a=7 256'
  ! command -v trace-cmd >/dev/null ||
    report x.dat | sed -n 's/^.*: \(array.*\)/\1/p' | diff arrays -
}

@test "a print format that would end libtraceevent is named, its events are printed as fields" {
  made x.dat <<'EOD'
event test good 310
field u32 n;8;4;0
print "n is %d", REC->n
event test zero 311
field u32 n;8;4;0
print "%d", REC->n / 0
event test missing 312
field u32 n;8;4;0
field u32 m;12;4;0
print "%s", __print_flags(REC->nothing, "|", { 1, "one" })
event test element 313
field u16 a[2];8;4;0
print "%d", REC->a[0] ? 1 : REC->a[1]
event test open 314
field u32 n[;8;4;0
print "%d", 1
event test sound 315
field u32 n;8;4;0
print "%d of %d", REC->n, REC->n
record 0 1000000000 310 100 4:1
record 0 1000001000 311 100 4:2
record 0 1000002000 312 100 4:3 4:9
record 0 1000003000 313 100 2:1 2:2
record 0 1000004000 315 100 4:4
EOD
  run -0 --separate-stderr show x.dat
  sed -E 's/^.*\] +[0-9]+\.[0-9]+: //' <<<"$output" | diff - <(cat <<'EOD'
cpus=1
good:                 n is 1
zero:                 [FAILED TO PARSE] n=2
missing:              [FAILED TO PARSE] n=3 m=9
element:              [FAILED TO PARSE] a=ARRAY[01, 00, 02, 00]
sound:                4 of 4
EOD
  )
  [ "${#stderr_lines[@]}" = 4 ]
  local i name names=(zero missing element open)
  for i in "${!names[@]}"; do
    [[ ${stderr_lines[i]} == "rbmap-report: test:${names[i]}: its "*" is not trusted, since "* ]]
  done
  show -q --check x.dat
}
