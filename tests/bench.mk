# Benchmarks: long, they need a quiet machine, and no test depends on them. docs/performance.md tells
# the methods and what was measured.

.PHONY: bench-relay
BENCH_ROOMS := wire keys link onion session
$(BUILD)/bench/%: tests/bench/%.c $(patsubst %,$(BUILD)/lib/%.a,$(BENCH_ROOMS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-relay: $(BUILD)/bin/skywaved $(BUILD)/bench/relay_load
	@BUILD=$(BUILD) tests/bench/bench_relay.py

# Sensitivity and speed of the radio in C; that of the gates is in rtl/bench.mk. SEED chooses another run.
.PHONY: bench-per-soft bench-modem
$(BUILD)/bench/modem_per: tests/bench/modem_per.c $(BUILD)/lib/modem.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-per-soft: $(BUILD)/bench/modem_per
	@$(BUILD)/bench/modem_per $(PER_FRAMES) $(or $(SEED),1)
	@$(BUILD)/bench/modem_per impair $(PER_FRAMES)
bench-modem: $(BUILD)/bench/modem_per
	@$(BUILD)/bench/modem_per speed
