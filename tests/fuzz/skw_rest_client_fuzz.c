/* rooms: wire keys ledger
 *
 * skw_rest_client: answers of a Skycoin node; the first byte chooses the parser. Each gives a whole
 * object or refuses: outputs hash to their ids, a header hashes to its hash, bytes fit. */

#include "ledger/skw_rest_client.h"
#include "skw_fuzz.h"

enum { PARSERS = 6 };

static void check_outputs(const struct skw_client_output *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct skw_sha256 id;

		skw_ux_id(&id, &list[i].ux);
		FUZZ_CHECK(memcmp(id.b, list[i].uxid.b, 32) == 0);
	}
}

static void outputs(const char *body, size_t len)
{
	struct skw_client_outputs out;

	if (!skw_client_parse_outputs(&out, body, len))
		return;
	check_outputs(out.unspent, out.unspents);
	check_outputs(out.outgoing, out.outgoings);
	check_outputs(out.incoming, out.incomings);
	if (out.outgoings > 0)
		FUZZ_CHECK(skw_client_is_outgoing(&out, &out.outgoing[0].uxid));
	skw_client_outputs_free(&out);
}

static void metadata(const char *body, size_t len)
{
	struct skw_client_metadata m;
	struct skw_sha256 hash;

	if (!skw_client_parse_metadata(&m, body, len))
		return;
	skw_block_hash(&hash, &m.head);
	FUZZ_CHECK(memcmp(hash.b, m.head_hash.b, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct skw_client_tx tx;
	struct skw_sha256 txid;
	uint8_t *raw = malloc(512);
	char *body, csrf[256];
	size_t len;

	if (size > 0) {
		body = (char *)fuzz_copy(data + 1, size - 1);
		len = size - 1;
		switch (data[0] % PARSERS) {
		case 0:
			outputs(body, len);
			break;
		case 1:
			skw_client_parse_inject(&txid, body, len);
			break;
		case 2:
			if (skw_client_parse_tx(&tx, body, len))
				FUZZ_CHECK(tx.confirmed || tx.block_seq == 0 || tx.height == 0);
			break;
		case 3:
			FUZZ_CHECK(skw_client_parse_raw_tx(raw, 512, body, len) <= 512);
			break;
		case 4:
			metadata(body, len);
			break;
		case 5:
			if (skw_client_parse_csrf(csrf, body, len))
				FUZZ_CHECK(memchr(csrf, '\0', sizeof(csrf)) != NULL);
			break;
		}
		free(body);
	}
	free(raw);
	return 0;
}

static void seed(uint8_t parser, const char *file)
{
	static const char *const names[PARSERS] = { "outputs", "inject",   "tx",
						    "raw",     "metadata", "csrf" };
	static uint8_t data[8192];
	char path[256];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "tests/vectors/skycoin/live/%s", file);
	f = fopen(path, "rb");
	FUZZ_CHECK(f != NULL);
	data[0] = parser;
	len = fread(data + 1, 1, sizeof(data) - 1, f);
	fclose(f);
	fuzz_seed(names[parser], data, len + 1);
}

static void seeds(void)
{
	seed(0, "outputs.json");
	seed(2, "transaction.json");
	seed(3, "rawtx.json");
	seed(4, "metadata.json");
	fuzz_seed_text("inject", "\1\"54fe4183823bffae2062ab16cbc8ae7fc34d6a8bcc8e87ff9c3e5a"
				 "f8e0c1ba18\"");
	fuzz_seed_text("csrf", "\5{\"csrf_token\": \"klSgXoMOFTvEnt8KptBvHhiuR0ljpQ\"}");
}

FUZZ_START(seeds)
