# Benchmarks: long, they need a quiet machine, and no test depends on them. docs/performance.md tells
# the methods and what was measured.

.PHONY: bench-relay
BENCH_ROOMS := wire keys link onion session ledger pay
$(BUILD)/bench/%: tests/bench/%.c $(patsubst %,$(BUILD)/lib/%.a,$(BENCH_ROOMS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-relay: $(BUILD)/bin/skywaved $(BUILD)/bin/skywave $(BUILD)/bin/skywave-ledger $(BUILD)/bench/relay_load
	@BUILD=$(BUILD) tests/bench/bench_relay.py

# Sensitivity and speed of the radio in C; that of the gates is in rtl/bench.mk. SEED chooses another run.
.PHONY: bench-per-soft bench-modem
$(BUILD)/bench/modem_per: tests/bench/modem_per.c $(BUILD)/lib/modem.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-per-soft: $(BUILD)/bench/modem_per
	@$(BUILD)/bench/modem_per $(PER_FRAMES) $(or $(SEED),1)

# Impairments, by the gates' own bench (rtl/bench.mk): tests/rtl/impairment.h.
.PHONY: bench-impair-soft
$(BUILD)/bench/impair_soft: tests/rtl/bench_impair.cpp tests/bench/modem_receiver.h $(wildcard tests/rtl/*.h) \
    $(BUILD)/lib/modem.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -O3 -DSOFT -Itests/rtl -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
bench-impair-soft: $(BUILD)/bench/impair_soft
	@$< $(PER_FRAMES) $(OVER) $(IMPAIR) $(RATES)
bench-modem: $(BUILD)/bench/modem_per
	@$(BUILD)/bench/modem_per speed

# The transmitter's spectrum against the standard's mask, and its constellation error, from samples of CONVERTER_BITS.
CONVERTER_BITS ?= 12
MASK_RATES  := 6 9 12 18 24 36 48 54
TX_SPECTRUM := $(BUILD)/bench/tx_spectrum
SYS_TOOLS   += $(TX_SPECTRUM)
$(TX_SPECTRUM): tests/bench/tx_spectrum.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< -lliquid -lm
.PHONY: mask
mask: $(BUILD)/bin/skywave $(TX_SPECTRUM)
	@mkdir -p $(BUILD)/mask
	@for r in $(MASK_RATES); do head -c 1500 /dev/urandom | $(BUILD)/bin/skywave phy encode --engine rtl --rate $$r --fcs \
	    --format cs16 --out $(BUILD)/mask/$$r.cs16 2>/dev/null || exit 1; done
	@$(TX_SPECTRUM) $(CONVERTER_BITS) $(BUILD)/mask/mask.csv $(patsubst %,$(BUILD)/mask/%.cs16,$(MASK_RATES))
	@gnuplot -e "csv='$(BUILD)/mask/mask.csv'; png='$(BUILD)/mask/mask.png'; bits='$(CONVERTER_BITS)'" tests/bench/tx_spectrum.gp
	@echo "plot: $(BUILD)/mask/mask.png"
