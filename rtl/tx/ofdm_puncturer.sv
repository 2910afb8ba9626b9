// ofdm_puncturer - pairs {B, A} of the encoder become the coded bits that are sent, one a clock.
//
//   IEEE 802.11-2012, figure 18-9:   1/2: A1 B1     2/3: A1 B1 A2     3/4: A1 B1 A2 B3
//
// s_axis_tuser[3:2] is the coding (ofdm_pkg::coding_e), which ends here; the bits around it, the
// modulation among them, travel along. A change of coding falls between periods,
// as N_DBPS is a multiple of every period. Nothing is registered but the place in the period: a
// pair stays on offer at s_axis until its last bit has left.

`default_nettype none

module ofdm_puncturer #(
  parameter int unsigned USER = 5
) (
  input  wire  logic            clk,
  input  wire  logic            rst,          // synchronous, active high

  input  wire  logic [1:0]      s_axis_tdata,
  input  wire  logic [USER-1:0] s_axis_tuser,
  input  wire  logic            s_axis_tvalid,
  output       logic            s_axis_tready,

  output       logic            m_axis_tdata,
  output       logic [USER-3:0] m_axis_tuser,
  output       logic            m_axis_tvalid,
  input  wire  logic            m_axis_tready
);

  logic [1:0] phase;                          // pair of the period
  logic       second;                         // A has left, B is on offer

  wire [1:0] coding = s_axis_tuser[3:2];
  wire       both   = phase == 0;             // every period starts with a whole pair
  wire       only_b = phase == 2'd2;
  wire       moved  = m_axis_tvalid && m_axis_tready;

  assign m_axis_tdata  = s_axis_tdata[second || only_b];
  assign m_axis_tuser  = {s_axis_tuser[USER-1:4], s_axis_tuser[1:0]};
  assign m_axis_tvalid = s_axis_tvalid;
  assign s_axis_tready = m_axis_tready && (second || !both);

  logic [1:0] last_phase;
  always_comb begin
    case (coding)
      ofdm_pkg::Half:      last_phase = 2'd0;
      ofdm_pkg::TwoThirds: last_phase = 2'd1;
      default:             last_phase = 2'd2;
    endcase
  end

  always_ff @(posedge clk) begin
    if (moved) begin
      second <= both && !second;
      if (s_axis_tready) phase <= phase == last_phase ? '0 : phase + 1'b1;
    end
    if (rst) {phase, second} <= '0;
  end

endmodule

`default_nettype wire
