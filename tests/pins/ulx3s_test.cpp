// A whole ULX3S by its pins: over the serial line of its USB chip, at 3 Mbaud, the board says who it is, a frame comes back over the looped
// antenna, the button resets it. The line is driven and read by time.

#include <memory>

#include "Vulx3s.h"
#include "hostlink_words.h"
#include "stream_drive.h"
#include "verilated.h"

static const double BIT = 80.0 / 3.0; // clocks; the bench drives the clock pin at the core's 80 MHz

struct Board {
	std::unique_ptr<Vulx3s> dut {new Vulx3s};
	std::vector<uint8_t> out, bytes;
	double out_at = 0, in_at = 0;
	int in_bit = -1;
	unsigned in_byte = 0;
	unsigned long now = 0;
	bool stops = true;
	host::Words in;
	size_t read = 0;
	std::vector<host::Packet> packets;

	void send(const host::Words &words)
	{
		if (out.empty())
			out_at = now + 10;
		for (uint32_t w : words)
			for (int k = 0; k < 4; k++)
				out.push_back(w >> (8 * k));
	}
	bool line() // a start bit, eight data bits, a stop bit for each byte
	{
		double bit = (now - out_at) / BIT;
		if (out.empty() || bit < 0)
			return true;
		if (bit >= 10) {
			out.erase(out.begin());
			out_at += 10 * BIT;
			return line();
		}
		return bit >= 9 || (bit >= 1 && (out[0] >> int(bit - 1) & 1));
	}
	void run(unsigned long clocks)
	{
		while (clocks--) {
			now++;
			dut->ftdi_txd = line();
			dut->clk_25mhz = 0;
			dut->eval();
			dut->clk_25mhz = 1;
			dut->eval();
			if (in_bit < 0 && !dut->ftdi_rxd) {
				in_bit = 0, in_byte = 0, in_at = now + 1.5 * BIT;
			} else if (in_bit >= 0 && now >= in_at) {
				if (in_bit < 8) {
					in_byte |= unsigned(dut->ftdi_rxd) << in_bit++;
					in_at += BIT;
					continue;
				}
				stops &= dut->ftdi_rxd;
				in_bit = -1;
				bytes.push_back(in_byte);
				if (bytes.size() == 4) {
					in.push_back(host::padded(bytes, 0));
					bytes.clear();
				}
			}
		}
		for (auto &p : host::packets(in, read))
			packets.push_back(p);
	}
	uint32_t reg(uint32_t address)
	{
		send(host::reg_read(address, address));
		run(12000);
		return !packets.empty() && packets.back().type == 0x82 && packets.back().words[0] == address ? packets.back().words[2] : 0;
	}
};

int main()
{
	Board b;
	b.run(1000);
	drive::check(b.reg(0x00) == 0x534B5957 && b.reg(0x80) == 0x554C5833 && b.stops, "ID and BOARD over the serial line");
	drive::check(b.dut->wifi_gpio0, "the board's own module is kept from restarting it");

	std::vector<uint8_t> psdu(60), got;
	for (size_t k = 0; k < psdu.size(); k++)
		psdu[k] = k * 37;
	b.send(host::reg_write(0x03, 1)); // RX_FRAMES
	b.send(host::tx_frame(psdu, 24, 7));
	b.run(110000);
	unsigned mbps = 0, sent = 0;
	for (auto &p : b.packets) {
		sent += p.type == 0x92 && p.words[0] == 7 && p.words[1] == 0;
		if (p.type == 0x90)
			got = host::psdu(p, mbps);
	}
	drive::check(got == psdu && mbps == 24 && sent == 1, "60 bytes at 24 Mb/s over the looped antenna");

	drive::check(b.reg(0x03) == 1, "CONTROL as written");
	b.dut->btn = 1;
	b.run(100);
	b.dut->btn = 0;
	b.run(1000);
	drive::check(b.reg(0x03) == 0, "and after the button as after power");
	return drive::failures() != 0;
}
