# For tests/system/transport_test.sh: a Verilated board behind a pseudo-terminal, and a chip in libusb's place.

BOARD_PTY  := $(BUILD)/test/board_serial_pty
FT601_SHIM := $(BUILD)/test/ft601_shim.so
SYS_TOOLS  += $(BOARD_PTY) $(FT601_SHIM)

$(BOARD_PTY): tests/system/board_serial_pty.cpp tests/rtl/serial_line.h tests/rtl/stream_drive.h $(RTL) $(LINT_VLT)
	@mkdir -p $(BUILD)/rtl/board_serial_pty $(@D)
	$(Q)verilator $(VFLAGS) --exe --build --top-module board_serial --prefix Vboard_serial --Mdir $(BUILD)/rtl/board_serial_pty \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O3 OPT_SLOW=-O0" -CFLAGS "-I$(CURDIR)/tests/rtl -O2" \
	    -GCLK_HZ=80000000 -GBAUD=8000000 -o $(abspath $@) $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv rtl/top/board_serial.sv $(abspath $<) \
	    > $(BUILD)/board_serial_pty.log 2>&1 || (cat $(BUILD)/board_serial_pty.log; false)
	@touch $@

$(FT601_SHIM): tests/system/ft601_shim.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $<
