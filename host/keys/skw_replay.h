/* skw_replay - a sliding window over 64-bit counters: each is accepted once (RFC 6479's idea).
 *
 * Counters more than SKW_REPLAY_WINDOW - 64 behind the greatest one accepted are refused. Look
 * first, authenticate, then take: an unauthenticated frame must not move the window. Distances are
 * modulo 2^64, so that a window may start anywhere: the first counter taken places it.
 */
#ifndef SKW_REPLAY_H
#define SKW_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_REPLAY_WINDOW 1024u
#define SKW_REPLAY_WORDS (SKW_REPLAY_WINDOW / 64u)

struct skw_replay {
	bool started;
	uint64_t top; /* greatest counter accepted */
	uint64_t seen[SKW_REPLAY_WORDS];
};

void skw_replay_init(struct skw_replay *replay);
bool skw_replay_fresh(const struct skw_replay *replay, uint64_t counter);
void skw_replay_take(struct skw_replay *replay, uint64_t counter);

#endif
