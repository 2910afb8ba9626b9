// limesdr_mini_pins - a whole LimeSDR Mini by its pins, the bidirectional ones split so that a C++ bench can be the FT601.

`default_nettype none

module limesdr_mini_pins (
  input  wire  logic        LMK_CLK,
  input  wire  logic        FT_CLK,
  input  wire  logic [31:0] chip_data,
  input  wire  logic [31:0] chip_data_oe,
  input  wire  logic [3:0]  chip_be,
  input  wire  logic        chip_be_oe,
  output wire  logic [31:0] bus_data,
  output wire  logic [3:0]  bus_be,
  output wire  logic [31:0] board_data_oe,
  output wire  logic        board_be_oe,
  input  wire  logic        FT_RXFn,
  input  wire  logic        FT_TXEn,
  output wire  logic        FT_WRn,
  input  wire  logic        LMS_MCLK1,
  output wire  logic        LMS_FCLK1,
  output wire  logic [11:0] LMS_DIQ1_D,
  output wire  logic        LMS_ENABLE_IQSEL1,
  input  wire  logic        LMS_MCLK2,
  input  wire  logic [11:0] LMS_DIQ2_D,
  input  wire  logic        LMS_ENABLE_IQSEL2,
  output wire  logic        LMS_RESET,
  output wire  logic [11:0] other_pins,
  output wire  logic        FPGA_SPI_SCLK,
  output wire  logic        FPGA_SPI_MOSI,
  input  wire  logic        FPGA_SPI_MISO,
  output wire  logic        FPGA_SPI_LMS_SS,
  output wire  logic        FPGA_SPI_DAC_SS
);

  for (genvar k = 0; k < 32; k++) begin : g_data
    assign bus_data[k] = chip_data_oe[k] ? chip_data[k] : 1'bz;
  end
  for (genvar k = 0; k < 4; k++) begin : g_be
    assign bus_be[k] = chip_be_oe ? chip_be[k] : 1'bz;
  end
  assign board_data_oe = {{16{board.ft_data_oe[0]}}, {8{board.ft_data_oe[1]}}, {8{board.ft_data_oe[0]}}};
  assign board_be_oe   = board.ft_be_oe;

  limesdr_mini board (
    .LMK_CLK, .FT_CLK, .FT_D(bus_data), .FT_BE(bus_be), .FT_RXFn, .FT_TXEn, .FT_WRn, .FT_RESETn(), .FT_WAKEUPn(),
    .LMS_MCLK1, .LMS_FCLK1, .LMS_DIQ1_D, .LMS_ENABLE_IQSEL1, .LMS_MCLK2, .LMS_FCLK2(), .LMS_DIQ2_D, .LMS_ENABLE_IQSEL2,
    .LMS_RESET, .LMS_CORE_LDO_EN(other_pins[0]), .LMS_TXEN(other_pins[1]), .LMS_RXEN(other_pins[2]), .LMS_TXNRX1(other_pins[3]),
    .LMS_TXNRX2_or_CLK_SEL(other_pins[4]), .RFSW_RX_V1(other_pins[5]), .RFSW_RX_V2(other_pins[6]), .RFSW_TX_V1(other_pins[7]),
    .RFSW_TX_V2(other_pins[8]), .TX_LB_AT(other_pins[9]), .TX_LB_SH(other_pins[10]), .FAN_CTRL(other_pins[11]),
    .FPGA_SPI_SCLK, .FPGA_SPI_MOSI, .FPGA_SPI_MISO, .FPGA_SPI_LMS_SS, .FPGA_SPI_DAC_SS, .FPGA_LED1_R(), .FPGA_LED1_G()
  );

endmodule

`default_nettype wire
