// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of all kinds that a call may be given.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "ioasid_fuzz.h"
#include "ioasid_utils.h"

static void *map(void *at, size_t size, int prot, int file)
{
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	return mmap(at, size, prot, flags | (at ? MAP_FIXED : 0), file, 0);
}

#define RW	(PROT_READ | PROT_WRITE)

/* No malloc(): a child of a process with threads calls it. */
bool memory_open(struct memory *m)
{
	__u8 *room;

	m->file = syscall(SYS_memfd_create, "fuzz", 1U);
	m->moving_file = syscall(SYS_memfd_create, "fuzz", 1U);
	if (m->file < 0 || m->moving_file < 0 ||
	    ftruncate(m->file, PAGE) || ftruncate(m->moving_file, PAGE))
		return false;
	/* Between any two there is a page where nothing is. */
	room = map(NULL, 24 * PAGE, PROT_NONE, -1);
	if (room == MAP_FAILED)
		return false;
	m->good = room + PAGE;
	m->entries = m->good + GOOD_BYTES + PAGE;
	m->before = m->entries + GOOD_BYTES + PAGE;
	m->source = m->before + GOOD_BYTES + PAGE;
	m->readonly = m->source + 2 * PAGE;
	m->moving_source = m->readonly + 3 * PAGE;
	m->moving = m->moving_source + 2 * PAGE;
	m->elsewhere = m->moving + 2 * PAGE;
	return map(m->good, GOOD_BYTES, RW, -1) != MAP_FAILED &&
	       map(m->entries, GOOD_BYTES, RW, -1) != MAP_FAILED &&
	       map(m->before, GOOD_BYTES, RW, -1) != MAP_FAILED &&
	       map(m->source, PAGE, RW, m->file) != MAP_FAILED &&
	       /* The file ends before the second page does. */
	       map(m->readonly, 2 * PAGE, PROT_READ, m->file) != MAP_FAILED &&
	       map(m->moving_source, PAGE, RW, m->moving_file) != MAP_FAILED &&
	       map(m->moving, PAGE, RW, m->moving_file) != MAP_FAILED;
}

/*
 * What it holds stays as it is: it can only be there or not. It never leaves a hole,
 * where another thread could get memory.
 */
void memory_move(struct thread *t, __u32 how)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	struct memory *m = &t->memory;

	switch (how % 4) {
	case 0:
		mprotect(m->moving, PAGE, how & 4 ? PROT_NONE : PROT_READ);
		sched_yield();
		mprotect(m->moving, PAGE, RW);
		break;
	case 1:
		map(m->moving, PAGE, PROT_NONE, -1);
		sched_yield();
		map(m->moving, PAGE, RW, m->moving_file);
		break;
	case 2:
		mremap(m->moving, PAGE, PAGE, flags, m->elsewhere);
		sched_yield();
		mremap(m->elsewhere, PAGE, PAGE, flags, m->moving);
		break;
	case 3:
		madvise(m->moving, PAGE, MADV_DONTNEED);
		break;
	}
}

void *some_bad_address(struct thread *t)
{
	static const __u64 addresses[] = {
		0, 8, 0x7ffffffff000, 0x7fffffffeffc, 0x800000000000,
		0x8000000000000000, 0xffff888000000000, 0xffff888000100000,
		0xffffffff81000000, 0xfffffffffffff000, 0xfffffffffffffff8,
	};

	return (void *)(uintptr_t)addresses[some(t, ARRAY_SIZE(addresses))];
}
