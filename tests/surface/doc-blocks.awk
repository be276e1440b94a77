# SPDX-License-Identifier: GPL-2.0-only
# Reads public headers; tells each function, struct, enum and constant whose doc block
# lacks its name, a parameter, a member or "Since:". Exit status 1 where there is one.

function complain(text) {
	print FILENAME ": " text
	bad = 1
}

# The last word of "const char *name[2]".
function parameter(text) {
	gsub(/\[[^\]]*\]/, "", text)
	gsub(/[ \t]+$/, "", text)
	sub(/.*[ \t*]/, "", text)
	return text
}

# Members of a struct, or of an enum: those of a struct may be called private.
function members(name, body,    list, n, i, word) {
	if (docs ~ /private/)
		return
	# A function's own parameters are no members.
	gsub(/\)[ \t]*\([^)]*\)/, ")", body)
	n = split(body, list, /[;,]/)
	for (i = 1; i <= n; i++) {
		word = list[i]
		sub(/=.*/, "", word)
		gsub(/[()]/, "", word)
		word = parameter(word)
		if (word != "" && docs !~ ("@" word "[,:]"))
			complain(name ": @" word " is not explained")
	}
}

function declared(text,    name, list, n, i, word) {
	if (text ~ /^(struct|enum) rbmap_[a-z0-9_]+ \{/) {
		split(text, list, " ")
		name = list[2]
	} else if (match(text, /^static const [a-z0-9_ ]+ RBMAP_[A-Z0-9_]+ =/)) {
		name = parameter(substr(text, 1, RLENGTH - 2))
	} else if (match(text, /rbmap_[a-z0-9_]+\(/)) {
		name = substr(text, RSTART, RLENGTH - 1)
		n = split(substr(text, RSTART + RLENGTH), list, ",")
		sub(/\).*/, "", list[n])
	} else {
		return
	}
	seen++
	if (docs == "") {
		complain(name " has no doc block")
		return
	}
	if (docs !~ ("\\* (struct |enum )?" name " - "))
		complain("the doc block before " name " is of something else")
	if (docs !~ /Since: [0-9]/)
		complain(name " has no \"Since:\"")
	if (text ~ /^(struct|enum) rbmap_[a-z0-9_]+ \{/) {
		members(name, body)
		return
	}
	for (i = 1; i <= n; i++) {
		word = parameter(list[i])
		if (word != "void" && docs !~ ("@" word "[,:]"))
			complain(name ": @" word " is not explained")
	}
}

FNR == 1 { docs = ""; text = ""; depth = 0 }
/^\/\*\*/ { docs = ""; inside = 1 }
/^\/\*/ { comment = 1 }
inside { docs = docs $0 "\n" }
comment {
	if (/\*\//) {
		inside = 0
		comment = 0
	}
	next
}
/^#/ || /^extern "C"/ || /^}$/ { next }
{
	if (depth == 0)
		text = text " " $0
	else if (!/^}/)
		body = body " " $0
	sub(/^ +/, "", text)
	depth += gsub(/{/, "{") - gsub(/}/, "}")
	if (depth == 0 && /;[ \t]*$/) {
		gsub(/[ \t]+/, " ", text)
		declared(text)
		if (text !~ /^struct [a-z_]+;$/)
			docs = ""
		text = body = ""
	}
}
END {
	if (!seen)
		complain("nothing declared")
	exit bad
}
