/* skw_random - where a core takes its random bytes from.
 *
 * The daemon passes libsodium's generator (skw_random_system), a simulation a seeded stream
 * (skw_random_seeded): the same seed then reproduces the same run, keys included.
 */
#ifndef SKW_RANDOM_H
#define SKW_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct skw_random {
	void (*fill)(void *context, uint8_t *out, size_t len);
	void *context;
};

/* A stream for tests and simulations only: ChaCha20 under a key made of `seed`. */
struct skw_random_stream {
	uint8_t key[32];
	uint64_t block;
};

struct skw_random skw_random_system(void);
struct skw_random skw_random_seeded(struct skw_random_stream *stream, uint64_t seed);

void skw_random_bytes(const struct skw_random *random, uint8_t *out, size_t len);
uint32_t skw_random_u32(const struct skw_random *random);
uint64_t skw_random_u64(const struct skw_random *random);

#endif
