# What a node's share of the network costs at 100, 1,000 and 10,000 nodes: CSV, table and plot.
SCALE_NODES ?= 100 1000 10000
SCALE_C     := tests/bench/net_scale.c $(filter-out sim/net/skw_net_memo.c,$(wildcard sim/net/*.c))

$(BUILD)/bench/net_scale: $(SCALE_C) $(patsubst %,$(BUILD)/lib/%.a,$(filter-out cli,$(ROOMS)))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wl,--wrap=skw_onion_receive -o $@ $(SCALE_C) $(call group,$(filter %.a,$^)) $(PKG_LD)

.PHONY: bench-scale
bench-scale: $(BUILD)/bench/net_scale
	@$(BUILD)/bench/net_scale $(SCALE_NODES) > $(BUILD)/scale.csv.part && mv $(BUILD)/scale.csv.part $(BUILD)/scale.csv
	@column -s, -t $(BUILD)/scale.csv
	@command -v gnuplot > /dev/null && gnuplot -e "csv='$(BUILD)/scale.csv'; png='$(BUILD)/scale.png'" tests/bench/scale.gp \
	    && echo '$(BUILD)/scale.png' || echo 'no gnuplot: no plot'
