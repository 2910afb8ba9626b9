// stream_drive - drivers for the valid/ready streams of a Verilated module, with random stalls.
//
//   Source: offers beats in order; idles `idle` percent of the clocks it has nothing on offer,
//           and never withdraws an offer.
//   Sink:   is ready on 100 - idle percent of the clocks; notes whether an offer ever changed or
//           vanished before it was taken.
//
// `run_stream` drives a module with one s_axis and one m_axis to the end and some clocks beyond,
// so that a test sees nothing lost and nothing extra. Modules with more streams use the classes:
//
//   every clock:  source.offer(); sink.decide();  put both into the ports; dut.eval();
//                 source.sample(ready); sink.sample(valid, beat);  then the clock edge.

#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace drive
{

class Stall
{
      public:
	Stall(unsigned idle_percent, unsigned seed) : idle(idle_percent), random(seed)
	{
	}
	bool operator()()
	{
		return random() % 100 < idle;
	}

      private:
	unsigned idle;
	std::mt19937 random;
};

template <class Beat> class Source
{
      public:
	Source(std::vector<Beat> b, unsigned idle_percent, unsigned seed)
	    : beats(std::move(b)), stall(idle_percent, seed), decoy(seed)
	{
	}
	void offer()
	{
		if (!valid && next < beats.size())
			valid = !stall();
		if (!beats.empty())
			shown = beats[valid ? next : decoy() % beats.size()];
	}
	const Beat &beat() const // any other one where there is no offer: nobody may look at it
	{
		return shown;
	}
	void sample(bool ready)
	{
		if (valid && ready) {
			valid = false;
			next++;
		}
	}
	bool done() const
	{
		return next == beats.size();
	}

	bool valid = false;
	size_t next = 0; // beats taken so far

      private:
	std::vector<Beat> beats;
	Stall stall;
	std::minstd_rand decoy;
	Beat shown {};
};

// Beat needs operator==.
template <class Beat> class Sink
{
      public:
	Sink(unsigned idle_percent, unsigned seed) : stall(idle_percent, seed)
	{
	}
	void decide()
	{
		ready = !stall();
	}
	void sample(bool valid, const Beat &beat)
	{
		if (waiting && (!valid || !(beat == offered)))
			steady = false;
		if (valid && ready)
			beats.push_back(beat);
		waiting = valid && !ready;
		offered = beat;
	}

	bool ready = false;
	bool steady = true; // an offer stayed as it was until taken
	std::vector<Beat> beats;

      private:
	Stall stall;
	bool waiting = false;
	Beat offered {};
};

template <class Dut> void clock(Dut &dut)
{
	dut.clk = 0;
	dut.eval();
	dut.clk = 1;
	dut.eval();
}

template <class Dut> void reset(Dut &dut)
{
	dut.rst = 1;
	clock(dut);
	clock(dut);
	dut.rst = 0;
}

// put(dut, in) sets s_axis_tdata and its side signals; get(dut) reads m_axis as an Out. Runs
// until `expect` beats have left, then `beyond` clocks more; gives up after `patience` clocks.
struct Run {
	unsigned source_idle = 0, sink_idle = 0, seed = 1;
	size_t beyond = 1000, patience = 10000000;
	bool steady = true; // result: the module never changed an offer
	size_t clocks = 0;  // result: until the last expected beat
};

template <class Dut, class In, class Put, class Get>
auto run_stream(Dut &dut, const std::vector<In> &in, size_t expect, Run &run, Put put, Get get)
{
	using Out = decltype(get(dut));
	Source<In> source(in, run.source_idle, run.seed);
	Sink<Out> sink(run.sink_idle, run.seed + 1);
	size_t left = run.beyond;
	run.clocks = 0;

	for (size_t n = 0; n < run.patience && left; n++) {
		source.offer();
		sink.decide();
		dut.s_axis_tvalid = source.valid;
		put(dut, source.beat());
		dut.m_axis_tready = sink.ready;
		dut.eval();
		source.sample(dut.s_axis_tready);
		sink.sample(dut.m_axis_tvalid, get(dut));
		clock(dut);
		if (sink.beats.size() >= expect)
			left--;
		else
			run.clocks = n + 2;
	}
	run.steady = sink.steady;
	return sink.beats;
}

// A module whose beats are tdata and tuser and nothing else, from reset.
struct Beat {
	uint32_t data;
	unsigned user;
	bool operator==(const Beat &o) const
	{
		return data == o.data && user == o.user;
	}
};

template <class Dut> std::vector<Beat> run_beats(const std::vector<Beat> &in, size_t expect, Run &run)
{
	Dut dut;
	reset(dut);
	return run_stream(
	    dut, in, expect, run,
	    [](Dut &d, const Beat &b) {
		    d.s_axis_tdata = decltype(d.s_axis_tdata)(b.data);
		    d.s_axis_tuser = decltype(d.s_axis_tuser)(b.user);
	    },
	    [](Dut &d) {
		    return Beat { d.m_axis_tdata, d.m_axis_tuser };
	    });
}

// Calls each(run, text) for nine pairs of stalls; the text names them.
template <class Each> void every_stall(Each each)
{
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 90 }) {
			Run run;
			run.source_idle = source;
			run.sink_idle = sink;
			each(run, ", " + std::to_string(source) + "% / " + std::to_string(sink) + "% idle");
		}
}

// `ok - what` or `FAILED - what`; the exit status of a test is failures() != 0.
inline int &failures()
{
	static int count;
	return count;
}

inline bool check(bool good, const std::string &what)
{
	printf("%s - %s\n", good ? "ok" : "FAILED", what.c_str());
	failures() += !good;
	return good;
}

} // namespace drive
