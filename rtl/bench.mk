# Benches of the receiver in gates: seeds are fixed, so a run repeats to the digit.
#
# make bench-per ENGINE=rtl - sensitivity: per rate the signal-to-noise ratio at 10 % PER, beside the ideal. About four minutes.
#   RATES="6 54"   only those           PER_FRAMES=100   a point       STEP=0.5   dB between points
# make bench-impair ENGINE=rtl - frames lost with one impairment each. About half an hour.
#   RATES, PER_FRAMES as above          OVER=3   dB above the rate's own need     IMPAIR="echoes carrier"   only those
# make bench-noise - frames told where there is only noise, preambles missed at 2 dB.
#   SAMPLES=1e9    of noise             PREAMBLES=2000   SEED=1
# make bench-lengths - every PSDU length at every rate stops at its tail.
#   FIRST=1        octets               LENGTH_STEP=1    RATES as above

ENGINE ?= rtl
RATES  ?=
IMPAIR ?=
PER_FRAMES ?= 100
STEP   ?= 0.5
OVER   ?= 3

BENCH_H := $(wildcard tests/rtl/*.h)

# $(call rtl_bench,NAME,MODULE): tests/rtl/bench_NAME.cpp verilates MODULE.
define rtl_bench
$(BUILD)/bench/$(1)_rtl: tests/rtl/bench_$(1).cpp $(BENCH_H) $(RTL) $(LINT_VLT)
	@mkdir -p $$(@D)/rtl_$(1)
	$$(Q)verilator $$(VFLAGS) --exe --build --top-module $(2) --prefix V$(2) --Mdir $$(@D)/rtl_$(1) \
	    -MAKEFLAGS "CXX=$$(SIM_CXX) LINK=$$(SIM_CXX) OPT_FAST=-O3 OPT_SLOW=-O1" -CFLAGS "-I$$(CURDIR)/tests/rtl -O3" \
	    -o $$(abspath $$@) $$(RTL_Y) $$(LINT_VLT) rtl/ofdm_pkg.sv $$(firstword $$(wildcard rtl/*/$(2).sv)) $$(abspath $$<) \
	    > $$(BUILD)/bench_$(1).log 2>&1 || (cat $$(BUILD)/bench_$(1).log; false)
	@touch $$@
endef
$(eval $(call rtl_bench,per,rx))
$(eval $(call rtl_bench,impair,rx))
$(eval $(call rtl_bench,noise,rx))
$(eval $(call rtl_bench,lengths,rx_decode))

.PHONY: bench-per bench-per-rtl bench-impair bench-impair-rtl bench-noise bench-lengths
bench-per: bench-per-$(ENGINE)
bench-per-rtl: $(BUILD)/bench/per_rtl
	@$< $(PER_FRAMES) $(STEP) $(RATES)
bench-impair: bench-impair-$(ENGINE)
bench-impair-rtl: $(BUILD)/bench/impair_rtl
	@$< $(PER_FRAMES) $(OVER) $(IMPAIR) $(RATES)
bench-noise: $(BUILD)/bench/noise_rtl
	@$< $(or $(SAMPLES),1e9) $(or $(PREAMBLES),2000) $(or $(SEED),1)
bench-lengths: $(BUILD)/bench/lengths_rtl
	@$< $(or $(FIRST),1) $(or $(LENGTH_STEP),1) $(RATES)
