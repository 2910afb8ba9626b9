#include "soapy/skw_credit.h"

#include <string.h>

void skw_credit_init(struct skw_credit *c, size_t space)
{
	memset(c, 0, sizeof(*c));
	c->space = space;
}

bool skw_credit_take(struct skw_credit *c, uint32_t *wire_tag, enum skw_credit_kind kind,
		     uint32_t user_tag, size_t bytes)
{
	if (bytes > c->space - c->used)
		return false;
	for (uint32_t tries = 0; tries < SKW_CREDIT_SLOTS; tries++) {
		uint32_t tag = ++c->turn, i = tag % SKW_CREDIT_SLOTS;

		if (c->slot[i].busy)
			continue;
		c->slot[i].busy = true;
		c->slot[i].kind = kind;
		c->slot[i].wire_tag = tag;
		c->slot[i].user_tag = user_tag;
		c->slot[i].bytes = bytes;
		c->used += bytes;
		*wire_tag = tag;
		return true;
	}
	return false;
}

static void keep(struct skw_credit *c, enum skw_credit_kind kind, struct skw_credit_report report)
{
	unsigned end = c->reports[kind].first + c->reports[kind].count;

	c->reports[kind].at[end % SKW_CREDIT_SLOTS] = report;
	if (c->reports[kind].count < SKW_CREDIT_SLOTS) {
		c->reports[kind].count++;
	} else { /* the newest replaces the oldest */
		c->reports[kind].first = (c->reports[kind].first + 1) % SKW_CREDIT_SLOTS;
		c->lost++;
	}
}

bool skw_credit_give_back(struct skw_credit *c, const struct skw_hostlink_tx_status *s)
{
	uint32_t i = s->tag % SKW_CREDIT_SLOTS;

	if (!c->slot[i].busy || c->slot[i].wire_tag != s->tag) {
		c->strangers++;
		return false;
	}
	c->slot[i].busy = false;
	c->used -= c->slot[i].bytes;
	keep(c, c->slot[i].kind,
	     (struct skw_credit_report) { c->slot[i].user_tag, s->result, s->time });
	return true;
}

bool skw_credit_next_report(struct skw_credit *c, struct skw_credit_report *report,
			    enum skw_credit_kind kind)
{
	if (c->reports[kind].count == 0)
		return false;
	*report = c->reports[kind].at[c->reports[kind].first];
	c->reports[kind].first = (c->reports[kind].first + 1) % SKW_CREDIT_SLOTS;
	c->reports[kind].count--;
	return true;
}

void skw_credit_forget(struct skw_credit *c, enum skw_credit_kind kind)
{
	c->reports[kind].first = 0;
	c->reports[kind].count = 0;
}
