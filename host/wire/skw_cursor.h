/* skw_cursor - reads and writes wire formats field by field.
 *
 * A cursor walks a buffer that the caller owns. The first access that does not fit marks the
 * cursor as failed; from then on reads give zero, writes do nothing and `ok` stays false, so a
 * parser checks once, at its end. Integers are little-endian unless the name says `be`.
 */
#ifndef SKW_CURSOR_H
#define SKW_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct skw_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool ok;
};

struct skw_writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool ok;
};

struct skw_reader skw_reader(const uint8_t *data, size_t len);
size_t skw_reader_left(const struct skw_reader *r);
/* True if nothing failed and every byte was read: what an exact decoder asks at its end. */
bool skw_reader_done(const struct skw_reader *r);

uint8_t skw_get_u8(struct skw_reader *r);
uint16_t skw_get_u16(struct skw_reader *r);
uint32_t skw_get_u32(struct skw_reader *r);
uint64_t skw_get_u64(struct skw_reader *r);
uint16_t skw_get_u16be(struct skw_reader *r);
/* Copies `len` bytes out; on failure the destination is zeroed. */
void skw_get_bytes(struct skw_reader *r, uint8_t *out, size_t len);
/* Lends `len` bytes inside the buffer; NULL on failure. */
const uint8_t *skw_get_view(struct skw_reader *r, size_t len);

struct skw_writer skw_writer(uint8_t *data, size_t len);
size_t skw_writer_len(const struct skw_writer *w); /* bytes written so far */

void skw_put_u8(struct skw_writer *w, uint8_t v);
void skw_put_u16(struct skw_writer *w, uint16_t v);
void skw_put_u32(struct skw_writer *w, uint32_t v);
void skw_put_u64(struct skw_writer *w, uint64_t v);
void skw_put_u16be(struct skw_writer *w, uint16_t v);
void skw_put_bytes(struct skw_writer *w, const uint8_t *data, size_t len);
void skw_put_zeros(struct skw_writer *w, size_t len);

#endif
