# A Verilated board behind a pseudo-terminal, for tests/system/serial_test.sh.

BOARD_PTY := $(BUILD)/test/board_serial_pty
SYS_TOOLS += $(BOARD_PTY)

$(BOARD_PTY): tests/system/board_serial_pty.cpp tests/rtl/serial_line.h tests/rtl/stream_drive.h $(RTL) $(LINT_VLT)
	@mkdir -p $(BUILD)/rtl/board_serial_pty
	$(Q)verilator $(VFLAGS) --exe --build --top-module board_serial --prefix Vboard_serial --Mdir $(BUILD)/rtl/board_serial_pty \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O3 OPT_SLOW=-O0" -CFLAGS "-I$(CURDIR)/tests/rtl -O2" \
	    -GCLK_HZ=80000000 -GBAUD=8000000 -o $(abspath $@) $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv rtl/top/board_serial.sv $(abspath $<) \
	    > $(BUILD)/board_serial_pty.log 2>&1 || (cat $(BUILD)/board_serial_pty.log; false)
	@touch $@
