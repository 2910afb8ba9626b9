#include "wire/skw_cursor.h"

#include <string.h>

struct skw_reader skw_reader(const uint8_t *data, size_t len)
{
	static const uint8_t nothing[1];

	if (data == NULL) {
		data = nothing;
		len = 0;
	}
	return (struct skw_reader) { .at = data, .end = data + len, .ok = true };
}

size_t skw_reader_left(const struct skw_reader *r)
{
	return r->ok ? (size_t)(r->end - r->at) : 0;
}

bool skw_reader_done(const struct skw_reader *r)
{
	return r->ok && r->at == r->end;
}

const uint8_t *skw_get_view(struct skw_reader *r, size_t len)
{
	const uint8_t *view = r->at;

	if (!r->ok || (size_t)(r->end - r->at) < len) {
		r->ok = false;
		return NULL;
	}
	r->at += len;
	return view;
}

void skw_get_bytes(struct skw_reader *r, uint8_t *out, size_t len)
{
	const uint8_t *view = skw_get_view(r, len);

	if (len == 0)
		return;
	if (view != NULL)
		memcpy(out, view, len);
	else
		memset(out, 0, len);
}

/* A whole integer or nothing: zero if it does not fit. */
static uint64_t little_endian(struct skw_reader *r, size_t len)
{
	const uint8_t *view = skw_get_view(r, len);
	uint64_t v = 0;

	while (view != NULL && len-- > 0)
		v = v << 8 | view[len];
	return v;
}

uint8_t skw_get_u8(struct skw_reader *r)
{
	return (uint8_t)little_endian(r, 1);
}

uint16_t skw_get_u16(struct skw_reader *r)
{
	return (uint16_t)little_endian(r, 2);
}

uint32_t skw_get_u32(struct skw_reader *r)
{
	return (uint32_t)little_endian(r, 4);
}

uint64_t skw_get_u64(struct skw_reader *r)
{
	return little_endian(r, 8);
}

uint16_t skw_get_u16be(struct skw_reader *r)
{
	uint16_t v = skw_get_u16(r);

	return (uint16_t)(v << 8 | v >> 8);
}

struct skw_writer skw_writer(uint8_t *data, size_t len)
{
	return (struct skw_writer) { .start = data, .at = data, .end = data + len, .ok = true };
}

size_t skw_writer_len(const struct skw_writer *w)
{
	return (size_t)(w->at - w->start);
}

static uint8_t *room(struct skw_writer *w, size_t len)
{
	uint8_t *at = w->at;

	if (!w->ok || (size_t)(w->end - w->at) < len) {
		w->ok = false;
		return NULL;
	}
	w->at += len;
	return at;
}

void skw_put_bytes(struct skw_writer *w, const uint8_t *data, size_t len)
{
	uint8_t *at = len > 0 ? room(w, len) : NULL;

	if (at != NULL)
		memcpy(at, data, len);
}

void skw_put_zeros(struct skw_writer *w, size_t len)
{
	uint8_t *at = len > 0 ? room(w, len) : NULL;

	if (at != NULL)
		memset(at, 0, len);
}

void skw_put_u8(struct skw_writer *w, uint8_t v)
{
	skw_put_bytes(w, &v, 1);
}

void skw_put_u16(struct skw_writer *w, uint16_t v)
{
	skw_put_bytes(w, (const uint8_t[]) { (uint8_t)v, (uint8_t)(v >> 8) }, 2);
}

void skw_put_u16be(struct skw_writer *w, uint16_t v)
{
	skw_put_bytes(w, (const uint8_t[]) { (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void skw_put_u32(struct skw_writer *w, uint32_t v)
{
	uint8_t b[4];

	for (unsigned i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	skw_put_bytes(w, b, 4);
}

void skw_put_u64(struct skw_writer *w, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	skw_put_bytes(w, b, 8);
}
