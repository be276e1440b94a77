# SPDX-License-Identifier: GPL-2.0-only
# The stream of a guest to one TAP. Each suite has to run all that it announced.

function result(ok, title) {
  print (ok ? "ok " : "not ok ") ++count " - " suite ": " title
  failed += !ok
}

# The words of a result, with directives in the form of bats.
function words(line) {
  sub(/^(not )?ok *[0-9]* *(- +)?/, "", line)
  if (match(line, / # *[sS][kK][iI][pP]:?/))
    line = substr(line, 1, RSTART - 1) " # skip" substr(line, RSTART + RLENGTH)
  sub(/ in [0-9]+ms$/, "", line)
  sub(/ in [0-9]+ms # skip/, " # skip", line)
  return line
}

function end_suite(status, seconds) {
  if (!seen && (status == 77 || plan == 0)) {
    sub(/^(#|1\.\.0| )*[sS][kK][iI][pP]:? */, "", last)
    result(1, "all # skip " last)
  } else {
    if (plan < 0)
      result(0, "announced no tests")
    else if (seen < plan)
      result(0, "ended behind " seen " of " plan " tests")
    if (status && failed == failed_before)
      result(0, "exit status " status)
  }
  printf "# %s took %s s\n", suite, seconds
  suite = ""
}

BEGIN { plan = -1 }
{ sub(/\r$/, "") }
/^%begin / { suite = $2; plan = -1; seen = 0; last = ""; failed_before = failed; next }
/^%end / { end_suite($3, $4); next }
/^%done$/ { done = 1; next }
/^%kernel / { print "# Linux " $2; next }
/^%cpus / { cpus = $2; cpus_wanted = $3; next }
suite == "" { print "# " $0; next }
/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; last = $0; next }
/^(not )?ok( |$)/ { seen++; result($1 == "ok", words($0)); next }
{ last = $0; print ($0 ~ /^#/ ? "" : "# ") $0 }
END {
  if (suite != "")
    result(0, "the guest stopped in the middle of it")
  suite = "guest" (group == "" ? "" : " of " group)
  result(done, "ran to its end")
  # Tests that need several would be left out.
  if (cpus != cpus_wanted)
    result(0, "has " cpus " CPUs instead of " cpus_wanted)
}
