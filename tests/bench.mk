# Benchmarks: long, they need a quiet machine, and no test depends on them. docs/performance.md tells
# the methods and what was measured.

.PHONY: bench-relay
BENCH_ROOMS := wire keys link onion session
$(BUILD)/bench/%: tests/bench/%.c $(patsubst %,$(BUILD)/lib/%.a,$(BENCH_ROOMS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-relay: $(BUILD)/bin/skywaved $(BUILD)/bench/relay_load
	@BUILD=$(BUILD) tests/bench/bench_relay.py
