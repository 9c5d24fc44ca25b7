/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names that a spinlock has in the kernel, for whichever spin_lock() was chosen:
 * there are no interrupts here.
 */
#ifndef BENCH_SHIM_SPIN_H
#define BENCH_SHIM_SPIN_H

#define spin_lock_nested(lock, subclass)	spin_lock(lock)
#define spin_lock_bh(lock)			spin_lock(lock)
#define spin_unlock_bh(lock)			spin_unlock(lock)
#define spin_lock_irq(lock)			spin_lock(lock)
#define spin_unlock_irq(lock)			spin_unlock(lock)
#define spin_lock_irqsave(lock, flags)		\
	do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags)	\
	do { (void)(flags); spin_unlock(lock); } while (0)

#endif /* BENCH_SHIM_SPIN_H */
