# make flash BOARD=… - builds the board's bitstream, if it is not there yet, and loads it with openFPGALoader.
#
#   PERSIST=1   into the board's flash memory; without, into the FPGA until power goes
#   DRY=1       only says what would be done
#
# A row is the loader's options for a board's top; where there is none, FLASH_WHY says what to do instead.

# The LimeSDR Mini 2.0 is no board of openFPGALoader 0.10: an FT2232 adapter on its JTAG header, as its maker's scripts have it.
FLASH_volatile_limesdr_mini := -c ft2232
FLASH_persist_limesdr_mini  := -c ft2232 --write-flash
FLASH_volatile_ulx3s      := -b ulx3s
FLASH_persist_ulx3s       := -b ulx3s --write-flash
FLASH_persist_orangecrab  := -b orangeCrab
FLASH_WHY_orangecrab      := its USB bootloader writes the flash memory and nothing else: give PERSIST=1, with the button held while plugging the board in
FLASH_WHY_tinysdr         := its microcontroller configures the FPGA: hand it the .bit file that make bitstream makes

FLASH_WAY    = $(if $(filter-out 0,$(PERSIST)),persist,volatile)
FLASH_ARGS   = $(FLASH_$(FLASH_WAY)_$(BOARD_TOP))
FLASH_BIT    = $(BOARD_DIR)/$(BOARD).bit
FLASH_TOLD   = $(if $(filter persist,$(FLASH_WAY)),into flash memory: it stays when power goes,into the FPGA: gone when power goes)
FLASH_LOADER = $(shell command -v openFPGALoader 2>/dev/null)
FLASH_NONE   = flash: openFPGALoader is missing: make setup installs it, or apt-get install openfpgaloader
DRY_RUN      = $(filter-out 0,$(DRY))

.PHONY: flash
flash:
	$(if $(FLASH_ARGS),,@echo "flash: $(BOARD): $(FLASH_WHY_$(BOARD_TOP))" >&2; exit 1)
	$(if $(FLASH_LOADER),,@echo "$(FLASH_NONE)" >&2$(if $(DRY_RUN),,; exit 1))
	$(if $(DRY_RUN),@echo "flash: would $(if $(wildcard $(FLASH_BIT)),take,first build) $(FLASH_BIT)",@$(MAKE) --no-print-directory bitstream)
	@echo "flash: $(if $(DRY_RUN),would load it )$(FLASH_TOLD)"
	$(if $(DRY_RUN),@echo "flash: would run: openFPGALoader $(FLASH_ARGS) $(FLASH_BIT)",openFPGALoader $(FLASH_ARGS) $(FLASH_BIT))
