// rx_learn - the channel of each carrier goes on being learned from the data.
//
//   load (first estimate) --+--> m_axis: H', w, to whoever equalises
//   e of a carrier ---------+
//
// Two long symbols tell the channel with a noise of its own, which costs more than a decibel, and in a deep fade the frame. Each data
// carrier then tells it again: with d = mu (grow + j turn), rx_demap's error against the nearest point,
//
//   H' <- H' (1 + d),    w <- w (1 + 2 Re d)
//
// mu falls with the frame's age from 1/8 to 1/32 of what would take an error away at once on a carrier of average strength; a weaker one learns
// more slowly, as it is heard less clearly. Where a word would overflow, the carrier stays as it is.
//
// Carriers come at least two clocks apart; grow, turn, mod and age stay for two. A carrier leaves 9 clocks after it came, or 1 after it was loaded.

`default_nettype none

module rx_learn (
  input  wire  logic               clk,
  input  wire  logic               rst,         // synchronous, active high

  input  wire  logic               load_valid,  // while no carrier is inside
  input  wire  logic        [5:0]  load_at,
  input  wire  logic        [35:0] load_h,      // {im, re}, s3.14
  input  wire  logic        [17:0] load_w,      // u4.14

  input  wire  logic               s_valid,
  input  wire  logic        [5:0]  s_at,
  input  wire  logic signed [8:0]  s_grow,      // half distances of a carrier of average strength: s2.6, with 16-QAM s3.5, 64-QAM 48ths
  input  wire  logic signed [8:0]  s_turn,
  input  wire  logic        [1:0]  s_mod,       // ofdm_pkg::mod_e
  input  wire  logic        [1:0]  s_age,       // of the frame: 0 for 7 symbols, 1 up to the 31st, then 2; 3 would halve mu once more

  output       logic               m_valid,
  output       logic        [5:0]  m_at,
  output       logic        [35:0] m_h,
  output       logic        [9:0]  m_w          // u4.6
);

  // mu over what grow amounts to where the error is 1: 1, 2, 4, 8 half distances. In 2^-17; 40 is 15/16 of 128/3, so that
  // it halves three times.
  function automatic logic [8:0] gain(input logic [1:0] mod, input logic [1:0] age);
    case (mod)
      ofdm_pkg::Bpsk:  gain = 9'd256 >> age;
      ofdm_pkg::Qam64: gain = 9'd40 >> age;
      default:         gain = 9'd128 >> age;
    endcase
  endfunction

  logic [7:0] v;                                // v[n]: a carrier came n + 1 clocks ago

  // No word is read while it is written: the carrier that leaves is four behind the one that comes.
  (* no_rw_check, ram_style = "block" *) logic [35:0] h_mem [64];
  (* no_rw_check, ram_style = "block" *) logic [17:0] w_mem [64];

  // What a carrier needs goes along with it, a step in two clocks.
  logic        [5:0]  at1, at2, at4, at6;
  logic signed [17:0] re1, im1, re2, im2, re4, im4, im6;
  logic        [17:0] w1, w2, w4;

  logic signed [8:0]  e;                            // grow | turn
  logic signed [9:0]  times;
  logic signed [17:0] scaled, first, grow, turn;    // mu e, s.17
  logic signed [17:0] a0, a1;
  /* verilator lint_off UNUSEDSIGNAL */             // low bits go
  logic signed [35:0] p0, p1, p2;
  logic signed [21:0] sum, more;                    // d H', s4.17; 2 Re d w, s4.17
  wire                minus = v[4];                 // the real part
  wire signed [22:0]  both  = {p0[35:14], 1'b1} + {p1[35:14] ^ {22{minus}}, minus};
  wire signed [17:0]  old_h = v[5] ? re4 : im6;
  wire signed [21:0]  new_h = {old_h[17], old_h, 3'b100} + sum;
  wire signed [22:0]  new_w = {2'b0, w4, 3'b100} + 23'(more);
  /* verilator lint_on UNUSEDSIGNAL */
  logic signed [17:0] next_re, next_im;
  logic        [17:0] next_w, wide;
  logic               too_far, too_far_re;

  always_ff @(posedge clk) begin
    if (s_valid || v != '0) begin                  // for the simulator: nothing moves otherwise
      v     <= {v[6:0], s_valid};
      times <= {1'b0, gain(s_mod, s_age)};
      if (s_valid) begin
        {im1, re1} <= h_mem[s_at];
        w1         <= w_mem[s_at];
        at1        <= s_at;
      end
      if (s_valid || v[0]) e      <= s_valid ? s_grow : s_turn;
      if (v[0] || v[1])    scaled <= 18'(e) * 18'(times);
      if (v[1]) first <= scaled;
      if (v[1]) {re2, im2, w2, at2} <= {re1, im1, w1, at1};
      if (v[2]) {grow, turn}        <= {first, scaled};
      if (v[2] || v[3]) {a0, a1}    <= v[2] ? {re2, im2} : {im2, re2};
      if (v[3] || v[4]) begin                     // real part | imaginary part
        p0 <= a0 * grow;
        p1 <= a1 * turn;
      end
      if (v[3]) p2 <= $signed({1'b0, w2[17:1]}) * grow;
      if (v[3]) {re4, im4, w4, at4} <= {re2, im2, w2, at2};
      if (v[4]) more <= p2[33:12];
      if (v[4] || v[5]) sum <= both[22:1];
      if (v[5]) begin
        {im6, at6} <= {im4, at4};
        next_re    <= new_h[20:3];
        next_w     <= new_w[20:3];
        too_far_re <= new_h[21] != new_h[20] || new_w[22:21] != 0;
      end
      if (v[6]) begin
        next_im <= new_h[20:3];
        too_far <= too_far_re || new_h[21] != new_h[20];
      end
    end
    if (rst) v <= '0;
  end

  always_ff @(posedge clk) begin
    m_valid <= !rst && (load_valid || (v[7] && !too_far));
    if (load_valid || v[7]) begin
      m_at <= load_valid ? load_at : at6;
      m_h  <= load_valid ? load_h : {next_im, next_re};
      wide <= load_valid ? load_w : next_w;
    end
    if (m_valid) begin
      h_mem[m_at] <= m_h;
      w_mem[m_at] <= wide;
    end
  end

  assign m_w = wide[17:8];

  always_ff @(posedge clk) if (!rst) assert (!(m_valid && s_valid && m_at == s_at));

endmodule

`default_nettype wire
