/* JSON with secrets in it, parsed into locked memory.
 *
 * jansson copies what it parses wherever its allocator says. While a wallet is parsed, that is an
 * arena of locked pages on this thread; nothing in it is reused, all of it is wiped at the end.
 * What does not fit there (no sane file) comes from malloc, and is wiped too when it is freed. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_wallet_inside.h"

struct arena {
	uint8_t *base;
	size_t size, used;
	bool filling;
};

static _Thread_local struct arena arena;

static void *take(size_t size)
{
	size_t need = (size + 15) & ~(size_t)15;
	void *memory;

	if (!arena.filling || size > arena.size || need > arena.size - arena.used)
		return malloc(size);
	memory = arena.base + arena.used;
	arena.used += need;
	return memory;
}

static void give_back(void *memory)
{
	uintptr_t at = (uintptr_t)memory, base = (uintptr_t)arena.base;

	if (memory == NULL || (arena.base != NULL && at >= base && at < base + arena.size))
		return;
	sodium_memzero(memory, malloc_usable_size(memory));
	free(memory);
}

/* The memory is malloc's as before, so what was allocated before this may be freed after it. */
static void set_up(void)
{
	if (sodium_init() < 0)
		abort(); /* no randomness: nothing here may run */
	json_set_alloc_funcs(take, give_back);
}

void skw_wallet_json_setup(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_up);
}

json_t *skw_wallet_json_begin(const char *text, size_t len)
{
	size_t size = ((size_t)64 << 10) + 8 * len;
	json_t *root;

	skw_wallet_json_setup();
	arena = (struct arena) { .base = sodium_malloc(size & ~(size_t)15) };
	arena.size = arena.base != NULL ? size & ~(size_t)15 : 0;
	arena.filling = true;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	arena.filling = false;
	return root;
}

void skw_wallet_json_end(json_t *root)
{
	json_decref(root);
	if (arena.base != NULL)
		sodium_free(arena.base);
	arena = (struct arena) { 0 };
}
