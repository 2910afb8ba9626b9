/* skw_set - a set of small numbers, 0 to SKW_SET_MAX - 1: which peers wait, are up, were told. */
#ifndef SKW_SET_H
#define SKW_SET_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_SET_WORDS 2u
#define SKW_SET_MAX (64u * SKW_SET_WORDS)

struct skw_set {
	uint64_t word[SKW_SET_WORDS];
};

static inline bool skw_set_has(const struct skw_set *s, uint32_t n)
{
	return s->word[n / 64] >> n % 64 & 1;
}

static inline void skw_set_add(struct skw_set *s, uint32_t n)
{
	s->word[n / 64] |= UINT64_C(1) << n % 64;
}

static inline void skw_set_remove(struct skw_set *s, uint32_t n)
{
	s->word[n / 64] &= ~(UINT64_C(1) << n % 64);
}

/* The first member from `from` on; SKW_SET_MAX: there is none. */
static inline uint32_t skw_set_next(const struct skw_set *s, uint32_t from)
{
	uint64_t word;

	if (from >= SKW_SET_MAX)
		return SKW_SET_MAX;
	word = s->word[from / 64] & UINT64_MAX << from % 64;
	for (uint32_t i = from / 64;; word = s->word[i]) {
		if (word != 0)
			return 64 * i + (uint32_t)__builtin_ctzll(word);
		if (++i == SKW_SET_WORDS)
			return SKW_SET_MAX;
	}
}

static inline struct skw_set skw_set_and(struct skw_set a, const struct skw_set *b)
{
	for (uint32_t i = 0; i < SKW_SET_WORDS; i++)
		a.word[i] &= b->word[i];
	return a;
}

/* Those of `a` that are not in `b`. */
static inline struct skw_set skw_set_without(struct skw_set a, const struct skw_set *b)
{
	for (uint32_t i = 0; i < SKW_SET_WORDS; i++)
		a.word[i] &= ~b->word[i];
	return a;
}

#endif
