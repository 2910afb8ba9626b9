# What the radio takes in an FPGA, and what it reaches (docs/silicon.md).
#
#   make area BOARD=ulx3s-85f                   LUT sites, flip-flops, memories and multipliers of each module
#   make paths BOARD=ulx3s-85f                  the longest ways between registers, told before placing
#   make seeds BOARD=ulx3s-85f SEEDS="1 2 3"    places and routes the same netlist several times
#   make table                                  a Markdown table of all that was placed and routed under $(BUILD)

SEEDS ?= 1 2 3
DEPTH ?= 4
ROWS  ?= 30

.PHONY: area paths seeds table
area: $(BUILD)/$(BOARD)/synth.json
	@constraints/area.py $< $(DEPTH)

paths: $(BUILD)/$(BOARD)/synth.json
	@constraints/paths.py $< $(ROWS)

seeds:
	@for s in $(SEEDS); do $(MAKE) --no-print-directory $(BUILD)/$(BOARD)/seed-$$s.config || exit 1; done
	@constraints/report.py --table $(SEEDS:%=$(BUILD)/$(BOARD)/seed-%.json)

table:
	@constraints/report.py --table $(sort $(wildcard $(BUILD)/*/seed-*.json))
