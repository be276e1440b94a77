# SPDX-License-Identifier: GPL-2.0-only
# The table of library.sh, from lines of fields with tabs between them; empty: none.
function number(format, text) { return text == "" ? "-" : sprintf(format, text) }
BEGIN {
  row = "%-29s %8s %7s %7s | %6s %8s | %6s %8s\n"
  printf row, "", "ns/event", "user", "sys", "lost", "events", "found", "mean"
}
$9 != "" { printf "%-29s %s\n", $1, $9; next }
{
  printf row, $1, number("%.1f", $2), number("%.1f", $3), number("%.1f", $4),
    number("%d", $5), number("%.3f", $6), number("%.3f", $7), number("%.2f", $8)
}
