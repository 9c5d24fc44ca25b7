/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aligned columns. Numbers are on the right of theirs, names on the left.
 */
#ifndef __IOASID_TABLE_H
#define __IOASID_TABLE_H

#include <linux/compiler.h>
#include <linux/types.h>

#define TABLE_COLUMNS	8

struct table {
	/* Ends with NULL; one that begins with '<' stands on the left. */
	const char *headings[TABLE_COLUMNS + 1];
	/* nr_rows times TABLE_COLUMNS, by malloc */
	char **cells;
	unsigned int nr_rows;
};

/* A row with nothing in it yet. */
void table_begin_row(struct table *table);
/* The cell in column @column of the last row; printable characters alone. */
__printf(3, 4)
void table_cell(struct table *table, unsigned int column, const char *format, ...);
void table_limit(struct table *table, unsigned int column, __u32 limit);
/* Print it, headings first, and let go of the rows. */
void table_end(struct table *table);

#endif /* __IOASID_TABLE_H */
