// ofdm_carriers - 48 points become the 64 carriers of a symbol; a frame gets its training symbols.
//
//   first symbol of a frame:   | short training | long training | SIGNAL |    64 beats each
//   any other:                 | DATA |
//
// Carriers leave in order of frequency, k = -32..31, so that points need no reordering: the
// transform takes them so (CENTRED). IEEE 802.11-2012: training 18.3.3, pilots 18.3.5.9 and their
// polarity p_n 18.3.5.10 (p_0 belongs to SIGNAL), places 18.3.5.10. Scale: 1.0 is 8192, as in
// ofdm_mapper.
//
// s_axis_tuser is `last`, of the frame's last symbol: the next one then starts a frame.
// m_axis_tuser = {last, 1}: the 1 asks the transform for the inverse; training is never last.

`default_nettype none

module ofdm_carriers (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [31:0] s_axis_tdata,     // {q, i}, s1.15
  input  wire  logic        s_axis_tuser,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [31:0] m_axis_tdata,
  output       logic [1:0]  m_axis_tuser,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  localparam logic [15:0] ONE   = 16'd8192;
  localparam logic [15:0] SHORT = 16'd12058;  // sqrt(13/6)

  // Bit c belongs to k = c - 32, 1 means -1: equation 18-8; equation 18-6, every fourth carrier.
  localparam logic [63:0] LONG_MINUS  = 64'h0056_7d4c_0a60_5300;
  localparam logic [15:0] SHORT_MINUS = 16'b0000_0110_0110_1000;

  // State ------------------------------------------------------------------------------

  typedef enum logic [1:0] {Short, Long, Data} kind_e;

  logic [1:0] kind;                           // of the block that is leaving
  logic [5:0] c;
  logic       last;

  wire final_c = c == 6'd63;

  // What stands at c -------------------------------------------------------------------

  wire  [5:0] next = c + 1'b1;
  logic pilot, guard, begun;                 // of c, known with it; begun: it is not 0

  wire spike = c[1:0] == 0 && !guard;        // of the short training symbol
  wire needed = kind == Data && !pilot && !guard;

  logic polarity;
  wire  minus = kind == Short ? SHORT_MINUS[c[5:2]] :
                kind == Long  ? LONG_MINUS[c] : polarity ^ (c == 6'd53);
  wire  silent = kind == Short ? !spike : guard;

  logic [15:0] value;
  always_comb begin
    case ({silent, kind == Short, minus})
      3'b000:  value = ONE;
      3'b001:  value = -ONE;
      3'b010:  value = SHORT;
      3'b011:  value = -SHORT;
      default: value = 16'd0;
    endcase
  end

  // A symbol starts when its first point is there to say what it is; the rest waits for points.
  wire room   = m_axis_tready || !m_axis_tvalid;
  wire moved  = room && (s_axis_tvalid || (begun && !needed));
  wire ending = kind == Data && (begun ? last : s_axis_tuser);

  assign s_axis_tready = needed && room;

  always_ff @(posedge clk) begin
    if (room) m_axis_tvalid <= moved;
    if (moved) begin
      m_axis_tdata <= needed ? s_axis_tdata : {kind == Short ? value : 16'd0, value};
      m_axis_tuser <= {ending, 1'b1};
    end
    if (rst) m_axis_tvalid <= 1'b0;
  end

  wire new_frame = moved && final_c && kind == Long;

  scrambler i_polarity (
    .clk, .load(new_frame), .seed(7'h7f), .step(moved && final_c && kind == Data), .out(polarity)
  );

  always_ff @(posedge clk) begin
    if (moved) begin
      c      <= next;
      begun <= next != 0;
      pilot  <= next == 6'd11 || next == 6'd25 || next == 6'd39 || next == 6'd53;
      guard  <= next < 6'd6 || next > 6'd58 || next == 6'd32;
      if (!begun) last <= ending;
      if (final_c) kind <= kind == Short ? Long : last ? Short : Data;
    end
    if (rst) begin
      {c, kind, begun, pilot} <= '0;
      guard <= 1'b1;
    end
  end

endmodule

`default_nettype wire
