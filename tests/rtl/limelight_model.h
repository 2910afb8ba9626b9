// limelight_model - an LMS7002M's LimeLight ports at the pins, for tests; written from the chip's data sheet (TRXIQ, double data rate).
//
//   LimelightSource  port 2, receive: words and IQSEL for each half of MCLK, in the modes that the chip has
//   LimelightSink    port 1, transmit: takes DIQ and IQSEL at both edges of FCLK, checks set-up and hold in picoseconds
//
// FIDM 0: IQSEL is low for the first half of a frame (MIMO), for its first word (SISO, pulse).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Pair { // 12 bits each, signed
	int i, q;
	bool operator==(const Pair &o) const
	{
		return i == o.i && q == o.q;
	}
};

struct LimelightSource {
	enum Mode { MimoDdr, Pulse, SisoDdr } mode;
	Pair a {0, 0}, b {0, 0};
	unsigned at = 0; // word in the frame

	explicit LimelightSource(Mode m) : mode(m)
	{
	}
	unsigned words() const
	{
		return mode == SisoDdr ? 2 : 4;
	}
	// At each edge of MCLK: does a frame begin? Then a and b are to be set.
	bool begins() const
	{
		return at == 0;
	}
	void edge(unsigned &diq, bool &iqsel)
	{
		const int word[] = {a.i, a.q, b.i, b.q};
		diq = unsigned(word[at]) & 0xFFF;
		iqsel = mode == MimoDdr ? at >= 2 : at != 0;
		at = (at + 1) % words();
	}
};

struct LimelightSink {
	long setup = 1200, hold = 1000; // ps, of the data sheet
	std::vector<Pair> a, b;
	std::string wrong;

	// Tells of every change of a pin, at its time.
	void data(long now, unsigned diq, bool iqsel)
	{
		if (diq == last_diq && iqsel == last_iqsel)
			return;
		if (taken_at >= 0 && now - taken_at < hold)
			breach("data changes " + std::to_string(now - taken_at) + " ps after FCLK");
		last_diq = diq;
		last_iqsel = iqsel;
		changed = now;
	}
	void clock(long now)
	{
		if (now - changed < setup)
			breach("FCLK comes " + std::to_string(now - changed) + " ps after the data");
		taken_at = now;
		frame.push_back(last_diq | unsigned(last_iqsel) << 12);
		// A frame begins where IQSEL falls.
		size_t n = frame.size();
		if (n >= 2 && (frame[n - 2] >> 12) && !(frame[n - 1] >> 12)) {
			if (n == 5 && !(frame[1] >> 12) && (frame[2] >> 12)) {
				a.push_back({sign(frame[0]), sign(frame[1])});
				b.push_back({sign(frame[2]), sign(frame[3])});
			} else if (started) {
				breach("a frame of " + std::to_string(n - 1) + " words");
			}
			started = true;
			frame.erase(frame.begin(), frame.end() - 1);
		}
	}

      private:
	long changed = -1000000, taken_at = -1;
	unsigned last_diq = 0;
	bool last_iqsel = false, started = false;
	std::vector<unsigned> frame;

	static int sign(unsigned word)
	{
		return int(word << 20) >> 20;
	}
	void breach(const std::string &what)
	{
		if (wrong.empty())
			wrong = what;
	}
};
