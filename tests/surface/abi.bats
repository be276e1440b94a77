# SPDX-License-Identifier: GPL-2.0-only
# What programs rely on that are linked with the library: lib/abi has it, and a change is
# seen.

load common

setup() {
  ABI=$RBMAP_SOURCE/tests/surface/abi.sh
  cp -r "$RBMAP_SOURCE/include" "$BATS_TEST_TMPDIR/include"
  HEADERS=$BATS_TEST_TMPDIR/include/rbmap
}

# check: the headers of $HEADERS.
check() {
  RBMAP_INCLUDE=$BATS_TEST_TMPDIR/include run "$ABI" check
  [ "$status" -ne 77 ] || skip "${output#SKIP: }"
  echo "$output"
}

# The reference is of headers without what is tried here.
need_reference() {
  check
  [ "$status" -eq 0 ] || skip "the reference is not up to date"
}

@test "the reference is up to date" {
  check
  [ "$status" -eq 0 ]
}

@test "a function with another parameter is seen" {
  need_reference
  sed -i 's/^\(int rbmap_session_wait(.*\)int timeout_ms/\1long timeout_ms/' "$HEADERS/session.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *rbmap_session_wait*'This breaks programs'* ]]
}

@test "a struct that has grown is seen" {
  need_reference
  sed -i 's/^struct rbmap_tally {/&\n\tuint64_t before;/' "$HEADERS/record.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *rbmap_tally*before*'This breaks programs'* ]]
}

@test "a struct that has grown at its end is seen" {
  need_reference
  sed -i '/^struct rbmap_span {/,/^};/s/^};/\tint later;\n};/' "$HEADERS/span.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *rbmap_span*later*'This breaks programs'* ]]
}

@test "options may grow, at their end only" {
  need_reference
  sed -i '/^struct rbmap_events_options {/,/^};/s/^};/\tint later;\n};/' "$HEADERS/events.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *later*'This is new, and compatible. Run tests/surface/abi.sh renew'* ]]
  cp "$RBMAP_SOURCE/include/rbmap/events.h" "$HEADERS/events.h"
  sed -i 's/^struct rbmap_events_options {/&\n\tint earlier;/' "$HEADERS/events.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *earlier*'This breaks programs'* ]]
}

@test "a constant with another value is seen, and a new one" {
  need_reference
  sed -i 's/RBMAP_SPAN_TORN = 1 << 1/RBMAP_SPAN_TORN = 1 << 2/' "$HEADERS/span.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *'RBMAP_SPAN_TORN 2'*'This breaks programs'* ]]
  sed -i 's/RBMAP_SPAN_TORN = 1 << 2/RBMAP_SPAN_TORN = 1 << 1,\n\tRBMAP_SPAN_NEW = 1 << 2/' \
    "$HEADERS/span.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *'RBMAP_SPAN_NEW 4'*'This is new, and compatible'* ]]
}

@test "another soname is seen" {
  need_reference
  sed -i 's/\(define RBMAP_VERSION_MINOR\) .*/\1 99/' "$HEADERS/version.h"
  check
  [ "$status" -eq 1 ]
  [[ $output == *librbmap.so.0.99* ]]
}

@test "a release's reference is compared with" {
  need_reference
  command -v git >/dev/null || skip "no git"
  local tree=$BATS_TEST_TMPDIR
  mkdir -p "$tree/lib" "$tree/tests"
  cp -r "$RBMAP_SOURCE"/lib/{abi,rbmap.map} "$tree/lib"
  cp -r "$RBMAP_SOURCE/tests/surface" "$tree/tests"
  git init -q "$tree"
  git -C "$tree" add lib/abi
  git -C "$tree" -c user.name=test -c user.email=test@localhost commit -qm release
  git -C "$tree" tag v0.1.0
  sed -i 's/^struct rbmap_tally {/&\n\tuint64_t before;/' "$HEADERS/record.h"
  # What a release after it has is not what the reference says by then.
  RBMAP_SOURCE=$tree "$ABI" renew
  RBMAP_SOURCE=$tree "$ABI" check
  RBMAP_SOURCE=$tree run "$ABI" since v0.1.0
  [ "$status" -eq 1 ]
  [[ $output == *rbmap_tally*before* ]]
  cp "$RBMAP_SOURCE/include/rbmap/record.h" "$HEADERS/record.h"
  RBMAP_SOURCE=$tree "$ABI" since v0.1.0
}

@test "what starts with its size is an options struct, and all of them do" {
  same 'with a size' 'options' \
    "$(awk '/^struct rbmap_.*{/ { name = $2; getline; if (/size_t size;/) print name }' \
      "$HEADERS"/*.h | sort)" \
    "$(sed -nE 's/^struct (rbmap_[a-z_]*options) \{/\1/p' "$HEADERS"/*.h | sort)"
}
