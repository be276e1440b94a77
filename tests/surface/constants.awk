# SPDX-License-Identifier: GPL-2.0-only
# Reads public headers as the generators of bindings do, without a preprocessor or a
# compiler. Prints "NAME VALUE" for each
# constant, and "NAME ?" where the value is more than these evaluate: a number, 1 << N in
# an enum, or the place in an enum.

function number(text,    n, parts) {
	gsub(/[ \t]/, "", text)
	if (text ~ /^-?(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*$/)
		return text
	if (is_enum && split(text, parts, "<<") == 2 &&
	    parts[1] == "1" && parts[2] ~ /^[0-9]+$/)
		return 2 ^ parts[2]
	return "?"
}

# "RBMAP_A, RBMAP_B = 4" of an enum.
function members(text,    list, n, i, pair, next_value) {
	is_enum = 1
	n = split(text, list, ",")
	next_value = 0
	for (i = 1; i <= n; i++) {
		gsub(/[ \t]/, "", list[i])
		if (list[i] == "")
			continue
		if (split(list[i], pair, "=") == 2)
			next_value = number(pair[2])
		print pair[1], next_value
		if (next_value != "?")
			next_value++
	}
	is_enum = 0
}

# Comments go first. None is before code on its line.
in_comment || /^[ \t]*\/\*/ { in_comment = !/\*\//; next }
{ sub(/[ \t]*\/\*.*\*\/ *$/, "") }
/^#define RBMAP_[A-Z0-9_]+_H *$/ { next }
/^#define RBMAP_/ {
	name = $2
	$1 = $2 = ""
	print name, number($0)
	next
}
/^#/ { next }
/^enum [a-z0-9_]* *{/ { body = ""; inside = 1 }
inside {
	body = body $0
	if (/}/) {
		gsub(/^[^{]*{|}.*$/, "", body)
		members(body)
		inside = 0
	}
	next
}
/^static const .* RBMAP_[A-Z0-9_]+ = / {
	value = $0
	gsub(/^.* = |;.*$/, "", value)
	name = $0
	gsub(/ = .*$/, "", name)
	gsub(/^.* /, "", name)
	print name, number(value)
}
