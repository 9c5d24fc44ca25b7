// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three VMs and an administrator share the PASIDs of a machine.
 *
 * Each VM is a process without privileges that holds a VFIO container with a
 * device of its own, and allocates as the emulated IOMMU of a guest would: one
 * PASID after the other from [1, 0xfffff], a handful at a time, some given back in
 * between, as guest processes come and go. Two guests call one of theirs 101. One
 * VM runs into its limit; it may not raise the limit, the administrator may:
 * another process, which takes the container's descriptor out of the VM. Another
 * VM is killed. The others end in order. At the end the system has all PASIDs back.
 *
 * What happens is written to stdout, or to the file that --out names, one JSON
 * object a line:
 *
 * system    "when", "bits", "total" (what was free at first) and "free" PASIDs
 * vm        "vm", "pid", "uid", "device", "when", "used", "guarantee", "limit",
 *           "available"
 * guest     "vm", "guest" and "pasid": the guest's number and what is behind it
 * refused   "vm", "what", "errno" (its name), "why"
 * raised    "vm", "what", "from", "to"
 * killed    "vm", "signal", "held"
 * check     "what", "ok"
 *
 * All numbers are read from the kernel at that moment. The last line is the check
 * that everything is back. Exit status: 0 if every check is ok, 1 if not, 4 (skip)
 * if the machine lacks what this takes.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest.h"
#include "ioasid_peer.h"

#define NR_VMS		3
#define MAX_PASIDS	0x100000U
#define NOBODY		65534

/* VM 1 is a small one, VM 2 needs more than it may have, VM 3 is killed. */
enum { SMALL, HUNGRY, VICTIM };

struct vm {
	struct peer peer;
	/* What the guest has; it knows of no other. */
	__u32 *pasids;
	__u32 nr;
};

static struct vm vms[NR_VMS];
static struct peer admin;
static struct container host;
static FILE *out;

/* Who has which PASID, as far as the VMs were told: 0 is nobody. */
static __u8 owner[MAX_PASIDS];
static __u32 nr_allocs;
static __u32 nr_wrong;
static bool all_ok = true;

static void fail(const char *what)
{
	fprintf(stderr, "vfio_scenario: %s: %s\n", what, strerror(errno));
	exit(KSFT_FAIL);
}

static __printf(2, 3) void check(bool ok, const char *format, ...)
{
	va_list args;

	fprintf(out, "{\"event\":\"check\",\"what\":\"");
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fprintf(out, "\",\"ok\":%s}\n", ok ? "true" : "false");
	all_ok &= ok;
}

/* -------- what is to be seen -------- */

/* The host's container has no limit: what it can get is what is left. */
static __u32 show_system(const char *when)
{
	static __u32 total;
	struct pasid_info info;

	if (_test_pasid_info(host.fd, &info))
		fail("the host's numbers");
	if (!total)
		total = info.available;
	fprintf(out, "{\"event\":\"system\",\"when\":\"%s\",\"bits\":%u,", when,
		info.bits);
	fprintf(out, "\"total\":%u,\"free\":%u}\n", total, info.available);
	return info.available;
}

static struct pasid_info look(struct vm *vm)
{
	struct pasid_info info;

	if (peer_info(&vm->peer, &info))
		fail("the numbers of a VM");
	return info;
}

static int number(struct vm *vm)
{
	return vm - vms + 1;
}

static struct pasid_info show(struct vm *vm, const char *when)
{
	struct pasid_info info = look(vm);

	fprintf(out, "{\"event\":\"vm\",\"vm\":%d,\"pid\":%d,\"uid\":%d,\"device\":\"%s\",",
		number(vm), vm->peer.pid, NOBODY, device_name(vm - vms));
	fprintf(out, "\"when\":\"%s\",\"used\":%u,\"guarantee\":%u,", when,
		info.used, info.guarantee);
	fprintf(out, "\"limit\":%u,\"available\":%u}\n", info.limit,
		info.available);
	return info;
}

static void show_refusal(struct vm *vm, const char *what, int error,
			 const char *why)
{
	fprintf(out, "{\"event\":\"refused\",\"vm\":%d,\"what\":\"%s\",",
		number(vm), what);
	fprintf(out, "\"errno\":\"%s\",\"why\":\"%s\"}\n",
		strerrorname_np(error) ?: "0", why);
}

static void show_raise(struct vm *vm, const char *what, __u32 from, __u32 to)
{
	fprintf(out, "{\"event\":\"raised\",\"vm\":%d,\"what\":\"%s\",\"from\":%u,\"to\":%u}\n",
		number(vm), what, from, to);
}

/* -------- guests -------- */

static void start(struct vm *vm, __u32 limit)
{
	struct pasid_info info;

	vm->pasids = calloc(MAX_PASIDS, sizeof(*vm->pasids));
	if (!vm->pasids || peer_start(&vm->peer))
		fail("a process for a VM");
	if (peer_open(&vm->peer, vm - vms))
		fail(device_name(vm - vms));
	if (peer_drop(&vm->peer, DROP_UID))
		fail("becoming nobody");
	info = look(vm);
	/* A machine with few PASIDs: a smaller limit is nobody's to refuse. */
	if (info.limit > limit &&
	    peer_quota(&vm->peer, VFIO_PASID_QUOTA_LIMIT, 0, limit))
		fail("a smaller limit");
	show(vm, "started");
}

static void gained(struct vm *vm, const struct pasid_batch *batch)
{
	__u32 i, pasid;

	nr_allocs += batch->nr;
	for (i = 0; i < batch->nr; i++) {
		pasid = batch->pasid[i];
		if (!pasid || pasid >= MAX_PASIDS || owner[pasid]) {
			nr_wrong++;
			continue;
		}
		owner[pasid] = number(vm);
		vm->pasids[vm->nr++] = pasid;
	}
}

/* Some guest process ends, not the one that was there first or last. */
static void lose_one(struct vm *vm)
{
	__u32 i = rand() % vm->nr, pasid = vm->pasids[i];

	if (peer_free(&vm->peer, pasid, pasid))
		fail("a PASID of a VM");
	owner[pasid] = 0;
	vm->pasids[i] = vm->pasids[--vm->nr];
}

/*
 * All VMs whose guests want more get a handful at the same time, then some guest
 * processes end. Returns the errno of the last one of @vm, 0 if it got what it
 * wanted.
 */
static int round_of(const __u32 want[NR_VMS], struct vm *vm)
{
	struct pasid_batch batch;
	__u32 handful[NR_VMS];
	int error = 0, i;

	for (i = 0; i < NR_VMS; i++) {
		handful[i] = want[i] > vms[i].nr ? want[i] - vms[i].nr : 0;
		handful[i] = min_u32(handful[i], 1 + rand() % PEER_BATCH);
		if (handful[i] && peer_alloc_begin(&vms[i].peer, 1, 0xfffff,
						   handful[i]))
			fail("talking to a VM");
	}
	for (i = 0; i < NR_VMS; i++) {
		if (!handful[i])
			continue;
		if (peer_alloc_end(&vms[i].peer, &batch) && &vms[i] == vm)
			error = errno;
		gained(&vms[i], &batch);
	}
	for (i = 0; i < NR_VMS; i++)
		while (handful[i] && vms[i].nr < want[i] && !error &&
		       rand() % 3 == 0)
			lose_one(&vms[i]);
	return error;
}

/* One that the guest has a name for; what the kernel says is behind the name. */
static __u32 gain_guest(struct vm *vm, __u32 guest)
{
	struct pasid_batch batch = { .nr = 1 };
	__u32 pasid;

	if (peer_alloc_guest(&vm->peer, guest, batch.pasid))
		fail("a guest PASID");
	gained(vm, &batch);
	pasid = peer_pasid_of_guest(&vm->peer, guest);
	fprintf(out, "{\"event\":\"guest\",\"vm\":%d,\"guest\":%u,\"pasid\":%u}\n",
		number(vm), guest, pasid);
	return pasid == batch.pasid[0] ? pasid : 0;
}

/* Until all have what they want, or @vm is refused. */
static int run_guests(const __u32 want[NR_VMS], struct vm *vm)
{
	int error = 0, i, missing;

	do {
		error = round_of(want, vm);
		for (missing = 0, i = 0; i < NR_VMS; i++)
			missing += vms[i].nr < want[i];
	} while (missing && !error);
	return error;
}

/* -------- the story -------- */

static void have_one_name(struct vm *a, struct vm *b, __u32 guest)
{
	__u32 first = gain_guest(a, guest), second = gain_guest(b, guest);

	check(first && second && first != second &&
	      peer_pasid_of_guest(&a->peer, guest) == first,
	      "VM %d and VM %d both have a guest PASID %u, each another PASID behind it",
	      number(a), number(b), guest);
}

/* Takes the VM's container out of the VM, without its help, and adjusts it. */
static void grant(struct vm *vm, __u32 guarantee, __u32 limit)
{
	struct pasid_info before, after;
	int err;

	if (peer_steal(&admin, vm->peer.pid))
		fail("pidfd_getfd of the VM's container");
	if (peer_info(&admin, &before))
		fail("the numbers of a VM");
	err = peer_quota(&admin, VFIO_PASID_QUOTA_GUARANTEE |
			 VFIO_PASID_QUOTA_LIMIT, guarantee, limit);
	if (peer_info(&admin, &after))
		fail("the numbers of a VM");
	show_raise(vm, "limit", before.limit, after.limit);
	show_raise(vm, "guarantee", before.guarantee, after.guarantee);
	check(!err && after.limit == limit && after.guarantee == guarantee,
	      "the administrator raises limit and guarantee of VM %d",
	      number(vm));
}

static void run_into_limit(struct vm *vm, __u32 limit)
{
	__u32 want[NR_VMS] = { limit / 5 * 2, limit / 4 * 5, limit / 5 * 4 };
	struct pasid_info info;
	int error;

	error = run_guests(want, vm);
	show(&vms[SMALL], "running");
	show(&vms[VICTIM], "running");
	info = show(vm, "at its limit");
	show_refusal(vm, "one PASID more", error, "the limit is reached");
	check(error == EDQUOT && info.used == limit && vm->nr == limit &&
	      !info.available, "VM %d gets exactly its limit of %u, then EDQUOT",
	      number(vm), limit);

	error = peer_quota(&vm->peer, VFIO_PASID_QUOTA_LIMIT, 0, 2 * limit) ?
		errno : 0;
	info = look(vm);
	show_refusal(vm, "raising its own limit", error,
		     "it lacks CAP_SYS_RESOURCE");
	check(error == EPERM && info.limit == limit,
	      "VM %d cannot raise its own limit", number(vm));

	grant(vm, limit / 2 * 3, 2 * limit);
	error = run_guests(want, vm);
	info = show(vm, "after the grant");
	check(!error && info.used == want[HUNGRY],
	      "VM %d goes on beyond the old limit", number(vm));
	show_system("a guarantee is reserved");
}

static void kill_one(struct vm *vm)
{
	struct pasid_info small = look(&vms[SMALL]);
	struct pasid_info hungry = look(&vms[HUNGRY]);
	struct pasid_info info = show(vm, "before the kill");
	__u32 before = show_system("before the kill"), after;

	peer_kill(&vm->peer);
	fprintf(out, "{\"event\":\"killed\",\"vm\":%d,\"signal\":%d,\"held\":%u}\n",
		number(vm), SIGKILL, info.used);
	wait_until(pasid_available(host.fd) == before + info.used);
	after = show_system("after the kill");
	check(info.used && after == before + info.used,
	      "all %u PASIDs of the killed VM %d came back", info.used,
	      number(vm));
	check(look(&vms[SMALL]).used == small.used &&
	      look(&vms[HUNGRY]).used == hungry.used,
	      "the other VMs have what they had");
}

/* Each of its PASIDs is still its own: it can free them one by one. */
static void shut_down(struct vm *vm)
{
	struct pasid_info info = show(vm, "before its shutdown");
	bool right = info.used == vm->nr;

	while (vm->nr)
		lose_one(vm);
	info = look(vm);
	check(right && !info.used, "VM %d frees every PASID that it was given",
	      number(vm));
	peer_end(&vm->peer);
}

static void set_up(int argc, char **argv)
{
	const char *why = missing(NR_VMS + 1);

	out = stdout;
	if (argc == 3 && !strcmp(argv[1], "--out"))
		out = fopen(argv[2], "w");
	else if (argc > 1)
		out = NULL;
	if (!out) {
		fprintf(stderr, "usage: %s [--out FILE]\n", argv[0]);
		exit(KSFT_FAIL);
	}
	setvbuf(out, NULL, _IOLBF, 0);
	if (why) {
		fprintf(stderr, "vfio_scenario: skipped: %s\n", why);
		exit(KSFT_SKIP);
	}
	if (observer_open(&host, NR_VMS))
		fail("the host's container");
	if (peer_start(&admin))
		fail("a process for the administrator");
}

int main(int argc, char **argv)
{
	__u32 total, limit;
	int i;

	set_up(argc, argv);
	total = show_system("at first");
	for (i = 0; i < NR_VMS; i++)
		start(&vms[i], total / 8);
	limit = look(&vms[HUNGRY]).limit;

	have_one_name(&vms[SMALL], &vms[HUNGRY], 101);
	run_into_limit(&vms[HUNGRY], limit);
	kill_one(&vms[VICTIM]);
	check(!nr_wrong, "no PASID was given to two VMs, in %u allocations",
	      nr_allocs);
	shut_down(&vms[SMALL]);
	shut_down(&vms[HUNGRY]);
	peer_end(&admin);
	wait_until(pasid_available(host.fd) == total);
	check(show_system("at the end") == total,
	      "the system has all %u PASIDs back", total);
	return all_ok ? KSFT_PASS : KSFT_FAIL;
}
