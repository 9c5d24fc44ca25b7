/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOASID sets: one owner for the PASIDs of the system.
 *
 * A PASID here is a number of up to 20 bits (PCIe r6.0, sec. 6.20: "Process
 * Address Space ID") that names an I/O address space. A shared PASID is unique in
 * the whole system, a local one on its device. Every PASID belongs to exactly one
 * set; a set belongs to one VM, one process or the kernel itself and carries a
 * limit and a guarantee.
 *
 * Wherever a function takes a device beside a number, the two together name the
 * PASID: NULL and the number of a shared one, or the device and the number of one
 * that is local to it.
 */
#ifndef __LINUX_IOASID_H
#define __LINUX_IOASID_H

#include <linux/iommu.h>
#include <linux/types.h>

struct device;
struct ioasid;
struct ioasid_set;
struct mm_struct;

/* The size of the largest PASID space that PCIe can express: 20 bits. */
#define IOASID_CAPACITY_MAX	0x100000U

/* A limit that never refuses: only the capacity bounds such a set. */
#define IOASID_LIMIT_NONE	U32_MAX

/* Not a private ID: these are PASIDs of a guest, and have 20 bits as well. */
#define IOASID_PRIVATE_NONE	U32_MAX

/**
 * struct ioasid_system_info - one consistent look at the whole system
 * @capacity:   size of the PASID space, 0 where nothing reported one. PASIDs run
 *              from 1 to @capacity - 1; PASID 0 marks DMA without PASID and is
 *              never handed out.
 * @shared_min: the lowest number of a shared PASID; the ones below are local
 * @used:       shared PASIDs that sets hold, those pending free included
 * @reserved:   shared PASIDs kept back for guarantees that are not used up
 * @free:       shared PASIDs that any set may still take, within its limit
 */
struct ioasid_system_info {
	u32 capacity;
	u32 shared_min;
	u32 used;
	u32 reserved;
	u32 free;
};

/**
 * struct ioasid_set_info - one consistent look at a set
 * @used:      PASIDs the set holds, the ones that are pending free included
 * @pending:   PASIDs that were freed and that somebody still refers to
 * @local:     those of @used that are local to a device, which count against
 *             the limit and not against the guarantee
 * @guarantee: shared PASIDs kept for the set whatever the others do
 * @limit:     the most PASIDs the set may hold, %IOASID_LIMIT_NONE for no limit
 * @available: shared PASIDs an allocation over the whole range could get now
 */
struct ioasid_set_info {
	u32 used;
	u32 pending;
	u32 local;
	u32 guarantee;
	u32 limit;
	u32 available;
};

/* What ioasid_set_adjust() is to do. */
#define IOASID_ADJUST_GUARANTEE	BIT(0)	/* set the guarantee, else keep it */
#define IOASID_ADJUST_LIMIT	BIT(1)	/* set the limit, else keep it */
#define IOASID_ADJUST_MAY_RAISE	BIT(2)	/* the caller checked the privilege */

/* What ioasid_alloc_request() is to do beside allocating. */
#define IOASID_REQUEST_PRIVATE	BIT(0)	/* attach a private ID in the same step */
#define IOASID_REQUEST_GET	BIT(1)	/* take a reference for the caller */
#define IOASID_REQUEST_CHARGE	BIT(2)	/* charge the cgroup of current */

/**
 * struct ioasid_request - what PASID is wanted
 * @min:     the lowest number that will do
 * @max:     the highest number that will do; may be beyond what there is
 * @dev:     NULL for a shared PASID, else the device that it shall be local to
 * @private: private ID to attach, with %IOASID_REQUEST_PRIVATE
 * @flags:   %IOASID_REQUEST_PRIVATE, %IOASID_REQUEST_GET, %IOASID_REQUEST_CHARGE;
 *           the last one where a task asks, and not the kernel for itself
 * @data:    private data that ioasid_find() returns; may be NULL
 */
struct ioasid_request {
	ioasid_t min;
	ioasid_t max;
	struct device *dev;
	u32 private;
	u32 flags;
	void *data;
};

/**
 * struct ioasid_private - a private ID and what it stands for
 * @private: the private ID
 * @id:      the PASID behind it
 * @dev:     the device that the PASID is local to, NULL for a shared one; only to be
 *           compared, because nothing keeps it
 */
struct ioasid_private {
	u32 private;
	ioasid_t id;
	const struct device *dev;
};

/**
 * enum ioasid_event_type - what happened to a set or to one of its PASIDs
 * @IOASID_EVENT_SET_ADD: the set was made. Always the first event of a set.
 * @IOASID_EVENT_ALLOC: a PASID was allocated
 * @IOASID_EVENT_BIND: a private ID was attached to it
 * @IOASID_EVENT_UNBIND: the private ID was detached, or the PASID is being freed
 * @IOASID_EVENT_FREE: the PASID was freed by its set. Whoever holds a reference to it
 *	should give it back as soon as hardware has forgotten it.
 * @IOASID_EVENT_SET_DEL: the set is gone with all its PASIDs. Always the last event.
 */
enum ioasid_event_type {
	IOASID_EVENT_SET_ADD,
	IOASID_EVENT_ALLOC,
	IOASID_EVENT_BIND,
	IOASID_EVENT_UNBIND,
	IOASID_EVENT_FREE,
	IOASID_EVENT_SET_DEL,
};

/**
 * struct ioasid_event - what a notifier is told
 * @type:    what happened
 * @set:     to which set; alive until the notifier returns
 * @token:   the mm that names the set, or NULL
 * @id:      the PASID; IOMMU_PASID_INVALID if the event is about the set
 * @dev:     the device that the PASID is local to, NULL for a shared one
 * @private: the private ID, in %IOASID_EVENT_BIND and %IOASID_EVENT_UNBIND; else
 *           %IOASID_PRIVATE_NONE
 * @data:    the private data of the PASID; RCU keeps them while the notifier runs,
 *           if their owner frees them by RCU
 *
 * The PASID cannot get a second life before everybody was told of its end, so its
 * number in an event is never that of a newer one.
 */
struct ioasid_event {
	enum ioasid_event_type type;
	struct ioasid_set *set;
	struct mm_struct *token;
	ioasid_t id;
	struct device *dev;
	u32 private;
	void *data;
};

/**
 * enum ioasid_priority - in which order notifiers are told of one event
 * @IOASID_PRIORITY_CPU:    who translates PASIDs for a CPU: KVM
 * @IOASID_PRIORITY_IOMMU:  who has them in the tables of an IOMMU
 * @IOASID_PRIORITY_DEVICE: who programmed them into a device
 */
enum ioasid_priority {
	IOASID_PRIORITY_CPU,
	IOASID_PRIORITY_IOMMU,
	IOASID_PRIORITY_DEVICE,
};

/**
 * struct ioasid_notifier - somebody who is told of events
 * @notify:   called for each event, one at a time for each set. It runs under RCU
 *            with no lock of the allocator held and must not sleep; it may call
 *            every function of this header that does not.
 * @settle:   does the part of it that may sleep, see ioasid_unsettled(); NULL for
 *            none. Called for all that the notifier was told of @set so far, not
 *            before it was introduced to all that the set has, and never at the
 *            same time as @notify for this set. The set may be ahead of what was
 *            told. It must not wait for the set (ioasid_set_sync(),
 *            ioasid_set_free()), make one or change who listens.
 * @priority: its turn among the notifiers of the same event
 *
 * Zero the structure before filling in these. The rest is for the core.
 */
struct ioasid_notifier {
	void (*notify)(struct ioasid_notifier *notifier,
		       const struct ioasid_event *event);
	void (*settle)(struct ioasid_notifier *notifier,
		       struct ioasid_set *set);
	enum ioasid_priority priority;
	/* private: */
	const void *key;
	struct ioasid_set *set;
	struct mm_struct *token;
	u64 joined;
	struct hlist_node node;
};

void ioasid_install_capacity(u32 nr);
u32 ioasid_capacity(void);
void ioasid_get_system_info(struct ioasid_system_info *info);

struct ioasid_set *ioasid_host_set(void);
struct ioasid_set *ioasid_set_create(struct mm_struct *token, u32 guarantee,
				     u32 limit);
struct ioasid_set *ioasid_set_join(struct mm_struct *token);
struct ioasid_set *ioasid_set_find(struct mm_struct *token);
struct ioasid_set *ioasid_set_from(u32 id);
pid_t ioasid_set_pid(struct ioasid_set *set);
void ioasid_set_free(struct ioasid_set *set);
struct ioasid_set *ioasid_set_get(struct ioasid_set *set);
void ioasid_set_put(struct ioasid_set *set);
int ioasid_set_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
		      unsigned int flags);
void ioasid_set_get_info(struct ioasid_set *set, struct ioasid_set_info *info);

int ioasid_alloc_request(struct ioasid_set *set,
			 const struct ioasid_request *req,
			 gfp_t gfp, ioasid_t *id);
int ioasid_alloc(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		 void *data, gfp_t gfp, ioasid_t *id);
int ioasid_free(struct ioasid_set *set, struct device *dev, ioasid_t id);
int ioasid_free_range(struct ioasid_set *set, struct device *dev, ioasid_t min,
		      ioasid_t max);
int ioasid_get(struct ioasid_set *set, struct device *dev, ioasid_t id);
void ioasid_put(struct ioasid_set *set, struct device *dev, ioasid_t id);
struct ioasid *ioasid_hold(struct device *dev, ioasid_t id, bool picked);
void ioasid_release(struct ioasid *pasid);
void *ioasid_find(struct ioasid_set *set, struct device *dev, ioasid_t id);
void *ioasid_replace_data(struct ioasid_set *set, struct device *dev,
			  ioasid_t id, void *data);

int ioasid_attach_private(struct ioasid_set *set, struct device *dev,
			  ioasid_t id, u32 private, gfp_t gfp);
int ioasid_detach_private(struct ioasid_set *set, u32 private);
int ioasid_find_private(struct ioasid_set *set, u32 private);
struct ioasid *ioasid_hold_private(struct ioasid_set *set, u32 private,
				   ioasid_t *id);
int ioasid_next_private(struct ioasid_set *set, struct ioasid_private *entry);

int ioasid_register_notifier(struct ioasid_notifier *notifier,
			     struct ioasid_set *set);
int ioasid_register_notifier_mm(struct ioasid_notifier *notifier,
				struct mm_struct *token);
void ioasid_unregister_notifier(struct ioasid_notifier *notifier);
void ioasid_unsettled(const struct ioasid_event *event);
void ioasid_set_sync(struct ioasid_set *set);

#endif /* __LINUX_IOASID_H */
