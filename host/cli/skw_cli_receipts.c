#include "cli/skw_cli_receipts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "keys/skw_identity.h"
#include "ledger/skw_json.h"
#include "ledger/skw_money.h"
#include "pay/skw_pay_receipt.h"

enum { FILE_MAX = 64 << 20 };

struct receipts {
	struct skw_receipt *list;
	size_t count;
	unsigned bad;
};

static char *read_file(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t len = 0, room = 0, n = 1;
	int failed;

	if (file == NULL) {
		fprintf(stderr, "skywave pay: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	while (n > 0 && len < FILE_MAX) {
		if (len + 4096 >= room) {
			char *more = realloc(text, room = 2 * room + 8192);

			if (more == NULL)
				break;
			text = more;
		}
		n = fread(text + len, 1, 4096, file);
		len += n;
	}
	failed = ferror(file) != 0 ? errno : 0;
	if (file != stdin)
		fclose(file);
	if (n == 0 && text != NULL && failed == 0) {
		text[len] = '\0';
		return text;
	}
	fprintf(stderr, "skywave pay: %s: %s\n", path, failed != 0 ? strerror(failed) : "too long");
	free(text);
	return NULL;
}

static void complain(struct receipts *r, const char *path, size_t number, const char *what)
{
	fprintf(stderr, "skywave pay: %s: receipt %zu: %s\n", path, number, what);
	r->bad++;
}

static void take(struct receipts *r, const char *path, size_t number, const char *hex)
{
	uint8_t data[SKW_RECEIPT_LEN];
	enum skw_receipt_status status = SKW_RECEIPT_FORM;
	struct skw_receipt receipt, *list;

	if (skw_ledger_hex_parse(data, sizeof(data), hex, strlen(hex)))
		status = skw_receipt_get(&receipt, data, sizeof(data));
	if (status == SKW_RECEIPT_OK)
		status = skw_receipt_verify(&receipt);
	if (status != SKW_RECEIPT_OK) {
		complain(r, path, number, skw_receipt_status_text(status));
		return;
	}
	list = realloc(r->list, (r->count + 1) * sizeof(*list));
	if (list == NULL) {
		complain(r, path, number, "out of memory");
		return;
	}
	r->list = list;
	r->list[r->count++] = receipt;
}

static void take_all(struct receipts *r, const char *path, char *text)
{
	json_t *root = json_loads(text, 0, NULL), *row;
	size_t i = 0;

	if (root != NULL) {
		json_array_foreach(json_object_get(root, "receipts"), i, row)
		{
			const char *hex = json_string_value(json_object_get(row, "receipt"));

			take(r, path, i + 1, hex != NULL ? hex : "");
		}
		json_decref(root);
		return;
	}
	for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n"))
		take(r, path, ++i, line);
}

static bool same_account(const struct skw_receipt *a, const struct skw_receipt *b)
{
	return memcmp(a->payee, b->payee, sizeof(a->payee)) == 0 &&
	       memcmp(a->payer, b->payer, sizeof(a->payer)) == 0 &&
	       skw_sha256_equal(&a->network, &b->network);
}

static int by_account_and_time(const void *a, const void *b)
{
	const struct skw_receipt *x = a, *y = b;
	int order = memcmp(x->payee, y->payee, sizeof(x->payee));

	if (order == 0)
		order = memcmp(x->payer, y->payer, sizeof(x->payer));
	if (order == 0)
		order = memcmp(x->network.b, y->network.b, sizeof(x->network.b));
	return order != 0 ? order : x->until < y->until ? -1 : x->until > y->until;
}

/* Totals of one account, and whether its receipts go on from each other. */
static size_t judge(struct receipts *r, const char *path, size_t first, struct skw_json *j)
{
	const struct skw_receipt *list = &r->list[first], *last = list;
	uint64_t forth = 0, back = 0;
	char payee[SKW_ADDRESS_TEXT_LEN + 1], payer[SKW_ADDRESS_TEXT_LEN + 1],
	    owed[SKW_DROPLETS_TEXT];
	struct skw_node_address id;
	size_t n = 0;

	for (; first + n < r->count && same_account(list, &list[n]); n++) {
		if (n > 0 && memcmp(&list[n], last, sizeof(*last)) == 0)
			continue; /* the same one twice: each end has it */
		if (n > 0 && !skw_receipt_follows(&list[n], last))
			complain(r, path, first + n + 1,
				 "does not go on from the one before it: one is missing, or two "
				 "contradict each other");
		last = &list[n];
		forth += last->forth;
		back += last->back;
	}
	memcpy(id.bytes, last->payee, sizeof(id.bytes));
	skw_node_address_format(&id, payee);
	memcpy(id.bytes, last->payer, sizeof(id.bytes));
	skw_node_address_format(&id, payer);
	skw_droplets_print(owed, (struct skw_droplets) { skw_receipt_owed(last) });
	skw_json_object(j, NULL);
	skw_json_string(j, "payee", payee);
	skw_json_string(j, "payer", payer);
	skw_json_u64(j, "receipts", n);
	skw_json_u64(j, "since", list->since);
	skw_json_u64(j, "until", last->until);
	skw_json_u64(j, "forth_bytes", forth);
	skw_json_u64(j, "back_bytes", back);
	skw_json_string(j, "owed_in_all", owed);
	skw_json_end_object(j);
	return n;
}

static void print_people(const char *text)
{
	json_t *root = json_loads(text, 0, NULL), *row;
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(root, "accounts"), i, row)
	{
		json_object_foreach(row, key, value)
		{
			if (json_is_string(value))
				printf("%-12s %s\n", key, json_string_value(value));
			else
				printf("%-12s %" JSON_INTEGER_FORMAT "\n", key,
				       json_integer_value(value));
		}
	}
	json_decref(root);
}

int skw_cli_receipts_verify(const char *path, bool json)
{
	struct receipts r = { 0 };
	struct skw_json j = { 0 };
	char *text = read_file(path);

	if (text == NULL)
		return 1;
	take_all(&r, path, text);
	free(text);
	if (r.count == 0 && r.bad == 0)
		complain(&r, path, 0, "there is none in it");
	if (r.count > 0)
		qsort(r.list, r.count, sizeof(*r.list), by_account_and_time);
	skw_json_object(&j, NULL);
	skw_json_list(&j, "accounts");
	for (size_t i = 0; i < r.count;)
		i += judge(&r, path, i, &j);
	skw_json_end_list(&j);
	skw_json_bool(&j, "valid", r.bad == 0);
	skw_json_end_object(&j);
	if (json && !j.failed)
		puts(j.text);
	else if (!j.failed)
		print_people(j.text);
	if (!json && r.bad == 0)
		printf("valid: %zu receipts\n", r.count);
	skw_json_free(&j);
	free(r.list);
	return r.bad == 0 ? 0 : 1;
}
