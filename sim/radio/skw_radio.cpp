/* skw_radio - see skw_radio.h. A thin shell: all that is said about the radio here, the gates
 * decide. */
#include "radio/skw_radio.h"

#include <cassert>
#include <cstring>
#include <new>
#include <vector>

#include "Vskywave.h"
#include "Vskywave___024root.h"
#include "verilated.h"
#ifndef VM_TRACE // sim/sim.mk
#define VM_TRACE 0
#endif
#if VM_TRACE
#include "radio/skw_radio_trace.h"
#endif
#define IN_GATES(name) skywave_ticked__DOT__gates__DOT__##name

namespace
{

constexpr unsigned CLOCKS_PER_SAMPLE = 4;
constexpr size_t OUT_LIMIT = 65536; // bytes the host has not read; then the board's side waits
constexpr unsigned SETTLE = 4;      // clocks for a word to reach the place that answers it

// A queue of bytes that keeps its memory.
struct Bytes {
	std::vector<uint8_t> data;
	size_t head = 0;

	size_t size() const
	{
		return data.size() - head;
	}
	const uint8_t *front() const
	{
		return data.data() + head;
	}
	void push(const uint8_t *bytes, size_t len)
	{
		if (head != 0 && head >= data.size() / 2) {
			data.erase(data.begin(), data.begin() + static_cast<ptrdiff_t>(head));
			head = 0;
		}
		data.insert(data.end(), bytes, bytes + len);
	}
	void pop(size_t len)
	{
		head += len;
	}
};

#if !VM_TRACE
struct Trace {
	void dump(uint64_t)
	{
	}
};
#endif

// What the receiver's stages hand on in a clock (sim/radio/look.vlt); nothing in the build without
// tracing.
struct Watch {
#if VM_TRACE
	static constexpr int CARRIERS = 48;                         // of data in a symbol
	static constexpr uint8_t LONG1 = 0, SIGNAL = 2, PILOTS = 4; // kind_e, state_e
	skw_radio_watch_fn *told = nullptr;
	void *context = nullptr;
	int symbol = 0;                  // of the block that is being transformed
	int equalised = 0, demapped = 0; // carriers of the frame so far

	// The n-th data carrier of a symbol.
	static int data_carrier(int n)
	{
		int k = n - 26;

		for (int idle : { -21, -7, 0, 7, 21 })
			k += k >= idle;
		return k;
	}
	static int32_t extended(uint64_t value, unsigned width)
	{
		return static_cast<int32_t>(static_cast<uint32_t>(value) << (32 - width)) >>
		       (32 - width);
	}

	void transformed(const Vskywave___024root *g)
	{
		skw_radio_look l = {};
		uint32_t bins = g->IN_GATES(rx__DOT__carrier);
		uint8_t kind = g->IN_GATES(rx__DOT__carrier_kind);
		uint8_t at = g->IN_GATES(rx__DOT__i_equalise__DOT__at);

		if (at == 0 && kind == LONG1)
			equalised = demapped = 0;
		if (at == 0)
			symbol = kind == LONG1 ? -2 : symbol + 1;
		if (at == 0 && kind == SIGNAL)
			channel(g);
		l.stage = SKW_RADIO_TRANSFORMED;
		l.symbol = symbol;
		l.carrier = at - 32;
		l.re = extended(bins, 16);
		l.im = extended(bins >> 16, 16);
		told(context, &l);
	}
	void channel(const Vskywave___024root *g)
	{
		for (int k = 0; k < 64; k++) {
			uint64_t h = g->IN_GATES(rx__DOT__i_equalise__DOT__h_mem)[k];
			skw_radio_look l = {};

			l.stage = SKW_RADIO_CHANNEL;
			l.carrier = k - 32;
			l.re = extended(h, 17);
			l.im = extended(h >> 17, 17);
			told(context, &l);
		}
	}
	// Of the next data carrier of a frame: `n` counts them.
	static skw_radio_look next(skw_radio_stage stage, int *n)
	{
		skw_radio_look l = {};

		l.stage = stage;
		l.symbol = *n / CARRIERS;
		l.carrier = data_carrier((*n)++ % CARRIERS);
		return l;
	}
	void turned(const Vskywave___024root *g)
	{
		skw_radio_look l = next(SKW_RADIO_EQUALISED, &equalised);

		l.re = extended(g->IN_GATES(rx__DOT__i_equalise__DOT__turned_re), 18);
		l.im = extended(g->IN_GATES(rx__DOT__i_equalise__DOT__turned_im), 18);
		l.phase = extended(g->IN_GATES(rx__DOT__i_equalise__DOT__phase), 18);
		l.slope = extended(g->IN_GATES(rx__DOT__i_equalise__DOT__slope), 26);
		told(context, &l);
	}
	void soft(const Vskywave___024root *g)
	{
		skw_radio_look l = next(SKW_RADIO_SOFT, &demapped);

		for (int b = 0; b < 6; b++)
			l.soft[b] = static_cast<int8_t>(
			    extended(g->IN_GATES(rx__DOT__soft_bits) >> 4 * b, 4));
		told(context, &l);
	}
	// Before the rising edge: what it will take.
	void clock(const Vskywave___024root *g)
	{
		if (told == nullptr)
			return;
		if (g->IN_GATES(rx__DOT__carrier_valid) &&
		    g->IN_GATES(rx__DOT__carrier_ready))
			transformed(g);
		if (g->IN_GATES(rx__DOT__i_equalise__DOT__turned_valid) &&
		    g->IN_GATES(rx__DOT__i_equalise__DOT__state) != PILOTS)
			turned(g);
		if (g->IN_GATES(rx__DOT__soft_valid) && g->IN_GATES(rx__DOT__soft_ready))
			soft(g);
		if (g->IN_GATES(rx__DOT__sig_valid) && g->IN_GATES(rx__DOT__sig_ok)) {
			skw_radio_look l = {};

			l.stage = SKW_RADIO_SIGNAL_GOOD;
			l.time = g->IN_GATES(rx__DOT__start_time);
			told(context, &l);
		}
	}
#else
	void clock(const Vskywave___024root *)
	{
	}
#endif
};

} // namespace

struct skw_radio {
	VerilatedContext context;
	Vskywave gates { &context, "skywave" };
	Trace trace;
	Watch watch;
	Bytes in, out;
	bool sleepless = false;
	int settled = -1; // the s_host_tvalid that was last evaluated before its clock

	// One clock; the caller has set `sample` and the antenna's inputs. True if a word moved.
	bool clock()
	{
		bool have = word_ready();
		bool room = out.size() + 4 <= OUT_LIMIT;

		gates.s_host_tvalid = have;
		gates.m_host_tready = room;
		settle();
		bool taken = have && gates.s_host_tready;
		bool given = room && gates.m_host_tvalid;
		if (given) {
			uint32_t word = gates.m_host_tdata;
			const uint8_t bytes[4] = { uint8_t(word), uint8_t(word >> 8),
						   uint8_t(word >> 16), uint8_t(word >> 24) };
			out.push(bytes, sizeof(bytes));
		}
		watch.clock(gates.rootp);
		rise();
		if (taken)
			in.pop(4);
		return taken || given;
	}

	// A clock is one evaluation, and one before it where the gates must know by then
	// (sim/radio/skywave_ticked.sv); or, for those who would rather see it, two halves.
	void settle()
	{
		if (gates.s_host_tvalid == settled && !gates.whole_clocks)
			return;
		settled = gates.s_host_tvalid;
		if (gates.whole_clocks)
			gates.tick = 0;
		evaluate();
	}
	void rise()
	{
		gates.tick = !gates.tick;
		evaluate();
	}
	void evaluate()
	{
		gates.eval();
		trace.dump(gates.now);
	}

	// Words of four bytes; while the gates look for a header the wire slides by single bytes.
	bool word_ready()
	{
		if (in.size() < 4)
			return false;
		if (gates.hunting) {
			while (in.size() >= 4 && in.front()[0] != 0x5A)
				in.pop(1);
			if (in.size() < 4)
				return false;
		}
		const uint8_t *b = in.front();
		gates.s_host_tdata =
		    b[0] | uint32_t(b[1]) << 8 | uint32_t(b[2]) << 16 | uint32_t(b[3]) << 24;
		return true;
	}

	// Every half of every clock of every part, also of those with nothing to do (rtl/stream/clock_gate.sv).
	void stay_awake()
	{
		Vskywave___024root *g = gates.rootp;

		sleepless = true;
		g->IN_GATES(host_gate__DOT__sleepless) = 1;
		g->IN_GATES(send_gate__DOT__sleepless) = 1;
		g->IN_GATES(hear_gate__DOT__sleepless) = 1;
		g->IN_GATES(hand_gate__DOT__sleepless) = 1;
		g->IN_GATES(iq_gate__DOT__sleepless) = 1;
		g->IN_GATES(rx__DOT__i_acquire__DOT__i_back__DOT__sleepless) = 1;
		g->IN_GATES(rx__DOT__i_acquire__DOT__i_search__DOT__sleepless) = 1;
	}

	void load_time(uint64_t time)
	{
		gates.time_load = 1;
		gates.time_value = time;
		clock();
		gates.time_load = 0;
		clock(); // what compares times follows by one
	}
};

static struct skw_radio *new_radio(bool sleepless)
try {
	skw_radio *r = new skw_radio();

#if VM_TRACE
	r->context.traceEverOn(true);
#endif
	r->gates.whole_clocks = sleepless || VM_TRACE;
	r->gates.rst = 1;
	for (int n = 0; n < 4; n++)
		r->clock();
	if (sleepless)
		r->stay_awake();
	r->gates.rst = 0;
	for (int n = 0; n < 4; n++)
		r->clock();
	return r;
} catch (const std::bad_alloc &) {
	return nullptr;
}

struct skw_radio *skw_radio_new(void)
{
	return new_radio(false);
}

struct skw_radio *skw_radio_new_sleepless(void)
{
	return new_radio(true);
}

void skw_radio_free(struct skw_radio *r)
{
	if (r != nullptr) // Verilator takes the model's scopes out of the thread's context
		Verilated::threadContextp(&r->context);
	delete r;
}

bool skw_radio_host_write(struct skw_radio *r, const uint8_t *data, size_t len)
try {
	r->in.push(data, len);
	return true;
} catch (const std::bad_alloc &) {
	return false;
}

size_t skw_radio_host_pending(const struct skw_radio *r)
{
	return r->in.size();
}

size_t skw_radio_host_read(struct skw_radio *r, uint8_t *data, size_t len)
{
	size_t n = len < r->out.size() ? len : r->out.size();

	memcpy(data, r->out.front(), n);
	r->out.pop(n);
	return n;
}

void skw_radio_service(struct skw_radio *r, unsigned max_clocks)
{
	unsigned still = 0;

	// A full queue does not empty by waiting here: to the antenna it needs samples, to the host
	// its reading.
	while (max_clocks-- > 0 && still < SETTLE) {
		bool moved = r->clock();
		bool works = r->gates.working && r->out.size() + 4 <= OUT_LIMIT;
		still = moved || works ? 0 : still + 1;
	}
}

// How many of the n samples from here on change nothing: the gates are idle and the antenna silent.
static size_t silence(struct skw_radio *r, const struct skw_iq *rx, size_t n)
{
	uint64_t next;

	if (r->sleepless || !skw_radio_idle(r))
		return 0;
	if (skw_radio_next_tx(r, &next) && next - r->gates.now < n)
		n = static_cast<size_t>(next - r->gates.now);
	size_t k = 0;
	while (k < n && (rx == nullptr || (rx[k].i == 0 && rx[k].q == 0)))
		k++;
	return k;
}

void skw_radio_run(struct skw_radio *r, struct skw_iq *tx, const struct skw_iq *rx, size_t n)
{
	for (size_t k = 0; k < n;) {
		size_t skip = silence(r, rx ? rx + k : nullptr, n - k);
		if (skip > 1) {
			skw_radio_skip(r, skip);
			memset(tx + k, 0, skip * sizeof(*tx));
			k += skip;
			continue;
		}
		r->gates.rx_i = rx ? static_cast<uint16_t>(rx[k].i) : 0;
		r->gates.rx_q = rx ? static_cast<uint16_t>(rx[k].q) : 0;
		r->gates.sample = 1;
		r->clock();
		r->gates.sample = 0;
		tx[k].i = static_cast<int16_t>(r->gates.tx_i);
		tx[k].q = static_cast<int16_t>(r->gates.tx_q);
		k++;
		for (unsigned c = 1; c < CLOCKS_PER_SAMPLE; c++)
			r->clock();
	}
}

bool skw_radio_traces(void)
{
	return VM_TRACE != 0;
}

bool skw_radio_trace(struct skw_radio *r, const char *path, uint64_t from, uint64_t to)
{
#if VM_TRACE
	return r->trace.start(r->gates, path, from, to);
#else
	(void)r, (void)path, (void)from, (void)to;
	return false;
#endif
}

bool skw_radio_trace_stop(struct skw_radio *r)
{
#if VM_TRACE
	return r->trace.stop();
#else
	(void)r;
	return true;
#endif
}

bool skw_radio_watch(struct skw_radio *r, skw_radio_watch_fn *watch, void *context)
{
#if VM_TRACE
	r->watch.told = watch;
	r->watch.context = context;
	return true;
#else
	(void)r, (void)watch, (void)context;
	return false;
#endif
}

uint64_t skw_radio_time(const struct skw_radio *r)
{
	return r->gates.now;
}

bool skw_radio_idle(const struct skw_radio *r)
{
	return r->gates.idle && r->in.size() < 4;
}

bool skw_radio_streams(const struct skw_radio *r)
{
	return r->gates.rx_streams;
}

bool skw_radio_next_tx(const struct skw_radio *r, uint64_t *time)
{
	if (r->gates.tx_waiting)
		*time = r->gates.tx_time;
	return r->gates.tx_waiting;
}

void skw_radio_skip(struct skw_radio *r, uint64_t n)
{
	assert(skw_radio_idle(r));
	assert(!r->gates.tx_waiting || n <= r->gates.tx_time - r->gates.now);
	r->load_time(r->gates.now + n);
}

struct skw_radio_front_end skw_radio_front_end(const struct skw_radio *r)
{
	struct skw_radio_front_end fe = {};

	fe.rx_hz = r->gates.fe_rx_hz;
	fe.tx_hz = r->gates.fe_tx_hz;
	fe.rate_hz = r->gates.fe_rate;
	fe.rx_gain_cdb = static_cast<int32_t>(r->gates.fe_rx_gain);
	fe.tx_gain_cdb = static_cast<int32_t>(r->gates.fe_tx_gain);
	return fe;
}
