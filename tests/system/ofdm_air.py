"""An 802.11 OFDM transmitter and what is between it and a receiver, written from the clauses and tables of IEEE 802.11-2012
(18.3) and apart from the project's own: frames at four times the channel's sample rate, with the windows, amplifiers, other
standards' preambles and oscillators that real air has. Lists of complex numbers; no library."""
import cmath, math, zlib

OVER = 4  # samples for one of the channel
MODES = {6: (1, (1, 2), 0b1101), 9: (1, (3, 4), 0b1111), 12: (2, (1, 2), 0b0101), 18: (2, (3, 4), 0b0111),  # bits, code, RATE
         24: (4, (1, 2), 0b1001), 36: (4, (3, 4), 0b1011), 48: (6, (2, 3), 0b0001), 54: (6, (3, 4), 0b0011)}
PILOTS = {-21: 1, -7: 1, 7: 1, 21: -1}
DATA = [k for k in range(-26, 27) if k != 0 and k not in PILOTS]
LONG = dict(zip([k for k in range(-26, 27) if k], [1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1,
                1, -1, -1, 1, 1, -1, 1, -1, 1, -1, -1, -1, -1, -1, 1, 1, -1, -1, 1, -1, 1, -1, 1, 1, 1, 1]))
SHORT = {k: s * (1 + 1j) * math.sqrt(13 / 6) for k, s in zip((-24, -20, -16, -12, -8, -4, 4, 8, 12, 16, 20, 24),
                                                             (1, -1, 1, -1, -1, 1, -1, -1, 1, 1, 1, 1))}
PERIOD = 64 * OVER
TURN = [cmath.exp(2j * math.pi * n / PERIOD) for n in range(PERIOD)]


def scrambler(seed, n):
    out = []
    for _ in range(n):
        out.append((seed >> 6 ^ seed >> 3) & 1)
        seed = (seed << 1 | out[-1]) & 127
    return out


POLARITY = [1 - 2 * b for b in scrambler(127, 127)]


def with_fcs(body):
    return body + zlib.crc32(body).to_bytes(4, "little")


def convolve(bits):
    pad, out = [0] * 6 + bits, []
    for n in range(6, len(pad)):
        out += [sum(pad[n - t] for t in taps) & 1 for taps in ((0, 2, 3, 5, 6), (0, 1, 2, 3, 6))]
    return out


def puncture(coded, code):
    kept = {(1, 2): (0, 1), (2, 3): (0, 1, 2), (3, 4): (0, 1, 2, 5)}[code]
    return [b for n, b in enumerate(coded) if n % (2 * code[0]) in kept]


def points(coded, bits):
    """One symbol's coded bits: interleaved (18.3.5.7), then mapped (18.3.5.8)."""
    n, s, mixed = 48 * bits, max(bits // 2, 1), [0] * (48 * bits)
    for k, b in enumerate(coded):
        i = n // 16 * (k % 16) + k // 16
        mixed[s * (i // s) + (i + n - 16 * i // n) % s] = b
    levels = {1: (-1, 1), 2: (-3, -1, 3, 1), 3: (-7, -5, -1, -3, 7, 5, 1, 3)}
    axis = lambda b: levels[len(b)][int("".join(map(str, b)), 2)]
    half, scale = max(bits // 2, 1), {1: 1, 2: 2, 4: 10, 6: 42}[bits] ** -0.5
    out = {}
    for c, k in enumerate(DATA):
        b = mixed[c * bits:(c + 1) * bits]
        out[k] = scale * (axis(b[:half]) + (1j * axis(b[half:]) if bits > 1 else 0))
    return out


def signal_field(code, length, reserved=0):
    b = [code >> n & 1 for n in (3, 2, 1, 0)] + [reserved] + [length >> n & 1 for n in range(12)]
    return b + [sum(b) & 1] + [0] * 6


def with_pilots(carriers, symbol):
    return carriers | {k: s * POLARITY[symbol % 127] for k, s in PILOTS.items()}


def period(carriers):
    """The inverse transform; the mean square of 52 carriers of 1 is 1."""
    out = [0j] * PERIOD
    for k, x in carriers.items():
        x /= math.sqrt(52)
        for n in range(PERIOD):
            out[n] += x * TURN[n * k % PERIOD]
    return out


def join(parts, window=8):
    """Parts: carriers, samples of prefix, samples in all. Each fades into the next over `window` samples of OVER."""
    out = [0j] * (sum(n for _, _, n in parts) * OVER + window)
    at, rise = 0, [math.sin(math.pi / 2 * (n + 0.5) / window) ** 2 for n in range(window)]
    for carriers, prefix, n in parts:
        wave = period(carriers)
        for m in range(n * OVER + window):
            gain = rise[m] if m < window else rise[n * OVER + window - 1 - m] if m >= n * OVER else 1
            out[at + m] += gain * wave[(m - window // 2 - prefix * OVER) % PERIOD]
        at += n * OVER
    return out


def preamble(short=160):
    return [(SHORT, 0, short), (LONG, 32, 160)]


def frame(psdu, rate, seed=93, service=0, reserved=0, short=160):
    bits, code, field = MODES[rate]
    dbps = 48 * bits * code[0] // code[1]
    data = [service >> n & 1 for n in range(16)] + [byte >> n & 1 for byte in psdu for n in range(8)]
    symbols = -(-(len(data) + 6) // dbps)
    data += [0] * (symbols * dbps - len(data))
    turned = [d ^ s for d, s in zip(data, scrambler(seed, 127) * (len(data) // 127 + 1))]
    turned[16 + 8 * len(psdu):16 + 8 * len(psdu) + 6] = [0] * 6
    coded = puncture(convolve(turned), code)
    parts = preamble(short) + [(with_pilots(points(convolve(signal_field(field, len(psdu), reserved)), 1), 0), 16, 80)]
    for n in range(symbols):
        parts.append((with_pilots(points(coded[n * 48 * bits:(n + 1) * 48 * bits], bits), n + 1), 16, 80))
    return join(parts)


def foreign(kind, symbols, random):
    """A frame of 802.11n, ac or ax behind an old preamble, of so many symbols after SIGNAL (20.3.9, 22.3.8; 802.11ax 27.3.11)."""
    field = signal_field(0b1101, 3 * symbols - 3 - (random.randint(1, 2) if kind == "ax" else 0))
    parts = preamble() + [(with_pilots(points(convolve(field), 1), 0), 16, 80)]
    if kind == "ax":
        parts.append((with_pilots(points(convolve(field), 1), 1), 16, 80))
    for n, turn in enumerate({"n": (1j, 1j), "ac": (1, 1j), "ax": (1, 1)}[kind]):
        sig = points(convolve([random.randint(0, 1) for _ in range(18)] + [0] * 6), 1)
        parts.append((with_pilots({k: turn * x for k, x in sig.items()}, n + 1), 16, 80))
    parts.append((SHORT, 0, 80))
    while len(parts) < symbols + 3:
        parts.append(({k: (random.choice((-7, -5, -3, -1, 1, 3, 5, 7)) + 1j * random.choice((-7, -5, -3, -1, 1, 3, 5, 7))) / 42 ** 0.5
                       for k in range(-28, 29) if k}, 16, 80))
    return join(parts)


def chips(n, random):
    """11 MHz of 802.11b: random quarter turns, each raised to the sample rate by a straight line."""
    c = [1j ** random.randint(0, 3) for _ in range(n + 2)]
    step = 11 / (20 * OVER)
    return [c[int(t * step)] * (1 - t * step % 1) + c[int(t * step) + 1] * (t * step % 1) for t in range(int(n / step))]


def amplify(samples, backoff_db, p=2.0):
    """Rapp's amplifier, saturated `backoff_db` above the mean level."""
    full = 10 ** (backoff_db / 20)
    return [x * (1 + (abs(x) / full) ** (2 * p)) ** (-0.5 / p) for x in samples]


def shift(samples, hz, rate_hz):
    step, turn, out = cmath.exp(2j * math.pi * hz / rate_hz), 1, []
    for x in samples:
        out.append(x * turn)
        turn *= step
    return out


def receive(samples, rate, over_rate, half=24):
    """The samples at `rate` of what is given at `over_rate`, through a windowed sinc as wide as the slower needs."""
    step, cut = over_rate / rate, 0.96 * min(1, rate / over_rate)
    width, fine = int(half / cut), 512
    table = []
    for n in range(width * fine + 2):
        x = n / fine
        sinc = cut if n == 0 else math.sin(math.pi * cut * x) / (math.pi * x)
        table.append(sinc * max(0, 0.42 + 0.5 * math.cos(math.pi * x / width) + 0.08 * math.cos(2 * math.pi * x / width)))
    out = []
    for n in range(int(len(samples) / step)):
        t = n * step
        first, last = max(0, math.ceil(t - width)), min(len(samples) - 1, math.floor(t + width))
        out.append(sum(samples[m] * table[int(abs(t - m) * fine + 0.5)] for m in range(first, last + 1)))
    return out
