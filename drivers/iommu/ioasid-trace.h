/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracing a PASID costs nothing while nobody traces, not even a look at its set.
 */
#ifndef __IOASID_TRACE_H
#define __IOASID_TRACE_H

#include <trace/events/ioasid.h>

#define ioasid_trace(event, owner, number, private_id, is_local, result)	\
do {									\
	struct ioasid_set *__set = (owner);				\
									\
	if (trace_ioasid_##event##_enabled())				\
		trace_ioasid_##event(__set->id, __set->token, number,	\
				     private_id, is_local, result);	\
} while (0)

#define ioasid_trace_pasid(event, pasid, private_id)			\
do {									\
	struct ioasid *__pasid = (pasid);				\
									\
	ioasid_trace(event, __pasid->set, __pasid->id, private_id,	\
		     !!__pasid->local, 0);				\
} while (0)

#endif /* __IOASID_TRACE_H */
