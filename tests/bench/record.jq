# SPDX-License-Identifier: GPL-2.0-only
# All runs of record.sh, slurped, and as arguments the candidates' names: what came of
# each. A run is compared with the loads of its own round.
def median:
  map(select(. != null)) | sort | length as $n |
  if $n == 0 then null
  elif $n % 2 == 1 then .[($n - 1) / 2]
  else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;
def ratio($of): if . == null or $of == null or $of == 0 then null else . / $of end;
def in_round($runs; $name; $round):
  $runs | map(select(.name == $name and .round == $round)) | .[0].load_seconds;
map(if .user_seconds then .cpu_seconds = .user_seconds + .system_seconds else . end)
| . as $runs
| [$ARGS.positional[] as $name
  | ($runs | map(select(.name == $name))) as $own
  | ($own | map(select(.round == 0)) | .[0].cpu_seconds) as $fixed
  | ($own | map(select((.round // 0) > 0) | .round as $round
    | (if .written == null then null else (.written - .lost) / 1e6 end) as $millions
    | if .cpu_seconds == null then . else
        .cpu_per_million = (.cpu_seconds | ratio($millions))
        | .net_cpu_per_million = (.cpu_seconds - ($fixed // 0) | ratio($millions))
        | .bytes_per_event = (.bytes | ratio($millions | if . then . * 1e6 else null end))
      end
    | .load_to_untraced =
        (.load_seconds | ratio(in_round($runs; "untraced"; $round)))
    | .load_to_unread =
        (.load_seconds | ratio(in_round($runs; "unread"; $round))))) as $rounds
  | {name: $name, error: ($own | map(.error // empty) | .[0]),
     fixed_cpu_seconds: $fixed,
     median: ([$rounds[] | keys[]] | unique - ["name", "round"]
       | map({(.): (. as $key | [$rounds[][$key]] | median)}) | add),
     rounds: ($rounds | map(del(.name)))}]
