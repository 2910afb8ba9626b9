# make test-netlist - the core's netlist for ECP5 does what its RTL does: both run in Verilator, pass tests/netlist and print the same.
#
# Cells are modelled by Yosys' own cells_sim.v and, for the two that it leaves empty, by tests/netlist/ecp5_cells.v.
# Some minutes, most of them for synthesis and for compiling the netlist.

NETLIST    := $(BUILD)/netlist
YOSYS_DATA  = $(or $(wildcard $(shell yosys-config --datdir 2>/dev/null)),/usr/share/yosys)

.PHONY: test-netlist
test-netlist: $(NETLIST)/rtl/test $(NETLIST)/cells/test
	@echo "the RTL:"     && $(NETLIST)/rtl/test $(NETLIST)/rtl.txt
	@echo "its netlist:" && $(NETLIST)/cells/test $(NETLIST)/cells.txt
	@cmp $(NETLIST)/rtl.txt $(NETLIST)/cells.txt && \
	    echo "ok - both say the same, clock by clock: $$(wc -l < $(NETLIST)/rtl.txt) words and samples"

$(NETLIST)/skywave.v: $(RTL) constraints/carry.v
	@mkdir -p $(@D)
	$(Q)yosys -q -l $(@D)/synth.log -p "read_verilog -sv -defer $(RTL); hierarchy -top skywave; proc; chformal -remove; \
	    synth_ecp5 -abc9 -top skywave -run :map_gates; techmap -map constraints/carry.v; \
	    synth_ecp5 -abc9 -top skywave -run map_gates:; write_verilog -noattr $@" > /dev/null || { tail -n 20 $(@D)/synth.log; false; }

# Yosys' models without the empty boxes that ecp5_cells.v fills.
$(NETLIST)/cells_sim.v: $(YOSYS_DATA)/ecp5/cells_sim.v
	@mkdir -p $(@D)
	$(Q)sed -e '/^module DP16KD/,/^endmodule/d' -e '/^module MULT18X18D/,/^endmodule/d' $< > $@

NETLIST_CXX = -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O1 OPT_SLOW=-O0" -CFLAGS "-I$(CURDIR)/tests/rtl -O1"

$(NETLIST)/rtl/test: tests/netlist/netlist_test.cpp $(RTL) $(wildcard tests/rtl/*.h)
	@mkdir -p $(@D)
	$(Q)verilator $(VFLAGS) --exe --build --top-module skywave --prefix Vskywave --Mdir $(@D) $(NETLIST_CXX) -o test \
	    $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv rtl/top/skywave.sv $(abspath $<) > $(NETLIST)/rtl.log 2>&1 || (cat $(NETLIST)/rtl.log; false)

$(NETLIST)/cells/test: tests/netlist/netlist_test.cpp $(NETLIST)/skywave.v $(NETLIST)/cells_sim.v tests/netlist/ecp5_cells.v $(wildcard tests/rtl/*.h)
	@mkdir -p $(@D)
	$(Q)verilator --cc -Wno-fatal -Wno-lint -Wno-style --x-assign fast --x-initial fast -O3 +define+NO_INCLUDES -I$(YOSYS_DATA)/ecp5 \
	    --exe --build --top-module skywave --prefix Vskywave --Mdir $(@D) $(NETLIST_CXX) -o test \
	    $(filter %.v,$^) $(abspath $<) > $(NETLIST)/cells.log 2>&1 || (tail -n 40 $(NETLIST)/cells.log; false)
