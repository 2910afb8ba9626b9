// Two whole tinySDRs by their pins: what the microcontroller of one writes comes out at the microcontroller of the other, through both boards'
// serial I/Q pins and models of the radio chips there, which send or receive as a microcontroller would have set them. 2 MS/s.

#include <memory>

#include "Vtinysdr.h"
#include "hostlink_words.h"
#include "rf215_model.h"
#include "spi_master.h"
#include "stream_drive.h"
#include "verilated.h"

static const unsigned RATE = 2;

struct Board {
	std::unique_ptr<Vtinysdr> dut {new Vtinysdr};
	SpiMaster mcu;
	Rf215Source rx {RATE};
	Rf215Sink tx {RATE};
	bool sending = false; // the radio chip transmits
	long core_half, radio_half, core_at, radio_at;
	bool core_level = false, radio_level = false;
	size_t read = 0;
	std::vector<host::Packet> packets;

	Board(unsigned seed, long core, long radio, long phase)
	    : mcu(5, seed), core_half(core), radio_half(radio), core_at(phase), radio_at(phase / 2)
	{
		dut->MCU_CS = 1;
	}
	void send(const host::Words &words)
	{
		mcu.out.insert(mcu.out.end(), words.begin(), words.end());
	}
	void step(long now, const Board &other)
	{
		bool core = core_at == now, radio = radio_at == now;
		if (core) {
			core_at += core_half;
			core_level = !core_level;
		}
		if (radio) {
			radio_at += radio_half;
			radio_level = !radio_level;
		}
		dut->Radio_CLK = core_level;
		dut->RXCLK_P = radio_level;
		dut->eval();
		if (core && core_level && now > 10000000) {
			bool cs_n, sclk, mosi;
			mcu.step(cs_n, sclk, mosi, dut->MCU_MISO);
			dut->MCU_CS = cs_n, dut->MCU_SCLK = sclk, dut->MCU_MOSI = mosi;
			for (auto &p : host::packets(mcu.in, read))
				packets.push_back(p);
		}
		if (radio) {
			if (sending)
				tx.bit(dut->TXCLK_P, !dut->TXD_N);
			if (rx.begins()) {
				bool heard = other.sending && !other.tx.words.empty() && other.tx.words.back().control;
				rx.set(heard ? other.tx.words.back().i : 1, heard ? other.tx.words.back().q : -1);
			}
			rx.on = !sending;
			bool bit = rx.edge();
			dut->RXD09_P = bit;
			dut->RXD24_P = !bit;
		}
		dut->eval();
	}
	size_t count(unsigned type) const
	{
		size_t n = 0;
		for (auto &p : packets)
			n += p.type == type;
		return n;
	}
	bool value(uint32_t tag, uint32_t &out) const
	{
		for (auto &p : packets)
			if (p.type == 0x82 && p.words[1] == tag) {
				out = p.words[2];
				return true;
			}
		return false;
	}
};

struct Air {
	Board a {1, 9615, 7812, 1000}, b {2, 9613, 7812, 2500}; // 52 and 64 MHz
	long now = 0;

	template <class Done> bool until(Done done, double microseconds)
	{
		for (long end = now + long(microseconds * 1e6); now < end && !done();) {
			long ta = a.core_at < a.radio_at ? a.core_at : a.radio_at, tb = b.core_at < b.radio_at ? b.core_at : b.radio_at;
			now = ta < tb ? ta : tb;
			if (ta == now)
				a.step(now, b);
			if (tb == now)
				b.step(now, a);
			if (a.read == size_t(-1) || b.read == size_t(-1))
				return false;
		}
		return done();
	}
};

int main()
{
	Air air;
	Board &a = air.a, &b = air.b;
	uint32_t id = 0, name = 0, lost[2] = {9, 9}, gaps[2] = {9, 9};

	a.send(host::reg_read(0x00, 1));
	a.send(host::reg_read(0x80, 2));
	air.until([&] { return a.value(2, name); }, 300);
	drive::check(a.value(1, id) && id == 0x534B5957 && name == 0x54494E59, "ID and BOARD by SPI");

	for (Board *x : {&a, &b}) {
		x->send(host::reg_write(0x84, 1 | RATE << 4));
		x->send(host::reg_write(0x03, 1));
	}
	air.until([] { return false; }, 200);

	struct {
		unsigned mbps;
		size_t length;
		bool from_a;
	} const frames[] = {{24, 200, true}, {54, 500, false}, {6, 30, true}};
	unsigned tag = 100;
	for (auto &f : frames) {
		Board &from = f.from_a ? a : b, &to = f.from_a ? b : a;
		std::mt19937 random(++tag);
		std::vector<uint8_t> psdu(f.length);
		for (auto &x : psdu)
			x = random();
		size_t had = to.count(0x90);
		from.sending = true;
		from.tx.enable();
		air.until([] { return false; }, 50);
		from.send(host::tx_frame(psdu, f.mbps, tag));
		air.until([&] { return to.count(0x90) > had && from.count(0x92); }, 5000);
		from.sending = false;
		air.until([] { return false; }, 50);
		unsigned mbps = 0;
		bool equal = to.count(0x90) == had + 1 && host::psdu(to.packets.back(), mbps) == psdu && mbps == f.mbps;
		drive::check(equal && from.count(0x92), std::to_string(f.length) + " bytes at the rate of " + std::to_string(f.mbps) +
							   " Mb/s (of 20 MHz) from SPI to SPI, board " + (f.from_a ? "A to B" : "B to A"));
	}

	for (Board *x : {&a, &b}) {
		x->send(host::reg_read(0x85, 4));
		x->send(host::reg_read(0x86, 5));
	}
	air.until([&] { return a.value(5, gaps[0]) && b.value(5, gaps[1]); }, 300);
	a.value(4, lost[0]), b.value(4, lost[1]);
	drive::check(!lost[0] && !lost[1] && gaps[0] < 9 && gaps[1] < 9, "no sample lost; gaps " + std::to_string(gaps[0]) + ", " + std::to_string(gaps[1]));
	drive::check(a.tx.wrong.empty() && b.tx.wrong.empty(), "every word in its place " + a.tx.wrong + b.tx.wrong);
	return drive::failures() != 0;
}
