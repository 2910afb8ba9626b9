// hostlink_board - the registers that a board with a converter adds (docs/hostlink.md, 0x80 to 0x86).
//
//   board_* --> BOARD, PINS, SPI_SELECT, SPI_DATA, SAMPLES, RX_LOST, TX_GAPS
//                        |      |            |
//                      pins   sclk, mosi, cs_n[chip], miso
//
// SPI mode 0, highest bit first, at clk / (2 HALF). A write to SPI_DATA shifts out its low bits, SPI_SELECT says how many and to which
// chip; a read gives what came in meanwhile. Accesses to both wait for a transfer to end, so the host may send a row of them.
// The chip changes miso after sclk has fallen; it is read just before the next fall.
// board_address stands a clock before the access that it is for; a result is that of the clock before.

`default_nettype none

module hostlink_board #(
  parameter logic [31:0] BOARD = "test",
  parameter int unsigned CHIPS = 1,            // on the SPI
  parameter int unsigned PINS  = 16,           // plain outputs, 0 after reset
  parameter int unsigned HALF  = 5             // clocks of half an SPI bit
) (
  input  wire  logic             clk,
  input  wire  logic             rst,          // synchronous, active high

  input  wire  logic             board_write,
  input  wire  logic             board_read,
  output       logic             board_busy,
  input  wire  logic [6:0]       board_address,
  input  wire  logic [31:0]      board_value,
  output       logic [31:0]      board_result,

  output       logic [PINS-1:0]  pins,
  output       logic [7:0]       samples,      // SAMPLES: bit 0 the converter is used; the others are the board's
  input  wire  logic             event_rx_lost,
  input  wire  logic             event_tx_gap,

  output       logic             sclk,
  output       logic             mosi,
  output       logic [CHIPS-1:0] cs_n,
  input  wire  logic             miso
);

  localparam logic [6:0] PINS_AT = 7'd1, SELECT_AT = 7'd2, DATA_AT = 7'd3, SAMPLES_AT = 7'd4, LOST_AT = 7'd5, GAPS_AT = 7'd6;
  localparam int unsigned HW = $clog2(HALF);

  logic [4:0]  chip;
  logic [4:0]  bits_1;                         // bits in a transfer, less one
  logic [31:0] lost, gaps, shift;
  logic        active;                         // a transfer, the pause behind it included

  logic        spi;                            // the access is one of those that wait
  wire write = board_write && !board_busy;

  assign board_busy = spi && active && (board_write || board_read);

  always_ff @(posedge clk) begin
    spi <= board_address == SELECT_AT || board_address == DATA_AT;
    case (board_address)
      7'd0:       board_result <= BOARD;
      PINS_AT:    board_result <= 32'(pins);
      SELECT_AT:  board_result <= {19'd0, bits_1, 3'd0, chip};
      DATA_AT:    board_result <= shift;
      SAMPLES_AT: board_result <= 32'(samples);
      LOST_AT:    board_result <= lost;
      GAPS_AT:    board_result <= gaps;
      default:    board_result <= '0;
    endcase
  end

  always_ff @(posedge clk) begin
    if (event_rx_lost) lost <= lost + 1'b1;
    if (event_tx_gap)  gaps <= gaps + 1'b1;
    if (write) begin
      case (board_address)
        PINS_AT:    pins           <= board_value[PINS-1:0];
        SELECT_AT:  {bits_1, chip} <= {board_value[12:8], board_value[4:0]};
        SAMPLES_AT: samples        <= board_value[7:0];
        default: ;
      endcase
    end
    if (rst) begin
      {pins, chip, samples, lost, gaps} <= '0;
      bits_1 <= 5'd31;
    end
  end

  // SPI -----------------------------------------------------------------------------------

  logic [HW-1:0] half;
  logic [5:0]    left;                         // bits to go
  logic          heard;

  wire        tick = half == HW'(HALF - 1);
  wire [31:0] next = {shift[30:0], heard};

  always_ff @(posedge clk) begin
    heard <= miso;
    half  <= tick || !active ? '0 : half + 1'b1;
    if (!active) begin
      if (write && board_address == DATA_AT) begin
        shift  <= board_value;
        mosi   <= board_value[bits_1];
        left   <= {1'b0, bits_1} + 1'b1;
        active <= 1'b1;
        cs_n   <= ~(CHIPS'(1) << chip);
      end
    end else if (tick) begin
      if (left == '0) begin
        cs_n   <= '1;
        active <= cs_n != '1;                  // a pause of half a bit before the next
      end else if (!sclk) begin
        sclk <= 1'b1;
      end else begin
        sclk  <= 1'b0;
        shift <= next;
        mosi  <= next[bits_1];
        left  <= left - 1'b1;
      end
    end
    if (rst) begin
      {active, sclk, mosi, left, shift} <= '0;
      cs_n <= '1;
    end
  end

endmodule

`default_nettype wire
