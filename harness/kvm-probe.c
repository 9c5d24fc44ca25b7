// SPDX-License-Identifier: GPL-2.0
/*
 * Does KVM here really run a guest? A device that opens, or a vCPU that can be
 * made, says little under nested virtualisation: so run "out; hlt" and see both.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char code[] = {
	0xb0, 0x2a,		/* mov $42, %al */
	0xe6, 0x10,		/* out %al, $0x10 */
	0xf4,			/* hlt */
};

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(void)
{
	struct kvm_userspace_memory_region mem = { .memory_size = 4096 };
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;
	struct kvm_run *run;
	int kvm, vm, cpu;
	void *page;

	alarm(5);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return fail("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (vm < 0)
		return fail("KVM_CREATE_VM");

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(page, code, sizeof(code));
	mem.userspace_addr = (unsigned long)page;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &mem))
		return fail("KVM_SET_USER_MEMORY_REGION");

	cpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);
	if (cpu < 0)
		return fail("KVM_CREATE_VCPU");
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL),
		   PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (run == MAP_FAILED)
		return fail("the vCPU's page");

	if (ioctl(cpu, KVM_GET_SREGS, &sregs))
		return fail("KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(cpu, KVM_SET_SREGS, &sregs) || ioctl(cpu, KVM_SET_REGS, &regs))
		return fail("KVM_SET_REGS");

	if (ioctl(cpu, KVM_RUN, 0UL))
		return fail("KVM_RUN");
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x10 ||
	    *((char *)run + run->io.data_offset) != 42) {
		fprintf(stderr, "KVM_RUN: exit reason %u\n", run->exit_reason);
		return 1;
	}
	if (ioctl(cpu, KVM_RUN, 0UL) || run->exit_reason != KVM_EXIT_HLT) {
		fprintf(stderr, "the guest does not halt\n");
		return 1;
	}
	return 0;
}
