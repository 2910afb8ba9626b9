#include "keys/skw_replay.h"

#include <string.h>

/* Where a counter has its bit. Windows slide over whole words, so one word is always being reused:
 * the window that is promised is a word shorter than the memory. */
static uint64_t *word(struct skw_replay *replay, uint64_t counter)
{
	return &replay->seen[counter / 64 % SKW_REPLAY_WORDS];
}

void skw_replay_init(struct skw_replay *replay)
{
	memset(replay, 0, sizeof(*replay));
}

bool skw_replay_fresh(const struct skw_replay *replay, uint64_t counter)
{
	uint64_t behind = replay->top - counter;

	if (!replay->started || behind >= UINT64_C(1) << 63) /* ahead of all */
		return true;
	if (behind > SKW_REPLAY_WINDOW - 64)
		return false;
	return !(replay->seen[counter / 64 % SKW_REPLAY_WORDS] >> counter % 64 & 1);
}

void skw_replay_take(struct skw_replay *replay, uint64_t counter)
{
	if (!replay->started) {
		replay->started = true;
		replay->top = counter;
	}
	if (counter - replay->top < UINT64_C(1) << 63) {
		uint64_t words = counter / 64 - replay->top / 64;

		/* 2^64 is a multiple of the window, but the quotient wraps at 2^58. */
		words &= (UINT64_C(1) << 58) - 1;
		if (words > SKW_REPLAY_WORDS)
			words = SKW_REPLAY_WORDS;
		for (uint64_t i = 0; i < words; i++)
			*word(replay, counter - 64 * i) = 0;
		replay->top = counter;
	}
	*word(replay, counter) |= UINT64_C(1) << counter % 64;
}
