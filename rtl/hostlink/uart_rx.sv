// uart_rx - a serial line's bytes: 8 data bits, no parity, one stop bit, lowest bit first.
//
//   rxd ‾‾\_start_/ 0 / 1 / ... / 7 /‾stop‾      each bit is read once, in its middle
//
// A phase counter of 16 bits makes the bit clock, so CLK_HZ need be no multiple of BAUD; it starts anew with each byte.
// There is no tready: a line cannot wait. A byte without its stop bit is dropped.

`default_nettype none

module uart_rx #(
  parameter int unsigned CLK_HZ = 80_000_000,
  parameter int unsigned BAUD   = 3_000_000
) (
  input  wire  logic       clk,
  input  wire  logic       rst,                // synchronous, active high
  input  wire  logic       rxd,                // asynchronous

  output       logic [7:0] m_axis_tdata,
  output       logic       m_axis_tvalid       // for one clock
);

  if (BAUD > CLK_HZ / 8) begin : g_check
    $error("fewer than 8 clocks a bit");
  end

  // 2^16 BAUD / CLK_HZ, rounded, in 32 bits.
  localparam logic [15:0] STEP = 16'((BAUD * 16 + CLK_HZ / 8192) / (CLK_HZ / 4096));

  logic [2:0]  line;                           // two stages against metastability, one to see an edge
  logic        busy, tick;
  logic [15:0] phase;
  logic [3:0]  bits;                           // bits read: the start bit is the first
  logic [7:0]  shift;

  always_ff @(posedge clk) begin
    line <= {line[1:0], rxd};
    if (rst) line <= '1;
  end

  always_ff @(posedge clk) begin
    m_axis_tvalid <= 1'b0;
    if (!busy) begin
      phase <= 16'h8000;                       // half a bit ahead
      tick  <= 1'b0;
      bits  <= '0;
      busy  <= line[2] && !line[1];
    end else begin
      {tick, phase} <= {1'b0, phase} + {1'b0, STEP};
      if (tick) begin
        shift <= {line[1], shift[7:1]};
        bits  <= bits + 1'b1;
        if (bits == 4'd0 && line[1]) busy <= 1'b0;        // a glitch, no start bit
        if (bits == 4'd9) begin
          busy          <= 1'b0;
          m_axis_tvalid <= line[1];
          m_axis_tdata  <= shift;
        end
      end
    end
    if (rst) {busy, m_axis_tvalid} <= '0;
  end

endmodule

`default_nettype wire
