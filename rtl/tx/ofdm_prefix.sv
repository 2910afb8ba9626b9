// ofdm_prefix - blocks of 64 samples become a frame: cyclic prefixes, training fields, window.
//
//   s_axis --> [ bank 0 | bank 1 ] --> section of start .. start + length --> m_axis
//
//   block of a frame | start | length |
//   1 short training |   0   |  160   |   ten periods of 16
//   2 long training  |  32   |  160   |   double guard, two symbols
//   3.. SIGNAL, DATA |  48   |   80   |   guard of 16
//
// The window of IEEE 802.11-2012, 18.3.2.5, with a transition of one sample as in the standard's
// example: a section continues cyclically for one sample, its first and that last are halved, and
// neighbours overlap by it. A frame of n symbols after the training has 320 + 80 n + 1 samples.
//
// s_axis_tuser marks the blocks of a frame's last symbol; m_axis_tlast its last sample. The first
// sample of a frame stands at m_axis as soon as its block is there, for whoever starts it on time. A sample leaves before the next is
// made, so one every other clock at most: nothing inside hangs on m_axis_tready.

`default_nettype none

module ofdm_prefix (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [31:0] s_axis_tdata,     // {q, i}, s1.15; 64 beats a block
  input  wire  logic        s_axis_tuser,     // the frame's last block
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [31:0] m_axis_tdata,     // {q, i}, s1.15
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  // Two banks, each written whole, then read as a section ------------------------------

  (* no_rw_check *)                           // no bank is read and written at once: see the assertion
  logic [31:0] mem [128];
  logic [1:0]  full;
  logic [1:0]  bank_last;
  logic        wr_bank, rd_bank;
  logic [5:0]  wr_count;

  assign s_axis_tready = !full[wr_bank];

  wire wr_en   = s_axis_tvalid && s_axis_tready;
  wire wr_done = wr_en && wr_count == 6'd63;

  // Reader: n = 0 .. length, the last of them for the overlap ---------------------------

  typedef enum logic [1:0] {Short, Long, Data} kind_e;

  logic [1:0]  kind;                          // of the section that is read
  logic [7:0]  n;
  logic [31:0] q, x;                          // sample n, as read and one register on: a block
  logic        q_valid, q_first, q_over, q_last;  // RAM answers late in its clock
  logic        x_valid, x_first, x_over, x_last;

  wire [5:0] start   = kind == Short ? 6'd0 : kind == Long ? 6'd32 : 6'd48;
  wire [7:0] length  = kind == Data ? 8'd80 : 8'd160;
  wire       over    = n == length;
  wire       x_out   = !x_over || x_last;     // leaves as a sample of its own
  wire       x_taken = !x_out || !m_axis_tvalid;
  wire       x_en    = x_taken || !x_valid;
  wire       rd_en   = full[rd_bank] && x_en;
  wire [5:0] rd_addr = start + n[5:0];

  always_ff @(posedge clk) begin
    if (wr_en) begin
      mem[{wr_bank, wr_count}] <= s_axis_tdata;
      wr_count <= wr_count + 1'b1;
    end
    if (rst) wr_count <= '0;
  end

  always_ff @(posedge clk) if (!rst) assert (!(wr_en && rd_en && wr_bank == rd_bank));

  always_ff @(posedge clk) begin
    if (rd_en) begin
      q       <= mem[{rd_bank, rd_addr}];
      q_first <= n == 0;
      q_over  <= over;
      q_last  <= over && bank_last[rd_bank];
      n       <= over ? '0 : n + 1'b1;
      if (over) kind <= bank_last[rd_bank] ? Short : kind == Short ? Long : Data;
    end
    if (x_en) begin
      q_valid <= rd_en;
      x_valid <= q_valid;
      {x, x_first, x_over, x_last} <= {q, q_first, q_over, q_last};
    end
    if (rst) {n, kind, q_valid, x_valid} <= '0;
  end

  // A bank changes hands on its last sample --------------------------------------------

  always_ff @(posedge clk) begin
    if (wr_done) begin
      full[wr_bank]      <= 1'b1;
      bank_last[wr_bank] <= s_axis_tuser;
      wr_bank <= !wr_bank;
    end
    if (rd_en && over) begin
      full[rd_bank] <= 1'b0;
      rd_bank <= !rd_bank;
    end
    if (rst) begin
      full <= '0;
      {wr_bank, rd_bank} <= '0;
    end
  end

  // The overlap: half of the sample beyond the last section, half of this one's first ---

  logic signed [15:0] beyond_i, beyond_q;     // zero before a frame
  wire  signed [15:0] now_i = x[15:0];
  wire  signed [15:0] now_q = x[31:16];
  wire  signed [16:0] sum_i = 17'(beyond_i) + 17'(now_i);
  wire  signed [16:0] sum_q = 17'(beyond_q) + 17'(now_q);
  wire  signed [15:0] half_i, half_q;

  round #(.IN(17), .DROP(1), .OUT(16)) i_half_i (.value(sum_i), .result(half_i));
  round #(.IN(17), .DROP(1), .OUT(16)) i_half_q (.value(sum_q), .result(half_q));

  always_ff @(posedge clk) begin
    if (m_axis_tready) m_axis_tvalid <= 1'b0;
    if (x_valid && x_taken) begin
      if (x_over)       {beyond_q, beyond_i} <= x_last ? '0 : x;
      else if (x_first) {beyond_q, beyond_i} <= '0;
      if (x_out) begin
        m_axis_tdata  <= x_first || x_over ? {half_q, half_i} : x;
        m_axis_tlast  <= x_last;
        m_axis_tvalid <= 1'b1;
      end
    end
    if (rst) {m_axis_tvalid, beyond_q, beyond_i} <= '0;
  end

endmodule

`default_nettype wire
