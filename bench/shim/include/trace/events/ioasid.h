/* SPDX-License-Identifier: GPL-2.0-only */
/* Nobody traces. The arguments are looked at by the compiler alone. */
#ifndef BENCH_TRACE_IOASID_H
#define BENCH_TRACE_IOASID_H

static inline void shim_trace(int first, ...)
{
}

#define shim_no_trace(...)	\
	do { if (0) shim_trace(0, __VA_ARGS__); } while (0)

#define trace_ioasid_capacity(...)	shim_no_trace(__VA_ARGS__)
#define trace_ioasid_set_add(...)	shim_no_trace(__VA_ARGS__)
#define trace_ioasid_set_adjust(...)	shim_no_trace(__VA_ARGS__)
#define trace_ioasid_set_free(...)	shim_no_trace(__VA_ARGS__)
#define trace_ioasid_alloc(...)		shim_no_trace(__VA_ARGS__)
#define trace_ioasid_bind(...)		shim_no_trace(__VA_ARGS__)
#define trace_ioasid_free(...)		shim_no_trace(__VA_ARGS__)
#define trace_ioasid_get(...)		shim_no_trace(__VA_ARGS__)
#define trace_ioasid_put(...)		shim_no_trace(__VA_ARGS__)
#define trace_ioasid_reclaim(...)	shim_no_trace(__VA_ARGS__)
#define trace_ioasid_unbind(...)	shim_no_trace(__VA_ARGS__)

#define trace_ioasid_alloc_enabled()	false
#define trace_ioasid_bind_enabled()	false
#define trace_ioasid_free_enabled()	false
#define trace_ioasid_get_enabled()	false
#define trace_ioasid_put_enabled()	false
#define trace_ioasid_reclaim_enabled()	false
#define trace_ioasid_unbind_enabled()	false

#endif /* BENCH_TRACE_IOASID_H */
