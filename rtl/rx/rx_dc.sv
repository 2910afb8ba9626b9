// rx_dc - takes the mixer's constant off the samples, by following their median.
//
//   y = x - floor(m),   m <- m + sgn(y) / 256,   sixteen times that after 31 equal signs in a row
//
// I and Q each for themselves. The step does not depend on how loud a sample is, so noise between frames is followed in
// hundreds of samples, a frame 40 dB above it hardly moves m by a step's random walk, and no carrier near the constant is cut
// out, as a notch would. A constant is gone to the last bit after 16 samples an LSB, and then nothing changes.
// A sample of exact zeros is silence of a simulated air: it passes as it is and moves nothing.
//
// No multiplier; one adder serves both, I in the first clock after a sample, Q in the second. Samples are at least four clocks apart.

`default_nettype none

module rx_dc (
  input  wire  logic        clk,
  input  wire  logic        rst,          // synchronous, active high

  input  wire  logic [31:0] s_axis_tdata, // {q, i}, s1.15
  input  wire  logic [63:0] s_axis_tuser,
  input  wire  logic        s_axis_tvalid,

  output       logic [31:0] m_axis_tdata, // {q, i}, saturated
  output       logic [63:0] m_axis_tuser,
  output       logic        m_axis_tvalid // three clocks after s_axis_tvalid
);

  // The component in work stands at the lower place; each of two clocks swaps them.
  logic [15:0]        x0, x1;
  logic signed [23:0] median0, median1;   // s1.23
  logic [5:0]         run0, run1;         // {its sign, equal signs so far, up to 31}
  logic [2:1]         v;
  logic               silent;

  wire signed [16:0] y     = 17'($signed(x0)) - 17'($signed(median0[23:8]));
  wire        [15:0] y_sat = y[16] == y[15] ? y[15:0] : {y[16], {15{!y[16]}}};
  wire               moves = y != 0 && !silent;
  wire        [4:0]  count = run0[5] != y[16] ? '0 : run0[4:0] == '1 ? '1 : run0[4:0] + 1'b1;
  wire signed [5:0]  step  = run0[4:0] == '1 && run0[5] == y[16] ? 6'sd16 : 6'sd1;

  always_ff @(posedge clk) begin
    if (s_axis_tvalid) begin
      {x1, x0}     <= s_axis_tdata;
      silent       <= s_axis_tdata == 0;
      m_axis_tuser <= s_axis_tuser;
    end
    if (v[1] || v[2]) begin
      {x0, x1}     <= {x1, x0};
      m_axis_tdata <= {silent ? 16'd0 : y_sat, m_axis_tdata[31:16]};
      run0         <= run1;
      run1         <= moves ? {y[16], count} : run0;
      median0      <= median1;
      median1      <= !moves ? median0 : y[16] ? median0 - 24'(step) : median0 + 24'(step);
    end
    v             <= {v[1], s_axis_tvalid};
    m_axis_tvalid <= v[2];
    if (rst) {v, m_axis_tvalid, median0, median1, run0, run1} <= '0;
  end

endmodule

`default_nettype wire
