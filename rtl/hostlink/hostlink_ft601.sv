// hostlink_ft601 - the host link over an FT601 (USB 3), as master of its multi-channel FIFO bus, 32 bits wide.
//
//   m_word (clk)   <-- [ fifo_async ] <-- read bursts  <--+
//                                                         +-- ft_* pins (ft_clk, 100 MHz from the chip)
//   s_word (clk)   --> [ fifo_async ] --> write bursts -->+
//
// The other mode of the chip, 245, needs OE_N and RD_N, which a LimeSDR Mini does not wire to its FPGA. A cycle of ft_clk each:
//
//              idle   command  turn   wait   data...             end
//   read       1 s 1  1 s ch    z      z     the chip's words     z      RXF_N low: a word in this cycle
//   write      1 s 1  1 s ch   1 z ch  -     our words          1 z 1    RXF_N low: taken in this cycle
//   BE         1111   0 / 1    z, 1          of the word
//   WR_N       1      0        0       0     0                    1
//
// s, DATA[15:8], is driven by the chip: bit 8 + n - 1 low: channel n has room; bit 12 + n - 1 low: it has words. Either side ends a
// burst: the chip by RXF_N, we by WR_N; a word of the last cycle, with one of both high, was not transferred.
// A burst that ends before the chip's buffer is full goes to the host as a short USB packet. So words are collected for one of BURST words,
// or until none has come for PATIENCE cycles.
//
// Words with bytes missing (a host that wrote no multiple of 4) are dropped; hostlink_rx finds its step again.
// Source: FTDI DS_FT600Q-FT601Q, multi-channel FIFO protocol. TXE_N, low when the chip is ready, is waited for as the
// board's maker does it.

`default_nettype none

module hostlink_ft601 #(
  parameter int unsigned CHANNEL  = 1,         // 1..4; 1: USB pipes 0x02 and 0x82
  parameter int unsigned DEPTH    = 2048,      // words of each queue
  parameter int unsigned ROOM     = 1024,      // for a read burst to begin
  parameter int unsigned BURST    = 256,
  parameter int unsigned PATIENCE = 32
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  output       logic [31:0] m_word_tdata,
  output       logic        m_word_tvalid,
  input  wire  logic        m_word_tready,
  input  wire  logic [31:0] s_word_tdata,
  input  wire  logic        s_word_tvalid,
  output       logic        s_word_tready,

  input  wire  logic        ft_clk,
  input  wire  logic        ft_rst,            // synchronous to ft_clk
  input  wire  logic [31:0] ft_data_i,
  output       logic [31:0] ft_data_o,
  output       logic [1:0]  ft_data_oe,        // bit 1: DATA[15:8]; bit 0: the other 24
  input  wire  logic [3:0]  ft_be_i,
  output       logic [3:0]  ft_be_o,
  output       logic        ft_be_oe,
  input  wire  logic        ft_rxf_n,
  input  wire  logic        ft_txe_n,
  output       logic        ft_wr_n
);

  if (CHANNEL < 1 || CHANNEL > 4) begin : g_check
    $error("an FT601 has channels 1 to 4");
  end

  localparam int unsigned LW = $clog2(DEPTH) + 1;
  localparam int unsigned PW = $clog2(PATIENCE + 1);

  // Queues --------------------------------------------------------------------------------

  logic [31:0]   got_word;
  logic          got_valid;
  wire  [LW-1:0] got_level, put_level;
  wire  [31:0]   put_word;
  wire           put_valid;
  logic          put_take;

  /* verilator lint_off PINCONNECTEMPTY */
  wire  [31:0]   ram_word;
  wire           ram_valid, ram_ready;

  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) from_host (
    .s_clk(ft_clk), .s_rst(ft_rst), .s_axis_tdata(got_word), .s_axis_tvalid(got_valid), .s_axis_tready(),  // there is ROOM
    .s_level(got_level),
    .m_clk(clk), .m_rst(rst), .m_axis_tdata(ram_word), .m_axis_tvalid(ram_valid), .m_axis_tready(ram_ready),
    .m_level()
  );

  fifo_async #(.WIDTH(32), .DEPTH(DEPTH)) to_host (
    .s_clk(clk), .s_rst(rst), .s_axis_tdata(s_word_tdata), .s_axis_tvalid(s_word_tvalid), .s_axis_tready(s_word_tready),
    .s_level(),
    .m_clk(ft_clk), .m_rst(ft_rst), .m_axis_tdata(put_word), .m_axis_tvalid(put_valid), .m_axis_tready(put_take),
    .m_level(put_level)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // The memory answers late in its clock, and hostlink_rx's ready is late: neither meets the other.
  fifo #(.WIDTH(32), .DEPTH(4)) from_memory (
    .clk, .rst, .s_axis_tdata(ram_word), .s_axis_tvalid(ram_valid), .s_axis_tready(ram_ready),
    .m_axis_tdata(m_word_tdata), .m_axis_tvalid(m_word_tvalid), .m_axis_tready(m_word_tready)
  );

  // Is a burst due? ------------------------------------------------------------------------

  logic          can_read, can_write, ready, full;
  logic [LW-1:0] last_level;
  logic [PW-1:0] patience;
  logic          kept;                         // a word that the chip did not take waits to go first
  logic [31:0]   kept_word;

  wire  due = kept || put_level >= LW'(BURST) || (put_valid && patience == '0);

  always_ff @(posedge ft_clk) begin
    can_read   <= !ft_data_i[11 + CHANNEL] && got_level <= LW'(DEPTH - ROOM);
    can_write  <= !ft_data_i[7 + CHANNEL];
    ready      <= !ft_txe_n;
    full       <= got_level >= LW'(DEPTH - 8);
    last_level <= put_level;
    if (put_level != last_level || !put_valid) patience <= PW'(PATIENCE);
    else if (patience != '0)                   patience <= patience - 1'b1;
  end

  // The bus ----------------------------------------------------------------------------------

  typedef enum logic [2:0] {Idle, Command, Turn, Wait, Read, Write, Close} state_e;
  logic [2:0] state;
  logic       writing, wrote_last;             // this burst; the one before it
  logic [2:0] calm;                            // cycles until the status lines are believed

  wire go_read  = can_read && !(due && can_write && !wrote_last);
  wire go_write = due && can_write;
  wire taken    = state == Write && !ft_rxf_n;
  wire next     = put_valid;

  assign put_take = (state == Turn && writing && !kept) || (taken && next);

  // In each clock the pins of the next cycle are set.
  always_ff @(posedge ft_clk) begin
    got_valid <= state == Read && !ft_rxf_n && ft_be_i == 4'hF;
    got_word  <= ft_data_i;

    case (state)
      Idle: begin
        ft_wr_n    <= 1'b1;
        ft_data_o  <= '1;
        ft_be_o    <= '1;
        ft_data_oe <= 2'b01;
        ft_be_oe   <= 1'b1;
        if (calm != '0) begin
          calm <= calm - 1'b1;
        end else if (ready && (go_read || go_write)) begin
          state          <= Command;
          writing        <= !go_read;
          ft_wr_n        <= 1'b0;
          ft_data_o[7:0] <= 8'(CHANNEL);
          ft_be_o        <= {3'd0, !go_read};
        end
      end
      Command: begin
        state <= Turn;
        if (!writing) {ft_data_oe, ft_be_oe} <= '0;
      end
      Turn: begin
        state <= writing ? Write : Wait;
        if (writing) begin
          ft_data_o  <= kept ? kept_word : put_word;
          ft_be_o    <= '1;
          ft_data_oe <= 2'b11;
          kept_word  <= kept ? kept_word : put_word;
          kept       <= 1'b0;
        end
      end
      Wait: state <= Read;
      Read: if (ft_rxf_n || full) begin
        ft_wr_n <= 1'b1;
        state   <= Close;
      end
      Write: begin
        if (taken && next) begin
          ft_data_o <= put_word;
          kept_word <= put_word;
        end else begin
          kept       <= !taken;
          ft_wr_n    <= 1'b1;
          ft_data_o  <= '1;
          ft_data_oe <= 2'b01;
          state      <= Close;
        end
      end
      default: if (ft_rxf_n) begin             // Close: the chip lets go
        state      <= Idle;
        calm       <= 3'd5;
        wrote_last <= writing;
      end
    endcase

    if (ft_rst) begin
      state      <= Idle;
      calm       <= '1;
      ft_wr_n    <= 1'b1;
      ft_data_o  <= '1;
      ft_be_o    <= '1;
      ft_data_oe <= 2'b01;
      {ft_be_oe, kept, got_valid, wrote_last} <= 4'b1000;
    end
  end

endmodule

`default_nettype wire
