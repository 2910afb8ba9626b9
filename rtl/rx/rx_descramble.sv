// rx_descramble - takes the scrambler off the octets of a DATA field, and SERVICE with it.
//
//   s_axis: SERVICE (2 octets), PSDU --> m_axis: PSDU, tlast on the last of `length` octets
//
// The scrambler (IEEE 802.11-2012, 18.3.5.5) adds the sequence x(t) = x(t-4) + x(t-7). The first
// seven bits of SERVICE were sent as 0, so what arrives there is the sequence itself, and all the
// rest follows from it: no seed is searched. Octets are eight bits of it at once, first bit in [0].
//
// start announces a frame; wait for !busy before it. cut (a pulse, at any time while busy, after all octets
// that there are have been offered) says that no more will come: what is missing is delivered as 0.

`default_nettype none

module rx_descramble (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic        start,
  input  wire  logic [11:0] length,           // PSDU octets, 1..4095
  input  wire  logic        cut,
  output       logic        busy,             // octets of the frame are still awaited

  input  wire  logic [7:0]  s_axis_tdata,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [7:0]  m_axis_tdata,
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  // The eight bits of the sequence that follow seven, the oldest in [0].
  function automatic logic [7:0] following(input logic [6:0] past);
    logic [14:0] x;
    x[6:0] = past;
    for (int t = 7; t < 15; t++) x[t] = x[t-4] ^ x[t-7];
    following = x[14:7];
  endfunction

  logic [11:0] left;                          // PSDU octets to deliver
  logic [1:0]  service;                       // SERVICE octets to come: 2, 1, 0
  logic        ended;                         // cut was said
  logic [6:0]  past;

  wire [7:0] sequence_8 = following(past);
  wire       first_next = s_axis_tdata[3] ^ s_axis_tdata[0];

  wire free = m_axis_tready || !m_axis_tvalid;
  wire take = s_axis_tvalid && s_axis_tready;
  wire fill = busy && free && ended && !s_axis_tvalid;
  wire emit = (take && service == 0) || fill;

  assign s_axis_tready = busy && free;

  always_ff @(posedge clk) begin
    if (take) begin
      // The eighth bit of the first octet was sent scrambled and is not known to be 0: computed.
      past <= service == 2'd2 ? {first_next, s_axis_tdata[6:1]} : sequence_8[7:1];
      if (service != 0) service <= service - 1'b1;
    end
    if (emit) begin
      m_axis_tdata <= fill ? '0 : s_axis_tdata ^ sequence_8;
      m_axis_tlast <= left == 12'd1;
      left         <= left - 1'b1;
    end
    if (start) begin
      left    <= length;
      service <= 2'd2;
    end
  end

  always_ff @(posedge clk) begin
    if (free) m_axis_tvalid <= emit;
    if (emit && left == 12'd1) busy <= 1'b0;
    if (cut) ended <= 1'b1;
    if (start) begin
      busy  <= 1'b1;
      ended <= 1'b0;
    end
    if (rst) {m_axis_tvalid, busy} <= '0;
  end

endmodule

`default_nettype wire
