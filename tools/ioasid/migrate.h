/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PASIDs of a VM, moved to another host. For VMMs: libc and the uAPI of VFIO
 * are all that this takes.
 */
#ifndef __IOASID_MIGRATE_H
#define __IOASID_MIGRATE_H

/**
 * DOC: moving PASIDs
 *
 * A guest knows its PASIDs by numbers of its own. These have to be the same after
 * the VM has moved; the numbers of the host behind them will be others. So what
 * moves is the list of guest PASIDs, each with its kind: shared, or local to a
 * device. ioasid_save() writes this list to a file descriptor, ioasid_restore()
 * reads it from one, allocates as many PASIDs and binds them to the same guest
 * PASIDs. PASIDs that have no guest PASID are not moved: no guest knows them.
 *
 * Both want the descriptor of a container of the VM, any of them, since all share
 * one set; and the VM's devices in an order that is the same on both hosts, as that
 * of their slots is: a stream names a device by its place in this order.
 *
 * ioasid_save() changes nothing and may be called while the guest runs. What is
 * bound all the while is saved, and nothing twice. The one that counts is the last,
 * while no vCPU runs.
 *
 * ioasid_restore() reads all of the stream and looks at it, then looks whether this
 * host can have it, and only then begins to allocate. A stream or a host that will
 * not do is refused before anything was changed. If an allocation fails then,
 * because others on the host were faster, what was made is freed again. Either all
 * PASIDs of the stream are there afterwards or none. While it runs, nobody else may
 * free what it makes.
 *
 * It takes exactly the bytes that ioasid_save() has written, so that the stream may
 * be a part of a longer one. Only where it refuses a header it leaves the rest
 * unread, because nobody knows then how much that would be.
 *
 * The source keeps its PASIDs until it is told to free them, which is for the VMM
 * to do when the destination has said that it has them all.
 *
 * The descriptor should be a blocking one. A signal does not end the calls; that
 * they are not to wait for ever can be said by SO_RCVTIMEO and SO_SNDTIMEO, or by
 * closing the other end. Who writes to a pipe or socket wants to ignore SIGPIPE.
 *
 * Errors come with a sentence for the log and with the kind of cause, because what
 * can be done differs:
 *
 * - IOASID_MIGRATE_TRANSPORT: the descriptor failed. Try again, over another one.
 *   The errno is that of read() or write().
 * - IOASID_MIGRATE_STREAM: the stream is refused. Trying again helps only if
 *   something has damaged it on its way.
 * - IOASID_MIGRATE_HOST: it cannot be done on this host.
 *
 * ======  ===============  =================================================
 * cause   errno            what it means
 * ======  ===============  =================================================
 * stream  ENODATA          it ends before its end
 * stream  EPROTO           it is no stream of PASIDs
 * stream  EPROTONOSUPPORT  its version is unknown here, mostly a newer one
 * stream  EBADMSG          it is damaged, or contradicts itself
 * host    EOPNOTSUPP       this system, or this container, has no PASIDs
 * host    ERANGE           shared_min is not what it is on the source
 * host    ENODEV           a PASID is local to a device that was not given
 * host    EEXIST           a guest PASID of the stream is in use here
 * host    EDQUOT           the limit of the set leaves too few PASIDs
 * host    ENOSPC           the system, or the caller's cgroup, leaves too few
 * host    EBUSY            the caller's cgroup left too few in the end
 * host    ENOMEM           no memory
 * host    others           of a VFIO call; see <linux/vfio_pasid.h>
 * ======  ===============  =================================================
 */

/**
 * DOC: PASID stream
 *
 * Version 1. All numbers are unsigned and little endian.
 *
 * ======  =====  ==============================================================
 * offset  bytes  header
 * ======  =====  ==============================================================
 * 0       8      "PASIDs" and the bytes 0d 0a, which who takes the stream for a
 *                text damages first
 * 8       4      version: 1
 * 12      4      size of the header: 48
 * 16      8      size of the whole stream: 48 + 8 * entries + 4
 * 24      4      shared_min of the source, 1 to 0x100000
 * 28      4      number of devices of the VM, at most 65536
 * 32      4      number of entries for shared PASIDs
 * 36      4      number of entries for local ones
 * 40      4      reserved: 0
 * 44      4      CRC-32 of bytes 0 to 43
 * ======  =====  ==============================================================
 *
 * The entries follow, in ascending order of guest PASIDs, none of them twice:
 *
 * ======  =====  ==============================================================
 * offset  bytes  entry
 * ======  =====  ==============================================================
 * 0       4      guest PASID, 0 to 0xfffff
 * 4       2      kind: 0 for shared, 1 for local
 * 6       2      of a local one, the device: its place in the order, from 0;
 *                of a shared one 0
 * ======  =====  ==============================================================
 *
 * The last 4 bytes are the CRC-32 of everything before them. CRC-32 is the one of
 * IEEE 802.3 and zlib.
 *
 * Guest PASIDs have 20 bits and are unique, so a stream has 1048576 entries at most
 * and 8388660 bytes. A device has fewer local PASIDs than shared_min. Whoever reads
 * holds the stream against all of this; there is nothing that is ignored.
 *
 * The first 16 bytes stay what they are in versions to come. A reader that does not
 * know a version refuses it. The header has a checksum of its own because its
 * sizes are believed before the end of the stream has arrived.
 */

/* What failed. */
enum ioasid_migrate_cause {
	IOASID_MIGRATE_TRANSPORT,
	IOASID_MIGRATE_STREAM,
	IOASID_MIGRATE_HOST,
};

/**
 * struct ioasid_migrate_error - why a call has failed
 * @cause: whether it was the descriptor, what came out of it, or the host
 * @error: the errno, positive
 * @text: a sentence about it, with the numbers
 */
struct ioasid_migrate_error {
	enum ioasid_migrate_cause cause;
	int error;
	char text[160];
};

/**
 * struct ioasid_migrate_device - a device of the VM
 * @container: the container that its group is in
 * @device: from VFIO_GROUP_GET_DEVICE_FD
 */
struct ioasid_migrate_device {
	int container;
	int device;
};

int ioasid_save(int container, const struct ioasid_migrate_device *devices,
		unsigned int nr_devices, int to,
		struct ioasid_migrate_error *why);
int ioasid_restore(int container, const struct ioasid_migrate_device *devices,
		   unsigned int nr_devices, int from,
		   struct ioasid_migrate_error *why);

#endif /* __IOASID_MIGRATE_H */
