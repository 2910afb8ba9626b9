// rx_deinterleave - soft bits of a symbol, by subcarrier in; pairs for the Viterbi decoder out.
//
//   demapper --s_axis--> [ bank 0 | bank 1 ] --m_axis--> one trellis step a clock
//                              ^ symbol_take, _drop: rx_decode
//
// A beat is stored as it comes, one word a subcarrier, so the writer need not know the rate.
// The reader undoes the interleaver and the puncturing in its addresses alone. Coded bit
// n = 16 row + col of a symbol left the transmitter as bit j (IEEE 802.11-2012, 18.3.5.7):
//
//   j = 3 N_BPSC col + s floor(row/s) + (row - col) mod s,   s = max(N_BPSC/2, 1)
//
// s divides N_BPSC, so with row = N_BPSC third + bit (third = 0..2) the bit is found in
//
//   subcarrier 3 col + third,   soft bit  s floor(bit/s) + (bit - col) mod s
//
// A step needs A and B; what the transmitter left out (18.3.5.6) is 0, an erasure:
//
//   1/2: A0 B0    2/3: A0 B0 | A1 -    3/4: A0 B0 | A1 - | - B2
//
// so a step eats two coded bits or one, and two copies of the memory serve both at once.
//
// symbol_valid shows that the oldest symbol is whole. rx_decode answers with symbol_take, at
// the rate and for the number of steps given in that clock (a symbol's N_DBPS, or less where
// pad bits follow), or with symbol_drop. symbol_signal is the s_axis_tuser of its first beat.
// abort empties the half-written symbol, marks a waiting SIGNAL as symbol_dead, and lets all
// beats pass unheard until the next one with tuser set; so does rst. Whole data symbols stay.

`default_nettype none

module rx_deinterleave (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [23:0] s_axis_tdata,     // soft bit b at [4*b +: 4]
  input  wire  logic        s_axis_tuser,     // a SIGNAL symbol
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,
  input  wire  logic        abort,

  output       logic        symbol_valid,
  output       logic        symbol_signal,
  output       logic        symbol_dead,
  input  wire  logic        symbol_take,
  input  wire  logic        symbol_drop,
  input  wire  logic [3:0]  symbol_rate,      // ofdm_pkg::rate_e
  input  wire  logic [7:0]  symbol_steps,     // 1..N_DBPS

  output       logic [7:0]  m_axis_tdata,     // {B, A}
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,
  output       logic        busy              // steps of a taken symbol are still to come
);

  localparam logic [5:0] LAST_TONE = 6'd47;

  // Two banks, each written whole, then read whole ------------------------------------

  // No bank is read and written at once: see the assertion.
  (* no_rw_check *) logic [23:0] mem_a [128]; // address {bank, subcarrier}
  (* no_rw_check *) logic [23:0] mem_b [128];
  logic [1:0]  full;                          // bank holds a whole symbol
  logic [1:0]  tag;                           // .. which is a SIGNAL
  logic [1:0]  dead;                          // .. which nobody wants any more
  logic        wr_bank, rd_bank;

  // Writer ------------------------------------------------------------------------------

  logic [5:0]  tone;
  logic        deaf;                          // until a SIGNAL begins

  assign s_axis_tready = !full[wr_bank];

  wire wr_en   = s_axis_tvalid && s_axis_tready && !abort && (!deaf || s_axis_tuser);
  wire wr_last = tone == LAST_TONE;

  always_ff @(posedge clk) begin
    if (wr_en) begin
      mem_a[{wr_bank, tone}] <= s_axis_tdata;
      mem_b[{wr_bank, tone}] <= s_axis_tdata;
    end
  end

  always_ff @(posedge clk) begin
    if (wr_en) begin
      tone <= wr_last ? '0 : tone + 1'b1;
      deaf <= 1'b0;
      if (tone == 0) tag[wr_bank] <= s_axis_tuser;
    end
    if (abort) begin
      tone <= '0;
      deaf <= 1'b1;
    end
    if (rst) begin
      tone <= '0;
      deaf <= 1'b1;
    end
  end

  // Reader: where coded bit {third, bit, col} was put --------------------------------------

  logic        reading;
  logic [7:0]  steps;                         // still to read, 1..216
  logic [3:0]  rate;
  logic [8:0]  pos;                           // next coded bit: {third[1:0], bit[2:0], col[3:0]}
  logic [1:0]  phase;                         // step within the puncturing period

  function automatic logic [8:0] following(input logic [8:0] p, input logic [1:0] mod);
    if (p[3:0] != 4'd15)                          following = {p[8:4], p[3:0] + 4'd1};
    else if (p[6:4] != ofdm_pkg::n_bpsc(mod) - 1) following = {p[8:7], p[6:4] + 3'd1, 4'd0};
    else                                          following = {p[8:7] + 2'd1, 3'd0, 4'd0};
  endfunction

  function automatic logic [5:0] tone_of(input logic [1:0] third, input logic [3:0] col);
    tone_of = {1'b0, col, 1'b0} + {2'b0, col} + {4'b0, third};
  endfunction

  function automatic logic [1:0] mod_3(input logic [3:0] col);
    case (col)
      4'd0, 4'd3, 4'd6, 4'd9, 4'd12, 4'd15: mod_3 = 2'd0;
      4'd1, 4'd4, 4'd7, 4'd10, 4'd13:       mod_3 = 2'd1;
      default:                              mod_3 = 2'd2;
    endcase
  endfunction

  function automatic logic [2:0] soft_of(input logic [2:0] b, input logic [3:0] col, input logic [1:0] mod);
    logic [1:0] turn, twist;
    twist = mod_3(col);
    turn  = b >= 3'd3 ? 2'(b - 3'd3) : b[1:0];                   // b mod 3
    turn  = turn >= twist ? turn - twist : turn + 2'd3 - twist;
    case (mod)
      ofdm_pkg::Qam64: soft_of = (b >= 3'd3 ? 3'd3 : 3'd0) + {1'b0, turn};
      ofdm_pkg::Qam16: soft_of = {1'b0, b[1], b[0] ^ col[0]};
      default:         soft_of = b;
    endcase
  endfunction

  wire [1:0] mod    = ofdm_pkg::rate_mod(rate);
  wire [1:0] coding = ofdm_pkg::rate_coding(rate);
  wire       both   = phase == 0;             // this step was sent whole
  wire       only_b = phase == 2'd2;
  wire       period = coding == ofdm_pkg::Half || (coding == ofdm_pkg::TwoThirds && phase == 2'd1) || only_b;

  wire [8:0] pos_1  = following(pos, mod);
  wire [8:0] pos_2  = following(pos_1, mod);

  wire ce      = m_axis_tready || !m_axis_tvalid;
  wire rd_en   = reading && ce;
  wire rd_last = rd_en && steps == 8'd1;

  assign symbol_valid  = full[rd_bank] && !reading;
  assign symbol_signal = tag[rd_bank];
  assign symbol_dead   = dead[rd_bank];

  always_ff @(posedge clk) begin
    if (symbol_take) begin
      rate  <= symbol_rate;
      steps <= symbol_steps;
      pos   <= '0;
      phase <= '0;
    end else if (rd_en) begin
      steps <= steps - 1'b1;
      pos   <= both ? pos_2 : pos_1;
      phase <= period ? '0 : phase + 1'b1;
    end
    if (symbol_take)  reading <= 1'b1;
    else if (rd_last) reading <= 1'b0;
    if (rst) reading <= 1'b0;
  end

  // A bank changes hands on its last beat, and back on its last step -------------------------

  wire release_bank = rd_last || symbol_drop;

  always_ff @(posedge clk) begin
    if (wr_en && wr_last) begin
      full[wr_bank] <= 1'b1;
      dead[wr_bank] <= 1'b0;
      wr_bank <= !wr_bank;
    end
    if (abort) dead <= dead | (full & tag);
    if (release_bank) begin
      full[rd_bank] <= 1'b0;
      rd_bank <= !rd_bank;
    end
    if (rst) begin
      full <= '0;
      {wr_bank, rd_bank} <= '0;
    end
  end

  // Three registers deep: the memory, its output (slow on a block RAM), the chosen soft bits -

  logic [23:0] word_a, word_b, held_a, held_b;
  logic [2:0]  soft_a1, soft_b1, soft_a2, soft_b2;
  logic [1:0]  has_1, has_2;                  // {B, A} were sent
  logic        valid_1, valid_2;

  wire [8:0] pos_b = both ? pos_1 : pos;

  always_ff @(posedge clk) if (!rst) assert (!(wr_en && rd_en && wr_bank == rd_bank));

  always_ff @(posedge clk) begin
    if (rd_en) begin
      word_a  <= mem_a[{rd_bank, tone_of(pos[8:7], pos[3:0])}];
      word_b  <= mem_b[{rd_bank, tone_of(pos_b[8:7], pos_b[3:0])}];
      soft_a1 <= soft_of(pos[6:4], pos[3:0], mod);
      soft_b1 <= soft_of(pos_b[6:4], pos_b[3:0], mod);
      has_1   <= both ? 2'b11 : only_b ? 2'b10 : 2'b01;
    end
    if (ce && valid_1) begin
      held_a  <= word_a;
      held_b  <= word_b;
      soft_a2 <= soft_a1;
      soft_b2 <= soft_b1;
      has_2   <= has_1;
    end
    if (ce && valid_2) begin
      m_axis_tdata[3:0] <= has_2[0] ? held_a[{2'b0, soft_a2} * 4 +: 4] : '0;
      m_axis_tdata[7:4] <= has_2[1] ? held_b[{2'b0, soft_b2} * 4 +: 4] : '0;
    end
    if (ce) {m_axis_tvalid, valid_2, valid_1} <= {valid_2, valid_1, rd_en};
    if (rst) {m_axis_tvalid, valid_2, valid_1} <= '0;
  end

  assign busy = reading || valid_1 || valid_2 || m_axis_tvalid;

`ifdef FORMAL
  // Shown for every input by induction; that the data follow the addresses is left to the test.

  initial assume (rst);
  always @(posedge clk) begin
    assume (!symbol_take || (symbol_valid && !symbol_drop));
    assume (!symbol_drop || symbol_valid);
    assume (!symbol_take || symbol_rate[3]);
    assume (!symbol_take || (symbol_steps != 0 && symbol_steps <= ofdm_pkg::n_dbps(symbol_rate)));
  end

  // The address built here is where the standard's interleaver put coded bit n.
  for (genvar m = 0; m < 4; m++) begin : g_standard
    localparam int unsigned BPSC = ofdm_pkg::n_bpsc(m);
    localparam int unsigned N = 48 * BPSC;
    localparam int unsigned S = BPSC == 1 ? 1 : BPSC / 2;

    wire [12:0] n = 16 * (BPSC * pos[8:7] + pos[6:4]) + pos[3:0];
    wire [12:0] i = (N / 16) * (n % 16) + n / 16;
    wire [12:0] j = S * (i / S) + (i + N - (16 * i) / N) % S;

    always @(posedge clk) if (!rst && reading && mod == m) begin
      if (pos[6:4] < BPSC && pos[8:7] != 2'd3) assert (BPSC * tone_of(pos[8:7], pos[3:0]) + soft_of(pos[6:4], pos[3:0], mod) == j);
      assert (pos[6:4] < BPSC);
    end
  end

  // Banks are filled and emptied in turn; nothing is written into a bank that waits to be read.
  always @(posedge clk) if (!rst) begin
    assert ((wr_bank == rd_bank) == (full == 2'b00 || full == 2'b11));
    assert (full == 2'b00 || full[rd_bank]);
    assert (!reading || full[rd_bank]);
    assert (!full[wr_bank] || tone == 0);
    assert (tone <= LAST_TONE);
  end

  // AXI4-Stream: what is offered stays until it is taken.
  always @(posedge clk) if (!rst && $past(!rst && m_axis_tvalid && !m_axis_tready)) begin
    assert (m_axis_tvalid);
    assert ($stable(m_axis_tdata));
  end
`endif

endmodule

`default_nettype wire
