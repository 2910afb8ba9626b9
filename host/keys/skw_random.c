#include "keys/skw_random.h"

#include <string.h>

#include <sodium.h>

static void fill_system(void *context, uint8_t *out, size_t len)
{
	(void)context;
	randombytes_buf(out, len);
}

static void fill_seeded(void *context, uint8_t *out, size_t len)
{
	struct skw_random_stream *stream = context;
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	/* A nonce of its own for each call: how the stream is cut does not matter then. */
	for (unsigned i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(stream->block >> 8 * i);
	stream->block++;
	crypto_stream_chacha20(out, len, nonce, stream->key);
}

struct skw_random skw_random_system(void)
{
	return (struct skw_random) { .fill = fill_system, .context = NULL };
}

struct skw_random skw_random_seeded(struct skw_random_stream *stream, uint64_t seed)
{
	*stream = (struct skw_random_stream) { .block = 0 };
	for (unsigned i = 0; i < 8; i++)
		stream->key[i] = (uint8_t)(seed >> 8 * i);
	return (struct skw_random) { .fill = fill_seeded, .context = stream };
}

void skw_random_bytes(const struct skw_random *random, uint8_t *out, size_t len)
{
	random->fill(random->context, out, len);
}

uint32_t skw_random_u32(const struct skw_random *random)
{
	return (uint32_t)skw_random_u64(random);
}

uint64_t skw_random_u64(const struct skw_random *random)
{
	uint8_t b[8];
	uint64_t v = 0;

	skw_random_bytes(random, b, sizeof(b));
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)b[i] << 8 * i;
	return v;
}
