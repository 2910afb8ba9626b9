/* Arguments of a request: decoded, then turned into the types that the end points want. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_rest_inside.h"

static int nibble(char c)
{
	uint8_t v;

	return skw_ledger_hex_parse(&v, 1, (const char[]) { '0', c }, 2) ? v : -1;
}

/* %41 and + in place. A broken escape stays as it is. */
static void decode(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		int high = *text == '%' && text[1] != '\0' ? nibble(text[1]) : -1;
		int low = high >= 0 && text[2] != '\0' ? nibble(text[2]) : -1;

		if (low >= 0 && high * 16 + low != 0) {
			*out++ = (char)(high * 16 + low);
			text += 2;
		} else {
			*out++ = *text == '+' ? ' ' : *text;
		}
	}
	*out = '\0';
}

static void split(struct skw_rest_args *args, char *text)
{
	while (*text != '\0' && args->count < SKW_REST_ARGS) {
		char *next = text + strcspn(text, "&");
		char *value;

		if (*next == '&')
			*next++ = '\0';
		value = text + strcspn(text, "=");
		if (*value == '=')
			*value++ = '\0';
		decode(text);
		decode(value);
		args->arg[args->count].name = text;
		args->arg[args->count++].value = value;
		text = next;
	}
}

bool skw_rest_args_parse(struct skw_rest_args *args, const char *query, const char *form,
			 size_t form_len)
{
	size_t query_len = strlen(query);

	*args = (struct skw_rest_args) { .text = malloc(query_len + form_len + 2),
					 .text_len = query_len + form_len + 2 };
	if (args->text == NULL)
		return false;
	/* a form first: the original prefers it */
	if (form_len > 0)
		memcpy(args->text, form, form_len);
	args->text[form_len] = '\0';
	memcpy(args->text + form_len + 1, query, query_len + 1);
	if (form_len > 0 && form[0] != '{' && memchr(form, '\0', form_len) == NULL)
		split(args, args->text);
	split(args, args->text + form_len + 1);
	return true;
}

void skw_rest_args_free(struct skw_rest_args *args)
{
	if (args->text != NULL)
		sodium_memzero(args->text, args->text_len); /* passwords come this way */
	free(args->text);
	*args = (struct skw_rest_args) { 0 };
}

const char *skw_rest_arg(const struct skw_rest_call *call, const char *name)
{
	for (unsigned i = 0; i < call->args.count; i++)
		if (strcmp(call->args.arg[i].name, name) == 0)
			return call->args.arg[i].value;
	return "";
}

/* What Go's decoder says of what is no hex; NULL if it is hex. */
static const char *hex_trouble(char out[64], const char *text)
{
	const char *p = text;

	while (*p != '\0' && nibble(*p) >= 0)
		p++;
	if (*p > 0x20 && *p < 0x7f)
		snprintf(out, 64, "encoding/hex: invalid byte: U+%04X '%c'", (unsigned)*p, *p);
	else if (*p != '\0')
		snprintf(out, 64, "encoding/hex: invalid byte: U+%04X", (unsigned char)*p);
	else if (strlen(text) % 2 != 0)
		snprintf(out, 64, "encoding/hex: odd length hex string");
	else
		return NULL;
	return out;
}

bool skw_rest_hash(struct skw_rest_call *call, struct skw_sha256 *out, const char *text)
{
	return skw_rest_hash_after(call, out, text, "");
}

bool skw_rest_hash_after(struct skw_rest_call *call, struct skw_sha256 *out, const char *text,
			 const char *before)
{
	char words[64];
	const char *trouble = hex_trouble(words, text);

	if (trouble == NULL && skw_sha256_parse(out, text))
		return true;
	skw_rest_fail(call, 400, "%s%s", before, trouble != NULL ? trouble : "Invalid hex length");
	return false;
}

bool skw_rest_flag(struct skw_rest_call *call, bool *out, const char *name)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "", "0", "f", "F", "false", "FALSE", "False" };
	const char *text = skw_rest_arg(call, name);

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcmp(text, yes[i]) == 0)
			return *out = true;
	*out = false;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strcmp(text, no[i]) == 0)
			return true;
	skw_rest_fail(call, 400, "Invalid value for %s", name);
	return false;
}

bool skw_rest_u64(uint64_t *out, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static const char between[] = ", \t\n\v\f\r";

bool skw_rest_item(const char **at, char *item, size_t cap)
{
	size_t len;

	*at += strspn(*at, between);
	len = strcspn(*at, between);
	snprintf(item, cap, "%.*s", (int)(len < cap ? len : cap - 1), *at);
	*at += len;
	return len > 0;
}

bool skw_rest_is_listed(const struct skw_rest_addresses *addresses,
			const struct skw_address *address)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (skw_address_equal(&addresses->list[i], address))
			return true;
	return false;
}

bool skw_rest_addresses(struct skw_rest_call *call, struct skw_rest_addresses *out,
			const char *text)
{
	char item[64], quoted[200];
	const char *at = text;
	size_t most = 1;

	while (skw_rest_item(&at, item, sizeof(item)))
		most++;
	*out = (struct skw_rest_addresses) { .list = calloc(most, sizeof(*out->list)) };
	if (out->list == NULL) {
		skw_rest_fail(call, 500, "out of memory");
		return false;
	}
	while (skw_rest_item(&text, item, sizeof(item))) {
		struct skw_address address;
		enum skw_address_status status = skw_address_parse(&address, item);

		if (status != SKW_ADDRESS_OK) {
			skw_rest_quote(quoted, sizeof(quoted), item);
			skw_rest_fail(call, 400, "address %s is invalid: %s", quoted,
				      skw_address_status_text(status));
			free(out->list);
			return false;
		}
		if (!skw_rest_is_listed(out, &address))
			out->list[out->count++] = address;
	}
	return true;
}

json_t *skw_rest_body(struct skw_rest_call *call)
{
	json_error_t error;
	json_t *root =
	    call->body_len > 0 ? json_loadb(call->body, call->body_len, 0, &error) : NULL;

	if (json_is_object(root))
		return root;
	skw_rest_fail(call, 400, call->body_len == 0 ? "EOF" : "invalid JSON");
	json_decref(root);
	return NULL;
}

bool skw_rest_take_tx(struct skw_rest_call *call, struct skw_tx *tx, uint8_t **raw, const char *hex,
		      const char *before)
{
	const size_t digits = strlen(hex);
	char words[64];
	const char *trouble = hex_trouble(words, hex);
	enum skw_codec_status status;

	*raw = malloc(digits / 2 + 1);
	if (*raw == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	} else if (trouble != NULL) {
		skw_rest_fail(call, 400, "%s%s", before, trouble);
	} else {
		(void)skw_ledger_hex_parse(*raw, digits / 2, hex, digits);
		status = skw_tx_decode(tx, *raw, digits / 2);
		if (status == SKW_CODEC_OK)
			return true;
		skw_rest_fail(call, 400, "%sInvalid transaction: %s", before,
			      skw_codec_text(status));
	}
	free(*raw);
	*raw = NULL;
	return false;
}

void skw_rest_quote(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	out[n++] = '"';
	for (; *text != '\0' && n + 6 < cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			n += (size_t)snprintf(out + n, cap - n, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			n += (size_t)snprintf(out + n, cap - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '"';
	out[n] = '\0';
}
