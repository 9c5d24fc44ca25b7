// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call with the first step that can fail, then the second one, until none is left:
 * every object, page and copy that it takes, and the nodes that an xarray would get at
 * a second try. A call that failed has changed nothing: neither what is used, kept,
 * charged and bound, nor the table of KVM, nor which files are open; and the same call
 * then does what it does without a fault. One that did its work all the same did all
 * of it. At the end nothing is left.
 *
 * Catches: whatever an error path forgets to give back, or gives back twice; an error
 * that is not the documented one; a failure that is not told.
 */
#include "../kselftest_harness.h"
#include "ioasid_cg.h"
#include "ioasid_fail.h"
#include "ioasid_kvm.h"
#include "ioasid_node.h"
#include "ioasid_state.h"
#include "ioasid_utils.h"

#define CGROUP		"ioasid_fail_nth"
#define MAX_STEPS	2000
/* What the parameters of both modules say. */
#define DEFAULT_LIMIT	1000

/*
 * What one run meets, another may not: a slab is full now and then. So it takes a few
 * runs without a fault to be through; and what is of one kind is counted once more.
 */
#define CLEAN_RUNS	2

/* So far apart that each takes nodes, and a page of KVM's table, of its own. */
#define GUEST_NEAR	5
#define GUEST_LOCAL	7
#define GUEST_OTHER	0x40005
#define GUEST_FAR	0x80005
#define PASID_FAR	0x90000

/* -------- what calls find -------- */

static int node_pasids(struct state *s)
{
	struct ioasid_query_set set;

	if (node_alloc(s->node, &s->pasid) ||
	    node_alloc_guest(s->node, GUEST_NEAR, &s->bound) ||
	    node_alloc_guest(s->node, GUEST_FAR, &s->far) ||
	    node_query(s->node, &set))
		return -1;
	s->id = set.id;
	return 0;
}

static int prepare_empty_node(struct state *s)
{
	s->node = node_open();
	return s->node < 0 ? -1 : 0;
}

static int prepare_node(struct state *s)
{
	return prepare_empty_node(s) ?: node_pasids(s);
}

static int prepare_two_nodes(struct state *s)
{
	s->other = node_open();
	return s->other < 0 ? -1 : prepare_node(s);
}

static int prepare_none(struct state *s)
{
	return 0;
}

static int prepare_empty_container(struct state *s)
{
	return container_open(&s->c, 0);
}

static int prepare_shared(struct state *s)
{
	if (prepare_empty_container(s))
		return -1;
	s->device = device_open(&s->c, 0);
	if (s->device < 0 ||
	    _test_alloc_pasid(s->c.fd, 0, UINT_MAX, &s->pasid))
		return -1;
	return _test_alloc_guest(s->c.fd, GUEST_NEAR, &s->bound);
}

static int prepare_container(struct state *s)
{
	__u32 pasid;

	if (prepare_shared(s) ||
	    _test_alloc_local(s->c.fd, s->device, 0, UINT_MAX, &s->local))
		return -1;
	return _test_alloc_local_guest(s->c.fd, s->device, GUEST_LOCAL, &pasid);
}

static int prepare_group(struct state *s)
{
	s->c.group = group_open(0);
	return s->c.group < 0 ? -1 : 0;
}

/* There is a set, in which the container gets a share. */
static int prepare_no_iommu(struct state *s)
{
	if (prepare_node(s) || prepare_group(s))
		return -1;
	s->c.fd = open("/dev/vfio/vfio", O_RDWR);
	if (s->c.fd < 0)
		return -1;
	return ioctl(s->c.group, VFIO_GROUP_SET_CONTAINER, &s->c.fd);
}

static int prepare_vm(struct state *s)
{
	return prepare_node(s) ?: vm_open(&s->vm);
}

static int prepare_follower(struct state *s)
{
	return prepare_vm(s) ?: vm_add_vfio(&s->vm);
}

static int prepare_file(struct state *s)
{
	return prepare_follower(s) ?: prepare_group(s);
}

static int prepare_empty_follower(struct state *s)
{
	if (prepare_empty_node(s) || vm_open(&s->vm))
		return -1;
	return vm_add_vfio(&s->vm);
}

/* -------- /dev/ioasid: calls, and what undoes them -------- */

static int run_open(struct state *s)
{
	s->other = node_open();
	return s->other < 0 ? -1 : 0;
}

static int run_close(struct state *s)
{
	close_fd(&s->other);
	return 0;
}

static int run_last_close(struct state *s)
{
	close_fd(&s->node);
	return 0;
}

/* Without a set again. */
static int undo_set(struct state *s)
{
	close_fd(&s->node);
	return prepare_empty_node(s);
}

static int run_alloc(struct state *s)
{
	return node_alloc_from(s->node, PASID_FAR, UINT_MAX, &s->answer[0]);
}

static int run_alloc_guest(struct state *s)
{
	return node_alloc_guest(s->node, GUEST_OTHER, &s->answer[0]);
}

static int undo_alloc(struct state *s)
{
	return node_free(s->node, s->answer[0], s->answer[0]);
}

static int run_free(struct state *s)
{
	return node_free(s->node, 0, UINT_MAX);
}

static int run_bind(struct state *s)
{
	return node_bind(s->node, s->pasid, GUEST_OTHER);
}

static int undo_bind(struct state *s)
{
	return node_unbind(s->node, GUEST_OTHER);
}

static int run_unbind(struct state *s)
{
	return node_unbind(s->node, GUEST_NEAR);
}

static int undo_unbind(struct state *s)
{
	return node_bind(s->node, s->bound, GUEST_NEAR);
}

static int run_list(struct state *s)
{
	struct ioasid_entry entries[2] = {};
	__u32 guest = 0, count = 2;

	if (node_list(s->node, &guest, &count, entries))
		return -1;
	s->answer[0] = guest;
	s->answer[1] = count;
	s->answer[2] = entries[0].guest;
	s->answer[3] = entries[0].pasid;
	s->answer[4] = entries[1].guest;
	s->answer[5] = entries[1].pasid;
	return 0;
}

static int answer_set(struct state *s, int err,
		      const struct ioasid_query_set *set)
{
	if (err)
		return err;
	s->answer[0] = set->pid;
	s->answer[1] = set->guarantee;
	s->answer[2] = set->limit;
	s->answer[3] = set->used;
	s->answer[4] = set->pending;
	s->answer[5] = set->local;
	s->answer[6] = set->available;
	return 0;
}

static int run_query(struct state *s)
{
	struct ioasid_query_set set;

	return answer_set(s, node_query(s->node, &set), &set);
}

static int run_query_id(struct state *s)
{
	struct ioasid_query_set set;

	return answer_set(s, node_query_id(s->node, s->id, &set), &set);
}

#define QUOTA	(IOASID_QUOTA_GUARANTEE | IOASID_QUOTA_LIMIT)

static int run_quota(struct state *s)
{
	return node_quota(s->node, QUOTA, 0, 10, 2000);
}

static int undo_quota(struct state *s)
{
	return node_quota(s->node, QUOTA, 0, 0, DEFAULT_LIMIT);
}

static int run_quota_id(struct state *s)
{
	return node_quota(s->node, QUOTA | IOASID_BY_ID, s->id, 10, 2000);
}

static int run_list_sets(struct state *s)
{
	struct ioasid_set_entry sets[2] = {};
	__u32 id = 0, count = 2;

	if (node_list_sets(s->node, &id, &count, sets))
		return -1;
	s->answer[0] = count;
	s->answer[1] = sets[1].pid;
	s->answer[2] = sets[1].used;
	s->answer[3] = sets[1].limit;
	return 0;
}

static int run_system(struct state *s)
{
	struct ioasid_query_system info;

	if (node_system(s->node, &info))
		return -1;
	s->answer[0] = info.capacity;
	s->answer[1] = info.shared_min;
	s->answer[2] = info.used;
	s->answer[3] = info.reserved;
	s->answer[4] = info.free;
	return 0;
}

static int undo_nothing(struct state *s)
{
	return 0;
}

/* -------- VFIO -------- */

static int run_set_iommu(struct state *s)
{
	return ioctl(s->c.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
}

static int undo_set_iommu(struct state *s)
{
	state_close(s);
	return prepare_no_iommu(s);
}

static int undo_vfio_set(struct state *s)
{
	state_close(s);
	return prepare_empty_container(s);
}

/* One call, with room for all capabilities. */
static int run_get_info(struct state *s)
{
	static union {
		struct vfio_iommu_type1_info info;
		__u8 bytes[4096];
	} all;
	struct vfio_iommu_type1_info_cap_pasid *cap;

	memset(&all, 0, sizeof(all));
	all.info.argsz = sizeof(all);
	if (ioctl(s->c.fd, VFIO_IOMMU_GET_INFO, &all.info))
		return -1;
	cap = (void *)find_cap(&all.info, VFIO_IOMMU_TYPE1_INFO_CAP_PASID);
	if (!cap)
		return 0;
	s->answer[0] = cap->pasid_bits;
	s->answer[1] = cap->guarantee;
	s->answer[2] = cap->limit;
	s->answer[3] = cap->used;
	s->answer[4] = cap->available;
	s->answer[5] = cap->shared_min;
	return 0;
}

static int run_vfio_alloc(struct state *s)
{
	return _test_alloc_pasid(s->c.fd, PASID_FAR, UINT_MAX, &s->answer[0]);
}

static int run_vfio_alloc_guest(struct state *s)
{
	return _test_alloc_guest(s->c.fd, GUEST_OTHER, &s->answer[0]);
}

static int undo_vfio_alloc(struct state *s)
{
	return _test_free_pasid(s->c.fd, s->answer[0], s->answer[0]);
}

static int run_alloc_local(struct state *s)
{
	return _test_alloc_local(s->c.fd, s->device, 100, UINT_MAX,
				 &s->answer[0]);
}

static int run_alloc_local_guest(struct state *s)
{
	return _test_alloc_local_guest(s->c.fd, s->device, GUEST_OTHER,
				       &s->answer[0]);
}

static int undo_alloc_local(struct state *s)
{
	return _test_free_local(s->c.fd, s->device, s->answer[0], s->answer[0]);
}

static int run_vfio_free(struct state *s)
{
	return _test_free_pasid(s->c.fd, 0, UINT_MAX);
}

static int undo_vfio_free(struct state *s)
{
	if (_test_alloc_pasid(s->c.fd, 0, UINT_MAX, &s->pasid))
		return -1;
	return _test_alloc_guest(s->c.fd, GUEST_NEAR, &s->bound);
}

static int run_free_local(struct state *s)
{
	return _test_free_local(s->c.fd, s->device, 0, UINT_MAX);
}

static int undo_free_local(struct state *s)
{
	__u32 pasid;

	if (_test_alloc_local(s->c.fd, s->device, 0, UINT_MAX, &s->local))
		return -1;
	return _test_alloc_local_guest(s->c.fd, s->device, GUEST_LOCAL, &pasid);
}

static int run_vfio_bind(struct state *s)
{
	return _test_bind_pasid(s->c.fd, s->pasid, GUEST_OTHER);
}

static int run_bind_local(struct state *s)
{
	return _test_bind_local(s->c.fd, s->device, s->local, GUEST_OTHER);
}

static int undo_vfio_bind(struct state *s)
{
	return _test_unbind_pasid(s->c.fd, GUEST_OTHER);
}

static int run_vfio_unbind(struct state *s)
{
	return _test_unbind_pasid(s->c.fd, GUEST_NEAR);
}

static int undo_vfio_unbind(struct state *s)
{
	return _test_bind_pasid(s->c.fd, s->bound, GUEST_NEAR);
}

static int answer_list(struct state *s, int err, __u32 guest, __u32 count,
		       const struct vfio_iommu_pasid_entry *entry)
{
	if (err)
		return err;
	s->answer[0] = guest;
	s->answer[1] = count;
	s->answer[2] = entry->guest;
	s->answer[3] = entry->pasid;
	s->answer[4] = entry->flags;
	return 0;
}

static int run_vfio_list(struct state *s)
{
	struct vfio_iommu_pasid_entry entry = {};
	__u32 guest = 0, count = 1;
	int err = _test_list_pasids(s->c.fd, &guest, &count, &entry);

	return answer_list(s, err, guest, count, &entry);
}

static int run_list_local(struct state *s)
{
	struct vfio_iommu_pasid_entry entry = {};
	__u32 guest = 0, count = 1;
	int err = _test_list_local(s->c.fd, s->device, &guest, &count, &entry);

	return answer_list(s, err, guest, count, &entry);
}

#define VFIO_QUOTA	(VFIO_PASID_QUOTA_GUARANTEE | VFIO_PASID_QUOTA_LIMIT)

static int run_vfio_quota(struct state *s)
{
	return _test_pasid_quota(s->c.fd, VFIO_QUOTA, 10, 2000);
}

static int undo_vfio_quota(struct state *s)
{
	return _test_pasid_quota(s->c.fd, VFIO_QUOTA, 0, DEFAULT_LIMIT);
}

/* -------- KVM -------- */

/*
 * If the kernel made a device and then cannot say which descriptor it has, the caller
 * has one that nobody told him of. So it is with every kind of device; it is the next
 * one.
 */
static int run_create(struct state *s)
{
	if (!vm_add_vfio(&s->vm))
		return 0;
	if (errno == EFAULT) {
		close(s->next_fd);
		errno = EFAULT;
	}
	return -1;
}

static int run_drop(struct state *s)
{
	vm_drop_vfio(&s->vm);
	return 0;
}

static int undo_create(struct state *s)
{
	return run_drop(s);
}

static int undo_drop(struct state *s)
{
	return vm_add_vfio(&s->vm);
}

static int run_add_file(struct state *s)
{
	return vm_add_file(&s->vm, s->c.group);
}

static int undo_add_file(struct state *s)
{
	return vm_del_file(&s->vm, s->c.group);
}

/* -------- each of them, with each fault -------- */

#define MAY_NOMEM	0x1	/* ENOMEM */
#define MAY_FAULT	0x2	/* EFAULT */
#define MAY_OTHER	0x4	/* what is not ours to say */

/* A call; where it leads from, and how it is undone. */
struct call_spec {
	int (*prepare)(struct state *s);
	int (*run)(struct state *s);
	int (*undo)(struct state *s);
	/* The errors that it has for faults, each of which is seen; 0 for none. */
	unsigned int errors;
	/* How often it asks for fail_ioasid. */
	unsigned int own;
	/* What fails may have made the set, with nothing in it. */
	bool makes_set;
	/* What is in debugfs may be missing. */
	bool makes_files;
};

/* How it went so far. */
struct trial {
	struct state s;
	struct books start;
	struct books before;
	struct books after;
	__u32 answer[ANSWER_WORDS];
	/* Errors that were seen. */
	unsigned int errors;
	unsigned int failed;
};

FIXTURE(call) {
	struct trial t;
};

FIXTURE_VARIANT(call) {
	struct call_spec spec;
};

/* The node. A close, and a free, need no memory: what is freed tells of itself. */

FIXTURE_VARIANT_ADD(call, open) {
	.spec = { prepare_none, run_open, run_close, MAY_NOMEM | MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, open_another) {
	.spec = { prepare_node, run_open, run_close, MAY_NOMEM | MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, close) {
	.spec = { prepare_two_nodes, run_close, run_open },
};

FIXTURE_VARIANT_ADD(call, last_close) {
	.spec = { prepare_node, run_last_close, prepare_node },
};

FIXTURE_VARIANT_ADD(call, alloc) {
	.spec = { prepare_node, run_alloc, undo_alloc,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, alloc_guest) {
	.spec = { prepare_node, run_alloc_guest, undo_alloc,
		  MAY_NOMEM | MAY_FAULT, .own = 2 },
};

FIXTURE_VARIANT_ADD(call, first_alloc) {
	.spec = { prepare_empty_node, run_alloc_guest, undo_set,
		  MAY_NOMEM | MAY_FAULT, .own = 3, .makes_set = true },
};

FIXTURE_VARIANT_ADD(call, free) {
	.spec = { prepare_node, run_free, node_pasids, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, bind) {
	.spec = { prepare_node, run_bind, undo_bind,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, unbind) {
	.spec = { prepare_node, run_unbind, undo_unbind, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, list) {
	.spec = { prepare_node, run_list, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, query_set) {
	.spec = { prepare_node, run_query, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, query_set_by_id) {
	.spec = { prepare_node, run_query_id, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, quota) {
	.spec = { prepare_node, run_quota, undo_quota, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, quota_by_id) {
	.spec = { prepare_node, run_quota_id, undo_quota, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, first_quota) {
	.spec = { prepare_empty_node, run_quota, undo_set,
		  MAY_NOMEM | MAY_FAULT, .own = 1, .makes_set = true },
};

FIXTURE_VARIANT_ADD(call, list_sets) {
	.spec = { prepare_node, run_list_sets, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, query_system) {
	.spec = { prepare_node, run_system, undo_nothing, MAY_FAULT },
};

/*
 * VFIO. Which error a device's way into an IOMMU ends with is for others to say. Its way
 * back is not here: the IOMMU core warns when it has no memory for that.
 */

FIXTURE_VARIANT_ADD(call, vfio_set_iommu) {
	.spec = { prepare_no_iommu, run_set_iommu, undo_set_iommu,
		  MAY_NOMEM | MAY_OTHER },
};

FIXTURE_VARIANT_ADD(call, vfio_get_info) {
	.spec = { prepare_container, run_get_info, undo_nothing,
		  MAY_NOMEM | MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_alloc) {
	.spec = { prepare_container, run_vfio_alloc, undo_vfio_alloc,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, vfio_alloc_guest) {
	.spec = { prepare_container, run_vfio_alloc_guest, undo_vfio_alloc,
		  MAY_NOMEM | MAY_FAULT, .own = 2 },
};

FIXTURE_VARIANT_ADD(call, vfio_first_alloc) {
	.spec = { prepare_empty_container, run_vfio_alloc_guest, undo_vfio_set,
		  MAY_NOMEM | MAY_FAULT, .own = 3, .makes_set = true },
};

FIXTURE_VARIANT_ADD(call, vfio_alloc_local) {
	.spec = { prepare_container, run_alloc_local, undo_alloc_local,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, vfio_alloc_local_guest) {
	.spec = { prepare_container, run_alloc_local_guest, undo_alloc_local,
		  MAY_NOMEM | MAY_FAULT, .own = 2 },
};

FIXTURE_VARIANT_ADD(call, vfio_first_alloc_local) {
	.spec = { prepare_shared, run_alloc_local_guest, undo_alloc_local,
		  MAY_NOMEM | MAY_FAULT, .own = 2 },
};

FIXTURE_VARIANT_ADD(call, vfio_free) {
	.spec = { prepare_container, run_vfio_free, undo_vfio_free, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_free_local) {
	.spec = { prepare_container, run_free_local, undo_free_local,
		  MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_bind) {
	.spec = { prepare_container, run_vfio_bind, undo_vfio_bind,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, vfio_bind_local) {
	.spec = { prepare_container, run_bind_local, undo_vfio_bind,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, vfio_unbind) {
	.spec = { prepare_container, run_vfio_unbind, undo_vfio_unbind,
		  MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_list) {
	.spec = { prepare_container, run_vfio_list, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_list_local) {
	.spec = { prepare_container, run_list_local, undo_nothing, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, vfio_quota) {
	.spec = { prepare_container, run_vfio_quota, undo_vfio_quota,
		  MAY_FAULT },
};

/* KVM. A page that is missing when a guest PASID is bound is got by a worker. */

FIXTURE_VARIANT_ADD(call, kvm_create) {
	.spec = { prepare_vm, run_create, undo_create,
		  MAY_NOMEM | MAY_FAULT, .makes_files = true },
};

FIXTURE_VARIANT_ADD(call, kvm_close) {
	.spec = { prepare_follower, run_drop, undo_drop },
};

FIXTURE_VARIANT_ADD(call, kvm_add_file) {
	.spec = { prepare_file, run_add_file, undo_add_file,
		  MAY_NOMEM | MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, kvm_alloc_guest) {
	.spec = { prepare_follower, run_alloc_guest, undo_alloc,
		  MAY_NOMEM | MAY_FAULT, .own = 2 },
};

FIXTURE_VARIANT_ADD(call, kvm_first_alloc) {
	.spec = { prepare_empty_follower, run_alloc_guest, undo_set,
		  MAY_NOMEM | MAY_FAULT, .own = 3, .makes_set = true },
};

FIXTURE_VARIANT_ADD(call, kvm_bind) {
	.spec = { prepare_follower, run_bind, undo_bind,
		  MAY_NOMEM | MAY_FAULT, .own = 1 },
};

FIXTURE_VARIANT_ADD(call, kvm_unbind) {
	.spec = { prepare_follower, run_unbind, undo_unbind, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, kvm_free) {
	.spec = { prepare_follower, run_free, node_pasids, MAY_FAULT },
};

FIXTURE_VARIANT_ADD(call, kvm_last_close_of_node) {
	.spec = { prepare_follower, run_last_close, prepare_node },
};

static bool has_faults;

/* Once for all tests. */
static __attribute__((constructor)) void prepare_faults(void)
{
	has_faults = !missing_faults() && !faults_init();
}

static void cgroup_leave(void)
{
	cg_enter("");
	cg_remove(CGROUP);
}

FIXTURE_SETUP(call)
{
	const char *why = missing_faults() ?: missing(1) ?: missing_kvm();

	self->t.s = NO_STATE;
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, books_open(CGROUP));
	ASSERT_EQ(0, cg_make(CGROUP, false));
	ASSERT_EQ(0, cg_enter(CGROUP));
	ASSERT_TRUE(has_faults);
	ASSERT_EQ(0, fault_open());
}

FIXTURE_TEARDOWN(call)
{
	state_close(&self->t.s);
	close_fd(&fault_nth);
	cgroup_leave();
}

static unsigned int error_bit(int error)
{
	switch (error) {
	case ENOMEM:
		return MAY_NOMEM;
	case EFAULT:
		return MAY_FAULT;
	default:
		return MAY_OTHER;
	}
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* What a call that failed left is as before, but for a set that may be there. */
static bool is_undone(struct trial *t, bool makes_set)
{
	struct books expected = t->before, b = {};

	if (makes_set)
		books_read(&t->s, &b);
	if (b.set.pid) {
		expected.sets++;
		expected.set = b.set;
		expected.set.used = 0;
		expected.set.pending = 0;
		expected.set.local = 0;
		expected.set.guarantee = 0;
		expected.set.limit = DEFAULT_LIMIT;
	}
	return books_are(&t->s, &expected, "after a call that failed");
}

static bool is_done(struct trial *t, bool makes_files)
{
	struct books expected = t->after, b = { .table = true };

	if (memcmp(t->s.answer, t->answer, sizeof(t->answer))) {
		printf("# another answer\n");
		return false;
	}
	if (makes_files)
		books_read(&t->s, &b);
	if (!b.table) {
		expected.table = false;
		expected.table_right = false;
		expected.entries = 0;
		expected.tables = 0;
	}
	return books_are(&t->s, &expected, "after a call that passed");
}

static bool undo_call(struct trial *t, const struct call_spec *call)
{
	if (call->undo(&t->s)) {
		printf("# it cannot be undone: %s\n", strerror(errno));
		return false;
	}
	return books_are(&t->s, &t->before, "after it was undone");
}

/* It failed, and must have done nothing; and the same call must pass now. */
static bool fails_well(struct trial *t, const struct call_spec *call, bool fired,
		       int error)
{
	if (!fired || !(error_bit(error) & call->errors)) {
		printf("# %s fault: %s\n", fired ? "with a" : "without",
		       strerror(error));
		return false;
	}
	t->errors |= error_bit(error);
	t->failed++;
	if (!is_undone(t, call->makes_set))
		return false;
	if (!call->run(&t->s))
		return true;
	printf("# once more: %s\n", strerror(errno));
	return false;
}

/* The @nth step fails: 1, 0 if there are not so many, -1 if it was not as it should. */
static int try_nth(struct trial *t, const struct call_spec *call,
		   enum fault fault, unsigned int nth)
{
	struct state *s = &t->s;
	int ret, error;
	bool fired;

	s->next_fd = lowest_free_fd();
	memset(s->answer, 0, sizeof(s->answer));
	if (fault_begin(fault, nth))
		return -1;
	ret = call->run(s);
	error = errno;
	fired = fault_end(fault);

	if (ret && !fails_well(t, call, fired, error))
		return -1;
	if (!is_done(t, fired && call->makes_files) || !undo_call(t, call))
		return -1;
	return fired;
}

/* One after the other; how many there were, -1 if one was not as it should be. */
static int try_all(struct trial *t, const struct call_spec *call,
		   enum fault fault)
{
	unsigned int nth, clean = 0;
	int fired, faults = 0;

	for (nth = 1; clean < CLEAN_RUNS; nth++) {
		fired = nth < MAX_STEPS ? try_nth(t, call, fault, nth) : -1;
		if (fired < 0) {
			printf("# fault %u\n", nth);
			return -1;
		}
		faults += fired;
		clean = fired ? 0 : clean + 1;
	}
	return faults;
}

TEST_F(call, each_fault_is_undone)
{
	const struct call_spec *call = &variant->spec;
	struct trial *t = &self->t;
	struct state *s = &t->s;
	int steps, pages, copies, own;
	__u64 start = now_ns();

	books_read(s, &t->start);
	ASSERT_EQ(0, call->prepare(s));
	books_read(s, &t->before);

	/* What it does without a fault, which can be undone. */
	s->next_fd = lowest_free_fd();
	ASSERT_EQ(0, call->run(s));
	memcpy(t->answer, s->answer, sizeof(t->answer));
	books_read(s, &t->after);
	ASSERT_TRUE(undo_call(t, call));

	steps = try_all(t, call, FAULT_ANY);
	ASSERT_LE(0, steps);
	pages = try_all(t, call, FAULT_PAGE);
	ASSERT_LE(0, pages);
	copies = try_all(t, call, FAULT_COPY);
	ASSERT_LE(0, copies);
	own = try_all(t, call, FAULT_IOASID);
	ASSERT_LE(0, own);
	printf("# faults at %d steps; %d pages, %d copies, %d for good; %u failed; %llu ms\n",
	       steps, pages, copies, own, t->failed,
	       (now_ns() - start) / 1000000);

	/* It was not in vain: each error came, and what one fault does not show. */
	EXPECT_EQ(0, call->errors & ~t->errors & ~MAY_OTHER);
	EXPECT_EQ(call->own, own);
	if (call->errors)
		EXPECT_LT(0, steps);

	state_close(s);
	EXPECT_TRUE(books_are(s, &t->start, "at the end"));
}

TEST_HARNESS_MAIN
