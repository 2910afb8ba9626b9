# Trying everything that speaks Skycoin with an original Skycoin node and its command-line client: docs/interop.md.
# Needs Go and the Go module proxy, and takes minutes; so it is no part of make test.
ORIGINAL ?= $(BUILD)/original
.PHONY: interop
interop: all
	@tests/interop/original.sh $(ORIGINAL)
	@for t in wire rest client settle; do echo "== $$t"; BUILD=$(BUILD) python3 tests/interop/$$t.py $(abspath $(ORIGINAL)) || bad=1; done; [ -z "$$bad" ]
