/* The words for what is wrong with a transaction: the original's, where it has any. */
#include "ledger/skw_rules.h"

#include <stdio.h>

static const struct {
	enum skw_fault_class kind;
	const char *text;
} faults[] = {
	[SKW_FAULT_NONE] = { SKW_CLASS_NONE, "ok" },
	[SKW_FAULT_CODEC] = { SKW_CLASS_HARD, "Not enough buffer data to deserialize" },
	[SKW_FAULT_NO_INPUTS] = { SKW_CLASS_HARD, "No inputs" },
	[SKW_FAULT_NO_OUTPUTS] = { SKW_CLASS_HARD, "No outputs" },
	[SKW_FAULT_SIG_COUNT] = { SKW_CLASS_HARD, "Invalid number of signatures" },
	[SKW_FAULT_TOO_MANY] = { SKW_CLASS_HARD, "Too many signatures and inputs" },
	[SKW_FAULT_DUPLICATE_SPEND] = { SKW_CLASS_HARD, "Duplicate spend" },
	[SKW_FAULT_TYPE] = { SKW_CLASS_HARD, "transaction type invalid" },
	[SKW_FAULT_ZERO_COINS] = { SKW_CLASS_HARD, "Zero coin output" },
	[SKW_FAULT_COINS_OVERFLOW] = { SKW_CLASS_HARD, "Output coins overflow" },
	[SKW_FAULT_LENGTH] = { SKW_CLASS_HARD, "Incorrect transaction length" },
	[SKW_FAULT_DUPLICATE_OUTPUT] = { SKW_CLASS_HARD, "Duplicate output in transaction" },
	[SKW_FAULT_INNER_HASH] = { SKW_CLASS_HARD, "InnerHash does not match computed hash" },
	[SKW_FAULT_UNSIGNED] = { SKW_CLASS_HARD, "Unsigned input in transaction" },
	[SKW_FAULT_SIGNATURE] = { SKW_CLASS_HARD, "Signature not valid for hash" },
	[SKW_FAULT_UNKNOWN_INPUT] = { SKW_CLASS_HARD, "unspent output does not exist" },
	[SKW_FAULT_NOT_OWNER] = { SKW_CLASS_HARD, "Signature not valid for output being spent" },
	[SKW_FAULT_INPUT_COINS_OVERFLOW] = { SKW_CLASS_HARD, "Input coins overflow" },
	[SKW_FAULT_INSUFFICIENT_COINS] = { SKW_CLASS_HARD, "Insufficient coins" },
	[SKW_FAULT_COINS_DESTROYED] = { SKW_CLASS_HARD, "Transactions may not destroy coins" },
	[SKW_FAULT_EARNED_OVERFLOW] = { SKW_CLASS_HARD, "earned coin hours overflow" },
	[SKW_FAULT_HOURS_OVERFLOW] = { SKW_CLASS_HARD,
				       "UxOut.CoinHours addition of earned coin hours overflow" },
	[SKW_FAULT_INPUT_HOURS_OVERFLOW] = { SKW_CLASS_HARD, "Transaction input hours overflow" },
	[SKW_FAULT_OUTPUT_HOURS_OVERFLOW] = { SKW_CLASS_HARD, "Transaction output hours overflow" },
	[SKW_FAULT_INSUFFICIENT_HOURS] = { SKW_CLASS_HARD, "Insufficient coin hours" },
	[SKW_FAULT_OUTPUT_EXISTS] = { SKW_CLASS_HARD,
				      "New unspent collides with existing unspent" },
	[SKW_FAULT_SIZE] = { SKW_CLASS_SOFT, "Transaction size bigger than max block size" },
	[SKW_FAULT_NO_FEE] = { SKW_CLASS_SOFT, "Transaction has zero coinhour fee" },
	[SKW_FAULT_FEE] = { SKW_CLASS_SOFT, "Transaction coinhour fee minimum not met" },
	[SKW_FAULT_LOCKED] = { SKW_CLASS_SOFT, "Transaction has locked address inputs" },
	[SKW_FAULT_DECIMALS] = { SKW_CLASS_SOFT, "invalid amount, too many decimal places" },
	[SKW_FAULT_NULL_ADDRESS] = { SKW_CLASS_USER,
				     "Transaction output is sent to the null address" },
	[SKW_FAULT_LOOKUP] = { SKW_CLASS_OURS, "the ledger's store failed" },
	[SKW_FAULT_MEMORY] = { SKW_CLASS_OURS, "out of memory" },
};

enum skw_fault_class skw_fault_class(enum skw_fault fault)
{
	return faults[fault].kind;
}

void skw_verdict_print(char out[SKW_VERDICT_TEXT], const struct skw_verdict *verdict)
{
	char about[SKW_SHA256_TEXT];

	skw_sha256_print(about, &verdict->about);
	if (verdict->fault == SKW_FAULT_UNKNOWN_INPUT)
		snprintf(out, SKW_VERDICT_TEXT, "unspent output of %s does not exist", about);
	else
		snprintf(out, SKW_VERDICT_TEXT, "%s", faults[verdict->fault].text);
}
