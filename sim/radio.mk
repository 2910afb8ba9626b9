# sim/radio: the gates as C++, by Verilator, behind a C interface; twice, since tracing is slow.

RADIO_I   := -std=c++17 -Isim -Ihost -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd
RADIO_CXX := $(OBJCACHE) $(SIM_CXX) $(RADIO_I) -I$(BUILD)/radio -O3
RADIO_V   := --top-module skywave_ticked --prefix Vskywave $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv sim/radio/skywave_ticked.sv
RADIO_O   := $(patsubst %,$(BUILD)/radio/o/%.o,gates skw_radio)

# All that Verilator writes, and its library, are one file to the compiler.
$(BUILD)/radio/gates.cpp: $(RTL) sim/radio/skywave_ticked.sv $(LINT_VLT)
	@mkdir -p $(@D) && rm -f $(@D)/Vskywave*
	$(Q)verilator $(VFLAGS) $(RADIO_V) --Mdir $(@D) > $(BUILD)/radio.log 2>&1 || (cat $(BUILD)/radio.log; false)
	$(Q)printf '#include "%s"\n' verilated.cpp verilated_threads.cpp $$(cd $(@D) && ls Vskywave*.cpp) > $@

# radio_objects: compiled with (1) flags into the folder (2).
define radio_objects
$(2)/gates.o: $$(BUILD)/radio/gates.cpp
	@mkdir -p $$(@D)
	$$(Q)$$(RADIO_CXX) -w $(1) -c -o $$@ $$<
$(2)/skw_radio.o: sim/radio/skw_radio.cpp sim/radio/skw_radio.h $$(BUILD)/radio/gates.cpp
	@mkdir -p $$(@D)
	$$(Q)$$(RADIO_CXX) -g -Wall $(1) -c -o $$@ $$<
endef

# A seventh faster where clang knows which way the gates go most of the time: it watches them send, receive and listen first.
PROFDATA  := $(if $(findstring clang,$(SIM_CXX)),$(shell command -v $$($(SIM_CXX) -print-prog-name=llvm-profdata)))
ifneq ($(PROFDATA),)
TRAIN     := $(BUILD)/radio/train
PROFILE   := $(TRAIN)/gates.profdata
$(eval $(call radio_objects,-fprofile-generate,$(TRAIN)))
TRAINER   := $(BUILD)/obj/tests/bench/radio_speed.o $(BUILD)/lib/wire.a
$(PROFILE): $(RADIO_O:$(BUILD)/radio/o/%=$(TRAIN)/%) | $(TRAINER)
	$(Q)$(SIM_CXX) -fprofile-generate -o $(TRAIN)/train $(TRAINER) $^ -lm -lpthread -latomic
	$(Q)LLVM_PROFILE_FILE=$(TRAIN)/raw $(TRAIN)/train 1 > $(TRAIN)/log && $(PROFDATA) merge -o $@ $(TRAIN)/raw
$(RADIO_O): $(PROFILE)
endif
$(eval $(call radio_objects,$(if $(PROFDATA),-fprofile-use=$(PROFILE)),$(BUILD)/radio/o))

$(BUILD)/radio/libradio.a: $(RADIO_O)
	$(Q)rm -f $@ && ar rcs $@ $^

# The radio that writes what its gates do (`skywave phy ... --trace`): a program of its own beside the fast one, built when
# it is asked for.
TRACE_CXX := $(subst -O3,-O1,$(subst -I$(BUILD)/radio,-I$(BUILD)/trace,$(RADIO_CXX))) -DVM_TRACE=1
LOOK_VLT := sim/radio/look.vlt
$(BUILD)/trace/Vskywave__ALL.a: $(RTL) sim/radio/skywave_ticked.sv $(LINT_VLT) $(LOOK_VLT)
	@mkdir -p $(@D)/o && rm -f $(@D)/Vskywave*
	$(Q)verilator $(VFLAGS) --trace --build $(RADIO_V) --Mdir $(@D) $(LOOK_VLT) \
	    -MAKEFLAGS "CXX=$(SIM_CXX) LINK=$(SIM_CXX) OPT_FAST=-O1 OPT_SLOW=-O0" > $(BUILD)/trace.log 2>&1 || (cat $(BUILD)/trace.log; false)
	@touch $@
$(BUILD)/trace/o/skw_radio.o: sim/radio/skw_radio.cpp sim/radio/skw_radio.h $(BUILD)/trace/Vskywave__ALL.a
	$(Q)$(TRACE_CXX) -Wall -c -o $@ $<
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
