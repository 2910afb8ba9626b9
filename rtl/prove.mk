# make prove - the FORMAL sections of the stream cells, by temporal induction: for every input and length of run.
#
# Yosys' own solver does it. Sizes are shrunken where a parameter allows, which the properties do not depend on.

PROVE := fifo fifo_frame
PROVE_PARAM_fifo       := chparam -set WIDTH 3 -set DEPTH 4 fifo;
PROVE_PARAM_fifo_frame := chparam -set WIDTH 3 -set DEPTH 4 fifo_frame;

.PHONY: prove
prove: $(patsubst %,$(BUILD)/prove/%.log,$(PROVE))
	@for m in $(PROVE); do grep -q 'Induction step proven: SUCCESS' $(BUILD)/prove/$$m.log && echo "ok - $$m proven" || exit 1; done

$(BUILD)/prove/%.log: rtl/ofdm_pkg.sv $(RTL)
	@mkdir -p $(@D)
	$(Q)yosys -q -l $@ -p "read_verilog -sv -formal -D FORMAL rtl/ofdm_pkg.sv $(firstword $(wildcard rtl/*/$*.sv)); \
	    $(PROVE_PARAM_$*) prep -flatten -top $*; async2sync; memory_map; opt -full; \
	    sat -tempinduct -prove-asserts -set-assumes -seq 1 -maxsteps 6 -verify" > /dev/null
