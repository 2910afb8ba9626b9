// tinysdr - the tinySDR: an AT86RF215's serial I/Q interface on one side, its microcontroller's SPI on the other.
//
//   MCU_* <--> hostlink_spi <--> board_radio <--> rf215_rx, rf215_tx <--> RX*, TX*
//
// The core runs at 52 MHz, made of the AT86RF215's CLKO (26 MHz after reset). The receive clock, 64 MHz, is the transmit clock too, as the
// chip asks for. The microcontroller sets the chip up, switches it between receiving and transmitting, and configures this FPGA.
// Register SAMPLES: bit 0 the converter is used, bit 1 the 2.4 GHz receiver, bits 7:4 SR, the sample rate being 4 MS/s / SR.
//
// The pair TXD is wired crosswise: its true pin carries TXD_N, so the data leave inverted there.

`default_nettype none

module tinysdr (
  input  wire  logic Radio_CLK,
  input  wire  logic MCU_CS,
  input  wire  logic MCU_SCLK,
  input  wire  logic MCU_MOSI,
  output       logic MCU_MISO,
  input  wire  logic RXCLK_P,
  input  wire  logic RXD09_P,
  input  wire  logic RXD24_P,
  output       logic TXCLK_P,
  output       logic TXD_N
);

  // 26 MHz * 2 = 52 MHz; the oscillator inside runs at 624 MHz.
  wire clk, locked, rst, rx_rst;

  board_clock #(.IN(1), .FEEDBACK(2), .OUT(12)) board_clock (.clk_in(Radio_CLK), .clk, .locked);

  settle settle    (.clk, .hold(!locked), .rst);
  settle settle_rx (.clk(RXCLK_P), .hold(!locked), .rst(rx_rst));

  // Microcontroller ---------------------------------------------------------------------------

  wire [31:0] in_data, out_data;
  wire        in_valid, in_ready, out_valid, out_ready;

  hostlink_spi mcu (
    .clk, .rst, .cs_n(MCU_CS), .sclk(MCU_SCLK), .mosi(MCU_MOSI), .miso(MCU_MISO),
    .m_word_tdata(in_data), .m_word_tvalid(in_valid), .m_word_tready(in_ready),
    .s_word_tdata(out_data), .s_word_tvalid(out_valid), .s_word_tready(out_ready)
  );

  // Radio -------------------------------------------------------------------------------------

  /* verilator lint_off UNUSEDSIGNAL */
  wire [7:0]  samples;                         // bits 3:2 are free, 0 is the converter's
  /* verilator lint_on UNUSEDSIGNAL */
  wire        heard, send, sending;
  wire [31:0] heard_data, send_data;

  /* verilator lint_off PINCONNECTEMPTY */
  board_radio #(.BOARD("TINY")) radio (
    .clk, .rst,
    .s_host_tdata(in_data), .s_host_tvalid(in_valid), .s_host_tready(in_ready),
    .m_host_tdata(out_data), .m_host_tvalid(out_valid), .m_host_tready(out_ready),
    .rx_clk(RXCLK_P), .rx_rst, .rx_tdata(heard_data), .rx_tvalid(heard),
    .tx_clk(RXCLK_P), .tx_rst(rx_rst), .tx_tdata(send_data), .tx_tvalid(send), .tx_tready(sending),
    .tx_active(), .rx_busy(), .samples, .pins(), .sclk(), .mosi(), .cs_n(), .miso(1'b0)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // What a host sets is long steady when samples flow; two registers bring it over.
  logic [4:0] set_meta, set;                   // band, SR
  wire  [3:0] rate = set[3:0] == '0 ? 4'd1 : set[3:0];

  always_ff @(posedge RXCLK_P) begin
    set_meta <= {samples[1], samples[7:4]};
    set      <= set_meta;
  end

  rf215_rx from_chip (
    .rxclk(RXCLK_P), .rst(rx_rst), .rxd09(RXD09_P), .rxd24(RXD24_P), .band24(set[4]), .rate,
    .m_axis_tdata(heard_data), .m_axis_tvalid(heard)
  );

  rf215_tx #(.CROSSED(1'b1)) to_chip (
    .txclk(RXCLK_P), .rst(rx_rst), .rate, .s_axis_tdata(send_data), .s_axis_tvalid(send), .s_axis_tready(sending),
    .txd(TXD_N), .txclk_out(TXCLK_P)
  );

endmodule

`default_nettype wire
