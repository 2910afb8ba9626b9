# make test-neon: the radio in C for 64-bit ARM, its tests under qemu. Needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static, and
# no root: cmocka (and VOLK) are arm64 packages of the same Debian, unpacked into the build folder.
# Without VOLK (its NEON kernels want a machine's profile) the plain steps of the decoder are tested: NEON_VOLK=1 takes VOLK's.

NEON      := $(BUILD)/neon
NEON_ROOT := $(NEON)/root
NEON_CC   := aarch64-linux-gnu-gcc
NEON_T    := $(patsubst tests/host/%.c,$(NEON)/%,$(wildcard tests/host/skw_modem_*_test.c))
NEON_DEBS := libcmocka0 libcmocka-dev $(if $(NEON_VOLK),libvolk2.5 libvolk2-dev liborc-0.4-0)
NEON_LIB  := $(abspath $(NEON_ROOT))/usr/lib/aarch64-linux-gnu
NEON_CF    = -std=c11 $(WARN) -O2 -g -D_GNU_SOURCE -Ihost -isystem $(NEON_ROOT)/usr/include $(if $(NEON_VOLK),,-DSKW_MODEM_NO_VOLK)

$(NEON_ROOT)/.ready:
	@mkdir -p $(NEON_ROOT)
	$(Q)tests/neon_packages $(NEON_ROOT) $(NEON_DEBS)
	@touch $@
$(NEON)/%_test: tests/host/%_test.c $(call room_c,modem) $(call room_c,wire) $(NEON_ROOT)/.ready
	$(Q)$(NEON_CC) $(NEON_CF) -O3 -fno-math-errno -fno-trapping-math -Itests/host -o $@ $(filter %.c,$^) \
	    -L$(NEON_LIB) -Wl,-rpath,$(NEON_LIB) -lcmocka $(if $(NEON_VOLK),-lvolk) -lm

# tests/run starts programs: a script for each, since not every kernel starts foreign ones by itself.
NEON_RUN  := $(patsubst $(NEON)/%,$(NEON)/run/%,$(NEON_T))
$(NEON)/run/%: $(NEON)/%
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec qemu-aarch64-static -L /usr/aarch64-linux-gnu %s\n' $(abspath $<) > $@ && chmod +x $@

.PHONY: test-neon
test-neon: $(NEON_RUN)
	@tests/run $(NEON_RUN)
