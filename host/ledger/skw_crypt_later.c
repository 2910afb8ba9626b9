#include "ledger/skw_crypt_later.h"

#include <string.h>

#include <sodium.h>

enum { KEYS = 4 }; /* more than any one request needs */

#define CHEAP ((uint64_t)2 << 20) /* 128 n r p: some milliseconds */

struct made {
	struct skw_crypt_cost cost;
	uint8_t salt[SKW_CRYPT_SALT], key[SKW_CRYPT_KEY];
	char *password; /* locked memory */
	bool seals;
	enum skw_crypt_status status; /* SKW_CRYPT_LATER until it was made */
};

struct skw_crypt_later {
	struct made made[KEYS];
	unsigned count;
};

static enum skw_crypt_status derive(uint8_t key[SKW_CRYPT_KEY], const struct skw_crypt_cost *cost,
				    const uint8_t salt[SKW_CRYPT_SALT], const char *password)
{
	return crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)password, strlen(password),
						     salt, SKW_CRYPT_SALT, cost->n, cost->r,
						     cost->p, key, SKW_CRYPT_KEY) == 0
		   ? SKW_CRYPT_OK
		   : SKW_CRYPT_MEMORY;
}

struct skw_crypt_later *skw_crypt_later_new(void)
{
	struct skw_crypt_later *later = sodium_malloc(sizeof(*later));

	if (later != NULL)
		sodium_memzero(later, sizeof(*later));
	return later;
}

void skw_crypt_later_free(struct skw_crypt_later *later)
{
	for (unsigned i = 0; later != NULL && i < later->count; i++)
		sodium_free(later->made[i].password);
	sodium_free(later); /* these wipe */
}

void skw_crypt_later_work(struct skw_crypt_later *later)
{
	for (unsigned i = 0; i < later->count; i++) {
		struct made *m = &later->made[i];

		if (m->status == SKW_CRYPT_LATER)
			m->status = derive(m->key, &m->cost, m->salt, m->password);
	}
}

static struct made *find(struct skw_crypt_later *later, const struct skw_crypt_cost *cost,
			 const uint8_t salt[SKW_CRYPT_SALT], bool seals, const char *password)
{
	for (unsigned i = 0; i < later->count; i++) {
		struct made *m = &later->made[i];

		if (m->seals == seals && m->cost.n == cost->n && m->cost.r == cost->r &&
		    m->cost.p == cost->p && strcmp(m->password, password) == 0 &&
		    (seals || memcmp(m->salt, salt, SKW_CRYPT_SALT) == 0))
			return m;
	}
	return NULL;
}

static enum skw_crypt_status note(struct skw_crypt_later *later, const struct skw_crypt_cost *cost,
				  const uint8_t salt[SKW_CRYPT_SALT], bool seals,
				  const char *password)
{
	struct made *m = &later->made[later->count];
	size_t len = strlen(password) + 1;

	if (later->count == KEYS)
		return SKW_CRYPT_COST;
	*m = (struct made) { .cost = *cost,
			     .password = sodium_malloc(len),
			     .seals = seals,
			     .status = SKW_CRYPT_LATER };
	if (m->password == NULL)
		return SKW_CRYPT_MEMORY;
	memcpy(m->password, password, len);
	memcpy(m->salt, salt, SKW_CRYPT_SALT);
	later->count++;
	return SKW_CRYPT_LATER;
}

enum skw_crypt_status skw_crypt_later_key(uint8_t key[SKW_CRYPT_KEY], struct skw_crypt_later *later,
					  const struct skw_crypt_cost *cost,
					  uint8_t salt[SKW_CRYPT_SALT], bool seals,
					  const char *password)
{
	struct made *m = later != NULL ? find(later, cost, salt, seals, password) : NULL;

	if (seals && m == NULL)
		randombytes_buf(salt, SKW_CRYPT_SALT);
	if (later == NULL || (uint64_t)cost->n * cost->r * cost->p * 128 <= CHEAP)
		return derive(key, cost, salt, password);
	if (m == NULL)
		return note(later, cost, salt, seals, password);
	memcpy(salt, m->salt, SKW_CRYPT_SALT);
	memcpy(key, m->key, SKW_CRYPT_KEY);
	return m->status;
}
