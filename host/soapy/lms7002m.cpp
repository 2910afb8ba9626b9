#include "soapy/lms7002m.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>

#include <lime/IConnection.h>
#include <lime/LMS7002M.h>
#include <lime/Logger.h>

#include <SoapySDR/Logger.hpp>

extern "C" {
#include "wire/skw_hostlink.h"
}

namespace {

using lime::LMS7002M;

// Bits of register PINS (docs/boards.md).
enum : uint32_t {
	RESET_N = 1 << 0,
	CORE_LDO_EN = 1 << 1,
	TXEN = 1 << 2,
	RXEN = 1 << 3,
	TXNRX1 = 1 << 4,
	RX_V1 = 1 << 6,
	RX_V2 = 1 << 7,
	TX_V1 = 1 << 8,
	TX_V2 = 1 << 9,
};

constexpr double REFERENCE_HZ = 40e6;
constexpr uint32_t SELECT_CHIP = 31 << 8 | 0; // 32 bits a transfer, chip 0

// Bias, amplifier and synthesiser settings that the board's maker recommends beside the chip's reset values (for hardware
// from version 1.2 on; LimeSuite, Apache-2.0).
const struct {
	uint16_t address, value;
} RECOMMENDED[] = {
	{ 0x0022, 0x0FFF }, { 0x0023, 0x5550 }, { 0x002B, 0x0038 }, { 0x002C, 0x0000 }, { 0x002D, 0x0641 }, // LimeLight
	{ 0x0086, 0x4101 }, { 0x0087, 0x5555 }, { 0x0088, 0x03F0 }, { 0x0089, 0x1078 }, { 0x008B, 0x2100 }, // clock synthesiser
	{ 0x008C, 0x267B }, { 0x00A1, 0x656A }, { 0x00A6, 0x0009 }, { 0x00A7, 0x8A8A }, { 0x00A9, 0x8000 },
	{ 0x00AC, 0x2000 },
	{ 0x0105, 0x0011 }, { 0x0108, 0x118C }, { 0x0109, 0x6100 }, { 0x010A, 0x1F4C }, { 0x010B, 0x0001 }, // transmitter
	{ 0x010C, 0x8865 }, { 0x010E, 0x0000 }, { 0x010F, 0x3142 }, { 0x0110, 0x2B14 }, { 0x0111, 0x0000 }, // receiver
	{ 0x0112, 0x942E }, { 0x0113, 0x03C2 }, { 0x0114, 0x00D0 }, { 0x0117, 0x1230 }, { 0x0119, 0x18D2 },
	{ 0x011C, 0x8941 }, { 0x011D, 0x0000 }, { 0x011E, 0x0740 }, { 0x0120, 0xE6B4 }, { 0x0121, 0x3650 }, // synthesisers
	{ 0x0123, 0x000F },
	{ 0x0200, 0x00E1 }, { 0x0208, 0x017B }, { 0x020B, 0x4000 }, { 0x020C, 0x8000 },                     // digital parts
	{ 0x0400, 0x8081 }, { 0x0404, 0x0006 }, { 0x040B, 0x1020 }, { 0x040C, 0x00FB },
};

// LimeSuite's words go where SoapySDR's go, where they are wanted.
void note(const lime::LogLevel, const char *text)
{
	SoapySDR::log(SOAPY_SDR_DEBUG, text);
}

void fail(const std::string &what)
{
	throw std::runtime_error("skywave: LMS7002M: " + what);
}

// What LimeSuite wants to say to the chip, as accesses to the board's registers.
class Wire : public lime::IConnection {
public:
	explicit Wire(skw_device *device) : device_(device) {}

	bool IsOpen() override { return true; }
	lime::DeviceInfo GetDeviceInfo() override
	{
		lime::DeviceInfo info;
		info.deviceName = "LimeSDR-mini_v2";
		return info;
	}
	int WriteLMS7002MSPI(const uint32_t *words, size_t n, unsigned) override
	{
		bool good = skw_device_write(device_, SKW_REG_SPI_SELECT, SELECT_CHIP) == SKW_DEVICE_OK;
		for (size_t k = 0; good && k < n; k++)
			good = skw_device_write(device_, SKW_REG_SPI_DATA, words[k]) == SKW_DEVICE_OK;
		return good ? 0 : -1;
	}
	int ReadLMS7002MSPI(const uint32_t *words, uint32_t *answers, size_t n, unsigned) override
	{
		const uint8_t address = SKW_REG_SPI_DATA;
		bool good = skw_device_write(device_, SKW_REG_SPI_SELECT, SELECT_CHIP) == SKW_DEVICE_OK;
		for (size_t k = 0; good && k < n; k++) {
			good = skw_device_write(device_, SKW_REG_SPI_DATA, words[k]) == SKW_DEVICE_OK &&
			       skw_device_read(device_, &answers[k], &address, 1) == SKW_DEVICE_OK;
			answers[k] &= 0xFFFF;
		}
		return good ? 0 : -1;
	}
	int TransactSPI(const int, const uint32_t *words, uint32_t *answers, const size_t n) override
	{
		return answers ? ReadLMS7002MSPI(words, answers, n, 0) : WriteLMS7002MSPI(words, n, 0);
	}
	int DeviceReset(int) override
	{
		pins_ &= ~RESET_N;
		if (set_pins(0, 0))
			return -1;
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
		return set_pins(0, RESET_N);
	}
	// The chip's controller: its program goes through a FIFO of 32 octets, and it says when it has all of them.
	int ProgramMCU(const uint8_t *program, const size_t n, const MCU_PROG_MODE mode, ProgrammingCallback) override
	{
		constexpr uint32_t CONTROL = 0x0002, DATA = 0x0004, EMPTY = 1 << 0, PROGRAMMED = 1 << 6;
		constexpr size_t FIFO = 32;
		const auto put = [this](uint32_t address, uint32_t value) {
			const uint32_t word = 1u << 31 | address << 16 | value;
			return WriteLMS7002MSPI(&word, 1, 0) == 0;
		};
		bool good = put(CONTROL, 0) && put(CONTROL, (uint32_t)mode);

		for (size_t k = 0; good && k < n; k++)
			good = (k % FIFO != 0 || controller_says(EMPTY)) && put(DATA, program[k]);
		return good && controller_says(PROGRAMMED) ? 0 : -1;
	}
	int set_pins(uint32_t clear, uint32_t set)
	{
		pins_ = (pins_ & ~clear) | set;
		return skw_device_write(device_, SKW_REG_PINS, pins_) == SKW_DEVICE_OK ? 0 : -1;
	}
	int samples(bool from_chip)
	{
		return skw_device_write(device_, SKW_REG_SAMPLES, from_chip) == SKW_DEVICE_OK ? 0 : -1;
	}

private:
	bool controller_says(uint32_t bit)
	{
		constexpr uint32_t STATUS = 0x0003u << 16;
		const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
		uint32_t answer = 0;

		do
			if (ReadLMS7002MSPI(&STATUS, &answer, 1, 0) != 0)
				return false;
		while (!(answer & bit) && std::chrono::steady_clock::now() < end);
		return answer & bit;
	}

	skw_device *device_;
	uint32_t pins_ = 0;
};

} // namespace

struct Lms7002m::Inside {
	explicit Inside(skw_device *device) : wire(device)
	{
		lime::registerLogHandler(note);
		chip.SetConnection(&wire);
		chip.SetLogCallback([this](const char *text, int) { said = text; });
	}
	~Inside() // whatever went wrong
	{
		wire.samples(false);
		wire.set_pins(UINT32_MAX, 0);
	}
	void must(int result, const std::string &what)
	{
		if (result != 0)
			fail(what + (said.empty() ? "" : ": " + said));
		said.clear();
	}

	Wire wire;
	LMS7002M chip;
	std::string said;
	double rate = 0;
	double hz[2] = { 2.44e9, 2.44e9 }; // RX, TX
	double db[2] = { 0, 0 };
};

Lms7002m::Lms7002m(skw_device *device, double rate_hz) : in(new Inside(device))
{
	LMS7002M &chip = in->chip;

	in->must(in->wire.samples(false), "the board is gone");
	in->must(in->wire.set_pins(0, CORE_LDO_EN | TXEN | RXEN | TXNRX1), "the board is gone");
	in->must(chip.ResetChip(), "no reset");
	const uint16_t version = chip.Get_SPI_Reg_bits(LMS7param(VER), true);
	if (version != 7)
		fail("no chip answers on the board's SPI: version " + std::to_string(version) + " instead of 7");
	in->must(chip.Modify_SPI_Reg_bits(LMS7param(MAC), LMS7002M::ChA), "channel A");
	for (const auto &r : RECOMMENDED)
		in->must(chip.SPI_write(r.address, r.value, true), "its registers");
	in->must(chip.Modify_SPI_Reg_bits(LMS7param(MAC), LMS7002M::ChB), "channel B");
	for (const uint16_t address : { 0x0123, 0x0120, 0x011C }) // of the transmit synthesiser
		for (const auto &r : RECOMMENDED)
			if (r.address == address)
				in->must(chip.SPI_write(address, r.value, true), "its registers");
	in->must(chip.EnableChannel(false, false) | chip.EnableChannel(true, false), "channel B off");
	in->must(chip.Modify_SPI_Reg_bits(LMS7param(MAC), LMS7002M::ChA), "channel A");
	in->must(chip.EnableChannel(false, true) | chip.EnableChannel(true, true), "channel A on");
	in->must(chip.SetReferenceClk_SX(false, REFERENCE_HZ), "reference clock");
	set_path(false, 0);
	set_path(true, 0);
	set_rate(rate_hz);
	set_frequency(false, in->hz[false]);
	set_frequency(true, in->hz[true]);
	set_gain(false, 30);
	set_gain(true, TX_LEAST_DB);
}

Lms7002m::~Lms7002m() = default;

// Converters at twice the sample rate, halved and doubled by the chip's own filters; LimeLight in MIMO DDR frames,
// channel B empty, so that MCLK runs at twice the sample rate.
void Lms7002m::set_rate(double rate_hz)
{
	constexpr uint8_t BY_2 = 0;
	LMS7002M &chip = in->chip;

	in->must(in->wire.samples(false), "the board is gone");
	in->must(chip.Modify_SPI_Reg_bits(LMS7_LML1_SISODDR, 0) | chip.Modify_SPI_Reg_bits(LMS7_LML2_SISODDR, 0) |
			 chip.Modify_SPI_Reg_bits(LMS7param(CDSN_RXALML), 1),
		 "LimeLight");
	// F_CLKH, 8 to a sample, clocks the ADC, whose numbers leave at a fourth of it; F_CLKL, that fourth, the DAC.
	in->must(chip.SetFrequencyCGEN(8 * rate_hz), "clock synthesiser");
	in->must(chip.Modify_SPI_Reg_bits(LMS7param(EN_ADCCLKH_CLKGN), 0) |
			 chip.Modify_SPI_Reg_bits(LMS7param(CLKH_OV_CLKL_CGEN), 2),
		 "converter clocks");
	in->must(chip.SetInterfaceFrequency(chip.GetFrequencyCGEN(), BY_2, BY_2), "LimeLight clocks");
	in->must(chip.ResetLogicregisters(), "its logic");
	in->rate = rate_hz;
	in->must(in->wire.samples(true), "the board is gone");
}

void Lms7002m::set_frequency(bool tx, double hz)
{
	LMS7002M &chip = in->chip;

	if (!(hz >= LOWEST_HZ && hz <= HIGHEST_HZ))
		throw std::invalid_argument("skywave: frequency out of range: 30 MHz to 3.8 GHz");
	in->hz[tx] = hz;
	const bool one = std::abs(in->hz[0] - in->hz[1]) < 1;
	in->must(chip.EnableSXTDD(one), "synthesisers");
	if (one)
		in->must(chip.SetFrequencySX(true, hz), "no lock at " + std::to_string(hz) + " Hz");
	else
		for (const bool way : { false, true })
			in->must(chip.SetFrequencySX(way, in->hz[way]), "no lock at " + std::to_string(in->hz[way]) + " Hz");
}

double Lms7002m::frequency(bool tx) const
{
	return in->chip.GetFrequencySX(tx || std::abs(in->hz[0] - in->hz[1]) < 1);
}

void Lms7002m::set_gain(bool tx, double db)
{
	LMS7002M &chip = in->chip;

	if (tx) {
		db = std::clamp(db, TX_LEAST_DB, TX_MOST_DB);
		in->must(chip.SetTRFPAD_dB(std::min(db, 52.0)), "TX gain");
		double rest = db - chip.GetTRFPAD_dB();
		in->must(chip.SetTBBIAMP_dB(std::clamp(rest, 0.0, 12.0)), "TX gain");
		in->db[1] = chip.GetTRFPAD_dB() + chip.GetTBBIAMP_dB();
		return;
	}
	double rest = std::clamp(db, RX_LEAST_DB, RX_MOST_DB) - RX_LEAST_DB;
	in->must(chip.SetRFELNA_dB(std::min(rest, 30.0)), "RX gain");
	rest -= chip.GetRFELNA_dB();
	in->must(chip.SetRFETIA_dB(rest >= 12 ? 12 : rest >= 9 ? 9 : 0), "RX gain");
	rest -= chip.GetRFETIA_dB();
	in->must(chip.SetRBBPGA_dB(std::clamp(rest, 0.0, 31.0) + RX_LEAST_DB), "RX gain");
	in->db[0] = chip.GetRFELNA_dB() + chip.GetRFETIA_dB() + chip.GetRBBPGA_dB();
}

double Lms7002m::gain(bool tx) const
{
	return in->db[tx];
}

void Lms7002m::set_path(bool tx, unsigned path)
{
	LMS7002M &chip = in->chip;

	if (tx) {
		in->must(chip.SetBandTRF(path == 0 ? 1 : 2), "TX path");
		in->must(in->wire.set_pins(TX_V1 | TX_V2, path == 0 ? TX_V1 : TX_V2), "the board is gone");
	} else {
		in->must(chip.SetPathRFE(path == 0 ? LMS7002M::PATH_RFE_LNAH : LMS7002M::PATH_RFE_LNAW), "RX path");
		in->must(in->wire.set_pins(RX_V1 | RX_V2, path == 0 ? RX_V1 : RX_V2), "the board is gone");
	}
}

// By a program of LimeSuite's in the chip's controller.
void Lms7002m::calibrate()
{
	LMS7002M &chip = in->chip;
	const auto step = [this](int result, const char *what) {
		if (result != 0)
			in->wire.samples(true);
		in->must(result, what);
	};

	step(in->wire.samples(false), "the board is gone");
	step(chip.TuneRxFilter(in->rate), "RX filter not tuned");
	step(chip.TuneTxFilter(in->rate), "TX filter not tuned");
	step(chip.CalibrateRx(in->rate), "receiver not calibrated");
	step(chip.CalibrateTx(in->rate), "transmitter not calibrated");
	step(in->wire.samples(true), "the board is gone");
}
