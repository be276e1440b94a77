# SPDX-License-Identifier: GPL-2.0-only
# The table of saturate.sh, from lines of fields with tabs between them; empty: none.
function number(format, text) { return text == "" ? "-" : sprintf(format, text) }
BEGIN {
  row = "%-18s %9s %9s %6s | %6s | %6s %9s %7s | %6s %8s %7s %7s\n"
  printf row, "", "lost", "worst", "%", "CPU", "load", "/untraced", "/unread", "stop",
    "file", "memory", "events"
}
$13 != "" { printf "%-18s %s\n", $1, $13; next }
{
  printf row, $1,
    number("%d", $2), number("%d", $3), number("%.2f", $4),
    number("%.3f", $5), number("%.3f", $6), number("%.2f", $7), number("%.2f", $8),
    number("%.3f", $9), number("%.1f", $10), number("%.1f", $11), number("%.3f", $12)
}
