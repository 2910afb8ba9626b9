/* rooms: wire keys ledger pay
 *
 * skw_pay: a payee, and a payer whose key the harness holds. An input plays: messages as they are,
 * vouchers that it shapes and the payer signs, cells, answers of the ledger as they should be or
 * not, orders, time. A voucher counts only if it is a transaction of the payer's outputs, signed,
 * that pays us just what it says and more than the last one; counts never fall; every record that
 * is to be kept can be read again. */

#include "ledger/skw_spend.h"
#include "pay/skw_pay_state.h"
#include "skw_fuzz.h"

enum { INPUTS = 3, STEPS = 60 };

static struct skw_coin_secret payer, thief;
static struct skw_address payer_wallet, our_wallet, thief_wallet;
static struct skw_pay_unspent purse[INPUTS];

static const uint8_t peer[SKW_PAY_KEY] = { 0x22 };
static struct {
	struct skw_pay *pay;
	uint64_t now, amount, owed;
	uint32_t epoch;
	bool unspents, output;
	struct skw_sha256 asked, tx;
	struct skw_address asked_address;
	bool tx_due;
} world;

static bool no_signature(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
			 const struct skw_address *owner)
{
	(void)context;
	(void)out;
	(void)hash;
	(void)owner;
	return false;
}

static const struct skw_account *account(void)
{
	for (unsigned i = 0; i < world.pay->config.neighbours_max; i++)
		if (world.pay->peer[i].used)
			return &world.pay->peer[i].account[SKW_PAY_PAYEE];
	return NULL;
}

/* What a voucher must be, looked at from outside the room. */
static void check_voucher(const struct skw_pay_event *event)
{
	const struct skw_account *a = account();
	struct skw_sha256 hash, txid;
	struct skw_coin_public key;
	struct skw_address owner;
	uint64_t paid = 0;
	struct skw_tx tx;

	FUZZ_CHECK(a != NULL && event->role == SKW_PAY_PAYEE);
	FUZZ_CHECK(event->epoch != world.epoch || event->amount > world.amount);
	world.epoch = event->epoch;
	world.amount = event->amount;
	if (a->voucher.amount != event->amount)
		return; /* another one came after it, before we looked */
	FUZZ_CHECK(skw_tx_decode(&tx, a->voucher.tx, a->voucher.len) == SKW_CODEC_OK);
	skw_tx_id(&txid, &tx);
	FUZZ_CHECK(skw_sha256_equal(&txid, &event->txid));
	for (uint32_t i = 0; i < tx.outs; i++)
		if (skw_tx_output(&tx, i).address.b[1] == our_wallet.b[1])
			paid += skw_tx_output(&tx, i).coins.n;
	FUZZ_CHECK(paid == event->amount);
	for (uint32_t i = 0; i < tx.ins; i++) {
		bool known = false;

		for (unsigned k = 0; k < INPUTS; k++)
			known = known || skw_sha256_equal(&tx.in[i], &purse[k].uxid);
		skw_tx_signed_hash(&hash, &tx, i);
		FUZZ_CHECK(known && skw_coin_recover(&key, &tx.sig[i], &hash));
		skw_address_of_public(&owner, &key);
		FUZZ_CHECK(skw_address_equal(&owner, &payer_wallet));
	}
}

static void check_record(const struct skw_pay_output *out)
{
	static struct skw_pay_peer p;
	static struct skw_account a;

	memset(&p, 0, sizeof(p));
	memset(&a, 0, sizeof(a));
	FUZZ_CHECK(out->len <= SKW_PAY_RECORD_MAX);
	FUZZ_CHECK(skw_pay_record_get(&p, &a, out->data, out->len));
}

static void poll_all(void)
{
	struct skw_pay_output out;
	struct skw_pay_message m;
	const struct skw_account *a;
	unsigned n = 0;

	while (skw_pay_poll(world.pay, world.now, &out)) {
		FUZZ_CHECK(++n < 1000);
		switch (out.type) {
		case SKW_PAY_PERSIST:
			check_record(&out);
			break;
		case SKW_PAY_SEND:
			FUZZ_CHECK(skw_pay_message_get(&m, out.data, out.len));
			break;
		case SKW_PAY_ADMISSION:
			break;
		case SKW_PAY_INJECT:
		case SKW_PAY_QUERY_TX:
			world.tx = out.txid;
			world.tx_due = true;
			break;
		case SKW_PAY_QUERY_UNSPENTS:
			world.asked_address = out.address;
			world.unspents = true;
			break;
		case SKW_PAY_QUERY_OUTPUT:
			world.asked = out.txid;
			world.output = true;
			break;
		case SKW_PAY_EVENT:
			FUZZ_CHECK(skw_pay_event_text(out.event.kind) != NULL);
			if (out.event.kind == SKW_PAY_EVENT_VOUCHER_ACCEPTED)
				check_voucher(&out.event);
			break;
		case SKW_PAY_STORE_RECEIPT: /* nobody signs for us here */
			FUZZ_CHECK(false);
			break;
		}
	}
	FUZZ_CHECK(skw_pay_next_timer(world.pay, world.now) > world.now);
	a = account();
	if (a != NULL) {
		FUZZ_CHECK(skw_pay_owed(a) >= world.owed);
		world.owed = skw_pay_owed(a);
	}
}

static void say(const struct skw_pay_message *m)
{
	uint8_t data[SKW_PAY_MESSAGE_MAX];
	uint16_t len = skw_pay_message_put(data, m);

	FUZZ_CHECK(len > 0);
	FUZZ_CHECK(skw_pay_on_message(world.pay, world.now, peer, data, len) == SKW_PAY_OK);
}

static void hello(void)
{
	struct skw_pay_message m = { .kind = SKW_PAY_HELLO };

	m.u.hello.network = world.pay->config.network;
	m.u.hello.wallet = payer_wallet;
	m.u.hello.credit_limit = 1000000;
	say(&m);
}

static void voucher(struct fuzz *f)
{
	uint8_t raw[SKW_PAY_TX_MAX], shape = fuzz_u8(f);
	struct skw_pay_message m = { .kind = SKW_PAY_VOUCHER, .role = SKW_PAY_PAYER };
	struct skw_tx_output out[2];
	struct skw_sha256 in[2] = { purse[shape & 1].uxid, purse[2].uxid };
	uint32_t ins = shape & 2 ? 2 : 1;
	uint64_t amount = fuzz_u16(f) * UINT64_C(1000), all = ins * 10000000;
	uint64_t paid = amount + (shape & 8 ? 1000 : 0);
	size_t len;

	out[0] = (struct skw_tx_output) { shape & 4 ? thief_wallet : our_wallet,
					  { paid },
					  { fuzz_u16(f) } };
	out[1] = (struct skw_tx_output) { payer_wallet,
					  { all > paid ? all - paid : 1000 },
					  { fuzz_u16(f) } };
	len = skw_tx_put_unsigned(raw, sizeof(raw), in, ins, out, 2);
	for (uint32_t i = 0; i < ins; i++)
		skw_tx_sign_input(raw, len, i, shape & 16 && i > 0 ? &thief : &payer);
	m.epoch = shape & 32 ? fuzz_u8(f) : account() != NULL ? account()->epoch : 1;
	m.u.voucher.amount = amount;
	m.u.voucher.last = shape >> 7;
	m.u.voucher.network = world.pay->config.network;
	m.u.voucher.tx = raw;
	m.u.voucher.tx_len = (uint16_t)len;
	say(&m);
}

static void ledger(uint8_t what)
{
	static const struct skw_pay_unspent none[1];

	if (world.unspents) {
		world.unspents = false;
		skw_pay_on_unspents(world.pay, world.now, &world.asked_address,
				    what & 8 ? none : purse, what & 8 ? 0 : INPUTS,
				    1700010000 + what);
	}
	if (world.output) {
		world.output = false;
		if (what & 16)
			skw_pay_on_output_spent(world.pay, world.now, &world.asked, &world.tx);
	}
	if (world.tx_due) {
		world.tx_due = false;
		skw_pay_on_tx(world.pay, world.now, &world.tx,
			      (enum skw_pay_tx_state)(what >> 5 & 3));
	}
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f);
	const uint8_t *item;
	uint8_t *copy;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_PAY_MESSAGE_MAX + 10, &len);
		copy = fuzz_copy(item, len);
		skw_pay_on_message(world.pay, world.now, peer, copy, len);
		free(copy);
		break;
	case 1:
	case 2:
		voucher(f);
		break;
	case 3:
		skw_pay_meter(world.pay, world.now, peer, what >> 3 & 1, what >> 4 & 1,
			      fuzz_u16(f) * UINT64_C(16), what & 0x80 ? fuzz_u64(f) : 1000000);
		break;
	case 4:
		ledger(what);
		break;
	case 5:
		world.now += fuzz_u16(f) * UINT64_C(100000);
		break;
	case 6:
		if (what & 8)
			skw_pay_settle(world.pay, world.now, peer);
		else
			skw_pay_on_link(world.pay, world.now, peer, what & 16);
		break;
	default:
		hello();
	}
	poll_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct skw_pay_config config = skw_pay_config_default();
	struct fuzz f = { data, size };

	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	config.signer.sign = no_signature;
	config.wallet = our_wallet;
	config.limits = skw_network_mainnet.limits;
	config.neighbours_max = 2;
	FUZZ_CHECK(skw_pay_new(&world.pay, &config) == SKW_PAY_OK);
	skw_pay_on_link(world.pay, world.now, peer, true);
	hello();
	poll_all();
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	skw_pay_close(world.pay, world.now);
	poll_all();
	skw_pay_free(world.pay);
	return 0;
}

static void prepare(void)
{
	struct skw_coin_secret ours;

	skw_coin_secret_of_seed(&payer, (const uint8_t *)"payer", 5);
	skw_coin_secret_of_seed(&thief, (const uint8_t *)"thief", 5);
	skw_coin_secret_of_seed(&ours, (const uint8_t *)"ours", 4);
	skw_address_of_secret(&payer_wallet, &payer);
	skw_address_of_secret(&thief_wallet, &thief);
	skw_address_of_secret(&our_wallet, &ours);
	for (unsigned i = 0; i < INPUTS; i++) {
		purse[i].ux = (struct skw_ux) { .address = payer_wallet,
						.coins = { 10000000 },
						.hours = { 100000 },
						.time = 1700000000,
						.seq = i + 1 };
		skw_ux_id(&purse[i].uxid, &purse[i].ux);
	}
}

static void seeds(void)
{
	/* cells; a voucher, the ledger, two more, one that shrinks; settled, confirmed; time */
	static const uint8_t play[] = { 0x03, 0,  4, 0x13, 0,    4,   1,   0,   50,   0,   100, 0,
					100,  0,  4, 1,    0,    60,  0,   100, 0,    100, 0,   1,
					0,    40, 0, 100,  0,    100, 0,   1,   2,    70,  0,   9,
					0,    9,  0, 0x0e, 0x44, 5,   255, 0,   0x44, 0x44 };
	static const uint8_t spent[] = { 1, 0,   50, 0,    100,  0, 100, 0, 4,
					 5, 255, 3,  0x0c, 0x1c, 5, 9,   0 };

	fuzz_seed("play", play, sizeof(play));
	fuzz_seed("spent", spent, sizeof(spent));
}

FUZZ_START_WITH(prepare, seeds)
