// rx_detect - finds the short training symbols by their period of 16 samples.
//
//   P(n) = sum x(m) conj(x(m - 16)),   R(n) = sum |x(m)|^2,   over the last 128 samples
//
// Where |P| >= 5/16 R the signal repeats itself: at a signal-to-noise ratio of 0 dB |P|/R is near 1/2, and noise alone
// reaches 5/16 about once in e^(128 (5/16)^2) = 270,000 windows; what comes after has to weed those out. |P| grows until the window is full of short symbols and falls when the
// long ones enter; an event is told when it has not grown for 24 samples, with the values at its peak. Later growth
// tells another event: the last one counts. arg P / 16 is the carrier offset in turns a sample.
//
// Two multipliers, three turns a sample: {re P, im P, R}. The window is a memory of products: each one
// leaves as exactly what came in, so the sums never drift. Samples are at least four clocks apart.

`default_nettype none

module rx_detect (
  input  wire  logic               clk,
  input  wire  logic               rst,           // synchronous, active high

  input  wire  logic        [31:0] s_axis_tdata,  // {q, i}, s1.15
  input  wire  logic        [11:0] s_axis_tuser,  // the sample's number
  input  wire  logic               s_axis_tvalid,

  output       logic               event_valid,   // a pulse; the fields stay until the next peak
  output       logic        [11:0] event_index,   // sample at the peak: about the 144th to 160th of the frame
  output       logic signed [32:0] event_re,      // P / 64
  output       logic signed [32:0] event_im,
  output       logic        [32:0] event_energy,  // R / 64
  output       logic               event_strong   // |P| >= 5/8 R there
);

  localparam int unsigned DROP    = 6;            // bits of a product that are not kept
  localparam int unsigned VW      = 33 - DROP;
  localparam logic [32:0] FLOOR   = 33'd512;      // windows weaker than -67 dBFS are taken for silence
  localparam logic [4:0]  PATIENCE = 5'd24;

  // Sample and its ancestor ------------------------------------------------------------------------

  logic [6:0]  at;                                // samples since reset, mod 128
  logic        filled;                            // 128 samples have been: what leaves the window is ours
  logic [31:0] past [16];
  logic [3:0]  past_at;
  logic signed [15:0] xi, xq, yi, yq;
  logic [11:0] ph;                                // clock n after the sample: ph[n-1]
  logic [11:0] index0, index1, index2;

  always_ff @(posedge clk) begin
    ph <= {ph[10:0], s_axis_tvalid};
    if (s_axis_tvalid) begin
      {xq, xi} <= s_axis_tdata;
      {yq, yi} <= filled || at[6:4] != 0 ? past[past_at] : '0;
      past[past_at] <= s_axis_tdata;
      past_at <= past_at + 1'b1;
      index0  <= s_axis_tuser;
    end
    if (ph[3]) index1 <= index0;
    if (ph[7]) index2 <= index1;
    if (rst) {ph, past_at} <= '0;
  end

  // Products ---------------------------------------------------------------------------------------

  logic signed [15:0] a0, b0, a1, b1;
  logic               minus, minus_q;
  logic signed [31:0] p0, p1;
  logic signed [VW-1:0] value;

  /* verilator lint_off UNUSEDSIGNAL */             // its low bits are dropped
  wire signed [32:0] total = minus_q ? 33'(p0) - 33'(p1) : 33'(p0) + 33'(p1);
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    if (ph[0] || ph[1] || ph[2]) begin
      a0    <= ph[1] ? xq : xi;
      b0    <= ph[2] ? xi : yi;
      a1    <= ph[1] ? xi : xq;
      b1    <= ph[2] ? xq : yq;
      minus <= ph[1];
    end
    if (ph[1] || ph[2] || ph[3]) begin
      p0      <= a0 * b0;
      p1      <= a1 * b1;
      minus_q <= minus;
    end
    if (ph[2] || ph[3] || ph[4]) value <= total[32:DROP];
  end

  // Window -----------------------------------------------------------------------------------------

  (* no_rw_check *)                               // never read where it is written: see the assertion
  logic signed [VW-1:0] window [512];             // {turn, sample mod 128}
  logic signed [VW-1:0] leaving;

  logic signed [VW-1:0] leaving_q;                // a block RAM answers late in its clock
  logic [6:0]           at_rd;                    // `at`, two clocks earlier

  wire [1:0] turn_rd = {ph[3], ph[2]};
  wire [1:0] turn_wr = {ph[5], ph[4]};
  wire       reads   = ph[1] || ph[2] || ph[3];
  wire       writes  = ph[3] || ph[4] || ph[5];

  always_ff @(posedge clk) begin
    if (reads)  leaving <= window[{turn_rd, at_rd}];
    if (writes) window[{turn_wr, at}] <= value;
  end

  always_ff @(posedge clk) if (!rst) assert (!(reads && writes && turn_rd == turn_wr));

  logic signed [32:0] sum_re, sum_im, sum_energy;
  logic signed [32:0] step;

  always_ff @(posedge clk) begin
    if (ph[2] || ph[3] || ph[4]) leaving_q <= filled ? leaving : '0;
    if (ph[3] || ph[4] || ph[5]) step <= 33'(value) - 33'(leaving_q);
    if (ph[4]) sum_re     <= sum_re + step;
    if (ph[5]) sum_im     <= sum_im + step;
    if (ph[6]) sum_energy <= sum_energy + step;
    if (ph[3]) at_rd <= at_rd + 1'b1;
    if (ph[5]) begin
      at <= at + 1'b1;
      if (at == 7'd127) filled <= 1'b1;
    end
    if (rst) begin
      {sum_re, sum_im, sum_energy} <= '0;
      {at, at_rd, filled} <= '0;
    end
  end

  // Peak: |P| is max + 3/8 min, within 7 % -----------------------------------------------------------

  logic signed [32:0] re_q, im_q;
  logic        [32:0] energy_q;
  logic        [32:0] abs_re, abs_im, most, least, size, need, peak;
  logic               periodic, twice, grows;
  logic         [4:0] age;

  always_ff @(posedge clk) begin
    if (ph[7]) begin
      re_q     <= sum_re;
      im_q     <= sum_im;
      energy_q <= sum_energy;
      abs_re   <= sum_re < 0 ? -sum_re : sum_re;
      abs_im   <= sum_im < 0 ? -sum_im : sum_im;
    end
    if (ph[8]) {most, least} <= abs_re > abs_im ? {abs_re, abs_im} : {abs_im, abs_re};
    if (ph[9]) begin
      size <= most + (least >> 2) + (least >> 3);
      need <= (energy_q >> 2) + (energy_q >> 4);
    end
    if (ph[10]) begin
      periodic <= size >= need && energy_q >= FLOOR;
      twice    <= size >> 1 >= need;
      grows    <= size > peak;
    end

    event_valid <= 1'b0;
    if (ph[11]) begin
      if (!periodic) begin
        peak <= '0;
        age  <= PATIENCE;
      end else if (grows) begin
        peak         <= size;
        age          <= '0;
        event_index  <= index2;
        event_re     <= re_q;
        event_im     <= im_q;
        event_energy <= energy_q;
        event_strong <= twice;
      end else if (age != PATIENCE) begin
        age         <= age + 1'b1;
        event_valid <= age == PATIENCE - 1'b1;
      end
    end
    if (rst) begin
      peak <= '0;
      age  <= PATIENCE;
      event_valid <= 1'b0;
    end
  end

endmodule

`default_nettype wire
