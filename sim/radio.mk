# sim/radio: the gates as C++, by Verilator, behind a C interface; twice, since tracing is slow.

RADIO_V   := --top-module skywave_ticked --prefix Vskywave $(RTL_Y) $(LINT_VLT) rtl/ofdm_pkg.sv sim/radio/skywave_ticked.sv
RADIO_CXX := $(OBJCACHE) $(SIM_CXX) -std=c++17 -Isim -Ihost -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd

# radio_gates: verilated into the folder (1), with (2) flags and (3) files of Verilator's library; all one file to the compiler.
define radio_gates
$(1)/gates.cpp: $$(RTL) sim/radio/skywave_ticked.sv $$(LINT_VLT) $$(wildcard sim/radio/*.vlt)
	@mkdir -p $$(@D) && rm -f $$(@D)/Vskywave*
	$$(Q)verilator $$(VFLAGS) $(2) $$(RADIO_V) --Mdir $$(@D) > $(1).log 2>&1 || (cat $(1).log; false)
	$$(Q)printf '#include "%s"\n' $(3) $$$$(cd $$(@D) && ls Vskywave*.cpp) > $$@
endef

# radio_objects: of the gates in the folder (1), compiled with (2) flags into the folder (3).
define radio_objects
$(3)/gates.o: $(1)/gates.cpp
	@mkdir -p $$(@D)
	$$(Q)$$(RADIO_CXX) -I$(1) -w $(2) -c -o $$@ $$<
$(3)/skw_%.o: sim/radio/skw_%.cpp $$(wildcard sim/radio/*.h) $(1)/gates.cpp
	@mkdir -p $$(@D)
	$$(Q)$$(RADIO_CXX) -I$(1) -g -Wall $(2) -c -o $$@ $$<
endef

# The fast one ---------------------------------------------------------------------------------

RADIO   := $(BUILD)/radio
RADIO_O := $(RADIO)/o/gates.o $(RADIO)/o/skw_radio.o
$(eval $(call radio_gates,$(RADIO),,verilated.cpp verilated_threads.cpp))

# A seventh faster where clang knows which way the gates go most of the time: it watches them send, receive and listen first.
PROFDATA := $(if $(findstring clang,$(SIM_CXX)),$(shell command -v $$($(SIM_CXX) -print-prog-name=llvm-profdata)))
ifneq ($(PROFDATA),)
TRAIN    := $(RADIO)/train
TRAINER  := $(BUILD)/obj/tests/bench/radio_speed.o $(BUILD)/lib/wire.a
$(eval $(call radio_objects,$(RADIO),-O3 -fprofile-generate,$(TRAIN)))
$(TRAIN)/profile: $(RADIO_O:$(RADIO)/o/%=$(TRAIN)/%) | $(TRAINER)
	$(Q)$(SIM_CXX) -fprofile-generate -o $(TRAIN)/train $(TRAINER) $^ -lm -lpthread -latomic
	$(Q)LLVM_PROFILE_FILE=$(TRAIN)/raw $(TRAIN)/train 1 > $(TRAIN)/log && $(PROFDATA) merge -o $@ $(TRAIN)/raw
$(RADIO_O): $(TRAIN)/profile
endif
$(eval $(call radio_objects,$(RADIO),-O3 $(if $(PROFDATA),-fprofile-use=$(TRAIN)/profile),$(RADIO)/o))

$(RADIO)/libradio.a: $(RADIO_O)
	$(Q)rm -f $@ && ar rcs $@ $^

# The one that writes what its gates do (`skywave phy ... --trace`): a program of its own, built when it is asked for -----

TRACE   := $(BUILD)/trace
$(eval $(call radio_gates,$(TRACE),--trace-fst sim/radio/look.vlt,verilated.cpp verilated_threads.cpp verilated_fst_c.cpp))
$(eval $(call radio_objects,$(TRACE),-O1 -DVM_TRACE=1 -DVM_TRACE_FST=1,$(TRACE)/o))
$(TRACE)/libradio.a: $(TRACE)/o/gates.o $(TRACE)/o/skw_radio.o $(TRACE)/o/skw_radio_trace.o
	$(Q)rm -f $@ && ar rcs $@ $^
$(BUILD)/bin/skywave-trace: $(BUILD)/obj/host/cli/main.o $(LIBS) $(TRACE)/libradio.a
	@mkdir -p $(@D)
	$(Q)$(SIM_CXX) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD) -lz -latomic
.PHONY: trace
trace: $(BUILD)/bin/skywave-trace
SYS_TOOLS += $(BUILD)/bin/skywave-trace
