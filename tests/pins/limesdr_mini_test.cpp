// Two whole LimeSDR Minis by their pins: what a host writes to the FT601 of one comes out of the FT601 of the other, through both boards'
// LimeLight pins and models of the chips there. Registers, SPI and plain pins of the board on the way.
//
// Clocks in picoseconds, none a multiple of another. Between the LMS7002Ms each sample is handed over as it is (12 bits).

#include <memory>

#include "Vlimesdr_mini_pins.h"
#include "ft601_model.h"
#include "hostlink_words.h"
#include "limelight_model.h"
#include "stream_drive.h"
#include "verilated.h"

static const long LMS_HALF = 12500; // 40 MHz: 20 MS/s
static const long PIN_DELAY = 3000; // of FCLK1

struct Board {
	std::unique_ptr<Vlimesdr_mini_pins> dut {new Vlimesdr_mini_pins};
	Ft601 usb;
	LimelightSource rx {LimelightSource::MimoDdr};
	LimelightSink tx;
	long core_half, ft_half, core_at, ft_at, lms_at, fclk_due = -1;
	bool core_level = false, ft_level = false, lms_level = false, fclk = false;
	size_t read = 0; // words of usb.in parsed
	std::vector<host::Packet> packets;
	std::vector<uint32_t> spi; // transfers to the LMS7002M
	uint32_t spi_in = 0, spi_answer = 0;
	unsigned spi_bits = 0;
	bool spi_clk = false;

	Board(unsigned seed, long core, long ft, long phase)
	    : usb(1, 30, seed), core_half(core), ft_half(ft), core_at(phase), ft_at(phase / 2), lms_at(phase / 3)
	{
	}
	void send(const host::Words &words)
	{
		usb.out.insert(usb.out.end(), words.begin(), words.end());
	}
	long next() const
	{
		long t = core_at < ft_at ? core_at : ft_at;
		t = t < lms_at ? t : lms_at;
		return fclk_due >= 0 && fclk_due < t ? fclk_due : t;
	}
	// The chip on the SPI: mode 0, 32 bits, answers with spi_answer in the last 16.
	void spi_step()
	{
		if (dut->FPGA_SPI_LMS_SS) {
			if (spi_bits == 32)
				spi.push_back(spi_in);
			spi_bits = 0;
		} else {
			if (dut->FPGA_SPI_SCLK && !spi_clk) {
				spi_in = spi_in << 1 | dut->FPGA_SPI_MOSI;
				spi_bits++;
			}
			if (!dut->FPGA_SPI_SCLK)
				dut->FPGA_SPI_MISO = spi_bits >= 16 && spi_bits < 32 && (spi_answer >> (31 - spi_bits) & 1);
		}
		spi_clk = dut->FPGA_SPI_SCLK;
	}
	void step(long now, const LimelightSink &from)
	{
		bool ft = ft_at == now;
		bool wr_n = dut->FT_WRn, be_oe = dut->board_be_oe;
		uint32_t bus = dut->bus_data, oe = dut->board_data_oe;
		uint8_t be = dut->bus_be;

		if (core_at == now) {
			core_at += core_half;
			core_level = !core_level;
		}
		if (ft) {
			ft_at += ft_half;
			ft_level = !ft_level;
		}
		bool edge = lms_at == now;
		if (edge) {
			lms_at += LMS_HALF;
			lms_level = !lms_level;
		}
		dut->LMK_CLK = core_level;
		dut->FT_CLK = ft_level;
		dut->LMS_MCLK1 = dut->LMS_MCLK2 = lms_level;
		dut->eval();
		if (edge) { // the words change behind the clock
			unsigned diq;
			bool iqsel;
			if (rx.begins() && !from.a.empty())
				rx.a = from.a.back();
			rx.edge(diq, iqsel);
			dut->LMS_DIQ2_D = diq;
			dut->LMS_ENABLE_IQSEL2 = iqsel;
			tx.data(now, dut->LMS_DIQ1_D, dut->LMS_ENABLE_IQSEL1);
			if (bool(dut->LMS_FCLK1) != fclk) {
				fclk = dut->LMS_FCLK1;
				fclk_due = now + PIN_DELAY;
			}
		}
		if (fclk_due == now) {
			fclk_due = -1;
			tx.clock(now);
		}
		if (ft && ft_level && now > 200000) {
			usb.edge(wr_n, bus, be, oe, be_oe);
			dut->chip_data = usb.data;
			dut->chip_data_oe = usb.data_oe;
			dut->chip_be = usb.be;
			dut->chip_be_oe = usb.be_oe;
			dut->FT_RXFn = usb.rxf_n;
			dut->FT_TXEn = usb.txe_n;
			host::Words in(usb.in);
			for (auto &p : host::packets(in, read))
				packets.push_back(p);
		}
		spi_step();
		dut->eval();
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
	size_t count(unsigned type) const
	{
		size_t n = 0;
		for (auto &p : packets)
			n += p.type == type;
		return n;
	}
};

struct Air {
	Board a {1, 5208, 5003, 1000}, b {2, 5210, 4999, 2000}; // 96 and 100 MHz, a little off
	long now = 0;

	template <class Done> bool until(Done done, double microseconds)
	{
		for (long end = now + long(microseconds * 1e6); now < end;) {
			long ta = a.next(), tb = b.next();
			now = ta < tb ? ta : tb;
			if (ta == now)
				a.step(now, b.tx);
			if (tb == now)
				b.step(now, a.tx);
			if (a.read == size_t(-1) || b.read == size_t(-1))
				return false;
			if (done())
				return true;
		}
		return false;
	}
};

static std::vector<uint8_t> bytes(size_t n, unsigned seed)
{
	std::mt19937 random(seed);
	std::vector<uint8_t> v(n);
	for (auto &x : v)
		x = random();
	return v;
}

int main()
{
	Air air;
	Board &a = air.a, &b = air.b;
	uint32_t id = 0, name = 0, back = 0;

	a.send(host::reg_read(0x00, 1));
	a.send(host::reg_read(0x80, 2));
	air.until([&] { return a.value(2, name); }, 50);
	drive::check(a.value(1, id) && id == 0x534B5957 && name == 0x4C494D32, "ID and BOARD by USB");

	a.spi_answer = 0x3841; // an LMS7002M's register 0x002F
	a.send(host::reg_write(0x81, 0x1FFF));
	for (uint32_t k = 0; k < 5; k++)
		a.send(host::reg_write(0x83, 0x80200000 | k << 16 | (0x1111 * k)));
	a.send(host::reg_write(0x83, 0x002F0000));
	a.send(host::reg_read(0x83, 3));
	air.until([&] { return a.value(3, back); }, 100);
	bool spi = a.spi.size() == 6 && (back & 0xFFFF) == 0x3841 && a.spi[5] == 0x002F0000;
	for (uint32_t k = 0; spi && k < 5; k++)
		spi = a.spi[k] == (0x80200000 | k << 16 | (0x1111 * k));
	drive::check(spi, "five writes and a read reach the LMS7002M's SPI");
	drive::check(a.dut->LMS_RESET && a.dut->other_pins == 0xFFF && !b.dut->LMS_RESET && !b.dut->other_pins, "PINS, on one board only");

	for (Board *x : {&a, &b}) {
		x->send(host::reg_write(0x84, 1));
		x->send(host::reg_write(0x03, 1));
	}
	air.until([] { return false; }, 20);

	struct {
		unsigned mbps;
		size_t length;
		bool from_a;
	} const frames[] = {{54, 1000, true}, {6, 40, false}, {24, 300, true}, {48, 777, false}};
	unsigned tag = 100;
	for (auto &f : frames) {
		Board &from = f.from_a ? a : b, &to = f.from_a ? b : a;
		std::vector<uint8_t> psdu = bytes(f.length, ++tag);
		size_t had = to.count(0x90);
		from.send(host::tx_frame(psdu, f.mbps, tag));
		air.until([&] { return to.count(0x90) > had && from.count(0x92); }, 400);
		unsigned mbps = 0;
		bool equal = to.count(0x90) == had + 1 && host::psdu(to.packets.back(), mbps) == psdu && mbps == f.mbps;
		bool told = false;
		for (auto &p : from.packets)
			told |= p.type == 0x92 && p.words[0] == tag && p.words[1] == 0;
		drive::check(equal && told, std::to_string(f.length) + " bytes at " + std::to_string(f.mbps) + " Mb/s from USB to USB, board " +
						(f.from_a ? "A to B" : "B to A"));
	}

	uint32_t lost[2] = {9, 9}, gaps[2] = {9, 9};
	for (Board *x : {&a, &b}) {
		x->send(host::reg_read(0x85, 4));
		x->send(host::reg_read(0x86, 5));
	}
	air.until([&] { return a.value(5, gaps[0]) && b.value(5, gaps[1]); }, 50);
	a.value(4, lost[0]), b.value(4, lost[1]);
	drive::check(!lost[0] && !lost[1] && !gaps[0] && !gaps[1], "no sample lost, no gap");
	drive::check(a.usb.wrong.empty() && b.usb.wrong.empty(), "the FT601's protocol kept " + a.usb.wrong + b.usb.wrong);
	drive::check(a.tx.wrong.empty() && b.tx.wrong.empty(), "LimeLight's set-up, hold and frames kept " + a.tx.wrong + b.tx.wrong);
	return drive::failures() != 0;
}
