# make bench-per ENGINE=rtl - sensitivity of the receiver in gates: per rate the signal-to-noise ratio at 10 % PER, beside the ideal.
#
#   RATES="6 54"   only those           PER_FRAMES=100   a point       STEP=0.5   dB between points
#
# About four minutes for all at the default; seeds are fixed, so a run repeats to the digit.

ENGINE ?= rtl
RATES  ?=
PER_FRAMES ?= 100
STEP   ?= 0.5

$(BUILD)/bench/per_rtl: tests/rtl/bench_per.cpp tests/rtl/rx_receiver.h tests/rtl/ofdm_reference.h tests/rtl/stream_drive.h $(RTL) $(LINT_VLT)
	@mkdir -p $(@D)/rtl_per
	$(Q)verilator $(VFLAGS) --exe --build --top-module rx --prefix Vrx --Mdir $(@D)/rtl_per \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O3 OPT_SLOW=-O1" -CFLAGS "-I$(CURDIR)/tests/rtl -O3" \
	    -o $(abspath $@) $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv rtl/rx/rx.sv $(abspath $<) \
	    > $(BUILD)/bench_per.log 2>&1 || (cat $(BUILD)/bench_per.log; false)

.PHONY: bench-per bench-per-rtl
bench-per: bench-per-$(ENGINE)
bench-per-rtl: $(BUILD)/bench/per_rtl
	@$< $(PER_FRAMES) $(STEP) $(RATES)
