/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens to PASIDs and to the sets that own them. "set" is the id by which
 * debugfs knows a set, "token" the mm that names it, and "result" 0 or a negative
 * error, with which nothing happened.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ioasid

#if !defined(_TRACE_IOASID_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOASID_H

#include <linux/tracepoint.h>
#include <linux/types.h>

struct mm_struct;

/* An IOMMU, or the command line, has told how large the space is. */
TRACE_EVENT(ioasid_capacity,
	    TP_PROTO(u32 capacity, u32 shared_min),
	    TP_ARGS(capacity, shared_min),

	    TP_STRUCT__entry(__field(u32, capacity)
			     __field(u32, shared_min)),

	    TP_fast_assign(__entry->capacity = capacity;
			   __entry->shared_min = shared_min;),

	    TP_printk("capacity=%u shared_min=%u",
		      __entry->capacity, __entry->shared_min)
);

DECLARE_EVENT_CLASS(ioasid_set,
		    TP_PROTO(u32 set, const struct mm_struct *token,
			     u32 guarantee, u32 limit, int result),
		    TP_ARGS(set, token, guarantee, limit, result),

		    TP_STRUCT__entry(__field(u32, set)
				     __field(const void *, token)
				     __field(u32, guarantee)
				     __field(u32, limit)
				     __field(int, result)),

		    TP_fast_assign(__entry->set = set;
				   __entry->token = token;
				   __entry->guarantee = guarantee;
				   __entry->limit = limit;
				   __entry->result = result;),

		    TP_printk("set=%u token=%p guarantee=%u limit=%u result=%d",
			      __entry->set, __entry->token, __entry->guarantee,
			      __entry->limit, __entry->result)
);

#define DEFINE_IOASID_SET_EVENT(name)					\
DEFINE_EVENT(ioasid_set, name,						\
	     TP_PROTO(u32 set, const struct mm_struct *token,		\
		      u32 guarantee, u32 limit, int result),		\
	     TP_ARGS(set, token, guarantee, limit, result))

/* A set was made. */
DEFINE_IOASID_SET_EVENT(ioasid_set_add);
/* Its last owner has gone, and it will have no new PASID; those it has are freed. */
DEFINE_IOASID_SET_EVENT(ioasid_set_free);
/* Its quota was changed to this, or not. */
DEFINE_IOASID_SET_EVENT(ioasid_set_adjust);

DECLARE_EVENT_CLASS(ioasid_pasid,
		    TP_PROTO(u32 set, const struct mm_struct *token, u32 pasid,
			     u32 private, bool local, int result),
		    TP_ARGS(set, token, pasid, private, local, result),

		    TP_STRUCT__entry(__field(u32, set)
				     __field(const void *, token)
				     __field(u32, pasid)
				     __field(u32, private)
				     __field(bool, local)
				     __field(int, result)),

		    TP_fast_assign(__entry->set = set;
				   __entry->token = token;
				   __entry->pasid = pasid;
				   __entry->private = private;
				   __entry->local = local;
				   __entry->result = result;),

		    /* -1 is no PASID, or no private ID. */
		    TP_printk("set=%u token=%p pasid=%d private=%d %s result=%d",
			      __entry->set, __entry->token,
			      (int)__entry->pasid, (int)__entry->private,
			      __entry->local ? "local" : "shared",
			      __entry->result)
);

#define DEFINE_IOASID_EVENT(name)					\
DEFINE_EVENT(ioasid_pasid, name,					\
	     TP_PROTO(u32 set, const struct mm_struct *token, u32 pasid, \
		      u32 private, bool local, int result),		\
	     TP_ARGS(set, token, pasid, private, local, result))

/* FREE -> IDLE: allocated, or not. */
DEFINE_IOASID_EVENT(ioasid_alloc);
/* It was given a private ID, or not. */
DEFINE_IOASID_EVENT(ioasid_bind);
/* The private ID was taken from it, or stood for nothing. */
DEFINE_IOASID_EVENT(ioasid_unbind);
/* -> ACTIVE: somebody took a reference, or was given one with it. */
DEFINE_IOASID_EVENT(ioasid_get);
/* Somebody gave one back. */
DEFINE_IOASID_EVENT(ioasid_put);
/* -> FREE_PENDING: its set freed it, or has no such PASID. */
DEFINE_IOASID_EVENT(ioasid_free);
/* -> FREE: the last reference has gone, and the number can be handed out. */
DEFINE_IOASID_EVENT(ioasid_reclaim);

#endif /* _TRACE_IOASID_H */

#include <trace/define_trace.h>
