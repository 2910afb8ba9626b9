// rx against the floating-point reference transmitter through a channel, and against captures of other people's
// transmitters. How sensitive it is, bench_per.cpp measures.

#include <cstdarg>
#include <fstream>
#include <map>

#include "impairment.h"
#include "rx_receiver.h"

using namespace ofdm;

struct Truth { unsigned start, mbps, length; double cfo_hz, snr_db; Octets psdu; };

static void captures()
{
	std::ifstream table("tests/vectors/ofdm/captures/frames.tsv");
	std::map<std::string, std::vector<Truth>> files;
	std::string line;
	std::getline(table, line);
	while (std::getline(table, line)) {
		std::stringstream row(line);
		std::string file, hex, ok;
		Truth t;
		row >> file >> t.start >> t.mbps >> t.length >> ok >> t.cfo_hz >> t.snr_db >> hex;
		t.psdu = octets_of_hex(hex);
		files[file].push_back(t);
	}
	unsigned all = 0, found = 0, exact = 0;
	for (const auto &[name, truths] : files) {
		std::ifstream in("tests/vectors/ofdm/captures/" + name, std::ios::binary);
		Receiver rx;
		uint32_t word;
		while (in.read(reinterpret_cast<char *>(&word), 4))
			rx.sample(word);
		rx.settle();
		unsigned here = 0;
		for (const Truth &t : truths) {
			bool hit = false;
			for (const Frame_in &f : rx.frames)
				if (f.psdu == t.psdu && std::fabs(double(f.time) - t.start) < 40) {
					hit = true;
					exact += std::fabs(double(f.time) - t.start) <= 4 &&
						 std::fabs(f.cfo * 20e6 - t.cfo_hz) < 3000;
				}
			here += hit;
		}
		drive::check(here == truths.size() && rx.frames.size() == truths.size(),
			     name + ": " + std::to_string(here) + " of " + std::to_string(truths.size()) + " frames, " +
				     std::to_string(rx.frames.size()) + " told, " + std::to_string(rx.detected) +
				     " detected, " + std::to_string(rx.signal_bad) + " refused");
		all += truths.size();
		found += here;
	}
	drive::check(found == 130 && all == 130, "captures: " + std::to_string(found) + " of 130");
	drive::check(exact == found, "captures: time within 4 samples, offset within 3 kHz of what others measured");
}

static std::string text(const char *format, ...)
{
	char line[300];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	return line;
}

struct Sent { Octets psdu; unsigned mbps; uint64_t time; double cfo; };

// Appends a frame through the channel; the time is that of its first sample.
static void add(Samples &air, std::vector<Sent> &sent, Octets psdu, unsigned mbps, const Channel &ch)
{
	uint64_t at = air.size() + uint64_t(std::ceil(ch.delay - 1e-9));
	Samples s = through(frame_of(psdu, mbps, 1 + unsigned(air.size()) % 127).samples, ch);
	air.insert(air.end(), s.begin(), s.end());
	sent.push_back({psdu, mbps, at, ch.cfo});
}

// Every frame sent came, in order, and nothing else; time within `slack` samples.
static bool all_came(const Receiver &rx, const std::vector<Sent> &sent, double slack = 4)
{
	bool good = rx.frames.size() == sent.size() && rx.faults == 0;
	for (size_t n = 0; good && n < sent.size(); n++) {
		const Frame_in &f = rx.frames[n];
		good = f.psdu == sent[n].psdu && f.code == rate_of(sent[n].mbps).code &&
		       std::fabs(double(f.time) - double(sent[n].time)) <= slack;
	}
	return good;
}

static unsigned correct(const Receiver &rx, const std::vector<Sent> &sent)
{
	unsigned n = 0;
	for (const Frame_in &f : rx.frames)
		for (const Sent &s : sent)
			n += f.psdu == s.psdu && f.code == rate_of(s.mbps).code;
	return n;
}

// Every rate, many lengths (2 pad bits among them), 10 dB above the ideal receiver's need.
static void every_rate()
{
	for (size_t r = 0; r < 8; r++) {
		unsigned mbps = ofdm::rates()[r].mbps;
		Samples air;
		std::vector<Sent> sent;
		std::mt19937 random(unsigned(r) + 1);
		for (unsigned length : {1u, 2u, 14u, 60u, 100u, 257u, 500u, 528u, 1000u, 1500u}) {
			Channel ch;
			ch.snr_db = IDEAL_DB[r] + 10;
			ch.seed = random();
			ch.cfo = cfo_of_ppm(double(random() % 81) - 40);
			ch.phase = double(random() % 1000) * 0.00628;
			ch.delay = 200 + double(random() % 1000) / 7.0;
			ch.silence_after = 500;
			ch.gain = dbfs_gain(-13 - double(random() % 33));
			add(air, sent, random_octets(length, length + mbps), mbps, ch);
		}
		Receiver rx;
		rx.stall = 30;
		rx.jitter = r % 2;
		rx.samples(air);
		bool settled = rx.settle();
		drive::check(all_came(rx, sent) && settled,
			     text("%u Mb/s, 1 to 1500 octets, -13..-45 dBFS, +-40 ppm, 10 dB above need: %u of %zu", mbps,
				  correct(rx, sent), sent.size()));
	}
	Samples air;
	std::vector<Sent> sent;
	Channel ch;
	ch.snr_db = 25;
	ch.gain = dbfs_gain(-20);
	ch.cfo = cfo_of_ppm(40);
	ch.delay = 100;
	for (unsigned mbps : {6u, 54u})
		add(air, sent, random_octets(4095, mbps), mbps, ch);
	Receiver rx;
	rx.samples(air);
	rx.settle();
	drive::check(all_came(rx, sent), text("4095 octets at 6 and 54 Mb/s: %u of 2", correct(rx, sent)));
}

// The descriptor's numbers.
static void measures()
{
	double worst_cfo = 0, worst_snr = 0, mean_snr = 0, worst_energy = 0;
	unsigned got = 0, n = 0;
	for (double khz : {-480.0, -236.0, -50.0, 0.0, 100.0, 236.0, 480.0})
		for (double dbfs : {-45.0, -30.0, -13.0}) {
			Samples air;
			std::vector<Sent> sent;
			Channel ch;
			ch.snr_db = 20;
			ch.seed = ++n;
			ch.cfo = khz / 20e3;
			ch.gain = dbfs_gain(dbfs);
			ch.delay = 333 + n % 80;
			ch.silence_after = 300;
			add(air, sent, random_octets(100, n), 24, ch);
			Receiver rx;
			rx.samples(air);
			rx.settle();
			if (!all_came(rx, sent))
				continue;
			got++;
			const Frame_in &f = rx.frames[0];
			double energy = (std::pow(10, dbfs / 10)) * (1 + 0.01) * (1 << 30);
			worst_cfo = std::max(worst_cfo, std::fabs(f.cfo - ch.cfo) * 20e6);
			double snr = 10 * std::log10(f.signal / f.noise);
			worst_snr = std::max(worst_snr, std::fabs(snr - 20));
			mean_snr += snr;
			worst_energy = std::max(worst_energy, std::fabs(10 * std::log10(f.energy / energy)));
		}
	drive::check(got == n, text("offsets to 480 kHz at -45..-13 dBFS: %u of %u", got, n));
	drive::check(got && worst_cfo < 4000 && worst_snr < 2.5 && std::fabs(mean_snr / got - 20) < 0.4 &&
			     worst_energy < 0.6,
		     text("descriptor at 20 dB: offset within %.0f Hz, SNR within %.2f dB, %.2f on average, energy within %.2f dB",
			  worst_cfo, worst_snr, mean_snr / got, worst_energy));
}

// Clock and carrier come from one crystal: 40 ppm apart, the symbols move through their window.
static void clocks_apart(unsigned count)
{
	for (unsigned mbps : {6u, 24u, 54u})
		for (double ppm : {-40.0, 40.0}) {
			Samples air;
			std::vector<Sent> sent;
			size_t r = 0;
			while (ofdm::rates()[r].mbps != mbps)
				r++;
			for (unsigned n = 0; n < count; n++) {
				Samples one;
				Channel ch;
				Octets psdu = random_octets(1500, n + 9);
				ch.cfo = cfo_of_ppm(ppm);
				ch.delay = 300;
				ch.silence_after = 200;
				Samples clean = through(frame_of(psdu, mbps, 9 + n).samples, ch);
				Channel noise;
				noise.snr_db = IDEAL_DB[r] + 10;
				noise.seed = n + 3;
				noise.gain = dbfs_gain(-20);
				one = through(resampled(clean, ppm), noise);
				sent.push_back({psdu, mbps, air.size() + 300, ch.cfo});
				air.insert(air.end(), one.begin(), one.end());
			}
			Receiver rx;
			rx.samples(air);
			rx.settle();
			drive::check(all_came(rx, sent), text("%u Mb/s, 1500 octets, clocks %.0f ppm apart: %u of %zu", mbps, ppm,
							      correct(rx, sent), sent.size()));
		}
}

// Frames 16 us apart with noise or exact zeros between them.
static void back_to_back()
{
	for (bool noisy : {false, true}) {
		Samples air(200);
		std::vector<Sent> sent;
		for (unsigned n = 0; n < 16; n++) {
			Channel ch;
			ch.delay = 320;
			ch.snr_db = noisy ? 28 : INFINITY;
			ch.seed = n + 1;
			ch.cfo = (n % 2 ? 1 : -1) * cfo_of_ppm(double(n) * 2);
			ch.gain = dbfs_gain(n % 3 ? -18 : -28);
			unsigned mbps = ofdm::rates()[n * 5 % 8].mbps;
			add(air, sent, random_octets(n % 2 ? 14 : 1 + n * 60, n + 50), mbps, ch);
		}
		Receiver rx;
		rx.samples(air);
		rx.settle();
		drive::check(all_came(rx, sent), text("16 frames 16 us apart, %s between: %u", noisy ? "noise" : "zeros",
						      correct(rx, sent)));
	}
}

static Samples noise(size_t n, double dbfs, unsigned seed)
{
	std::mt19937 random(seed);
	std::normal_distribution<double> normal(0, std::pow(10, dbfs / 20) / std::sqrt(2));
	Samples s(n);
	for (Cplx &v : s) {
		double re = normal(random);
		v = Cplx(re, normal(random));
	}
	return s;
}

// Frames of 802.11n and 802.11ac: a preamble of old, whose SIGNAL says 6 Mb/s and a length that covers all; then HT-SIG, two symbols
// of BPSK turned by 90 degrees (802.11-2012, 20.3.9.4.3), or VHT-SIG-A, of which only the second is turned (802.11ac-2013, 22.3.8.3.3); a short
// training symbol of 4 us, a long one, for VHT SIG-B, 64-QAM. Nothing of it may be taken for a frame of its own: one is told, of
// the length claimed and with a payload that no FCS passes, and the receiver is deaf for its time, no longer.
static void later_standards(bool vht)
{
	Samples air;
	std::vector<Sent> sent;
	Channel ch;
	ch.snr_db = 30;
	ch.gain = dbfs_gain(-20);
	unsigned claimed = 40;
	for (unsigned n = 0; n < 6; n++) {
		Frame f = frame_of(random_octets(claimed, n), 6, 1 + n); // SIGNAL and the time that it claims
		Frame inner = frame_of(random_octets(600, n + 3), 54, 7 + n);
		Samples ht = f.samples;
		size_t symbols = symbol_count(rate_of(6), claimed);
		for (size_t s = 0; s < symbols; s++) {
			Carriers c = s < 2	 ? f.symbols[1 + s]
				     : s == 2	 ? short_training()
				     : s == 3	 ? long_training()
				     : vht && s == 4 ? f.symbols[3]
						 : inner.symbols[1 + s % (inner.symbols.size() - 1)];
			if (s == 1 || (s == 0 && !vht))
				for (int k = -26; k <= 26; k++)
					if (k && !is_pilot(k))
						c[k & 63] *= Cplx(0, 1);
			Carriers time = dft(c, true, 1.0 / 64);
			for (int t = -16; t < 64; t++)
				ht[400 + 80 * s + 16 + size_t(t)] = time[t & 63];
		}
		ch.seed = n + 1;
		ch.delay = 400;
		Samples a = through(ht, ch);
		air.insert(air.end(), a.begin(), a.end());
		ch.delay = 320; // 16 us
		add(air, sent, random_octets(60, n), 24, ch);
	}
	Receiver rx;
	rx.samples(air);
	bool settled = rx.settle();
	unsigned passed = 0, foreign = 0;
	for (const Frame_in &f : rx.frames) {
		Octets body(f.psdu.begin(), f.psdu.end() - 4);
		passed += f.code == rate_of(6).code && with_fcs(body) == f.psdu;
		foreign += f.code == rate_of(6).code && f.length == claimed;
	}
	drive::check(settled && correct(rx, sent) == 6 && foreign == 6 && rx.frames.size() == 12 && rx.faults == 0 && passed == 0,
		     text("6 frames of 802.11%s: %u told with the length claimed, %u with an FCS; the 6 that follow 16 us behind: %u, told %zu",
			  vht ? "ac" : "n", foreign, passed, correct(rx, sent), rx.frames.size()));
}

// A frame whose SIGNAL is other bits than its own.
static Samples with_signal(Samples frame, const Bits &signal)
{
	Carriers c = symbol_carriers(interleave(convolve(signal), rate_of(6)).data(), rate_of(6), 0);
	Carriers time = dft(c, true, 1.0 / 64);
	for (int n = -16; n < 64; n++)
		frame[320 + 16 + size_t(n)] = time[n & 63];
	return frame;
}

// A SIGNAL that no receiver may believe: refused, counted, and the next frame is heard.
static void refused_signals()
{
	Frame f = frame_of(random_octets(50, 3), 12, 9);
	auto even = [](Bits b) {
		b[17] = 0;
		for (int n = 0; n < 17; n++)
			b[17] ^= b[n];
		return b;
	};
	std::map<std::string, Bits> cases;
	Bits b = f.signal;
	b[8] ^= 1;
	cases["wrong parity"] = b;
	for (unsigned code = 0; code < 8; code++) { // R4 is 0
		b = f.signal;
		for (int n = 0; n < 4; n++)
			b[n] = code >> n & 1;
		cases["reserved rate " + std::to_string(code)] = even(b);
	}
	b = f.signal;
	std::fill(b.begin() + 5, b.begin() + 17, 0);
	cases["length 0"] = even(b);
	b = f.signal;
	b[4] = 1;
	cases["reserved bit set"] = even(b);
	for (const auto &[what, bits] : cases) {
		Samples air;
		std::vector<Sent> sent;
		Channel ch;
		ch.snr_db = 22;
		ch.gain = dbfs_gain(-20);
		ch.delay = 400;
		air = through(with_signal(f.samples, bits), ch);
		add(air, sent, random_octets(50, 4), 12, ch);
		Receiver rx;
		rx.samples(air);
		rx.settle();
		drive::check(all_came(rx, sent) && rx.signal_bad >= 1,
			     text("SIGNAL, %s: %u refused, %zu frames", what.c_str(), rx.signal_bad, rx.frames.size()));
	}
}

// The second begins 2 us behind the first, whose last symbols are then still being decoded.
static void second_while_decoding()
{
	Samples air;
	std::vector<Sent> sent;
	Channel ch;
	ch.snr_db = 30;
	ch.gain = dbfs_gain(-20);
	for (unsigned n = 0; n < 6; n++) {
		ch.delay = n % 2 ? 40 : 1000;
		ch.seed = n + 1;
		add(air, sent, random_octets(n % 2 ? 300 : 1500, n), n % 2 ? 24 : 54, ch);
	}
	Receiver rx;
	rx.stall = 30;
	size_t overlapped = 0;
	for (size_t at = 0, n = 0; at < air.size(); at++) {
		rx.sample(pack_iq(air[at]));
		if (n < sent.size() && rx.time == sent[n].time + 40) {
			overlapped += n % 2 && rx.frames.size() < n; // the one before is not yet out
			n++;
		}
	}
	rx.settle();
	drive::check(all_came(rx, sent) && overlapped == 3,
		     text("a frame begins while the last is decoded, %zu times: %u of %zu", overlapped, correct(rx, sent), sent.size()));
}

// The second is found in the very clocks in which the first ends: whatever they are, it is not lost.
static void right_behind()
{
	Samples air;
	std::vector<Sent> sent;
	Channel ch;
	ch.snr_db = 30;
	ch.gain = dbfs_gain(-20);
	for (unsigned n = 0; n < 96; n++) {
		ch.delay = n % 2 ? n / 4 : 600;
		ch.seed = n + 1;
		add(air, sent, random_octets(20 + n % 3, n), n % 2 ? 54 : 12, ch);
	}
	Receiver rx;
	rx.jitter = 1;
	rx.samples(air);
	rx.settle();
	drive::check(all_came(rx, sent), text("a frame 0 to 23 samples behind another: %u of %zu", correct(rx, sent), sent.size()));
}

// From a frame's last sample to its last octet, at four clocks a sample; 20 us are 400 samples of a 20 MHz channel.
static void latency()
{
	double worst = 0;
	unsigned came = 0, sent_count = 0, worst_mbps = 0, worst_length = 0;
	for (const Rate &r : ofdm::rates())
		for (unsigned length : {1u, 14u, 100u, 500u, 1500u, 4095u}) {
			if (length == 4095 && r.mbps < 54)
				continue;
			Receiver rx;
			Channel ch;
			ch.snr_db = 30;
			ch.gain = dbfs_gain(-20);
			ch.delay = 300;
			ch.cfo = cfo_of_ppm(double(length % 5) * 20 - 40);
			Samples s = through(frame_of(random_octets(length, r.mbps), r.mbps, 5).samples, ch);
			rx.samples(s); // the last is the window's half sample
			uint64_t end = rx.clocks;
			while (rx.frames.empty() && rx.clocks < end + 40000)
				rx.sample(0);
			came += !rx.frames.empty() && rx.frames[0].psdu == random_octets(length, r.mbps);
			sent_count++;
			double us = double(rx.last_octet - end) / 80;
			if (us > worst)
				worst = us, worst_mbps = r.mbps, worst_length = length;
		}
	drive::check(came == sent_count && worst <= 20, text("latency, last sample to last octet, at 80 MHz: at most %.1f us (%u octets at %u Mb/s)",
							    worst, worst_length, worst_mbps));
}

// What is not a frame gives none, and what comes after it is still heard.
static void trouble()
{
	{
		Receiver rx;
		for (double dbfs : {-60.0, -40.0, -20.0, -6.0})
			rx.samples(noise(500000, dbfs, unsigned(-dbfs)));
		drive::check(rx.settle() && rx.frames.empty() && rx.faults == 0,
			     text("2,000,000 samples of noise: %zu frames, %u detections", rx.frames.size(), rx.detected));
	}
	Channel ch;
	ch.snr_db = 22;
	ch.gain = dbfs_gain(-20);
	ch.delay = 400;
	{ // cut off in the preamble, in SIGNAL, in the data
		for (unsigned keep : {100u, 250u, 350u, 410u, 700u}) {
			Samples air, cut;
			std::vector<Sent> sent, lost;
			add(cut, lost, random_octets(100, 5), 12, ch);
			cut.resize(400 + keep);
			air = cut;
			ch.delay = 1300;
			add(air, sent, random_octets(300, 6), 36, ch);
			ch.delay = 400;
			Receiver rx;
			rx.samples(air);
			bool settled = rx.settle();
			drive::check(settled && correct(rx, sent) == 1 && rx.faults == 0,
				     text("a frame after one cut off at sample %u: %u", keep, correct(rx, sent)));
		}
	}
	// Cut off in the data: deaf for the rest of what it claimed would be 4095 octets at 6 Mb/s, 5.5 ms.
	for (double louder : {0.0, 10.0, -10.0, double(INFINITY)}) {
		Samples air, cut;
		std::vector<Sent> sent, lost;
		bool zeros = std::isinf(louder); // between the two, else noise
		ch.snr_db = zeros ? INFINITY : 22;
		for (unsigned mbps : {6u, 54u}) {
			for (unsigned keep : {500u, 1500u}) {
				ch.gain = dbfs_gain(-20);
				cut.clear();
				add(cut, lost, random_octets(4095, 5), mbps, ch);
				cut.resize(400 + keep);
				air.insert(air.end(), cut.begin(), cut.end());
				ch.gain = dbfs_gain(-20 + (zeros ? 0 : louder));
				add(air, sent, random_octets(300, mbps + keep), 12, ch);
			}
		}
		Receiver rx;
		rx.samples(air);
		bool settled = rx.settle();
		drive::check(settled && rx.faults == 0 && correct(rx, sent) == sent.size() && rx.frames.size() == 8,
			     text("20 us after one cut off in its data, %s: %u of %zu, told %zu", zeros ? "zeros between"
				  : louder == 0 ? "as loud" : louder > 0 ? "10 dB louder" : "10 dB weaker", correct(rx, sent), sent.size(), rx.frames.size()));
	}
	{ // at once, no gap, and so weak a signal that noise does not fall below it
		Samples air, cut;
		std::vector<Sent> sent, lost;
		ch.gain = dbfs_gain(-20);
		ch.snr_db = 6;
		for (unsigned n = 0; n < 8; n++) {
			ch.seed = n + 1;
			cut.clear();
			ch.delay = 400;
			add(cut, lost, random_octets(2000, n), 6, ch);
			cut.resize(1200 + 37 * n);
			air.insert(air.end(), cut.begin(), cut.end());
			ch.delay = 0;
			add(air, sent, random_octets(100, n + 9), 6, ch);
		}
		ch.delay = 400;
		ch.snr_db = 22;
		Receiver rx;
		rx.samples(air);
		bool settled = rx.settle();
		drive::check(settled && rx.faults == 0 && correct(rx, sent) == 8 && rx.frames.size() == 16,
			     text("right behind one cut off, at 6 dB: %u of 8", correct(rx, sent)));
	}
	later_standards(false);
	later_standards(true);
	refused_signals();
	second_while_decoding();
	right_behind();
	{ // a constant below the signal
		Samples air;
		std::vector<Sent> sent;
		for (unsigned n = 0; n < 8; n++) {
			ch.cfo = cfo_of_ppm(double(n) * 10 - 40);
			add(air, sent, random_octets(200, n), 24, ch);
		}
		for (Cplx &v : air)
			v += Cplx(0.02, -0.015) * dbfs_gain(-20) * 10.0 * std::sqrt(SIGNAL_POWER);
		Receiver rx;
		rx.samples(air);
		rx.settle(3000);
		drive::check(correct(rx, sent) == 8, text("a constant 12 dB below the signal: %u of 8", correct(rx, sent)));
	}
	{ // a constant alone is followed, and leaves silence
		Receiver rx;
		rx.samples(Samples(20000, Cplx(0.03, -0.02)));
		drive::check(!rx.busy() && rx.frames.empty(), "a constant alone does not keep the receiver busy");
	}
	{ // two paths of air
		Samples air;
		std::vector<Sent> sent;
		ch.snr_db = 30;
		for (unsigned n = 0; n < 8; n++) {
			ch.cfo = cfo_of_ppm(5);
			ch.taps = {1, 0, 0, std::polar(0.5, n * 0.7), 0, 0, std::polar(0.2, n * 1.9)};
			add(air, sent, random_octets(200, n + 20), 36, ch);
		}
		Receiver rx;
		rx.samples(air);
		rx.settle();
		drive::check(all_came(rx, sent, 8), text("echoes of -6 and -14 dB: %u of 8", correct(rx, sent)));
		ch.taps = {1};
	}
	{ // off means off, and time may jump while nothing is in flight
		Samples air;
		std::vector<Sent> sent;
		add(air, sent, random_octets(50, 4), 12, ch);
		Receiver rx;
		rx.enable(false);
		rx.samples(air);
		bool quiet = rx.settle() && rx.frames.empty() && rx.detected == 0;
		rx.enable(true);
		rx.time = 1000000000000;
		rx.samples(air);
		bool settled = rx.settle();
		sent[0].time += 1000000000000;
		drive::check(quiet && settled && all_came(rx, sent), "disabled: nothing; enabled after a jump of time: the frame");
	}
}

int main()
{
	drive::failures() += self_check();
	captures();
	every_rate();
	measures();
	clocks_apart(6);
	back_to_back();
	trouble();
	latency();
	printf("%s\n", drive::failures() ? "FAILED" : "PASSED");
	return drive::failures() != 0;
}
