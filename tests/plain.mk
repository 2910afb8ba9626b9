# Plain SDRs: driver=imitation stands for every class of them (tests/soapy).

IMITATION := $(BUILD)/testsoapy/libimitationSupport.so
$(BUILD)/obj/tests/soapy/%.o: CFLAGS += -Itests/soapy
$(IMITATION): $(BUILD)/obj/tests/soapy/skw_imitation.o $(BUILD)/obj/tests/soapy/SkywaveImitation.o
	@mkdir -p $(@D)
	$(Q)$(CXX) -shared -o $@ $^ $(shell pkg-config --libs SoapySDR) -lm -lpthread
$(BUILD)/test/skw_plain_test: $(IMITATION)

# tests/system/plain_test.py runs SoapySDRServer with this.
NO_AVAHI := $(BUILD)/testsoapy/preload/no_avahi.so
$(NO_AVAHI): tests/soapy/no_avahi.c
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -fPIC -O1 -Wall -Wextra -o $@ $<
SYS_TOOLS += $(IMITATION) $(NO_AVAHI)
test-system: $(IMITATION) $(NO_AVAHI)
