/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RBMAP_H
#define RBMAP_RBMAP_H

#include <rbmap/arrow.h>
#include <rbmap/batch.h>
#include <rbmap/columns.h>
#include <rbmap/error.h>
#include <rbmap/events.h>
#include <rbmap/features.h>
#include <rbmap/field.h>
#include <rbmap/filter.h>
#include <rbmap/follow.h>
#include <rbmap/log.h>
#include <rbmap/mapping.h>
#include <rbmap/merge.h>
#include <rbmap/record.h>
#include <rbmap/session.h>
#include <rbmap/span.h>
#include <rbmap/stats.h>
#include <rbmap/subbuf.h>
#include <rbmap/tracedat.h>
#include <rbmap/version.h>

#endif
