// hostlink_spi - the host link over an SPI of which a microcontroller is master: mode 0, bytes highest bit first.
//
//   CS_N  ‾\______________________________________/‾
//   MOSI    | k        | word 1 | ... | word k |         words of four bytes, the lowest first
//   MISO    | n, room  | word 1 | ...    | word n | 0    n in bits 15:0, room in bits 31:16
//
// The first word each way says what follows: the master sends k words, no more than `room`; it may clock out up to n, which stood ready when CS_N
// fell, and what it leaves stays for the next time. A word counts when its last bit has been clocked. Wires are read by clk, so
// a half of SCLK, and the time from CS_N to its first edge, must last 4 clocks or more.

`default_nettype none

module hostlink_spi #(
  parameter int unsigned DEPTH = 256           // words of each queue
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        cs_n,              // asynchronous, all three
  input  wire  logic        sclk,
  input  wire  logic        mosi,
  output       logic        miso,

  output       logic [31:0] m_word_tdata,
  output       logic        m_word_tvalid,
  input  wire  logic        m_word_tready,
  input  wire  logic [31:0] s_word_tdata,
  input  wire  logic        s_word_tvalid,
  output       logic        s_word_tready
);

  localparam int unsigned LW = $clog2(DEPTH) + 1;

  function automatic logic [31:0] swap(input logic [31:0] word);
    swap = {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction

  // Queues: the asynchronous one for its levels --------------------------------------------

  wire [LW-1:0] in_level, out_level;
  wire [31:0]   out_word;
  logic [31:0]  in_word;
  logic         in_valid, out_take;

  /* verilator lint_off PINCONNECTEMPTY */
  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) from_host (
    .s_clk(clk), .s_rst(rst), .s_axis_tdata(in_word), .s_axis_tvalid(in_valid), .s_axis_tready(), .s_level(in_level),
    .m_clk(clk), .m_rst(rst), .m_axis_tdata(m_word_tdata), .m_axis_tvalid(m_word_tvalid), .m_axis_tready(m_word_tready),
    .m_level()
  );

  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) to_host (
    .s_clk(clk), .s_rst(rst), .s_axis_tdata(s_word_tdata), .s_axis_tvalid(s_word_tvalid), .s_axis_tready(s_word_tready),
    .s_level(),
    .m_clk(clk), .m_rst(rst), .m_axis_tdata(out_word), .m_axis_tvalid(), .m_axis_tready(out_take), .m_level(out_level)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // Wires: two registers, and one to see edges ------------------------------------------------

  logic [2:0] clock_wire, select_wire;
  logic [1:0] data_wire;

  always_ff @(posedge clk) begin
    clock_wire  <= {clock_wire[1:0], sclk};
    select_wire <= {select_wire[1:0], !cs_n};
    data_wire   <= {data_wire[0], mosi};
    if (rst) select_wire <= '0;
  end

  wire selected = select_wire[1];
  wire begins   = selected && !select_wire[2];
  wire rise     = selected && clock_wire[1] && !clock_wire[2];
  wire fall     = selected && !clock_wire[1] && clock_wire[2];

  // Words -------------------------------------------------------------------------------------

  logic [30:0]   in_shift;
  logic [31:0]   out_shift;
  logic [4:0]    bits;                         // of the word under way
  logic          headed;                       // the first word is over
  logic          ended;                        // a word is over; the next begins with the falling edge
  logic [15:0]   in_left;
  logic [LW-1:0] out_left;

  wire [31:0] got = {in_shift, data_wire[1]};

  assign miso = out_shift[31];

  always_ff @(posedge clk) begin
    in_valid <= 1'b0;
    out_take <= 1'b0;
    if (begins) begin
      bits      <= '0;
      headed    <= 1'b0;
      ended     <= 1'b0;
      in_left   <= '0;
      out_left  <= out_level;
      out_shift <= swap({16'(DEPTH) - 16'(in_level), 16'(out_level)});
    end else if (rise) begin
      in_shift <= got[30:0];
      bits     <= bits + 1'b1;
      if (bits == 5'd31) begin
        ended  <= 1'b1;
        headed <= 1'b1;
        if (!headed) begin
          in_left <= {got[23:16], got[31:24]};
        end else begin
          in_word <= swap(got);
          if (in_left != '0) begin
            in_valid <= 1'b1;
            in_left  <= in_left - 1'b1;
          end
          if (out_left != '0) begin
            out_take <= 1'b1;
            out_left <= out_left - 1'b1;
          end
        end
      end
    end else if (fall) begin
      ended     <= 1'b0;
      out_shift <= !ended ? {out_shift[30:0], 1'b0} : out_left != '0 ? swap(out_word) : '0;
    end
    if (rst) {in_valid, out_take, in_left, out_left} <= '0;
  end

endmodule

`default_nettype wire
