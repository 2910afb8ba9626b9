#include "node/skw_desk_book.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys/skw_identity.h"
#include "pay/skw_pay_receipt.h"

enum { LINE = 320, FILE_MAX = 16 << 20, ROWS_MAX = 20000 };

static const char COLUMNS[] = "time,peer,role,event,epoch,amount,verdict,txid";
static const char RECEIPT[] = "receipt:"; /* before `until`, role and peer */
enum { PREFIX = sizeof(RECEIPT) - 1, RECEIPT_KEY = PREFIX + 8 + 1 + SKW_PAY_KEY };

struct skw_desk_book {
	struct skw_kv *kv;
	char path[512];
	FILE *file;
	char line[SKW_DESK_HISTORY][LINE]; /* a ring */
	uint64_t count;
};

static void remember(struct skw_desk_book *book, const char *line)
{
	snprintf(book->line[book->count++ % SKW_DESK_HISTORY], LINE, "%s", line);
}

static unsigned commas(const char *line)
{
	unsigned n = 0;

	for (; *line != '\0'; line++)
		n += *line == ',';
	return n;
}

/* The lines of before; one that a kill cut short is passed over. */
static void read_back(struct skw_desk_book *book)
{
	FILE *file = fopen(book->path, "re");
	char line[LINE];

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t len = strlen(line);

		if (len == 0 || line[len - 1] != '\n')
			continue;
		line[len - 1] = '\0';
		if (commas(line) == commas(COLUMNS) && strcmp(line, COLUMNS) != 0)
			remember(book, line);
	}
	fclose(file);
}

static bool open_file(struct skw_desk_book *book)
{
	char old[sizeof(book->path) + 8], last = '\n';
	struct stat info;
	int fd;

	if (stat(book->path, &info) == 0 && info.st_size > FILE_MAX) {
		snprintf(old, sizeof(old), "%.*s.1.csv", (int)strlen(book->path) - 4, book->path);
		rename(book->path, old);
	}
	fd = open(book->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &info) != 0)
		return false;
	if (info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) != 1)
		last = '\n';
	book->file = fdopen(fd, "a");
	if (book->file == NULL) {
		close(fd);
		return false;
	}
	if (info.st_size == 0)
		fprintf(book->file, "%s\n", COLUMNS);
	else if (last != '\n') /* cut short */
		fputc('\n', book->file);
	return fflush(book->file) == 0;
}

struct skw_desk_book *skw_desk_book_open(const char *folder, struct skw_kv *kv)
{
	struct skw_desk_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return NULL;
	book->kv = kv;
	if (snprintf(book->path, sizeof(book->path), "%s/payments.csv", folder) <
	    (int)sizeof(book->path)) {
		read_back(book);
		if (open_file(book))
			return book;
	}
	skw_desk_book_close(book);
	return NULL;
}

void skw_desk_book_close(struct skw_desk_book *book)
{
	if (book == NULL)
		return;
	if (book->file != NULL)
		fclose(book->file);
	free(book);
}

/* ---- history ---- */

static void print_time(char out[32], uint64_t unix_s)
{
	time_t seconds = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "?");
}

static void print_peer(char out[SKW_ADDRESS_TEXT_LEN + 1], const uint8_t key[SKW_PAY_KEY])
{
	struct skw_node_address id;

	memcpy(id.bytes, key, sizeof(id.bytes));
	skw_node_address_format(&id, out);
}

void skw_desk_book_note(struct skw_desk_book *book, const struct skw_pay_event *e, uint64_t unix_s)
{
	char line[LINE], time[32], amount[SKW_DROPLETS_TEXT], txid[SKW_SHA256_TEXT] = "";
	char peer[SKW_ADDRESS_TEXT_LEN + 1];

	print_time(time, unix_s);
	print_peer(peer, e->peer);
	skw_droplets_print(amount, (struct skw_droplets) { e->amount });
	if (!skw_sha256_is_zero(&e->txid))
		skw_sha256_print(txid, &e->txid);
	snprintf(line, sizeof(line), "%s,%s,%s,%s,%" PRIu32 ",%s,%s,%s", time, peer,
		 e->role == SKW_PAY_PAYEE ? "earns" : "pays", skw_pay_event_text(e->kind), e->epoch,
		 amount, skw_voucher_verdict_text(e->verdict), txid);
	remember(book, line);
	fprintf(book->file, "%s\n", line);
	fflush(book->file); /* survives our death, if not the computer's */
}

/* One line as an object of the columns. */
static json_t *row(const char *line)
{
	json_t *object = json_object();
	const char *column = COLUMNS;

	while (*column != '\0') {
		size_t name = strcspn(column, ","), value = strcspn(line, ",");
		char key[16];

		snprintf(key, sizeof(key), "%.*s", (int)name, column);
		json_object_set_new(object, key,
				    strcmp(key, "epoch") == 0 ? json_integer(strtol(line, NULL, 10))
							      : json_stringn(line, value));
		column += name + (column[name] == ',');
		line += value + (line[value] == ',');
	}
	return object;
}

json_t *skw_desk_book_history(const struct skw_desk_book *book)
{
	uint64_t first = book->count > SKW_DESK_HISTORY ? book->count - SKW_DESK_HISTORY : 0;
	json_t *rows = json_array();
	char path[4096];

	for (uint64_t i = first; i < book->count; i++)
		json_array_append_new(rows, row(book->line[i % SKW_DESK_HISTORY]));
	return json_pack("{s:o s:s}", "history", rows, "file",
			 realpath(book->path, path) != NULL ? path : book->path);
}

/* ---- receipts ---- */

bool skw_desk_book_keep(struct skw_desk_book *book, const struct skw_pay_output *out)
{
	uint8_t key[RECEIPT_KEY];

	memcpy(key, RECEIPT, PREFIX);
	for (unsigned i = 0; i < 8; i++) /* so that they lie in the order of time */
		key[PREFIX + i] = (uint8_t)(out->until >> (56 - 8 * i));
	key[PREFIX + 8] = (uint8_t)out->role;
	memcpy(key + PREFIX + 9, out->peer, SKW_PAY_KEY);
	return skw_kv_put(book->kv, key, sizeof(key), out->data, out->len);
}

static void list_one(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	char payee[SKW_ADDRESS_TEXT_LEN + 1], payer[SKW_ADDRESS_TEXT_LEN + 1], owed[32], since[32],
	    until[32], hex[2 * SKW_RECEIPT_LEN + 1];
	json_t *rows = arg;
	struct skw_receipt r;

	if (key_len != RECEIPT_KEY || memcmp(key, RECEIPT, PREFIX) != 0 ||
	    skw_receipt_get(&r, value, len) != SKW_RECEIPT_OK)
		return;
	if (json_array_size(rows) == ROWS_MAX)
		json_array_remove(rows, 0); /* the newest count */
	print_peer(payee, r.payee);
	print_peer(payer, r.payer);
	print_time(since, r.since);
	print_time(until, r.until);
	skw_droplets_print(owed, (struct skw_droplets) { skw_receipt_owed(&r) });
	skw_ledger_hex_print(hex, value, len);
	json_array_append_new(
	    rows, json_pack("{s:s s:s s:s s:s s:s s:I s:I s:s s:s}", "since", since, "until", until,
			    "role", key[PREFIX + 8] == SKW_PAY_PAYEE ? "earns" : "pays", "payee",
			    payee, "payer", payer, "forth_bytes", (json_int_t)r.forth, "back_bytes",
			    (json_int_t)r.back, "owed_in_all", owed, "receipt", hex));
}

json_t *skw_desk_book_receipts(struct skw_desk_book *book)
{
	json_t *rows = json_array();

	if (!skw_kv_each(book->kv, list_one, rows)) {
		json_decref(rows);
		return json_pack("{s:s}", "error", "the state store cannot be read");
	}
	return json_pack("{s:o}", "receipts", rows);
}
