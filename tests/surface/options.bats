# SPDX-License-Identifier: GPL-2.0-only
# A command's --help, its man page and its completion name the same options.

load common

setup_file() {
  install_rbmap
}

options_in() {
  grep -oE -- '(^|[^A-Za-z0-9-])--?[A-Za-z0-9][A-Za-z0-9-]*' |
    grep -oE -- '--?[A-Za-z0-9-]+$' | sort -u
}

# Only what is explained, not what an explanation speaks of.
help_options() {
  "$PREFIX/bin/$1" --help | sed -nE 's/^ +(-.*)$/\1/p' | sed -E 's/   *.*$//' |
    options_in
}

man_options() {
  grep '^\*-' "$RBMAP_SOURCE/man/$1.1.scd" | sed 's/[*\\]//g' | options_in
}

complete_words() {
  local COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  # shellcheck disable=SC1090
  source "$PREFIX/share/bash-completion/completions/$1"
  "_${1//-/_}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\n' "${COMPREPLY[@]}" | sort -u
}

same_options() {
  local from_help
  from_help=$(help_options "$1")
  [ "$(wc -l <<<"$from_help")" -ge 4 ]
  same --help "the man page" "$from_help" "$(man_options "$1")"
  same --help "the completion" "$from_help" "$(complete_words "$1" -)"
}

@test "rbmap-record: help, man page and completion agree" {
  same_options rbmap-record
}

@test "rbmap-report: help, man page and completion agree" {
  same_options rbmap-report
}

@test "rbmap-stat: help, man page and completion agree" {
  same_options rbmap-stat
}

@test "rbmap-tail: help, man page and completion agree" {
  same_options rbmap-tail
}

@test "every command has help, a version, a man page and a completion" {
  local command name seen=0
  for command in "$PREFIX"/bin/*; do
    name=${command##*/}
    seen=$((seen + 1))
    "$command" --help | grep -Fq "$name"
    [ "$("$command" --version | awk '{ print $NF; exit }')" = \
      "$(pkg-config --modversion librbmap)" ]
    [ -s "$PREFIX/share/man/man1/$name.1" ]
    [ -s "$PREFIX/share/bash-completion/completions/$name" ]
  done
  [ "$seen" -ge 4 ]
}

@test "completion offers the values of an option" {
  same offered wanted "$(complete_words rbmap-record --engine '')" $'auto\nmapped\nobserve\nread'
  same offered wanted "$(complete_words rbmap-record --format '')" $'dat\njson\ntext'
  same offered wanted "$(complete_words rbmap-report --format '')" $'json\ntext'
  same offered wanted "$(complete_words rbmap-tail --format '')" $'json\ntext'
  same offered wanted "$(complete_words rbmap-tail -n '')" all
}

@test "completion of the traced command offers commands" {
  complete_words rbmap-record -e sched -- tru | grep -Fx true
}
