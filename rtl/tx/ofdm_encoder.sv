// ofdm_encoder - the convolutional code of IEEE 802.11-2012, 18.3.5.6: K = 7, rate 1/2.
//
//   A = 133 octal, B = 171 octal, of the bit that enters and the six before it
//
// One bit in, m_axis_tdata = {B, A} out, where A is sent first. tuser travels along. The state
// returns to zero after s_axis_tlast, so every frame starts from there; inside a frame the tail
// of SIGNAL has brought it there already.

`default_nettype none

module ofdm_encoder #(
  parameter int unsigned USER = 5
) (
  input  wire  logic            clk,
  input  wire  logic            rst,          // synchronous, active high

  input  wire  logic            s_axis_tdata,
  input  wire  logic [USER-1:0] s_axis_tuser,
  input  wire  logic            s_axis_tlast,
  input  wire  logic            s_axis_tvalid,
  output       logic            s_axis_tready,

  output       logic [1:0]      m_axis_tdata,
  output       logic [USER-1:0] m_axis_tuser,
  output       logic            m_axis_tvalid,
  input  wire  logic            m_axis_tready
);

  logic [5:0] past;                           // past[0] is the newest
  wire  [6:0] window = {past, s_axis_tdata};  // window[d] is the bit d steps ago

  assign s_axis_tready = m_axis_tready || !m_axis_tvalid;

  always_ff @(posedge clk) begin
    if (s_axis_tready) begin
      m_axis_tvalid <= s_axis_tvalid;
      if (s_axis_tvalid) begin
        m_axis_tdata <= {^(window & 7'b1001111), ^(window & 7'b1101101)};
        m_axis_tuser <= s_axis_tuser;
        past         <= s_axis_tlast ? '0 : window[5:0];
      end
    end
    if (rst) {m_axis_tvalid, past} <= '0;
  end

endmodule

`default_nettype wire
