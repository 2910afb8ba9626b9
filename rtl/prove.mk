# make prove - the FORMAL sections of the modules, by temporal induction: for every input and length of run.
#
# Yosys' own solver does it. Sizes are shrunken where a parameter allows, which the properties do not depend on. What a
# section assumes of its surroundings stands in it. About two minutes.

PROVE := fifo fifo_frame hostlink_tx hostlink_rx framer_gate framer_rx ofdm_interleaver
PROVE_PARAM_fifo       := -chparam WIDTH 3 -chparam DEPTH 4
PROVE_PARAM_fifo_frame := -chparam WIDTH 3 -chparam DEPTH 4
PROVE_PARAM_framer_rx  := -chparam QUEUE_WORDS 8
PROVE_PARAM_ofdm_interleaver := -chparam TONES 16

.PHONY: prove
prove: $(patsubst %,$(BUILD)/prove/%.log,$(PROVE))
	@for m in $(PROVE); do grep -q 'Induction step proven: SUCCESS' $(BUILD)/prove/$$m.log && echo "ok - $$m proven" || exit 1; done

PROVE_RTL := rtl/ofdm_pkg.sv $(wildcard rtl/stream/fifo*.sv rtl/framer/*.sv rtl/hostlink/hostlink_[rt]x.sv rtl/tx/ofdm_interleaver.sv)
$(BUILD)/prove/%.log: $(PROVE_RTL)
	@mkdir -p $(@D)
	$(Q)yosys -q -l $@ -p "read_verilog -sv -formal -D FORMAL -defer $^; hierarchy -top $* $(PROVE_PARAM_$*); \
	    prep -flatten -top $*; async2sync; memory_map; opt -full; \
	    sat -tempinduct -prove-asserts -set-assumes -seq 1 -maxsteps 6 -verify" > /dev/null
