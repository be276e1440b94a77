# SPDX-License-Identifier: GPL-2.0-only
# Reads preprocessed public headers; prints them with a body for each function that they
# declare: a library without a program, whose types are those that callers see.

{ text = text $0 "\n" }
END {
	n = split(text, chars, "")
	for (i = 1; i <= n; i++) {
		if (chars[i] == "{" || chars[i] == "}")
			depth += chars[i] == "{" ? 1 : -1
		if (chars[i] != ";" || depth) {
			part = part chars[i]
			# The end of a function that has a body.
			if (chars[i] == "}" && !depth && part ~ /\)[ \t\n]*{/) {
				printf "%s", part
				part = ""
			}
			continue
		}
		is_function = part !~ /[{]|typedef/ && part ~ /rbmap_[a-z0-9_]+\(.*\)[ \t\n]*$/
		printf "%s%s", part, is_function ? " { __builtin_trap(); }" : ";"
		part = ""
	}
	printf "%s", part
}
