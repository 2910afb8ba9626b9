/* Rings of bytes that grow as streams earn it; the session counts what they take. */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

bool ring_resize(struct skw_session *s, struct ring *ring, uint32_t size, uint64_t from,
		 uint64_t to)
{
	struct ring wide = { .bytes = malloc(size), .size = size };

	if (wide.bytes == NULL)
		return false;
	while (from < to) {
		size_t at = from % ring->size, len = ring->size - at;

		len = len < to - from ? len : (size_t)(to - from);
		ring_write(&wide, from, ring->bytes + at, len);
		from += len;
	}
	ring_free(s, ring);
	*ring = wide;
	s->ring_bytes += size;
	return true;
}

void ring_read(const struct ring *ring, uint64_t offset, uint8_t *out, size_t len)
{
	size_t at = offset % ring->size, first = ring->size - at < len ? ring->size - at : len;

	memcpy(out, ring->bytes + at, first);
	memcpy(out + first, ring->bytes, len - first);
}

void ring_write(struct ring *ring, uint64_t offset, const uint8_t *in, size_t len)
{
	size_t at = offset % ring->size, first = ring->size - at < len ? ring->size - at : len;

	memcpy(ring->bytes + at, in, first);
	memcpy(ring->bytes, in + first, len - first);
}

void ring_free(struct skw_session *s, struct ring *ring)
{
	s->ring_bytes -= ring->size;
	free(ring->bytes);
	*ring = (struct ring) { 0 };
}
