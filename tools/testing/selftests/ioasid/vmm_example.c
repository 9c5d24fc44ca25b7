// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM, as far as PASIDs go: what it calls, in which order, and what it does when
 * the VM moves. Two of them here, with a socket between them. Each has a device,
 * bound to vfio-pci: vmm_example 0000:00:04.0 0000:00:05.0
 */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../ioasid/migrate.h"

struct vmm {
	int container;
	int group;
	int device;
};

static int must(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static int open_group(const char *device)
{
	char path[PATH_MAX], link[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 device);
	must(readlink(path, link, sizeof(link) - 1), path);
	snprintf(path, sizeof(path), "/dev/vfio/%.20s", basename(link));
	return must(open(path, O_RDWR), path);
}

/*
 * 1. The container. The PASIDs will belong to the process that calls
 * VFIO_SET_IOMMU, and go when it goes. A VMM with several containers, one for each
 * device behind a virtual IOMMU for instance, has one set of PASIDs.
 */
static void open_device(struct vmm *vmm, const char *device)
{
	vmm->group = open_group(device);
	vmm->container = must(open("/dev/vfio/vfio", O_RDWR), "/dev/vfio/vfio");
	must(ioctl(vmm->group, VFIO_GROUP_SET_CONTAINER, &vmm->container),
	     "VFIO_GROUP_SET_CONTAINER");
	must(ioctl(vmm->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
	     "VFIO_SET_IOMMU");
	vmm->device = must(ioctl(vmm->group, VFIO_GROUP_GET_DEVICE_FD, device),
			   "VFIO_GROUP_GET_DEVICE_FD");
	if (ioctl(vmm->container, VFIO_CHECK_EXTENSION, VFIO_PASID) != 1)
		errx(1, "this system has no PASIDs");
}

/*
 * 2. The VM, in the same process, before or after the container. From here on KVM
 * keeps its table by itself: there is no call for that. Closing the device ends it.
 */
static void create_vm(struct vmm *vmm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = KVM_DEV_VFIO_FILE_ADD,
		.addr = (uintptr_t)&vmm->group,
	};
	int kvm = must(open("/dev/kvm", O_RDWR), "/dev/kvm");
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");

	must(ioctl(vm, KVM_CREATE_DEVICE, &create), "KVM_CREATE_DEVICE");
	must(ioctl(create.fd, KVM_SET_DEVICE_ATTR, &attr), "FILE_ADD");
}

/* 3. What can be had: it says what to tell the guest, and whether to begin at all. */
static struct vfio_iommu_type1_info_cap_pasid get_capability(struct vmm *vmm)
{
	union {
		struct vfio_iommu_type1_info info;
		char all[4096];
	} u = { .info.argsz = sizeof(u) };
	struct vfio_info_cap_header *cap;
	__u32 at;

	must(ioctl(vmm->container, VFIO_IOMMU_GET_INFO, &u), "GET_INFO");
	for (at = u.info.cap_offset; at; at = cap->next) {
		cap = (void *)(u.all + at);
		if (cap->id == VFIO_IOMMU_TYPE1_INFO_CAP_PASID)
			return *(struct vfio_iommu_type1_info_cap_pasid *)cap;
	}
	errx(1, "there is no PASID capability");
}

/* 4. The guest wants a PASID: it is allocated and bound in one step. */
static __u32 guest_allocates(struct vmm *vmm, __u32 guest)
{
	struct vfio_iommu_alloc_pasid alloc = {
		.argsz = sizeof(alloc),
		.flags = VFIO_PASID_GUEST,
		.max = UINT_MAX,
		.guest = guest,
	};

	must(ioctl(vmm->container, VFIO_IOMMU_ALLOC_PASID, &alloc), "ALLOC");
	/* This one goes to the device and to the IOMMU; KVM has it already. */
	return alloc.pasid;
}

/* 5. The guest gives it back: it is unbound, gone from KVM's table, and freed. */
static void guest_frees(struct vmm *vmm, __u32 first, __u32 last)
{
	struct vfio_iommu_free_pasid range = {
		.argsz = sizeof(range),
		.min = first,
		.max = last,
	};

	must(ioctl(vmm->container, VFIO_IOMMU_FREE_PASID, &range), "FREE");
}

/* 6. The VM leaves. The vCPUs stand still; its memory and devices went before. */
static void leave(struct vmm *vmm, int sock)
{
	struct ioasid_migrate_device devices[] = {
		{ vmm->container, vmm->device },
	};
	struct ioasid_migrate_error why;
	__u32 guest, pasid;
	char verdict;

	for (guest = 100; guest < 110; guest++)
		printf("guest PASID %u is PASID %u on the source\n", guest,
		       guest_allocates(vmm, guest));
	pasid = guest_allocates(vmm, 7);
	guest_frees(vmm, pasid, pasid);
	if (ioasid_save(vmm->container, devices, 1, sock, &why))
		errx(1, "save: %s", why.text);
	if (read(sock, &verdict, 1) != 1 || verdict != 'y')
		errx(1, "it stays: the destination has refused it");
	/* Only now: until here the VM could have gone on as if nothing had been. */
	guest_frees(vmm, 0, UINT_MAX);
	if (get_capability(vmm).used)
		errx(1, "the source still has PASIDs");
}

/* 7. The VM comes, to a VMM that has opened its devices and made its VM. */
static void come(struct vmm *vmm, int sock)
{
	struct ioasid_migrate_device devices[] = {
		{ vmm->container, vmm->device },
	};
	struct ioasid_migrate_error why;

	if (ioasid_restore(vmm->container, devices, 1, sock, &why)) {
		must(write(sock, "n", 1), "the socket");
		errx(1, "restore: %s", why.text);
	}
	/* KVM's table is right; what is in the devices is set up by the list. */
	must(write(sock, "y", 1), "the socket");
	if (get_capability(vmm).used != 10)
		errx(1, "the destination has not all PASIDs");
}

int main(int argc, char **argv)
{
	struct vmm vmm;
	int pair[2], status;
	pid_t child;

	if (argc != 3)
		errx(1, "usage: %s DEVICE DEVICE", argv[0]);
	signal(SIGPIPE, SIG_IGN);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	child = must(fork(), "fork");
	/* So that the end of the one is seen by the other. */
	close(pair[!child]);
	open_device(&vmm, argv[child ? 1 : 2]);
	create_vm(&vmm);
	if (!child) {
		come(&vmm, pair[0]);
		return 0;
	}
	leave(&vmm, pair[1]);
	must(waitpid(child, &status, 0), "waitpid");
	return status ? 1 : 0;
}
