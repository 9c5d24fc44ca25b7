// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM moves from one machine to another, over a port that joins them. One machine
 * runs "pasid_hosts source PORT", the other "pasid_hosts destination PORT", both
 * with ioasid.local=256 on their command line. Each is the VMM of a KVM VM with two
 * devices, and looks at its own side:
 *
 *   source                              destination
 *   "case NAME BYTES\n"         ---->   gets ready for the case
 *   the stream                  ---->   restores from the port
 *                               <----   "result ERRNO SENTENCE\n"
 *
 * What is refused is to change neither side. After the case that succeeds the source
 * tells its PASIDs, for the numbers to be compared, and frees them.
 *
 * With "range" behind PORT the destination is one where ioasid.local is 128, and
 * that is what is tried.
 *
 * Whoever hears nothing from the other for IOASID_PATIENCE seconds fails.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest.h"
#include "ioasid_kvm.h"
#include "ioasid_move.h"

#define NR_MOVED	10000
/* Of these, local to each device. */
#define NR_LOCAL	60
#define STREAM_BYTES	(STREAM_HEADER + NR_MOVED * STREAM_ENTRY + 4)

/* In seconds. */
#define PATIENCE	60

struct host {
	struct vmm vmm;
	struct vm vm;
	/* Somebody else on the same machine. */
	struct peer other;
	int port;
	unsigned int patience;
};

/* How a stream is changed before it goes out. */
struct change {
	size_t at;
	__u32 value;
	/* Behind the change the checksums are right again. */
	bool sign;
};

/* What is tried, and what has to come of it. */
struct test_case {
	const char *name;
	int error;
	const char *says;
	struct change change;
	/* The destination gets ready for it, and is as before again. */
	int (*prepare)(struct host *h);
	int (*restore)(struct host *h);
};

/* -------- the port -------- */

/* The next step has to come within the time that there is. */
static void step(struct host *h, const char *what)
{
	alarm(h->patience);
	ksft_print_msg("%s\n", what);
	fflush(stdout);
}

/* The other machine connects when it has come so far. */
static void open_port(struct host *h, const char *path)
{
	struct pollfd poll_fd = { .events = POLLOUT };

	h->port = open(path, O_RDWR | O_CLOEXEC);
	if (h->port < 0)
		ksft_exit_fail_msg("%s: %s\n", path, strerror(errno));
	poll_fd.fd = h->port;
	do {
		poll_fd.revents = 0;
		usleep(10000);
	} while (poll(&poll_fd, 1, 1000) < 0 || poll_fd.revents & POLLHUP ||
		 !(poll_fd.revents & POLLOUT));
}

static void send_all(struct host *h, const void *bytes, size_t size)
{
	const char *from = bytes;
	ssize_t done;

	while (size) {
		done = write(h->port, from, size);
		if (done <= 0)
			ksft_exit_fail_msg("the other machine takes nothing: %s\n",
					   strerror(errno));
		from += done;
		size -= done;
	}
}

static void receive_all(struct host *h, void *bytes, size_t size)
{
	char *to = bytes;
	ssize_t done;

	while (size) {
		done = read(h->port, to, size);
		if (done <= 0)
			ksft_exit_fail_msg("the other machine is gone\n");
		to += done;
		size -= done;
	}
}

static void send_line(struct host *h, const char *line)
{
	send_all(h, line, strlen(line));
}

/* One byte at a time: what is behind the line is the stream. */
static void receive_line(struct host *h, char *line, size_t room)
{
	size_t len = 0;

	do {
		if (len == room - 1)
			ksft_exit_fail_msg("the other machine sends no lines\n");
		receive_all(h, line + len, 1);
	} while (line[len++] != '\n');
	line[len - 1] = '\0';
}

/* -------- the VM -------- */

/* The calls are those of the VMM of the library, the process is this one. */
static int open_devices(struct vmm *vmm)
{
	unsigned int i;

	*vmm = (struct vmm) { .fd = -1 };
	for (i = 0; i < VMM_DEVICES; i++) {
		if (container_open(&vmm->c[i], i))
			return -1;
		vmm->devices[i].container = vmm->c[i].fd;
		vmm->devices[i].device = device_open(&vmm->c[i], i);
		if (vmm->devices[i].device < 0)
			return -1;
	}
	vmm->fd = vmm->c[0].fd;
	return _test_pasid_quota(vmm->fd, VFIO_PASID_QUOTA_LIMIT, 0,
				 PASID_LIMIT_NONE);
}

static void open_host(struct host *h)
{
	const char *why = missing(VMM_DEVICES + 1) ?: missing_kvm();

	if (why)
		ksft_exit_fail_msg("%s\n", why);
	if (vm_open(&h->vm) || vm_add_vfio(&h->vm) || open_devices(&h->vmm) ||
	    vm_add_file(&h->vm, h->vmm.c[0].group) ||
	    vm_add_file(&h->vm, h->vmm.c[1].group))
		ksft_exit_fail_msg("no VM with devices: %s\n", strerror(errno));
	if (peer_start(&h->other) || peer_open(&h->other, VMM_DEVICES) ||
	    peer_quota(&h->other, VFIO_PASID_QUOTA_LIMIT, 0, PASID_LIMIT_NONE))
		ksft_exit_fail_msg("nobody else: %s\n", strerror(errno));
}

static void must_read_books(struct books *b, struct host *h)
{
	if (books_read(b, &h->vmm))
		ksft_exit_fail_msg("the PASIDs cannot be listed: %s\n",
				   strerror(errno));
}

/* The PASIDs are as then, and KVM's table is as they are. */
static bool is_unchanged(struct host *h, const struct books *then)
{
	struct books now;
	bool same;

	must_read_books(&now, h);
	same = books_equal(then, &now) && vm_table_is_list(&h->vm, h->vmm.fd);
	books_free(&now);
	return same;
}

/* -------- cases -------- */

static int take_a_guest_pasid(struct host *h)
{
	return vmm_bind(&h->vmm, 0x80000);
}

static int free_the_guest_pasid(struct host *h)
{
	__u32 pasid = pasid_of_guest(h->vmm.fd, 0x80000);

	return _test_free_pasid(h->vmm.fd, pasid, pasid);
}

static int lower_the_limit(struct host *h)
{
	return _test_pasid_quota(h->vmm.fd, VFIO_PASID_QUOTA_LIMIT, 0, 9000);
}

static int raise_the_limit(struct host *h)
{
	return _test_pasid_quota(h->vmm.fd, VFIO_PASID_QUOTA_LIMIT, 0,
				 PASID_LIMIT_NONE);
}

/* The machine is full of what others were promised, but for 9000. */
static int fill_the_machine(struct host *h)
{
	struct pasid_info info;

	if (peer_info(&h->other, &info))
		return -1;
	return peer_quota(&h->other, VFIO_PASID_QUOTA_GUARANTEE,
			  info.used + info.available - 9000, 0);
}

static int empty_the_machine(struct host *h)
{
	return peer_quota(&h->other, VFIO_PASID_QUOTA_GUARANTEE, 0, 0);
}

#define STREAM_VERSION		8
#define STREAM_SHARED_MIN	24

static const struct test_case cases[] = {
	{
		.name = "guest-pasid-taken",
		.error = EEXIST,
		.says = "guest PASID 524288 stands for PASID ",
		.prepare = take_a_guest_pasid,
		.restore = free_the_guest_pasid,
	}, {
		.name = "quota-too-low",
		.error = EDQUOT,
		.says = "the limit is 9000), the stream has 10000",
		.prepare = lower_the_limit,
		.restore = raise_the_limit,
	}, {
		.name = "machine-too-small",
		.error = ENOSPC,
		.says = "9000 shared PASIDs can be had on this host, the stream has 9880",
		.prepare = fill_the_machine,
		.restore = empty_the_machine,
	}, {
		.name = "other-local-range",
		.error = ERANGE,
		.says = "begin at 256 here and at 512 where",
		.change = { STREAM_SHARED_MIN, 512, true },
	}, {
		.name = "newer-version",
		.error = EPROTONOSUPPORT,
		.says = "the stream has version 2, known is 1",
		.change = { STREAM_VERSION, 2, true },
	}, {
		.name = "damaged",
		.error = EBADMSG,
		.says = "the checksum of the stream is wrong",
		.change = { 40000, 0xdeadbeef, false },
	}, {
		.name = "move",
	},
};

/* Where the other machine is another one, no change is needed. */
static const struct test_case range = {
	.name = "really-other-local-range",
	.error = ERANGE,
	.says = "begin at 128 here and at 256 where",
};

static const struct test_case *find_case(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	if (!strcmp(range.name, name))
		return &range;
	ksft_exit_fail_msg("the other machine wants %s\n", name);
}

/* "0 " or the errno and what the destination said. */
static bool result_is(const char *result, const struct test_case *c)
{
	int error, at = 0;

	if (sscanf(result, "result %d %n", &error, &at) != 1 || !at)
		return false;
	return error == c->error && strstr(result + at, c->says ?: "restored");
}

/* -------- source -------- */

/* From end to end of the guest's numbers, in nearly all tables that KVM can have. */
static void bind_all(struct host *h)
{
	__u32 i, guest;

	for (i = 0; i < NR_MOVED; i++) {
		guest = i * 104;
		/* The one that a case takes away. */
		if (i == NR_MOVED - 1)
			guest = 0x80000;
		if (i < VMM_DEVICES * NR_LOCAL ?
		    vmm_bind_local(&h->vmm, i % VMM_DEVICES, guest) :
		    vmm_bind(&h->vmm, guest))
			ksft_exit_fail_msg("guest PASID %u: %s\n", guest,
					   strerror(errno));
	}
}

static void send_case(struct host *h, const char *name, size_t size)
{
	char line[100];

	snprintf(line, sizeof(line), "case %s %zu\n", name, size);
	send_line(h, line);
}

/* As a VMM would: right out of the port. */
static void send_stream(struct host *h)
{
	struct ioasid_migrate_error why;

	if (ioasid_save(h->vmm.fd, h->vmm.devices, VMM_DEVICES, h->port, &why))
		ksft_exit_fail_msg("save: %s\n", why.text);
}

static unsigned char *read_stream(struct host *h, size_t *size)
{
	int file = save_to_file(&h->vmm);
	unsigned char *bytes;

	*size = file_size(file);
	bytes = malloc(*size);
	if (!bytes || file_read(file, bytes, *size))
		ksft_exit_fail_msg("save: %s\n", strerror(errno));
	close(file);
	return bytes;
}

static void send_changed(struct host *h, const struct change *change)
{
	size_t size;
	unsigned char *bytes = read_stream(h, &size);

	stream_put(bytes, change->at, 4, change->value);
	if (change->sign)
		stream_sign(bytes, size);
	send_all(h, bytes, size);
	free(bytes);
}

static void source_case(struct host *h, const struct test_case *c)
{
	struct books before;
	char result[256];

	step(h, c->name);
	must_read_books(&before, h);
	send_case(h, c->name, STREAM_BYTES);
	if (c->change.at)
		send_changed(h, &c->change);
	else
		send_stream(h);
	receive_line(h, result, sizeof(result));
	ksft_test_result(result_is(result, c), "%s: \"%s\"\n", c->name, result);
	ksft_test_result(is_unchanged(h, &before),
			 "%s: the source has all of its PASIDs\n", c->name);
	books_free(&before);
}

/* For the destination to see that they are others than its own. */
static void tell_numbers(struct host *h)
{
	struct books all;

	must_read_books(&all, h);
	send_all(h, all.list, all.nr * sizeof(*all.list));
	books_free(&all);
}

static void free_all(struct host *h)
{
	unsigned int i;

	_test_free_pasid(h->vmm.fd, 0, UINT_MAX);
	for (i = 0; i < VMM_DEVICES; i++)
		_test_free_local(h->vmm.c[i].fd, h->vmm.devices[i].device, 0,
				 UINT_MAX);
}

static void source_begins(struct host *h)
{
	__u64 start = now_ns();

	step(h, "bind");
	bind_all(h);
	ksft_test_result(pasid_used(h->vmm.fd) == NR_MOVED,
			 "%u guest PASIDs are bound, in %llu ms\n", NR_MOVED,
			 (now_ns() - start) / 1000000);
	ksft_test_result(vm_table_is_list(&h->vm, h->vmm.fd),
			 "KVM's table has those that are shared\n");
}

/* The VM has moved, and is no more here. */
static void source_frees(struct host *h)
{
	char line[100];

	step(h, "compare");
	tell_numbers(h);
	receive_line(h, line, sizeof(line));
	ksft_test_result(!strcmp(line, "result 0 compared"), "\"%s\"\n", line);
	step(h, "free");
	free_all(h);
	ksft_test_result(!pasid_used(h->vmm.fd) && vm_table_is_empty(&h->vm),
			 "the source is free of all of them\n");
	send_case(h, "freed", 0);
	receive_line(h, line, sizeof(line));
	ksft_test_result(!strcmp(line, "result 0 kept"), "\"%s\"\n", line);
}

/* In the middle of a stream the machine is gone. */
static void source_dies(struct host *h)
{
	unsigned char *bytes;
	size_t size;

	step(h, "cut");
	bind_all(h);
	bytes = read_stream(h, &size);
	send_case(h, "cut", size);
	send_all(h, bytes, size / 2);
	free(bytes);
}

static void source(struct host *h, bool only_range)
{
	unsigned int i;

	ksft_set_plan(only_range ? 4 : 2 + 2 * ARRAY_SIZE(cases) + 3);
	source_begins(h);
	if (only_range) {
		source_case(h, &range);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		source_case(h, &cases[i]);
	source_frees(h);
	source_dies(h);
}

/* -------- destination -------- */

/* The machine is in use: lower numbers, shared and local, are gone. */
static void use_pasids(struct host *h)
{
	struct pasid_batch batch;
	__u32 i, pasid;

	if (peer_alloc_some(&h->other, NR_MOVED + 100, &batch) ||
	    batch.nr != NR_MOVED + 100)
		ksft_exit_fail_msg("%u PASIDs are in use: %s\n", batch.nr,
				   strerror(errno));
	for (i = 0; i < VMM_DEVICES * (NR_LOCAL + 10); i++)
		if (_test_alloc_local(h->vmm.c[i % VMM_DEVICES].fd,
				      h->vmm.devices[i % VMM_DEVICES].device, 0,
				      UINT_MAX, &pasid))
			ksft_exit_fail_msg("local PASID: %s\n",
					   strerror(errno));
}

/* A refused header leaves the rest in the port; the next case is behind it. */
static void skip_rest(struct host *h, size_t size)
{
	char some[1024];

	while (size) {
		size_t part = size < sizeof(some) ? size : sizeof(some);

		receive_all(h, some, part);
		size -= part;
	}
}

static void answer(struct host *h, int error, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "result %d %s\n", error, text);
	send_line(h, line);
}

/* 0, or the errno; the sentence goes to the source. */
static int restore(struct host *h, size_t size,
		   struct ioasid_migrate_error *why)
{
	int ret;

	*why = (struct ioasid_migrate_error) { .text = "restored" };
	ret = ioasid_restore(h->vmm.fd, h->vmm.devices, VMM_DEVICES, h->port,
			     why);
	if (ret == -EPROTONOSUPPORT)
		skip_rest(h, size - 16);
	return -ret;
}

static void destination_case(struct host *h, const struct test_case *c,
			     size_t size)
{
	struct ioasid_migrate_error why;
	struct books before;
	int error;

	step(h, c->name);
	if (c->prepare && c->prepare(h))
		ksft_exit_fail_msg("%s: %s\n", c->name, strerror(errno));
	must_read_books(&before, h);
	error = restore(h, size, &why);
	if (c->error)
		ksft_test_result(error == c->error && is_unchanged(h, &before),
				 "%s: refused, and nothing has changed: %s\n",
				 c->name, why.text);
	if (c->restore && c->restore(h))
		ksft_exit_fail_msg("%s: %s\n", c->name, strerror(errno));
	books_free(&before);
	answer(h, error, why.text);
}

/* The same guest PASIDs of the same kind, each with another number. */
static bool differ(const struct vfio_iommu_pasid_entry *here,
		   const struct vfio_iommu_pasid_entry *there, __u32 nr)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (here[i].guest != there[i].guest ||
		    here[i].flags != there[i].flags ||
		    here[i].pasid == there[i].pasid) {
			ksft_print_msg("%u is %u here, %u is %u there\n",
				       here[i].guest, here[i].pasid,
				       there[i].guest, there[i].pasid);
			return false;
		}
	return true;
}

static void compare_numbers(struct host *h)
{
	struct vfio_iommu_pasid_entry *there;
	struct books here;

	step(h, "compare");
	there = calloc(NR_MOVED, sizeof(*there));
	receive_all(h, there, NR_MOVED * sizeof(*there));
	must_read_books(&here, h);
	ksft_test_result(here.nr == NR_MOVED &&
			 here.nr_local[0] == NR_LOCAL &&
			 here.nr_local[1] == NR_LOCAL,
			 "%u guest PASIDs have come, %u and %u of them local\n",
			 here.nr, here.nr_local[0], here.nr_local[1]);
	ksft_test_result(differ(here.list, there, NR_MOVED),
			 "the guest's numbers are the same, the host's are not\n");
	ksft_test_result(vm_table_is_list(&h->vm, h->vmm.fd),
			 "KVM's table has those that are shared\n");
	books_free(&here);
	free(there);
	answer(h, 0, "compared");
}

static void must_receive_case(struct host *h, char *name, size_t *size)
{
	char line[100];

	receive_line(h, line, sizeof(line));
	if (sscanf(line, "case %40s %zu", name, size) != 2)
		ksft_exit_fail_msg("the other machine says \"%s\"\n", line);
}

static void destination_keeps(struct host *h)
{
	struct books here;
	char name[41];
	size_t size;

	must_read_books(&here, h);
	must_receive_case(h, name, &size);
	step(h, name);
	ksft_test_result(here.nr == NR_MOVED && is_unchanged(h, &here),
			 "the source is free of them, and they are here\n");
	books_free(&here);
	answer(h, 0, "kept");
}

static void destination_is_left(struct host *h)
{
	struct ioasid_migrate_error why;
	struct books here;
	char name[41];
	size_t size;
	int error;

	free_all(h);
	must_read_books(&here, h);
	must_receive_case(h, name, &size);
	step(h, name);
	error = restore(h, size, &why);
	ksft_test_result(error == ENODATA && is_unchanged(h, &here),
			 "the source is gone in the middle: %s\n", why.text);
	books_free(&here);
}

static void destination(struct host *h, bool only_range)
{
	__u32 nr = only_range ? 1 : ARRAY_SIZE(cases), i;
	char name[41];
	size_t size;

	ksft_set_plan(only_range ? 1 : nr - 1 + 3 + 2);
	step(h, "use");
	use_pasids(h);
	for (i = 0; i < nr; i++) {
		must_receive_case(h, name, &size);
		destination_case(h, find_case(name), size);
	}
	if (only_range)
		return;
	compare_numbers(h);
	destination_keeps(h);
	destination_is_left(h);
}

int main(int argc, char **argv)
{
	const char *patience = getenv("IOASID_PATIENCE");
	bool only_range = argc == 4 && !strcmp(argv[3], "range");
	struct host h = {
		.patience = patience ? atoi(patience) : PATIENCE,
	};

	ksft_print_header();
	if (argc != 3 && !only_range)
		ksft_exit_fail_msg("usage: %s source|destination PORT [range]\n",
				   argv[0]);
	signal(SIGPIPE, SIG_IGN);
	step(&h, "open");
	open_host(&h);
	step(&h, "wait for the other machine");
	open_port(&h, argv[2]);
	if (!strcmp(argv[1], "source"))
		source(&h, only_range);
	else
		destination(&h, only_range);
	alarm(0);
	ksft_finished();
}
