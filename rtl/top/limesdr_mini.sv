// limesdr_mini - the LimeSDR Mini 2.0: an LMS7002M's LimeLight port on one side, an FT601 (USB 3) on the other.
//
//   FT_* <--> hostlink_ft601 <--> skywave <--> converter <--> limelight_rx, limelight_tx <--> LMS_*
//                                    |
//                              hostlink_board --> FPGA_SPI_* (chip 0 the LMS7002M, 1 the crystal's DAC), plain pins
//
// Three clocks: 96 MHz made of LMK_CLK (40 MHz) for the core, the FT601's 100 MHz, the LMS7002M's two. The ports bear the
// board's own names. The host sets up the LMS7002M: docs/boards.md says how, and which bit of PINS is which pin.
// The light is low-active, red: the antenna sends, green: a frame arrives.

`default_nettype none

module limesdr_mini (
  input  wire  logic        LMK_CLK,

  input  wire  logic        FT_CLK,
  inout  wire  logic [31:0] FT_D,
  inout  wire  logic [3:0]  FT_BE,
  input  wire  logic        FT_RXFn,
  input  wire  logic        FT_TXEn,
  output       logic        FT_WRn,
  output       logic        FT_RESETn,
  output       logic        FT_WAKEUPn,

  input  wire  logic        LMS_MCLK1,
  output       logic        LMS_FCLK1,
  output       logic [11:0] LMS_DIQ1_D,
  output       logic        LMS_ENABLE_IQSEL1,
  input  wire  logic        LMS_MCLK2,
  output       logic        LMS_FCLK2,
  input  wire  logic [11:0] LMS_DIQ2_D,
  input  wire  logic        LMS_ENABLE_IQSEL2,

  output       logic        LMS_RESET,
  output       logic        LMS_CORE_LDO_EN,
  output       logic        LMS_TXEN,
  output       logic        LMS_RXEN,
  output       logic        LMS_TXNRX1,
  output       logic        LMS_TXNRX2_or_CLK_SEL,
  output       logic        RFSW_RX_V1,
  output       logic        RFSW_RX_V2,
  output       logic        RFSW_TX_V1,
  output       logic        RFSW_TX_V2,
  output       logic        TX_LB_AT,
  output       logic        TX_LB_SH,
  output       logic        FAN_CTRL,

  output       logic        FPGA_SPI_SCLK,
  output       logic        FPGA_SPI_MOSI,
  input  wire  logic        FPGA_SPI_MISO,
  output       logic        FPGA_SPI_LMS_SS,
  output       logic        FPGA_SPI_DAC_SS,

  output       logic        FPGA_LED1_R,
  output       logic        FPGA_LED1_G
);

  localparam int unsigned CLOCKS_PER_SAMPLE = 4;

  // Clocks and resets: 40 MHz / 5 * 12 = 96 MHz; the oscillator inside runs at 576 MHz ---------

  wire clk, locked, rst, ft_rst, rx_rst, tx_rst;

  (* FREQUENCY_PIN_CLKI = "40", FREQUENCY_PIN_CLKOP = "96" *)
  EHXPLLL #(
    .CLKI_DIV(5), .CLKFB_DIV(12), .CLKOP_DIV(6), .CLKOP_ENABLE("ENABLED"), .CLKOP_CPHASE(2), .CLKOP_FPHASE(0),
    .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"),
    .DPHASE_SOURCE("DISABLED"), .OUTDIVIDER_MUXA("DIVA")
  ) pll (
    .CLKI(LMK_CLK), .CLKFB(clk), .CLKOP(clk), .LOCK(locked),
    .RST(1'b0), .STDBY(1'b0), .ENCLKOP(1'b0), .PLLWAKESYNC(1'b0),
    .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
  );

  settle settle    (.clk, .hold(!locked), .rst);
  settle settle_ft (.clk(FT_CLK), .hold(!locked), .rst(ft_rst));
  settle settle_rx (.clk(LMS_MCLK2), .hold(!locked), .rst(rx_rst));
  settle settle_tx (.clk(LMS_MCLK1), .hold(!locked), .rst(tx_rst));

  // USB -------------------------------------------------------------------------------------

  wire [31:0] ft_data_i, ft_data_o, in_data, out_data;
  wire [1:0]  ft_data_oe;
  wire [3:0]  ft_be_i, ft_be_o;
  wire        ft_be_oe, in_valid, in_ready, out_valid, out_ready;

  for (genvar k = 0; k < 32; k++) begin : g_data
    BB pad (.I(ft_data_o[k]), .T(!ft_data_oe[k / 8 == 1]), .O(ft_data_i[k]), .B(FT_D[k]));
  end
  for (genvar k = 0; k < 4; k++) begin : g_be
    BB pad (.I(ft_be_o[k]), .T(!ft_be_oe), .O(ft_be_i[k]), .B(FT_BE[k]));
  end
  assign {FT_RESETn, FT_WAKEUPn} = '1;

  hostlink_ft601 usb (
    .clk, .rst,
    .m_word_tdata(in_data), .m_word_tvalid(in_valid), .m_word_tready(in_ready),
    .s_word_tdata(out_data), .s_word_tvalid(out_valid), .s_word_tready(out_ready),
    .ft_clk(FT_CLK), .ft_rst, .ft_data_i, .ft_data_o, .ft_data_oe, .ft_be_i, .ft_be_o, .ft_be_oe,
    .ft_rxf_n(FT_RXFn), .ft_txe_n(FT_TXEn), .ft_wr_n(FT_WRn)
  );

  // Radio -------------------------------------------------------------------------------------

  wire        sample, tx_active, rx_busy;
  wire [15:0] rx_i, rx_q, tx_i, tx_q;
  wire        board_write, board_read, board_busy;
  wire [6:0]  board_address;
  wire [31:0] board_value, board_result;

  /* verilator lint_off PINCONNECTEMPTY */
  skywave #(.CLOCKS_PER_SAMPLE(CLOCKS_PER_SAMPLE)) skywave (
    .clk, .rst, .hunting(),
    .s_host_tdata(in_data), .s_host_tvalid(in_valid), .s_host_tready(in_ready),
    .m_host_tdata(out_data), .m_host_tlast(), .m_host_tvalid(out_valid), .m_host_tready(out_ready),
    .sample, .rx_i, .rx_q, .tx_i, .tx_q, .tx_active,
    .time_load(1'b0), .time_value('0), .now(), .idle(), .working(), .tx_waiting(), .tx_time(), .rx_busy, .rx_streams(),
    .fe_rx_hz(), .fe_tx_hz(), .fe_rate(), .fe_rx_gain(), .fe_tx_gain(), .fe_rx_antenna(),
    .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result
  );
  /* verilator lint_on PINCONNECTEMPTY */

  /* verilator lint_off UNUSEDSIGNAL */
  wire [7:0]  samples;                         // bit 0 only
  /* verilator lint_on UNUSEDSIGNAL */
  wire        rx_lost, tx_gap, heard, send, sending;
  wire [31:0] heard_data, send_data;

  converter #(.SPACING(CLOCKS_PER_SAMPLE)) converter (
    .clk, .rst, .enable(samples[0]), .sample, .rx_i, .rx_q, .tx_i, .tx_q, .event_rx_lost(rx_lost), .event_tx_gap(tx_gap),
    .rx_clk(LMS_MCLK2), .rx_rst, .rx_tdata(heard_data), .rx_tvalid(heard),
    .tx_clk(LMS_MCLK1), .tx_rst, .tx_tdata(send_data), .tx_tvalid(send), .tx_tready(sending)
  );

  limelight_rx from_lms (
    .mclk(LMS_MCLK2), .rst(rx_rst), .diq(LMS_DIQ2_D), .iqsel(LMS_ENABLE_IQSEL2),
    .m_axis_tdata(heard_data), .m_axis_tvalid(heard)
  );

  limelight_tx to_lms (
    .mclk(LMS_MCLK1), .rst(tx_rst), .s_axis_tdata(send_data), .s_axis_tvalid(send), .s_axis_tready(sending),
    .diq(LMS_DIQ1_D), .iqsel(LMS_ENABLE_IQSEL1), .fclk(LMS_FCLK1)
  );

  // The chip's receive port may be set to take its words' clock from here.
  ODDRX1F ddr_fclk2 (.SCLK(LMS_MCLK2), .RST(1'b0), .D0(1'b0), .D1(1'b1), .Q(LMS_FCLK2));

  // Board's registers ---------------------------------------------------------------------------

  hostlink_board #(.BOARD("LIM2"), .CHIPS(2), .PINS(13)) board (
    .clk, .rst, .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result,
    .pins({FAN_CTRL, TX_LB_SH, TX_LB_AT, RFSW_TX_V2, RFSW_TX_V1, RFSW_RX_V2, RFSW_RX_V1,
           LMS_TXNRX2_or_CLK_SEL, LMS_TXNRX1, LMS_RXEN, LMS_TXEN, LMS_CORE_LDO_EN, LMS_RESET}),
    .samples, .event_rx_lost(rx_lost), .event_tx_gap(tx_gap),
    .sclk(FPGA_SPI_SCLK), .mosi(FPGA_SPI_MOSI), .cs_n({FPGA_SPI_DAC_SS, FPGA_SPI_LMS_SS}), .miso(FPGA_SPI_MISO)
  );

  assign {FPGA_LED1_R, FPGA_LED1_G} = ~{tx_active, rx_busy};

endmodule

`default_nettype wire
