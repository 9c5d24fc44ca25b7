// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "ioasid_utils.h"

#define VFIO_PCI_DRIVER	"/sys/bus/pci/drivers/vfio-pci"
#define PASID_QUOTA	"/sys/module/vfio_iommu_type1/parameters/pasid_quota"
#define MAX_DEVICES	16
#define NOBODY		65534

__u32 setting(const char *name, __u32 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

__u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* -------- devices and containers -------- */

struct device {
	char name[32];
	int group;
};

static struct device devices[MAX_DEVICES];

static int device_group(const char *name)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), VFIO_PCI_DRIVER "/%s/iommu_group", name);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -1;
	link[len] = '\0';
	return atoi(basename(link));
}

static int compare_devices(const void *a, const void *b)
{
	return strcmp(((const struct device *)a)->name,
		      ((const struct device *)b)->name);
}

static bool group_is_known(unsigned int nr, int group)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (devices[i].group == group)
			return true;
	return false;
}

unsigned int nr_devices(void)
{
	static unsigned int nr;
	struct dirent *entry;
	DIR *dir;

	dir = nr ? NULL : opendir(VFIO_PCI_DRIVER);
	if (!dir)
		return nr;

	while (nr < MAX_DEVICES && (entry = readdir(dir))) {
		int group;

		if (!strchr(entry->d_name, ':'))
			continue;
		group = device_group(entry->d_name);
		if (group < 0 || group_is_known(nr, group))
			continue;
		snprintf(devices[nr].name, sizeof(devices[nr].name), "%.31s",
			 entry->d_name);
		devices[nr++].group = group;
	}
	closedir(dir);
	qsort(devices, nr, sizeof(devices[0]), compare_devices);
	return nr;
}

const char *device_name(unsigned int dev)
{
	return dev < nr_devices() ? devices[dev].name : "none";
}

static bool try_open(const char *path, int *fd)
{
	*fd = open(path, O_RDWR);
	return *fd >= 0 || errno != EBUSY;
}

/* Its last user may be a process that was killed a moment ago. */
int group_open(unsigned int dev)
{
	char path[32];
	int group;

	if (dev >= nr_devices()) {
		errno = ENODEV;
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%d", devices[dev].group);
	wait_until(try_open(path, &group));
	return group;
}

int container_open_type(struct container *c, unsigned int dev, int type)
{
	int err;

	*c = NO_CONTAINER;
	c->group = group_open(dev);
	if (c->group < 0)
		return -1;
	c->fd = open("/dev/vfio/vfio", O_RDWR);
	if (c->fd >= 0 &&
	    !ioctl(c->group, VFIO_GROUP_SET_CONTAINER, &c->fd) &&
	    !ioctl(c->fd, VFIO_SET_IOMMU, type))
		return 0;

	err = errno;
	container_close(c);
	errno = err;
	return -1;
}

int container_open(struct container *c, unsigned int dev)
{
	return container_open_type(c, dev, VFIO_TYPE1v2_IOMMU);
}

int container_join(struct container *c, struct container *first,
		   unsigned int dev)
{
	int err;

	*c = NO_CONTAINER;
	c->group = group_open(dev);
	if (c->group < 0)
		return -1;
	c->fd = dup(first->fd);
	if (c->fd >= 0 && !ioctl(c->group, VFIO_GROUP_SET_CONTAINER, &c->fd))
		return 0;

	err = errno;
	container_close(c);
	errno = err;
	return -1;
}

int device_open_cdev(unsigned int dev)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), VFIO_PCI_DRIVER "/%s/vfio-dev",
		 device_name(dev));
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%.20s",
			 entry->d_name);
		fd = open(path, O_RDWR);
	}
	if (dir)
		closedir(dir);
	return fd;
}

int device_open(struct container *c, unsigned int dev)
{
	return ioctl(c->group, VFIO_GROUP_GET_DEVICE_FD, device_name(dev));
}

void container_close(struct container *c)
{
	if (c->group >= 0)
		close(c->group);
	if (c->fd >= 0)
		close(c->fd);
	*c = NO_CONTAINER;
}

bool system_has_pasids(void)
{
	int fd = open("/dev/vfio/vfio", O_RDWR);
	bool has = fd >= 0 && ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_PASID) == 1;

	if (fd >= 0)
		close(fd);
	return has;
}

const char *missing(unsigned int devices)
{
	static char text[100];

	if (access("/dev/vfio/vfio", R_OK | W_OK))
		return "/dev/vfio/vfio cannot be opened; run as root, with VFIO_CONTAINER=y";
	if (nr_devices() < devices) {
		snprintf(text, sizeof(text),
			 "%u PCI functions in groups of their own have to be bound to vfio-pci, there are %u",
			 devices, nr_devices());
		return text;
	}
	if (!system_has_pasids())
		return "the system has no PASIDs: no IOMMU reported any";
	return NULL;
}

/* -------- the calls -------- */

int _test_alloc_pasid(int fd, __u32 min, __u32 max, __u32 *pasid)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.min = min,
		.max = max,
	};

	if (ioctl(fd, VFIO_IOMMU_ALLOC_PASID, &arg))
		return -1;
	*pasid = arg.pasid;
	return 0;
}

int _test_free_pasid(int fd, __u32 min, __u32 max)
{
	struct vfio_iommu_free_pasid arg = {
		.argsz = sizeof(arg),
		.min = min,
		.max = max,
	};

	return ioctl(fd, VFIO_IOMMU_FREE_PASID, &arg);
}

int _test_alloc_guest_in(int fd, __u32 min, __u32 max, __u32 guest,
			 __u32 *pasid)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_GUEST,
		.min = min,
		.max = max,
		.guest = guest,
	};

	if (ioctl(fd, VFIO_IOMMU_ALLOC_PASID, &arg))
		return -1;
	*pasid = arg.pasid;
	return 0;
}

int _test_alloc_guest(int fd, __u32 guest, __u32 *pasid)
{
	return _test_alloc_guest_in(fd, 0, UINT_MAX, guest, pasid);
}

int _test_alloc_local(int fd, int device, __u32 min, __u32 max, __u32 *pasid)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_LOCAL,
		.min = min,
		.max = max,
		.device = device,
	};

	if (ioctl(fd, VFIO_IOMMU_ALLOC_PASID, &arg))
		return -1;
	*pasid = arg.pasid;
	return 0;
}

int _test_alloc_local_guest(int fd, int device, __u32 guest, __u32 *pasid)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_LOCAL | VFIO_PASID_GUEST,
		.max = UINT_MAX,
		.device = device,
		.guest = guest,
	};

	if (ioctl(fd, VFIO_IOMMU_ALLOC_PASID, &arg))
		return -1;
	*pasid = arg.pasid;
	return 0;
}

int _test_free_local(int fd, int device, __u32 min, __u32 max)
{
	struct vfio_iommu_free_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_LOCAL,
		.min = min,
		.max = max,
		.device = device,
	};

	return ioctl(fd, VFIO_IOMMU_FREE_PASID, &arg);
}

static int bind_pasid(int fd, __u32 flags, int device, __u32 pasid, __u32 guest)
{
	struct vfio_iommu_bind_pasid arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.pasid = pasid,
		.guest = guest,
		.device = device,
	};

	return ioctl(fd, VFIO_IOMMU_BIND_PASID, &arg);
}

int _test_bind_pasid(int fd, __u32 pasid, __u32 guest)
{
	return bind_pasid(fd, 0, 0, pasid, guest);
}

int _test_bind_local(int fd, int device, __u32 pasid, __u32 guest)
{
	return bind_pasid(fd, VFIO_PASID_LOCAL, device, pasid, guest);
}

int _test_unbind_pasid(int fd, __u32 guest)
{
	struct vfio_iommu_unbind_pasid arg = {
		.argsz = sizeof(arg),
		.guest = guest,
	};

	return ioctl(fd, VFIO_IOMMU_UNBIND_PASID, &arg);
}

static int list_pasids(int fd, __u32 flags, int device, __u32 *guest,
		       __u32 *count, struct vfio_iommu_pasid_entry *entries)
{
	struct vfio_iommu_list_pasids arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.guest = *guest,
		.count = *count,
		.device = device,
		.entries = (uintptr_t)entries,
	};

	if (ioctl(fd, VFIO_IOMMU_LIST_PASIDS, &arg))
		return -1;
	*guest = arg.guest;
	*count = arg.count;
	return 0;
}

int _test_list_pasids(int fd, __u32 *guest, __u32 *count,
		      struct vfio_iommu_pasid_entry *entries)
{
	return list_pasids(fd, 0, 0, guest, count, entries);
}

int _test_list_local(int fd, int device, __u32 *guest, __u32 *count,
		     struct vfio_iommu_pasid_entry *entries)
{
	return list_pasids(fd, VFIO_PASID_LOCAL, device, guest, count, entries);
}

__u32 pasid_of_guest(int fd, __u32 guest)
{
	struct vfio_iommu_pasid_entry entry;
	__u32 from = guest, count = 1;

	if (_test_list_pasids(fd, &from, &count, &entry) || !count)
		return 0;
	return entry.guest == guest ? entry.pasid : 0;
}

__u32 read_list(int fd, struct vfio_iommu_pasid_entry *all, __u32 room)
{
	__u32 guest = 0, nr = 0, count;

	do {
		count = room;
		if (_test_list_pasids(fd, &guest, &count, all + nr))
			return UINT_MAX;
		nr += count;
	} while (count == room);
	return nr;
}

int _test_pasid_quota(int fd, __u32 flags, __u32 guarantee, __u32 limit)
{
	struct vfio_iommu_pasid_quota arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.guarantee = guarantee,
		.limit = limit,
	};

	return ioctl(fd, VFIO_IOMMU_SET_PASID_QUOTA, &arg);
}

struct vfio_iommu_type1_info *get_info(int fd)
{
	struct vfio_iommu_type1_info *info, *all;
	size_t size = sizeof(*info);

	/* The first call says how much there is. */
	info = calloc(1, size);
	if (!info)
		return NULL;
	info->argsz = size;
	if (ioctl(fd, VFIO_IOMMU_GET_INFO, info))
		goto out_free;
	size = info->argsz;
	all = realloc(info, size);
	if (!all)
		goto out_free;
	info = all;
	memset(info, 0, size);
	info->argsz = size;
	if (!ioctl(fd, VFIO_IOMMU_GET_INFO, info))
		return info;
out_free:
	free(info);
	return NULL;
}

struct vfio_info_cap_header *find_cap(struct vfio_iommu_type1_info *info,
				      __u16 id)
{
	struct vfio_info_cap_header *cap;
	__u32 at;

	if (!(info->flags & VFIO_IOMMU_INFO_CAPS))
		return NULL;
	for (at = info->cap_offset; at; at = cap->next) {
		if (at + sizeof(*cap) > info->argsz)
			break;
		cap = (struct vfio_info_cap_header *)((char *)info + at);
		if (cap->id == id)
			return cap;
	}
	return NULL;
}

int _test_pasid_info(int fd, struct pasid_info *info)
{
	struct vfio_iommu_type1_info *all = get_info(fd);
	struct vfio_iommu_type1_info_cap_pasid *cap;

	if (!all)
		return -1;
	cap = (void *)find_cap(all, VFIO_IOMMU_TYPE1_INFO_CAP_PASID);
	if (cap)
		*info = (struct pasid_info) {
			.bits = cap->pasid_bits,
			.guarantee = cap->guarantee,
			.limit = cap->limit,
			.used = cap->used,
			.available = cap->available,
			.shared_min = cap->shared_min,
		};
	free(all);
	if (cap)
		return 0;
	errno = ENODATA;
	return -1;
}

__u32 pasid_used(int fd)
{
	struct pasid_info info;

	return _test_pasid_info(fd, &info) ? UINT_MAX : info.used;
}

__u32 pasid_available(int fd)
{
	struct pasid_info info;

	return _test_pasid_info(fd, &info) ? UINT_MAX : info.available;
}

__u32 alloc_pasids(int fd, __u32 nr)
{
	__u32 pasid, i;

	for (i = 0; i < nr; i++)
		if (_test_alloc_pasid(fd, 0, UINT_MAX, &pasid))
			break;
	return i;
}

__u32 pasid_shared_min(int fd)
{
	struct pasid_info info;

	return _test_pasid_info(fd, &info) ? UINT_MAX : info.shared_min;
}

/* There is one at or above @low, and it gets in by one bit after the other. */
__u32 highest_pasid(int fd)
{
	__u32 low = 0, bit, pasid;

	for (bit = 1U << 31; bit; bit >>= 1) {
		if (_test_alloc_pasid(fd, low | bit, UINT_MAX, &pasid))
			continue;
		_test_free_pasid(fd, pasid, pasid);
		low |= bit;
	}
	return low;
}

__u64 ns_per_pasid(int fd)
{
	__u64 start = now_ns();
	__u32 nr = alloc_pasids(fd, 200);

	_test_free_pasid(fd, 0, UINT_MAX);
	return (now_ns() - start) / (nr ?: 1);
}

int observer_open(struct container *c, unsigned int dev)
{
	if (container_open(c, dev))
		return -1;
	return _test_pasid_quota(c->fd, VFIO_PASID_QUOTA_LIMIT, 0,
				 PASID_LIMIT_NONE);
}

/* -------- parameter, log, privilege -------- */

int pasid_quota_param(__u32 *value)
{
	FILE *file = fopen(PASID_QUOTA, "r");
	int nr;

	if (!file)
		return -1;
	nr = fscanf(file, "%u", value);
	fclose(file);
	return nr == 1 ? 0 : -1;
}

int set_pasid_quota_param(__u32 value)
{
	FILE *file = fopen(PASID_QUOTA, "w");
	int nr;

	if (!file)
		return -1;
	nr = fprintf(file, "%u\n", value);
	return fclose(file) || nr < 0 ? -1 : 0;
}

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/*
 * Not what KUnit says of its tests, which is TAP, nor the names that the kernel,
 * its command line, the test harness, and who was running may have.
 */
static bool is_about_pasids(const char *line)
{
	static const char *const others[] = {
		" ", "#", "ok ", "not ok ", "Linux version", "Command line:",
		"Kernel command line:", "plan:", "CPU: ", NULL,
	};
	const char *text = strchr(line, ';');
	size_t i;

	if (!text++)
		return false;
	for (i = 0; others[i]; i++)
		if (!strncmp(text, others[i], strlen(others[i])))
			return false;
	return strcasestr(text, "pasid") || strcasestr(text, "ioasid");
}

bool kmsg_about_pasids(int kmsg)
{
	bool found = false;
	char line[8192];
	ssize_t len;

	for (;;) {
		len = read(kmsg, line, sizeof(line) - 1);
		/* EPIPE: the oldest lines were overwritten. */
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			return found;
		line[len] = '\0';
		if (!is_about_pasids(line))
			continue;
		printf("# the kernel said%s", strchr(line, ';'));
		found = true;
	}
}

/* -------- memory that makes the kernel wait -------- */

#define TRAP_SIZE	4096

static int trap_arm(struct trap *trap, enum trap_mode mode)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = mode == TRAP_WRITE ?
			UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0,
	};
	struct uffdio_range range = {
		.start = (uintptr_t)trap->page,
		.len = TRAP_SIZE,
	};
	struct uffdio_register reg = {
		.range = range,
		.mode = mode == TRAP_WRITE ? UFFDIO_REGISTER_MODE_WP :
			UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_writeprotect wp = {
		.range = range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	trap->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (trap->uffd < 0 || ioctl(trap->uffd, UFFDIO_API, &api) ||
	    ioctl(trap->uffd, UFFDIO_REGISTER, &reg))
		return -1;
	if (mode == TRAP_READ)
		return 0;
	return ioctl(trap->uffd, UFFDIO_WRITEPROTECT, &wp);
}

int trap_open(struct trap *trap, enum trap_mode mode, const void *content,
	      size_t size)
{
	trap->uffd = -1;
	trap->page = mmap(NULL, TRAP_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (trap->page == MAP_FAILED)
		return -1;
	/* What is to be read is not there before trap_let_read(). */
	if (mode == TRAP_WRITE)
		memcpy(trap->page, content, size);
	if (!trap_arm(trap, mode))
		return 0;
	trap_close(trap);
	return -1;
}

bool trap_is_entered(struct trap *trap)
{
	struct pollfd wait = { .fd = trap->uffd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&wait, 1, WAIT_SECONDS * 1000) != 1)
		return false;
	return read(trap->uffd, &msg, sizeof(msg)) == sizeof(msg);
}

int trap_let_read(struct trap *trap, const void *content, size_t size)
{
	__u8 page[TRAP_SIZE] = {};
	struct uffdio_copy copy = {
		.dst = (uintptr_t)trap->page,
		.src = (uintptr_t)page,
		.len = TRAP_SIZE,
	};

	memcpy(page, content, size);
	return ioctl(trap->uffd, UFFDIO_COPY, &copy);
}

int trap_refuse_write(struct trap *trap)
{
	struct uffdio_range range = {
		.start = (uintptr_t)trap->page,
		.len = TRAP_SIZE,
	};

	if (mprotect(trap->page, TRAP_SIZE, PROT_READ))
		return -1;
	return ioctl(trap->uffd, UFFDIO_WAKE, &range);
}

void trap_close(struct trap *trap)
{
	if (trap->uffd >= 0)
		close(trap->uffd);
	munmap(trap->page, TRAP_SIZE);
}

static void *call_run(void *arg)
{
	struct call *call = arg;

	call->ret = ioctl(call->fd, call->nr, call->arg);
	call->error = errno;
	return NULL;
}

int call_begin(struct call *call, int fd, unsigned int nr, void *arg)
{
	*call = (struct call) { .fd = fd, .nr = nr, .arg = arg };
	return pthread_create(&call->thread, NULL, call_run, call);
}

int call_end(struct call *call)
{
	pthread_join(call->thread, NULL);
	errno = call->error;
	return call->ret;
}

static int drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].permitted &= ~CAP_TO_MASK(cap);
	return syscall(SYS_capset, &header, data);
}

int drop_privilege(enum drop how)
{
	switch (how) {
	case DROP_UID:
		if (setresgid(NOBODY, NOBODY, NOBODY))
			return -1;
		return setresuid(NOBODY, NOBODY, NOBODY);
	case DROP_CAPABILITY:
		return drop_capability(CAP_SYS_RESOURCE);
	case DROP_USER_NS:
		return unshare(CLONE_NEWUSER);
	}
	errno = EINVAL;
	return -1;
}
