# make sim: the radio-only regression, FRAMES of every rate through two simulated radios.

FRAMES ?= 40

$(BUILD)/test/air_regress: tests/system/air_regress.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(shell pkg-config --libs SoapySDR) -lm

.PHONY: sim
sim: $(BUILD)/bin/skywave-air $(BUILD)/soapy/libskywaveSupport.so $(BUILD)/test/air_regress
	@sim/regress.sh $(BUILD) $(FRAMES)

# The C core of the SoapySDR module as a library, for its tests under the sanitizers.
$(eval $(call room_rules,soapy))
