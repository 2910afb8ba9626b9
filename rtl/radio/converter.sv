// converter - between a radio chip's sample clocks and the core: strobes at the chip's rate, samples both ways.
//
//   rx_clk  rx samples --> [ fifo_async ] --> rx_i, rx_q   a strobe for each, SPACING clocks apart or more    | clk
//   tx_clk  tx samples <-- [ fifo_async ] <-- tx_i, tx_q   one for each strobe                                |
//
// The chip sends and takes at one rate, so the core's time counts the chip's samples, and the way back is as long as the queue was when
// it began: READY samples. If it runs dry (the chip's clocks jumped, the core was reset) zeros go until READY are in again: a gap, counted.
// A sample for which there is no room, since the core is too slow for the rate, is lost, and counted.
//
// With `enable` clear what comes is dropped and nothing is sent, and strobes come every SPACING clocks with zeros: the core works, for
// a self-test, on a board whose chip is not set up.

`default_nettype none

module converter #(
  parameter int unsigned SPACING = 4,          // the core's CLOCKS_PER_SAMPLE
  parameter int unsigned DEPTH   = 16,
  parameter int unsigned READY   = 6
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        enable,
  output       logic        sample,
  output       logic [15:0] rx_i,              // s1.15
  output       logic [15:0] rx_q,
  input  wire  logic [15:0] tx_i,
  input  wire  logic [15:0] tx_q,
  output       logic        event_rx_lost,
  output       logic        event_tx_gap,

  input  wire  logic        rx_clk,
  input  wire  logic        rx_rst,            // synchronous to rx_clk
  input  wire  logic [31:0] rx_tdata,          // {q, i}
  input  wire  logic        rx_tvalid,

  input  wire  logic        tx_clk,
  input  wire  logic        tx_rst,            // synchronous to tx_clk
  output       logic [31:0] tx_tdata,
  output       logic        tx_tvalid,
  input  wire  logic        tx_tready
);

  localparam int unsigned SW = $clog2(SPACING);

  // From the chip -------------------------------------------------------------------------

  wire        room, heard;
  wire [31:0] heard_data;
  logic       lost;                            // changes with each lost sample

  /* verilator lint_off PINCONNECTEMPTY */
  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) from_chip (
    .s_clk(rx_clk), .s_rst(rx_rst), .s_axis_tdata(rx_tdata), .s_axis_tvalid(rx_tvalid), .s_axis_tready(room), .s_level(),
    .m_clk(clk), .m_rst(rst), .m_axis_tdata(heard_data), .m_axis_tvalid(heard), .m_axis_tready(sample), .m_level()
  );
  /* verilator lint_on PINCONNECTEMPTY */

  always_ff @(posedge rx_clk) begin
    if (rx_tvalid && !room) lost <= !lost;
    if (rx_rst) lost <= 1'b0;
  end

  // Strobes -------------------------------------------------------------------------------

  logic [SW-1:0] wait_left;

  wire strobe = wait_left == '0 && (heard || !enable);      // in the next clock: all of the core hangs on it

  assign {rx_q, rx_i} = enable && heard ? heard_data : '0;

  always_ff @(posedge clk) begin
    sample <= strobe;
    if (strobe)                 wait_left <= SW'(SPACING - 1);
    else if (wait_left != '0)   wait_left <= wait_left - 1'b1;
    if (rst) begin
      wait_left <= '1;
      sample    <= 1'b0;
    end
  end

  // To the chip: a strobe's sample stands in the core's registers a clock after it ----------

  logic        made;
  wire  [31:0] sent_data;
  wire         sent_valid;
  wire  [$clog2(DEPTH):0] sent_level;
  logic        flowing, gap;

  always_ff @(posedge clk) begin
    made <= sample && enable;
    if (rst) made <= 1'b0;
  end

  /* verilator lint_off PINCONNECTEMPTY */
  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) to_chip (
    .s_clk(clk), .s_rst(rst), .s_axis_tdata({tx_q, tx_i}), .s_axis_tvalid(made), .s_axis_tready(), .s_level(),
    .m_clk(tx_clk), .m_rst(tx_rst), .m_axis_tdata(sent_data), .m_axis_tvalid(sent_valid), .m_axis_tready(tx_tready && flowing),
    .m_level(sent_level)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  assign tx_tvalid = flowing && sent_valid;
  assign tx_tdata  = sent_data;

  always_ff @(posedge tx_clk) begin
    if (!flowing) begin
      flowing <= sent_level >= ($clog2(DEPTH) + 1)'(READY);
    end else if (tx_tready && !sent_valid) begin
      flowing <= 1'b0;
      gap     <= !gap;
    end
    if (tx_rst) {flowing, gap} <= '0;
  end

  // Events, over the clocks -----------------------------------------------------------------

  logic [2:0] lost_seen, gap_seen;

  assign event_rx_lost = lost_seen[2] != lost_seen[1] && enable;
  assign event_tx_gap  = gap_seen[2] != gap_seen[1] && enable;

  always_ff @(posedge clk) begin
    lost_seen <= {lost_seen[1:0], lost};
    gap_seen  <= {gap_seen[1:0], gap};
    if (rst) {lost_seen, gap_seen} <= '0;
  end

endmodule

`default_nettype wire
