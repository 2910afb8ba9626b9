/* skw_crypt_later - scrypt's work done elsewhere, for those who must not stand still for seconds.
 *
 *   try                  a key is missing: the try ends with SKW_CRYPT_LATER, and it is noted which
 *   skw_crypt_later_work makes that key, on any thread
 *   try again            from the start; the key is there; perhaps the next one is missing
 *
 * Keys are found by password, cost and salt; for sealing the salt is thrown when the key is first
 * asked for, and stays. Lives in locked memory.
 */
#ifndef SKW_CRYPT_LATER_H
#define SKW_CRYPT_LATER_H

#include "ledger/skw_crypt.h"

#define SKW_CRYPT_SALT 32u
#define SKW_CRYPT_KEY 32u

struct skw_crypt_later;

/* NULL if memory ran out. */
struct skw_crypt_later *skw_crypt_later_new(void);
/* Wipes. Not while a thread works on it. */
void skw_crypt_later_free(struct skw_crypt_later *later);
/* Makes the key that was missing. It alone may be touched by another thread, and nothing of `later`
 * by this one meanwhile. */
void skw_crypt_later_work(struct skw_crypt_later *later);

/* The key of a password, at once where that is cheap or `later` is NULL, else SKW_CRYPT_LATER until
 * it was made. `seals`: any salt will do; *salt is set. */
enum skw_crypt_status skw_crypt_later_key(uint8_t key[SKW_CRYPT_KEY], struct skw_crypt_later *later,
					  const struct skw_crypt_cost *cost,
					  uint8_t salt[SKW_CRYPT_SALT], bool seals,
					  const char *password);

#endif
