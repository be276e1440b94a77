# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The module of packaging/python beside pyarrow, with the Python of Debian sid, which has
# both. The library is the one that was built here.

bats_require_minimum_version 1.5.0

load common
load ../cli/helpers
load python-helpers
debian=sid
source_dir=$RBMAP_SOURCE
# shellcheck source=tests/kernel/kernels.sh
. "$BATS_TEST_DIRNAME/../kernel/kernels.sh"
# shellcheck source=tests/kernel/apt.sh
. "$BATS_TEST_DIRNAME/../kernel/apt.sh"
# shellcheck source=tests/kernel/debian-root.sh
. "$BATS_TEST_DIRNAME/../kernel/debian-root.sh"

setup_file() {
  [ "${RBMAP_TEST_LEVEL-all}" = all ] || return 0
  work=$BATS_FILE_TMPDIR
  why='needs root and debootstrap'
  if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
    make_root python3-numpy python3-pyarrow libtracefs1 libtraceevent1-plugin libzstd1 \
      && why=
  fi
  export WHY=$why ROOT=${root-} ENTRY=${entry-}
  [ -z "$why" ] || return 0
  install_rbmap
  cp -a "$PREFIX" "$ROOT/rbmap"
  mkdir "$ROOT/data"
  cp "$RBMAP_SOURCE"/tests/fuzz/corpus/tracedat/[67]-* "$ROOT/data"
  cd "$ROOT/data" && make_readme_file && record_events live.dat || return
  print_files
  # Its plugins are of another version, and some print otherwise.
  rm live.dat.text
}

teardown_file() {
  [ -z "${ROOT-}" ] || rm -rf --one-file-system "$ROOT"
}

setup() {
  need_all
  [ -z "$WHY" ] || skip "$WHY"
  need
  root=$ROOT entry=$ENTRY
  cd "$BATS_TEST_TMPDIR" || return
}

# in_sid COMMAND [ARG]...
in_sid() {
  timeout -k 10 $((300 * slowdown)) bash -c "$(declare -f in_root); $(declare -p root entry machine_mounts)
    in_root \"\$@\"" - env PYTHONPATH=/home/user/rbmap/packaging/python DATA=/data \
    PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH="/rbmap/${LIBDIR#"$PREFIX"/}" "$@"
}

write_parquet() {
  rm -rf "$ROOT/tables"
  in_sid python3 -m rbmap parquet /data/live.dat /tables
}

@test "sid: python3 -m rbmap parquet: pyarrow reads each value" {
  write_parquet
  in_sid python3 /home/user/rbmap/tests/surface/python/parquet.py /tables /data/live.dat.json
}

@test "sid: python3 -m rbmap parquet: DuckDB reads each value" {
  local modules
  command -v npm >/dev/null || skip "npm is missing"
  install_duckdb() { npm install --silent --prefix "$1" @duckdb/node-api </dev/null; }
  modules=$(keep "$cache/duckdb" "$(date -u +%G-%V)" install_duckdb 2>log) ||
    skip "@duckdb/node-api cannot be installed: $(tail -n 1 log)"
  write_parquet
  node "$BATS_TEST_DIRNAME/python/duckdb.mjs" "$modules" "$ROOT/tables" >rows
  "$(system_python)" "$BATS_TEST_DIRNAME/python/parquet.py" "$ROOT/tables" \
    "$ROOT/data/live.dat.json" rows
}

@test "sid: pyarrow takes columns and batches" {
  in_sid python3 -X dev -W error /home/user/rbmap/tests/surface/python/test_pyarrow.py
}

@test "sid: the tests of the module, with its Python and numpy" {
  local name
  for name in file errors memory columns numpy; do
    in_sid python3 -X faulthandler "/home/user/rbmap/tests/surface/python/test_$name.py"
  done
}
