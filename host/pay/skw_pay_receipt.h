/* skw_pay_receipt - proof of bandwidth: what was delivered over a link in an hour, signed by both
 * ends.
 *
 *   "skywave receipt 1" | network 32 | payee 32 | payer 32 | payee's wallet 21 | payer's wallet 21
 * | since u64 | until u64 | forth u64 | back u64 | all forth: count | all back: count | payee's
 * signature 65 | payer's signature 65
 *
 * A count is bytes u64, whole droplets u64, parts u32. `forth` are the bytes that the payee
 * received between the two times, `back` those that the payer did; the counts are of all that there
 * ever was. Both sign SHA-256 of all before the signatures with the key of the wallet that pays or
 * is paid: whoever has the receipt can check it without asking anybody.
 */
#ifndef SKW_PAY_RECEIPT_H
#define SKW_PAY_RECEIPT_H

#include "ledger/skw_address.h"
#include "pay/skw_units.h"

#define SKW_RECEIPT_LEN (17u + 32u + 64u + 42u + 32u + 40u + 130u)
#define SKW_RECEIPT_PERIOD 3600u /* seconds; `until` is a multiple of it */

struct skw_receipt {
	struct skw_sha256 network;    /* hash of block 0 */
	uint8_t payee[32], payer[32]; /* the nodes' keys */
	struct skw_address payee_wallet, payer_wallet;
	uint64_t since, until; /* unix seconds */
	uint64_t forth, back;  /* bytes */
	struct skw_count all_forth, all_back;
	struct skw_coin_sig payee_sig, payer_sig;
};

enum skw_receipt_status {
	SKW_RECEIPT_OK,
	SKW_RECEIPT_FORM,  /* not a receipt of this version, or longer, or shorter */
	SKW_RECEIPT_TIME,  /* does not end with an hour, or ends before it begins */
	SKW_RECEIPT_COUNT, /* more in the hour than there ever was */
	SKW_RECEIPT_PAYEE, /* not signed by the payee's wallet */
	SKW_RECEIPT_PAYER,
};
const char *skw_receipt_status_text(enum skw_receipt_status status);

void skw_receipt_put(uint8_t out[SKW_RECEIPT_LEN], const struct skw_receipt *receipt);
enum skw_receipt_status skw_receipt_get(struct skw_receipt *receipt, const uint8_t *data,
					size_t len);
/* What both sign. */
void skw_receipt_hash(struct skw_sha256 *out, const struct skw_receipt *receipt);
/* True if the owner of `wallet` signed the hash. */
bool skw_receipt_signed_by(const struct skw_coin_sig *sig, const struct skw_sha256 *hash,
			   const struct skw_address *wallet);
/* All that one receipt can be checked for by itself. */
enum skw_receipt_status skw_receipt_verify(const struct skw_receipt *receipt);
/* Droplets owed since ever at its end: floor of both counts. */
uint64_t skw_receipt_owed(const struct skw_receipt *receipt);
/* True if `next`, of the same two nodes in the same roles, can follow `before`: it begins no
 * earlier than that ended, and its totals are those of before and what it adds. */
bool skw_receipt_follows(const struct skw_receipt *next, const struct skw_receipt *before);

#endif
