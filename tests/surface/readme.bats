# SPDX-License-Identifier: GPL-2.0-only
# The README's example of the library is compiled and run as it stands there.

load common

setup_file() {
  install_rbmap
}

# The C code in the README that opens a session.
example() {
  awk '/^```c$/ { code = ""; inside = 1; next }
    /^```/ { if (inside && code ~ /rbmap_session_open/) printf "%s", code; inside = 0 }
    inside { code = code $0 "\n" }' "$RBMAP_SOURCE/README.md"
}

compile_example() {
  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs librbmap libtracefs libtraceevent)"
  example >"$BATS_TEST_TMPDIR/example.c"
  if [ ! -s "$BATS_TEST_TMPDIR/example.c" ]; then
    echo 'README.md has no such example'
    return 1
  fi
  "${CC:-cc}" -Wall -Wextra -Werror "$BATS_TEST_TMPDIR/example.c" \
    -o "$BATS_TEST_TMPDIR/example" "${flags[@]}"
}

instances() {
  find /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}

@test "the README's example compiles" {
  compile_example
}

@test "the README's example has about 30 lines" {
  local lines
  lines=$(example | grep -c .)
  echo "$lines lines"
  [ "$lines" -gt 0 ] && [ "$lines" -le 45 ]
}

@test "the README's example runs" {
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -d /sys/kernel/tracing/instances ] || skip "needs tracefs at /sys/kernel/tracing"
  compile_example
  local before
  before=$(instances)
  cd "$BATS_TEST_TMPDIR"
  run timeout 30 ./example
  echo "$output" | tail -20
  [ "$status" -eq 0 ]
  # Others may come and go meanwhile, but not by its name.
  same "after the example" before \
    "$(comm -13 <(echo "$before") <(instances) | grep -v '^rbmap-record-' || true)" ""
}
