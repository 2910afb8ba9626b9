// rx_dc - takes the mixer's constant off the samples, by following their median.
//
//   y = x - floor(m),   m <- m + sgn(y) / 256,   sixteen times that after 31 equal signs in a row
//
// I and Q each for themselves. The step does not depend on how loud a sample is, so noise between frames is followed in
// hundreds of samples, a frame 40 dB above it hardly moves m by a step's random walk, and no carrier near the constant is cut
// out, as a notch would. A constant is gone to the last bit after 16 samples an LSB, and then nothing changes.
// A sample of exact zeros is silence of a simulated air: it passes as it is and moves nothing.
//
// No multiplier, and one adder serves both: I's difference in the first clock after a sample, Q's in the second, their medians in
// the second and third. Samples are at least four clocks apart.

`default_nettype none

module rx_dc (
  input  wire  logic        clk,
  input  wire  logic        rst,          // synchronous, active high

  input  wire  logic [31:0] s_axis_tdata, // {q, i}, s1.15
  input  wire  logic [63:0] s_axis_tuser,
  input  wire  logic        s_axis_tvalid,

  output       logic [31:0] m_axis_tdata, // {q, i}, saturated
  output       logic [63:0] m_axis_tuser,
  output       logic        m_axis_tvalid // four clocks after s_axis_tvalid
);

  // Each of four clocks swaps the medians: a difference is taken from the one at the lower place, which a clock later stands at the
  // upper one and moves.
  logic [15:0]        x0, x1;
  logic signed [16:0] y;
  logic signed [23:0] median0, median1;   // s1.23
  logic [5:0]         run0, run1;         // {its sign, equal signs so far, up to 31}
  logic [4:1]         v;
  logic               silent;

  wire        [15:0] y_sat = y[16] == y[15] ? y[15:0] : {y[16], {15{!y[16]}}};
  wire               moves = (v[2] || v[3]) && y != 0 && !silent;
  wire               far   = run1[4:0] == '1 && run1[5] == y[16];
  wire        [4:0]  count = run1[5] != y[16] ? '0 : far ? '1 : run1[4:0] + 1'b1;
  wire signed [5:0]  step  = {y[16], y[16] || far, {3{y[16] && !far}}, !far};     // 1, 16, -1, -16

  always_ff @(posedge clk) begin
    if (s_axis_tvalid) begin
      {x1, x0}     <= s_axis_tdata;
      silent       <= s_axis_tdata == 0;
      m_axis_tuser <= s_axis_tuser;
    end
    if (v[1]) x0 <= x1;
    if (v[1] || v[2]) y <= 17'($signed(x0)) - 17'($signed(median0[23:8]));
    if (v[2] || v[3]) m_axis_tdata <= {silent ? 16'd0 : y_sat, m_axis_tdata[31:16]};
    if (v != 0) begin
      {run1, run0}       <= {run0, moves ? {y[16], count} : run1};
      {median1, median0} <= {median0, median1 + (moves ? 24'(step) : 24'd0)};
    end
    v             <= {v[3:1], s_axis_tvalid};
    m_axis_tvalid <= v[3];
    if (rst) {v, m_axis_tvalid, median0, median1, run0, run1} <= '0;
  end

endmodule

`default_nettype wire
