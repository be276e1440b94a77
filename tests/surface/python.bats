# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The module of packaging/python on the installed library. The tests are those of
# python/test_*.py; what they read is recorded here, and printed by rbmap-report.

bats_require_minimum_version 1.5.0

load common
load ../cli/helpers
load ../cli/report-helpers
load python-helpers

setup_file() {
  install_rbmap
  PYTHON=$(system_python) || PYTHON=
  DATA=$BATS_FILE_TMPDIR/data
  export PYTHON DATA PYTHONPATH=$RBMAP_SOURCE/packaging/python PYTHONDONTWRITEBYTECODE=1
  mkdir "$DATA"
  [ -n "$PYTHON" ] || return 0
  cp "$RBMAP_SOURCE"/tests/fuzz/corpus/tracedat/* "$DATA"
  cd "$DATA" && make_readme_file || return
  record_files || return
  print_files
}

# Where the kernel lets us.
record_files() {
  slowdown=${RBMAP_TEST_SLOWDOWN:-1}
  [ "$(id -u)" = 0 ] && [ -w $tracing/instances ] || return 0
  record_events live.dat
  # The command stops the recorder meanwhile.
  # shellcheck disable=SC2016
  record_overrun lossy.dat -e raw_syscalls taskset -c 0 bash -c 'kill -STOP $PPID
    dd if=/dev/zero of=/dev/null bs=1 count=2000 status=none
    kill -CONT $PPID'
  head -c $(($(stat -c %s live.dat) - 5000)) live.dat >cut.dat
}

setup() {
  [ -n "$PYTHON" ] || skip "needs Python 3.9 or later"
  cd "$BATS_TEST_TMPDIR" || return
}

# run_tests NAME: those of python/test_NAME.py.
run_tests() {
  timeout -k 10 $((120 * slowdown)) "$PYTHON" -X faulthandler -X dev -W error \
    "$BATS_TEST_DIRNAME/python/test_$1.py" >log 2>&1 || { tail -n 60 log; return 1; }
  grep -q '^Ran [1-9]' log
}

need_numpy() {
  "$PYTHON" -c 'import numpy' 2>/dev/null || skip "numpy is missing"
}

@test "the structs and functions are those of the headers" {
  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs librbmap)"
  "$PYTHON" "$BATS_TEST_DIRNAME/python/declarations.py" >declarations.c
  "${CC:-cc}" -Werror -Wall -Wconversion declarations.c -o declarations "${flags[@]}"
  ./declarations
}

@test "the version is that of the project" {
  local version
  version=$(sed -nE 's/^#define RBMAP_VERSION_(MAJOR|MINOR|PATCH) //p' \
    "$RBMAP_SOURCE/include/rbmap/version.h" | paste -sd.)
  [ "$("$PYTHON" -c 'import rbmap; print(rbmap.__version__)')" = "$version" ]
  [ "$("$PYTHON" -m rbmap --version)" = "rbmap $version" ]
}

@test "without the library, or with one that lacks a function, the import fails with one line" {
  local line
  line=$(LD_LIBRARY_PATH=$PWD "$PYTHON" -c 'import rbmap' 2>&1 | tail -n 1)
  [[ $line == "ImportError: rbmap needs librbmap.so."*", which cannot be loaded: "* ]]
  echo 'const char *rbmap_version(void) { return "0.1.0"; }' >old.c
  "${CC:-cc}" -shared -fPIC old.c -o "$(basename "$(readlink -f "$LIBDIR/librbmap.so")" | cut -d . -f 1-4)"
  line=$(LD_LIBRARY_PATH=$PWD "$PYTHON" -c 'import rbmap' 2>&1 | tail -n 1)
  [[ $line == "ImportError: the installed librbmap.so."*" is too old for this version of the module rbmap: it has no rbmap_"*"()" ]]
}

@test "files: values are those of rbmap-report" {
  run_tests file
}

@test "errors, closed objects, wrong types" {
  run_tests errors
}

@test "memory: objects outlive what they came from" {
  run_tests memory
}

@test "columns: values are those of rbmap-report" {
  run_tests columns
}

@test "numpy: arrays without copies" {
  need_numpy
  run_tests numpy
}

@test "a live instance" {
  need
  run_tests live
}

@test "python3 -m rbmap parquet: one line without pyarrow, or for a wrong file" {
  mkdir pyarrow && echo 'raise ImportError' >pyarrow/__init__.py
  PYTHONPATH=$PWD:$PYTHONPATH run -1 "$PYTHON" -m rbmap parquet "$DATA/trace.dat" folder
  [ "$output" = 'rbmap: parquet needs the module pyarrow 15 or later' ]
  [ ! -e folder ]
  : >pyarrow/__init__.py
  PYTHONPATH=$PWD:$PYTHONPATH run -1 "$PYTHON" -m rbmap parquet nowhere.dat folder
  [ "$output" = "rbmap: [Errno 2] No such file or directory: 'nowhere.dat'" ]
  run -2 "$PYTHON" -m rbmap parquet
}

@test "the README's examples print what it shows" {
  need_numpy
  cp "$DATA/trace.dat" .
  "$PYTHON" -m doctest -o ELLIPSIS "$RBMAP_SOURCE/packaging/python/README.md"
}

@test "a wheel has the module, its types, and no machine code" {
  "$PYTHON" -c 'import setuptools, wheel' 2>/dev/null || skip "setuptools or wheel is missing"
  cp -r "$RBMAP_SOURCE/packaging/python" source
  (cd source && "$PYTHON" -c 'from setuptools import build_meta; build_meta.build_wheel("..")' >log 2>&1)
  "$PYTHON" -m zipfile -l rbmap-*-py3-none-any.whl >list
  grep -q '^rbmap/py.typed' list
  grep -q '^rbmap/__main__.py' list
}

@test "CMake installs the module only as the component python" {
  [ -z "$(find "$PREFIX" -name __init__.py)" ]
  cmake --install "$RBMAP_BUILD" --prefix "$PWD/usr" --component python
  [ -z "$(find usr -type f ! -path '*/rbmap/*.py' ! -name py.typed)" ]
  PYTHONPATH=$(dirname "$(dirname "$(find usr -name py.typed)")") \
    "$PYTHON" -c 'import os, rbmap; assert rbmap.__file__.startswith(os.getcwd())'
}

@test "the type hints are those that mypy understands" {
  need_ci
  command -v mypy >/dev/null || skip "mypy is missing"
  cd "$RBMAP_SOURCE/packaging/python"
  mypy --cache-dir "$BATS_TEST_TMPDIR" --python-executable "$PYTHON" rbmap
}
