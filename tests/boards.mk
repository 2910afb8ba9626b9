# Boards: each top is linted with models of the FPGA's cells; its pins are compared with the board maker's table.

BOARD_TOPS := $(sort $(foreach b,$(BOARDS),$(firstword $(ROW_$(b)))))

.PHONY: lint-boards
lint: lint-boards
lint-boards:
	$(Q)for top in $(BOARD_TOPS); do verilator --lint-only -Wall $(RTL_Y) -y tests/rtl/ecp5 +libext+.v $(LINT_VLT) \
	    --top-module $$top rtl/ofdm_pkg.sv rtl/top/$$top.sv && \
	    yosys -q -w "Replacing memory" -p "read_verilog -lib +/ecp5/cells_sim.v +/ecp5/cells_bb.v; read_verilog -sv -defer $(RTL); hierarchy -check -top $$top" \
	    || exit 1; done
	$(Q)tests/check/pins.py

# tests/pins/TOP_test.cpp drives whole boards by their pins: of TOP, or of its wrapper TOP_pins where pins are bidirectional.
PINS_T := $(patsubst tests/pins/%.cpp,$(BUILD)/test/pins_%,$(wildcard tests/pins/*_test.cpp))
RTL_T  += $(PINS_T)
test-rtl: $(PINS_T)

pins_top = $(notdir $(basename $(firstword $(wildcard tests/pins/$(1)_pins.sv) rtl/top/$(1).sv)))
$(BUILD)/test/pins_%_test: tests/pins/%_test.cpp $(wildcard tests/pins/*_pins.sv) $(RTL) $(wildcard tests/rtl/*.h tests/rtl/ecp5/*.v) $(LINT_VLT)
	@mkdir -p $(@D) $(BUILD)/pins/$*
	$(Q)verilator $(VFLAGS) -Wno-PINCONNECTEMPTY --exe --build --top-module $(call pins_top,$*) --prefix V$(call pins_top,$*) --Mdir $(BUILD)/pins/$* \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O2 OPT_SLOW=-O0" -CFLAGS "-I$(CURDIR)/tests/rtl -O2" \
	    -o $(abspath $@) $(RTL_Y) -y tests/rtl/ecp5 +libext+.v $(LINT_VLT) rtl/ofdm_pkg.sv $(firstword $(wildcard tests/pins/$*_pins.sv) rtl/top/$*.sv) $(abspath $<) \
	    > $(BUILD)/pins_$*.log 2>&1 || (cat $(BUILD)/pins_$*.log; false)
	@touch $@
