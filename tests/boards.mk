# Boards: each top is linted with models of the FPGA's cells; its pins are compared with the board maker's table.

BOARD_TOPS := $(sort $(foreach b,$(BOARDS),$(firstword $(ROW_$(b)))))

.PHONY: lint-boards
lint: lint-boards
lint-boards:
	$(Q)for top in $(BOARD_TOPS); do verilator --lint-only -Wall $(RTL_Y) -y tests/rtl/ecp5 +libext+.v $(LINT_VLT) \
	    --top-module $$top rtl/ofdm_pkg.sv rtl/top/$$top.sv || exit 1; done
	$(Q)tests/check/pins.py
