# What the money costs: one run, one machine, a table with the targets beside.
.PHONY: bench-ledger
$(BUILD)/bench/ledger_keys: tests/bench/ledger_keys.c tests/host/skw_ledger_purse.h \
                            tests/host/skw_ledger_vectors.h $(BUILD)/lib/wire.a $(BUILD)/lib/ledger.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests/host -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-ledger: $(BUILD)/bench/ledger_keys
	@$(BUILD)/bench/ledger_keys $(BUILD)/bench/ledger_keys.db
