/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of IOASID sets, in a trace instance of our own: what it does
 * disturbs nobody's tracing, and nobody's tracing disturbs it.
 */
#ifndef __IOASID_TRACE_H
#define __IOASID_TRACE_H

#include <stdbool.h>
#include <tracefs.h>

struct trace;

/* What to do with an event; false is enough of them. */
typedef bool (*trace_show)(struct tep_event *event, struct tep_record *record, void *arg);

/* Each event from now on. Ends the program with a sentence if there is no tracing. */
struct trace *trace_open(void);
/* No event from now on; those that were are still to be read. */
void trace_stop(struct trace *trace);
/*
 * Show the events up to the last reading in the order of their time, or all if @all:
 * what another CPU was still writing at a reading is there at the next one.
 * Return: whether it could be read; errno says why not.
 */
bool trace_read(struct trace *trace, bool all, trace_show show, void *arg);
void trace_close(struct trace *trace);

#endif /* __IOASID_TRACE_H */
