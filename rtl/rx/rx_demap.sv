// rx_demap - equalised carriers to soft bits of four bits, weighted by the state of the channel.
//
// Carrier z is Y conj(H), scaled so that a carrier of average strength has unit amplitude at 1.0; w = |H|^2 over its
// average. With d the half distance of the constellation's levels (1, 1/sqrt 2, 1/sqrt 10, 1/sqrt 42) and u = 4 z / d
// per axis (BPSK, QPSK: 8 z / d), the max-log soft bits of IEEE 802.11-2012, tables 18-8 to 18-11, need no division:
//
//   u                 the sign bit
//   8 w - |u|         16-QAM: inner levels
//   16 w - |u|        64-QAM: the inner four
//   8 w - ||u| - 16 w||        : the middle of each half
//
// They are proportional to |H|^2, which is the weight that the decoder wants. A carrier of average strength comes out at +-4 at half distance;
// BPSK and QPSK, which need two levels less, at +-8, so that carriers in a deep fade still have their say; 64-QAM, whose faded carriers
// are lost first, at +-6: its w counts half as much again. Four bits hold the sizes 0, 1, 2, 3, 4, 5, 7, 9, as rx_acs knows.
// One multiplier: the real axis in the first clock, the imaginary one in the second. Inputs are at least two clocks apart.
//
// How far z lies outside of the nearest point x, e = |u| - |x| w per axis, tells what the channel's estimate lacks (rx_learn): with the signs
// s of u, (e_re + j e_im) conj(s_re + j s_im) is
//
//   m_grow + j m_turn = (e_re + e_im) + j s_re s_im (e_im - e_re),      BPSK: e_re + j s_re u_im
//
// which is the relative error of H on the average over the points, times w and a constant.

`default_nettype none

module rx_demap (
  input  wire  logic               clk,
  input  wire  logic               rst,         // synchronous, active high

  input  wire  logic signed [17:0] s_re,        // s6.12
  input  wire  logic signed [17:0] s_im,
  input  wire  logic        [9:0]  s_weight,    // u4.6
  input  wire  logic               s_valid,
  input  wire  logic        [1:0]  s_mod,       // ofdm_pkg::mod_e, steady while carriers are inside

  output       logic        [23:0] m_soft,      // bit b at [4b +: 4], the number of its size, -7..7; unused ones 0
  output       logic signed [8:0]  m_grow,      // e, s6.3, each axis clipped at 16: they come a clock later and stay for two
  output       logic signed [8:0]  m_turn,
  output       logic               m_valid      // a pulse, nine clocks after s_valid
);

  // 4 / d, 6 / d or 8 / d, with eight bits of fraction.
  function automatic logic signed [14:0] gain(input logic [1:0] mod);
    case (mod)
      ofdm_pkg::Bpsk:  gain = 15'sd2048;
      ofdm_pkg::Qpsk:  gain = 15'sd2896;
      ofdm_pkg::Qam16: gain = 15'sd3238;
      default:         gain = 15'sd9954;
    endcase
  endfunction

  // Three bits of fraction go, rounded: the sizes 0..5 half up, then 7 from 6 on, 9 from 8 on.
  /* verilator lint_off UNUSEDSIGNAL */
  function automatic logic [3:0] four_bits(input logic signed [15:0] v);
    /* verilator lint_on UNUSEDSIGNAL */
    logic far, up;
    far = v[14:6] != {9{v[15]}};                // beyond 8
    up  = v[15] ? v[2] || v[5:3] == 3'b010 : v[2] && v[5:3] != 3'b101;
    case ({v[15], v[5:4]})
      3'b011:  four_bits = 4'd6;
      3'b100:  four_bits = 4'b1010;
      default: four_bits = v[6:3] + 4'(up);
    endcase
    if (far) four_bits = v[15] ? 4'b1001 : 4'd7;
  endfunction

  function automatic logic signed [7:0] clip(input logic signed [15:0] v);
    clip = v[15:7] == {9{v[15]}} ? v[7:0] : {v[15], {7{!v[15]}}};
  endfunction

  logic [8:1]         v;                        // v[n]: an input came n clocks ago
  logic               bpsk, qam, qam64;         // s_mod, which is steady
  logic signed [17:0] re, im;
  logic [9:0]         weight1;                  // seen from that clock on, for two
  logic [10:0]        weight3, weight4, weight5;    // with 64-QAM half as much again
  logic [9:0]         weight6;                  // half of it; BPSK and QPSK 0

  always_ff @(posedge clk) begin
    if (s_valid) begin
      {re, im} <= {s_re, s_im};
      weight1  <= s_weight;
    end
    if (v[2]) weight3 <= qam64 ? 11'(weight1) + 11'(weight1[9:1]) : 11'(weight1);
    if (v[3]) weight4 <= weight3;
    if (v[4]) weight5 <= weight4;
    if (v[5]) weight6 <= qam ? weight5[10:1] : '0;
    v <= {v[7:1], s_valid};
    if (rst) v <= '0;
  end

  // One axis a clock --------------------------------------------------------------------------------

  logic signed [14:0] factor;                   // gain(s_mod), which is steady
  logic signed [31:0] product;
  logic signed [14:0] u, u3, u4, u5;            // s11.3
  logic signed [15:0] size, outer, outer5, beyond, middle;
  logic        [11:0] axis, axis_re;
  logic               bpsk_im, as_is;           // e is the axis' own u; or the last soft bit as it is, or negated
  logic signed [7:0]  e, e_re;
  logic signed [15:0] far;                      // e before it is clipped
  logic               minus, minus_re;          // u is negative
  logic               unlike;                   // s_re s_im is -1

  wire signed [17:0] axis_in = v[1] ? re : im;
  wire signed [15:0] two    = {5'd0, weight4};     // 8 w with three bits of fraction: 64 w
  wire signed [15:0] four   = {4'd0, weight4, 1'b0};     // 16 w

  // e from the last soft bit, which is 0 half way between two levels: from there it is 4 w to the level on its side. That is missed
  // by an LSB where soft bits are negative.
  wire signed [15:0]  last    = bpsk_im ? 16'(u5) : qam64 ? middle : outer5;
  wire                less    = as_is ^ last[15];                                    // 4 w is taken off
  wire signed [15:0]  level   = {6'd0, weight6} ^ {16{less}};
  wire signed [15:0]  apart   = (last ^ {16{!as_is}}) + level + 16'(!as_is || less);


  /* verilator lint_off UNUSEDSIGNAL */
  wire signed [31:0] rounded = product + 32'sd65536;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    factor <= gain(s_mod);
    bpsk   <= s_mod == ofdm_pkg::Bpsk;
    qam    <= s_mod[1];
    qam64  <= s_mod == ofdm_pkg::Qam64;
    if (v[1] || v[2]) product <= axis_in * factor;
    if (v[2] || v[3]) u <= rounded[31:17];
    if (v[3] || v[4]) begin
      u3   <= u;
      size <= u < 0 ? 16'sd0 - 16'(u) : 16'(u);
    end
    if (v[4] || v[5]) begin
      u4     <= u3;
      outer  <= (qam64 ? four : two) - size;
      beyond <= size - four;
    end
    if (v[5] || v[6]) begin
      u5     <= u4;
      outer5 <= outer;
      bpsk_im <= bpsk && v[6];
      as_is   <= (bpsk && v[6]) || (qam64 && beyond < 0);       // |u| < 16 w
      middle <= {5'd0, weight5} - (beyond < 0 ? -beyond : beyond);
    end
    if (v[6] || v[7]) axis <= {four_bits(middle), four_bits(outer5), four_bits(16'(u5))};
    if (v[6] || v[7]) far   <= apart;
    if (v[6] || v[7]) minus <= u5 < 0;
    if (v[7] || v[8]) e     <= clip(far);
    if (v[7]) begin
      axis_re  <= axis;
      minus_re <= minus;
    end
    if (v[8]) begin
      e_re   <= e;
      unlike <= bpsk ? minus_re : minus_re != minus;
    end
    if (m_valid) begin
      m_grow <= 9'(e_re) + (bpsk ? 9'sd0 : 9'(e));
      m_turn <= (9'(e) ^ {9{unlike}}) + ((bpsk ? 9'sd0 : 9'(e_re)) ^ {9{!unlike}}) + 9'sd1;
    end
    if (v[8]) begin
      case (s_mod)
        ofdm_pkg::Bpsk:  m_soft <= {20'd0, axis_re[3:0]};
        ofdm_pkg::Qpsk:  m_soft <= {16'd0, axis[3:0], axis_re[3:0]};
        ofdm_pkg::Qam16: m_soft <= {8'd0, axis[7:0], axis_re[7:0]};
        default:         m_soft <= {axis, axis_re};
      endcase
    end
    m_valid <= v[8] && !rst;
  end

endmodule

`default_nettype wire
