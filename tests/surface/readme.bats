# SPDX-License-Identifier: GPL-2.0-only
# The README's example of the library is a file of ours, and is compiled and run by the
# lines that stand there.

load common

setup_file() {
  install_rbmap
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# Without its licence, which the README says of all.
example() {
  tail -n +2 "$RBMAP_SOURCE/tests/surface/examples/example.c"
}

# compile_example: by the README's own line, with warnings.
compile_example() {
  example >example.c
  readme_block 'sh example' | grep -v '^sudo ' >compile.sh
  [ -s compile.sh ]
  cc() {
    command "${CC:-cc}" -Wall -Wextra -Werror "$@"
  }
  # shellcheck disable=SC1091
  source ./compile.sh
}

# run_example PROGRAM: one at a time, as its instance has a fixed name.
run_example() {
  local instances=/sys/kernel/tracing/instances
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -d $instances ] || skip "needs tracefs at /sys/kernel/tracing"
  # shellcheck disable=SC2016
  run flock $instances sh -c 'timeout 30 "$0" && [ ! -e "$1/rbmap-example" ]' "$1" $instances
  echo "$output" | tail -20
  [ "$status" -eq 0 ]
  [[ $output =~ ^[1-9][0-9]*' events'$ ]]
}

@test "the README has at most 150 lines" {
  [ "$(wc -l <"$RBMAP_SOURCE/README.md")" -le 150 ]
}

@test "the README shows the example as it is compiled here" {
  same README.md example.c "$(readme_block c)" "$(example)"
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
  compile_example
  run_example ./example
}

@test "the README's example runs, built by the README's CMake lines" {
  example >example.c
  cat - <(readme_block cmake) >CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(example C)
add_executable(example example.c)
EOF
  grep -q 'rbmap::rbmap' CMakeLists.txt
  cmake -S . -B build -DCMAKE_PREFIX_PATH="$PREFIX"
  cmake --build build
  run_example build/example
}

@test "the README links only to files that are there" {
  local link bad=0 seen=0
  while read -r link; do
    seen=$((seen + 1))
    [ -e "$RBMAP_SOURCE/$link" ] || { echo "$link"; bad=1; }
  done < <(grep -oE '\]\([^)#]+' "$RBMAP_SOURCE/README.md" | cut -c 3-)
  [ "$seen" -gt 2 ] && [ "$bad" = 0 ]
}
