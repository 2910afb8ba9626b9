#include "ledger/skw_crypt.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_crypt_inside.h"

const char *skw_crypt_kind_name(enum skw_crypt_kind kind)
{
	return kind == SKW_CRYPT_XOR ? "sha256-xor" : "scrypt-chacha20poly1305";
}

bool skw_crypt_kind_parse(enum skw_crypt_kind *out, const char *name)
{
	bool xor = strcmp(name, "sha256-xor") == 0;

	*out = xor? SKW_CRYPT_XOR : SKW_CRYPT_SCRYPT;
	return xor || strcmp(name, "scrypt-chacha20poly1305") == 0 ||
	       /* the same with smaller parameters, which stand in the ciphertext anyway */
	       strcmp(name, "scrypt-chacha20poly1305-insecure") == 0;
}

enum skw_crypt_status skw_crypt_seal(char **text, struct skw_crypt_later *later,
				     enum skw_crypt_kind kind, const struct skw_crypt_cost *cost,
				     const char *password, const uint8_t *plain, size_t len)
{
	struct skw_crypt_bytes sealed = { 0 };
	enum skw_crypt_status status;
	size_t room;

	*text = NULL;
	if (len > SKW_CRYPT_MAX)
		return SKW_CRYPT_FORMAT;
	status = kind == SKW_CRYPT_XOR
		     ? skw_crypt_xor_seal(&sealed, password, plain, len)
		     : skw_crypt_scrypt_seal(&sealed, later, cost, password, plain, len);
	if (status != SKW_CRYPT_OK)
		return status;
	room = sodium_base64_ENCODED_LEN(sealed.len, sodium_base64_VARIANT_ORIGINAL);
	*text = malloc(room);
	if (*text != NULL)
		sodium_bin2base64(*text, room, sealed.b, sealed.len,
				  sodium_base64_VARIANT_ORIGINAL);
	free(sealed.b);
	return *text != NULL ? SKW_CRYPT_OK : SKW_CRYPT_MEMORY;
}

/* NULL: it is no base64, or memory ran out, as *status says. */
static uint8_t *decode(size_t *len, enum skw_crypt_status *status, const char *text)
{
	size_t text_len = strlen(text);
	uint8_t *sealed;

	*status = SKW_CRYPT_FORMAT;
	if (text_len > 2 * SKW_CRYPT_MAX)
		return NULL;
	sealed = malloc(text_len + 1);
	if (sealed == NULL)
		*status = SKW_CRYPT_MEMORY;
	else if (sodium_base642bin(sealed, text_len + 1, text, text_len, NULL, len, NULL,
				   sodium_base64_VARIANT_ORIGINAL) == 0)
		return sealed;
	free(sealed);
	return NULL;
}

bool skw_crypt_cost_of(struct skw_crypt_cost *out, const char *text)
{
	enum skw_crypt_status status;
	size_t len;
	uint8_t *sealed = decode(&len, &status, text);
	bool ok = sealed != NULL && skw_crypt_scrypt_cost(out, sealed, len);

	free(sealed);
	return ok;
}

enum skw_crypt_status skw_crypt_open(uint8_t **plain, size_t *len, struct skw_crypt_later *later,
				     enum skw_crypt_kind kind, const char *text,
				     const char *password)
{
	struct skw_crypt_bytes opened = { 0 };
	enum skw_crypt_status status;
	size_t sealed_len;
	uint8_t *sealed = decode(&sealed_len, &status, text);

	*plain = NULL;
	*len = 0;
	if (sealed == NULL)
		return status;
	status = kind == SKW_CRYPT_XOR
		     ? skw_crypt_xor_open(&opened, sealed, sealed_len, password)
		     : skw_crypt_scrypt_open(&opened, later, sealed, sealed_len, password);
	free(sealed);
	*plain = opened.b;
	*len = opened.len;
	return status;
}
