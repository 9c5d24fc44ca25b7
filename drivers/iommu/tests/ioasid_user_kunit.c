// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: /dev/ioasid, called as by programs, and what debugfs shows. What takes two
 * processes or another user for real is left to the kselftests.
 */
#include <kunit/device.h>
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ioasid_user.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/misc_cgroup.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "ioasid_kunit.h"

#define ALL		(~0U)

static struct vfsmount *nodes;

/* -------- a program -------- */

/*
 * A thread with memory like that of a process: a page that can be written, and one
 * that cannot. Nothing is behind them.
 */
struct program {
	struct kunit *test;
	unsigned long mem;
	unsigned long read_only;
};

static unsigned long map_pages(struct kunit *test, unsigned long prot)
{
	unsigned long pages;

	pages = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, prot,
			      MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, pages, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(pages));
	return pages;
}

static void program_init(struct program *me, struct kunit *test)
{
	me->test = test;
	me->mem = map_pages(test, PROT_READ | PROT_WRITE);
	me->read_only = map_pages(test, PROT_READ);
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(me->mem + PAGE_SIZE, PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0,
			vm_munmap(me->read_only + PAGE_SIZE, PAGE_SIZE));
}

static int user_init(struct kunit *test)
{
	struct program *me = kunit_kzalloc(test, sizeof(*me), GFP_KERNEL);

	if (!me)
		return -ENOMEM;
	if (IS_ERR_OR_NULL(nodes))
		kunit_skip(test, "needs CONFIG_DEVTMPFS");
	test->priv = me;
	lend_pasids(test);
	program_init(me, test);
	return 0;
}

static int user_suite_init(struct kunit_suite *suite)
{
	struct file_system_type *type = get_fs_type("devtmpfs");

	nodes = type ? kern_mount(type) : NULL;
	return 0;
}

static void user_suite_exit(struct kunit_suite *suite)
{
	if (!IS_ERR_OR_NULL(nodes))
		kern_unmount(nodes);
}

KUNIT_DEFINE_ACTION_WRAPPER(close_action, __fput_sync, struct file *);

static struct file *node_open(struct kunit *test)
{
	struct file *file = file_open_root_mnt(nodes, "ioasid", O_RDWR, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_action,
							   file));
	return file;
}

static void node_close(struct kunit *test, struct file *file)
{
	kunit_release_action(test, close_action, file);
}

struct opening {
	struct completion done;
	struct file *file;
};

static int open_without_mm(void *data)
{
	struct opening *opening = data;

	opening->file = file_open_root_mnt(nodes, "ioasid", O_RDWR, 0);
	if (!IS_ERR(opening->file))
		__fput_sync(opening->file);
	complete(&opening->done);
	return 0;
}

static void thread_of_the_kernel_has_no_pasids(struct kunit *test)
{
	struct opening opening = {};
	struct task_struct *task;

	init_completion(&opening.done);
	task = kthread_run(open_without_mm, &opening, "ioasid-no-mm");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&opening.done);
	KUNIT_EXPECT_PTR_EQ(test, opening.file, ERR_PTR(-EINVAL));
}

/* Puts it there even if the program itself cannot write. */
static void poke(struct program *me, unsigned long at, void *from, int len)
{
	KUNIT_EXPECT_EQ(me->test, len,
			access_remote_vm(current->mm, at, from, len,
					 FOLL_WRITE | FOLL_FORCE));
}

/* As it is at @at. */
static int call_at(struct file *file, unsigned int nr, unsigned long at)
{
	return file->f_op->unlocked_ioctl(file, nr, at);
}

/* @req begins with its size. */
static int call(struct program *me, struct file *file, unsigned int nr,
		void *req)
{
	u32 size = *(u32 *)req;
	int ret;

	poke(me, me->mem, req, size);
	ret = call_at(file, nr, me->mem);
	KUNIT_EXPECT_EQ(me->test, 0,
			copy_from_user(req, (void __user *)me->mem, size));
	return ret;
}

/* -------- the calls -------- */

static s64 node_alloc_from(struct program *me, struct file *file, u32 min,
			   u32 max)
{
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req), .min = min, .max = max,
	};

	return call(me, file, IOASID_ALLOC, &req) ?: (s64)req.pasid;
}

static s64 node_alloc(struct program *me, struct file *file)
{
	return node_alloc_from(me, file, 0, ALL);
}

static s64 node_alloc_guest(struct program *me, struct file *file, u32 guest)
{
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req), .flags = IOASID_GUEST, .max = ALL,
		.guest = guest,
	};

	return call(me, file, IOASID_ALLOC, &req) ?: (s64)req.pasid;
}

static int node_free(struct program *me, struct file *file, u32 min, u32 max)
{
	struct ioasid_free_pasid req = {
		.argsz = sizeof(req), .min = min, .max = max,
	};

	return call(me, file, IOASID_FREE, &req);
}

static int node_bind(struct program *me, struct file *file, u32 pasid,
		     u32 guest)
{
	struct ioasid_bind_pasid req = {
		.argsz = sizeof(req), .pasid = pasid, .guest = guest,
	};

	return call(me, file, IOASID_BIND, &req);
}

static int node_unbind(struct program *me, struct file *file, u32 guest)
{
	struct ioasid_unbind_pasid req = {
		.argsz = sizeof(req), .guest = guest,
	};

	return call(me, file, IOASID_UNBIND, &req);
}

/* Where lists go: behind the request. */
static u64 list_at(struct program *me)
{
	return me->mem + PAGE_SIZE / 2;
}

static void read_list(struct program *me, void *to, size_t size)
{
	KUNIT_EXPECT_EQ(me->test, 0,
			copy_from_user(to, u64_to_user_ptr(list_at(me)), size));
}

static int node_list(struct program *me, struct file *file, u32 *guest,
		     u32 *count)
{
	struct ioasid_list req = {
		.argsz = sizeof(req), .guest = *guest, .count = *count,
		.entries = list_at(me),
	};
	int err = call(me, file, IOASID_LIST, &req);

	*guest = req.guest;
	*count = req.count;
	return err;
}

static int node_list_sets(struct program *me, struct file *file, u32 *id,
			  u32 *count)
{
	struct ioasid_list_sets req = {
		.argsz = sizeof(req), .id = *id, .count = *count,
		.entries = list_at(me),
	};
	int err = call(me, file, IOASID_LIST_SETS, &req);

	*id = req.id;
	*count = req.count;
	return err;
}

static int node_query_id(struct program *me, struct file *file, u32 id,
			 struct ioasid_query_set *req)
{
	*req = (struct ioasid_query_set) {
		.argsz = sizeof(*req), .flags = IOASID_BY_ID, .id = id,
	};
	return call(me, file, IOASID_QUERY_SET, req);
}

static struct ioasid_query_set node_query(struct program *me, struct file *file)
{
	struct ioasid_query_set req = {
		.argsz = sizeof(req), .id = 7, .pid = 7, .used = 7, .comm = "whatever",
	};

	KUNIT_EXPECT_EQ(me->test, 0, call(me, file, IOASID_QUERY_SET, &req));
	return req;
}

static int node_quota(struct program *me, struct file *file, u32 flags, u32 id,
		      u32 guarantee, u32 limit)
{
	struct ioasid_quota req = {
		.argsz = sizeof(req), .flags = flags, .id = id,
		.guarantee = guarantee, .limit = limit,
	};

	return call(me, file, IOASID_SET_QUOTA, &req);
}

static struct ioasid_query_system node_system(struct program *me,
					      struct file *file)
{
	struct ioasid_query_system req = { .argsz = sizeof(req), .pad = 7 };

	KUNIT_EXPECT_EQ(me->test, 0, call(me, file, IOASID_QUERY_SYSTEM, &req));
	return req;
}

/* Without CAP_SYS_RESOURCE until restore(). */
static const struct cred *drop(struct kunit *test)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cap_lower(cred->cap_effective, CAP_SYS_RESOURCE);
	return override_creds(cred);
}

static void restore(const struct cred *old)
{
	const struct cred *cred = current_cred();

	revert_creds(old);
	put_cred(cred);
}

/* -------- arguments -------- */

union request {
	struct ioasid_alloc_pasid alloc;
	struct ioasid_free_pasid free;
	struct ioasid_bind_pasid bind;
	struct ioasid_unbind_pasid unbind;
	struct ioasid_list list;
	struct ioasid_query_set query_set;
	struct ioasid_quota quota;
	struct ioasid_list_sets list_sets;
	struct ioasid_query_system system;
	u32 word[14];
};

#define WORD(type, field)	(offsetof(struct type, field) / sizeof(u32))

static const struct node_call {
	const char *name;
	unsigned int nr;
	u32 size;
	u32 flags;		/* that are known */
	u32 zero[2];		/* words that have to be 0 */
	bool answers;
	bool own;		/* of a set that the call makes */
} node_calls[] = {
	{ "alloc", IOASID_ALLOC, sizeof(struct ioasid_alloc_pasid),
	  IOASID_GUEST, { WORD(ioasid_alloc_pasid, guest) }, true, true },
	{ "free", IOASID_FREE, sizeof(struct ioasid_free_pasid), .own = true },
	{ "bind", IOASID_BIND, sizeof(struct ioasid_bind_pasid), .own = true },
	{ "unbind", IOASID_UNBIND, sizeof(struct ioasid_unbind_pasid), 0,
	  { WORD(ioasid_unbind_pasid, reserved) }, .own = true },
	{ "list", IOASID_LIST, sizeof(struct ioasid_list), .answers = true,
	  .own = true },
	{ "query_set", IOASID_QUERY_SET, sizeof(struct ioasid_query_set),
	  IOASID_BY_ID, .answers = true, .own = true },
	{ "quota", IOASID_SET_QUOTA, sizeof(struct ioasid_quota),
	  IOASID_BY_ID | IOASID_QUOTA_GUARANTEE | IOASID_QUOTA_LIMIT,
	  { WORD(ioasid_quota, id), WORD(ioasid_quota, reserved) },
	  .own = true },
	{ "list_sets", IOASID_LIST_SETS, sizeof(struct ioasid_list_sets),
	  .answers = true },
	{ "query_system", IOASID_QUERY_SYSTEM,
	  sizeof(struct ioasid_query_system), .answers = true },
};

KUNIT_ARRAY_PARAM_DESC(call, node_calls, name);

/* A request that passes, if nothing is wrong with it. */
static union request good(struct program *me, struct file *file,
			  const struct node_call *which)
{
	union request req = { .word = { which->size } };

	switch (which->nr) {
	case IOASID_ALLOC:
		req.alloc.max = ALL;
		break;
	case IOASID_FREE:
		req.free.min = node_alloc(me, file);
		req.free.max = req.free.min;
		break;
	case IOASID_BIND:
		req.bind.pasid = node_alloc(me, file);
		req.bind.guest = 77;
		break;
	case IOASID_UNBIND:
		node_alloc_guest(me, file, 77);
		req.unbind.guest = 77;
		break;
	case IOASID_LIST:
		node_alloc_guest(me, file, 77);
		req.list.count = 4;
		req.list.entries = list_at(me);
		break;
	case IOASID_SET_QUOTA:
		req.quota.flags = IOASID_QUOTA_LIMIT;
		req.quota.limit = 100;
		break;
	case IOASID_LIST_SETS:
		req.list_sets.count = 4;
		req.list_sets.entries = list_at(me);
		break;
	}
	return req;
}

/* Refused, and nothing is changed. */
#define expect_refused(me, file, nr, req, at, error)			\
	__expect_refused(me, __LINE__, file, nr, req, at, error)
static void __expect_refused(struct program *me, int line, struct file *file,
			     unsigned int nr, union request *req,
			     unsigned long at, int error)
{
	u32 before = node_query(me, file).used;

	poke(me, at, req, sizeof(*req));
	KUNIT_EXPECT_EQ_MSG(me->test, error, call_at(file, nr, at), "line %d",
			    line);
	KUNIT_EXPECT_EQ_MSG(me->test, before, node_query(me, file).used,
			    "line %d", line);
}

static void structure_is_looked_at(struct kunit *test)
{
	const struct node_call *which = test->param_value;
	struct program *me = test->priv;
	struct file *file = node_open(test);
	union request req = good(me, file, which);
	u32 flags = req.word[1], size = which->size, nr = which->nr, i;
	static const u32 bad_size[] = { 0, 4, SZ_4K + 1, U32_MAX };
	u8 tail = 1;

	for (i = 0; i < ARRAY_SIZE(bad_size); i++) {
		req.word[0] = bad_size[i];
		expect_refused(me, file, nr, &req, me->mem, -EINVAL);
	}
	req.word[0] = size - 1;
	expect_refused(me, file, nr, &req, me->mem, -EINVAL);
	req.word[0] = size;

	for (i = 0; i < 32; i++) {
		req.word[1] = flags | BIT(i);
		if (!(which->flags & BIT(i)))
			expect_refused(me, file, nr, &req, me->mem, -EINVAL);
	}
	req.word[1] = flags;
	for (i = 0; i < 2 && which->zero[i]; i++) {
		req.word[which->zero[i]] = 1;
		expect_refused(me, file, nr, &req, me->mem, -EINVAL);
		req.word[which->zero[i]] = 0;
	}

	/* Longer, which is fine while the rest is zero. */
	req.word[0] = size + 1;
	poke(me, me->mem, &req, size);
	poke(me, me->mem + size, &tail, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, call_at(file, nr, me->mem));
	tail = 0;
	poke(me, me->mem + size, &tail, 1);
	KUNIT_EXPECT_EQ(test, 0, call_at(file, nr, me->mem));
}

static void memory_that_is_not_there_is_refused(struct kunit *test)
{
	const struct node_call *which = test->param_value;
	struct program *me = test->priv;
	struct file *file = node_open(test);
	union request req = good(me, file, which);
	/* All but the last word of it is there. */
	unsigned long at = me->mem + PAGE_SIZE - which->size + 4;
	u32 used = node_query(me, file).used;

	KUNIT_EXPECT_EQ(test, -EFAULT, call_at(file, which->nr, 0));
	KUNIT_EXPECT_EQ(test, -EFAULT, call_at(file, which->nr, -4096UL));
	poke(me, at, &req, which->size - 4);
	KUNIT_EXPECT_EQ(test, -EFAULT, call_at(file, which->nr, at));
	KUNIT_EXPECT_EQ(test, used, node_query(me, file).used);
}

static void answer_that_cannot_be_written_undoes_the_call(struct kunit *test)
{
	const struct node_call *which = test->param_value;
	struct program *me = test->priv;
	struct file *file = node_open(test);
	union request req = good(me, file, which);

	if (which->answers) {
		expect_refused(me, file, which->nr, &req, me->read_only,
			       -EFAULT);
		return;
	}
	poke(me, me->read_only, &req, sizeof(req));
	KUNIT_EXPECT_EQ(test, 0, call_at(file, which->nr, me->read_only));
}

static void system_without_pasids_says_so(struct kunit *test)
{
	const struct node_call *which = test->param_value;
	struct ioasid_pool *pool = &ioasid_system_pool;
	u32 reported = pool->reported, cap = pool->cap;
	struct program *me = test->priv;
	struct file *file = node_open(test);
	union request req = { .word = { which->size } };

	if (!which->own)
		req = good(me, file, which);
	poke(me, me->mem, &req, sizeof(req));
	pool->reported = 0;
	pool->cap = 0;
	KUNIT_EXPECT_EQ(test, which->own ? -EOPNOTSUPP : 0,
			call_at(file, which->nr, me->mem));
	pool->reported = reported;
	pool->cap = cap;
}

static void unknown_call_is_none(struct kunit *test)
{
	struct file *file = node_open(test);

	KUNIT_EXPECT_EQ(test, -ENOTTY, call_at(file, _IO(IOASID_TYPE, 9), 0));
	KUNIT_EXPECT_EQ(test, -ENOTTY, call_at(file, 0, 0));
}

static void node_is_for_root(struct kunit *test)
{
	struct inode *inode = file_inode(node_open(test));

	KUNIT_EXPECT_EQ(test, inode->i_mode, S_IFCHR | 0600);
	KUNIT_EXPECT_TRUE(test, uid_eq(inode->i_uid, GLOBAL_ROOT_UID));
}

/* -------- the own set -------- */

static void set_is_made_by_the_first_call(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	u32 free = node_system(me, file).free;
	struct ioasid_query_set set;
	char comm[TASK_COMM_LEN];

	set = node_query(me, file);
	KUNIT_EXPECT_EQ(test, set.id, 0);
	KUNIT_EXPECT_EQ(test, set.pid, 0);
	KUNIT_EXPECT_EQ(test, set.used, 0);
	KUNIT_EXPECT_EQ(test, set.limit, 1000);
	KUNIT_EXPECT_EQ(test, set.available, min(1000, free));
	KUNIT_EXPECT_STREQ(test, set.comm, "");

	KUNIT_EXPECT_EQ(test, node_free(me, file, 0, ALL), -ENOENT);
	KUNIT_EXPECT_GT(test, node_alloc(me, file), 0);
	set = node_query(me, file);
	KUNIT_EXPECT_NE(test, set.id, 0);
	KUNIT_EXPECT_EQ(test, set.pid, task_tgid_vnr(current));
	KUNIT_EXPECT_EQ(test, set.used, 1);
	KUNIT_EXPECT_EQ(test, set.limit, 1000);
	KUNIT_EXPECT_EQ(test, set.available, min(999, free - 1));
	get_task_comm(comm, current->group_leader);
	KUNIT_EXPECT_STREQ(test, set.comm, comm);
}

static void what_others_have_is_not_available(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set *other;

	other = ioasid_set_create(NULL, node_system(me, file).free - 5,
				  IOASID_LIMIT_NONE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, node_query(me, file).available, 5);
	node_alloc(me, file);
	KUNIT_EXPECT_EQ(test, node_query(me, file).available, 4);
	ioasid_set_free(other);
}

static void pasids_come_and_go(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	s64 a, b;

	a = node_alloc(me, file);
	b = node_alloc(me, file);
	KUNIT_EXPECT_GT(test, a, 0);
	KUNIT_EXPECT_GT(test, b, a);
	KUNIT_EXPECT_EQ(test, node_free(me, file, a, a), 0);
	KUNIT_EXPECT_EQ(test, node_free(me, file, a, a), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_query(me, file).used, 1);
	KUNIT_EXPECT_EQ(test, node_alloc_from(me, file, a, a), a);
	KUNIT_EXPECT_EQ(test, node_alloc_from(me, file, a, a), -ENOSPC);
	KUNIT_EXPECT_EQ(test, node_alloc_from(me, file, 2, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_free(me, file, 0, ALL), 0);
	KUNIT_EXPECT_EQ(test, node_query(me, file).used, 0);
}

/* Nobody holds what nobody asked to hold. */
static void pasid_is_back_when_it_is_freed(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	s64 id = node_alloc(me, file);

	KUNIT_EXPECT_EQ(test, node_free(me, file, id, id), 0);
	KUNIT_EXPECT_EQ(test, node_query(me, file).pending, 0);
	KUNIT_EXPECT_EQ(test, node_alloc_from(me, file, id, id), id);
}

#ifdef CONFIG_IOASID_CGROUP
static void pasid_is_charged(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct misc_res *res = own_res(test);
	u64 usage = atomic64_read(&res->usage);
	s64 first, second;
	u32 available;

	WRITE_ONCE(res->max, usage + 1);
	available = node_query(me, file).available;
	first = node_alloc(me, file);
	second = node_alloc(me, file);
	KUNIT_EXPECT_EQ(test, 0, node_query(me, file).available);
	WRITE_ONCE(res->max, U64_MAX);
	KUNIT_EXPECT_EQ(test, available, 1);
	KUNIT_EXPECT_GT(test, first, 0);
	KUNIT_EXPECT_EQ(test, second, -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage + 1);
	node_close(test, file);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage);
}
#else
static void pasid_is_charged(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_CGROUP_MISC");
}
#endif

static void guest_pasids_are_bound_and_unbound(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	s64 a = node_alloc_guest(me, file, 7), b = node_alloc(me, file);

	KUNIT_EXPECT_GT(test, a, 0);
	KUNIT_EXPECT_EQ(test, node_alloc_guest(me, file, 7), -EEXIST);
	KUNIT_EXPECT_EQ(test, node_alloc_guest(me, file, 1 << 20), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, b, 7), -EEXIST);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, a, 8), -EEXIST);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, b, 1 << 20), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, ALL, 8), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, b, 0), 0);
	KUNIT_EXPECT_EQ(test, node_unbind(me, file, 1 << 20), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_unbind(me, file, 3), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_unbind(me, file, 0), 0);
	KUNIT_EXPECT_EQ(test, node_unbind(me, file, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, b, 0), 0);
}

/* Whose it is, is not told. */
static void pasid_of_another_set_does_not_exist(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set *host = ioasid_host_set();
	ioasid_t id;

	KUNIT_ASSERT_EQ(test, 0, ioasid_alloc(host, 0, ALL, NULL, GFP_KERNEL,
					      &id));
	KUNIT_EXPECT_GT(test, node_alloc(me, file), 0);
	KUNIT_EXPECT_EQ(test, node_bind(me, file, id, 5), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_free(me, file, id, id), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free(host, NULL, id), 0);
}

static void guest_pasids_are_listed_each_once(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_entry list[2];
	u32 guest = 0, count = 0, i;
	s64 id[5];

	for (i = 0; i < 5; i++)
		id[i] = node_alloc_guest(me, file, i * i);
	KUNIT_EXPECT_EQ(test, node_list(me, file, &guest, &count), -EINVAL);
	for (i = 0; i < 5; i++) {
		if (i % 2 == 0) {
			count = 2;
			KUNIT_EXPECT_EQ(test, 0, node_list(me, file, &guest,
							   &count));
			KUNIT_EXPECT_EQ(test, count, i < 4 ? 2 : 1);
			read_list(me, list, sizeof(list));
		}
		KUNIT_EXPECT_EQ(test, list[i % 2].guest, i * i);
		KUNIT_EXPECT_EQ(test, list[i % 2].pasid, id[i]);
		KUNIT_EXPECT_EQ(test, list[i % 2].flags, 0);
		KUNIT_EXPECT_EQ(test, list[i % 2].reserved, 0);
	}
	KUNIT_EXPECT_EQ(test, guest, 17);
	KUNIT_EXPECT_EQ(test, node_list(me, file, &guest, &count), 0);
	KUNIT_EXPECT_EQ(test, count, 0);
}

/* As VFIO lists those of one device. */
static void list_of_a_device_has_its_pasids_only(struct kunit *test)
{
	struct program *me = test->priv;
	struct device *dev = kunit_device_register(test, "listed");
	struct ioasid_pool *pool = kunit_kzalloc(test, sizeof(*pool),
						 GFP_KERNEL);
	struct ioasid_request local = {
		.dev = dev, .private = 5, .flags = IOASID_REQUEST_PRIVATE,
	};
	u32 guest = 0, count = 4;
	struct ioasid_entry list[2];
	struct ioasid_set *set;
	s64 id, shared;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	ioasid_pool_init(pool, 64, 16);
	set = ioasid_pool_set_create(pool, NULL, 0, IOASID_LIMIT_NONE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(set));
	shared = try_private(set, 3);
	id = try_request(set, local);

	KUNIT_EXPECT_EQ(test, 0, ioasid_user_list(set, dev, &guest, &count,
						  list_at(me)));
	KUNIT_EXPECT_EQ(test, count, 1);
	read_list(me, list, sizeof(list[0]));
	KUNIT_EXPECT_EQ(test, list[0].guest, 5);
	KUNIT_EXPECT_EQ(test, list[0].pasid, id);
	KUNIT_EXPECT_EQ(test, list[0].flags, IOASID_ENTRY_LOCAL);

	guest = 0;
	count = 4;
	KUNIT_EXPECT_EQ(test, 0, ioasid_user_list(set, NULL, &guest, &count,
						  list_at(me)));
	KUNIT_EXPECT_EQ(test, count, 2);
	read_list(me, list, sizeof(list));
	KUNIT_EXPECT_EQ(test, list[0].pasid, shared);
	KUNIT_EXPECT_EQ(test, list[0].flags, 0);
	KUNIT_EXPECT_EQ(test, list[1].pasid, id);
	ioasid_set_free(set);
	ioasid_pool_destroy(pool);
}

static void list_that_cannot_be_written_is_refused(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_list list = {
		.argsz = sizeof(list), .count = 2, .entries = me->read_only,
	};
	struct ioasid_list_sets sets = {
		.argsz = sizeof(sets), .count = 2, .entries = me->read_only,
	};

	node_alloc_guest(me, file, 5);
	KUNIT_EXPECT_EQ(test, call(me, file, IOASID_LIST, &list), -EFAULT);
	KUNIT_EXPECT_EQ(test, call(me, file, IOASID_LIST_SETS, &sets), -EFAULT);
	list.entries = -4096ULL;
	sets.entries = -4096ULL;
	KUNIT_EXPECT_EQ(test, call(me, file, IOASID_LIST, &list), -EFAULT);
	KUNIT_EXPECT_EQ(test, call(me, file, IOASID_LIST_SETS, &sets), -EFAULT);
	KUNIT_EXPECT_EQ(test, list.guest, 0);
	KUNIT_EXPECT_EQ(test, list.count, 2);
	KUNIT_EXPECT_EQ(test, sets.id, 0);
	KUNIT_EXPECT_EQ(test, sets.count, 2);
}

/* What another thread of the process does while we tell events. */
struct caller {
	struct program program;
	struct file *file;
	struct completion done;
};

static int call_once(void *data)
{
	struct caller *caller = data;
	struct program *me = &caller->program;

	me->mem = kunit_vm_mmap(me->test, NULL, 0, PAGE_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (me->mem)
		KUNIT_EXPECT_GT(me->test, node_alloc(me, caller->file), 0);
	complete(&caller->done);
	return 0;
}

static void caller_hears_last(struct kunit *test)
{
	struct caller caller = { .program = { .test = test } };
	struct recorder *rec = new_recorder(test);
	struct program *me = test->priv;
	struct task_struct *task;
	struct ioasid_set *set;

	caller.file = node_open(test);
	node_alloc(me, caller.file);
	listen_to_token(rec, current->mm);
	rec->nr = 0;
	/* As whoever tells does; it ends with ioasid_tell(). */
	set = ioasid_set_find(current->mm);
	KUNIT_ASSERT_FALSE(test, IS_ERR(set));
	set->telling = true;

	init_completion(&caller.done);
	task = kthread_run(call_once, &caller, "ioasid-caller");
	KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	msleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&caller.done));
	KUNIT_EXPECT_EQ(test, rec->nr, 0);
	ioasid_tell(set);
	if (!IS_ERR(task))
		wait_for_completion(&caller.done);
	KUNIT_EXPECT_EQ(test, rec->nr, 1);
	stop_listening(rec);
}

/* -------- quota -------- */

#define LIMIT		IOASID_QUOTA_LIMIT
#define GUARANTEE	IOASID_QUOTA_GUARANTEE

static void quota_is_changed_as_asked(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_query_set set;

	KUNIT_EXPECT_EQ(test, node_quota(me, file, 0, 0, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 1, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, GUARANTEE, 0, 1, 2),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 5), 0);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, GUARANTEE, 0, 3, 0), 0);
	set = node_query(me, file);
	KUNIT_EXPECT_EQ(test, set.limit, 5);
	KUNIT_EXPECT_EQ(test, set.guarantee, 3);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, GUARANTEE | LIMIT, 0, 1, 2),
			0);
	set = node_query(me, file);
	KUNIT_EXPECT_EQ(test, set.limit, 2);
	KUNIT_EXPECT_EQ(test, set.guarantee, 1);
	node_alloc(me, file);
	node_alloc(me, file);
	KUNIT_EXPECT_EQ(test, node_alloc(me, file), -EDQUOT);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 1), -EBUSY);
}

static void administrator_alone_raises_a_quota(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	const struct cred *old;

	node_alloc(me, file);
	old = drop(test);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 1001), -EPERM);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, GUARANTEE, 0, 1, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 999), 0);
	restore(old);
	KUNIT_EXPECT_EQ(test, node_query(me, file).limit, 999);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 1001), 0);
}

/* -------- any set -------- */

static struct ioasid_set *new_other_set(struct kunit *test, u32 guarantee,
					u32 limit)
{
	struct ioasid_set *set = ioasid_set_create(NULL, guarantee, limit);

	KUNIT_ASSERT_FALSE(test, IS_ERR(set));
	return set;
}

static s64 alloc_one(struct ioasid_set *set)
{
	return try_request(set, (struct ioasid_request) {});
}

static void administrator_sees_and_changes_any_set(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set *other = new_other_set(test, 2, 4);
	struct ioasid_query_set set;
	u32 id = other->id, flags = IOASID_BY_ID | LIMIT | GUARANTEE;

	KUNIT_EXPECT_GT(test, alloc_one(other), 0);
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, id, &set), 0);
	KUNIT_EXPECT_EQ(test, set.id, id);
	KUNIT_EXPECT_EQ(test, set.used, 1);
	KUNIT_EXPECT_EQ(test, set.pending, 0);
	KUNIT_EXPECT_EQ(test, set.local, 0);
	KUNIT_EXPECT_EQ(test, set.guarantee, 2);
	KUNIT_EXPECT_EQ(test, set.limit, 4);
	KUNIT_EXPECT_EQ(test, set.available, 3);
	KUNIT_EXPECT_EQ(test, set.pid, 0);
	KUNIT_EXPECT_STREQ(test, set.comm, "kernel");
	KUNIT_EXPECT_EQ(test, node_quota(me, file, flags, id, 1, 7), 0);
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, id, &set), 0);
	KUNIT_EXPECT_EQ(test, set.guarantee, 1);
	KUNIT_EXPECT_EQ(test, set.limit, 7);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, flags, id, 0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, 0, &set), 0);
	KUNIT_EXPECT_EQ(test, set.limit, IOASID_LIMIT_NONE);
	ioasid_set_free(other);
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, id, &set), -ENOENT);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, flags, id, 0, 0), -ENOENT);
}

/* The next one is not taken for it. */
static void id_between_two_sets_is_none(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set *a = new_other_set(test, 0, 4);
	struct ioasid_set *b = new_other_set(test, 0, 4);
	struct ioasid_query_set set;
	u32 id = a->id;

	ioasid_set_free(a);
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, id, &set), -ENOENT);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			node_quota(me, file, IOASID_BY_ID | LIMIT, id, 0, 1));
	KUNIT_EXPECT_EQ(test, node_query_id(me, file, b->id, &set), 0);
	KUNIT_EXPECT_EQ(test, set.limit, 4);
	ioasid_set_free(b);
}

static void other_sets_are_for_the_administrator(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_query_set set;
	u32 id = 0, count = 1, ids[3] = { 0, 0, ALL }, i;
	const struct cred *old;

	node_alloc(me, file);
	ids[1] = node_query(me, file).id;
	old = drop(test);
	KUNIT_EXPECT_EQ(test, node_list_sets(me, file, &id, &count), -EPERM);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_EQ(test, node_query_id(me, file, ids[i], &set),
				-EPERM);
		KUNIT_EXPECT_EQ(test, -EPERM,
				node_quota(me, file, IOASID_BY_ID | LIMIT,
					   ids[i], 0, 500));
	}
	restore(old);
}

static void sets_are_listed_in_order_each_once(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set_entry list[2];
	struct ioasid_set *set[4];
	u32 id, count = 0, i;

	for (i = 0; i < 4; i++)
		set[i] = new_other_set(test, i, 5);
	alloc_one(set[3]);
	id = set[0]->id;
	for (i = 0; i < 4; i++) {
		if (i % 2 == 0) {
			count = 2;
			KUNIT_EXPECT_EQ(test, 0, node_list_sets(me, file, &id,
								&count));
			KUNIT_EXPECT_EQ(test, count, 2);
			read_list(me, list, sizeof(list));
		}
		KUNIT_EXPECT_EQ(test, list[i % 2].id, set[i]->id);
		KUNIT_EXPECT_EQ(test, list[i % 2].guarantee, i);
		KUNIT_EXPECT_EQ(test, list[i % 2].limit, 5);
		KUNIT_EXPECT_EQ(test, list[i % 2].used, i == 3);
		KUNIT_EXPECT_EQ(test, list[i % 2].pid, 0);
		KUNIT_EXPECT_EQ(test, list[i % 2].reserved, 0);
		KUNIT_EXPECT_STREQ(test, list[i % 2].comm, "kernel");
	}
	KUNIT_EXPECT_EQ(test, id, set[3]->id + 1);
	KUNIT_EXPECT_EQ(test, node_list_sets(me, file, &id, &count), 0);
	KUNIT_EXPECT_EQ(test, count, 0);
	KUNIT_EXPECT_EQ(test, node_list_sets(me, file, &id, &count), -EINVAL);
	/* The first of all. */
	id = 0;
	count = 1;
	KUNIT_EXPECT_EQ(test, node_list_sets(me, file, &id, &count), 0);
	KUNIT_EXPECT_EQ(test, id, 1);
	for (i = 0; i < 4; i++)
		ioasid_set_free(set[i]);
}

static void numbers_of_the_system_are_told(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_query_system a, b;

	a = node_system(me, file);
	KUNIT_EXPECT_EQ(test, a.capacity, ioasid_capacity());
	KUNIT_EXPECT_EQ(test, a.capacity,
			a.shared_min + a.used + a.reserved + a.free);
	KUNIT_EXPECT_EQ(test, a.pad, 0);
	KUNIT_EXPECT_EQ(test, node_quota(me, file, GUARANTEE, 0, 11, 0), 0);
	KUNIT_EXPECT_LE(test, a.shared_min, node_alloc(me, file));
	b = node_system(me, file);
	KUNIT_EXPECT_EQ(test, b.used, a.used + 1);
	KUNIT_EXPECT_EQ(test, b.reserved, a.reserved + 10);
	KUNIT_EXPECT_EQ(test, b.free, a.free - 11);
}

/* -------- whose set -------- */

static void descriptors_of_a_process_share_its_set(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *early = node_open(test), *file = node_open(test), *late;
	u32 id;

	KUNIT_EXPECT_GT(test, node_alloc(me, file), 0);
	id = node_query(me, file).id;
	KUNIT_EXPECT_EQ(test, node_query(me, early).id, id);
	late = node_open(test);
	KUNIT_EXPECT_EQ(test, node_query(me, late).id, id);
	KUNIT_EXPECT_GT(test, node_alloc(me, late), 0);
	KUNIT_EXPECT_EQ(test, node_query(me, early).used, 2);

	/* The last of them ends it, whichever that is. */
	node_close(test, file);
	KUNIT_EXPECT_EQ(test, node_query(me, late).used, 2);
	node_close(test, late);
	KUNIT_EXPECT_EQ(test, node_query(me, early).used, 2);
	node_close(test, early);
	late = node_open(test);
	KUNIT_EXPECT_EQ(test, node_query(me, late).id, 0);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(current->mm),
			    ERR_PTR(-ENOENT));
}

/* Of whoever else names a set by this process. */
static void set_that_is_there_already_is_not_made(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_set *set = ioasid_set_create(current->mm, 0, 1);

	KUNIT_ASSERT_FALSE(test, IS_ERR(set));
	KUNIT_EXPECT_EQ(test, node_alloc(me, file), -EEXIST);
	KUNIT_EXPECT_EQ(test, node_query(me, file).id, 0);
	KUNIT_EXPECT_EQ(test, node_query(me, node_open(test)).id, set->id);
	ioasid_set_free(set);
}

/* What another process does with a descriptor that it was given, and its own. */
struct other {
	struct program program;
	struct file *given;
	u32 given_id;
	u32 own_id;
	s64 given_pasid;
	int freed;
	bool held;
	struct completion done;
};

static int be_other(void *data)
{
	struct other *other = data;
	struct program *me = &other->program;
	struct kunit *test = me->test;
	struct ioasid *held;
	struct file *own;
	s64 id;

	me->mem = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	own = file_open_root_mnt(nodes, "ioasid", O_RDWR, 0);
	if (!me->mem || IS_ERR(own))
		goto out;
	other->given_pasid = node_alloc(me, other->given);
	other->given_id = node_query(me, other->given).id;
	id = node_alloc(me, own);
	other->own_id = node_query(me, own).id;
	other->freed = node_free(me, other->given, id, id);
	held = ioasid_hold(NULL, other->given_pasid, false);
	other->held = held;
	ioasid_release(held);
	__fput_sync(own);
out:
	complete(&other->done);
	return 0;
}

static void descriptor_keeps_its_set(struct kunit *test)
{
	struct other other = { .program = { .test = test } };
	struct program *me = test->priv;
	struct task_struct *task;
	struct ioasid *held;
	u32 id;

	other.given = node_open(test);
	id = node_query(me, other.given).id;
	KUNIT_EXPECT_EQ(test, id, 0);
	init_completion(&other.done);
	task = kthread_run(be_other, &other, "ioasid-other");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&other.done);

	id = node_query(me, other.given).id;
	KUNIT_EXPECT_NE(test, id, 0);
	KUNIT_EXPECT_EQ(test, other.given_id, id);
	KUNIT_EXPECT_NE(test, other.own_id, 0);
	KUNIT_EXPECT_NE(test, other.own_id, id);
	KUNIT_EXPECT_EQ(test, other.freed, -ENOENT);
	KUNIT_EXPECT_EQ(test, node_query(me, other.given).used, 1);

	/* It is ours, and only we hold it by its number. */
	KUNIT_EXPECT_FALSE(test, other.held);
	held = ioasid_hold(NULL, other.given_pasid, false);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(held));
	if (!IS_ERR_OR_NULL(held))
		ioasid_release(held);
}

static void quota_is_that_of_when_the_set_is_made(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);

	KUNIT_EXPECT_EQ(test, node_quota(me, file, LIMIT, 0, 0, 10), 0);
	KUNIT_EXPECT_EQ(test, node_query(me, node_open(test)).limit, 10);
}

/* -------- what can be read -------- */

#define TEXT_SIZE	2048

/* What /proc shows about a descriptor. */
static const char *fdinfo(struct kunit *test, struct file *file)
{
	char *text = kunit_kzalloc(test, TEXT_SIZE, GFP_KERNEL);
	struct seq_file m = { .buf = text, .size = TEXT_SIZE };

	KUNIT_ASSERT_NOT_NULL(test, text);
	if (!file->f_op->show_fdinfo)
		kunit_skip(test, "needs CONFIG_PROC_FS");
	file->f_op->show_fdinfo(&m, file);
	return text;
}

static void fdinfo_tells_whose_set_it_is(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	char want[200];

	KUNIT_EXPECT_STREQ(test, fdinfo(test, file), "ioasid-set:\tnone\n");
	node_alloc(me, file);
	node_alloc(me, file);
	node_quota(me, file, GUARANTEE, 0, 3, 0);
	snprintf(want, sizeof(want),
		 "ioasid-set:\t%u\nioasid-used:\t2\nioasid-pending:\t0\nioasid-guarantee:\t3\nioasid-limit:\t1000\n",
		 node_query(me, file).id);
	KUNIT_EXPECT_STREQ(test, fdinfo(test, file), want);
	node_quota(me, file, LIMIT, 0, 0, IOASID_LIMIT_NONE);
	KUNIT_EXPECT_NOT_NULL(test, strstr(fdinfo(test, file),
					   "ioasid-limit:\tmax\n"));
}

#ifdef CONFIG_IOASID_DEBUGFS
/* The whole of a file, a few bytes at a time. */
static const char *debugfs_text(struct program *me, const char *name)
{
	struct kunit *test = me->test;
	char *text = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
	struct vfsmount *mnt = kern_mount(get_fs_type("debugfs"));
	struct file *file;
	loff_t pos = 0;
	ssize_t len;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mnt);
	file = file_open_root_mnt(mnt, name, O_RDONLY, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(file));
	if (IS_ERR(file))
		goto out_unmount;
	KUNIT_EXPECT_EQ(test, file_inode(file)->i_mode, S_IFREG | 0400);
	for (;;) {
		len = vfs_read(file, (char __user *)me->mem, 100, &pos);
		if (len <= 0 || pos >= SZ_64K)
			break;
		KUNIT_EXPECT_EQ(test, 0,
				copy_from_user(text + pos - len,
					       (void __user *)me->mem, len));
	}
	KUNIT_EXPECT_EQ(test, len, 0);
	__fput_sync(file);
out_unmount:
	kern_unmount(mnt);
	return text;
}

static void debugfs_shows_the_system(struct kunit *test)
{
	struct ioasid_system_info info;
	char want[100];

	ioasid_get_system_info(&info);
	snprintf(want, sizeof(want),
		 "capacity %u shared_min %u used %u reserved %u free %u\n",
		 info.capacity, info.shared_min, info.used, info.reserved,
		 info.free);
	KUNIT_EXPECT_STREQ(test, debugfs_text(test->priv, "ioasid/system"),
			   want);
}

static void debugfs_shows_all_sets(struct kunit *test)
{
	struct program *me = test->priv;
	struct file *file = node_open(test);
	struct ioasid_query_set own;
	struct ioasid_set *set;
	char want[300], comm[TASK_COMM_LEN];
	const char *text, *at;

	node_alloc(me, file);
	own = node_query(me, file);
	set = new_other_set(test, 1, IOASID_LIMIT_NONE);
	strscpy(comm, set->comm);
	strscpy(set->comm, "a\\b\nc");
	snprintf(want, sizeof(want),
		 "set %u pid %d used 1 pending 0 local 0 guarantee 0 limit 1000 comm %s\n"
		 "set %u pid 0 used 0 pending 0 local 0 guarantee 1 limit max comm a\\134b\\012c\n",
		 own.id, own.pid, own.comm, set->id);
	text = debugfs_text(me, "ioasid/sets");
	KUNIT_EXPECT_EQ(test, 0, strncmp(text, "set 0 pid 0 ", 12));
	at = strstr(text, "\nset ");
	KUNIT_EXPECT_STREQ(test, at ? at + 1 : text, want);
	strscpy(set->comm, comm);
	ioasid_set_free(set);
}
#else
static void debugfs_shows_the_system(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_DEBUG_FS");
}

static void debugfs_shows_all_sets(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_DEBUG_FS");
}
#endif

static struct kunit_case ioasid_user_cases[] = {
	KUNIT_CASE_PARAM(structure_is_looked_at, call_gen_params),
	KUNIT_CASE_PARAM(memory_that_is_not_there_is_refused, call_gen_params),
	KUNIT_CASE_PARAM(answer_that_cannot_be_written_undoes_the_call,
			 call_gen_params),
	KUNIT_CASE_PARAM(system_without_pasids_says_so, call_gen_params),
	KUNIT_CASE(unknown_call_is_none),
	KUNIT_CASE(node_is_for_root),
	KUNIT_CASE(thread_of_the_kernel_has_no_pasids),
	KUNIT_CASE(set_is_made_by_the_first_call),
	KUNIT_CASE(what_others_have_is_not_available),
	KUNIT_CASE(pasids_come_and_go),
	KUNIT_CASE(pasid_is_back_when_it_is_freed),
	KUNIT_CASE(pasid_is_charged),
	KUNIT_CASE(guest_pasids_are_bound_and_unbound),
	KUNIT_CASE(pasid_of_another_set_does_not_exist),
	KUNIT_CASE(guest_pasids_are_listed_each_once),
	KUNIT_CASE(list_of_a_device_has_its_pasids_only),
	KUNIT_CASE(list_that_cannot_be_written_is_refused),
	KUNIT_CASE(caller_hears_last),
	KUNIT_CASE(quota_is_changed_as_asked),
	KUNIT_CASE(administrator_alone_raises_a_quota),
	KUNIT_CASE(administrator_sees_and_changes_any_set),
	KUNIT_CASE(id_between_two_sets_is_none),
	KUNIT_CASE(other_sets_are_for_the_administrator),
	KUNIT_CASE(sets_are_listed_in_order_each_once),
	KUNIT_CASE(numbers_of_the_system_are_told),
	KUNIT_CASE(descriptors_of_a_process_share_its_set),
	KUNIT_CASE(set_that_is_there_already_is_not_made),
	KUNIT_CASE(descriptor_keeps_its_set),
	KUNIT_CASE(quota_is_that_of_when_the_set_is_made),
	KUNIT_CASE(fdinfo_tells_whose_set_it_is),
	KUNIT_CASE(debugfs_shows_the_system),
	KUNIT_CASE(debugfs_shows_all_sets),
	{}
};

static struct kunit_suite ioasid_user_suite = {
	.name = "ioasid-user",
	.suite_init = user_suite_init,
	.suite_exit = user_suite_exit,
	.init = user_init,
	.test_cases = ioasid_user_cases,
};

kunit_test_suite(ioasid_user_suite);
