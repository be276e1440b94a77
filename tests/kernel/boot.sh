# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# One boot in QEMU. The first serial port is the kernel's console, the second what the
# suites print; every kernel has these without a module.

qemu_program='qemu-system-x86_64'
qemu=
guest_cpus=4

# KVM is not tried out: where it is broken it may hang instead of failing. One thread for
# all CPUs does more of the commands in less time; what is to race has one for each.
qemu_accel() {
  case ${RBMAP_QEMU_ACCEL:-tcg} in
  tcg) if [ "$1" = commands ]; then echo tcg,thread=single; else echo tcg,thread=multi; fi ;;
  *) echo "$RBMAP_QEMU_ACCEL" ;;
  esac
}

# With a thread for each CPU an older QEMU may run a breakpoint that the kernel, which
# patches itself, has taken away again. It says nothing about the kernel.
is_qemu_bug() {
  local version
  version=$("$qemu_program" --version | sed -nE '1s/.*version ([0-9]+\.[0-9]+).*/\1/p')
  [ "$(printf '%s\n' 8.1 "$version" | sort -V | head -n 1)" != 8.1 ] &&
    grep -aqE '(Oops: )?int3: 0000 \[#1\]' "$1"
}

# A time stamp counter that all CPUs share is what hardware has, and does not cost an exit
# a reading. Other virtual machines may keep a CPU from running for long.
kernel_arguments() {
  echo console=ttyS0 loglevel=7 panic=-1 oops=panic tsc=reliable mitigations=off \
    rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60 "${RBMAP_KERNEL_ARGUMENTS:-}"
}

# end_panic CONSOLE: a kernel that panics is to reboot, which ends QEMU, but may not get there.
end_panic() {
  grep -aqm 1 'Kernel panic' < <(tail -c +1 -f --pid="$qemu" "$1") || return
  timeout 5 tail -f --pid="$qemu" /dev/null || kill "$qemu" 2>/dev/null
}

# boot GROUP IMAGE INITRAMFS SECONDS CONSOLE RESULTS: status 124 where the time is over.
boot() {
  local cpu=max accel status
  accel=$(qemu_accel "$1")
  shift
  [[ $accel == tcg* ]] || cpu=host
  : >"$4"
  : >"$5"
  # Also where this shell is killed, nothing stays.
  setpriv --pdeathsig TERM timeout -k 10 "$3" "$qemu_program" -machine q35,usb=off \
    -accel "$accel" -cpu "$cpu" -m 2048 -smp "$guest_cpus" -nodefaults -display none -no-reboot \
    -kernel "$1" -initrd "$2" -append "$(kernel_arguments)" \
    -serial "file:$4" -serial "file:$5" </dev/null >"$work/qemu" 2>&1 &
  qemu=$!
  end_panic "$4" &
  wait "$qemu"
  status=$?
  qemu=
  return $status
}

stop_qemu() {
  [ -z "${qemu:-}" ] || kill "$qemu" 2>/dev/null
}
