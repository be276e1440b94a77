# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Debian packages of a suite that this machine may not use: with lists of their own below
# $cache, from the mirror that the machine's own sources name, which stay as they are.

: "${cache:?}"
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# "KEYRING MIRROR SUITES" of each source of packages, "-" where no keyring is named. Reads
# both forms that apt has, see sources.list(5).
machine_sources() {
  local root=${RBMAP_TEST_APT:-/etc/apt} file
  for file in "$root"/sources.list "$root"/sources.list.d/*.list; do
    [ ! -r "$file" ] || sed -nE 's/^deb[[:space:]]+//p' "$file"
  done | awk '{
    key = "-"
    if (sub(/^\[/, "")) {
      options = $0
      sub(/\].*/, "", options)
      sub(/^[^]]*\][[:space:]]*/, "")
      if (match(options, /signed-by=[^ ]+/))
        key = substr(options, RSTART + 10, RLENGTH - 10)
    }
    print key, $1, $2
  }'
  for file in "$root"/sources.list.d/*.sources; do
    [ ! -r "$file" ] || { cat "$file"; echo; }
  done | awk '
    function tell() {
      if (types ~ /(^| )deb( |$)/ && enabled != "no")
        print (key ~ /^\// ? key : "-"), uri, suites
      types = uri = suites = key = enabled = ""
    }
    /^#/ { next }
    /^[[:space:]]*$/ { tell(); next }
    { name = tolower($1) }
    name == "types:" { sub(/^[^:]*: */, ""); types = $0 }
    name == "uris:" { uri = $2 }
    name == "suites:" { sub(/^[^:]*: */, ""); suites = $0 }
    name == "signed-by:" { key = $2 }
    name == "enabled:" { enabled = $2 }
    END { tell() }'
}

# debian_sources [-security]: "KEYRING MIRROR" of those that have Debian's suites.
debian_sources() {
  local names='(bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)'
  machine_sources | awk -v suites="^$names$1(/updates)?\$" '
    { for (i = 3; i <= NF; i++) if ($i ~ suites) { print $1, $2; break } }' |
    awk -v keyring=$debian_keyring '{
      # Those of others may use such names too: first what has the key of Debian.
      rank = $1 == keyring ? 0 : $1 ~ /debian-archive/ ? 1 : $1 == "-" ? 2 : 3
      print rank, $0 }' | sort -s -n -k1,1 | cut -d ' ' -f 2- | awk '!seen[$0]++'
}

# list_line SUITE SECURITY: the first source of Debian, for that suite.
list_line() {
  local key mirror
  read -r key mirror < <(debian_sources "$2") || return
  [ "$key" != - ] || key=$debian_keyring
  echo "deb $([ ! -r "$key" ] || echo "[signed-by=$key] ")$mirror $1 main"
}

private_list() {
  list_line "$1" '' || return
  [[ $1 == @(sid|*-backports) ]] || list_line "$1-security" -security || true
}

# in_suite PROGRAM [ARG]...: with the private lists of $suite.
in_suite() {
  local dir=$cache/apt/$suite program=$1
  shift
  LC_ALL=C "$program" -o Dir::Etc::SourceList="$dir/list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
    -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User= \
    -o Acquire::Languages=none -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
    -o Acquire::https::Timeout=20 "$@" </dev/null
}

has_packages() {
  in_suite apt-cache show linux-image-amd64 >/dev/null 2>&1
}

# At no moment an empty one: another run may be asking for a package.
write_list() {
  private_list "$suite" >"$1.new" && mv "$1.new" "$1"
}

update_lists() {
  local dir=$cache/apt/$suite
  mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" && : >>"$dir/status" &&
    write_list "$dir/list" || return
  [ -z "$(find "$dir/updated" -mmin -360 2>/dev/null)" ] || ! has_packages || return 0
  in_suite apt-get -q update >"$dir/log" 2>&1
  has_packages || return
  touch "$dir/updated"
}

# apt_prepare SUITE: the lists, of today. What follows is about this suite.
apt_prepare() {
  suite=$1
  apt_error=
  command -v apt-get >/dev/null || { apt_error='apt-get is missing'; return 1; }
  mkdir -p "$cache/apt/$suite" || { apt_error="$cache cannot be written"; return 1; }
  debian_sources '' | grep -q . || {
    apt_error="the machine's package sources have no mirror of Debian"
    return 1
  }
  { flock 9 && update_lists; } 9>"$cache/apt/$suite.lock" && return
  apt_error=$(sed -nE 's/^(E|W): //p' "$cache/apt/$suite/log" | head -n 1)
  : "${apt_error:=there is no linux-image-amd64}"
  return 1
}

apt_depends() {
  in_suite apt-cache depends --important "$1" 2>/dev/null | sed -n 's/^ *|*Depends: //p'
}

apt_field() {
  in_suite apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p"
}

apt_version() {
  apt_field "$1" Version
}

# Names what a package holds.
apt_key() {
  echo "$1_$(apt_version "$1")_$(apt_field "$1" SHA256 | cut -c 1-16)" | tr -c 'a-zA-Z0-9._+~\n-' _
}

# apt_download PACKAGE DIRECTORY
apt_download() {
  (cd "$2" && in_suite apt-get -q download "$1")
}
