# What the money costs: one run, one machine, a table with the targets beside.
.PHONY: bench-ledger
$(BUILD)/bench/ledger_keys: tests/bench/ledger_keys.c tests/host/skw_ledger_purse.h \
                            tests/host/skw_ledger_vectors.h $(BUILD)/lib/wire.a $(BUILD)/lib/ledger.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests/host -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
# SYNCED=blocks that are synced, KEPT=blocks of the row on memory (0: without, which saves half a minute).
bench-ledger: $(BUILD)/bench/ledger_keys $(BUILD)/test/tool_ledger_chain $(BUILD)/bin/skywave-ledger
	@BUILD=$(BUILD) python3 tests/bench/ledger_bench.py $(or $(SYNCED),20000) $(or $(KEPT),100000)
