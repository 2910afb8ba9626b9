// framer_scale - a sample stream times an amplitude: two multipliers, three clocks, a sample every other clock at most.
//
//   m = round(s A / 2^16), A = amplitude + 1 for the upper half: 0xFFFF is 1 exactly, 0 is silence.
//
// Rounding is convergent (stream/round). `amplitude` goes with the sample that enters in its clock.

`default_nettype none

module framer_scale (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic [15:0] amplitude,

  input  wire  logic [31:0] s_axis_tdata,      // {q, i}, s1.15 each
  input  wire  logic        s_axis_tlast,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [31:0] m_axis_tdata,
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  output       logic        empty
);

  wire signed [17:0] factor = $signed({1'b0, {1'b0, amplitude} + 17'(amplitude[15])});    // u1.16

  logic [31:0]        taken;                   // registers on both sides of the multipliers: they are slow
  logic               taken_last, taken_valid;
  logic signed [17:0] taken_factor;
  logic signed [33:0] product_i, product_q;    // s2.31 with a spare bit
  logic               product_last, product_valid;
  wire signed [15:0]  rounded_i, rounded_q;

  round #(.IN(34), .DROP(16), .OUT(16)) round_i (.value(product_i), .result(rounded_i));
  round #(.IN(34), .DROP(16), .OUT(16)) round_q (.value(product_q), .result(rounded_q));

  wire move_out     = m_axis_tready || !m_axis_tvalid;
  wire move_product = move_out || !product_valid;

  assign s_axis_tready = !taken_valid;         // hangs on no tready behind
  assign empty         = !taken_valid && !product_valid && !m_axis_tvalid;

  always_ff @(posedge clk) begin
    if (s_axis_tready) begin
      taken        <= s_axis_tdata;
      taken_last   <= s_axis_tlast;
      taken_factor <= factor;
      taken_valid  <= s_axis_tvalid;
    end else if (move_product) begin
      taken_valid  <= 1'b0;
    end
    if (move_product) begin
      product_i     <= $signed(taken[15:0]) * taken_factor;
      product_q     <= $signed(taken[31:16]) * taken_factor;
      product_last  <= taken_last;
      product_valid <= taken_valid;
    end
    if (move_out) begin
      m_axis_tdata  <= {rounded_q, rounded_i};
      m_axis_tlast  <= product_last;
      m_axis_tvalid <= product_valid;
    end
    if (rst) {taken_valid, product_valid, m_axis_tvalid} <= '0;
  end

endmodule

`default_nettype wire
