// ofdm_mapper - interleaved bits become points of the constellation (IEEE 802.11-2012, 18.3.5.8).
//
//   N_BPSC bits, one a clock --> {q, i}, s1.15, where the standard's 1.0 is 2^-2 = 8192
//
// At a quarter of full scale a frame leaves the orthonormal transform with rms 0.225, 13 dB below
// the converter's limit, and the outermost point of 64-QAM (1.08) has room as well.
//
// A point leaves before the next is looked up, so one every other clock at most: tready then hangs on no tready behind.
//
// s_axis_tuser[1:0] is the modulation (ofdm_pkg::mod_e), equal on all bits of a symbol; the bits
// above it travel along.

`default_nettype none

module ofdm_mapper #(
  parameter int unsigned USER = 3
) (
  input  wire  logic            clk,
  input  wire  logic            rst,          // synchronous, active high

  input  wire  logic            s_axis_tdata,
  input  wire  logic [USER-1:0] s_axis_tuser,
  input  wire  logic            s_axis_tvalid,
  output       logic            s_axis_tready,

  output       logic [31:0]     m_axis_tdata,
  output       logic [USER-3:0] m_axis_tuser,
  output       logic            m_axis_tvalid,
  input  wire  logic            m_axis_tready
);

  // 8192 K_MOD {1, 3, 5, 7}, K_MOD = 1, 1/sqrt 2, 1/sqrt 10, 1/sqrt 42 (table 18-7). The bits
  // after the sign bit are Gray coded from the outside in (tables 18-10, 18-11). Both signs are
  // written out: a table of five inputs is fast, a negation after it is not.
  function automatic logic [15:0] level(input logic [1:0] mod, input logic [2:0] b);
    case (mod)                                // b[0] is the sign, b[1] and b[2] the size
      ofdm_pkg::Bpsk:  level = b[0] ? 16'd8192 : -16'd8192;
      ofdm_pkg::Qpsk:  level = b[0] ? 16'd5793 : -16'd5793;
      ofdm_pkg::Qam16: case (b[1:0])
        2'b00:   level = -16'd7772;
        2'b10:   level = -16'd2591;
        2'b11:   level = 16'd2591;
        default: level = 16'd7772;
      endcase
      default: case ({b[0], b[1], b[2]})      // as the standard prints them
        3'b000:  level = -16'd8848;
        3'b001:  level = -16'd6320;
        3'b011:  level = -16'd3792;
        3'b010:  level = -16'd1264;
        3'b110:  level = 16'd1264;
        3'b111:  level = 16'd3792;
        3'b101:  level = 16'd6320;
        default: level = 16'd8848;
      endcase
    endcase
  endfunction

  // Gather a point's bits, then look it up: the memory before this module answers late ----

  logic [5:0]      point;                     // bit n of the point
  logic [USER-1:0] user;
  logic [2:0]      count;                     // the bit that comes next
  logic            whole;                     // all bits of the point are there

  wire [1:0] mod    = user[1:0];
  wire       out_en = !m_axis_tvalid;
  wire       taken  = s_axis_tvalid && s_axis_tready;
  wire       ends   = count == ofdm_pkg::n_bpsc(s_axis_tuser[1:0]) - 3'd1;

  assign s_axis_tready = !whole || out_en;

  logic [2:0] b_q;
  always_comb begin
    case (mod)
      ofdm_pkg::Qpsk:  b_q = {2'b00, point[1]};
      ofdm_pkg::Qam16: b_q = {1'b0, point[3:2]};
      default:         b_q = point[5:3];
    endcase
  end

  always_ff @(posedge clk) begin
    if (s_axis_tready) whole <= s_axis_tvalid && ends;
    if (taken) begin
      point[count] <= s_axis_tdata;
      user         <= s_axis_tuser;
      count        <= ends ? '0 : count + 1'b1;
    end
    if (m_axis_tready) m_axis_tvalid <= 1'b0;
    if (whole && out_en) begin
      m_axis_tvalid <= 1'b1;
      m_axis_tdata  <= {mod == ofdm_pkg::Bpsk ? 16'd0 : level(mod, b_q), level(mod, point[2:0])};
      m_axis_tuser  <= user[USER-1:2];
    end
    if (rst) {m_axis_tvalid, whole, count} <= '0;
  end

endmodule

`default_nettype wire
