// lms7002m - the radio chip of a LimeSDR Mini 2.0, set up over the board's registers PINS, SPI_SELECT, SPI_DATA.
//
// LimeSuite (Debian: liblimesuite-dev) knows the chip: synthesisers, clocks, filters, calibration. Here it gets a way to the
// chip's registers, and is told what this board needs (docs/boards.md): LimeLight as the gates read it, the switches
// to the sockets, and how a gain is shared out. Nothing of LimeSuite's own USB protocol is used.
//
// Failures are std::runtime_error with the reason. One thread at a time.
#ifndef SKW_LMS7002M_HPP
#define SKW_LMS7002M_HPP

#include <cstdint>
#include <memory>

extern "C" {
#include "soapy/skw_device.h"
}

constexpr uint32_t LIMESDR_MINI_2 = 0x4C494D32; // register BOARD: "LIM2"

class Lms7002m {
public:
	// Resets the chip and sets it up for 5, 10 or 20 MS/s; samples come from it and go to it from then on. The device must
	// outlive it.
	Lms7002m(skw_device *device, double rate_hz);
	~Lms7002m(); // samples come from the board's own clock again, and the chip is held in reset

	void set_rate(double rate_hz);
	// The synthesiser; RX and TX at one frequency share one. The sockets' networks are matched to 2 - 2.6 GHz
	// (antenna LNAH, BAND1), and below 0.9 (RX) or 1.9 GHz (TX) (LNAW, BAND2).
	static constexpr double LOWEST_HZ = 30e6, HIGHEST_HZ = 3.8e9;
	void set_frequency(bool tx, double hz);
	double frequency(bool tx) const;
	// RX: LNA 0 - 30, TIA 0 - 12, PGA -12 - 19 dB, the first ones first. TX: PAD 0 - 52, then IAMP 0 - 12 dB.
	static constexpr double RX_LEAST_DB = -12, RX_MOST_DB = 61, TX_LEAST_DB = 0, TX_MOST_DB = 64;
	void set_gain(bool tx, double db);
	double gain(bool tx) const; // what the chip took
	// RX 0: LNAH, 1: LNAW. TX 0: BAND1, 1: BAND2.
	void set_path(bool tx, unsigned path);
	// The analog filters for the rate, constants and image: LimeSuite's own measurements in the chip. Takes seconds;
	// transmits a little.
	void calibrate();

private:
	struct Inside;
	std::unique_ptr<Inside> in;
};

#endif
