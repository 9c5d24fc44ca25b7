/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets, as the commands name and print them.
 */
#ifndef __IOASID_SET_H
#define __IOASID_SET_H

#include <json-c/json.h>
#include <linux/ioasid.h>

/* All sets of the system at about one moment. */
struct sets {
	struct ioasid_set_entry *sets;
	unsigned int nr;
};

enum set_order { SETS_BY_ID, SETS_BY_USE, SETS_BY_PID };

void sets_read(struct sets *sets, int fd, enum set_order order);
void sets_release(struct sets *sets);
struct json_object *sets_to_json(const struct sets *sets);

/* "7" is the set with this id, "pid=712" the one that process 712 made. */
__u32 set_id(int fd, const char *name);
/* The same, but a set that is not there ends the program. */
__u32 set_that_exists(int fd, const char *name);

#endif /* __IOASID_SET_H */
