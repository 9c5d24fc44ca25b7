// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioasidctl.h"
#include "table.h"

void table_begin_row(struct table *table)
{
	size_t cells = (size_t)(table->nr_rows + 1) * TABLE_COLUMNS;

	table->cells = realloc(table->cells, cells * sizeof(*table->cells));
	if (!table->cells)
		fail(STATUS_FAILED, "no memory for a table");
	memset(&table->cells[cells - TABLE_COLUMNS], 0,
	       TABLE_COLUMNS * sizeof(*table->cells));
	table->nr_rows++;
}

void table_cell(struct table *table, unsigned int column, const char *format, ...)
{
	char **cell = &table->cells[(table->nr_rows - 1) * TABLE_COLUMNS + column];
	va_list args;
	char *c;

	va_start(args, format);
	if (vasprintf(cell, format, args) < 0)
		fail(STATUS_FAILED, "no memory for a table");
	va_end(args);
	/* A process may call itself what it likes: no escape gets to the terminal. */
	for (c = *cell; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

void table_limit(struct table *table, unsigned int column, __u32 limit)
{
	if (limit == UINT32_MAX)
		table_cell(table, column, "max");
	else
		table_cell(table, column, "%u", limit);
}

static const char *cell(const struct table *table, unsigned int row, unsigned int column)
{
	return table->cells[row * TABLE_COLUMNS + column] ?: "";
}

static void print_cell(const char *text, const char *heading, int width, bool last)
{
	if (*heading != '<')
		printf("%*s", width, text);
	else if (last)
		fputs(text, stdout);
	else
		printf("%-*s", width, text);
	fputs(last ? "\n" : "  ", stdout);
}

void table_end(struct table *table)
{
	int width[TABLE_COLUMNS] = {};
	unsigned int i, n, row;

	for (n = 0; table->headings[n]; n++) {
		width[n] = strlen(table->headings[n]) - (*table->headings[n] == '<');
		for (row = 0; row < table->nr_rows; row++) {
			int len = strlen(cell(table, row, n));

			if (len > width[n])
				width[n] = len;
		}
	}
	for (i = 0; i < n; i++)
		print_cell(table->headings[i] + (*table->headings[i] == '<'),
			   table->headings[i], width[i], i == n - 1);
	for (row = 0; row < table->nr_rows; row++)
		for (i = 0; i < n; i++)
			print_cell(cell(table, row, i), table->headings[i],
				   width[i], i == n - 1);
	for (i = 0; i < table->nr_rows * TABLE_COLUMNS; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->nr_rows = 0;
}
