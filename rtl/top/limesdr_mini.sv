// limesdr_mini - the LimeSDR Mini 2.0: an LMS7002M's LimeLight port on one side, an FT601 (USB 3) on the other.
//
//   FT_* <--> hostlink_ft601 <--> board_radio <--> limelight_rx, limelight_tx <--> LMS_*
//                                      |
//                      FPGA_SPI_* (chip 0 the LMS7002M, 1 the crystal's DAC), plain pins
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

  // Clocks and resets: 40 MHz / 5 * 12 = 96 MHz; the oscillator inside runs at 576 MHz ---------

  wire clk, locked, rst, ft_rst, rx_rst, tx_rst;

  board_clock #(.IN(5), .FEEDBACK(12), .OUT(6)) board_clock (.clk_in(LMK_CLK), .clk, .locked);

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

  wire        heard, send, sending, tx_active, rx_busy;
  wire [31:0] heard_data, send_data;

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

  /* verilator lint_off PINCONNECTEMPTY */
  board_radio #(.BOARD("LIM2"), .CHIPS(2), .PINS(13)) radio (
    .clk, .rst,
    .s_host_tdata(in_data), .s_host_tvalid(in_valid), .s_host_tready(in_ready),
    .m_host_tdata(out_data), .m_host_tvalid(out_valid), .m_host_tready(out_ready),
    .rx_clk(LMS_MCLK2), .rx_rst, .rx_tdata(heard_data), .rx_tvalid(heard),
    .tx_clk(LMS_MCLK1), .tx_rst, .tx_tdata(send_data), .tx_tvalid(send), .tx_tready(sending),
    .tx_active, .rx_busy, .samples(),
    .pins({FAN_CTRL, TX_LB_SH, TX_LB_AT, RFSW_TX_V2, RFSW_TX_V1, RFSW_RX_V2, RFSW_RX_V1,
           LMS_TXNRX2_or_CLK_SEL, LMS_TXNRX1, LMS_RXEN, LMS_TXEN, LMS_CORE_LDO_EN, LMS_RESET}),
    .sclk(FPGA_SPI_SCLK), .mosi(FPGA_SPI_MOSI), .cs_n({FPGA_SPI_DAC_SS, FPGA_SPI_LMS_SS}), .miso(FPGA_SPI_MISO)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  assign {FPGA_LED1_R, FPGA_LED1_G} = ~{tx_active, rx_busy};

endmodule

`default_nettype wire
