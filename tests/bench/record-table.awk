# SPDX-License-Identifier: GPL-2.0-only
# The table of record.sh, from lines of fields with tabs between them; empty: none.
function number(format, text) { return text == "" ? "-" : sprintf(format, text) }
BEGIN {
  print "                         recorder                               | load" \
    "                   |"
  printf "%-18s %6s %6s %6s %6s %7s %7s | %6s %9s %7s | %7s %9s\n",
    "", "CPU", "user", "sys", "fixed", "CPU/M", "net/M", "load", "/untraced",
    "/unread", "events", "lost"
}
$13 != "" { printf "%-18s %s\n", $1, $13; next }
{
  printf "%-18s %6s %6s %6s %6s %7s %7s | %6s %9s %7s | %7s %9s\n", $1,
    number("%.3f", $2), number("%.3f", $3), number("%.3f", $4),
    number("%.3f", $5), number("%.4f", $6), number("%.4f", $7),
    number("%.3f", $8), number("%.2f", $9), number("%.2f", $10),
    number("%.3f", $11), number("%d", $12)
}
