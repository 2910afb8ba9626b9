// board_serial - what a board without an antenna carries: the radio behind a serial line, its antenna looped back.
//
//   rxd, txd <--> hostlink_serial <--> skywave --tx--+
//                                         ^----rx----+    one sample later
//
// A board's own top adds pins, clock and reset. The sample rate is the clock's divided by
// CLOCKS_PER_SAMPLE; FE_ registers have nothing to act on, and of the board's own registers there is but its name.

`default_nettype none

module board_serial #(
  parameter int unsigned CLK_HZ            = 80_000_000,
  parameter int unsigned BAUD              = 3_000_000,
  parameter int unsigned CLOCKS_PER_SAMPLE = 4,
  parameter logic [31:0] BOARD             = "test"    // register BOARD
) (
  input  wire  logic       clk,
  input  wire  logic       rst,                // synchronous, active high
  input  wire  logic       rxd,
  output       logic       txd,
  output       logic [7:0] led
);

  localparam int unsigned SW = $clog2(CLOCKS_PER_SAMPLE);

  wire [31:0] in_data, out_data;
  wire        in_valid, in_ready, out_valid, out_ready, hunting;

  hostlink_serial #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) serial (
    .clk, .rst, .rxd, .txd, .hunting,
    .m_word_tdata(in_data), .m_word_tvalid(in_valid), .m_word_tready(in_ready),
    .s_word_tdata(out_data), .s_word_tvalid(out_valid), .s_word_tready(out_ready)
  );

  logic [SW-1:0] turn;
  logic          sample;

  always_ff @(posedge clk) begin
    sample <= turn == '0;
    turn   <= turn == SW'(CLOCKS_PER_SAMPLE - 1) ? '0 : turn + 1'b1;
    if (rst) {turn, sample} <= '0;
  end

  wire [15:0] tx_i, tx_q;
  wire        tx_active, tx_waiting, rx_busy;

  /* verilator lint_off PINCONNECTEMPTY */
  /* verilator lint_off UNUSEDSIGNAL */
  wire [63:0] now;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [6:0]  board_address;
  skywave #(.CLOCKS_PER_SAMPLE(CLOCKS_PER_SAMPLE)) skywave (
    .clk, .rst, .hunting,
    .s_host_tdata(in_data), .s_host_tvalid(in_valid), .s_host_tready(in_ready),
    .m_host_tdata(out_data), .m_host_tlast(), .m_host_tvalid(out_valid), .m_host_tready(out_ready),
    .sample, .rx_i(tx_i), .rx_q(tx_q), .tx_i, .tx_q, .tx_active,
    .time_load(1'b0), .time_value('0), .now, .idle(), .working(), .tx_waiting, .tx_time(), .rx_busy, .rx_streams(),
    .fe_rx_hz(), .fe_tx_hz(), .fe_rate(), .fe_rx_gain(), .fe_tx_gain(), .fe_rx_antenna(),
    .board_write(), .board_read(), .board_busy(1'b0), .board_address, .board_value(),
    .board_result(board_address == '0 ? BOARD : '0)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // Lights: what is short is stretched to be seen, 1/20 s at 80 MHz -------------------------

  localparam int unsigned STRETCH = 22;
  wire [3:0] events = {out_valid, in_valid, rx_busy, tx_active};
  logic [3:0] lit;
  logic [STRETCH-1:0] fade;

  always_ff @(posedge clk) begin
    fade <= fade + 1'b1;
    lit  <= fade == '0 ? events : lit | events;
    if (fade == '0) led <= {now[24], hunting, 1'b0, tx_waiting, lit};
    if (rst) {fade, lit, led} <= '0;
  end

endmodule

`default_nettype wire
