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
$(BUILD)/bench/radio_speed: tests/bench/radio_speed.c $(BUILD)/radio/libradio.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@.o $<
	$(Q)$(SIM_CXX) -o $@ $@.o $(filter %.a,$^) -lm -lpthread -latomic
.PHONY: bench-sim
bench-sim: $(BUILD)/bench/radio_speed
	@$<

# The radio that writes what its gates do (`skywave phy ... --trace`): a program of its own beside the fast one, built when
# it is asked for.
TRACE_CXX := $(subst -O3,-O1,$(subst -I$(BUILD)/radio,-I$(BUILD)/trace,$(RADIO_CXX))) -DVM_TRACE=1
LOOK_VLT := sim/radio/look.vlt
$(BUILD)/trace/Vskywave__ALL.a: $(RTL) $(LINT_VLT) $(LOOK_VLT)
	@mkdir -p $(@D)/o
	$(Q)verilator $(VFLAGS) --trace --build --top-module skywave --prefix Vskywave --Mdir $(@D) \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O1 OPT_SLOW=-O0" \
	    $(RTL_Y) $(LINT_VLT) $(LOOK_VLT) rtl/ofdm_pkg.sv rtl/top/skywave.sv > $(BUILD)/trace.log 2>&1 || (cat $(BUILD)/trace.log; false)
	@touch $@
$(BUILD)/trace/o/skw_radio.o: sim/radio/skw_radio.cpp sim/radio/skw_radio.h $(BUILD)/trace/Vskywave__ALL.a
	$(Q)$(TRACE_CXX) -c -o $@ $<
TRACE_O := $(addprefix $(BUILD)/trace/o/,verilated.o verilated_threads.o verilated_vcd_c.o)
$(TRACE_O): $(BUILD)/trace/o/%.o: $(BUILD)/trace/Vskywave__ALL.a
	$(Q)$(TRACE_CXX) -w -c -o $@ $(VROOT)/include/$*.cpp
$(BUILD)/trace/libradio.a: $(BUILD)/trace/o/skw_radio.o $(TRACE_O) $(BUILD)/trace/Vskywave__ALL.a
	$(Q)rm -f $@ && cp $(BUILD)/trace/Vskywave__ALL.a $@ && ar rs $@ $(filter %.o,$^) 2>/dev/null
$(BUILD)/bin/skywave-trace: $(BUILD)/obj/host/cli/main.o $(LIBS) $(BUILD)/trace/libradio.a
	@mkdir -p $(@D)
	$(Q)$(SIM_CXX) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD) -latomic
.PHONY: trace
trace: $(BUILD)/bin/skywave-trace
SYS_TOOLS += $(BUILD)/bin/skywave-trace
