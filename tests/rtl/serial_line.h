// serial_line - the host's end of a board's serial line, bit by bit: 8N1 at 10 clocks a bit.
//
//   board(dut): rxd in, txd out, clk and rst as everywhere. Bytes put() leave one after another; bytes of the board
//   are in `got` as they end.

#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "stream_drive.h"

template <class Board> struct SerialLine {
	static constexpr unsigned BIT = 10; // clocks

	Board dut;
	std::vector<uint8_t> got;
	std::deque<uint8_t> out;

	SerialLine()
	{
		dut.rxd = 1;
		drive::reset(dut);
	}
	void put(const std::vector<uint8_t> &bytes)
	{
		out.insert(out.end(), bytes.begin(), bytes.end());
	}
	bool sending() const
	{
		return frame || !out.empty();
	}
	void clock()
	{
		if (--hold == 0) {
			if (!frame && !out.empty()) {
				frame = 0x600u | out.front() << 1;
				out.pop_front();
			}
			dut.rxd = frame ? frame & 1 : 1;
			frame = frame >> 1 == 1 ? 0 : frame >> 1;
			hold = BIT;
		}
		drive::clock(dut);
		if (bits < 0 && !dut.txd) {
			bits = 0, byte = 0, wait = BIT + BIT / 2;
		} else if (bits >= 0 && --wait == 0) {
			if (bits == 8) {
				got.push_back(byte);
				bits = -1;
			} else {
				byte |= dut.txd << bits++;
				wait = BIT;
			}
		}
	}
	void run(unsigned clocks)
	{
		while (clocks--)
			clock();
	}
	// All of it on the wire, then so many clocks.
	void send(const std::vector<uint8_t> &bytes, unsigned clocks)
	{
		put(bytes);
		while (sending())
			clock();
		run(clocks);
	}

      private:
	unsigned frame = 0, hold = 1; // start bit, byte, stop bit and a mark behind them, going out
	int bits = -1;
	unsigned byte = 0, wait = 0;
};
