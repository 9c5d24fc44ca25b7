/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /sys and /proc tell about a system's IOMMUs and devices. Nothing here is
 * of IOASID sets; a system without them has it as well.
 */
#ifndef __IOASID_FACTS_H
#define __IOASID_FACTS_H

#include <linux/types.h>
#include <stdbool.h>

enum iommu_kind { IOMMU_INTEL, IOMMU_AMD, IOMMU_SMMU, IOMMU_OTHER };

struct iommu {
	char *name;
	enum iommu_kind kind;
	/* VT-d: it can do scalable mode. True for others, which have no such thing. */
	bool scalable;
	/* Width of the PASIDs it can do, 0 if none, -1 if sysfs does not tell. */
	int bits;
};

struct device {
	char *address;
	char *driver;		/* or NULL */
	int bits;		/* of the PCIe PASID capability */
};

struct facts {
	struct iommu *iommus;
	unsigned int nr_iommus;
	/* Those with the PASID capability, of so many PCI functions. */
	struct device *devices;
	unsigned int nr_devices;
	unsigned int nr_functions;
	/* Configuration space cannot be read beyond its start by this user. */
	bool blind;
	char *cmdline;
	__u32 cap;		/* ioasid.capacity=, 0 if it was not given */
	bool guest;		/* this runs in a VM */
};

void facts_read(struct facts *facts);
void facts_release(struct facts *facts);

/* Is @word a parameter of the kernel, up to and with a ',' or at its end? */
bool facts_cmdline_has(const struct facts *facts, const char *name, const char *word);

/* First line of /sys or /proc file @path, in memory of the caller; NULL if none. */
char *facts_line(const char *path);

#endif /* __IOASID_FACTS_H */
