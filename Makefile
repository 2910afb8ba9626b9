# Skywave: build, test, simulate, synthesise. `make help` lists the targets.

BUILD  ?= build
PREFIX ?= /usr/local
V      ?= 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(filter 0,$(V)),@)

CC       := gcc
CXX      := g++
# Verilated models run a fifth faster when clang compiled them.
SIM_CXX  := $(firstword $(shell command -v clang++ 2>/dev/null) g++)
OBJCACHE := $(shell command -v ccache 2>/dev/null)
export OBJCACHE

# ---- Host: one library a room, one program a main.c ---------------------------------------

PKGS     := libsodium libcrypto libuv libsecp256k1 sqlite3 libmicrohttpd jansson libcurl zlib nettle SoapySDR inih volk
PKG_CF   := $(shell pkg-config --cflags $(PKGS) libusb-1.0 2>/dev/null)
PKG_LD   := -Wl,--as-needed $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lliquid -lm -lpthread

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CFLAGS   := -std=c11 $(WARN) -O2 -g -fPIC -D_GNU_SOURCE -Ihost -Isim $(PKG_CF) $(EXTRA_CFLAGS)
CXXFLAGS := -std=c++17 -Wall -Wextra -Werror -O2 -g -fPIC -Ihost -Isim $(PKG_CF)
SAN      := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1

# In the order of the way of the data: a room may include those before it (tests/check/walls.py).
ROOMS    := wire keys modem plain mac link onion session ledger http ledgerd pay node cli
room_c    = $(filter-out %/main.c,$(wildcard host/$(1)/*.c))
room_o    = $(patsubst %.c,$(BUILD)/$(2)/%.o,$(call room_c,$(1)))

.PHONY: all
all: $(BUILD)/bin/skywaved $(BUILD)/bin/skywave $(BUILD)/bin/skywave-ledger $(BUILD)/bin/skywave-air $(BUILD)/soapy/libskywaveSupport.so

# Sample rates live on vectors of floats; nothing here asks for floating-point traps or errno.
$(BUILD)/obj/host/modem/%.o: CFLAGS += -O3 -fno-math-errno -fno-trapping-math
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(OBJCACHE) $(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/san/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(OBJCACHE) $(CC) $(CFLAGS) $(SAN) -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(Q)$(OBJCACHE) $(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

define room_rules
$(BUILD)/lib/$(1).a: $(call room_o,$(1),obj)
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcs $$@ $$^
$(BUILD)/libsan/$(1).a: $(call room_o,$(1),san)
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

LIBS     := $(patsubst %,$(BUILD)/lib/%.a,$(ROOMS))
group     = -Wl,--start-group $(1) -Wl,--end-group

# What a node with a radio loads besides: docs/architecture.md.
MODULE   := modem wire
$(BUILD)/lib/skywave/radio.so: $(call room_o,plain,obj) $(patsubst %,$(BUILD)/lib/%.a,$(MODULE))
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $(filter %.o,$^) $(call group,$(filter %.a,$^)) $(PKG_LD)
$(BUILD)/sanlib/skywave/radio.so: $(call room_o,plain,san) $(patsubst %,$(BUILD)/libsan/%.a,$(MODULE))
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -shared -o $@ $(filter %.o,$^) $(call group,$(filter %.a,$^)) $(PKG_LD)

$(BUILD)/bin/skywaved: $(BUILD)/obj/host/node/main.o $(filter-out %/cli.a %/plain.a %/modem.a,$(LIBS)) | $(BUILD)/lib/skywave/radio.so
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)

LEDGERD  := wire ledger http ledgerd
$(BUILD)/bin/skywave-ledger: $(BUILD)/obj/host/ledgerd/main.o $(patsubst %,$(BUILD)/lib/%.a,$(LEDGERD))
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)
$(BUILD)/sanbin/skywave-ledger: $(BUILD)/san/host/ledgerd/main.o $(patsubst %,$(BUILD)/libsan/%.a,$(LEDGERD))
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)

# The same daemon under the sanitizers, for tests/system.
$(BUILD)/sanbin/skywaved: $(BUILD)/san/host/node/main.o $(patsubst %,$(BUILD)/libsan/%.a,$(filter-out cli plain modem,$(ROOMS))) | $(BUILD)/sanlib/skywave/radio.so
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD)

$(BUILD)/bin/skywave: $(BUILD)/obj/host/cli/main.o $(LIBS) $(BUILD)/radio/libradio.a
	@mkdir -p $(@D)
	$(Q)$(SIM_CXX) -o $@ $< $(call group,$(filter %.a,$^)) $(PKG_LD) -latomic

# The SoapySDR module: all C but for the shell that SoapySDR's registry demands.
SOAPY_O  := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(wildcard host/soapy/*.c host/soapy/*.cpp))) \
            $(BUILD)/lib/wire.a
$(BUILD)/soapy/libskywaveSupport.so: $(SOAPY_O)
	@mkdir -p $(@D)
	$(Q)$(CXX) -shared -o $@ $(filter %.o,$^) $(filter %.a,$^) $(shell pkg-config --libs SoapySDR libusb-1.0 LimeSuite) -lm -lpthread

# ---- Simulation: the gates as C++, by Verilator -------------------------------------------

RTL_DIRS := $(sort $(dir $(wildcard rtl/*/*.sv)))
RTL      := rtl/ofdm_pkg.sv $(sort $(wildcard rtl/*/*.sv))
RTL_Y    := $(patsubst %,-y %,$(RTL_DIRS)) +libext+.sv
RTL_ABSY := $(patsubst %,-y $(CURDIR)/%,$(RTL_DIRS)) +libext+.sv
LINT_VLT := $(wildcard rtl/lint.vlt)
VFLAGS   := --cc -Wall --x-assign fast --x-initial fast -O3 --noassert
VROOT     = $(shell verilator --getenv VERILATOR_ROOT 2>/dev/null)

AIR_O := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard sim/air/*.c))
$(BUILD)/bin/skywave-air: $(AIR_O) $(BUILD)/radio/libradio.a $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(SIM_CXX) -o $@ $(AIR_O) $(filter %.a,$^) -lm -lpthread -latomic

# ---- Tests ---------------------------------------------------------------------------------
# tests/host/X_test.c names the rooms it stands on in its first lines: `rooms: wire keys`.

HOST_T := $(patsubst tests/host/%.c,$(BUILD)/test/%,$(wildcard tests/host/*_test.c))
RTL_T  := $(patsubst tests/rtl/%.cpp,$(BUILD)/test/rtl_%,$(wildcard tests/rtl/*_test.cpp))
SIM_T  := $(patsubst tests/sim/%.c,$(BUILD)/test/sim_%,$(wildcard tests/sim/*_test.c))
SYS_T  := $(wildcard tests/system/*_test.sh tests/system/*_test.py)

test_rooms = $(or $(shell sed -n 's/.*rooms: *\([a-z ]*\).*/\1/p;10q' $(1)),$(ROOMS))
test_libs  = $(patsubst %,$(BUILD)/libsan/%.a,$(call test_rooms,$(1)))

define host_test
$(BUILD)/test/$(1): tests/host/$(1).c $(call test_libs,tests/host/$(1).c)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(SAN) -Itests/host -o $$@ $$< $$(call group,$$(filter %.a,$$^)) -lcmocka $$(PKG_LD)
endef
$(foreach t,$(HOST_T),$(eval $(call host_test,$(notdir $(t)))))

# tests/rtl/X_test.cpp exercises module X; a line `// verilator: FLAGS` adds flags.
module_of  = $(firstword $(wildcard rtl/*/$(1).sv))
define rtl_test
$(BUILD)/test/rtl_$(1)_test: tests/rtl/$(1)_test.cpp $(RTL) $(wildcard tests/rtl/*.h) $(LINT_VLT)
	@mkdir -p $$(@D) $$(BUILD)/rtl/$(1)
	$$(Q)verilator $$(VFLAGS) --exe --build --assert --top-module $(1) --prefix V$(1) --Mdir $$(BUILD)/rtl/$(1) \
	    -MAKEFLAGS "CXX=$$(SIM_CXX) LINK=$$(SIM_CXX) OPT_FAST=-O2 OPT_SLOW=-O0" -CFLAGS "-I$$(CURDIR)/tests/rtl -O2" \
	    $$(shell sed -n 's|^// verilator: *||p' tests/rtl/$(1)_test.cpp) \
	    -o $$(abspath $$@) $$(RTL_Y) $$(LINT_VLT) rtl/ofdm_pkg.sv $(call module_of,$(1)) $$(abspath $$<) \
	    > $$(BUILD)/rtl_$(1).log 2>&1 || (cat $$(BUILD)/rtl_$(1).log; false)
	@touch $$@
endef
$(foreach t,$(RTL_T),$(eval $(call rtl_test,$(patsubst rtl_%_test,%,$(notdir $(t))))))

$(BUILD)/test/sim_%: tests/sim/%.c $(BUILD)/radio/libradio.a $(filter-out %/main.o,$(AIR_O)) $(BUILD)/lib/wire.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@.o $<
	$(Q)$(SIM_CXX) -o $@ $@.o $(filter %.o %.a,$^) -lcmocka -lm -lpthread -latomic

.PHONY: test test-host test-rtl test-sim test-system
test-host: $(HOST_T)
	@tests/run $(HOST_T)
test-rtl: $(RTL_T)
	@tests/run $(RTL_T)
test-sim: $(SIM_T)
	@tests/run $(SIM_T)
test-system: all $(BUILD)/sanbin/skywaved
	@BUILD=$(BUILD) tests/run $(SYS_T)
test: .ci/setup
	@.ci/setup
	@$(MAKE) --no-print-directory -j2 all $(BUILD)/sanbin/skywaved $(HOST_T) $(RTL_T) $(SIM_T) $(FUZZ_BIN) $(SYS_TOOLS)
	@BUILD=$(BUILD) tests/run $(HOST_T) $(RTL_T) $(SIM_T) $(FUZZ_T) $(SYS_T)

# ---- Style and structure -------------------------------------------------------------------

.PHONY: lint format
C_FILES := $(wildcard host/*/*.c host/*/*.h sim/*/*.c sim/*/*.h tests/host/*.c tests/host/*.h tests/sim/*.c \
	     tests/fuzz/*.c tests/fuzz/*.h)
lint:
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr -Ihost -Isim \
	    -D__linux__ $(filter %.c,$(filter-out tests/%,$(C_FILES)))
	$(Q)verilator --lint-only -Wall $(RTL_Y) $(LINT_VLT) --top-module skywave rtl/ofdm_pkg.sv rtl/top/skywave.sv
	$(Q)verilator --lint-only -Wall $(RTL_Y) $(LINT_VLT) --top-module board_serial rtl/ofdm_pkg.sv rtl/top/board_serial.sv
	$(Q)yosys -q -w "Replacing memory" -p "read_verilog -sv -defer $(RTL); hierarchy -check -top skywave; proc; check -assert"
	$(Q)tests/check/walls.py
format:
	clang-format -i $(C_FILES)

# ---- Setting up, installing ----------------------------------------------------------------

.PHONY: setup help clean install demo
setup:
	@.ci/setup
	@$(if $(NATIVE_PNR),echo "setup: using the nextpnr-ecp5 on the PATH",$(MAKE) --no-print-directory $(VENV)/.ready)
demo:
	@.ci/setup
	@$(MAKE) --no-print-directory -j2 all
	@BUILD=$(BUILD) python3 sim/demo/demo.py $(if $(FILE),--file '$(FILE)') --hops $(or $(HOPS),2)

DESTDIR ?=
BINDIR   = $(DESTDIR)$(PREFIX)/bin
MODDIR   = $(DESTDIR)$(PREFIX)/lib/skywave
SOAPYDIR = $(DESTDIR)$(PREFIX)/lib/SoapySDR/modules0.8
DOCDIR   = $(DESTDIR)$(PREFIX)/share/doc/skywave
MANDIR   = $(DESTDIR)$(PREFIX)/share/man/man1
UNITDIR  = $(DESTDIR)$(PREFIX)/lib/systemd/system
install: all
	install -d $(BINDIR) $(MODDIR) $(SOAPYDIR) $(DOCDIR) $(MANDIR) $(UNITDIR)
	install -m 755 $(BUILD)/bin/skywaved $(BUILD)/bin/skywave $(BUILD)/bin/skywave-ledger $(BUILD)/bin/skywave-air $(BINDIR)
	install -m 644 $(BUILD)/lib/skywave/radio.so $(MODDIR)
	install -m 644 $(BUILD)/soapy/libskywaveSupport.so $(SOAPYDIR)
	install -m 644 README.md docs/*.md $(DOCDIR)
	install -m 644 docs/man/*.1 $(MANDIR)
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' docs/man/skywaved.service > $(UNITDIR)/skywaved.service

help:
	@echo 'make                    build programs (build/bin) and the SoapySDR module (build/soapy)'
	@echo 'make demo               a file crosses four nodes: FILE=path, HOPS=relays (default 2)'
	@echo 'make test               build and run every test; test-host, test-rtl, test-sim, test-system run a part'
	@echo 'make sim                radio-only regression, a table per rate; make bench-sim: speed of the simulated gates'
	@echo 'make trace              bin/skywave-trace, which skywave phy --trace runs: signals of the gates over time'
	@echo 'make bitstream BOARD=b  $(BOARDS): Yosys and nextpnr-ecp5 to a .bit, with a report'
	@echo 'make flash BOARD=b      load it (openFPGALoader); PERSIST=1 into flash memory, DRY=1 says what it would do'
	@echo 'make area, paths, seeds, table  LUT sites of each module; longest ways; several placements; a table of all that were routed (docs/silicon.md)'
	@echo 'make test-netlist        the synthesised netlist does what the RTL does'
	@echo 'make prove              the FORMAL sections of the modules, by induction'
	@echo 'make bench-per          sensitivity per rate beside the ideal receiver; ENGINE=rtl (default) or soft'
	@echo 'make bench-impair       frames lost with echoes, offsets, levels ...; ENGINE=rtl or soft; bench-noise, bench-lengths: gates alone'
	@echo 'make mask               the transmitter against the spectrum mask: table and plot'
	@echo 'make test-kills         both ends of a payment killed 200 times; make test-neon: the radio in C for ARM, under qemu'
	@echo 'make bench-modem, bench-relay, bench-net, bench-scale, bench-ledger, bench-sync'
	@echo 'make fuzz TARGET=name   search for inputs that break a parser, SECONDS=n; test-fuzz: two seconds of each'
	@echo 'make lint               formatting, static checks, Verilator and Yosys warnings, walls'
	@echo 'make setup              install what is needed (Debian packages; a Python environment for the ECP5 tools)'
	@echo 'make install            PREFIX=/usr/local DESTDIR='
	@echo 'make format, make clean'
clean:
	rm -rf $(BUILD)

-include $(wildcard *.mk rtl/*.mk sim/*.mk tests/*.mk)
-include $(shell find $(BUILD)/obj $(BUILD)/san -name '*.d' 2>/dev/null)
