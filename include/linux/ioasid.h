/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOASID sets: one owner for the PASIDs of the system.
 *
 * A PASID here is a number of up to 20 bits (PCIe r6.0, sec. 6.20: "Process
 * Address Space ID") that names an I/O address space in the whole system. Every
 * PASID belongs to exactly one set; a set belongs to one VM, one process or the
 * kernel itself and carries a limit and a guarantee.
 */
#ifndef __LINUX_IOASID_H
#define __LINUX_IOASID_H

#include <linux/iommu.h>
#include <linux/types.h>

struct ioasid_set;
struct mm_struct;

/* The size of the largest PASID space that PCIe can express: 20 bits. */
#define IOASID_CAPACITY_MAX	0x100000U

/* A limit that never refuses: only the capacity bounds such a set. */
#define IOASID_LIMIT_NONE	U32_MAX

/**
 * struct ioasid_system_info - one consistent look at the whole system
 * @capacity: size of the PASID space, 0 where nothing reported one. PASIDs run
 *            from 1 to @capacity - 1; PASID 0 marks DMA without PASID and is
 *            never handed out.
 * @used:     PASIDs that sets hold, the ones that are pending free included
 * @reserved: PASIDs kept back for guarantees that are not used up
 * @free:     PASIDs that any set may still take, within its limit
 */
struct ioasid_system_info {
	u32 capacity;
	u32 used;
	u32 reserved;
	u32 free;
};

/**
 * struct ioasid_set_info - one consistent look at a set
 * @used:      PASIDs the set holds, the ones that are pending free included
 * @pending:   PASIDs that were freed while somebody still holds a reference
 * @guarantee: PASIDs kept for the set whatever the others do
 * @limit:     the most PASIDs the set may hold, %IOASID_LIMIT_NONE for no limit
 * @available: PASIDs an allocation over the whole range could get right now
 */
struct ioasid_set_info {
	u32 used;
	u32 pending;
	u32 guarantee;
	u32 limit;
	u32 available;
};

/* What ioasid_set_adjust() is to do. */
#define IOASID_ADJUST_GUARANTEE	BIT(0)	/* set the guarantee, else keep it */
#define IOASID_ADJUST_LIMIT	BIT(1)	/* set the limit, else keep it */
#define IOASID_ADJUST_MAY_RAISE	BIT(2)	/* the caller checked the privilege */

void ioasid_install_capacity(u32 nr);
u32 ioasid_capacity(void);
void ioasid_system_info(struct ioasid_system_info *info);

struct ioasid_set *ioasid_host_set(void);
struct ioasid_set *ioasid_set_create(struct mm_struct *token, u32 guarantee,
				     u32 limit);
struct ioasid_set *ioasid_set_join(struct mm_struct *token);
struct ioasid_set *ioasid_set_find(struct mm_struct *token);
void ioasid_set_free(struct ioasid_set *set);
struct ioasid_set *ioasid_set_get(struct ioasid_set *set);
void ioasid_set_put(struct ioasid_set *set);
int ioasid_set_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
		      unsigned int flags);
void ioasid_set_info(struct ioasid_set *set, struct ioasid_set_info *info);

int ioasid_alloc(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		 void *data, gfp_t gfp, ioasid_t *id);
int ioasid_free(struct ioasid_set *set, ioasid_t id);
int ioasid_free_range(struct ioasid_set *set, ioasid_t min, ioasid_t max);
int ioasid_get(struct ioasid_set *set, ioasid_t id);
void ioasid_put(struct ioasid_set *set, ioasid_t id);
void *ioasid_find(struct ioasid_set *set, ioasid_t id);
void *ioasid_replace_data(struct ioasid_set *set, ioasid_t id, void *data);

#endif /* __LINUX_IOASID_H */
