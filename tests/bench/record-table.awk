# SPDX-License-Identifier: GPL-2.0-only
# The table of record.sh, from lines of fields with tabs between them; empty: none.
function number(format, text) { return text == "" ? "-" : sprintf(format, text) }
BEGIN {
  row = "%-24s %6s %6s %6s %6s %7s %7s | %6s %9s %7s | %6s %7s %9s\n"
  print "                               recorder                               | load" \
    "                    |"
  printf row, "", "CPU", "user", "sys", "fixed", "CPU/M", "net/M", "load", "/untraced",
    "/unread", "stop", "events", "lost"
}
$14 != "" { printf "%-24s %s\n", $1, $14; next }
{
  printf row, $1,
    number("%.3f", $2), number("%.3f", $3), number("%.3f", $4),
    number("%.3f", $5), number("%.4f", $6), number("%.4f", $7),
    number("%.3f", $8), number("%.2f", $9), number("%.2f", $10),
    number("%.3f", $11), number("%.3f", $12), number("%d", $13)
}
