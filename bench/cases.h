/* SPDX-License-Identifier: GPL-2.0-only */
/* Sequences that failed once, as check prints them. Never fewer than one row. */
{
	.cap = 2,
	.nr = 2, .step = {
		STEP(ALLOC, 0, 0, -1, 0, 0, 0, 0),
		STEP(FREE, 0, 0, 1),
	},
},
/* Memory for one node of the tree of private IDs, and not for the next. */
{
	.cap = 3,
	.nr = 2, .step = {
		STEP(CREATE, 1, 0, 0, 1),	/* set 1 token 0 guarantee 0 limit 1 */
		STEP_FAIL(3, 3, ALLOC, 1, 0, 0, 0, 64, 1, 0),	/* private 64 */
	},
},
{
	.cap = 4, .local = 3,
	.nr = 4, .step = {
		STEP(CREATE, 2, 0, 0, 2),	/* set 2 token 0 guarantee 0 limit 2 */
		STEP(ALLOC, 2, 0, 3, 0, 0, 1, 0),	/* private 0 */
		STEP(ALLOC, 2, 0, 1, 3, 0, 0, 0),	/* dev 3 */
		STEP_FAIL(5, 3, ATTACH, 2, 3, 1, 410462, 0),	/* private 410462 */
	},
},
