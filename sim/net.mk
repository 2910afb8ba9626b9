# sim/net: many nodes of the real cores in one process, in virtual time. The daemon's pump, routes and publishing come
# from the node room; its ports are replaced at the linker's door, and three functions are looked over (--wrap).

NET_C    := $(wildcard sim/net/*.c)
NET_WRAP := -Wl,--wrap=skw_identity_verify,--wrap=skw_node_address_of,--wrap=skw_onion_receive
SIM_T    += $(BUILD)/test/san_skw_net_test

# net_program: built from (1) obj or san, (2) lib or libsan, (3) the program, (4) its file, (5) flags
define net_program
$(3): $$(BUILD)/$(1)/$(4:.c=.o) $$(NET_C:%.c=$$(BUILD)/$(1)/%.o) $$(patsubst %,$$(BUILD)/$(2)/%.a,$$(filter-out cli,$$(ROOMS)))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(5) $$(NET_WRAP) -o $$@ $$(filter %.o,$$^) $$(call group,$$(filter %.a,$$^)) -lcmocka $$(PKG_LD)
endef
$(eval $(call net_program,obj,lib,$(BUILD)/test/sim_skw_net_test,tests/sim/skw_net_test.c,))
$(eval $(call net_program,san,libsan,$(BUILD)/test/san_skw_net_test,tests/sim/skw_net_test.c,$(SAN)))

test-sim: $(BUILD)/test/san_skw_net_test
