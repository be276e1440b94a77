#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# From a checkout to a trace: installs the build dependencies, builds, records two
# seconds of this kernel's scheduler events and shows the result.
set -u

usage() {
  cat <<'EOF'
usage: sudo packaging/quickstart.sh [FILE]

Builds rbmap in build/quickstart, records a short trace and shows the result. Installs
only the packages that are required for building. The trace is written to FILE, which
must not exist yet, or to a new temporary directory if FILE is not given.
EOF
}

tracing=/sys/kernel/tracing
bin=build/quickstart/cli
file=
work=
recorder=

say() {
  printf '\n== %s\n' "$*"
}

fail() {
  echo "quickstart.sh: $*" >&2
  exit 1
}

# show COMMAND...: prints the command, then runs it.
show() {
  echo "\$ $*"
  "$@"
}

tidy_up() {
  [ -z "$recorder" ] || { kill -TERM "$recorder" && wait "$recorder"; } 2>/dev/null
  [ -z "$work" ] || rm -rf "$work"
}

parse() {
  case ${1-} in
  --help | -h)
    usage
    exit 0
    ;;
  -*)
    usage >&2
    exit 2
    ;;
  esac
  [ $# -le 1 ] || { usage >&2; exit 2; }
  [ $# = 0 ] || file=$(realpath -m -- "$1")
  [ -z "$file" ] || [ ! -e "$file" ] || fail "$file already exists; choose another file"
}

build() {
  say 'Build dependencies'
  packaging/install-deps.sh build ||
    fail 'the build dependencies listed above are missing'
  echo 'All installed.'
  say 'Building'
  mkdir -p build || fail "cannot write to $PWD"
  { cmake --preset release -B build/quickstart -DBUILD_TESTING=OFF &&
    cmake --build build/quickstart; } </dev/null >build/quickstart.log 2>&1 ||
    {
      tail -n 20 build/quickstart.log
      fail "the build failed; see $PWD/build/quickstart.log"
    }
  echo "Built $PWD/$bin/rbmap-record, rbmap-report, rbmap-stat and rbmap-tail."
}

is_tracefs() {
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ]
}

# Exits with an explanation if nothing can be recorded here.
look_at_kernel() {
  if [ "$(id -u)" = 0 ] && ! is_tracefs &&
    mount -t tracefs nodev "$tracing" 2>/dev/null; then
    echo "Mounted tracefs at $tracing; it stays mounted."
  fi
  say 'Features of this kernel and this user'
  show "$bin/rbmap-stat" --features | tee "$work/features"
  if [ "$(id -u)" != 0 ]; then
    fail 'recording requires root: run sudo packaging/quickstart.sh. The programs are' \
      'built and work as far as shown above; tests/run.sh runs the tests that do not' \
      'require root'
  fi
  is_tracefs ||
    fail "no tracefs at $tracing: this is a container, or a kernel without tracing." \
      'The programs are built and work as far as shown above; tests/run.sh runs the' \
      'tests that do not require tracing'
  if grep -q '^mapping  *no' "$work/features"; then
    echo 'This kernel cannot map ring buffers: rbmap uses read(2) instead, and there is'
    echo 'no meta-page to show.'
  fi
}

# The instance that the recorder made: it carries the recorder's process id.
recorder_instance() {
  find "$tracing/instances" -mindepth 1 -maxdepth 1 \( -name "rbmap*-$recorder" -o \
    -name "rbmap*-$recorder.*" \) -printf '%f\n' | grep .
}

# The instance, once the recorder has taken events from it: then there is something to see.
busy_instance() {
  local instance
  for _ in {1..50}; do
    if instance=$(recorder_instance) && grep -qE '^read events: [1-9]' \
      "$tracing/instances/$instance"/per_cpu/cpu*/stats; then
      echo "$instance"
      return
    fi
    sleep 0.1
  done
  return 1
}

record() {
  local instance status
  if [ -z "$file" ]; then
    file=$(mktemp -d "${TMPDIR:-/tmp}/rbmap-quickstart.XXXXXX")/trace.dat ||
      fail 'cannot create a directory for the trace'
  fi
  say 'Recording two seconds of scheduler events'
  echo "\$ $bin/rbmap-record -e sched --duration 2 -o $file"
  "$bin/rbmap-record" -e sched --duration 2 -o "$file" \
    </dev/null >"$work/summary" 2>&1 &
  recorder=$!
  if instance=$(busy_instance); then
    say 'During the recording: the meta-page of each CPU'
    show "$bin/rbmap-stat" -B "$instance"
  fi
  wait "$recorder"
  status=$?
  recorder=
  say 'The summary of the recording'
  cat "$work/summary"
  [ "$status" = 0 ] || fail "rbmap-record failed with status $status"
}

show_events() {
  say 'One more second, printed live as text: the first lines'
  echo "\$ $bin/rbmap-record -q -e sched --duration 1 --format text"
  "$bin/rbmap-record" -q -e sched --duration 1 --format text \
    </dev/null >"$work/text" || fail 'rbmap-record could not print events'
  head -n 12 "$work/text"
  echo "... $(wc -l <"$work/text") lines"
}

# Under sudo, pkexec or doas, the trace belongs to the user who called it.
hand_over() {
  local owner=${SUDO_UID-${PKEXEC_UID-${DOAS_USER-}}}
  if [ -n "$owner" ]; then
    owner+=${SUDO_GID:+:$SUDO_GID}
    chown "$owner" "$file"
    case $file in
    */rbmap-quickstart.*/trace.dat) chown "$owner" "${file%/*}" ;;
    esac
  fi
  say "The trace: $file ($(stat -c %s "$file") bytes)"
  echo "To print it, run $PWD/$bin/rbmap-report $file"
  echo "(or trace-cmd report); to view it, open it in KernelShark."
}

parse "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
work=$(mktemp -d) || exit 1
trap tidy_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
build
look_at_kernel
record
show_events
hand_over
