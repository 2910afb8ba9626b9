/* The wire between two ends under a fuzzer: it keeps the last packets of both, carries them in
 * order, and lends one with a byte changed. What is older than it keeps is lost on the way. */
#ifndef SKW_FUZZ_KEPT_H
#define SKW_FUZZ_KEPT_H

#include "skw_fuzz.h"

enum { FUZZ_KEPT = 32, FUZZ_KEPT_MAX = 1500 };

struct fuzz_packet {
	unsigned from; /* 0 or 1 */
	uint32_t path;
	size_t len;
	uint8_t data[FUZZ_KEPT_MAX];
};

struct fuzz_wire {
	struct fuzz_packet kept[FUZZ_KEPT];
	unsigned keep, given; /* all ever sent, all ever carried or lost */
};

static inline void fuzz_wire_keep(struct fuzz_wire *w, unsigned from, uint32_t path,
				  const uint8_t *data, size_t len)
{
	struct fuzz_packet *p = &w->kept[w->keep++ % FUZZ_KEPT];

	FUZZ_CHECK(len > 0 && len <= sizeof(p->data));
	p->from = from;
	p->path = path;
	p->len = len;
	memcpy(p->data, data, len);
}

/* The next packet on its way, a copy; false if there is none. */
static inline bool fuzz_wire_carry(struct fuzz_wire *w, struct fuzz_packet *out)
{
	if (w->given == w->keep)
		return false;
	if (w->keep - w->given > FUZZ_KEPT)
		w->given = w->keep - FUZZ_KEPT;
	*out = w->kept[w->given++ % FUZZ_KEPT];
	return true;
}

/* A kept packet as the input changes it: `*bits` of one byte. False if the input names none. */
static inline bool fuzz_wire_change(const struct fuzz_wire *w, struct fuzz *f,
				    struct fuzz_packet *out, uint8_t *bits)
{
	unsigned k = fuzz_u8(f) % FUZZ_KEPT;
	uint16_t at = fuzz_u16(f);

	*bits = fuzz_u8(f);
	if (k >= w->keep)
		return false;
	*out = w->kept[k];
	out->data[at % out->len] ^= *bits;
	return true;
}

#endif
