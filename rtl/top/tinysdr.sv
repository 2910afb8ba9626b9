// tinysdr - the tinySDR: an AT86RF215's serial I/Q interface on one side, its microcontroller's SPI on the other.
//
//   MCU_* <--> hostlink_spi <--> skywave <--> converter <--> rf215_rx, rf215_tx <--> RX*, TX*
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

  localparam int unsigned CLOCKS_PER_SAMPLE = 4;

  // 26 MHz * 2 = 52 MHz; the oscillator inside runs at 624 MHz.
  wire clk, locked, rst, rx_rst;

  (* FREQUENCY_PIN_CLKI = "26", FREQUENCY_PIN_CLKOP = "52" *)
  EHXPLLL #(
    .CLKI_DIV(1), .CLKFB_DIV(2), .CLKOP_DIV(12), .CLKOP_ENABLE("ENABLED"), .CLKOP_CPHASE(5), .CLKOP_FPHASE(0),
    .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"),
    .DPHASE_SOURCE("DISABLED"), .OUTDIVIDER_MUXA("DIVA")
  ) pll (
    .CLKI(Radio_CLK), .CLKFB(clk), .CLKOP(clk), .LOCK(locked),
    .RST(1'b0), .STDBY(1'b0), .ENCLKOP(1'b0), .PLLWAKESYNC(1'b0),
    .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
  );

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

  wire        sample, tx_active;
  wire [15:0] rx_i, rx_q, tx_q;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [15:0] tx_i;                            // its lowest bit makes way for tx_active
  wire [7:0]  samples;                         // bits 3:2 are free
  /* verilator lint_on UNUSEDSIGNAL */
  wire        board_write, board_read, board_busy;
  wire [6:0]  board_address;
  wire [31:0] board_value, board_result;

  /* verilator lint_off PINCONNECTEMPTY */
  skywave #(.CLOCKS_PER_SAMPLE(CLOCKS_PER_SAMPLE)) skywave (
    .clk, .rst, .hunting(),
    .s_host_tdata(in_data), .s_host_tvalid(in_valid), .s_host_tready(in_ready),
    .m_host_tdata(out_data), .m_host_tlast(), .m_host_tvalid(out_valid), .m_host_tready(out_ready),
    .sample, .rx_i, .rx_q, .tx_i, .tx_q, .tx_active,
    .time_load(1'b0), .time_value('0), .now(), .idle(), .working(), .tx_waiting(), .tx_time(), .rx_busy(), .rx_streams(),
    .fe_rx_hz(), .fe_tx_hz(), .fe_rate(), .fe_rx_gain(), .fe_tx_gain(), .fe_rx_antenna(),
    .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result
  );
  /* verilator lint_on PINCONNECTEMPTY */

  wire        rx_lost, tx_gap, heard, send, sending;
  wire [31:0] heard_data, send_data;

  converter #(.SPACING(CLOCKS_PER_SAMPLE)) converter (
    .clk, .rst, .enable(samples[0]), .sample, .rx_i, .rx_q, .tx_i({tx_i[15:1], tx_active}), .tx_q,
    .event_rx_lost(rx_lost), .event_tx_gap(tx_gap),
    .rx_clk(RXCLK_P), .rx_rst, .rx_tdata(heard_data), .rx_tvalid(heard),
    .tx_clk(RXCLK_P), .tx_rst(rx_rst), .tx_tdata(send_data), .tx_tvalid(send), .tx_tready(sending)
  );

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

  // Board's registers: no SPI, no plain pins ----------------------------------------------------

  /* verilator lint_off PINCONNECTEMPTY */
  hostlink_board #(.BOARD("TINY"), .CHIPS(1), .PINS(1)) board (
    .clk, .rst, .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result,
    .pins(), .samples, .event_rx_lost(rx_lost), .event_tx_gap(tx_gap), .sclk(), .mosi(), .cs_n(), .miso(1'b0)
  );
  /* verilator lint_on PINCONNECTEMPTY */

endmodule

`default_nettype wire
