// framer_gate against its own description, stream by stream: the sample of each strobe, the outcome, its time. The source stalls
// at random, strobes come 4 clocks apart or more.

#include "Vframer_gate.h"
#include "stream_drive.h"
#include "verilated.h"

enum { SENT, LATE, UNDERRUN };

// One stream of n samples armed for `ahead` samples from now (timed) or at once; the source offers from clock
// `from` on and takes a rest of `rest` clocks before sample `rest_at`.
static bool stream(Vframer_gate &dut, std::mt19937 &random, uint64_t &now, unsigned n, bool timed, bool resume, int ahead,
		   unsigned from, unsigned rest_at, unsigned rest, unsigned &outcome)
{
	unsigned taken = 0, gap = random() % 4, offered_from = from, underruns = 0, left = 0, clocks = 0;
	uint64_t first = 0, at = now + ahead;
	bool good = true, done = false;

	dut.time_at = timed ? at : random();
	dut.timed = timed;
	dut.resume = resume;
	drive::clock(dut);
	while (!done && clocks < 40000) {
		dut.start = clocks == 0;
		if (taken == rest_at && clocks >= offered_from && rest) {
			offered_from = clocks + rest;
			rest = 0;
		}
		dut.s_axis_tvalid = taken < n && clocks >= offered_from;
		dut.s_axis_tdata = 0x10001 * (taken + 1);
		dut.s_axis_tlast = taken + 1 == n;
		dut.sample = gap == 0;
		dut.now = now;
		dut.eval();
		bool strobe = dut.sample, took = dut.s_axis_tvalid && dut.s_axis_tready;
		drive::clock(dut);
		underruns += dut.event_underrun;
		if (strobe) {
			if (dut.tx_active) { // it shows the sample just taken, in its time
				good &= took && dut.tx_i == uint16_t(taken + 1) && dut.tx_q == uint16_t(taken + 1);
				if (left++ == 0)
					first = now;
				else
					good &= resume || now == first + left - 1;
			} else
				good &= dut.tx_i == 0 && dut.tx_q == 0;
			now++;
		}
		taken += took;
		gap = gap ? gap - 1 : 3 + random() % 3;
		clocks++;
		done = dut.done;
	}
	outcome = dut.done_status;
	good &= done && dut.closed && taken == n;
	if (outcome == SENT)
		good &= left == n && dut.done_time == first && underruns == 0 && (!timed || first == at);
	if (outcome == LATE)
		good &= timed && left == 0 && dut.done_time >= at;
	if (outcome == UNDERRUN)
		good &= left > 0 && underruns > 0 && dut.done_time == first && (resume ? left == n : left < n);
	dut.s_axis_tvalid = 0;
	for (int k = 0; k < 12; k++) { // then silence
		dut.sample = k % 4 == 0;
		dut.now = now;
		drive::clock(dut);
		if (k % 4 == 0) {
			good &= !dut.tx_active;
			now++;
		}
		dut.start = 0;
	}
	return good;
}

int main()
{
	Vframer_gate dut;
	std::mt19937 random(1);
	uint64_t now = 0xFFFFFFF0; // the low half of the time runs over
	unsigned count[3] = {0, 0, 0}, outcome;
	bool good = true, forced = true;

	drive::reset(dut);
	for (int n = 0; n < 3000; n++) {
		bool timed = random() % 2, resume = random() % 2;
		good &= stream(dut, random, now, 1 + random() % 30, timed, resume, int(random() % 60) - 5, random() % 200,
			       random() % 40, random() % 60, outcome);
		count[outcome]++;
	}
	drive::check(good, "3000 streams: samples, times and outcomes agree");
	drive::check(count[SENT] > 100 && count[LATE] > 100 && count[UNDERRUN] > 100,
		     std::to_string(count[SENT]) + " sent, " + std::to_string(count[LATE]) + " late, " +
			 std::to_string(count[UNDERRUN]) + " cut");
	// What must come out when the source is never slow, and when it surely is.
	for (int n = 0; n < 200; n++) {
		forced &= stream(dut, random, now, 20, true, false, 5 + n % 10, 0, 99, 0, outcome) && outcome == SENT;
		forced &= stream(dut, random, now, 20, true, false, -1 - n % 10, 0, 99, 0, outcome) && outcome == LATE;
		forced &= stream(dut, random, now, 20, true, false, 5, 200, 99, 0, outcome) && outcome == LATE;
		forced &= stream(dut, random, now, 20, false, n % 2, 0, 200, 99, 0, outcome) && outcome == SENT;
		forced &= stream(dut, random, now, 20, true, n % 2, 5, 0, 1 + n % 19, 100, outcome) && outcome == UNDERRUN;
	}
	drive::check(forced, "each outcome where it must be");
	return drive::failures() != 0;
}
