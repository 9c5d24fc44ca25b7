// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process can do to descriptors, beside calling with them: close them under a
 * call, pass them on, inherit them, use them for what they are not; and what a kernel
 * can be asked for meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ioasid_cg.h"
#include "ioasid_fuzz.h"
#include "ioasid_kvm.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define NO_FILE	(-1)

/* Whoever takes it out of the table closes it. */
static int swap_file(unsigned int at, int fd)
{
	return __atomic_exchange_n(&life.files[at], fd, __ATOMIC_ACQ_REL);
}

static void replace_file(unsigned int at, int fd)
{
	int old = swap_file(at, fd);

	if (old >= 0)
		close(old);
}

static unsigned int some_loose(struct thread *t)
{
	return NR_STEADY + some(t, NR_LOOSE);
}

int some_file(struct thread *t, enum file_kind what, bool *steady)
{
	static const int odd[] = { -1, INT_MIN, INT_MAX, 1 << 20, 999, 0 };

	*steady = false;
	if (one_in(t, 100))
		return odd[some(t, ARRAY_SIZE(odd))];
	if (one_in(t, 16))
		return load_shared(life.files[some_loose(t)]);
	if (one_in(t, 100))
		return load_shared(life.files[some(t, NR_STEADY)]);
	*steady = !life.guest && (life.careful || what == NODE_FILE);
	/* Closed at the end while others still call. */
	if (!life.careful && life.end == END_CLOSE)
		*steady = false;
	if (load_shared(life.files[what]) < 0)
		*steady = false;
	return load_shared(life.files[what]);
}

/* -------- a life's own -------- */

static void open_container(void)
{
	struct container c;

	/* A child of who had it before may still have it. */
	if (container_open(&c, life.slot))
		return;
	life.files[CONTAINER_FILE] = c.fd;
	life.files[GROUP_FILE] = c.group;
	life.files[DEVICE_FILE] = device_open(&c, life.slot);
}

static void open_vm(void)
{
	struct vm vm;

	if (vm_open(&vm))
		return;
	life.files[KVM_FILE] = vm.kvm;
	life.files[VM_FILE] = vm.vm;
	if (!vm_add_vfio(&vm))
		life.files[VFIO_FILE] = vm.device;
}

bool open_files(struct thread *t)
{
	unsigned int i;

	for (i = 0; i < NR_FILES; i++)
		life.files[i] = NO_FILE;
	if (!life.bare) {
		life.files[NODE_FILE] = open(NODE, O_RDWR |
					     (one_in(t, 2) ? O_CLOEXEC : 0));
		if (life.files[NODE_FILE] < 0)
			return false;
	}
	open_container();
	open_vm();
	return true;
}

/* From anywhere on, because the order matters to who is told. */
void close_files(struct thread *t)
{
	unsigned int i, first = some(t, NR_FILES);

	pthread_rwlock_wrlock(&life.group);
	for (i = 0; i < NR_FILES; i++)
		replace_file((first + i) % NR_FILES, NO_FILE);
	pthread_rwlock_unlock(&life.group);
}

/* -------- loose ones -------- */

static int open_again(struct thread *t)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 load_shared(life.files[some(t, NR_STEADY)]));
	return open(path, one_in(t, 2) ? O_RDWR : O_RDONLY | O_CLOEXEC);
}

static int open_something(struct thread *t)
{
	int fd = load_shared(life.files[some(t, NR_STEADY)]);

	switch (some(t, 8)) {
	case 0:
		return life.bare ? NO_FILE : node_open();
	case 1:
		return open("/dev/vfio/vfio", O_RDWR);
	case 2:
		return open_again(t);
	case 3:
		return eventfd(0, EFD_NONBLOCK);
	case 4:
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	case 5:
		return NO_FILE;
	case 6:
		return open("/dev/vfio/vfio", O_RDONLY | O_PATH);
	default:
		return dup(fd);
	}
}

static void reopen(struct thread *t)
{
	unsigned int at = some_loose(t);
	int fd;

	errno = 0;
	fd = open_something(t);
	count(REOPEN, fd, errno);
	replace_file(at, fd);
}

struct parcel {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	};
};

static void prepare_parcel(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov.iov_base = &p->byte;
	p->iov.iov_len = 1;
	p->msg.msg_iov = &p->iov;
	p->msg.msg_iovlen = 1;
	p->msg.msg_control = p->room;
	p->msg.msg_controllen = sizeof(p->room);
}

/* Not a group or what refers to it: its device would be gone with the parcel. */
static void pass(struct thread *t)
{
	int fd = load_shared(life.files[one_in(t, 3) ? CONTAINER_FILE : NODE_FILE]);
	struct cmsghdr *cmsg;
	struct parcel p;
	int ret;

	prepare_parcel(&p);
	cmsg = CMSG_FIRSTHDR(&p.msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	ret = sendmsg(mailbox[0], &p.msg, MSG_DONTWAIT);
	count(PASS, ret, errno);
}

static void take(struct thread *t)
{
	struct cmsghdr *cmsg;
	struct parcel p;
	int ret, fd;

	prepare_parcel(&p);
	ret = recvmsg(mailbox[1], &p.msg, MSG_DONTWAIT);
	count(TAKE, ret, errno);
	cmsg = ret < 0 ? NULL : CMSG_FIRSTHDR(&p.msg);
	if (!cmsg)
		return;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	replace_file(some_loose(t), fd);
}

/* -------- other processes -------- */

static void be_a_child(struct thread *t, __u64 seed)
{
	struct thread child;

	life.guest = true;
	life.end = END_EXIT;
	if (prepare_thread(&child, t->index, seed))
		run_calls(&child, 20 + some(&child, 60));
	_exit(0);
}

static void fork_child(struct thread *t)
{
	__u64 seed = ((__u64)some(t, UINT_MAX) << 32) | some(t, UINT_MAX);
	bool kills = one_in(t, 2), waits = kills || one_in(t, 2);
	__u32 delay = some(t, 20000);
	pid_t pid = fork();

	if (!pid)
		be_a_child(t, seed);
	count(FORK, pid, errno);
	if (pid < 0)
		return;
	if (kills) {
		usleep(delay);
		kill(pid, SIGKILL);
	}
	if (waits)
		waitpid(pid, NULL, 0);
}

/* -------- group, VM -------- */

/* The container loses all that it has, under whoever calls with it. */
static void leave_group(struct thread *t)
{
	int group = load_shared(life.files[GROUP_FILE]);
	int container = load_shared(life.files[CONTAINER_FILE]);
	struct container c = { .fd = container, .group = group };
	int ret;

	pthread_rwlock_wrlock(&life.group);
	replace_file(DEVICE_FILE, NO_FILE);
	ret = ioctl(group, VFIO_GROUP_UNSET_CONTAINER);
	count(GROUP, ret, errno);
	pthread_rwlock_unlock(&life.group);
	if (one_in(t, 16))
		return;
	ret = ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
	count(GROUP, ret, errno);
	ret = ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	count(GROUP, ret, errno);
	replace_file(DEVICE_FILE, device_open(&c, life.slot));
}

static void set_attr(struct thread *t)
{
	static const unsigned int calls[] = {
		KVM_SET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR,
		KVM_GET_DEVICE_ATTR,
	};
	bool steady;
	__s32 file = some_file(t, one_in(t, 2) ? GROUP_FILE : DEVICE_FILE,
			       &steady);
	struct kvm_device_attr attr = {
		.flags = one_in(t, 20) ? some_edge(t) : 0,
		.group = one_in(t, 20) ? some_edge(t) : KVM_DEV_VFIO_FILE,
		.attr = one_in(t, 20) ? some_edge(t) : 1 + some(t, 2),
		.addr = (uintptr_t)&file,
	};
	int fd = some_file(t, VFIO_FILE, &steady), ret;

	if (one_in(t, 12))
		attr.addr = (uintptr_t)some_bad_address(t);
	ret = ioctl(fd, calls[some(t, ARRAY_SIZE(calls))],
		    one_in(t, 20) ? some_bad_address(t) : &attr);
	count(KVM_ATTR, ret, errno);
}

static void make_device(struct thread *t)
{
	struct kvm_create_device create = {
		.type = one_in(t, 12) ? some_edge(t) : KVM_DEV_TYPE_VFIO,
		.flags = one_in(t, 6) ? some_edge(t) : 0,
	};
	bool steady;
	int fd = some_file(t, VM_FILE, &steady), ret;

	if (!one_in(t, 4))
		replace_file(VFIO_FILE, NO_FILE);
	ret = ioctl(fd, KVM_CREATE_DEVICE,
		    one_in(t, 20) ? some_bad_address(t) : &create);
	count(KVM_DEVICE, ret, errno);
	if (!ret && !(create.flags & KVM_CREATE_DEVICE_TEST))
		replace_file(VFIO_FILE, create.fd);
}

static void make_vm(struct thread *t)
{
	bool steady;
	int vm;

	replace_file(VM_FILE, NO_FILE);
	vm = ioctl(some_file(t, KVM_FILE, &steady), KVM_CREATE_VM, 0);
	count(KVM_VM, vm, errno);
	replace_file(VM_FILE, vm);
}

/* -------- wrong calls -------- */

static unsigned int some_other_number(struct thread *t, bool node)
{
	unsigned int nr = (node ? IOASID_TYPE : VFIO_TYPE) << 8;

	switch (some(t, 4)) {
	case 0:
		/* Behind all that there is. */
		return nr | (node ? 9 + some(t, 247) : VFIO_BASE + 28 +
			     some(t, 256 - VFIO_BASE - 28));
	case 1:
		/* One of ours, in another way. */
		return _IOC(1 + some(t, 3), nr >> 8, some(t, 256),
			    some(t, 1U << 14));
	case 2:
		return (some(t, 256) << 8) | (nr == (some(t, 256) << 8) ? 255 :
					     some(t, 9) + 200);
	default:
		return some(t, UINT_MAX) | 0x80000000;
	}
}

/* Numbers that nobody has: not one is known to any of the files. */
static void call_other(struct thread *t)
{
	bool node = one_in(t, 2), steady;
	int fd = some_file(t, node ? NODE_FILE : CONTAINER_FILE, &steady), ret;

	ret = ioctl(fd, some_other_number(t, node), one_in(t, 2) ?
		    some_bad_address(t) : t->memory.good);
	count(OTHER_NUMBER, ret, errno);
	if (!steady)
		return;
	if (!ret)
		wrong(t, "a call that does not exist succeeds");
	else if (errno != ENOTTY)
		wrong(t, "a call that does not exist: %s", strerror(errno));
}

static int use_as_file(struct thread *t, int fd)
{
	struct pollfd wait = { .fd = fd, .events = some(t, 0x10000) };
	struct stat status;
	void *page;

	switch (some(t, 10)) {
	case 0:
		return read(fd, t->memory.good, some(t, PAGE));
	case 1:
		return write(fd, t->memory.good, some(t, PAGE));
	case 2:
		return pread(fd, some_bad_address(t), PAGE, some_edge(t));
	case 3:
		return lseek(fd, some_edge(t), SEEK_SET);
	case 4:
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
			    (off_t)some(t, 4) * PAGE);
		if (page == MAP_FAILED)
			return -1;
		return munmap(page, PAGE);
	case 5:
		return poll(&wait, 1, 0);
	case 6:
		return fstat(fd, &status);
	case 7:
		return fsync(fd);
	case 8:
		return ftruncate(fd, some_edge(t));
	default:
		return fcntl(fd, F_SETFL, one_in(t, 2) ? O_NONBLOCK : 0);
	}
}

static void file_op(struct thread *t)
{
	static const enum file_kind files[] = {
		NODE_FILE, CONTAINER_FILE, VM_FILE, VFIO_FILE,
	};
	int fd = load_shared(life.files[files[some(t, ARRAY_SIZE(files))]]);
	int ret = use_as_file(t, fd);

	count(FILE_OP, ret, errno);
}

/* -------- looking -------- */

static void name_something(struct thread *t, char *path, size_t size)
{
	static const char *const paths[] = {
		"/sys/kernel/debug/ioasid/system",
		"/sys/kernel/debug/ioasid/sets",
		"/sys/module/vfio_iommu_type1/parameters/pasid_quota",
		"/sys/module/ioasid/parameters/quota",
		CG_ROOT "/misc.current",
		CG_ROOT "/ioasid_fuzz/misc.events",
	};
	__u32 nr = some(t, ARRAY_SIZE(paths) + 3);
	int vm = load_shared(life.files[VM_FILE]);

	if (nr < ARRAY_SIZE(paths))
		snprintf(path, size, "%s", paths[nr]);
	else if (nr == ARRAY_SIZE(paths))
		snprintf(path, size, "/proc/self/fdinfo/%d",
			 load_shared(life.files[some(t, NR_FILES)]));
	else
		snprintf(path, size, "/sys/kernel/debug/kvm/%d-%d/pasid_%s",
			 getpid(), vm, one_in(t, 2) ? "info" : "table");
}

static void look(struct thread *t)
{
	char path[96];
	int fd, ret;

	name_something(t, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		count(LOOK, fd, errno);
		return;
	}
	if (one_in(t, 8))
		lseek(fd, some_edge(t), SEEK_SET);
	do {
		ret = read(fd, one_in(t, 30) ? some_bad_address(t) :
			   t->memory.entries, 1 + some(t, PAGE));
	} while (ret > 0 && !one_in(t, 8));
	count(LOOK, ret, errno);
	close(fd);
}

/* -------- a call that takes long -------- */

static void do_meanwhile(struct thread *t)
{
	switch (some(t, 4)) {
	case 0:
		reopen(t);
		break;
	case 1:
		leave_group(t);
		break;
	case 2:
		make_device(t);
		break;
	default:
		make_call(t, some(t, NR_CALLS));
	}
}

/* Waits for its argument while everything else goes on, even what it is about. */
static void call_slowly(struct thread *t)
{
	bool node = one_in(t, 2) && !life.bare, steady;
	enum call_kind kind = node ? some(t, VFIO_ALLOC) :
		VFIO_ALLOC + some(t, NR_CALLS - VFIO_ALLOC);
	struct pollfd wait = { .events = POLLIN };
	unsigned int nr, i, n = 1 + some(t, 3);
	struct trap trap;
	struct call call;
	__u8 arg[64];

	nr = some_request(t, kind, arg);
	if (trap_open(&trap, TRAP_READ, NULL, 0)) {
		count(SLOW, -1, errno);
		return;
	}
	if (call_begin(&call, some_file(t, node ? NODE_FILE : CONTAINER_FILE,
					&steady), nr, trap.page))
		goto out_close;
	wait.fd = trap.uffd;
	/* It may fail before it gets there. */
	poll(&wait, 1, 10);
	for (i = 0; i < n; i++)
		do_meanwhile(t);
	/* Without it, whoever waits wakes up when the trap is no more. */
	if (trap_let_read(&trap, arg, sizeof(arg))) {
		close(trap.uffd);
		trap.uffd = -1;
	}
	call_end(&call);
	count(SLOW, call.ret, call.error);
out_close:
	trap_close(&trap);
}

/* -------- around the process -------- */

static void move_cgroup(struct thread *t)
{
	int ret = cg_enter(one_in(t, 2) ? "ioasid_fuzz/few" : "ioasid_fuzz/many");

	count(CGROUP, ret, errno);
}

static void set_limits(struct thread *t)
{
	struct rlimit limit;
	int ret = getrlimit(RLIMIT_NOFILE, &limit);

	limit.rlim_cur = one_in(t, 10) ? some(t, 24) : 64 + some(t, 256);
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	ret = setrlimit(RLIMIT_NOFILE, &limit);
	count(LIMITS, ret, errno);
}

void make_other(struct thread *t, enum call_kind kind)
{
	static void (*const others[NR_KINDS])(struct thread *t) = {
		[VFIO_INFO] = make_info_call,
		[OTHER_NUMBER] = call_other,
		[KVM_ATTR] = set_attr,
		[KVM_DEVICE] = make_device,
		[KVM_VM] = make_vm,
		[FILE_OP] = file_op,
		[LOOK] = look,
		[REOPEN] = reopen,
		[PASS] = pass,
		[TAKE] = take,
		[FORK] = fork_child,
		[GROUP] = leave_group,
		[SLOW] = call_slowly,
		[CGROUP] = move_cgroup,
		[LIMITS] = set_limits,
		[VERIFY] = verify,
	};

	others[kind](t);
}
