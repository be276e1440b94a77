/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_JSON_H
#define RBMAP_JSON_H

#include "text.h"

/* Quoted and escaped; each byte that is not UTF-8 becomes U+FFFD. */
void rbmap_json_string(struct text *text, const char *string, size_t size);

#endif
