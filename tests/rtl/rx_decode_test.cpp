// rx_decode against the reference transmitter (held against the standard's example first) and a
// plain Viterbi decoder over the whole block: all rates and pads, noise, stalls, bad SIGNALs, frames
// that end early, abort at any time, garbage, and the clocks that it takes.

#include <memory>

#include "Vrx_decode.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;
using ofdm::Bits;
using ofdm::Octets;
using soft::Frame;

struct Item {
	soft::Beat beat;
	unsigned wait; // clocks of silence before
	int abort;     // 1: a pulse instead of a beat; 2: together with an offered beat
};

struct Answer {
	bool ok;
	unsigned rate, length, symbols;
	size_t clock, taken; // when, and how many beats had been taken
};

struct Result {
	std::vector<Answer> answers;
	std::vector<Octets> frames;
	Octets rest; // octets without a tlast
	bool hung = false, steady = true, refused = false;
	size_t last_beat = 0, last_octet = 0;
};

static std::mt19937 rng(1);

static void send(std::vector<Item> &items, const std::vector<soft::Beat> &beats, unsigned wait = 0)
{
	for (const soft::Beat &b : beats) {
		items.push_back({b, wait, 0});
		wait = 0;
	}
}

static void pulse(std::vector<Item> &items, unsigned wait, bool with_beat = false)
{
	items.push_back({{uint32_t(rng() & 0xffffff), false}, wait, with_beat ? 2 : 1});
}

static Result run(const std::vector<Item> &items, int idle_in = 0, int idle_out = 0, size_t patience = 200000)
{
	auto dut = std::make_unique<Vrx_decode>();
	Result r;
	Octets frame;
	size_t next = 0, now = 0, quiet = 0;
	unsigned waited = 0;
	bool offered = false, held = false;
	unsigned held_beat = 0;

	drive::reset(*dut);
	while (quiet < 700) {
		if (now - std::max(r.last_octet, r.last_beat) > patience) {
			r.hung = true;
			break;
		}
		bool fire = false, aborting = false;
		if (next < items.size() && !offered) {
			if (waited < items[next].wait)
				waited++;
			else if (int(rng() % 100) >= idle_in)
				fire = true;
		}
		if (fire && items[next].abort) {
			aborting = true;
			dut->s_axis_tvalid = items[next].abort == 2;
		} else if (fire || offered) {
			offered = true;
			dut->s_axis_tvalid = 1;
		} else {
			dut->s_axis_tvalid = 0;
		}
		dut->s_axis_tdata = dut->s_axis_tvalid ? items[next].beat.data : uint32_t(rng() & 0xffffff);
		dut->s_axis_tuser = dut->s_axis_tvalid ? items[next].beat.user : rng() & 1;
		dut->__SYM__abort = aborting;
		dut->m_axis_tready = int(rng() % 100) >= idle_out;
		dut->eval();

		if (dut->sig_valid)
			r.answers.push_back({!!dut->sig_ok, dut->sig_rate, dut->sig_length, dut->sig_symbols, now, next});
		unsigned beat = unsigned(dut->m_axis_tlast) << 8 | dut->m_axis_tdata;
		if (held && (!dut->m_axis_tvalid || beat != held_beat))
			r.steady = false;
		held = dut->m_axis_tvalid && !dut->m_axis_tready;
		held_beat = beat;
		if (dut->m_axis_tvalid && dut->m_axis_tready) {
			frame.push_back(dut->m_axis_tdata);
			r.last_octet = now;
			if (dut->m_axis_tlast) {
				r.frames.push_back(frame);
				frame.clear();
			}
		}
		if (aborting || (offered && dut->s_axis_tready)) {
			if (!aborting)
				r.last_beat = now;
			next++;
			offered = false;
			waited = 0;
		} else if (offered) {
			r.refused = true;
		}
		quiet = next == items.size() && !dut->busy ? quiet + 1 : 0;
		drive::clock(*dut);
		now++;
	}
	r.rest = frame;
	return r;
}

static bool announced(const Answer &a, const Frame &f)
{
	return a.ok && a.rate == f.rate->code && a.length == f.psdu.size() &&
	       a.symbols == ofdm::symbol_count(*f.rate, f.psdu.size());
}

static bool ended_with(const Result &r, const Frame &f)
{
	return !r.answers.empty() && !r.frames.empty() && announced(r.answers.back(), f) && r.frames.back() == f.psdu;
}

static bool sane(const Result &r) // every announced frame came out at its length, nothing else did
{
	size_t n = 0;
	bool good = !r.hung && r.steady && r.rest.empty();
	for (const Answer &a : r.answers)
		if (a.ok) {
			good &= n < r.frames.size() && r.frames[n].size() == a.length;
			n++;
		}
	return good && n == r.frames.size();
}

static Frame frame(const ofdm::Rate &r, size_t length, double sigma = 0)
{
	return Frame(r, ofdm::random_octets(length, unsigned(rng())), unsigned(rng() % 127 + 1), sigma, rng);
}

static const ofdm::Rate &any_rate() { return ofdm::rates()[rng() % 8]; }

static bool exact(const std::vector<Frame> &frames, int idle_in, int idle_out)
{
	std::vector<Item> items;
	for (const Frame &f : frames)
		send(items, f.beats);
	Result r = run(items, idle_in, idle_out);
	bool good = sane(r) && r.answers.size() == frames.size() && r.frames.size() == frames.size();
	for (size_t n = 0; good && n < frames.size(); n++)
		good = announced(r.answers[n], frames[n]) && r.frames[n] == frames[n].psdu;
	return good;
}

static void test_lengths()
{
	for (const ofdm::Rate &r : ofdm::rates()) {
		std::vector<Frame> frames;
		for (size_t length = 1; length <= 64; length++)
			frames.push_back(frame(r, length));
		for (size_t length : {500, 528, 1500, 4095})
			frames.push_back(frame(r, length));
		check(exact(frames, 0, 0), std::to_string(r.mbps) + " Mb/s, back to back: 1..64, 500, 528, 1500, 4095 octets");
	}
}

static void test_annex()
{
	std::vector<Frame> frames = {Frame(ofdm::rate_of(ofdm::ANNEX_MBPS), ofdm::annex_psdu(), ofdm::ANNEX_SEED, 0, rng)};
	check(exact(frames, 0, 0), "the standard's example");
}

static void test_stalls()
{
	for (int in : {0, 40, 90})
		for (int out : {0, 40, 90, 98}) {
			std::vector<Frame> frames;
			for (int n = 0; n < 12; n++)
				frames.push_back(frame(any_rate(), 1 + rng() % 200));
			check(exact(frames, in, out), "input idle " + std::to_string(in) + "%, output stalled " +
							      std::to_string(out) + "%");
		}
}

// Errors of the gates and of the unwindowed reference on the same soft values.
static void test_noise()
{
	for (const ofdm::Rate &r : ofdm::rates()) {
		size_t bits = 0, gates = 0, truth = 0, differ = 0, count = 30;
		double sigma = r.den == 2 ? 0.8 : r.den == 3 ? 0.63 : 0.56;
		std::vector<Frame> frames;
		std::vector<Item> items;
		for (size_t n = 0; n < count; n++) {
			frames.push_back(frame(r, 400, sigma));
			send(items, frames.back().beats);
		}
		Result got = run(items);
		bool good = sane(got) && got.frames.size() == count;
		for (size_t n = 0; good && n < count; n++) {
			Bits a = ofdm::bits_of(frames[n].psdu), b = ofdm::bits_of(got.frames[n]),
			     c = ofdm::bits_of(frames[n].decoded());
			for (size_t i = 0; i < a.size(); i++) {
				gates += a[i] != b[i];
				truth += a[i] != c[i];
				differ += b[i] != c[i];
			}
			bits += a.size();
		}
		good &= truth > 30 && gates <= truth + truth / 20 + 5;
		check(good, std::to_string(r.mbps) + " Mb/s in noise: " + std::to_string(gates) + " bit errors, reference " +
				    std::to_string(truth) + ", of " + std::to_string(bits) + "; " + std::to_string(differ) + " differ");
	}
}

static void test_time()
{
	for (const ofdm::Rate &r : ofdm::rates()) {
		size_t worst_answer = 0, worst_octet = 0;
		bool good = true, kept = true;
		for (size_t length = 90; length < 126; length++) {
			Frame f = frame(r, length);
			std::vector<Item> items;
			for (size_t at = 0; at < f.beats.size(); at += 48) // a symbol every 320 clocks
				send(items, std::vector<soft::Beat>(f.beats.begin() + long(at), f.beats.begin() + long(at) + 48),
				     at ? 272 : 0);
			Result got = run(items);
			good &= sane(got) && got.frames.size() == 1 && got.frames[0] == f.psdu;
			kept &= !got.refused;
			worst_answer = std::max(worst_answer, got.answers[0].clock - 47);
			worst_octet = std::max(worst_octet, got.last_octet - got.last_beat);
		}
		check(good && kept && worst_answer <= 250 && worst_octet <= 500,
		      std::to_string(r.mbps) + " Mb/s at 4 clocks a sample: answer after " + std::to_string(worst_answer) +
			      " clocks, last octet after " + std::to_string(worst_octet));
	}
}

static std::vector<soft::Beat> signal_beats(const Bits &bits)
{
	return soft::beats_of(soft::softs_of(ofdm::interleave(ofdm::convolve(bits), ofdm::rate_of(6)), 0, rng), 1, true);
}

static void fix_parity(Bits &bits)
{
	bits[17] = 0;
	for (int b = 0; b < 17; b++)
		bits[17] ^= bits[b];
}

static void test_bad_signal()
{
	std::vector<std::pair<std::string, Bits>> bad;
	auto add = [&](const std::string &what, auto change) {
		Bits bits = ofdm::signal_bits(any_rate(), 1 + rng() % 4095);
		change(bits);
		bad.push_back({what, bits});
	};
	add("parity", [](Bits &b) { b[17] ^= 1; });
	add("one bit of LENGTH", [](Bits &b) { b[9] ^= 1; });
	add("reserved bit", [](Bits &b) { b[4] = 1; fix_parity(b); });
	add("LENGTH 0", [](Bits &b) { std::fill(b.begin() + 5, b.begin() + 17, 0); fix_parity(b); });
	for (unsigned rate = 0; rate < 8; rate++) // R4 = 0: all that are reserved
		add("RATE " + std::to_string(rate), [=](Bits &b) {
			for (int i = 0; i < 4; i++)
				b[i] = rate >> i & 1;
			fix_parity(b);
		});
	// A wrong tail is a code word some bits away from a good one; three of 48 pass for noise.
	unsigned passed = 0;
	for (unsigned tail = 1; tail < 64; tail++) {
		Bits bits = ofdm::signal_bits(any_rate(), 1 + rng() % 4095);
		for (int i = 0; i < 6; i++)
			bits[18 + i] = tail >> i & 1;
		Bits coded = ofdm::convolve(bits);
		int away = 0, i = 0;
		soft::Softs pairs(48);
		for (int &s : pairs)
			s = coded[size_t(i++)] ? 1 : -1;
		away = soft::viterbi(pairs, 24).cost;
		passed += away <= 3;
		if (away > 3)
			bad.push_back({"tail " + std::to_string(tail) + ", " + std::to_string(away) + " code bits", bits});
	}
	check(passed <= 4, "tails too near to tell: " + std::to_string(passed) + " of 63");
	for (auto &[what, bits] : bad) {
		Frame junk = frame(any_rate(), 30), good = frame(any_rate(), 50);
		std::vector<Item> items;
		send(items, signal_beats(bits));
		send(items, std::vector<soft::Beat>(junk.beats.begin() + 48, junk.beats.end())); // swallowed
		send(items, good.beats);
		Result r = run(items);
		bool fine = sane(r) && r.answers.size() == 2 && !r.answers[0].ok && announced(r.answers[1], good) &&
			    r.frames[0] == good.psdu;
		check(fine, "refused: " + what);
	}
}

// A SIGNAL in noise: refusing those in which too much disagrees may cost next to nothing.
static void test_signal_in_noise()
{
	// 0.66 is the noise in which one frame of 1,000 octets in ten is lost at 6 Mb/s.
	for (double sigma : {0.5, 0.6, 0.66}) {
		size_t count = 2000, right = 0, taken = 0, wrong = 0;
		std::vector<Item> items;
		std::vector<Bits> sent;
		std::vector<bool> reference;
		for (size_t n = 0; n < count; n++) {
			Bits bits = ofdm::signal_bits(any_rate(), 1 + rng() % 60);
			soft::Softs s = soft::softs_of(ofdm::interleave(ofdm::convolve(bits), ofdm::rate_of(6)), sigma, rng);
			reference.push_back(soft::viterbi(soft::sizes_of(soft::depunctured(s, ofdm::rate_of(6))), 24).bits == bits);
			sent.push_back(bits);
			send(items, soft::beats_of(s, 1, true));
			pulse(items, 250); // before anything of a frame: no octets but zeros leave
		}
		Result r = run(items, 0, 0, 10000000);
		bool good = sane(r) && r.answers.size() == count;
		for (size_t n = 0; good && n < count; n++) {
			const Answer &a = r.answers[n];
			bool same = a.ok;
			for (int b = 0; b < 4; b++)
				same &= (a.rate >> b & 1) == sent[n][b];
			for (int b = 0; b < 12; b++)
				same &= (a.length >> b & 1) == sent[n][5 + b];
			right += reference[n];
			taken += same && reference[n];
			wrong += a.ok && !same;
		}
		good &= taken * 200 >= right * 199 && wrong == 0;
		check(good, "SIGNAL, noise " + std::to_string(sigma) + ": reference right " + std::to_string(right) + ", taken " +
				    std::to_string(taken) + ", wrong ones taken " + std::to_string(wrong) + " of " + std::to_string(count));
	}
}

// Octets that must be right although the frame ended after `symbols`: the last few have no tail to lean on.
static bool cut_well(const Octets &got, const Frame &f, size_t symbols)
{
	long whole = std::min(long(f.psdu.size()), long(symbols * f.rate->dbps) / 8 - 2);
	bool good = got.size() == f.psdu.size();
	for (long i = 0; good && i < long(got.size()); i++)
		good = i < whole - 8 ? got[i] == f.psdu[i] : i < whole || got[i] == 0;
	return good;
}

static void test_early_end()
{
	for (int idle : {0, 60}) {
		bool by_signal = true, by_abort = true;
		for (int n = 0; n < 150; n++) {
			Frame a = frame(any_rate(), 1 + rng() % 600), b = frame(any_rate(), 1 + rng() % 100);
			size_t symbols = rng() % ofdm::symbol_count(*a.rate, a.psdu.size());
			std::vector<Item> items;
			auto first = a.beats.begin();
			send(items, std::vector<soft::Beat>(first, first + long(48 * (1 + symbols))));
			bool abort = n % 2;
			if (abort) {
				// Half a symbol more, then given up; the next SIGNAL follows at once or later. The
				// answer must have come: wait for it. Behind the fourth symbol it has, and then abort
				// may find one symbol in work and the next one waiting.
				size_t half = rng() % 48;
				std::vector<soft::Beat> part(first + long(48 * (1 + symbols)), first + long(48 * (1 + symbols) + half));
				send(items, part, symbols >= 4 ? unsigned(rng() % 20) : 400);
				pulse(items, symbols ? 0 : 400, rng() & 1);
				for (size_t i = rng() % 100; i-- > 0;)
					items.push_back({{uint32_t(rng() & 0xffffff), false}, 0, 0}); // unheard
			}
			send(items, b.beats, rng() % 3 ? 0 : unsigned(rng() % 3000));
			Result r = run(items, idle, idle);
			bool good = sane(r) && r.answers.size() == 2 && announced(r.answers[0], a) && announced(r.answers[1], b) &&
				    cut_well(r.frames[0], a, symbols) && r.frames[1] == b.psdu;
			(abort ? by_abort : by_signal) &= good;
		}
		check(by_signal, "a SIGNAL before its time ends the frame, idle " + std::to_string(idle) + "%");
		check(by_abort, "abort ends the frame, idle " + std::to_string(idle) + "%");
	}
}

// abort swept over every clock around the first SIGNAL: an answer at or before it stands, none follows.
static void test_abort_sweep()
{
	bool good = true;
	size_t answered = 0, silent = 0;
	for (unsigned at = 0; at < 160; at++) {
		Frame a = frame(ofdm::rate_of(12), 20), b = frame(any_rate(), 40);
		std::vector<Item> items;
		size_t inside = std::min(at, 48u);
		send(items, std::vector<soft::Beat>(a.beats.begin(), a.beats.begin() + long(inside)));
		pulse(items, at - unsigned(inside));
		send(items, b.beats);
		Result r = run(items);
		good &= sane(r) && ended_with(r, b) && r.answers.size() <= 2;
		if (r.answers.size() == 2) {
			good &= r.answers[0].clock <= at && announced(r.answers[0], a);
			for (uint8_t o : r.frames[0])
				good &= o == 0;
			answered++;
		} else {
			silent++;
		}
	}
	check(good && answered > 20 && silent > 60, "abort on every clock around a SIGNAL: " + std::to_string(answered) +
							    " answered before, " + std::to_string(silent) + " dropped");
}

// Noise alone must not be read as SIGNAL: fields and code together let little through.
static void test_signal_of_noise()
{
	size_t count = 3000, taken = 0;
	std::vector<Item> items;
	std::normal_distribution<double> normal(0, 4);
	for (size_t n = 0; n < count; n++) {
		soft::Softs s(48);
		for (int &v : s)
			v = std::max(-7, std::min(7, int(std::lround(normal(rng)))));
		send(items, soft::beats_of(s, 1, true));
		pulse(items, 4500); // time for the zeros of a frame that was not there
	}
	Result r = run(items, 0, 0);
	for (const Answer &a : r.answers)
		taken += a.ok;
	check(sane(r) && r.answers.size() == count && taken * 100 <= count,
	      "noise read as SIGNAL: " + std::to_string(taken) + " of " + std::to_string(count));
}

static void test_garbage()
{
	for (int round = 0; round < 12; round++) {
		std::vector<Item> items;
		for (int n = 0; n < 400; n++) {
			bool user = rng() % 4 == 0, mixed = rng() % 8 == 0, valid = rng() % 3 == 0;
			std::vector<soft::Beat> beats = signal_beats(ofdm::signal_bits(any_rate(), 1 + rng() % 300));
			for (soft::Beat &b : beats) {
				if (!valid || !user)
					b.data = uint32_t(rng() & 0xffffff); // -8 among them
				b.user = mixed ? rng() & 1 : user;
			}
			send(items, beats, rng() % 4 ? 0 : unsigned(rng() % 200));
			if (rng() % 6 == 0)
				pulse(items, unsigned(rng() % 100), rng() & 1);
		}
		Frame last = frame(any_rate(), 100);
		pulse(items, 0);
		send(items, last.beats);
		Result r = run(items, int(rng() % 3) * 30, int(rng() % 3) * 30);
		check(sane(r) && ended_with(r, last),
		      "garbage: " + std::to_string(r.answers.size()) + " answers, " + std::to_string(r.frames.size()) +
			      " frames, and a good frame after");
	}
}

int main()
{
	if (ofdm::self_check())
		return 1;
	test_annex();
	test_lengths();
	test_stalls();
	test_noise();
	test_time();
	test_bad_signal();
	test_signal_in_noise();
	test_signal_of_noise();
	test_early_end();
	test_abort_sweep();
	test_garbage();
	return drive::failures() != 0;
}
