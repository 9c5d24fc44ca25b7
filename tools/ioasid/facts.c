// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <linux/bits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"
#include "ioasidctl.h"

/* VT-d specification, extended capability register. */
#define ECAP_SMTS		BIT_ULL(43)
#define ECAP_PASID		BIT_ULL(40)
#define ECAP_PSS(ecap)		((ecap) >> 35 & 0x1f)	/* width less one */
/* AMD IOMMU specification, extended feature register. */
#define EFR_GT			BIT_ULL(4)
#define EFR_PASMAX(efr)		((efr) >> 32 & 0x1f)	/* width less one */

/* PCIe: extended capabilities, and that of PASID. */
#define PCI_EXT_START		0x100
#define PCI_EXT_END		0x1000
#define PCI_EXT_ID(header)	((header) & 0xffff)
#define PCI_EXT_NEXT(header)	((header) >> 20 & 0xffc)
#define PCI_EXT_ID_PASID	0x1b
#define PASID_WIDTH(word)	((word) >> 8 & 0x1f)

/* -------- files -------- */

static char *path_of(const char *path)
{
	char *whole;

	if (asprintf(&whole, "%s%s", global.sysroot ?: "", path) < 0)
		fail(STATUS_FAILED, "no memory for a path");
	return whole;
}

static FILE *open_file(const char *path)
{
	char *whole = path_of(path);
	FILE *file = fopen(whole, "r");

	free(whole);
	return file;
}

char *facts_line(const char *path)
{
	FILE *file = open_file(path);
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getline(&line, &size, file) < 0) {
		free(line);
		line = NULL;
	}
	if (line)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return line;
}

static bool hex_of(const char *dir, const char *file, __u64 *value)
{
	char *path, *line;

	if (asprintf(&path, "%s/%s", dir, file) < 0)
		fail(STATUS_FAILED, "no memory for a path");
	line = facts_line(path);
	free(path);
	if (!line)
		return false;
	*value = strtoull(line, NULL, 16);
	free(line);
	return true;
}

/* Each name in @path, sorted, so that two runs print the same. */
static void each_entry(const char *path, void (*each)(struct facts *, const char *),
		       struct facts *facts)
{
	char *whole = path_of(path);
	struct dirent **names;
	int nr = scandir(whole, &names, NULL, alphasort), i;

	free(whole);
	for (i = 0; i < nr; i++) {
		if (names[i]->d_name[0] != '.')
			each(facts, names[i]->d_name);
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
}

static void *grow(void *array, unsigned int nr, size_t size)
{
	array = realloc(array, (nr + 1) * size);
	if (!array)
		fail(STATUS_FAILED, "no memory for what the system has");
	return array;
}

/* -------- IOMMUs -------- */

static void read_intel(struct iommu *iommu, const char *dir)
{
	__u64 ecap;

	iommu->kind = IOMMU_INTEL;
	if (!hex_of(dir, "intel-iommu/ecap", &ecap))
		return;
	iommu->scalable = ecap & ECAP_SMTS;
	iommu->bits = ecap & ECAP_PASID ? ECAP_PSS(ecap) + 1 : 0;
}

static void read_amd(struct iommu *iommu, const char *dir)
{
	__u64 efr;

	iommu->kind = IOMMU_AMD;
	if (hex_of(dir, "amd-iommu/features", &efr))
		iommu->bits = efr & EFR_GT ? EFR_PASMAX(efr) + 1 : 0;
}

static void read_iommu(struct facts *facts, const char *name)
{
	struct iommu iommu = { .kind = IOMMU_OTHER, .scalable = true, .bits = -1 };
	char *dir;

	if (asprintf(&dir, "/sys/class/iommu/%s", name) < 0)
		fail(STATUS_FAILED, "no memory for a path");
	if (!strncmp(name, "dmar", 4))
		read_intel(&iommu, dir);
	else if (!strncmp(name, "ivhd", 4))
		read_amd(&iommu, dir);
	else if (!strncmp(name, "smmu", 4))
		iommu.kind = IOMMU_SMMU;
	free(dir);
	iommu.name = strdup(name);
	facts->iommus = grow(facts->iommus, facts->nr_iommus, sizeof(iommu));
	facts->iommus[facts->nr_iommus++] = iommu;
}

/* -------- devices -------- */

static __u32 word_at(const unsigned char *config, unsigned int at)
{
	return config[at] | config[at + 1] << 8 | config[at + 2] << 16 |
	       (__u32)config[at + 3] << 24;
}

/* Width of the PASIDs of a function, or -1 if it has no such capability. */
static int pasid_width(const unsigned char *config, size_t size)
{
	unsigned int at = PCI_EXT_START, steps = (PCI_EXT_END - PCI_EXT_START) / 8;

	/* A device may lie: the list may be longer than there is room, or a circle. */
	while (steps-- && at >= PCI_EXT_START && at + 8 <= size) {
		__u32 header = word_at(config, at);

		if (!header || header == UINT32_MAX)
			break;
		if (PCI_EXT_ID(header) == PCI_EXT_ID_PASID)
			return PASID_WIDTH(word_at(config, at + 4));
		at = PCI_EXT_NEXT(header);
	}
	return -1;
}

static char *driver_of(const char *address)
{
	char *path, *whole, target[4096];
	ssize_t len;

	if (asprintf(&path, "/sys/bus/pci/devices/%s/driver", address) < 0)
		fail(STATUS_FAILED, "no memory for a path");
	whole = path_of(path);
	free(path);
	len = readlink(whole, target, sizeof(target) - 1);
	free(whole);
	if (len < 0)
		return NULL;
	target[len] = '\0';
	return strdup(strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

static void read_function(struct facts *facts, const char *address)
{
	unsigned char config[PCI_EXT_END];
	struct device device = {};
	FILE *file;
	size_t size;
	char *path;

	facts->nr_functions++;
	if (asprintf(&path, "/sys/bus/pci/devices/%s/config", address) < 0)
		fail(STATUS_FAILED, "no memory for a path");
	file = open_file(path);
	free(path);
	size = file ? fread(config, 1, sizeof(config), file) : 0;
	if (file)
		fclose(file);
	/* Without CAP_SYS_ADMIN there are 64 bytes and no more. */
	if (size <= 64)
		facts->blind = true;
	device.bits = pasid_width(config, size);
	if (device.bits < 0)
		return;
	device.address = strdup(address);
	device.driver = driver_of(address);
	facts->devices = grow(facts->devices, facts->nr_devices, sizeof(device));
	facts->devices[facts->nr_devices++] = device;
}

/* -------- the rest -------- */

bool facts_cmdline_has(const struct facts *facts, const char *name, const char *word)
{
	size_t len = strlen(name), word_len = strlen(word);
	const char *at = facts->cmdline, *end;

	while ((at = strstr(at, name))) {
		bool begins = at == facts->cmdline || at[-1] == ' ';

		at += len;
		if (!begins || *at != '=')
			continue;
		/* A list of words, the last one before a blank. */
		do {
			at++;
			end = at + strcspn(at, ", ");
			if ((size_t)(end - at) == word_len && !strncmp(at, word, word_len))
				return true;
			at = end;
		} while (*at == ',');
	}
	return false;
}

static bool is_guest(void)
{
	FILE *file = open_file("/proc/cpuinfo");
	bool guest = false;
	char *line = NULL;
	size_t size = 0;

	while (file && !guest && getline(&line, &size, file) > 0)
		guest = !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	free(line);
	if (file)
		fclose(file);
	return guest;
}

void facts_read(struct facts *facts)
{
	char *line;

	*facts = (struct facts) {};
	each_entry("/sys/class/iommu", read_iommu, facts);
	each_entry("/sys/bus/pci/devices", read_function, facts);
	facts->cmdline = facts_line("/proc/cmdline") ?: strdup("");
	line = facts_line("/sys/module/ioasid/parameters/capacity");
	facts->cap = line ? strtoul(line, NULL, 0) : 0;
	free(line);
	facts->guest = is_guest();
}

void facts_release(struct facts *facts)
{
	unsigned int i;

	for (i = 0; i < facts->nr_iommus; i++)
		free(facts->iommus[i].name);
	for (i = 0; i < facts->nr_devices; i++) {
		free(facts->devices[i].address);
		free(facts->devices[i].driver);
	}
	free(facts->iommus);
	free(facts->devices);
	free(facts->cmdline);
}
