# The whole road in network namespaces; needs root. RELAYS=3 BENCH_S=5.
.PHONY: bench-net
bench-net: $(BUILD)/bin/skywaved
	@BUILD=$(BUILD) tests/bench/bench_net.py
