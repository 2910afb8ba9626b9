/* skw_air_pool - a few threads that share the radios of a chunk, and sleep between chunks.
 *
 * The caller works too. Which thread takes which radio does not matter: radios of a chunk do not
 * depend on each other.
 */
#ifndef SKW_AIR_POOL_H
#define SKW_AIR_POOL_H

struct skw_air_pool;

/* `threads` with the caller, 1..64. NULL if memory or threads are short. */
struct skw_air_pool *skw_air_pool_new(unsigned threads);
void skw_air_pool_free(struct skw_air_pool *p);
/* Calls work(ctx, i) once for each i < count and returns when all have. */
void skw_air_pool_run(struct skw_air_pool *p, void (*work)(void *ctx, unsigned i), void *ctx,
		      unsigned count);

#endif
