# SPDX-License-Identifier: GPL-2.0-only
# The results of library.sh: what is compared, and with which goal. A candidate that failed,
# even in one round, is not compared.
def cpu($name):
  map(select(.name == $name and .error == null and (.rounds | length) > 0))
  | .[0].median.cpu_per_million;
def ratio($ours; $theirs):
  cpu($ours) as $a | cpu($theirs) as $b
  | if $a == null or ($b // 0) == 0 then null else $a / $b end;
def goal($what; $value; $goal):
  {what: $what, value: $value, goal: $goal,
   met: (if $value == null then null else $value <= $goal end)};
. as $all
| [("latency", "who-ran") as $tool | $all
  | goal("\($tool), live: by name, to a raw load";
      ratio("\($tool).session.name"; "\($tool).session.raw"); 1.3),
    goal("\($tool), live: by name, to tracefs_cpu_read_buf(), cached";
      ratio("\($tool).session.name"; "\($tool).read-buf.cached"); 0.5),
    goal("\($tool), a file: by name, to a raw load";
      ratio("\($tool).reader.name"; "\($tool).reader.raw"); 1.3),
    goal("\($tool), a file: by name, to libtracecmd, cached";
      ratio("\($tool).reader.name"; "\($tool).tracecmd.cached"); 0.3)]
  + [goal("Python, a file: columns, nanoseconds";
      cpu("python.columns") | if . then . * 1000 else null end; 30)]
