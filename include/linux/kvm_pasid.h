/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VM's PASIDs stand for, kept for processors that translate them.
 */
#ifndef __LINUX_KVM_PASID_H
#define __LINUX_KVM_PASID_H

#include <linux/types.h>

struct kvm;

#ifdef CONFIG_KVM_PASID
int kvm_pasid_open(struct kvm *kvm, bool walked);
void kvm_pasid_close(struct kvm *kvm);
phys_addr_t kvm_pasid_directory(struct kvm *kvm, unsigned int nr);
void kvm_pasid_follow(struct kvm *kvm);
void kvm_pasid_unfollow(struct kvm *kvm);
#else
static inline int kvm_pasid_open(struct kvm *kvm, bool walked)
{
	return 0;
}

static inline void kvm_pasid_close(struct kvm *kvm)
{
}

static inline phys_addr_t kvm_pasid_directory(struct kvm *kvm, unsigned int nr)
{
	return 0;
}

static inline void kvm_pasid_follow(struct kvm *kvm)
{
}

static inline void kvm_pasid_unfollow(struct kvm *kvm)
{
}
#endif

#endif /* __LINUX_KVM_PASID_H */
