// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ioasid_kvm.h"
#include "ioasid_peer.h"

#define PEER_SOCK	3

enum peer_op {
	PEER_OPEN,
	PEER_CLOSE,
	PEER_DROP,
	PEER_GIVE,
	PEER_GIVE_GROUP,
	PEER_TAKE,
	PEER_TAKE_GROUP,
	PEER_STEAL,
	PEER_ALLOC,
	PEER_FREE,
	PEER_ALLOC_GUEST,
	PEER_ALLOC_LOCAL,
	PEER_BIND,
	PEER_UNBIND,
	PEER_FIND_GUEST,
	PEER_QUOTA,
	PEER_INFO,
	PEER_VM_OPEN,
	PEER_VM_CLOSE,
	PEER_CHURN,
	PEER_FORK,
	PEER_EXEC,
};

struct peer_request {
	__u32 op;
	__u32 slot;
	__u32 arg[3];
};

struct peer_answer {
	__s32 ret;
	__s32 err;
	struct pasid_batch batch;
	struct pasid_info info;
};

union fd_control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int send_with_fd(int sock, void *buf, size_t len, int fd)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	union fd_control control = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static int recv_with_fd(int sock, void *buf, size_t len, int *fd)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	union fd_control control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t got;

	*fd = -1;
	do {
		got = recvmsg(sock, &msg, 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)len) {
		if (got >= 0)
			errno = EPIPE;
		return -1;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cmsg), sizeof(int));
	return 0;
}

/* -------- the other side -------- */

static struct container peer_containers[PEER_SLOTS];
static struct vm peer_vm;

static int move_fd(int *to, int from)
{
	if (from < 0)
		return -1;
	if (*to >= 0)
		close(*to);
	*to = from;
	return 0;
}

/* The number of the first container that @pid has open. */
static int find_container(pid_t pid)
{
	char path[64], link[PATH_MAX];
	struct dirent *entry;
	int found = -1;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && found < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%.10s", pid,
			 entry->d_name);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		if (!strcmp(link, "/dev/vfio/vfio"))
			found = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (found < 0)
		errno = ENOENT;
	return found;
}

static int steal_container(pid_t pid)
{
	int number = find_container(pid), pidfd, fd;

	if (number < 0)
		return -1;
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -1;
	fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	close(pidfd);
	return fd;
}

static int serve_alloc(int fd, struct peer_request *req,
		       struct pasid_batch *batch)
{
	__u32 pasid, i;

	for (i = 0; i < req->arg[2]; i++) {
		if (_test_alloc_pasid(fd, req->arg[0], req->arg[1], &pasid))
			break;
		if (i < PEER_BATCH)
			batch->pasid[i] = pasid;
	}
	batch->nr = i;
	return i == req->arg[2] ? 0 : -1;
}

static int serve_alloc_local(struct container *c, struct peer_request *req,
			     __u32 *pasid)
{
	static int device = -1;

	if (device < 0)
		device = device_open(c, req->arg[0]);
	return _test_alloc_local(c->fd, device, req->arg[1], UINT_MAX, pasid);
}

static int serve_vm_open(__u32 *fd)
{
	if (vm_open(&peer_vm) || vm_add_vfio(&peer_vm))
		return -1;
	*fd = peer_vm.vm;
	return 0;
}

static void churn(int fd)
{
	unsigned int seed = getpid();
	__u32 pasid;

	for (;;) {
		if (rand_r(&seed) % 4)
			_test_alloc_pasid(fd, 0, UINT_MAX, &pasid);
		else
			_test_free_pasid(fd, pasid, pasid);
	}
}

static void serve_exec(void)
{
	char args[2 * PEER_SLOTS][12];
	struct container *c = peer_containers;

	snprintf(args[0], sizeof(args[0]), "%d", c[0].fd);
	snprintf(args[1], sizeof(args[1]), "%d", c[0].group);
	snprintf(args[2], sizeof(args[2]), "%d", c[1].fd);
	snprintf(args[3], sizeof(args[3]), "%d", c[1].group);
	execl("/proc/self/exe", "peer", PEER_ARG, args[0], args[1], args[2],
	      args[3], NULL);
}

/* In the child the line leads to whoever holds the other end of @sock. */
static int serve_fork(int sock)
{
	pid_t pid = fork();

	if (pid) {
		close(sock);
		return pid;
	}
	dup2(sock, PEER_SOCK);
	close(sock);
	return 0;
}

static int serve(struct peer_request *req, struct peer_answer *answer, int fd)
{
	struct container *c = &peer_containers[req->slot];

	switch (req->op) {
	case PEER_OPEN:
		return container_open(c, req->arg[0]);
	case PEER_CLOSE:
		container_close(c);
		return 0;
	case PEER_DROP:
		return drop_privilege(req->arg[0]);
	case PEER_TAKE:
		return move_fd(&c->fd, fd);
	case PEER_TAKE_GROUP:
		return move_fd(&c->group, fd);
	case PEER_STEAL:
		return move_fd(&c->fd, steal_container(req->arg[0]));
	case PEER_ALLOC:
		return serve_alloc(c->fd, req, &answer->batch);
	case PEER_FREE:
		return _test_free_pasid(c->fd, req->arg[0], req->arg[1]);
	case PEER_ALLOC_GUEST:
		return _test_alloc_guest(c->fd, req->arg[0],
					 answer->batch.pasid);
	case PEER_ALLOC_LOCAL:
		return serve_alloc_local(c, req, answer->batch.pasid);
	case PEER_BIND:
		return _test_bind_pasid(c->fd, req->arg[0], req->arg[1]);
	case PEER_UNBIND:
		return _test_unbind_pasid(c->fd, req->arg[0]);
	case PEER_FIND_GUEST:
		answer->batch.pasid[0] = pasid_of_guest(c->fd, req->arg[0]);
		return 0;
	case PEER_QUOTA:
		return _test_pasid_quota(c->fd, req->arg[0], req->arg[1],
					 req->arg[2]);
	case PEER_INFO:
		return _test_pasid_info(c->fd, &answer->info);
	case PEER_VM_OPEN:
		return serve_vm_open(answer->batch.pasid);
	case PEER_VM_CLOSE:
		vm_close(&peer_vm);
		return 0;
	case PEER_FORK:
		return serve_fork(fd);
	case PEER_CHURN:
		churn(c->fd);
		break;
	case PEER_EXEC:
		serve_exec();
		return -1;
	default:
		break;
	}
	return 0;
}

/* Does not return. */
static void peer_serve(void)
{
	struct peer_request req;
	int fd;

	signal(SIGCHLD, SIG_IGN);
	while (!recv_with_fd(PEER_SOCK, &req, sizeof(req), &fd)) {
		struct peer_answer answer = {};
		int give = -1;

		answer.ret = serve(&req, &answer, fd);
		answer.err = errno;
		if (req.op == PEER_GIVE)
			give = peer_containers[req.slot].fd;
		if (req.op == PEER_GIVE_GROUP)
			give = peer_containers[req.slot].group;
		if (send_with_fd(PEER_SOCK, &answer, sizeof(answer), give))
			break;
	}
	_exit(0);
}

void peer_main(int argc, char **argv)
{
	int i;

	for (i = 0; i < PEER_SLOTS; i++) {
		if (2 * i + 3 >= argc)
			_exit(1);
		peer_containers[i].fd = atoi(argv[2 * i + 2]);
		peer_containers[i].group = atoi(argv[2 * i + 3]);
	}
	peer_vm = NO_VM;
	/* The one who asked for the new program waits for a word from it. */
	if (send_with_fd(PEER_SOCK, &(struct peer_answer) {},
			 sizeof(struct peer_answer), -1))
		_exit(1);
	peer_serve();
}

/* -------- our side -------- */

static int peer_send(struct peer *peer, struct peer_request *req, int fd)
{
	req->slot = peer->slot;
	return send_with_fd(peer->sock, req, sizeof(*req), fd);
}

static int peer_recv(struct peer *peer, struct peer_answer *answer, int *fd)
{
	int dummy;

	if (recv_with_fd(peer->sock, answer, sizeof(*answer), fd ?: &dummy))
		return -1;
	errno = answer->err;
	return answer->ret;
}

static int peer_call(struct peer *peer, enum peer_op op, __u32 a, __u32 b,
		     __u32 c)
{
	struct peer_request req = { .op = op, .arg = { a, b, c } };
	struct peer_answer answer;

	if (peer_send(peer, &req, -1))
		return -1;
	return peer_recv(peer, &answer, NULL);
}

static int peer_line(int pair[2])
{
	struct timeval patience = { .tv_sec = 2 * WAIT_SECONDS };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return -1;
	return setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
			  sizeof(patience));
}

int peer_start(struct peer *peer)
{
	int pair[2], i;

	*peer = (struct peer) { .pid = -1, .sock = -1 };
	/* Children of peers become ours when the peer is killed. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	nr_devices();
	if (peer_line(pair))
		return -1;

	fflush(stdout);
	peer->pid = fork();
	if (!peer->pid) {
		dup2(pair[1], PEER_SOCK);
		close_range(PEER_SOCK + 1, ~0U, 0);
		for (i = 0; i < PEER_SLOTS; i++)
			peer_containers[i] = NO_CONTAINER;
		peer_vm = NO_VM;
		peer_serve();
	}
	peer->sock = pair[0];
	close(pair[1]);
	return peer->pid < 0 ? -1 : 0;
}

int peer_fork(struct peer *peer, struct peer *child)
{
	struct peer_request req = { .op = PEER_FORK };
	struct peer_answer answer;
	int pair[2];

	*child = (struct peer) { .pid = -1, .sock = -1, .slot = peer->slot };
	if (peer_line(pair))
		return -1;
	child->sock = pair[0];
	if (peer_send(peer, &req, pair[1]))
		return -1;
	close(pair[1]);
	child->pid = peer_recv(peer, &answer, NULL);
	if (child->pid < 0)
		return -1;
	/* The child says that it is there. */
	return peer_recv(child, &answer, NULL);
}

int peer_exec(struct peer *peer)
{
	return peer_call(peer, PEER_EXEC, 0, 0, 0);
}

int peer_open(struct peer *peer, unsigned int dev)
{
	return peer_call(peer, PEER_OPEN, dev, 0, 0);
}

int peer_close(struct peer *peer)
{
	return peer_call(peer, PEER_CLOSE, 0, 0, 0);
}

int peer_drop(struct peer *peer, enum drop how)
{
	return peer_call(peer, PEER_DROP, how, 0, 0);
}

static int peer_ask_fd(struct peer *peer, enum peer_op op)
{
	struct peer_request req = { .op = op };
	struct peer_answer answer;
	int fd;

	if (peer_send(peer, &req, -1) || peer_recv(peer, &answer, &fd))
		return -1;
	return fd;
}

int peer_give(struct peer *peer)
{
	return peer_ask_fd(peer, PEER_GIVE);
}

int peer_give_group(struct peer *peer)
{
	return peer_ask_fd(peer, PEER_GIVE_GROUP);
}

static int peer_pass(struct peer *peer, enum peer_op op, int fd)
{
	struct peer_request req = { .op = op };
	struct peer_answer answer;

	if (peer_send(peer, &req, fd))
		return -1;
	return peer_recv(peer, &answer, NULL);
}

int peer_take(struct peer *peer, int fd)
{
	return peer_pass(peer, PEER_TAKE, fd);
}

int peer_take_group(struct peer *peer, int group)
{
	return peer_pass(peer, PEER_TAKE_GROUP, group);
}

int peer_steal(struct peer *peer, pid_t pid)
{
	return peer_call(peer, PEER_STEAL, pid, 0, 0);
}

int peer_alloc(struct peer *peer, __u32 min, __u32 max, __u32 *pasid)
{
	struct peer_request req = { .op = PEER_ALLOC, .arg = { min, max, 1 } };
	struct peer_answer answer;

	if (peer_send(peer, &req, -1) || peer_recv(peer, &answer, NULL))
		return -1;
	*pasid = answer.batch.pasid[0];
	return 0;
}

int peer_alloc_begin(struct peer *peer, __u32 min, __u32 max, __u32 nr)
{
	struct peer_request req = { .op = PEER_ALLOC, .arg = { min, max, nr } };

	return peer_send(peer, &req, -1);
}

int peer_alloc_end(struct peer *peer, struct pasid_batch *batch)
{
	struct peer_answer answer = {};
	int ret = peer_recv(peer, &answer, NULL);

	*batch = answer.batch;
	return ret;
}

int peer_alloc_some(struct peer *peer, __u32 nr, struct pasid_batch *batch)
{
	if (peer_alloc_begin(peer, 0, UINT_MAX, nr))
		return -1;
	return peer_alloc_end(peer, batch);
}

int peer_free(struct peer *peer, __u32 min, __u32 max)
{
	return peer_call(peer, PEER_FREE, min, max, 0);
}

static int peer_call_for_pasid(struct peer *peer, enum peer_op op, __u32 a,
			       __u32 b, __u32 *pasid)
{
	struct peer_request req = { .op = op, .arg = { a, b } };
	struct peer_answer answer = {};
	int ret;

	if (peer_send(peer, &req, -1))
		return -1;
	ret = peer_recv(peer, &answer, NULL);
	*pasid = answer.batch.pasid[0];
	return ret;
}

int peer_alloc_guest(struct peer *peer, __u32 guest, __u32 *pasid)
{
	return peer_call_for_pasid(peer, PEER_ALLOC_GUEST, guest, 0, pasid);
}

int peer_alloc_local(struct peer *peer, unsigned int dev, __u32 min,
		     __u32 *pasid)
{
	return peer_call_for_pasid(peer, PEER_ALLOC_LOCAL, dev, min, pasid);
}

__u32 peer_pasid_of_guest(struct peer *peer, __u32 guest)
{
	__u32 pasid;

	if (peer_call_for_pasid(peer, PEER_FIND_GUEST, guest, 0, &pasid))
		return 0;
	return pasid;
}

int peer_bind(struct peer *peer, __u32 pasid, __u32 guest)
{
	return peer_call(peer, PEER_BIND, pasid, guest, 0);
}

int peer_unbind(struct peer *peer, __u32 guest)
{
	return peer_call(peer, PEER_UNBIND, guest, 0, 0);
}

int peer_quota(struct peer *peer, __u32 flags, __u32 guarantee, __u32 limit)
{
	return peer_call(peer, PEER_QUOTA, flags, guarantee, limit);
}

int peer_info(struct peer *peer, struct pasid_info *info)
{
	struct peer_request req = { .op = PEER_INFO };
	struct peer_answer answer;

	if (peer_send(peer, &req, -1) || peer_recv(peer, &answer, NULL))
		return -1;
	*info = answer.info;
	return 0;
}

__u32 peer_used(struct peer *peer)
{
	struct pasid_info info;

	return peer_info(peer, &info) ? UINT_MAX : info.used;
}

int peer_vm_open(struct peer *peer, struct vm *view)
{
	__u32 fd;

	*view = NO_VM;
	if (peer_call_for_pasid(peer, PEER_VM_OPEN, 0, 0, &fd))
		return -1;
	vm_look(view, peer->pid, fd);
	return 0;
}

int peer_vm_close(struct peer *peer)
{
	return peer_call(peer, PEER_VM_CLOSE, 0, 0, 0);
}

int peer_churn(struct peer *peer)
{
	struct peer_request req = { .op = PEER_CHURN };

	return peer_send(peer, &req, -1);
}

static void peer_reap(struct peer *peer)
{
	/* A child of a living peer is that one's to wait for. */
	if (peer->pid > 0)
		waitpid(peer->pid, NULL, 0);
	if (peer->sock >= 0)
		close(peer->sock);
	*peer = (struct peer) { .pid = -1, .sock = -1 };
}

void peer_kill(struct peer *peer)
{
	if (peer->pid > 0)
		kill(peer->pid, SIGKILL);
	peer_reap(peer);
}

void peer_end(struct peer *peer)
{
	if (peer->sock >= 0)
		close(peer->sock);
	peer->sock = -1;
	peer_reap(peer);
}
