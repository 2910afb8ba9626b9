#include "ledger/skw_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static void release(struct skw_json *j)
{
	if (j->text == NULL)
		return;
	if (j->secret) {
		sodium_free(j->text); /* wipes */
		return;
	}
	sodium_memzero(j->text, j->room);
	free(j->text);
}

/* Makes room for `more` characters and the end. */
static bool grow(struct skw_json *j, size_t more)
{
	size_t room = j->room > 0 ? j->room : 256;
	char *text;

	if (j->failed || more >= SKW_JSON_MAX - j->len) {
		j->failed = true;
		return false;
	}
	if (j->len + more + 1 <= j->room)
		return true;
	while (room < j->len + more + 1)
		room *= 2;
	text = j->secret ? sodium_malloc(room) : malloc(room);
	if (text == NULL) {
		j->failed = true;
		return false;
	}
	if (j->len > 0)
		memcpy(text, j->text, j->len);
	release(j);
	j->text = text;
	j->room = room;
	return true;
}

static void put(struct skw_json *j, const char *text, size_t len)
{
	if (!grow(j, len))
		return;
	memcpy(j->text + j->len, text, len);
	j->len += len;
	j->text[j->len] = '\0';
}

static void put_text(struct skw_json *j, const char *text)
{
	put(j, text, strlen(text));
}

static void put_char(struct skw_json *j, unsigned char c)
{
	char escaped[8];

	/* as Go does: it also hides what HTML would read */
	if (c == '"' || c == '\\')
		snprintf(escaped, sizeof(escaped), "\\%c", c);
	else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f)
		snprintf(escaped, sizeof(escaped), "\\u%04x", c);
	else
		snprintf(escaped, sizeof(escaped), "%c", c);
	put_text(j, escaped);
}

static void quoted(struct skw_json *j, const char *text)
{
	put_text(j, "\"");
	for (; *text != '\0'; text++)
		put_char(j, (unsigned char)*text);
	put_text(j, "\"");
}

static void new_line(struct skw_json *j)
{
	put_text(j, "\n");
	for (unsigned i = 0; i < j->depth; i++)
		put_text(j, "    ");
}

/* What stands before a value: comma, line, key. */
static void lead(struct skw_json *j, const char *key)
{
	if (j->filled)
		put_text(j, ",");
	if (j->depth > 0)
		new_line(j);
	if (key != NULL) {
		quoted(j, key);
		put_text(j, ": ");
	}
	j->filled = true;
}

static void begin(struct skw_json *j, const char *key, const char *bracket)
{
	lead(j, key);
	put_text(j, bracket);
	j->depth++;
	j->filled = false;
}

static void end(struct skw_json *j, const char *bracket)
{
	j->depth--;
	if (j->filled)
		new_line(j);
	put_text(j, bracket);
	j->filled = true;
}

void skw_json_object(struct skw_json *j, const char *key)
{
	begin(j, key, "{");
}

void skw_json_end_object(struct skw_json *j)
{
	end(j, "}");
}

void skw_json_list(struct skw_json *j, const char *key)
{
	begin(j, key, "[");
}

void skw_json_end_list(struct skw_json *j)
{
	end(j, "]");
}

void skw_json_string(struct skw_json *j, const char *key, const char *text)
{
	lead(j, key);
	quoted(j, text);
}

void skw_json_u64(struct skw_json *j, const char *key, uint64_t n)
{
	char digits[24];

	lead(j, key);
	snprintf(digits, sizeof(digits), "%" PRIu64, n);
	put_text(j, digits);
}

void skw_json_bool(struct skw_json *j, const char *key, bool yes)
{
	lead(j, key);
	put_text(j, yes ? "true" : "false");
}

void skw_json_hex(struct skw_json *j, const char *key, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	lead(j, key);
	put_text(j, "\"");
	for (size_t i = 0; i < len; i++)
		put(j, (const char[]) { digits[data[i] >> 4], digits[data[i] & 15] }, 2);
	put_text(j, "\"");
}

void skw_json_free(struct skw_json *j)
{
	release(j);
	*j = (struct skw_json) { 0 };
}
