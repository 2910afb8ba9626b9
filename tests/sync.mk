# skywave-ledger: the maker of test chains, and what syncing costs.

LEDGER_CHAIN := $(BUILD)/test/tool_ledger_chain
SYS_TOOLS    += $(LEDGER_CHAIN) $(BUILD)/sanbin/skywave-ledger

$(LEDGER_CHAIN): tests/bench/ledger_chain.c tests/host/skw_ledger_purse.h tests/host/skw_ledger_vectors.h \
                 $(BUILD)/lib/wire.a $(BUILD)/lib/ledger.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests/host -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)

test-system: $(SYS_TOOLS)

# BLOCKS=100000 also shows the memory of a long chain.
.PHONY: bench-sync
bench-sync: $(LEDGER_CHAIN) $(BUILD)/bin/skywave-ledger
	@BUILD=$(BUILD) python3 tests/bench/sync_bench.py $(or $(BLOCKS),20000)

# A clock that tests move, and the long runs of both tests that kill: producer and follower, payer and payee.
CLOCK_AHEAD := $(BUILD)/test/tool_clock_ahead.so
SYS_TOOLS   += $(CLOCK_AHEAD)
$(CLOCK_AHEAD): tests/bench/clock_ahead.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $<
.PHONY: test-kills
test-kills: all $(SYS_TOOLS)
	@KILLS=$(or $(KILLS),200) BUILD=$(BUILD) TEST_LIMIT_S=1800 tests/run tests/system/ledger_test.py tests/system/pay_kill_test.py
