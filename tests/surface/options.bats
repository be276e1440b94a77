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

# "COMMAND LETTER LONG VALUE" of each option, with "-" for what it lacks.
option_table() {
  local command
  for command in rbmap-record rbmap-report rbmap-stat rbmap-tail; do
    "$PREFIX/bin/$command" --help |
      sed -nE "s/^  (-(.),|   ) --([a-z-]+)( ([A-Z][^ ]*))?.*/$command \\2:\\3:\\5/p" |
      sed -E 's/ :/ -:/; s/:$/:-/; s/:/ /g; s/ ([^ ]*)\[.*/ \1/'
  done
}

# Lines of "KEY VALUE": prints those whose key has more than one value.
ambiguous() {
  sort -u | awk '{ seen[$1]++; values[$1] = values[$1] " " $2 }
    END { for (key in seen) if (seen[key] > 1) print key ":" values[key] }' | sort
}

@test "the table of options has all of them" {
  local command
  for command in rbmap-record rbmap-report rbmap-stat rbmap-tail; do
    same table --help "$(option_table | awk -v c="$command" '$1 == c { print "--" $3 }' | sort)" \
      "$(help_options "$command" | grep ^--)"
    same table --help "$(option_table | awk -v c="$command" '$1 == c && $2 != "-" { print "-" $2 }' | LC_ALL=C sort)" \
      "$(help_options "$command" | grep -v ^-- | LC_ALL=C sort)"
  done
}

# The only exceptions are letters that trace-cmd and tail(1) have given two meanings:
# trace-cmd record has -f for a filter, trace-cmd report has -F; tail -f follows.
@test "a letter is the same option in every command" {
  same found allowed "$(option_table | awk '$2 != "-" { print $2, $3 }' | ambiguous)" \
    'f: filter follow'
}

@test "an option has the same letter in every command" {
  same found allowed "$(option_table | awk '{ print $3, $2 }' | LC_ALL=C ambiguous)" \
    'filter: F f'
}

@test "an option takes the same kind of value in every command" {
  same found allowed "$(option_table | awk '{ print $3, $4 }' | ambiguous)" ''
}

@test "every command has -h, -V and --format" {
  local option
  for option in 'h help -' 'V version -' '- format FORMAT'; do
    [ "$(option_table | cut -d ' ' -f 2- | grep -cFx -- "$option")" = 4 ]
  done
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
  same offered wanted "$(complete_words rbmap-report --format '')" $'csv\njson\ntext'
  same offered wanted "$(complete_words rbmap-tail --format '')" $'json\ntext'
  same offered wanted "$(complete_words rbmap-stat --format '')" $'json\ntext'
  same offered wanted "$(complete_words rbmap-tail -n '')" all
}

@test "completion of the traced command offers commands" {
  complete_words rbmap-record -e sched -- tru | grep -Fx true
}
