// uart_tx - bytes onto a serial line: 8 data bits, no parity, one stop bit, lowest bit first. See uart_rx.

`default_nettype none

module uart_tx #(
  parameter int unsigned CLK_HZ = 80_000_000,
  parameter int unsigned BAUD   = 3_000_000
) (
  input  wire  logic       clk,
  input  wire  logic       rst,                // synchronous, active high

  input  wire  logic [7:0] s_axis_tdata,
  input  wire  logic       s_axis_tvalid,
  output       logic       s_axis_tready,

  output       logic       txd
);

  if (BAUD > CLK_HZ / 8) begin : g_check
    $error("fewer than 8 clocks a bit");
  end

  // 2^16 BAUD / CLK_HZ, rounded, in 32 bits.
  localparam logic [15:0] STEP = 16'((BAUD * 16 + CLK_HZ / 8192) / (CLK_HZ / 4096));

  logic [9:0]  shift;                          // stop, data, start; ones follow
  logic [3:0]  left;                           // bits to go, the one on the line included
  logic [15:0] phase;
  logic        tick;

  assign s_axis_tready = left == 0;
  assign txd           = shift[0];

  always_ff @(posedge clk) begin
    if (s_axis_tvalid && s_axis_tready) begin
      shift <= {1'b1, s_axis_tdata, 1'b0};
      left  <= 4'd10;
      phase <= '0;
      tick  <= 1'b0;
    end else if (left != 0) begin
      {tick, phase} <= {1'b0, phase} + {1'b0, STEP};
      if (tick) begin
        shift <= {1'b1, shift[9:1]};
        left  <= left - 1'b1;
      end
    end
    if (rst) begin
      shift <= '1;
      left  <= '0;
    end
  end

endmodule

`default_nettype wire
