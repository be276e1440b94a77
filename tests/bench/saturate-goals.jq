# SPDX-License-Identifier: GPL-2.0-only
# The results of saturate.sh: what is compared with trace-cmd, and with the goals. A
# candidate that failed, even in one round, is not compared. By the event that is in the file,
# since the number of events of a load is not always the same, and one that loses events has
# less to do.
def median: sort | length as $n
  | if $n == 0 then null
    elif $n % 2 == 1 then .[($n - 1) / 2]
    else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;
def row($name): map(select(.name == $name and .error == null and (.rounds | length) > 0)) | .[0];
def ratio($ours; $theirs; $key):
  if $ours == null or ($theirs.median[$key] // 0) == 0 then null
  else $ours.median[$key] / $theirs.median[$key] end;
# How far the ratio of a round is from that of the others: their median absolute deviation.
def noise($ours; $theirs; $key):
  if $ours == null or $theirs == null then null
  else [$ours.rounds[] as $a | $theirs.rounds[] | select(.round == $a.round and .[$key] > 0)
      | $a[$key] / .[$key]]
    | median as $middle | map(. - $middle | fabs) | median end;
# A recorder that compresses while it records slows the load; one that does so afterwards
# takes the time then.
def with_end: if . == null then null
  else .rounds |= map(.complete_seconds = .load_seconds + .stop_seconds)
    | .median.complete_seconds = ([.rounds[].complete_seconds] | median) end;
def goal($what; $value; $goal; $noise):
  {what: $what, value: $value, goal: $goal, noise: $noise,
   met: (if $value == null then null else $value - ($noise // 0) <= $goal end)};
(row("rbmap") | with_end) as $ours | row("rbmap-raw") as $ours_raw
| (row("trace-cmd") | with_end) as $theirs | row("trace-cmd-raw") as $theirs_raw
| [goal("rounds in which events were lost";
     if $ours == null then null else [$ours.rounds[] | select(.lost > 0)] | length end; 0; null),
   goal("CPU seconds per event"; ratio($ours; $theirs; "cpu_per_million"); 0.5; null),
   goal("size of the file per event"; ratio($ours; $theirs; "bytes_per_event"); 1.1; null),
   goal("CPU seconds per event, both without compression";
     ratio($ours_raw; $theirs_raw; "cpu_per_million"); 0.25; null),
   goal("seconds of the load"; ratio($ours; $theirs; "load_seconds"); 1;
     noise($ours; $theirs; "load_seconds")),
   goal("seconds until the file is complete";
     ratio($ours; $theirs; "complete_seconds"); 1;
     noise($ours; $theirs; "complete_seconds"))]
