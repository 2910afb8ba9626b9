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

# Speed of the simulated radio, in samples per CPU second: transmitting, receiving, listening.
$(BUILD)/bench/radio_speed: $(BUILD)/obj/tests/bench/radio_speed.o $(BUILD)/radio/libradio.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(SIM_CXX) -o $@ $^ -lm -lpthread -latomic
.PHONY: bench-sim
bench-sim: $(BUILD)/bench/radio_speed
	@$<
