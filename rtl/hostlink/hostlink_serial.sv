// hostlink_serial - the host link over a serial line: bytes to words and words to bytes, lowest byte first.
//
//   rxd --> uart_rx --> [ fifo ] --> [ word ] --m_word--> hostlink_rx
//   txd <-- uart_tx <---------------- [ word ] <--s_word-- hostlink_tx
//
// A lost byte would leave every later word out of step. So while the parser is `hunting` for a header, words slide by
// a byte until one begins with the magic. There is no flow control: the host keeps within TX_SPACE, and a byte
// that finds the fifo full is lost.

`default_nettype none

module hostlink_serial #(
  parameter int unsigned CLK_HZ = 80_000_000,
  parameter int unsigned BAUD   = 3_000_000
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        rxd,
  output       logic        txd,

  input  wire  logic        hunting,
  output       logic [31:0] m_word_tdata,
  output       logic        m_word_tvalid,
  input  wire  logic        m_word_tready,

  input  wire  logic [31:0] s_word_tdata,
  input  wire  logic        s_word_tvalid,
  output       logic        s_word_tready
);

  localparam logic [7:0] MAGIC = 8'h5A;

  // From the host ------------------------------------------------------------------------

  wire [7:0]  heard, next;
  wire        heard_valid, next_valid;
  logic [2:0] have;                            // bytes in the word, 0..4

  uart_rx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) line_in (
    .clk, .rst, .rxd, .m_axis_tdata(heard), .m_axis_tvalid(heard_valid)
  );

  /* verilator lint_off PINCONNECTEMPTY */
  fifo #(.WIDTH(8), .DEPTH(64)) bytes (
    .clk, .rst,
    .s_axis_tdata(heard), .s_axis_tvalid(heard_valid), .s_axis_tready(),    // a line cannot wait
    .m_axis_tdata(next), .m_axis_tvalid(next_valid), .m_axis_tready(!have[2])
  );
  /* verilator lint_on PINCONNECTEMPTY */

  wire slide = have[2] && hunting && m_word_tdata[7:0] != MAGIC;

  assign m_word_tvalid = have[2] && !slide;

  always_ff @(posedge clk) begin
    if (slide) begin
      m_word_tdata <= m_word_tdata >> 8;
      have         <= 3'd3;
    end else if (have[2]) begin
      if (m_word_tready) have <= '0;
    end else if (next_valid) begin
      m_word_tdata[8 * have[1:0] +: 8] <= next;
      have         <= have + 1'b1;
    end
    if (rst) have <= '0;
  end

  // To the host ----------------------------------------------------------------------------

  logic [31:0] word;
  logic [2:0]  left;                           // bytes of `word` to go
  wire         line_ready;

  assign s_word_tready = left == 0;

  uart_tx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) line_out (
    .clk, .rst, .s_axis_tdata(word[7:0]), .s_axis_tvalid(left != 0), .s_axis_tready(line_ready), .txd
  );

  always_ff @(posedge clk) begin
    if (s_word_tready) begin
      word <= s_word_tdata;
      if (s_word_tvalid) left <= 3'd4;
    end else if (line_ready) begin
      word <= word >> 8;
      left <= left - 1'b1;
    end
    if (rst) left <= '0;
  end

endmodule

`default_nettype wire
