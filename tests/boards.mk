# Boards: each top is linted with models of the FPGA's cells; its pins are compared with the board maker's table.

BOARD_TOPS := $(sort $(foreach b,$(BOARDS),$(firstword $(ROW_$(b)))))

.PHONY: lint-boards
lint: lint-boards
lint-boards:
	$(Q)for top in $(BOARD_TOPS); do verilator --lint-only -Wall $(RTL_Y) -y tests/rtl/ecp5 +libext+.v $(LINT_VLT) \
	    --top-module $$top rtl/ofdm_pkg.sv rtl/top/$$top.sv || exit 1; done
	$(Q)tests/check/pins.py

# tests/pins/TOP_test.cpp drives whole boards by their pins, through the wrapper TOP_pins.sv where pins are bidirectional.
PINS_T := $(patsubst tests/pins/%.cpp,$(BUILD)/test/pins_%,$(wildcard tests/pins/*_test.cpp))
RTL_T  += $(PINS_T)
test-rtl: $(PINS_T)

$(BUILD)/test/pins_%_test: tests/pins/%_test.cpp tests/pins/%_pins.sv $(RTL) $(wildcard tests/rtl/*.h tests/rtl/ecp5/*.v) $(LINT_VLT)
	@mkdir -p $(@D) $(BUILD)/pins/$*
	$(Q)verilator $(VFLAGS) -Wno-PINCONNECTEMPTY --exe --build --top-module $*_pins --prefix V$*_pins --Mdir $(BUILD)/pins/$* \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O2 OPT_SLOW=-O0" -CFLAGS "-I$(CURDIR)/tests/rtl -O2" \
	    -o $(abspath $@) $(RTL_Y) -y tests/rtl/ecp5 +libext+.v $(LINT_VLT) rtl/ofdm_pkg.sv tests/pins/$*_pins.sv $(abspath $<) \
	    > $(BUILD)/pins_$*.log 2>&1 || (cat $(BUILD)/pins_$*.log; false)
	@touch $@
