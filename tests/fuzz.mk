# Fuzzers: tests/fuzz/X_fuzz.c with the rooms that its first lines name, by clang's libFuzzer under
# AddressSanitizer and UBSan.
#   make test-fuzz                       replays every corpus, then two seconds of search each
#   make fuzz TARGET=skw_tx SECONDS=600  searches on; what it finds stays in $(BUILD)/fuzz/found/skw_tx
#   make fuzz-merge TARGET=skw_tx        takes from there what reaches new code into tests/fuzz/corpus
#   make fuzz-seeds                      writes the seeds that come from encoders and vectors anew

FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN   := $(addprefix $(BUILD)/fuzz/,$(FUZZ_NAMES))
FUZZ_T     := tests/fuzz/replay
FUZZ_CC    := clang
FUZZ_SAN   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
FUZZ_CF     = $(CFLAGS) $(FUZZ_SAN) -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION=0
SECONDS   ?= 60

$(BUILD)/fuzzobj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(OBJCACHE) $(FUZZ_CC) $(FUZZ_CF) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

define fuzz_room
$(BUILD)/libfuzz/$(1).a: $(2)
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call fuzz_room,$(r),$(call room_o,$(r),fuzzobj))))
$(eval $(call fuzz_room,air,$(patsubst %.c,$(BUILD)/fuzzobj/%.o,$(filter-out %/main.c,$(wildcard sim/air/*.c)))))

define fuzz_program
$(BUILD)/fuzz/$(1): $(BUILD)/fuzzobj/tests/fuzz/$(1)_fuzz.o \
    $(patsubst %,$(BUILD)/libfuzz/%.a,$(call test_rooms,tests/fuzz/$(1)_fuzz.c))
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_SAN) -fsanitize=fuzzer -o $$@ $$< $$(call group,$$(filter %.a,$$^)) $$(PKG_LD)
endef
$(foreach n,$(FUZZ_NAMES),$(eval $(call fuzz_program,$(n))))
$(BUILD)/fuzzobj/tests/fuzz/%.o: FUZZ_CF += -Itests/host -Itests/fuzz
# VOLK declares complex integers, which clang says are no C.
$(BUILD)/fuzzobj/host/modem/%.o: FUZZ_CF += -Wno-gnu-complex-integer

.PHONY: fuzz test-fuzz fuzz-merge fuzz-seeds
$(FUZZ_T): $(FUZZ_BIN)
test-fuzz: $(FUZZ_BIN)
	@BUILD=$(BUILD) tests/run $(FUZZ_T)

FUZZ_FOUND = $(BUILD)/fuzz/found/$(TARGET)
fuzz: $(if $(TARGET),$(BUILD)/fuzz/$(TARGET))
	@test -n '$(TARGET)' || { echo 'make fuzz TARGET=name SECONDS=n; names: $(FUZZ_NAMES)' >&2; false; }
	@mkdir -p $(FUZZ_FOUND) $(BUILD)/fuzz/crash
	$(BUILD)/fuzz/$(TARGET) -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/crash/$(TARGET)- $(FUZZ_FOUND) tests/fuzz/corpus/$(TARGET)
fuzz-merge: $(BUILD)/fuzz/$(TARGET)
	@mkdir -p tests/fuzz/corpus/$(TARGET)
	$(BUILD)/fuzz/$(TARGET) -merge=1 -max_len=$(or $(MAX_LEN),2048) tests/fuzz/corpus/$(TARGET) $(FUZZ_FOUND)
fuzz-seeds: $(FUZZ_BIN)
	$(Q)for n in $(FUZZ_NAMES); do mkdir -p tests/fuzz/corpus/$$n; \
	    SKW_FUZZ_SEEDS=tests/fuzz/corpus/$$n $(BUILD)/fuzz/$$n -runs=0 2>/dev/null || exit 1; done

-include $(shell find $(BUILD)/fuzzobj -name '*.d' 2>/dev/null)
