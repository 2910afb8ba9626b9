// board_radio - what a board with a radio chip carries between its host link and the chip's sample pins.
//
//   s_host, m_host <--> skywave <--> converter <--> rx_*, tx_* (the chip's clocks)
//                          |
//                    hostlink_board --> pins, SPI, samples
//
// A board's own top adds clocks, the host's wire and the chip's pins. The lowest bit of tx_tdata, of i, says that the antenna sends.

`default_nettype none

module board_radio #(
  parameter logic [31:0] BOARD             = "test",
  parameter int unsigned CHIPS             = 1,
  parameter int unsigned PINS              = 1,
  parameter int unsigned CLOCKS_PER_SAMPLE = 4
) (
  input  wire  logic             clk,
  input  wire  logic             rst,          // synchronous, active high

  input  wire  logic [31:0]      s_host_tdata,
  input  wire  logic             s_host_tvalid,
  output       logic             s_host_tready,
  output       logic [31:0]      m_host_tdata,
  output       logic             m_host_tvalid,
  input  wire  logic             m_host_tready,

  input  wire  logic             rx_clk,
  input  wire  logic             rx_rst,       // synchronous to rx_clk
  input  wire  logic [31:0]      rx_tdata,     // {q, i}, s1.15
  input  wire  logic             rx_tvalid,
  input  wire  logic             tx_clk,
  input  wire  logic             tx_rst,       // synchronous to tx_clk
  output       logic [31:0]      tx_tdata,
  output       logic             tx_tvalid,
  input  wire  logic             tx_tready,

  output       logic             tx_active,
  output       logic             rx_busy,
  output       logic [7:0]       samples,      // register SAMPLES
  output       logic [PINS-1:0]  pins,         // register PINS
  output       logic             sclk,
  output       logic             mosi,
  output       logic [CHIPS-1:0] cs_n,
  input  wire  logic             miso
);

  wire        sample;
  wire [15:0] rx_i, rx_q, tx_q;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [15:0] tx_i;                            // all but its lowest bit
  /* verilator lint_on UNUSEDSIGNAL */
  wire        board_write, board_read, board_busy, event_rx_lost, event_tx_gap;
  wire [6:0]  board_address;
  wire [31:0] board_value, board_result;

  /* verilator lint_off PINCONNECTEMPTY */
  skywave #(.CLOCKS_PER_SAMPLE(CLOCKS_PER_SAMPLE)) skywave (
    .clk, .rst, .hunting(),
    .s_host_tdata, .s_host_tvalid, .s_host_tready, .m_host_tdata, .m_host_tlast(), .m_host_tvalid, .m_host_tready,
    .sample, .rx_i, .rx_q, .tx_i, .tx_q, .tx_active,
    .time_load(1'b0), .time_value('0), .now(), .idle(), .working(), .tx_waiting(), .tx_time(), .rx_busy, .rx_streams(),
    .fe_rx_hz(), .fe_tx_hz(), .fe_rate(), .fe_rx_gain(), .fe_tx_gain(), .fe_rx_antenna(),
    .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result
  );
  /* verilator lint_on PINCONNECTEMPTY */

  converter #(.SPACING(CLOCKS_PER_SAMPLE)) converter (
    .clk, .rst, .enable(samples[0]), .sample, .rx_i, .rx_q, .tx_i({tx_i[15:1], tx_active}), .tx_q,
    .event_rx_lost, .event_tx_gap,
    .rx_clk, .rx_rst, .rx_tdata, .rx_tvalid, .tx_clk, .tx_rst, .tx_tdata, .tx_tvalid, .tx_tready
  );

  hostlink_board #(.BOARD(BOARD), .CHIPS(CHIPS), .PINS(PINS)) board (
    .clk, .rst, .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result,
    .pins, .samples, .event_rx_lost, .event_tx_gap, .sclk, .mosi, .cs_n, .miso
  );

endmodule

`default_nettype wire
