// rx_equalise - channel, equaliser, phase tracking: transformed symbols in, soft bits out.
//
//   s_axis --> two long symbols --> h, |h|^2 --> 1/mean --> H', w
//          --> symbol --> z = y conj(H') --> pilots --> angle --> z e^(-j angle) --> demap --> m_axis
//
// Blocks of 64 carriers, -32..31, come in the order long, long, SIGNAL, data...; tuser says which. Nothing is divided but
// one number a frame: with h = Y1 + Y2 smoothed over both neighbours, A = sum |h|^2 over the 52 carriers and R = 52 2^38 / A,
//
//   H' = h R / 2^11,   w = |h|^2 R / 2^32   (u4.6: average 1),   z = y conj(H') / 2^14   (s6.12: average amplitude 1)
//
// whatever the level. B = sum |Y1 - Y2|^2 gives the noise: B = 2 N, A = 4 S 0.97^2 + 2 N 3/8 per carrier:
// smoothing leaves 3/8 of the noise, and what comes 3 to 11 samples into the window (it opens 4 early) whole within 5 %.
//
// Carrier k of a symbol is turned back by phase + k slope. Both are foretold from the last symbols. The four pilots, turned so, show the
// phase's error by the angle of their sum, before the data are turned. When the symbol has left, its data's nearest points tell
// of the error once more, and of the slope's: they are twelve times as many, and weigh as they are heard. With T the sum of rx_demap's
// turns over the 48 carriers, in half distances of w = 1, the error is T/48, T/96, T/192 and T/384 from BPSK to 64-QAM, that of the
// slope as much by 13.5 of what the upper carriers' sum is beyond the lower ones'. Loops of second order follow:
//
//   symbols           phase, by pilots   by data                slope, by data
//   up to the 4th     1/2,  1/4          2.4 times as much;     1/8,  1/64
//   up to the 16th    1/4,  1/16         64-QAM 1.8             1/16, 1/128
//   then              1/8,  1/64                                1/32, 1/512
//
// (64-QAM's slope by three quarters of that.) What is left of the carrier offset turns the phase; sampling clocks that differ
// move the symbol through its window, which is the slope.
//
// `mod` is asked for only when the carriers of a symbol leave: SIGNAL needs none, and a data symbol waits for `data_go`.
// One symbol is worked on at a time, in some 280 clocks: less than its 320.

`default_nettype none

module rx_equalise (
  input  wire  logic               clk,
  input  wire  logic               rst,         // synchronous, active high

  input  wire  logic        [31:0] s_axis_tdata,  // {im, re}, s1.15
  input  wire  logic        [1:0]  s_axis_tuser,  // kind_e
  input  wire  logic               s_axis_tvalid,
  output       logic               s_axis_tready,

  input  wire  logic        [1:0]  data_mod,    // ofdm_pkg::mod_e of the data symbols
  input  wire  logic               data_go,     // it is known

  output       logic        [31:0] signal_part, // in one unit: SNR = signal / noise
  output       logic        [31:0] noise_part,

  output       logic        [23:0] m_axis_tdata,  // as rx_decode takes it
  output       logic               m_axis_tuser,
  output       logic               m_axis_tvalid,
  input  wire  logic               m_axis_tready,
  output       logic               symbol_done  // a pulse: the last carrier of a data symbol was handed over
);

  typedef enum logic [1:0] {Long1, Long2, Signal, Data} kind_e;
  typedef enum logic [2:0] {
    Take,                                       // a block comes in, two clocks a carrier
    Settle,                                     // its last products are made
    Divide,                                     // R, one bit a clock
    Scale,                                      // H' and w, two clocks a carrier
    Pilots,                                     // they are turned, and their angle taken
    Wait,                                       // for the modulation
    Give                                        // 48 carriers leave
  } state_e;

  localparam logic [63:0] LONG_MINUS = 64'h00567d4c0a605300;    // equation 18-8, bit k + 32

  function automatic logic active(input logic [5:0] k);
    active = k >= 6'd6 && k <= 6'd58 && k != 6'd32;
  endfunction
  function automatic logic pilot(input logic [5:0] k);
    pilot = k == 6'd11 || k == 6'd25 || k == 6'd39 || k == 6'd53;
  endfunction
  function automatic logic signed [17:0] clip(input logic signed [26:0] v);
    clip = v[26:17] == {10{v[26]}} ? v[17:0] : {v[26], {17{!v[26]}}};
  endfunction

  logic [2:0] state, after;                     // after: the state behind Settle
  logic [1:0] kind;                             // of the block in work
  logic [5:0] at;                               // carrier + 32
  logic       beat;                             // second clock of a carrier
  logic [2:0] settle;

  wire symbol  = kind[1];
  wire take    = s_axis_tvalid && s_axis_tready;
  wire issue   = take || (state == Scale && !beat);

  assign s_axis_tready = state == Take && !beat;

  // Memories, and the carrier on its way: v[n] is n clocks after its issue -------------------------------

  // None is read where it is written: see the assertion.
  (* no_rw_check *) logic [33:0] h_mem [64];    // h; before it, the first long symbol
  (* no_rw_check, ram_style = "block" *) logic [17:0] g_mem [64];      // |h|^2 / 2^12
  (* no_rw_check *) logic [35:0] c_mem [64];    // H'
  (* no_rw_check, ram_style = "block" *) logic [9:0] w_mem [64];    // w, from rx_learn as H' is
  (* no_rw_check *) logic [35:0] z_mem [64];

  logic [6:1]         v;
  logic [5:0]         at1, at2, at3, at4, at5, at6;
  logic               scaling;                  // the carriers on_way come from Scale
  logic signed [16:0] y_re, y_im;               // of a long symbol: with the sign of what was sent taken off
  logic signed [16:0] h_re, h_im;
  logic signed [17:0] c_re, c_im;
  logic        [17:0] g;

  wire signed [16:0] in_re  = 17'($signed(s_axis_tdata[15:0]));
  wire signed [16:0] in_im  = 17'($signed(s_axis_tdata[31:16]));
  wire               invert = !(at == 0 ? s_axis_tuser[1] : symbol) && LONG_MINUS[at];

  always_ff @(posedge clk) begin
    if (issue) begin
      y_re         <= invert ? -in_re : in_re;
      y_im         <= invert ? -in_im : in_im;
      {h_im, h_re} <= h_mem[at];
      {c_im, c_re} <= c_mem[at];
      g            <= g_mem[at];
      scaling      <= state == Scale;
    end
    v <= {v[5:1], issue};
    {at1, at2, at3, at4, at5, at6} <= {at, at1, at2, at3, at4, at5};
    if (rst) v <= '0;
  end

  // Two multipliers for all: one product in each of a carrier's two clocks --------------------------------

  logic signed [17:0] e0, e1, f0, f1;           // what is multiplied
  logic signed [17:0] a0, b0, a1, b1;
  logic signed [35:0] p0, p1;
  logic               minus_a, minus_p;
  logic        [16:0] reciprocal;               // R

  wire signed [17:0] r = {1'b0, reciprocal};

  // One adder for sum and difference: p0 - p1 = p0 + ~p1 + 1, the 1 carried out of a bit below.
  /* verilator lint_off UNUSEDSIGNAL */             // that bit
  wire signed [37:0] sum_and_one = $signed({p0[35], p0, 1'b1}) + $signed({p1[35] ^ minus_p, p1 ^ {36{minus_p}}, minus_p});
  /* verilator lint_on UNUSEDSIGNAL */
  logic signed [36:0] sum;

  // h smoothed: 16 h(k) + (6 + 5j) h(k+1) + (6 - 5j) h(k-1), over 32, in three steps of one carrier each. The outermost carriers
  // and those beside the middle of the band have one neighbour only and stay as they are.
  logic signed [16:0] n1_re, n1_im, n2_re, n2_im, n3_re, n3_im;       // Y1 + Y2 of the last three carriers
  logic signed [17:0] s_re, s_im, d_re, d_im;                         // n1 + n3, n1 - n3
  logic signed [16:0] m1_re, m1_im, m2_re, m2_im;                     // n2 on its way
  logic signed [20:0] s6_re, s6_im, d5_re, d5_im;

  wire         [5:0]  middle = at1 - 6'd4;
  wire                lonely = middle == 6'd6 || middle == 6'd31 || middle == 6'd33 || middle == 6'd58;
  /* verilator lint_off UNUSEDSIGNAL */             // rounded: their low bits are dropped
  wire signed [22:0]  wide_re = {{2{m2_re[16]}}, m2_re, 4'b1000} + 23'(s6_re) - 23'(d5_im);
  wire signed [22:0]  wide_im = {{2{m2_im[16]}}, m2_im, 4'b1000} + 23'(s6_im) + 23'(d5_re);
  /* verilator lint_on UNUSEDSIGNAL */
  wire signed [17:0]  h_new_re = !active(middle) ? '0 : lonely ? 18'(m2_re) : wide_re[22:5];
  wire signed [17:0]  h_new_im = !active(middle) ? '0 : lonely ? 18'(m2_im) : wide_im[22:5];

  always_ff @(posedge clk) begin
    if (v[2] && !scaling && kind == Long2) begin        // f holds h until then
      n1_re <= f0[16:0] + y_re;
      n1_im <= f1[16:0] + y_im;
    end
    if (v[1] && !scaling && kind == Long2) begin
      {n2_re, n2_im, n3_re, n3_im} <= {n1_re, n1_im, n2_re, n2_im};
      s_re  <= 18'(n1_re) + 18'(n3_re);
      s_im  <= 18'(n1_im) + 18'(n3_im);
      d_re  <= 18'(n1_re) - 18'(n3_re);
      d_im  <= 18'(n1_im) - 18'(n3_im);
      s6_re <= (21'(s_re) <<< 2) + (21'(s_re) <<< 1);
      s6_im <= (21'(s_im) <<< 2) + (21'(s_im) <<< 1);
      d5_re <= (21'(d_re) <<< 2) + 21'(d_re);
      d5_im <= (21'(d_im) <<< 2) + 21'(d_im);
      {m1_re, m1_im, m2_re, m2_im} <= {n2_re, n2_im, m1_re, m1_im};
    end
  end

  always_ff @(posedge clk) begin
    if (v[1]) begin
      if (scaling) begin
        {e0, e1} <= {18'(h_re), 18'(h_im)};
        {f0, f1} <= {g, 18'd0};
      end else if (symbol) begin
        {e0, e1} <= {18'(y_re), 18'(y_im)};
        {f0, f1} <= {c_re, c_im};
      end else begin
        {e0, e1} <= {h_new_re, h_new_im};
        {f0, f1} <= {18'(h_re), 18'(h_im)};
      end
    end
    if (v[2] && !scaling && !symbol) {f0, f1} <= {f0 - 18'(y_re), f1 - 18'(y_im)};      // a block RAM answers late in its clock
    if (v[2]) begin                             // h R | y conj(H'), real | |h|^2
      {a0, a1} <= {e0, e1};
      {b0, b1} <= scaling ? {r, r} : symbol ? {f0, f1} : {e0, e1};
    end
    if (v[3]) begin                             // |h|^2 R | y conj(H'), imaginary | |Y1 - Y2|^2
      {a0, a1} <= scaling ? {f0, 18'd0} : symbol ? {e1, e0} : {f0, f1};
      {b0, b1} <= scaling ? {r, r} : {f0, f1};
    end
    minus_a <= v[3] && symbol && !scaling;
    minus_p <= minus_a;
    if (v[3] || v[4]) begin
      p0 <= a0 * b0;
      p1 <= a1 * b1;
    end
    if (v[4] || v[5]) sum <= sum_and_one[37:1];
    if (v[1] && !scaling && kind == Long1) h_mem[at1] <= {y_im, y_re};
    if (v[1] && !scaling && kind == Long2) h_mem[middle] <= {h_new_im[16:0], h_new_re[16:0]};
  end

  // Channel ----------------------------------------------------------------------------------------------

  logic [39:0] sum_a, sum_b;
  logic [4:0]  bits;                            // of the quotient that are still to come
  logic [25:0] rest;
  logic [29:0] quotient;

  wire [26:0] rest2   = {rest, bits == 5'd30 || bits == 5'd29 || bits == 5'd27};  // 52 2^24 in binary
  wire [26:0] rest3   = rest2 - {1'b0, sum_a[39:14]};        // the rest is less than the divisor, so bit 26 is its sign
  wire        fits    = !rest3[26];
  wire [36:0] w_wide  = {1'b0, p0} >> 12;
  logic [35:0] c_new;

  logic second_5, second_6;                     // v[5], v[6] of the second long symbol

  always_ff @(posedge clk) begin
    second_5 <= v[4] && !scaling && kind == Long2;
    second_6 <= v[5] && !scaling && kind == Long2 && active(at5);
    if (second_5) begin
      g_mem[at5 - 6'd4] <= |sum[36:29] ? 18'h1ffff : {1'b0, sum[28:12]};
      sum_a <= sum_a + 40'(sum);
    end
    if (second_6) sum_b <= sum_b + 40'(sum);
    if (v[4] && scaling) c_new <= {clip(27'(p1 >>> 11)), clip(27'(p0 >>> 11))};

    if (state == Take && kind == Long1) {sum_a, sum_b} <= '0;
    if (state == Divide && bits != 0) begin
      rest     <= fits ? rest3[25:0] : rest2[25:0];
      quotient <= {quotient[28:0], fits};
      bits     <= bits - 1'b1;
    end
    if (state != Divide) begin
      rest <= '0;
      bits <= 5'd30;
    end
    reciprocal <= |quotient[29:17] ? '1 : quotient[16:0];
  end

  logic        [5:0]  channel_at;               // the carrier whose H' and w are new
  logic               channel_valid;
  logic        [35:0] channel_h;
  logic        [9:0]  channel_w;

  always_ff @(posedge clk) if (channel_valid) begin
    c_mem[channel_at] <= channel_h;
    w_mem[channel_at] <= channel_w;
  end

  // S : N of these sums is (A - 3/8 B) / 0.97^2 : 2 B 64/52 (the idle carriers too), 0.4335 (A - 3/8 B) : B; 7/16 stands for that.
  logic [31:0] part_a, part_b;                  // on the way to signal_part, a step a clock

  always_ff @(posedge clk) begin
    if (state == Divide) begin
      part_a      <= sum_a[39:8] - (sum_b[39:8] >> 2);
      part_b      <= part_a - (sum_b[39:8] >> 3);
      signal_part <= sum_a > sum_b >> 1 ? (part_b >> 1) - (part_b >> 4) : '0;
      noise_part  <= sum_b[39:8] == 0 ? 32'd1 : sum_b[39:8];
    end
  end

  // Equalised carriers, waiting ----------------------------------------------------------------------------

  logic signed [17:0] z_re;
  wire signed  [17:0] z_now = clip(27'(sum >>> 14));

  always_ff @(posedge clk) begin
    if (v[5] && symbol && !scaling) z_re       <= z_now;
    if (v[6] && symbol && !scaling) z_mem[at6] <= {z_now, z_re};
  end

  // Pilots: turned back by what is foretold, what angle is left? ------------------------------------------

  logic signed [20:0] sum_re, sum_im;           // of p z over the carriers -21, -7, 7, 21
  logic        [6:0]  polarity;                 // 18.3.5.5 from all ones: p_n
  logic        [2:0]  to_ask;                   // pilots still to be turned
  logic        [1:0]  heard;                    // pilots that came back
  logic signed [17:0] phase, rate;              // turns, s0.18
  logic        [5:0]  age;                      // symbols so far, up to 32
  logic signed [25:0] slope, slope_rate;        // turns a carrier, s0.26
  logic signed [17:0] angle, error, part;
  logic               angle_start, angle_found;
  logic               error_known, part_known, by_data;         // error, and a clock later part of it; it is the data's
  logic               early, late;

  logic               turned_valid;
  logic signed [17:0] turned_re, turned_im;

  logic               told;                     // a pulse: all of a symbol's data are in
  logic signed [15:0] data_turn, data_tilt;     // what they say

  wire                ask      = state == Pilots && !beat && to_ask != 0;
  wire                against  = polarity[6] ^ polarity[3] ^ (heard == 2'd3);    // the last pilot is -p_n
  wire                foretell = state == Settle && after == Pilots && settle == 3'd5;
  wire                angle_done = part_known && !by_data;
  wire signed [17:0]  turn     = foretell ? rate : part;
  wire signed [25:0]  tilt     = {{8{data_tilt[15]}}, data_tilt, 2'b0};
  wire signed [25:0]  tilt_now = foretell ? slope_rate : early ? tilt : late ? tilt >>> 2 : tilt >>> 1;

  // One adder: pilots with their sign.
  /* verilator lint_off UNUSEDSIGNAL */             // its lowest bit made the carry
  wire signed [21:0]  next_re  = {sum_re, 1'b1} + {21'(turned_re) ^ {21{against}}, against};
  wire signed [21:0]  next_im  = {sum_im, 1'b1} + {21'(turned_im) ^ {21{against}}, against};
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    early       <= age < 6'd4;
    late        <= age[5:4] != 0;
    angle_start <= 1'b0;
    if (state == Settle) begin
      {sum_re, sum_im} <= '0;
      heard  <= '0;
      to_ask <= 3'd4;
    end
    if (ask) to_ask <= to_ask - 1'b1;
    if (state == Pilots && turned_valid) begin
      {sum_re, sum_im} <= {next_re[21:1], next_im[21:1]};
      heard       <= heard + 1'b1;
      angle_start <= heard == 2'd3;
    end

    error_known <= angle_found || told;
    part_known  <= error_known;
    if (angle_found || told) begin
      error   <= told ? {data_turn, 2'b0} : angle;
      by_data <= told;
    end
    if (error_known) part <= early ? error >>> 1 : late ? error >>> 3 : error >>> 2;
    if (foretell || part_known) phase <= phase + turn;
    if (part_known) rate <= rate + (early ? error >>> 2 : late ? error >>> 6 : error >>> 4);
    if (foretell || told) slope <= slope + tilt_now;
    if (told) slope_rate <= slope_rate + (early ? tilt >>> 3 : late ? tilt >>> 6 : tilt >>> 4);
    if (angle_done) begin
      if (!age[5]) age <= age + 1'b1;
      polarity <= {polarity[5:0], polarity[6] ^ polarity[3]};
    end
    if (state == Take && kind == Long1) begin
      polarity <= '1;
      {phase, rate, slope, slope_rate, age} <= '0;
    end
    if (rst) {angle_start, error_known, part_known} <= '0;
  end

  rx_angle #(.IN(21)) i_angle (
    .clk, .rst, .x(sum_re), .y(sum_im), .start(angle_start), .done(angle_found), .angle
  );

  // The angle of the next carrier to turn: phase + k slope, by addition alone, a power of two of slopes in a clock.
  // To carrier -21 it goes by -16 - 4 - 1, from pilot to pilot by 16 - 2, to carrier -26 by -16 - 4 - 4 - 2 while the pilots'
  // angle is taken, which is then added to it.

  localparam int unsigned ROOM = 16;

  logic        [4:0]  on_way;                   // carriers issued and not yet handed over
  wire                give = state == Give && !beat && on_way != 5'(ROOM);

  // Each step is chosen a clock before it is taken; a walk begins at 0, and its first step is the phase.
  logic signed [25:0] walk;
  logic        [1:0]  stride;                   // 1, 2, 4, 16 slopes
  logic signed [25:0] chosen, step;             // step: with its sign
  logic               strides, stepping, back, minus_step;
  logic               skips;                    // next_data(at) is two on; known a clock after `at`, which moves every other
  logic        [2:0]  place;                    // steps taken towards carrier -26

  wire placing    = state == Pilots && to_ask == 0 && !beat && place != 3'd5;
  wire start_walk = (state == Settle && settle == 3'd4) || (placing && place == 0);

  function automatic logic [5:0] next_data(input logic [5:0] k);
    next_data = pilot(k + 1'b1) || k == 6'd31 ? k + 6'd2 : k + 6'd1;
  endfunction

  always_comb begin
    strides = 1'b1;
    back    = 1'b1;
    stride  = 2'd0;
    case (state)
      Settle: case (settle)
        3'd4:    back    = 1'b0;                // the phase
        3'd3:    stride  = 2'd3;
        3'd2:    stride  = 2'd2;
        3'd1:    stride  = 2'd0;
        3'd0: begin
          stride = 2'd3;
          back   = 1'b0;
        end
        default: strides = 1'b0;
      endcase
      Pilots: begin
        if (placing) stride = place == 3'd1 ? 2'd3 : place == 3'd4 ? 2'd1 : 2'd2;
        else         stride = ask ? 2'd1 : 2'd3;
        back    = ask || (placing && place != 0);
        strides = placing || ask || (beat && to_ask != 0) || angle_done;
      end
      default: begin
        stride  = {1'b0, skips};
        back    = 1'b0;
        strides = give;
      end
    endcase
    case (stride)
      2'd0:    chosen = slope;
      2'd1:    chosen = slope <<< 1;
      2'd2:    chosen = slope <<< 2;
      default: chosen = slope <<< 4;
    endcase
    if (start_walk)                             chosen = {phase, 8'd0};
    else if (state == Pilots && angle_done)     chosen = {part, 8'd0};
  end

  /* verilator lint_off UNUSEDSIGNAL */             // its lowest bit made the carry
  wire signed [26:0] walked = {walk, 1'b1} + {step, minus_step};
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    skips <= state == Give && next_data(at) != at + 6'd1;         // the first is not
    if (state == Settle) place <= '0;
    else if (placing)    place <= place + 1'b1;
    stepping <= strides;
    if (strides) {step, minus_step} <= {chosen ^ {26{back}}, back};
    if (start_walk)    walk <= '0;
    else if (stepping) walk <= walked[26:1];
  end

  // Carriers leave -----------------------------------------------------------------------------------------

  logic               z_valid;
  logic signed [17:0] out_re, out_im;
  logic [9:0]         out_phase;
  logic               soft_valid, fifo_ready;
  logic signed [8:0]  grow, turn_more;          // rx_demap's errors
  logic [5:0]         w_at;
  logic [9:0]         weight;
  logic [23:0]        bits_out;
  logic [1:0]         mod;
  logic               from_signal;
  logic [5:0]         handed;

  wire pop  = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk) begin
    if (give || ask) begin
      {out_im, out_re} <= z_mem[at];
      out_phase        <= walk[25:16];
    end
    z_valid <= give || ask;
    if (!scaling) weight <= w_mem[w_at];
    if (state == Wait)     w_at <= 6'd6;
    else if (turned_valid) w_at <= next_data(w_at);
    on_way  <= on_way + 5'(give) - 5'(pop);
    if (state == Wait && (kind == Signal || data_go)) begin
      mod         <= kind == Signal ? ofdm_pkg::Bpsk : data_mod;
      from_signal <= kind == Signal;
    end
    symbol_done <= pop && handed == 6'd47 && !m_axis_tuser;
    if (pop) handed <= handed == 6'd47 ? '0 : handed + 1'b1;
    if (rst) {z_valid, on_way, handed, symbol_done} <= '0;
  end

  rx_rotate #(.IN(18), .OUT(18)) i_rotate (
    .clk, .rst, .s_re(out_re), .s_im(out_im), .s_phase(out_phase), .s_valid(z_valid), .drop(5'd15),
    .m_re(turned_re), .m_im(turned_im), .m_valid(turned_valid)
  );

  rx_demap i_demap (
    .clk, .rst, .s_re(turned_re), .s_im(turned_im), .s_weight(weight), .s_valid(turned_valid && state != Pilots), .s_mod(mod),
    .m_soft(bits_out), .m_grow(grow), .m_turn(turn_more), .m_valid(soft_valid)
  );

  // What the soft bits say of the channel, and of phase and slope ------------------------------------------

  logic               learn;                    // a clock after its soft bits
  logic        [5:0]  learn_at;                 // the carrier
  logic signed [11:0] data_now;                 // its turn: 512 are a half distance with BPSK, else 256; 48 with 64-QAM
  logic               summing, last, lower;

  /* verilator lint_off UNUSEDSIGNAL */             // its lowest bit made the carry
  wire signed [16:0]  tilted = {data_tilt, 1'b1} + {16'(data_now) ^ {16{lower}}, lower};
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    learn   <= soft_valid && !rst;
    summing <= learn && !rst;
    told    <= last && !rst;
    last    <= learn && learn_at == 6'd58;
    if (state == Wait) learn_at <= 6'd6;
    else if (learn)    learn_at <= next_data(learn_at);
    if (learn) begin
      data_now <= mod == ofdm_pkg::Bpsk ? {turn_more, 3'd0} : mod == ofdm_pkg::Qam64 ? 12'(turn_more) : {turn_more[8], turn_more, 2'd0};
      lower    <= !learn_at[5];
    end
    if (state == Wait) {data_turn, data_tilt} <= '0;
    else if (summing) begin
      data_turn <= data_turn + 16'(data_now);
      data_tilt <= tilted[16:1];
    end
  end

  rx_learn i_learn (
    .clk, .rst, .load_valid(v[5] && scaling), .load_at(at5), .load_h(c_new), .load_w(|w_wide[36:18] ? '1 : w_wide[17:0]),
    .s_valid(learn), .s_at(learn_at), .s_grow(grow), .s_turn(turn_more), .s_mod(mod),
    .s_age({age[5], !age[5] && age[4:3] != 0}),
    .m_valid(channel_valid), .m_at(channel_at), .m_h(channel_h), .m_w(channel_w)
  );

  fifo #(.WIDTH(25), .DEPTH(ROOM)) i_fifo (
    .clk, .rst, .s_axis_tdata({from_signal, bits_out}), .s_axis_tvalid(soft_valid), .s_axis_tready(fifo_ready),
    .m_axis_tdata({m_axis_tuser, m_axis_tdata}), .m_axis_tvalid, .m_axis_tready
  );

  always_ff @(posedge clk) if (!rst) begin
    assert (!soft_valid || fifo_ready);
    assert (!(issue && v[1] && !scaling && at == (kind == Long1 ? at1 : middle)));           // h_mem
    assert (!(issue && channel_valid && at == channel_at));                                 // c_mem
    assert (!(!scaling && channel_valid && w_at == channel_at));                            // w_mem
    assert (!(issue && second_5 && at == at5 - 6'd4));                                      // g_mem
    assert (!((give || ask) && v[6] && symbol && !scaling));                                // z_mem
    assert (!(foretell && (told || part_known)) && !(told && angle_found));                 // one adder each
  end

  // Order of work --------------------------------------------------------------------------------------------

  always_ff @(posedge clk) begin
    beat   <= issue || give || ask;
    settle <= settle - 1'b1;
    case (state)
      Take: if (take) begin
        if (at == 0) kind <= s_axis_tuser;
        at <= at + 1'b1;
        if (at == 6'd63 && kind != Long1) begin
          state  <= Settle;
          after  <= symbol ? Pilots : Divide;
          settle <= 3'd5;
        end
      end
      Settle: begin
        if (after == Pilots) at <= 6'd11;
        if (settle == 0) state <= after;
      end
      Divide: if (bits == 0) state <= Scale;    // one clock more, for the quotient's register
      Scale: if (!beat) begin
        at <= at + 1'b1;
        if (at == 6'd63) begin
          state  <= Settle;
          after  <= Take;
          settle <= 3'd5;
        end
      end
      Pilots: begin
        if (ask) at <= at + 6'd14;
        if (angle_done) state <= Wait;
      end
      Wait: begin
        at <= 6'd6;
        if (kind == Signal || data_go) state <= Give;
      end
      default: if (give) begin
        at <= next_data(at);
        if (at == 6'd58) begin
          state <= Take;
          at    <= '0;
        end
      end
    endcase
    if (rst) begin
      state <= Take;
      {kind, at, beat} <= '0;
    end
  end

endmodule

`default_nettype wire
