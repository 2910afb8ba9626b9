# The whole road in network namespaces; needs root. BENCH_S=10 seconds a flow, ROWS=line,slow,short,equal,unequal,dark,fair,memory.
.PHONY: bench-net
$(BUILD)/bench/linkemu $(BUILD)/bench/bare_hop $(BUILD)/bench/hold: $(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $<
bench-net: $(BUILD)/bin/skywaved $(BUILD)/bench/linkemu $(BUILD)/bench/bare_hop $(BUILD)/bench/hold $(BUILD)/bench/relay_circuits
	@BUILD=$(BUILD) tests/bench/bench_net.py
